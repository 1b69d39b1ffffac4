import EventLoopKit
import FoundationEssentials
import Glibc
import PawlLanguage

/// The file that keeps the record: beside the store, and small enough to be written whole.
actor ScheduleFile {
    private let path: String
    private let executor: EventLoop
    private var written = 0

    init(path: String, executor: EventLoop) {
        self.path = path
        self.executor = executor
    }

    /// The thread.
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// What is remembered: nothing where there is no file.
    func read() throws(ScheduleFileFault) -> ScheduleRecord {
        guard let bytes = SmallFile.read(path, limit: 64 << 20) else {
            if errno == ENOENT { return ScheduleRecord() }
            throw ScheduleFileFault("\(path) cannot be read: \(SystemFault(number: errno))")
        }
        do {
            return try JSONDecoder().decode(ScheduleRecord.self, from: Data(bytes))
        } catch {
            throw ScheduleFileFault(
                "\(path) is damaged, so nobody knows which schedules are turned off, and none is put in force: restore the file, "
                    + "or remove it and run 'pawl reload' and 'pawl disable' as it fits")
        }
    }

    /// Remembers, so that a power cut leaves this or what was there before.
    ///
    /// - Parameter number: which of the records it is: one that was overtaken on its way is not written any more.
    func write(_ record: ScheduleRecord, number: Int) throws(ScheduleFileFault) {
        guard number > written else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        let new = path + ".new"
        guard let data = try? encoder.encode(record) else { throw ScheduleFileFault("\(path) cannot be written") }
        let bytes = Array(data)
        let descriptor = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw fault() }
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                defer { close(descriptor) }
                throw fault()
            }
            done += count
        }
        guard fsync(descriptor) == 0 else {
            defer { close(descriptor) }
            throw fault()
        }
        close(descriptor)
        guard rename(new, path) == 0 else { throw fault() }
        written = number
        // The name has to be durable too.
        let folder = open(
            String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw fault() }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw fault() }
    }

    private func fault() -> ScheduleFileFault {
        ScheduleFileFault("\(path) cannot be written: \(SystemFault(number: errno))")
    }

    /// The clocks of some time zones, nil being the host's own. One that cannot be read is taken for UTC, as systemd does.
    func clocks(of zones: Set<String?>) -> [String?: ZoneClocks] {
        var clocks: [String?: ZoneClocks] = [:]
        for zone in zones { clocks[zone] = ZoneFile.clocks(of: zone) ?? .utc }
        return clocks
    }
}

/// Why schedules are not remembered.
struct ScheduleFileFault: Error, CustomStringConvertible {
    /// What happened and what to do.
    let description: String
    init(_ description: String) { self.description = description }
}

import EventLoopKit
import Glibc
import PawlEngine
import PawlModel

/// A step has said how far it is.
struct ProgressReport: Sendable, Equatable {
    /// Which attempt.
    var name: AttemptName
    /// How much of it is done, in percent.
    var percent: Int
}

/// Reads what running steps write to `$PAWL_OUTPUT` about how far they are, when they write it (`man:inotify(7)`).
///
/// A message to systemd would do as well, but for one thing: whoever may send one may say as well that another process is the
/// unit's main one, and podman does so as soon as it finds `NOTIFY_SOCKET`.
///
/// It belongs to whoever owns the files, and is used on that thread alone.
final class ProgressWatch {
    private let loop: EventLoop
    private let reports: AsyncStream<ProgressReport>.Continuation
    private var descriptor: CInt = -1
    private var watch: DescriptorWatch?
    private var timer: EventLoop.Timer?
    private var paths: [CInt: (name: AttemptName, path: String)] = [:]
    private var numbers: [AttemptName: CInt] = [:]

    /// So long nobody looks again: a step that writes all the time is not to keep this thread busy.
    private static let pause = Duration.seconds(1)
    /// Only the end of a file is looked at, in bytes.
    private static let tail = 4096

    init(loop: EventLoop, reports: AsyncStream<ProgressReport>.Continuation) {
        (self.loop, self.reports) = (loop, reports)
    }

    /// Follows what an attempt writes from now on, and what it has written before.
    ///
    /// Where the kernel has no room for one more watch the step's progress is not shown, and nothing else is lost.
    func begin(_ name: AttemptName, path: String, hasBegun: Bool) {
        guard open() else { return }
        let number = inotify_add_watch(descriptor, path, UInt32(IN_MODIFY) | UInt32(IN_DONT_FOLLOW))
        guard number >= 0 else { return }
        paths[number] = (name, path)
        numbers[name] = number
        if hasBegun { look(number) }
    }

    /// An attempt is over.
    func end(_ name: AttemptName) {
        guard let number = numbers.removeValue(forKey: name) else { return }
        paths[number] = nil
        inotify_rm_watch(descriptor, number)
    }

    private func open() -> Bool {
        if descriptor >= 0 { return true }
        descriptor = inotify_init1(CInt(IN_NONBLOCK) | CInt(IN_CLOEXEC))
        guard descriptor >= 0 else { return false }
        watch = loop.watch(descriptor, for: .readable) { [weak self] _ in self?.read() }
        return true
    }

    private func read() {
        var written: Set<CInt> = []
        let size = MemoryLayout<inotify_event>.size
        withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 8) { room in
            while case let count = Glibc.read(descriptor, room.baseAddress, room.count), count > 0 {
                var place = 0
                while place + size <= count {
                    let event = room.loadUnaligned(fromByteOffset: place, as: inotify_event.self)
                    // Some were dropped, and nobody knows which.
                    if event.mask & UInt32(IN_Q_OVERFLOW) != 0 { written.formUnion(paths.keys) }
                    written.insert(event.wd)
                    place += size + Int(event.len)
                }
            }
        }
        for number in written { look(number) }
        watch?.interest = []
        timer = loop.schedule(after: ProgressWatch.pause) { [weak self] in self?.watch?.interest = .readable }
    }

    private func look(_ number: CInt) {
        guard let (name, path) = paths[number] else { return }
        let file = Glibc.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        // What became of it is looked at when the step has ended.
        guard file >= 0 else { return }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else { return }
        let start = max(0, Int(status.st_size) - ProgressWatch.tail)
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size) - start)
        let count = pread(file, &bytes, bytes.count, start)
        guard count > 0 else { return }
        let text = String(decoding: bytes[..<count], as: UTF8.self)
        guard let percent = OutputFile.progress(text, isWhole: start == 0) else { return }
        reports.yield(ProgressReport(name: name, percent: percent))
    }
}

@available(*, unavailable, message: "a watch belongs to the actor that has the files")
extension ProgressWatch: Sendable {}

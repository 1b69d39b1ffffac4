import Glibc
import PawlEngine

/// Reads what `host.` means in expressions, and what tells one boot from another.
enum HostReader {
    /// The facts, as they are now.
    static func facts() -> HostFacts {
        var names = utsname()
        uname(&names)
        let text = { (bytes: [CChar]) in String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self) }
        return HostFacts(
            name: withUnsafeBytes(of: names.nodename) { text(Array($0.bindMemory(to: CChar.self))) },
            machineID: line(of: "/etc/machine-id") ?? "",
            arch: withUnsafeBytes(of: names.machine) { text(Array($0.bindMemory(to: CChar.self))) },
            cpus: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))),
            memory: Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE))),
            osVersion: osVersion())
    }

    /// The kernel's ID of this boot.
    static func bootID() -> String? { line(of: "/proc/sys/kernel/random/boot_id") }

    /// This process.
    static var processID: Int32 { getpid() }

    private static func osVersion() -> String {
        let text = SmallFile.read("/etc/os-release", limit: 64 << 10).map { String(decoding: $0, as: UTF8.self) } ?? ""
        for line in text.split(separator: "\n") where line.hasPrefix("VERSION_ID=") {
            return line.dropFirst("VERSION_ID=".count).filter { $0 != "\"" && $0 != "'" }
        }
        return ""
    }

    private static func line(of path: String) -> String? {
        guard let bytes = SmallFile.read(path, limit: 4096) else { return nil }
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
    }
}

/// Files that are read whole.
enum SmallFile {
    /// The bytes of a file up to a limit; nil with errno set if it cannot be read.
    static func read(_ path: String, limit: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return read(descriptor, limit: limit)
    }

    /// The bytes of an open file from where it stands, up to a limit.
    static func read(_ descriptor: CInt, limit: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count < limit {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                return nil
            }
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<min(count, limit - bytes.count)])
        }
        return bytes
    }
}

import Glibc
import PawlAPI

/// A folder of this program's own, in which the files of an archive are put together, and that goes with it.
final class StagingFolder {
    /// Its path.
    let path: String
    private var folders: Set<String> = []
    private var files: Set<String> = []
    /// What is yet to be written, by file.
    private var buffers: [String: [UInt8]] = [:]
    private var buffered = 0

    private static let mostBuffered = 4 << 20

    /// Makes it, for this user alone.
    init(in parent: String) throws(CommandFailure) {
        var template = Array("\(parent)/pawl-export-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } }
        guard made != nil else {
            throw CommandFailure(number: errno, "no folder can be made in '\(parent)'")
        }
        path = template.withUnsafeBufferPointer { buffer in buffer.baseAddress.map { String(cString: $0) } ?? "" }
    }

    /// How many files it has.
    var count: Int { files.count }

    /// Adds text to the end of a file.
    ///
    /// - Parameter name: its path below the folder, of which no part is empty, `.` or `..`.
    func append(_ text: String, to name: String) throws(CommandFailure) {
        if files.insert(name).inserted { buffers[name] = [] }
        buffers[name, default: []].append(contentsOf: text.utf8)
        buffered += text.utf8.count
        // There may be more steps than a process may have open files.
        if buffered > StagingFolder.mostBuffered { try flush() }
    }

    /// Writes what is left.
    func flush() throws(CommandFailure) {
        for (name, bytes) in buffers.sorted(by: { $0.key < $1.key }) { try write(bytes, to: name) }
        buffers = [:]
        buffered = 0
    }

    private func write(_ bytes: [UInt8], to name: String) throws(CommandFailure) {
        var folder = ""
        for part in name.split(separator: "/").dropLast() {
            folder += (folder.isEmpty ? "" : "/") + part
            guard folders.insert(folder).inserted else { continue }
            guard mkdir("\(path)/\(folder)", 0o700) == 0 else { throw failure(folder) }
        }
        let descriptor = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure(name) }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure(name) }
            rest = rest.dropFirst(count)
        }
    }

    private func failure(_ name: String) -> CommandFailure {
        CommandFailure(number: errno, "'\(path)/\(name)' cannot be written")
    }

    /// Takes it away with all that was put into it.
    func remove() {
        for file in files { unlink("\(path)/\(file)") }
        for folder in folders.sorted(by: { $0.utf8.count > $1.utf8.count }) { rmdir("\(path)/\(folder)") }
        rmdir(path)
    }

    /// A name for a file that pawld tells of, below a folder: without what would lead out of it.
    static func relative(_ file: String) -> String {
        let parts = file.split(separator: "/").filter { $0 != "." }.map { part in
            part == ".." ? "_" : String(part.map { $0.isASCII && $0 >= " " && $0 != "\u{7F}" ? $0 : "_" })
        }
        return parts.isEmpty ? "_" : parts.joined(separator: "/")
    }
}

import Glibc

/// A file that cannot be read or written.
struct FileFault: Error, CustomStringConvertible {
    let description: String
    /// Takes errno along.
    init(_ what: String) { description = "\(what): \(String(cString: strerror(errno)))" }
    init(plain description: String) { self.description = description }
}

/// Reads files.
enum TextFile {
    /// A file's bytes.
    static func bytes(_ path: String, limit: Int) throws(FileFault) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileFault("cannot open \(path)") }
        defer { close(descriptor) }
        return try bytes(descriptor, limit: limit, path)
    }

    /// What a descriptor gives until its end, as far as the limit.
    static func bytes(_ descriptor: Int32, limit: Int, _ what: String) throws(FileFault) -> [UInt8] {
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while result.count < limit {
            let count = read(descriptor, &buffer, min(buffer.count, limit - result.count))
            if count < 0 {
                if errno == EINTR { continue }
                throw FileFault("cannot read \(what)")
            }
            if count == 0 { break }
            result += buffer[..<count]
        }
        return result
    }

    /// Replaces a file.
    static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws(FileFault) {
        unlink(path)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileFault("cannot write \(path)") }
        defer { close(descriptor) }
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + done, bytes.count - done) }
            if count < 0, errno != EINTR { throw FileFault("cannot write \(path)") }
            done += max(count, 0)
        }
        guard fchmod(descriptor, mode) == 0 else { throw FileFault("cannot set the mode of \(path)") }
    }

    /// The names in a folder.
    static func entries(of folder: String) throws(FileFault) -> [String] {
        guard let stream = opendir(folder) else { throw FileFault("cannot read \(folder)") }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names.filter { $0 != "." && $0 != ".." }
    }
}

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
}

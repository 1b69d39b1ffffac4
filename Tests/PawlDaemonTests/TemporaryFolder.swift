import Glibc

/// A folder that goes with the value.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/pawl-daemon-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(what: "no temporary folder") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { TemporaryFolder.remove(path) }

    struct Failure: Error {
        let what: String
    }

    func make(_ name: String) throws -> String {
        guard mkdir("\(path)/\(name)", 0o755) == 0 else { throw Failure(what: "cannot make \(name)") }
        return "\(path)/\(name)"
    }

    func write(_ name: String, _ text: String, mode: mode_t = 0o644) throws {
        let descriptor = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, mode)
        guard descriptor >= 0 else { throw Failure(what: "cannot write \(name)") }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fchmod(descriptor, mode) == 0 else {
            throw Failure(what: "cannot write \(name)")
        }
    }

    private static func remove(_ path: String) {
        if let handle = opendir(path) {
            while let entry = readdir(handle) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name == "." || name == ".." { continue }
                if unlink("\(path)/\(name)") != 0 { remove("\(path)/\(name)") }
            }
            closedir(handle)
        }
        rmdir(path)
    }
}

import Glibc

/// What the system said no to.
struct SystemFault: Error, CustomStringConvertible {
    /// Its number (`man:errno(3)`).
    var number: CInt
    /// In the system's words.
    var description: String { String(cString: strerror(number)) }
}

/// Folders on disk.
enum Folder {
    /// The names in a folder, in no order, without `.` and `..`.
    static func list(_ path: String) throws(SystemFault) -> [String] {
        guard let handle = opendir(path) else { throw SystemFault(number: errno) }
        defer { closedir(handle) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(handle) else {
                if errno != 0 { throw SystemFault(number: errno) }
                return names
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
    }
}

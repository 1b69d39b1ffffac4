import Glibc
import PawlLanguage
import PawlModel

/// Reads files that root owns, or the user whose pawld it is, and nobody else can write: who could write one would be root by way
/// of pawld, or that user.
///
/// That goes for the folders on the way too, links followed: who can write one of them can put another of root's files there,
/// a log for instance, and in that stands what anybody likes.
struct TrustedFile {
    /// The largest file that is read, in bytes.
    static let largest = 4 << 20

    /// Who may own them besides root.
    let owner: UInt32
    /// The folders that were looked at, and what is wrong with them.
    private var folders: [String: String?] = [:]

    init(owner: UInt32) { self.owner = owner }

    /// Who that is, in words.
    private var who: String { owner == 0 ? "root" : "uid \(owner)" }

    /// The text of a file, or why it is not read.
    ///
    /// - Parameters:
    ///   - orNull: whether it may be a link to /dev/null, which is an empty file then.
    mutating func text(_ path: String, orNull: Bool = false) -> Result<String, Diagnostic> {
        func fault(_ message: String) -> Result<String, Diagnostic> {
            .failure(Diagnostic(file: path, line: 1, column: 1, message: message))
        }
        // Non-blocking: a FIFO under this name must not hold the thread up.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { return fault("cannot be read: \(SystemFault(number: errno))") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return fault("cannot be read: \(SystemFault(number: errno))") }
        if orNull, status.st_mode & S_IFMT == S_IFCHR, status.st_rdev == TrustedFile.null { return .success("") }
        guard status.st_mode & S_IFMT == S_IFREG else { return fault("is no regular file") }
        guard status.st_uid == owner || status.st_uid == 0, status.st_mode & 0o022 == 0 else {
            let mode = String(status.st_mode & 0o7777, radix: 8)
            return fault(
                "can be written by others than \(who) (owner uid \(status.st_uid), mode \(mode)): refused; "
                    + "'chown \(owner == 0 ? "root" : String(owner)): \(path) && chmod go-w \(path)' mends it")
        }
        if let reason = wayFault(path) {
            return fault("is refused, since \(reason): who can do that can put another file here")
        }
        guard status.st_size <= TrustedFile.largest else {
            return fault("has \(status.st_size) bytes; at most \(TrustedFile.largest >> 20) MiB are read")
        }
        guard let bytes = SmallFile.read(descriptor, limit: TrustedFile.largest) else {
            return fault("cannot be read: \(SystemFault(number: errno))")
        }
        return SourceText.read(bytes, file: path)
    }

    /// /dev/null: major 1, minor 3 (`man:null(4)`).
    private static let null = dev_t(1 << 8 | 3)

    /// What is wrong with the folders and links that lead to a file.
    private mutating func wayFault(_ path: String) -> String? {
        var left = Array(path.split(separator: "/").map(String.init).reversed())
        var (folder, links) = ("", 0)
        if let reason = folderFault("/") { return reason }
        while let name = left.popLast() {
            if name == "." { continue }
            if name == ".." {
                folder = folder.lastIndex(of: "/").map { String(folder[..<$0]) } ?? ""
                continue
            }
            let place = "\(folder)/\(name)"
            var status = stat()
            guard lstat(place, &status) == 0 else { return "\(place) cannot be looked at" }
            switch status.st_mode & S_IFMT {
            case S_IFLNK:
                links += 1
                guard links <= 40, let target = TrustedFile.target(of: place) else {
                    return "\(place) is a link that leads nowhere"
                }
                guard status.st_uid == 0 || status.st_uid == owner else {
                    return "the link \(place) belongs to uid \(status.st_uid)"
                }
                if target.hasPrefix("/") { folder = "" }
                left += target.split(separator: "/").map(String.init).reversed()
            case S_IFDIR:
                if let reason = folderFault(place) { return reason }
                folder = place
            default:
                folder = place
            }
        }
        return nil
    }

    private mutating func folderFault(_ path: String) -> String? {
        if let known = folders[path] { return known }
        var status = stat()
        var reason: String?
        if stat(path, &status) != 0 {
            reason = "\(path) cannot be looked at"
        } else if status.st_uid != 0, status.st_uid != owner {
            reason = "the folder \(path) belongs to uid \(status.st_uid)"
        } else if status.st_mode & 0o022 != 0, status.st_mode & S_ISVTX == 0 {
            // With the sticky bit others can add to the folder, and neither remove nor rename what is root's.
            reason = "others than \(who) can write the folder \(path)"
        }
        folders[path] = .some(reason)
        return reason
    }

    private static func target(of link: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.bindMemory(to: CChar.self).baseAddress.map { readlink(link, $0, bytes.count) } ?? -1
        }
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }
}

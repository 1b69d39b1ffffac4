import Glibc
import PawlAPI
import PawlLanguage
import PawlModel

/// A text file and who may change it.
struct TextFile {
    /// Why a file was not read.
    struct Failure: Error {
        /// In the system's words.
        var reason: String
        /// Whether there is no such file.
        var isMissing = false
        /// A place in the file, where it is its text that is wrong.
        var fault: Diagnostic?
    }

    /// What is in it.
    var text: String
    /// The uid of its owner.
    var owner: UInt32
    /// Its permission bits.
    var mode: UInt32
    /// Whether it is /dev/null, in which there is nothing.
    var isNull = false

    /// No file that this program reads is larger, in bytes.
    static let largest = 16 << 20

    /// Reads a regular file whole; /dev/null too, where it is asked for.
    static func read(_ path: String, orNull: Bool = false) throws(Failure) -> TextFile {
        // Non-blocking: a FIFO under this name must not hold the program up.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Failure(reason: words(errno), isMissing: errno == ENOENT) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Failure(reason: words(errno)) }
        // Major 1, minor 3 (man:null(4)).
        if orNull, status.st_mode & S_IFMT == S_IFCHR, status.st_rdev == 1 << 8 | 3 {
            return TextFile(text: "", owner: status.st_uid, mode: status.st_mode & 0o7777, isNull: true)
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Failure(reason: "it is not a regular file") }
        guard status.st_size <= largest else { throw Failure(reason: "it is larger than 16 MiB") }
        var file = try read(descriptor: descriptor, path, expecting: Int(status.st_size))
        (file.owner, file.mode) = (status.st_uid, status.st_mode & 0o7777)
        return file
    }

    /// Reads an open file from where it stands to its end; whose it is, is not looked at.
    ///
    /// - Parameters:
    ///   - expecting: how many bytes there are likely to be.
    static func read(descriptor: Int32, _ name: String, expecting: Int = 0) throws(Failure) -> TextFile {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(expecting)
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= largest {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure(reason: words(errno)) }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        guard bytes.count <= largest else { throw Failure(reason: "it is larger than 16 MiB") }
        let text: String
        switch SourceText.read(bytes, file: name) {
        case .success(let read): text = read
        case .failure(let fault): throw Failure(reason: "it is not UTF-8 text", fault: fault)
        }
        return TextFile(text: text, owner: 0, mode: 0)
    }

    /// Makes a file; one that is there is left as it is.
    static func make(_ path: String, _ text: String) throws(CommandFailure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            if errno == EEXIST {
                throw CommandFailure(.conflict, "'\(path)' exists; what is in it is not written over")
            }
            throw CommandFailure(number: errno, "'\(path)' cannot be made")
        }
        let file = TextOutput(descriptor: descriptor)
        file.write(text)
        file.flush()
        let failure = file.failure ?? (close(descriptor) == 0 ? nil : errno)
        if let failure {
            unlink(path)
            throw CommandFailure(number: failure, "'\(path)' cannot be written")
        }
    }

    /// What the system says of an error.
    static func words(_ number: Int32) -> String { String(cString: strerror(number)) }
}

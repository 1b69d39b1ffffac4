import Glibc

/// Keeps two pawld from working on one store. The kernel gives the lock up with the process, however that ends.
struct StateLock {
    private let descriptor: CInt

    /// Takes the lock of a store's folder.
    ///
    /// - Throws: a fault that names the process which has it.
    init(folder: String) throws(StartFault) {
        let path = folder + "/pawld.lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw StartFault("cannot open \(path): \(String(cString: strerror(errno)))")
        }
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let holder = SmallFile.read(descriptor, limit: 32).map { String(decoding: $0, as: UTF8.self) } ?? ""
            close(descriptor)
            throw StartFault("another pawld works on \(folder): process \(holder.isEmpty ? "unknown" : holder)")
        }
        let text = Array(String(getpid()).utf8)
        if ftruncate(descriptor, 0) != 0 || pwrite(descriptor, text, text.count, 0) != text.count {
            // The number is for people; the lock holds without it, also on a full disk.
        }
        self.descriptor = descriptor
    }

    /// Gives the lock up.
    func release() {
        close(descriptor)
    }
}

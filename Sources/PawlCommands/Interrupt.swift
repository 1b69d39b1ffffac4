import Glibc

/// What happens at ^C while a run is followed: the run goes on, and the program says so and ends.
enum Interrupt {
    // SAFETY: written once by the only thread, before the handler is installed, and never changed or freed; the
    // handler, which may run at any moment after that, only reads it.
    nonisolated(unsafe) private static var notice: UnsafeMutableBufferPointer<UInt8>?

    /// Says the sentence on standard error at ^C and exits. The handler calls nothing but write and _exit, which a
    /// signal handler may (`man:signal-safety(7)`), so it need not wait for a reply of pawld.
    static func announce(_ sentence: String) {
        guard notice == nil else { return }
        // A line of its own: the terminal has just shown "^C".
        let bytes = Array("\npawl: \(sentence)\n".utf8)
        let kept = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
        _ = kept.initialize(from: bytes)
        notice = kept
        signal(SIGINT) { _ in
            if let notice = Interrupt.notice { _ = write(STDERR_FILENO, notice.baseAddress, notice.count) }
            _exit(FollowerLeft.exitStatus)
        }
    }
}

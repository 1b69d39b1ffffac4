import Glibc

/// A place that text is written to: a file descriptor with a buffer before it, or memory.
///
/// `pawl logs` writes tens of thousands of lines: one system call a line would be most of its time.
final class TextOutput {
    private let descriptor: Int32?
    private var buffer: [UInt8] = []

    /// The `errno` of the first write that failed. What is written after it is dropped.
    private(set) var failure: Int32?

    private static let bufferSize = 65_536

    /// Writes to the descriptor; without one it keeps what is written.
    init(descriptor: Int32? = nil) {
        self.descriptor = descriptor
    }

    /// Writes the text as it is.
    func write(_ text: String) {
        buffer.append(contentsOf: text.utf8)
        if descriptor != nil, buffer.count >= TextOutput.bufferSize { flush() }
    }

    /// Writes the text and ends the line.
    func line(_ text: String) {
        buffer.append(contentsOf: text.utf8)
        buffer.append(UInt8(ascii: "\n"))
        if descriptor != nil, buffer.count >= TextOutput.bufferSize { flush() }
    }

    /// Hands over what the buffer holds. A reader that went away ends the process by SIGPIPE, as it should.
    func flush() {
        guard let descriptor else { return }
        buffer.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while failure == nil, !rest.isEmpty {
                let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written >= 0 {
                    rest = rest.dropFirst(written)
                } else if errno == EAGAIN {
                    // A descriptor that somebody else made non-blocking: wait until it takes more.
                    var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&waiting, 1, -1)
                } else if errno != EINTR {
                    failure = errno
                }
            }
        }
        buffer.removeAll(keepingCapacity: true)
    }

    /// What was written, where it is kept in memory.
    var text: String { String(decoding: buffer, as: UTF8.self) }
}

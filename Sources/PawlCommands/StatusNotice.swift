import Glibc

/// Messages to the service manager, as `man:sd_notify(3)` has them. libsystemd would be the only reason for this program to load
/// it; the protocol is one datagram, and is promised to stay.
struct StatusNotice {
    private let path: String?

    /// Speaks to whoever started this process as a service, if somebody did.
    init(path: String? = getenv("NOTIFY_SOCKET").map { String(cString: $0) }) { self.path = path }

    /// Sends a message. One that is lost is only missed by who looks at the unit.
    func send(_ message: String) {
        guard let path, path.utf8.count < 108 else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        // An abstract name begins with a zero (man:unix(7)).
        if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let text = Array(message.utf8)
        _ = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, text, text.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
    }
}

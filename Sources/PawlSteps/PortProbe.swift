import Glibc

/// Asks whether somebody takes connections at an address.
enum PortProbe {
    /// So long an answer is waited for, in milliseconds.
    static let patience: Int32 = 5000

    /// Connects to `HOST:PORT`, an IPv6 address in brackets, and closes again.
    static func connect(to address: String) throws(Unheld) {
        guard let colon = address.lastIndex(of: ":") else {
            throw Unheld("'\(address)' is no HOST:PORT such as 127.0.0.1:2379")
        }
        var host = address[..<colon]
        let port = String(address[address.index(after: colon)...])
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(String(host), port, &hints, &list)
        guard code == 0 else { throw Unheld("port \(address): \(String(cString: gai_strerror(code)))") }
        defer { freeaddrinfo(list) }
        var reason = "no address"
        var entry = list
        while let found = entry {
            guard let failure = connect(found.pointee) else { return }
            reason = failure
            entry = found.pointee.ai_next
        }
        throw Unheld("port \(address) is not open: \(reason)")
    }

    /// Why there is no connection; nil if there is one.
    private static func connect(_ address: addrinfo) -> String? {
        let socket = socket(
            address.ai_family, address.ai_socktype | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return String(cString: strerror(errno)) }
        defer { close(socket) }
        if Glibc.connect(socket, address.ai_addr, address.ai_addrlen) == 0 { return nil }
        guard errno == EINPROGRESS else { return String(cString: strerror(errno)) }
        var poller = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
        var ready = poll(&poller, 1, patience)
        while ready < 0, errno == EINTR { ready = poll(&poller, 1, patience) }
        guard ready > 0 else { return "no answer within \(patience / 1000) s" }
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &size)
        return code == 0 ? nil : String(cString: strerror(code))
    }
}

import Glibc

/// Calls methods over a unix socket, one after the other, and waits for the answers in `man:poll(2)`: for programs that
/// have nothing else to do. It belongs to the thread that made it.
package final class Client {
    /// Why there is no answer.
    package enum Fault: Error, Sendable, CustomStringConvertible {
        /// The socket cannot be connected to.
        case unreachable(path: String, reason: String)
        /// The connection was lost; whether the call was carried out is unknown.
        case lost(String)
        /// What came back is no answer.
        case garbage(String)

        /// What happened.
        package var description: String {
            switch self {
            case .unreachable(let path, let reason): "\(path): \(reason)"
            case .lost(let reason): "the connection was lost: \(reason)"
            case .garbage(let reason): "the answer cannot be read: \(reason)"
            }
        }
    }

    /// One answer.
    package struct Reply {
        /// Whether more of them follow.
        package let continues: Bool
        let bytes: [UInt8]

        /// What the answer says, as a Swift type.
        package func decode<Parameters: Decodable>(_ type: Parameters.Type) throws -> Parameters {
            do {
                if let parameters = try Message.decode(Message.Body<Parameters>.self, from: bytes).parameters {
                    return parameters
                }
                return try Message.decode(type, from: Array("{}".utf8))
            } catch {
                throw Fault.garbage("\(error)")
            }
        }
    }

    /// The connection, for a caller that polls it together with others.
    package let descriptor: CInt
    private var received: [UInt8] = []
    private var searched = 0

    /// Connects.
    package init(path: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < room else {
            throw Fault.unreachable(path: path, reason: "the path is longer than a socket's may be")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let made = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard made >= 0 else { throw Fault.unreachable(path: path, reason: Client.error()) }
        _ = fcntl(made, F_SETFD, FD_CLOEXEC)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(made, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else {
            let reason = Client.error()
            close(made)
            throw Fault.unreachable(path: path, reason: reason)
        }
        descriptor = made
    }

    deinit { close(descriptor) }

    /// Calls a method that takes nothing, and waits for its one answer.
    package func call(_ method: String) throws -> Reply { try call(method, Message.Empty()) }

    /// Calls a method, and waits for its one answer.
    package func call(_ method: String, _ parameters: some Encodable) throws -> Reply {
        try send(method, parameters, more: false)
        while true {
            if let reply = try next(timeout: nil) { return reply }
        }
    }

    /// Sends a call; the answers come by `next`.
    ///
    /// - Parameter more: whether several answers are welcome.
    package func send(_ method: String, _ parameters: some Encodable, more: Bool) throws {
        var rest = try Message.encode(
            Message.Call(method: method, parameters: parameters, more: more ? true : nil))[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw Fault.lost(Client.error())
            }
            rest = rest.dropFirst(count)
        }
    }

    /// The next answer; nil if there is none within the time (nil: for ever), or if a signal came first.
    ///
    /// - Throws: `VarlinkError` if the answer is an error, `Fault` if there is none.
    package func next(timeout: Duration?) throws -> Reply? {
        while true {
            if let reply = try taken() { return reply }
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let milliseconds = timeout.map { Int32(clamping: Int64(($0 / .milliseconds(1)).rounded(.up))) } ?? -1
            let ready = poll(&entry, 1, milliseconds)
            if ready < 0, errno != EINTR { throw Fault.lost(Client.error()) }
            if ready <= 0 { return nil }
            try receive()
        }
    }

    /// An answer that has come in already.
    private func taken() throws -> Reply? {
        guard let end = received[searched...].firstIndex(of: 0) else {
            searched = received.count
            guard received.count <= Message.answerLimit else { throw Fault.garbage("it is too long") }
            return nil
        }
        let bytes = Array(received[..<end])
        received.removeFirst(end + 1)
        searched = 0
        let head: Message.ReplyHead
        do {
            head = try Message.decode(Message.ReplyHead.self, from: bytes)
        } catch {
            throw Fault.garbage("\(error)")
        }
        if let name = head.error { throw VarlinkError(name: name, reply: bytes) }
        return Reply(continues: head.continues ?? false, bytes: bytes)
    }

    private func receive() throws {
        let count = withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 1) { room in
            let count = read(descriptor, room.baseAddress, room.count)
            if count > 0 { received.append(contentsOf: UnsafeRawBufferPointer(room)[..<count]) }
            return count
        }
        if count == 0 { throw Fault.lost("the other side closed it") }
        if count < 0, errno != EINTR, errno != EAGAIN { throw Fault.lost(Client.error()) }
    }

    private static func error() -> String { String(cString: strerror(errno)) }
}

@available(*, unavailable, message: "a client belongs to the thread that made it")
extension Client: Sendable {}

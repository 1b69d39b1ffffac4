import FoundationEssentials
import Glibc
import PawlAPI

/// A connection to pawld's socket: JSON objects, each ended by a NUL byte (`https://varlink.org/Method-Call`).
final class SocketConnection: ManagerConnection {
    private let descriptor: Int32
    private var received: [UInt8] = []

    /// No answer is larger, in bytes: a broken peer must not fill the memory.
    private static let largestAnswer = 64 << 20

    init(path: String) throws(ManagerError) {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .unreachable(path: path, reason: TextFile.words(errno)) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw .unreachable(path: path, reason: "the path is too long for a socket")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw .unreachable(path: path, reason: TextFile.words(errno)) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    private struct Call<Parameters: Encodable>: Encodable {
        var method: String
        var parameters: Parameters
        var more: Bool?
    }

    private struct Head: Decodable {
        var error: String?
        var continues: Bool?
    }

    private struct Body<Answer: Decodable>: Decodable {
        var parameters: Answer?
    }

    func call<Answer: Decodable>(
        _ method: ManagerInterface.Method, _ parameters: some Encodable, as type: Answer.Type
    ) throws(ManagerError) -> Answer {
        try send(method, parameters, more: nil)
        while true {
            if case .answer(let answer, _) = try next(as: type, within: nil) { return answer }
        }
    }

    func open(_ method: ManagerInterface.Method, _ parameters: some Encodable) throws(ManagerError) {
        try send(method, parameters, more: true)
    }

    func next<Answer: Decodable>(as type: Answer.Type, within seconds: Double?) throws(ManagerError)
        -> StreamEvent<Answer>
    {
        guard let message = try message(within: seconds) else { return .nothingYet }
        do {
            let head = try JSONDecoder().decode(Head.self, from: message)
            if let name = head.error { throw refusal(name, message) }
            guard let answer = try JSONDecoder().decode(Body<Answer>.self, from: message).parameters else {
                throw ManagerError.unintelligible("an answer without parameters")
            }
            return .answer(answer, isLast: head.continues != true)
        } catch let error as ManagerError {
            throw error
        } catch {
            throw .unintelligible("\(error)")
        }
    }

    private func refusal(_ name: String, _ message: Data) -> ManagerError {
        let parameters = try? JSONDecoder().decode(Body<APIError.Parameters>.self, from: message).parameters
        guard let error = APIError(wireName: name, parameters: parameters) else { return .unintelligible(name) }
        return .refused(error)
    }

    private func send(
        _ method: ManagerInterface.Method, _ parameters: some Encodable, more: Bool?
    ) throws(ManagerError) {
        var bytes: [UInt8]
        do {
            let call = Call(method: method.wireName, parameters: parameters, more: more)
            bytes = Array(try JSONEncoder().encode(call))
        } catch {
            throw .unintelligible("the call cannot be written: \(error)")
        }
        bytes.append(0)
        var offset = 0
        while offset < bytes.count {
            let count = Glibc.send(descriptor, Array(bytes[offset...]), bytes.count - offset, Int32(MSG_NOSIGNAL))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .lost(reason: TextFile.words(errno)) }
            offset += count
        }
    }

    /// The next message without its NUL; nil if it did not come in time.
    private func message(within seconds: Double?) throws(ManagerError) -> Data? {
        let deadline = seconds.map { monotonicSeconds() + $0 }
        var searched = 0
        while true {
            if let end = received[searched...].firstIndex(of: 0) {
                let message = Data(received[..<end])
                received.removeFirst(end + 1)
                return message
            }
            searched = received.count
            guard searched <= SocketConnection.largestAnswer else { throw .unintelligible("an answer over 64 MiB") }
            if let deadline {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                let left = max(0, deadline - monotonicSeconds())
                let ready = poll(&waiting, 1, Int32((left * 1000).rounded(.up)))
                if ready == 0 { return nil }
                if ready < 0, errno == EINTR { continue }
            }
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .lost(reason: TextFile.words(errno)) }
            guard count > 0 else { throw .lost(reason: "pawld closed the connection") }
            received += chunk[..<count]
        }
    }
}

import PawlAPI
import VarlinkKit

/// A connection to pawld's socket.
final class SocketConnection: ManagerConnection {
    private let client: Client

    init(path: String) throws(ManagerError) {
        do {
            client = try Client(path: path)
        } catch {
            if case Client.Fault.unreachable(_, let reason) = error {
                throw .unreachable(path: path, reason: reason)
            }
            throw .unreachable(path: path, reason: "\(error)")
        }
    }

    func call<Answer: Decodable>(
        _ method: ManagerInterface.Method, _ parameters: some Encodable, as type: Answer.Type
    ) throws(ManagerError) -> Answer {
        try send(method, parameters, more: false)
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
        do {
            guard let reply = try client.next(timeout: seconds.map { .seconds($0) }) else { return .nothingYet }
            return .answer(try reply.decode(type), isLast: !reply.continues)
        } catch {
            throw SocketConnection.error(error)
        }
    }

    private func send(
        _ method: ManagerInterface.Method, _ parameters: some Encodable, more: Bool
    ) throws(ManagerError) {
        do {
            try client.send(method.wireName, parameters, more: more)
        } catch {
            throw SocketConnection.error(error)
        }
    }

    private static func error(_ error: any Error) -> ManagerError {
        switch error {
        case let refusal as VarlinkError:
            // A fault that pawld did not foresee has a reason of the service's own, and no message of the interface's.
            if refusal.name == APIError.Code.internalError.wireName,
                let reason = refusal.decode([String: String].self)?["reason"]
            {
                return .refused(APIError(.internalError, "pawld failed: \(reason)"))
            }
            guard let known = APIError(wireName: refusal.name, parameters: refusal.decode(APIError.Parameters.self))
            else { return .unintelligible(refusal.name) }
            return .refused(known)
        case Client.Fault.lost(let reason): return .lost(reason: reason)
        case Client.Fault.garbage(let reason): return .unintelligible(reason)
        default: return .lost(reason: "\(error)")
        }
    }
}

import PawlAPI
import VarlinkKit

/// A connection to pawld's socket.
final class SocketConnection: ManagerConnection {
    init(path: String) throws(ManagerError) {
        throw .unreachable(path: path, reason: "no client")
    }

    func call<Answer: Decodable>(
        _ method: ManagerInterface.Method, _ parameters: some Encodable, as type: Answer.Type
    ) throws(ManagerError) -> Answer {
        throw .lost(reason: "no client")
    }

    func open(_ method: ManagerInterface.Method, _ parameters: some Encodable) throws(ManagerError) {}

    func next<Answer: Decodable>(as type: Answer.Type, within seconds: Double?) throws(ManagerError)
        -> StreamEvent<Answer>
    {
        .nothingYet
    }
}

import FoundationEssentials

/// Who is at the other end of a connection, as the kernel saw it when it was made (`man:unix(7)`).
package struct Peer: Sendable, Equatable {
    /// The process.
    package var pid: Int32
    /// Its user.
    package var uid: UInt32
    /// Its group.
    package var gid: UInt32
    /// Its supplementary groups.
    package var groups: [UInt32]
}

/// One call of a method.
package struct Call: Sendable {
    /// Who calls.
    package let peer: Peer
    /// The full name of the method.
    package let method: String
    /// Whether several answers are welcome.
    package let more: Bool
    /// Whether no answer is wanted.
    package let oneway: Bool
    let message: [UInt8]
    let connection: Connection
    let server: Server

    /// The parameters as a Swift type.
    ///
    /// - Throws: `org.varlink.service.InvalidParameter` that names the parameter which does not fit.
    package func decode<Parameters: Decodable>(_ type: Parameters.Type) throws(VarlinkError) -> Parameters {
        do {
            if let parameters = try Message.decode(Message.Body<Parameters>.self, from: message).parameters {
                return parameters
            }
            // A call without parameters is one with none of them set.
            return try Message.decode(type, from: Array("{}".utf8))
        } catch let error as DecodingError {
            throw .invalidParameter(Call.name(in: error))
        } catch {
            throw .invalidParameter("parameters")
        }
    }

    /// Answers. It returns once the answer has left this process's hands, so a client that does not read holds up whoever
    /// answers it and nobody else.
    ///
    /// - Parameter continues: whether more answers follow; only where `more` was asked for.
    /// - Throws: `CancellationError` when the client is gone.
    package func reply(_ parameters: some Encodable & Sendable, continues: Bool = false) async throws {
        guard !oneway else { return }
        let reply = Message.Reply(parameters: parameters, continues: continues ? true : nil)
        try await server.send(try Message.encode(reply), to: connection)
    }

    private static func name(in error: DecodingError) -> String {
        let path: [any CodingKey]
        switch error {
        case .keyNotFound(let key, let context): path = context.codingPath + [key]
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            path = context.codingPath
        @unknown default: path = []
        }
        let names = path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.filter { $0 != "parameters" }
        return names.isEmpty ? "parameters" : names.joined(separator: ".")
    }
}

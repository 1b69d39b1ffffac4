import FoundationEssentials

/// What goes over the wire: JSON objects, each ended by a NUL byte (`https://varlink.org/Method-Call`).
enum Message {
    /// No call may be longer, in bytes: it is taken in before it is known whether its caller may call at all.
    static let limit = 2 << 20
    /// No answer may be longer, in bytes: a broken server must not fill a client's memory.
    static let answerLimit = 64 << 20

    /// The part of a call that says what is wanted.
    struct Head: Decodable {
        var method: String
        var more: Bool?
        var oneway: Bool?
    }

    /// The part of a call or an answer that belongs to its method.
    struct Body<Parameters: Decodable>: Decodable {
        var parameters: Parameters?
    }

    /// A call as a client sends it.
    struct Call<Parameters: Encodable>: Encodable {
        var method: String
        var parameters: Parameters
        var more: Bool?
        var oneway: Bool?
    }

    /// An answer as a server sends it.
    struct Reply<Parameters: Encodable>: Encodable {
        var parameters: Parameters
        var continues: Bool?
        var error: String?
    }

    /// The part of an answer that says what it is.
    struct ReplyHead: Decodable {
        var continues: Bool?
        var error: String?
    }

    /// Nothing: `{}`.
    struct Empty: Codable {}

    /// A message with its end.
    static func encode(_ message: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var bytes = Array(try encoder.encode(message))
        bytes.append(0)
        return bytes
    }

    /// Reads a message, or a part of it, without its end. JSONDecoder bounds the depth by itself.
    static func decode<Part: Decodable>(_ type: Part.Type, from bytes: [UInt8]) throws -> Part {
        try JSONDecoder().decode(type, from: Data(bytes))
    }
}

/// An error as it goes over the wire: a name within an interface, and what belongs to it.
package struct VarlinkError: Error, Sendable, CustomStringConvertible {
    /// The full name, such as `org.varlink.service.MethodNotFound`.
    package let name: String
    /// The parameters, as JSON.
    let parameters: [UInt8]

    /// An error with these parameters.
    package init(_ name: String, encoding parameters: some Encodable) throws {
        self.name = name
        self.parameters = Array(try JSONEncoder().encode(parameters))
    }

    /// An error whose one parameter is text.
    init(_ name: String, _ parameter: String, _ value: String) {
        self.name = name
        // Of two strings there is always JSON.
        parameters = (try? Array(JSONEncoder().encode([parameter: value]))) ?? Array("{}".utf8)
    }

    /// An error that a server answered.
    init(name: String, reply: [UInt8]) {
        self.name = name
        let body = try? Message.decode(Message.Body<JSONText>.self, from: reply)
        parameters = body?.parameters?.bytes ?? Array("{}".utf8)
    }

    /// The parameters as a Swift type; nil if they do not fit.
    package func decode<Parameters: Decodable>(_ type: Parameters.Type) -> Parameters? {
        try? Message.decode(type, from: parameters)
    }

    /// Name and parameters.
    package var description: String { "\(name) \(String(decoding: parameters, as: UTF8.self))" }

    /// A parameter is missing or is not what it should be.
    package static func invalidParameter(_ name: String) -> VarlinkError {
        VarlinkError("org.varlink.service.InvalidParameter", "parameter", name)
    }

    /// There is no such interface.
    static func interfaceNotFound(_ name: String) -> VarlinkError {
        VarlinkError("org.varlink.service.InterfaceNotFound", "interface", name)
    }

    /// There is no such method.
    static func methodNotFound(_ name: String) -> VarlinkError {
        VarlinkError("org.varlink.service.MethodNotFound", "method", name)
    }

    /// The method answers several times, and the call does not ask for that.
    package static let expectedMore = VarlinkError(name: "org.varlink.service.ExpectedMore", reply: [])

    /// The method is defined and does nothing yet.
    package static func methodNotImplemented(_ name: String) -> VarlinkError {
        VarlinkError("org.varlink.service.MethodNotImplemented", "method", name)
    }

    /// A handler failed by an error that is not of its interface: told, or the client would take the closed connection
    /// for a lost one and ask again.
    static func internalError(_ method: String, _ error: any Error) -> VarlinkError {
        let interface = method.lastIndex(of: ".").map { method[..<$0] } ?? ""
        return VarlinkError("\(interface).InternalError", "reason", "\(error)")
    }

    /// The caller has too many connections.
    static func tooMany(_ limit: Int) -> VarlinkError {
        VarlinkError("org.varlink.service.PermissionDenied", "reason", "at most \(limit) connections per user")
    }

    /// The bytes of the error's answer.
    var message: [UInt8] {
        let parameters = (try? Message.decode(JSONText.self, from: parameters)) ?? JSONText(.object([:]))
        return (try? Message.encode(Message.Reply(parameters: parameters, error: name))) ?? []
    }
}

/// Any JSON: what an error's parameters are before somebody asks for them as a type.
struct JSONText: Codable {
    enum Content {
        case null
        case boolean(Bool)
        case integer(Int64)
        case number(Double)
        case string(String)
        case array([JSONText])
        case object([String: JSONText])
    }

    let content: Content

    init(_ content: Content) { self.content = content }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            content = .null
        } else if let value = try? container.decode(Bool.self) {
            content = .boolean(value)
        } else if let value = try? container.decode(Int64.self) {
            content = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            content = .number(value)
        } else if let value = try? container.decode(String.self) {
            content = .string(value)
        } else if let value = try? container.decode([JSONText].self) {
            content = .array(value)
        } else {
            content = .object(try container.decode([String: JSONText].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch content {
        case .null: try container.encodeNil()
        case .boolean(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }

    var bytes: [UInt8] { (try? Array(JSONEncoder().encode(self))) ?? Array("null".utf8) }
}

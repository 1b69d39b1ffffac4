/// What a server offers under one name.
package struct Interface: Sendable {
    /// What answers a method: it replies by its call, once or, for `more`, several times, or throws.
    package typealias Handler = @Sendable (Call) async throws -> Void

    /// The name, such as `io.example.Thing`.
    package let name: String
    /// The definition (`https://varlink.org/Interface-Definition`).
    package let description: String
    /// The methods by the last part of their names.
    package let methods: [String: Handler]

    /// An interface. A `VarlinkError` that a handler throws becomes the answer.
    package init(name: String, description: String, methods: [String: Handler]) {
        self.name = name
        self.description = description
        self.methods = methods
    }
}

/// Who serves, for GetInfo of `org.varlink.service`.
package struct ServiceInformation: Sendable, Codable {
    /// Who makes it.
    package var vendor: String
    /// What it is.
    package var product: String
    /// Its version.
    package var version: String
    /// Where there is more to read.
    package var url: String
    /// The names of its interfaces.
    package var interfaces: [String]

    /// Information without the interfaces: the server knows those.
    package init(vendor: String, product: String, version: String, url: String) {
        self.vendor = vendor
        self.product = product
        self.version = version
        self.url = url
        interfaces = []
    }
}

/// The interface that every service has (`https://varlink.org/Service`).
enum ServiceInterface {
    static let name = "org.varlink.service"

    static let description = """
        # What every Varlink service answers
        interface org.varlink.service

        # Who serves, and which interfaces there are
        method GetInfo() -> (
            vendor: string,
            product: string,
            version: string,
            url: string,
            interfaces: []string
        )

        # The definition of an interface
        method GetInterfaceDescription(interface: string) -> (description: string)

        error InterfaceNotFound (interface: string)
        error MethodNotFound (method: string)
        error MethodNotImplemented (method: string)
        error InvalidParameter (parameter: string)
        error PermissionDenied ()
        error ExpectedMore ()
        """

    struct Request: Codable {
        var interface: String
    }

    struct Answer: Codable {
        var description: String
    }

    static func make(_ information: ServiceInformation, _ others: [Interface]) -> Interface {
        var information = information
        information.interfaces = [name] + others.map(\.name)
        let definitions = Dictionary(
            uniqueKeysWithValues: [(name, description)] + others.map { ($0.name, $0.description) })
        return Interface(
            name: name, description: description,
            methods: [
                "GetInfo": { [information] call in try await call.reply(information) },
                "GetInterfaceDescription": { call in
                    let wanted = try call.decode(Request.self).interface
                    guard let description = definitions[wanted] else {
                        throw VarlinkError.interfaceNotFound(wanted)
                    }
                    try await call.reply(Answer(description: description))
                },
            ])
    }
}

/// A secret that a step is given as a file by systemd, named as in the credential stores. Its content is never in pawld.
package struct Credential: Sendable, Hashable {
    /// The name, of the file in the store as of the one that the step sees.
    package var name: String
    /// The environment variable that takes its content besides; nil: none does.
    package var variable: String?

    /// Makes a credential.
    package init(name: String, variable: String? = nil) {
        (self.name, self.variable) = (name, variable)
    }
}

extension Names {
    /// Why a text cannot be a credential's name, or nil where it can: systemd wants the name of a file, in printable ASCII,
    /// and without a colon.
    package static func credentialRefusal(_ text: String) -> String? {
        guard !text.isEmpty, text != ".", text != "..", text.utf8.count < 255 else {
            return "it is the name of a file, of at most 254 characters"
        }
        guard text.utf8.allSatisfy({ (0x20..<0x7f).contains($0) && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ":") })
        else { return "it is made of printable ASCII, without '/' and ':'" }
        // What systemd writes down of a unit it reads back at the next daemon-reload, and of these it would make another name.
        guard !text.utf8.contains(UInt8(ascii: "\\")), text.first != " ", text.last != " " else {
            return "systemd would not read a '\\' or a blank at its ends back as they are"
        }
        return nil
    }
}

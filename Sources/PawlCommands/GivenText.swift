import PawlAPI
import PawlModel

/// A word of the command line or an entry of the environment, as bytes. Swift's own ones have been repaired: where they were
/// not UTF-8 there is U+FFFD, and a run would be given a value that nobody wrote.
struct GivenText {
    /// The bytes, without the NUL at their end.
    var bytes: [UInt8]

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// What stands at an address, up to a NUL.
    init(_ address: UnsafePointer<CChar>) {
        var bytes: [UInt8] = []
        var next = address
        while next.pointee != 0 {
            bytes.append(UInt8(bitPattern: next.pointee))
            next += 1
        }
        self.bytes = bytes
    }

    /// The text; nil where it is not UTF-8.
    var text: String? { String(validating: bytes, as: UTF8.self) }

    /// What stands before and behind the first equals sign.
    private var entry: (name: GivenText, value: GivenText)? {
        bytes.firstIndex(of: UInt8(ascii: "=")).map { sign in
            (GivenText(bytes: Array(bytes[..<sign])), GivenText(bytes: Array(bytes[(sign + 1)...])))
        }
    }

    /// The words as texts.
    static func arguments(_ words: [GivenText]) throws(CommandFailure) -> [String] {
        var arguments: [String] = []
        for word in words {
            guard let text = word.text else {
                if let name = word.entry?.name.text, Names.isVariable(name) {
                    throw CommandFailure(.usage, "the value of variable '\(name)' is not UTF-8 text")
                }
                throw CommandFailure(
                    .usage, "the argument '\(String(decoding: word.bytes, as: UTF8.self))' is not UTF-8 text")
            }
            arguments.append(text)
        }
        return arguments
    }

    /// The values of variables among the entries of an environment, by the variables' names.
    static func variables(_ entries: [GivenText]) -> [String: GivenText] {
        var result: [String: GivenText] = [:]
        for entry in entries where entry.bytes.starts(with: VariableArguments.prefix.utf8) {
            guard let (name, value) = entry.entry, let name = name.text else { continue }
            result[String(name.dropFirst(VariableArguments.prefix.count))] = value
        }
        return result
    }
}

import FoundationEssentials

/// Values as JSON on one line: keys sorted, so that the same state is the same text.
enum JSONText {
    /// The value as one line of JSON.
    static func line(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

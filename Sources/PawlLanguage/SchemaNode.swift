import PawlModel

/// A piece of a JSON document whose keys keep the order in which they are written.
indirect enum SchemaNode: Sendable, ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral,
    ExpressibleByStringLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral
{
    case object([(key: String, value: SchemaNode)])
    case array([SchemaNode])
    case string(String)
    case integer(Int)
    case boolean(Bool)

    init(dictionaryLiteral elements: (String, SchemaNode)...) { self = .object(elements.map { (key: $0, value: $1) }) }
    init(arrayLiteral elements: SchemaNode...) { self = .array(elements) }
    init(stringLiteral value: String) { self = .string(value) }
    init(integerLiteral value: Int) { self = .integer(value) }
    init(booleanLiteral value: Bool) { self = .boolean(value) }

    /// An object with another entry behind its own.
    func with(_ key: String, _ value: SchemaNode) -> SchemaNode {
        guard case .object(let entries) = self else { return self }
        return .object(entries + [(key: key, value: value)])
    }

    /// The document as text, on one line or with a line for each entry.
    func text(isIndented: Bool) -> String {
        var result = ""
        write(to: &result, isIndented ? "\n" : nil)
        return result + "\n"
    }

    /// `line` is the end of a line with the indentation of the next one.
    private func write(to result: inout String, _ line: String?) {
        let inner = line.map { $0 + "  " }
        switch self {
        case .string(let text): result += PawlModel.Value.string(text).json
        case .integer(let number): result += "\(number)"
        case .boolean(let truth): result += truth ? "true" : "false"
        case .array(let items):
            // Lists of words are read more easily in one line.
            result += "["
            for (place, item) in items.enumerated() {
                if place > 0 { result += line == nil ? "," : ", " }
                item.write(to: &result, line)
            }
            result += "]"
        case .object(let entries):
            result += "{"
            for (place, entry) in entries.enumerated() {
                if place > 0 { result += "," }
                result += (inner ?? "") + PawlModel.Value.string(entry.key).json + (line == nil ? ":" : ": ")
                entry.value.write(to: &result, inner)
            }
            result += (entries.isEmpty ? "" : line ?? "") + "}"
        }
    }
}

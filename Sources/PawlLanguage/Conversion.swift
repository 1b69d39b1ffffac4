import PawlModel
import YAMLKit

extension ValueType {
    /// The value of a text from the command line, or nil where the text is none of this type.
    func read(_ text: String) -> Value? {
        switch self {
        case .string: return .string(text)
        case .boolean: return Value.string(text).asBoolean
        case .integer:
            if case .integer? = Value.number(in: text) { return Value.number(in: text) }
            return nil
        case .number: return Value.number(in: text)
        case .list:
            if case .list(let items)? = JSON.parse(text) { return .list(items) }
            return nil
        case .map:
            if case .map(let entries)? = JSON.parse(text) { return .map(entries) }
            return nil
        case .duration: return TimeSpan.parse(text) == nil ? nil : .string(text)
        case .size: return Size.parse(text) == nil ? nil : .string(text)
        case .path: return text.hasPrefix("/") && !text.utf8.contains(0) ? .string(text) : nil
        }
    }

    /// A value as one of this type, or nil where it is none; text is read as from the command line.
    func adopt(_ value: Value) -> Value? {
        switch (self, value) {
        case (_, .string(let text)): read(text)
        case (.boolean, .boolean), (.integer, .integer), (.number, .integer), (.number, .number), (.list, .list),
            (.map, .map):
            value
        // `90` is a time of 90 seconds and a size of 90 bytes, also where it came as a number.
        case (.duration, .integer), (.duration, .number), (.size, .integer): read(value.text)
        default: nil
        }
    }

    /// What a value of this type is, for a sentence.
    var wanted: String {
        switch self {
        case .string: "text"
        case .boolean: "true or false"
        case .integer: "a whole number"
        case .number: "a number"
        case .list: "a list"
        case .map: "a map"
        case .duration: "a time span such as 90s or 5min"
        case .size: "a size such as 256M"
        case .path: "an absolute path"
        }
    }

    /// The same where text is to become the value.
    var wantedOfText: String {
        switch self {
        case .list: "a list as JSON, such as [1, 2]"
        case .map: "a map as JSON, such as {\"a\": 1}"
        default: wanted
        }
    }

    /// The type that a value has by itself.
    static func of(_ value: Value) -> ValueType {
        switch value {
        case .null, .string: .string
        case .boolean: .boolean
        case .integer: .integer
        case .number: .number
        case .list: .list
        case .map: .map
        }
    }
}

extension Faults {
    /// The value of a node under YAML's core schema, or of the declared type.
    func value(_ node: YAMLNode, as type: ValueType? = nil, of what: String) -> Value? {
        switch node.content {
        case .scalar(let scalar):
            if node.isEmpty { return .null }
            // Declared as text it is text, and stays as written.
            if let type, type != .list, type != .map, type != .boolean {
                guard let value = type.read(plainText(node)) else {
                    error(node.mark, "\(what) takes \(type.wanted), not '\(scalar.text)'")
                    return nil
                }
                return value
            }
            let value = untyped(scalar, node)
            guard let type else { return value }
            guard let value = type.adopt(value) else {
                error(node.mark, "\(what) takes \(type.wanted), not '\(scalar.text)'")
                return nil
            }
            return value
        case .sequence(let items):
            guard type == nil || type == .list else { break }
            return .list(items.compactMap { value($0, of: what) })
        case .mapping(let entries):
            guard type == nil || type == .map else { break }
            var result: [String: Value] = [:]
            for entry in entries { result[entry.key.text] = value(entry.value, of: what) }
            return .map(result)
        }
        error(node.mark, "\(what) takes \(type?.wanted ?? "a value"), not \(node.kindName)")
        return nil
    }

    /// A text that may hold no expression; `$${` is still a literal `${`, as everywhere.
    private func plainText(_ node: YAMLNode) -> String {
        guard let text = node.scalar?.text, text.utf8.contains(UInt8(ascii: "$")) else {
            return node.scalar?.text ?? ""
        }
        guard case .string(let plain)? = template(node, "this")?.constant else {
            error(node.mark, "a fixed value takes no '${...}'", hint: "write '$${' for the two characters")
            return text
        }
        return plain
    }

    private func untyped(_ scalar: YAMLScalar, _ node: YAMLNode) -> Value {
        switch scalar.resolved {
        case .null: return .null
        case .boolean(let value): return .boolean(value)
        case .integer(let value):
            // `0644` and `007` are numbers to YAML, but nobody who writes them means 644 and 7.
            let digits = scalar.text.drop { $0 == "-" || $0 == "+" }
            let isPadded =
                digits.count > 1 && digits.hasPrefix("0") && !digits.hasPrefix("0x") && !digits.hasPrefix("0o")
            return isPadded ? .string(scalar.text) : .integer(value)
        case .number(let number):
            let value = Value.number(number)
            if scalar.style == .plain, number.isFinite, !scalar.text.utf8.contains(UInt8(ascii: "e")),
                value.text != scalar.text
            {
                warning(
                    node.mark, "'\(scalar.text)' is a number and becomes '\(value.text)'",
                    hint: "quote it to keep it as written")
            }
            guard number.isFinite else { return .string(scalar.text) }
            return value
        case .string: return .string(plainText(node))
        }
    }
}

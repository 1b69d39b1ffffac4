/// What a variable, an output or an expression can be. In the store and on the socket it is plain JSON.
package enum Value: Sendable, Hashable {
    /// No value: an output that was never written, a variable without one.
    case null
    /// `true` or `false`.
    case boolean(Bool)
    /// A whole number.
    case integer(Int64)
    /// A number with a fraction.
    case number(Double)
    /// Text.
    case string(String)
    /// A list.
    case list([Value])
    /// A map; its keys have no order, text made of it has them sorted.
    case map([String: Value])

    /// The value as text, as it stands inside a longer string: text as it is, booleans `true` or `false`, lists and
    /// maps as JSON, nothing for no value.
    package var text: String {
        switch self {
        case .null: ""
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .number(let value): Value.text(of: value)
        case .string(let value): value
        case .list, .map: json
        }
    }

    /// The value as an environment variable: as `text`, but a list of scalars has one per line, so that a shell's
    /// `read` and `mapfile` take it.
    package var environmentText: String {
        guard case .list(let values) = self else { return text }
        for value in values {
            switch value {
            case .list, .map: return json
            default: continue
            }
        }
        return values.map(\.text).joined(separator: "\n")
    }

    /// The value as compact JSON with sorted keys.
    package var json: String {
        var result = ""
        appendJSON(to: &result)
        return result
    }

    private func appendJSON(to result: inout String) {
        switch self {
        case .null: result += "null"
        case .boolean, .integer: result += text
        case .number(let value): result += value.isFinite ? text : "null"
        case .string(let value): Value.appendQuoted(value, to: &result)
        case .list(let values):
            result += "["
            for (index, value) in values.enumerated() {
                if index > 0 { result += "," }
                value.appendJSON(to: &result)
            }
            result += "]"
        case .map(let entries):
            result += "{"
            for (index, key) in entries.keys.sorted().enumerated() {
                if index > 0 { result += "," }
                Value.appendQuoted(key, to: &result)
                result += ":"
                entries[key]?.appendJSON(to: &result)
            }
            result += "}"
        }
    }

    /// A number without a fraction keeps no `.0`: `1.0` written into a script is a surprise to every shell.
    private static func text(of number: Double) -> String {
        // By conversion: `rounded()` would need libm, which a program without C code does not link.
        if abs(number) < 1e15, number == Double(Int64(number)) { return String(Int64(number)) }
        return String(number)
    }

    private static func appendQuoted(_ text: String, to result: inout String) {
        result += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        result += "\""
    }
}

extension Value: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([Value].self) {
            self = .list(value)
        } else {
            self = .map(try container.decode([String: Value].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .boolean(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .list(let value): try container.encode(value)
        case .map(let value): try container.encode(value)
        }
    }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .boolean(value) }
}

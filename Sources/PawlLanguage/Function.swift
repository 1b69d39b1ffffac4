import PawlModel

/// Why a function has no result.
struct FunctionFault: Error {
    var message: String
}

/// The functions that expressions may call. None has a side effect, none looks at the host.
enum Function: String, CaseIterable, Sendable {
    case `default`, length, lower, upper, trim, contains, join, split, lines

    /// How many arguments it takes.
    var arity: ClosedRange<Int> {
        switch self {
        case .default, .contains, .split: 2...2
        case .join: 1...2
        case .length, .lower, .upper, .trim, .lines: 1...1
        }
    }

    /// One line for the manual.
    var meaning: String {
        switch self {
        case .default: "default(X, Y): X, or Y where X has no value"
        case .length: "length(X): characters of a text, items of a list, keys of a map"
        case .lower: "lower(TEXT): in lower case"
        case .upper: "upper(TEXT): in upper case"
        case .trim: "trim(TEXT): without blanks and line ends around it"
        case .contains: "contains(X, Y): whether Y is in X, as Y in X"
        case .join: "join(LIST, SEPARATOR): the items as one text; without a separator one a line"
        case .split: "split(TEXT, SEPARATOR): the parts as a list"
        case .lines: "lines(TEXT): the lines as a list, without an empty last one"
        }
    }

    /// What a split may give at most: a list is held in memory whole.
    private static let mostItems = 100_000

    /// The result; the count of the arguments was checked when the expression was read.
    func apply(to values: [Value]) throws(FunctionFault) -> Value {
        switch self {
        case .default: return values[0] == .null ? values[1] : values[0]
        case .length:
            switch values[0].structured {
            case .list(let items): return .integer(Int64(items.count))
            case .map(let entries): return .integer(Int64(entries.count))
            case .string(let text): return .integer(Int64(text.count))
            case let other: throw FunctionFault(message: "length() needs text, a list or a map, not \(other.kindName)")
            }
        case .lower: return .string(try text(values[0]).lowercased())
        case .upper: return .string(try text(values[0]).uppercased())
        case .trim: return .string(Function.trim(try text(values[0])))
        case .contains:
            switch (values[0].structured, values[1]) {
            case (.list(let items), let item): return .boolean(items.contains { $0.equals(item) })
            case (.map(let entries), .string(let key)): return .boolean(entries[key] != nil)
            default: return .boolean(Function.isPart(try text(values[1]), of: try text(values[0])))
            }
        case .join:
            guard case .list(let items) = values[0].structured else {
                throw FunctionFault(message: "join() needs a list, not \(values[0].kindName)")
            }
            return .string(items.map(\.text).joined(separator: values.count > 1 ? try text(values[1]) : "\n"))
        case .split: return try Function.split(try text(values[0]), by: try text(values[1]))
        case .lines:
            var text = try text(values[0])
            if text.isEmpty { return .list([]) }
            if text.utf8.last == 0x0A { text.removeLast() }
            return try Function.split(text, by: "\n")
        }
    }

    private func text(_ value: Value) throws(FunctionFault) -> String {
        switch value {
        case .string, .integer, .number, .boolean: return value.text
        default: throw FunctionFault(message: "\(rawValue)() needs text, not \(value.kindName)")
        }
    }

    private static func trim(_ text: String) -> String {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte >= 0x09 && byte <= 0x0D }
        let start = text.utf8.drop(while: isBlank)
        let end = start.reversed().drop(while: isBlank)
        return String(decoding: Array(end.reversed()), as: UTF8.self)
    }

    private static func split(_ text: String, by separator: String) throws(FunctionFault) -> Value {
        let (bytes, mark) = (Array(text.utf8), Array(separator.utf8))
        guard !mark.isEmpty else { throw FunctionFault(message: "split() needs a separator that is not empty") }
        var (items, start, index) = ([Value](), 0, 0)
        while index + mark.count <= bytes.count {
            guard bytes[index] == mark[0], bytes[index..<(index + mark.count)].elementsEqual(mark) else {
                index += 1
                continue
            }
            items.append(.string(String(decoding: bytes[start..<index], as: UTF8.self)))
            guard items.count < mostItems else {
                throw FunctionFault(message: "the text has more than \(mostItems) parts")
            }
            index += mark.count
            start = index
        }
        return .list(items + [.string(String(decoding: bytes[start...], as: UTF8.self))])
    }

    /// Whether a text stands in another, byte by byte.
    static func isPart(_ part: String, of text: String) -> Bool {
        let (bytes, wanted) = (Array(text.utf8), Array(part.utf8))
        guard let first = wanted.first else { return true }
        guard bytes.count >= wanted.count else { return false }
        return (0...(bytes.count - wanted.count)).contains { start in
            bytes[start] == first && bytes[start..<(start + wanted.count)].elementsEqual(wanted)
        }
    }
}

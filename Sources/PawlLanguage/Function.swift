import PawlModel

/// Why a function has no result.
struct FunctionFault: Error {
    var message: String
}

/// The functions that expressions may call. None has a side effect, none looks at the host.
enum Function: String, CaseIterable, Sendable {
    case `default`, length, lower, upper, trim, contains, matches, join, split, lines, json, basename, dirname, min, max
    case formatTime = "format_time"

    /// How many arguments it takes.
    var arity: ClosedRange<Int> {
        switch self {
        case .default, .contains, .matches, .split, .formatTime: 2...2
        case .join: 1...2
        case .min, .max: 1...16
        case .length, .lower, .upper, .trim, .lines, .json, .basename, .dirname: 1...1
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
        case .matches: "matches(TEXT, PATTERN): whether the whole text matches a regular expression"
        case .join: "join(LIST, SEPARATOR): the items as one text; without a separator one a line"
        case .split: "split(TEXT, SEPARATOR): the parts as a list"
        case .lines: "lines(TEXT): the lines as a list, without an empty last one"
        case .json: "json(X): the value as JSON, text in quotes"
        case .basename: "basename(PATH): its last part"
        case .dirname: "dirname(PATH): what stands before its last part"
        case .min: "min(LIST) or min(X, Y, ...): the least number"
        case .max: "max(LIST) or max(X, Y, ...): the greatest number"
        case .formatTime: "format_time(TIME, FORMAT): a moment in UTC, written as the format says"
        }
    }

    /// What a split may give at most: a list is held in memory whole.
    private static let mostItems = 100_000

    /// The result; the count of the arguments was checked when the expression was read.
    func apply(to values: [Value], _ work: inout Work) throws(FunctionFault) -> Value {
        switch self {
        case .default: return values[0] == .null ? values[1] : values[0]
        case .length:
            switch try values[0].structured(&work) {
            case .list(let items): return .integer(Int64(items.count))
            case .map(let entries): return .integer(Int64(entries.count))
            case .string(let text):
                // To find the bounds of characters takes longer than to read the bytes.
                try work.spend(4 * text.utf8.count)
                return .integer(Int64(text.count))
            case let other: throw FunctionFault(message: "length() needs text, a list or a map, not \(other.kindName)")
            }
        case .lower: return .string(try work.spend(text: try text(values[0], &work).lowercased()))
        case .upper: return .string(try work.spend(text: try text(values[0], &work).uppercased()))
        case .trim: return .string(Function.trim(try text(values[0], &work)))
        case .contains: return try Function.contains(values[0], values[1], &work)
        case .matches: return try matches(values[0], values[1], &work)
        case .join:
            guard case .list(let items) = try values[0].structured(&work) else {
                throw FunctionFault(message: "join() needs a list, not \(values[0].kindName)")
            }
            let separator = values.count > 1 ? try text(values[1], &work) : "\n"
            var result = ""
            for (index, item) in items.enumerated() {
                if index > 0 { result += separator }
                result += try item.text(&work)
                guard result.utf8.count <= Work.longestText else { break }
            }
            return .string(try work.spend(text: result))
        case .split: return try Function.split(try text(values[0], &work), by: try text(values[1], &work), &work)
        case .lines:
            var text = try text(values[0], &work)
            if text.isEmpty { return .list([]) }
            if text.utf8.last == 0x0A { text.removeLast() }
            return try Function.split(text, by: "\n", &work)
        case .json: return .string(try work.spend(text: try values[0].json(&work)))
        case .basename: return .string(Function.parts(of: try text(values[0], &work)).name)
        case .dirname: return .string(Function.parts(of: try text(values[0], &work)).folder)
        case .min, .max: return try extreme(of: values, &work)
        case .formatTime: return try formatTime(values[0], try text(values[1], &work), &work)
        }
    }

    private func text(_ value: Value, _ work: inout Work) throws(FunctionFault) -> String {
        switch value {
        case .string, .integer, .number, .boolean: return try value.text(&work)
        default: throw FunctionFault(message: "\(rawValue)() needs text, not \(value.kindName)")
        }
    }

    private static func trim(_ text: String) -> String {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte >= 0x09 && byte <= 0x0D }
        let start = text.utf8.drop(while: isBlank)
        let end = start.reversed().drop(while: isBlank)
        return String(decoding: Array(end.reversed()), as: UTF8.self)
    }

    /// Whether a list has an item, a map a key, or a text a part.
    static func contains(_ whole: Value, _ wanted: Value, _ work: inout Work) throws(FunctionFault) -> Value {
        switch (try whole.structured(&work), wanted) {
        case (.list(let items), let item):
            for candidate in items where try item.equals(candidate, &work) { return true }
            return false
        case (.map(let entries), .string(let key)): return .boolean(entries[key] != nil)
        default:
            let text = try Function.contains.text(whole, &work)
            return .boolean(TextSearch.isPart(try Function.contains.text(wanted, &work), of: text))
        }
    }

    private func matches(_ value: Value, _ pattern: Value, _ work: inout Work) throws(FunctionFault) -> Value {
        let (subject, text) = (try text(value, &work), try text(pattern, &work))
        let compiled: Pattern
        do throws(SyntaxFault) { compiled = try Pattern(text) } catch {
            throw FunctionFault(message: "'\(text)' is no regular expression: \(error.message)")
        }
        try work.spend(compiled.program.count)
        return .boolean(try compiled.matchesWhole(subject, &work))
    }

    private static func split(
        _ text: String, by separator: String, _ work: inout Work
    ) throws(FunctionFault) -> Value {
        guard !separator.isEmpty else { throw FunctionFault(message: "split() needs a separator that is not empty") }
        let bytes = Array(text.utf8)
        var (items, start) = ([Value](), 0)
        TextSearch(separator).matches(in: bytes) { place in
            items.append(.string(String(decoding: bytes[start..<place.lowerBound], as: UTF8.self)))
            start = place.upperBound
            return items.count < mostItems
        }
        guard items.count < mostItems else { throw FunctionFault(message: "the text has more than \(mostItems) parts") }
        try work.spend(items.count * Work.item)
        return .list(items + [.string(String(decoding: bytes[start...], as: UTF8.self))])
    }

    /// A path taken apart as `man:basename(1)` and `man:dirname(1)` do.
    private static func parts(of path: String) -> (folder: String, name: String) {
        var bytes = Array(path.utf8)
        let slash = UInt8(ascii: "/")
        func dropSlashes() { while bytes.count > 1, bytes.last == slash { bytes.removeLast() } }
        dropSlashes()
        if bytes == [slash] { return ("/", "/") }
        let name = bytes.lastIndex(of: slash).map { Array(bytes[($0 + 1)...]) } ?? bytes
        bytes.removeLast(name.count)
        dropSlashes()
        let folder = bytes.isEmpty ? "." : String(decoding: bytes, as: UTF8.self)
        return (folder, String(decoding: name, as: UTF8.self))
    }

    private func extreme(of values: [Value], _ work: inout Work) throws(FunctionFault) -> Value {
        var items = values
        if values.count == 1 {
            guard case .list(let list) = try values[0].structured(&work) else {
                throw FunctionFault(message: "\(rawValue)() needs a list or several numbers, not \(values[0].kindName)")
            }
            items = list
        }
        var best: Value?
        for item in items {
            try work.spend(1)
            guard let number = item.asNumber else {
                throw FunctionFault(message: "\(rawValue)() needs numbers, not \(item.kindName)")
            }
            guard let order = best.flatMap({ number.order(before: $0) }) else {
                best = number
                continue
            }
            if self == .min ? order.less : order.greater { best = number }
        }
        guard let best else { throw FunctionFault(message: "\(rawValue)() of an empty list has no value") }
        return best
    }

    private func formatTime(_ value: Value, _ format: String, _ work: inout Work) throws(FunctionFault) -> Value {
        guard let moment = Moment(value) else {
            throw FunctionFault(
                message: "format_time() needs a time such as 2026-11-21T03:00:00Z, or seconds since 1970, not "
                    + (value.kindName == "text" ? "'\(value.text.prefix(40))'" : value.kindName))
        }
        return .string(try work.spend(text: try moment.text(format)))
    }
}

import PawlModel
import YAMLKit

/// Reading of single values, each with the sentence that says what would have been right.
extension Faults {
    /// The entries of a mapping by key, without those the table does not have or this version does not do, which are
    /// faults. Nil where the node is no mapping.
    func entries(_ node: YAMLNode, of what: @autoclosure () -> String, keys: [SchemaKey]) -> Entries? {
        guard let mapping = node.mapping else {
            error(node.mark, "\(what()) is a map of keys and values, not \(node.kindName)")
            return nil
        }
        // Nearly always that is all of them, and nothing has to be copied.
        var left: [YAMLEntry]?
        for (index, entry) in mapping.enumerated() {
            let name = entry.key.text
            let place = SchemaKey.place(of: name, in: keys)
            if let place, keys[place].isSupported {
                left?.append(entry)
                continue
            }
            if left == nil { left = Array(mapping[..<index]) }
            if place != nil {
                error(entry.key.mark, "'\(name)' is not supported by this version of pawl")
            } else {
                let near = SchemaKey.nearest(to: name, in: keys)
                error(entry.key.mark, "unknown key '\(name)'", hint: near.map(Suggestion.didYouMean))
            }
        }
        return Entries(left ?? mapping)
    }

    /// The text of a scalar, as written.
    func text(_ entry: YAMLEntry) -> String? {
        guard let scalar = entry.value.scalar, !entry.value.isEmpty else {
            error(entry.place, "'\(entry.key.text)' takes text, not \(entry.value.kindName)")
            return nil
        }
        return scalar.text
    }

    func boolean(_ entry: YAMLEntry) -> Bool? {
        if case .boolean(let value)? = entry.value.scalar?.resolved { return value }
        refuse(entry, "true or false")
        return nil
    }

    func integer(_ entry: YAMLEntry, from least: Int) -> Int? {
        if case .integer(let value)? = entry.value.scalar?.resolved, value >= least, value <= Int64(Int32.max) {
            return Int(value)
        }
        refuse(entry, "a whole number from \(least) up")
        return nil
    }

    func duration(_ entry: YAMLEntry, orZero: Bool = false) -> Duration? {
        if let text = entry.value.scalar?.text {
            if text == "infinity" {
                error(entry.place, "'\(entry.key.text)' cannot be infinity; leave the key out")
                return nil
            }
            if let span = TimeSpan.parse(text) {
                if span > .zero || orZero { return span }
                error(entry.place, "'\(entry.key.text)' has to be above 0")
                return nil
            }
        }
        refuse(entry, "a time span such as 90s, 5min or 2h")
        return nil
    }

    func choice<Choice: RawRepresentable & CaseIterable>(_ entry: YAMLEntry, of: Choice.Type) -> Choice?
    where Choice.RawValue == String {
        if let text = entry.value.scalar?.text, let choice = Choice(rawValue: text) { return choice }
        let words = Choice.allCases.map(\.rawValue)
        if let text = entry.value.scalar?.text {
            let near =
                Suggestion.nearest(to: text, in: words)
                ?? Suggestion.words[text].flatMap { words.contains($0) ? $0 : nil }
            error(
                entry.place, "'\(entry.key.text)' is one of \(words.joined(separator: ", ")), not '\(text)'",
                hint: near.map(Suggestion.didYouMean))
            return nil
        }
        refuse(entry, "one of \(words.joined(separator: ", "))")
        return nil
    }

    /// Text with `${...}` in it. `what` is the key or the place it belongs to.
    func template(_ node: YAMLNode, _ what: @autoclosure () -> String) -> Template? {
        guard let scalar = node.scalar, !scalar.isNull else {
            let hint = node.isEmpty ? "write \"\" for an empty text" : nil
            error(node.mark, "\(what()) takes text, not \(node.kindName)", hint: hint)
            return nil
        }
        do throws(SyntaxFault) {
            return try Template(scalar.text)
        } catch {
            self.error(in: node, at: error.offset, error.message, hint: error.hint)
            return nil
        }
    }

    /// A condition: exactly one expression, with nothing around it.
    func condition(_ entry: YAMLEntry) -> Template? {
        let key = entry.key.text
        guard entry.value.scalar != nil, !entry.value.isEmpty else {
            refuse(entry, "one expression in '${...}'")
            return nil
        }
        guard let template = template(entry.value, "'\(key)'") else { return nil }
        guard !template.isExpression else { return template }
        // What stands around an expression makes text of it, which is neither true nor false.
        let hint: String? =
            switch template.expressions.count {
            case 0: "write \"${...}\" around it"
            case 1: "leave out what stands before or after '${...}'"
            default: "join them inside one '${...}' with '&&' or '||'"
            }
        error(entry.place, "'\(key)' is exactly one expression", hint: hint)
        return nil
    }

    func refuse(_ entry: YAMLEntry, _ wanted: String) {
        let found = entry.value.scalar.flatMap { entry.value.isEmpty ? nil : "'\($0.text)'" } ?? entry.value.kindName
        error(entry.place, "'\(entry.key.text)' takes \(wanted), not \(found)")
    }
}

/// The entries of a mapping by key: so few that looking through them is faster than hashing.
struct Entries {
    private let entries: [YAMLEntry]
    /// A bit for each key, by its length and its first letter: of all keys that there may be a mapping has a few, and most
    /// questions are about others.
    private var marks: UInt64 = 0

    init(_ entries: [YAMLEntry]) {
        self.entries = entries
        for entry in entries { marks |= Entries.mark(entry.key.text) }
    }

    private static func mark(_ key: String) -> UInt64 {
        1 << UInt64((key.utf8.count &* 7 &+ Int(key.utf8.first ?? 0)) & 63)
    }

    subscript(key: String) -> YAMLEntry? {
        guard marks & Entries.mark(key) != 0 else { return nil }
        return entries.firstIndex { $0.key.text == key }.map { entries[$0] }
    }
}

extension YAMLEntry {
    /// Where its value is told to be: a value that is not there has no place of its own.
    var place: YAMLMark { value.isEmpty ? key.mark : value.mark }
}

extension YAMLNode {
    /// Whether nothing is written there, or what YAML takes for nothing.
    var isEmpty: Bool {
        if case .scalar(let scalar) = content { scalar.isNull } else { false }
    }

    /// What it is, for a sentence.
    var kindName: String {
        switch content {
        case .sequence(let items): items.isEmpty ? "an empty list" : "a list"
        case .mapping: "a map"
        case .scalar: isEmpty ? "nothing" : "text"
        }
    }
}

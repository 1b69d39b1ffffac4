import PawlModel

/// What a value has to be beyond its type.
struct ValueRule: Sendable {
    /// The least or the greatest value, or how many characters, items or keys there have to be or may be.
    struct Bound: Sendable {
        /// What values are compared with.
        var measure: Value
        /// As it was written.
        var text: String
    }

    /// The only values there may be; empty: any.
    var allowed: [Value] = []
    /// A regular expression that the whole value, as text, must match.
    var pattern: Pattern?
    var least: Bound?
    var most: Bound?
    /// What the items of a list or the values of a map have to be: none or one.
    var items: [ItemRule] = []

    /// A type with a rule of its own.
    struct ItemRule: Sendable {
        var type: ValueType
        var rule: ValueRule
    }

    /// The value with its items as values of their type, as far as they can be.
    func adopt(_ value: Value) -> Value {
        guard let item = items.first else { return value }
        func adopt(_ value: Value) -> Value { item.type.adopt(value).map { item.rule.adopt($0) } ?? value }
        switch value {
        case .list(let values): return .list(values.map(adopt))
        case .map(let entries): return .map(entries.mapValues(adopt))
        default: return value
        }
    }

    /// Why a value of the type is none that the rule allows, as the end of a sentence whose subject it is.
    func refusal(of value: Value, _ type: ValueType, _ work: inout Work) -> String? {
        if !allowed.isEmpty, !isAllowed(value, &work) {
            return "must be one of \(allowed.map(\.text).joined(separator: ", ")), not '\(value.text)'"
        }
        if let message = boundRefusal(of: value, type) { return message }
        if let message = patternRefusal(of: value, &work) { return message }
        guard let item = items.first else { return nil }
        switch value {
        case .list(let values):
            for (index, value) in values.enumerated() {
                if let message = item.refusal(of: value, &work) { return "has an item [\(index)] that \(message)" }
            }
        case .map(let entries):
            for key in entries.keys.sorted() {
                if let value = entries[key], let message = item.refusal(of: value, &work) {
                    return "has an entry '\(key)' that \(message)"
                }
            }
        default: break
        }
        return nil
    }

    private func patternRefusal(of value: Value, _ work: inout Work) -> String? {
        guard let pattern else { return nil }
        do throws(FunctionFault) {
            let isMatch = try pattern.matchesWhole(value.text, &work)
            return isMatch ? nil : "must match '\(pattern.text)' as a whole, which '\(value.text)' does not"
        } catch {
            return "is too long to be matched with '\(pattern.text)'"
        }
    }

    private func isAllowed(_ value: Value, _ work: inout Work) -> Bool {
        for one in allowed { if (try? one.equals(value, &work)) ?? false { return true } }
        return false
    }

    private func boundRefusal(of value: Value, _ type: ValueType) -> String? {
        guard let measure = type.measure(value) else { return nil }
        let (isShort, isLong) = (
            least.flatMap { measure.order(before: $0.measure)?.less } ?? false,
            most.flatMap { measure.order(before: $0.measure)?.greater } ?? false
        )
        guard let bound = isShort ? least : isLong ? most : nil else { return nil }
        let words = "at \(isShort ? "least" : "most") \(bound.text)"
        let thing: String? =
            switch type {
            case .string, .path: "character"
            case .list: "item"
            case .map: "entr"
            default: nil
            }
        guard let thing else { return "has to be \(words), not \(value.text)" }
        let isOne = bound.measure == 1
        let ending = thing == "entr" ? isOne ? "y" : "ies" : isOne ? "" : "s"
        return "has to have \(words) \(thing)\(ending), not \(measure.text)"
    }
}

extension ValueRule.ItemRule {
    fileprivate func refusal(of value: Value, _ work: inout Work) -> String? {
        guard let adopted = type.adopt(value) else { return "has to be \(type.wanted), not '\(value.text)'" }
        return rule.refusal(of: adopted, type, &work)
    }
}

extension ValueType {
    /// What `min` and `max` compare: the number, the length of time, the bytes, or how many characters, items or
    /// entries there are. Nil for truth values, of which there are no more and no less.
    func measure(_ value: Value) -> Value? {
        switch (self, value) {
        case (.integer, _), (.number, _): return value.asNumber
        case (.duration, .string(let text)):
            guard let (seconds, attoseconds) = TimeSpan.parse(text)?.components else { return nil }
            return .integer(seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
        case (.size, .string(let text)): return Size.parse(text).map { .integer(Int64(clamping: $0)) }
        case (.string, .string(let text)), (.path, .string(let text)): return .integer(Int64(text.count))
        case (.list, .list(let items)): return .integer(Int64(items.count))
        case (.map, .map(let entries)): return .integer(Int64(entries.count))
        default: return nil
        }
    }
}

import PawlModel
import YAMLKit

/// Reads what the long form of a variable, and `items` in it, say about values.
struct RuleReader {
    let faults: Faults
    /// What it is about, for a sentence.
    let what: String

    /// The declared type; nil where there is none, and for `enum`, whose values have one.
    func type(_ entries: Entries) -> ValueType? {
        guard let entry = entries["type"] else { return nil }
        guard entry.value.scalar?.text == "enum" else { return faults.choice(entry, of: ValueType.self) }
        if entries["enum"] == nil { faults.error(entry.place, "the type 'enum' needs its values under the key 'enum'") }
        return nil
    }

    /// The type and the rule.
    func read(
        _ entries: Entries, _ declared: ValueType?, example: Value?
    ) -> (type: ValueType, rule: ValueRule) {
        var rule = ValueRule()
        if let choices = entries["enum"] { rule.allowed = allowed(choices, declared) }
        let implied: ValueType? = entries["items"] == nil ? nil : .list
        let type = declared ?? (example ?? rule.allowed.first).map(ValueType.of) ?? implied ?? .string
        if let pattern = entries["pattern"] { rule.pattern = faults.pattern(pattern) }
        rule.least = entries["min"].flatMap { bound($0, type) }
        rule.most = entries["max"].flatMap { bound($0, type) }
        if let least = rule.least, let most = rule.most, least.measure.order(before: most.measure)?.greater ?? false,
            let entry = entries["max"]
        {
            faults.error(entry.place, "'max' is less than 'min', so \(what) could have no value")
        }
        if let items = entries["items"] { rule.items = self.items(items, of: type) }
        return (type, rule)
    }

    private func allowed(_ entry: YAMLEntry, _ type: ValueType?) -> [Value] {
        guard let items = entry.value.sequence, !items.isEmpty else {
            faults.refuse(entry, "a list of at least one value")
            return []
        }
        return items.compactMap { faults.value($0, as: type, of: what) }
    }

    private func bound(_ entry: YAMLEntry, _ type: ValueType) -> ValueRule.Bound? {
        let key = entry.key.text
        guard let text = entry.value.scalar?.text, !entry.value.isEmpty else {
            faults.refuse(entry, "one value")
            return nil
        }
        let (measure, wanted): (Value?, String)
        switch type {
        case .boolean:
            faults.error(entry.key.mark, "'\(key)' means nothing for \(what), which takes true or false")
            return nil
        case .integer, .number: (measure, wanted) = (Value.number(in: text), "a number")
        case .duration, .size: (measure, wanted) = (type.measure(.string(text)), type.wanted)
        case .string, .path, .list, .map:
            let count = Value.number(in: text)
            let things = type == .list ? "items" : type == .map ? "entries" : "characters"
            if case .integer(0...)? = count { measure = count } else { measure = nil }
            wanted = "a whole number of \(things)"
        }
        guard let measure else {
            faults.error(entry.place, "'\(key)' of \(what) is \(wanted), not '\(text)'")
            return nil
        }
        return ValueRule.Bound(measure: measure, text: text)
    }

    private func items(_ entry: YAMLEntry, of type: ValueType) -> [ValueRule.ItemRule] {
        guard type == .list || type == .map else {
            faults.error(entry.key.mark, "'items' means nothing for \(what), which takes \(type.wanted)")
            return []
        }
        guard entry.value.mapping != nil else {
            return faults.choice(entry, of: ValueType.self).map { [ValueRule.ItemRule(type: $0, rule: ValueRule())] }
                ?? []
        }
        guard let entries = faults.entries(entry.value, of: "'items'", keys: Schema.itemKeys) else { return [] }
        let reader = RuleReader(faults: faults, what: "an item of \(what)")
        let (type, rule) = reader.read(entries, reader.type(entries), example: nil)
        return [ValueRule.ItemRule(type: type, rule: rule)]
    }
}

import PawlModel
import YAMLKit

/// Reads `variables:`.
struct VariableReader {
    let faults: Faults
    /// The expressions for `required`, with the place of their variable: they are checked once all names are known.
    private(set) var conditions: [(variable: String, use: TemplateUse)] = []

    init(faults: Faults) { self.faults = faults }

    mutating func read(_ entry: YAMLEntry) -> [(declaration: VariableDeclaration, mark: YAMLMark)] {
        if entry.value.isEmpty { return [] }
        guard let mapping = entry.value.mapping else {
            if entry.value.sequence != nil {
                faults.error(entry.value.mark, "variables as a list are not supported by this version of pawl")
            } else {
                faults.refuse(entry, "a map of names to defaults")
            }
            return []
        }
        var result: [(declaration: VariableDeclaration, mark: YAMLMark)] = []
        for entry in mapping {
            checkName(entry.key)
            if let declaration = declaration(entry) { result.append((declaration, entry.key.mark)) }
        }
        return result
    }

    func checkName(_ key: YAMLEntry.Key) {
        let name = key.text
        if !Names.isVariable(name) {
            faults.error(
                key.mark, "'\(name)' cannot be a variable's name",
                hint: "letters, digits and '_', not a digit first, at most \(Names.longest)")
        } else if Names.reserved.contains(name) || Expression.words.contains(name) {
            faults.error(key.mark, "'\(name)' cannot be a variable's name: it means something else in expressions")
        } else if let reason = Names.environmentRefusal(name) {
            // Every variable is in the environment of every step.
            faults.error(key.mark, "'\(name)' cannot be a variable's name: \(reason)")
        }
    }

    private mutating func declaration(_ entry: YAMLEntry) -> VariableDeclaration? {
        let name = entry.key.text
        guard entry.value.mapping != nil else {
            guard let value = faults.value(entry.value, of: "variable '\(name)'") else { return nil }
            return VariableDeclaration(
                name: name, type: .of(value), defaultValue: value == .null ? nil : value)
        }
        guard !isBareMap(entry.value) else {
            faults.error(
                entry.value.mark, "a map as the default of variable '\(name)' needs the long form",
                hint: "write {default: {...}}")
            return nil
        }
        guard let entries = faults.entries(entry.value, of: "variable '\(name)'", keys: Schema.variableKeys) else {
            return nil
        }
        var result = VariableDeclaration(name: name, type: .string)
        let what = "variable '\(name)'"
        if let required = entries["required"] { readRequired(required, into: &result) }
        result.description = entries["description"].flatMap(faults.text)
        let rules = RuleReader(faults: faults, what: what)
        let declared = rules.type(entries)
        result.defaultValue = entries["default"].flatMap { faults.value($0.value, as: declared, of: what) }
        if result.defaultValue == .null { result.defaultValue = nil }
        (result.type, result.rule) = rules.read(entries, declared, example: result.defaultValue)
        checkDefault(&result, entries["default"]?.value)
        return result
    }

    /// Whether a mapping has nothing of the long form in it, and nothing near: then it was meant as the value.
    private func isBareMap(_ node: YAMLNode) -> Bool {
        guard let mapping = node.mapping else { return false }
        let names = Schema.variableKeys.map(\.name)
        return mapping.allSatisfy {
            !names.contains($0.key.text) && Suggestion.nearest(to: $0.key.text, in: names) == nil
        }
    }

    private mutating func readRequired(_ entry: YAMLEntry, into result: inout VariableDeclaration) {
        guard let text = entry.value.scalar?.text, text.utf8.contains(UInt8(ascii: "$")) else {
            result.required = faults.boolean(entry) ?? false
            return
        }
        guard let condition = faults.condition(entry) else { return }
        result.requiredWhen = condition
        conditions.append((result.name, TemplateUse(template: condition, node: entry.value)))
    }

    private func checkDefault(_ declaration: inout VariableDeclaration, _ node: YAMLNode?) {
        guard let node, let value = declaration.defaultValue.map(declaration.rule.adopt) else { return }
        declaration.defaultValue = value
        if let message = declaration.refusal(of: value, &faults.work) {
            faults.error(node.mark, "the default of variable '\(declaration.name)' \(message)")
        }
    }
}

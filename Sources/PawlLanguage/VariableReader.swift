import PawlModel
import YAMLKit

/// Reads `variables:`.
struct VariableReader {
    let faults: Faults

    func read(_ entry: YAMLEntry) -> [(declaration: VariableDeclaration, mark: YAMLMark)] {
        if entry.value.isEmpty { return [] }
        guard let mapping = entry.value.mapping else {
            if entry.value.sequence != nil {
                faults.error(entry.value.mark, "variables as a list are not supported by this version of pawl")
            } else {
                faults.refuse(entry, "a map of names to defaults")
            }
            return []
        }
        return mapping.compactMap { entry in
            checkName(entry.key)
            return declaration(entry).map { ($0, entry.key.mark) }
        }
    }

    private func checkName(_ key: YAMLEntry.Key) {
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

    private func declaration(_ entry: YAMLEntry) -> VariableDeclaration? {
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
        let declared = entries["type"].flatMap { faults.choice($0, of: ValueType.self) }
        if let required = entries["required"] { result.required = self.required(required) }
        result.description = entries["description"].flatMap(faults.text)
        let what = "variable '\(name)'"
        result.defaultValue = entries["default"].flatMap { faults.value($0.value, as: declared, of: what) }
        if result.defaultValue == .null { result.defaultValue = nil }
        if let choices = entries["enum"] { result.allowed = allowed(choices, declared, what) }
        result.type = declared ?? (result.defaultValue ?? result.allowed.first).map(ValueType.of) ?? .string
        if let pattern = entries["pattern"] { result.pattern = self.pattern(pattern) }
        checkDefault(result, entries["default"]?.value)
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

    private func required(_ entry: YAMLEntry) -> Bool {
        if entry.value.scalar?.text.contains("${") == true {
            faults.error(entry.value.mark, "an expression for 'required' is not supported by this version of pawl")
            return false
        }
        return faults.boolean(entry) ?? false
    }

    private func allowed(_ entry: YAMLEntry, _ type: ValueType?, _ what: String) -> [Value] {
        guard let items = entry.value.sequence, !items.isEmpty else {
            faults.refuse(entry, "a list of at least one value")
            return []
        }
        return items.compactMap { faults.value($0, as: type, of: what) }
    }

    private func pattern(_ entry: YAMLEntry) -> Pattern? {
        guard let text = faults.text(entry) else { return nil }
        do throws(SyntaxFault) {
            return try Pattern(text)
        } catch {
            faults.error(
                in: entry.value, at: error.offset, "this is no regular expression: \(error.message)", hint: error.hint)
            return nil
        }
    }

    private func checkDefault(_ declaration: VariableDeclaration, _ node: YAMLNode?) {
        guard let node, let value = declaration.defaultValue else { return }
        if let message = declaration.refusal(of: value) {
            faults.error(node.mark, "the default of variable '\(declaration.name)' \(message)")
        }
    }
}

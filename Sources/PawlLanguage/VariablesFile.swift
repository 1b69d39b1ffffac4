package import PawlModel
import YAMLKit

/// Reads files of values for variables, in YAML or JSON: one map of names to values.
package enum VariablesFile {
    /// Reads a text.
    ///
    /// - Parameters:
    ///   - text: the file's text.
    ///   - file: how the diagnostics name the file.
    /// - Returns: the values, nil exactly where there is an error; and all errors and warnings. A single value is the
    ///   text that is written, as on the command line: its type is that of the variable.
    package static func read(
        _ text: String, file: String
    ) -> (values: [String: Value]?, diagnostics: [Diagnostic]) {
        let faults = Faults(file: file)
        let root = faults.root(of: text)
        // JSON that is no YAML: indented with tabs, or with a slash that is escaped.
        if faults.hasErrors, case .map(let entries)? = JSON.parse(text) {
            return (entries.mapValues(VariablesFile.plain), [])
        }
        guard let root, !root.isEmpty else { return (faults.hasErrors ? nil : [:], faults.sorted) }
        let values = faults.givenValues(root, of: "a file of variables")
        return (faults.hasErrors ? nil : values, faults.sorted)
    }

    /// A number as text, so that a variable that is text takes it too.
    private static func plain(_ value: Value) -> Value {
        switch value {
        case .integer, .number, .boolean: .string(value.text)
        default: value
        }
    }
}

extension Faults {
    /// Values for variables whose types are not known here: a single one stays the text that it is written as.
    func givenValues(_ node: YAMLNode, of what: String) -> [String: Value] {
        guard let mapping = node.mapping else {
            error(node.mark, "\(what) is a map of names to values, not \(node.kindName)")
            return [:]
        }
        var result: [String: Value] = [:]
        for entry in mapping {
            let name = entry.key.text
            guard Names.isVariable(name) else {
                error(
                    entry.key.mark, "'\(name)' cannot be a variable's name",
                    hint: "letters, digits and '_', not a digit first, at most \(Names.longest)")
                continue
            }
            result[name] = givenValue(entry.value, of: "variable '\(name)'")
        }
        return result
    }

    private func givenValue(_ node: YAMLNode, of what: String) -> Value? {
        guard let scalar = node.scalar else { return value(node, of: what) }
        switch scalar.resolved {
        case .null: return .null
        // `0x1F` is a number to YAML alone; as text no type would take it.
        case .integer(let number) where Value.number(in: scalar.text) == nil: return .integer(number)
        case .boolean(let truth): return .string(truth ? "true" : "false")
        default: return .string(scalar.text)
        }
    }
}

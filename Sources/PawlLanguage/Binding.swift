package import PawlModel

/// What is wrong with a value for a variable.
package struct VariableFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// The variable's name, as it was given.
    package var name: String
    /// What is wrong, as a sentence that names the variable, without its full stop.
    package var message: String

    /// The sentence.
    package var description: String { message }
}

extension Workflow {
    /// Gives every variable its value: what was given, else its default, else null. All faults at once.
    ///
    /// - Parameters:
    ///   - given: values by name. Text, as from the command line, becomes a value of the declared type; a list or a
    ///     map is read from JSON. Null counts as not given.
    package func bind(_ given: [String: Value]) -> (values: [String: Value], faults: [VariableFault]) {
        var (values, faults) = ([String: Value](), [VariableFault]())
        let known = Set(variables.map(\.name))
        for name in given.keys.sorted() where !known.contains(name) {
            let near = Suggestion.nearest(to: name, in: variables.map(\.name))
            let hint = near.map { " (\(Suggestion.didYouMean($0)))" } ?? ""
            faults.append(
                VariableFault(name: name, message: "workflow '\(self.name)' has no variable '\(name)'\(hint)"))
        }
        for variable in variables {
            let name = variable.name
            func refuse(_ message: String) {
                faults.append(VariableFault(name: name, message: "variable '\(name)' \(message)"))
            }
            guard let given = given[name], given != .null else {
                if let value = variable.defaultValue {
                    values[name] = value
                } else if variable.required {
                    refuse("is required and has no value")
                } else {
                    values[name] = .null
                }
                continue
            }
            guard let value = variable.type.adopt(given) else {
                refuse("takes \(variable.type.wanted), not '\(given.text)'")
                continue
            }
            if let message = variable.refusal(of: value) { refuse(message) } else { values[name] = value }
        }
        return (values, faults)
    }
}

extension VariableDeclaration {
    /// Why a value of the right type is still none of this variable's, as the end of a sentence.
    func refusal(of value: Value) -> String? {
        if !allowed.isEmpty, !allowed.contains(where: { isSame($0, value) }) {
            return "must be one of \(allowed.map(\.text).joined(separator: ", ")), not '\(value.text)'"
        }
        if value.text.utf8.contains(0) { return "cannot hold a NUL character: no environment can carry it" }
        guard let pattern else { return nil }
        var work = Work()
        do throws(FunctionFault) {
            let isMatch = try pattern.matchesWhole(value.text, &work)
            return isMatch ? nil : "must match '\(pattern.text)' as a whole, which '\(value.text)' does not"
        } catch {
            return "is too long to be matched with '\(pattern.text)'"
        }
    }

    private func isSame(_ one: Value, _ two: Value) -> Bool {
        var work = Work()
        return (try? one.equals(two, &work)) ?? false
    }
}

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

/// The values of a run's variables while they are bound: all that an expression for `required` can read.
struct VariableScope: Scope {
    var values: [String: Value]

    func value(of name: String) -> Value? { values[name] }
}

extension Workflow {
    /// Gives every variable its value: what was given, else what the configuration says, else its default, else null.
    /// All faults at once.
    ///
    /// - Parameters:
    ///   - given: values by name. Text, as from the command line, becomes a value of the declared type; a list or a
    ///     map is read from JSON. Null counts as not given.
    ///   - configured: values of the configuration, likewise; those that the workflow does not declare are nothing to it.
    package func bind(
        _ given: [String: Value], configured: [String: Value] = [:]
    ) -> (values: [String: Value], faults: [VariableFault]) {
        var (values, faults) = ([String: Value](), [VariableFault]())
        let known = Set(variables.map(\.name))
        for name in given.keys.sorted() where !known.contains(name) {
            let near = Suggestion.nearest(to: name, in: variables.map(\.name))
            let hint = near.map { " (\(Suggestion.didYouMean($0)))" } ?? ""
            faults.append(
                VariableFault(name: name, message: "workflow '\(self.name)' has no variable '\(name)'\(hint)"))
        }
        var work = Work()
        for variable in variables where variable.takesValue || (given[variable.name] ?? .null) != .null {
            do throws(VariableFault) {
                values[variable.name] = try variable.bind(given[variable.name], configured[variable.name], &work)
            } catch {
                faults.append(error)
            }
        }
        // Only now: whether one is required may depend on others that are declared below it.
        for variable in variables where values[variable.name] == .null {
            guard let fault = variable.requirement(values) else { continue }
            values[variable.name] = nil
            faults.append(fault)
        }
        faults += compute(&values, &work)
        let places = Dictionary(uniqueKeysWithValues: variables.enumerated().map { ($1.name, $0) })
        let sorted = faults.enumerated().sorted {
            (places[$0.element.name] ?? -1, $0.offset) < (places[$1.element.name] ?? -1, $1.offset)
        }
        return (values, sorted.map(\.element))
    }

    /// Gives every variable the value that a run has for it already, where it declares one that the run knows. All faults at
    /// once.
    ///
    /// - Parameters:
    ///   - kept: the run's values, which another definition of this workflow has bound.
    ///   - configured: as in `bind`, for variables that are new.
    package func rebind(
        _ kept: [String: Value], configured: [String: Value] = [:]
    ) -> (values: [String: Value], faults: [VariableFault]) {
        let known = Dictionary(variables.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let given = kept.filter { known[$0.key]?.takesValue == true && $0.value != .null }
        var (values, faults) = bind(given, configured: configured)
        // What was computed of a value that was given is not computed once more of the result.
        for (name, value) in given where known[name]?.computed != nil && values[name] != nil { values[name] = value }
        for place in faults.indices where kept[faults[place].name] == nil {
            faults[place].message += ", and the run has none since it is new"
        }
        return (values, faults)
    }

    /// The variables that still need a value with these given, in the order written.
    package func missing(_ given: [String: Value], configured: [String: Value] = [:]) -> [VariableDeclaration] {
        let values = bind(given, configured: configured).values
        return variables.filter { variable in
            let isGiven = given[variable.name].map { $0 != .null } ?? false
            guard variable.takesValue, !isGiven, values[variable.name] == nil else { return false }
            // What the configuration says wrongly is told by the start; asking would hide it.
            return configured[variable.name].map { $0 == .null } ?? true
        }
    }
}

extension VariableDeclaration {
    /// The value that a run has, whether or not one is required.
    fileprivate func bind(
        _ given: Value?, _ configured: Value?, _ work: inout Work
    ) throws(VariableFault) -> Value {
        if let given, given != .null {
            guard takesValue else { throw fault("is computed of others and takes no value") }
            return try take(given, from: "", &work)
        }
        if let configured, configured != .null {
            return try take(configured, from: " (the configuration says so)", &work)
        }
        return defaultValue ?? .null
    }

    private func take(_ given: Value, from source: String, _ work: inout Work) throws(VariableFault) -> Value {
        guard let value = type.adopt(given) else {
            var wanted = type.wanted
            if case .string = given { wanted = type.wantedOfText }
            throw fault("takes \(wanted), not '\(given.text)'\(source)")
        }
        let adopted = rule.adopt(value)
        if let message = refusal(of: adopted, &work) { throw fault(message + source) }
        return adopted
    }

    private func fault(_ message: String) -> VariableFault {
        VariableFault(name: name, message: "variable '\(name)' \(message)")
    }

    /// What is wrong where it has no value.
    fileprivate func requirement(_ values: [String: Value]) -> VariableFault? {
        guard let requiredWhen else { return required ? fault("is required and has no value") : nil }
        // A variable with a fault of its own is told of; what depends on it cannot be said.
        guard requiredWhen.references.allSatisfy({ values[$0.name] != nil }) else { return nil }
        do throws(EvaluationFault) {
            switch try requiredWhen.evaluate(in: VariableScope(values: values)).asBoolean {
            case .boolean(true)?: return fault("is required and has no value")
            case .boolean(false)?: return nil
            default: return fault("is required or not: its expression has to give true or false")
            }
        } catch {
            return fault("is required or not, which cannot be said: \(error.message)")
        }
    }

    /// Why a value of the right type is still none of this variable's, as the end of a sentence.
    func refusal(of value: Value, _ work: inout Work) -> String? {
        if value.text.utf8.contains(0) { return "cannot hold a NUL character: no environment can carry it" }
        return rule.refusal(of: value, type, &work)
    }
}

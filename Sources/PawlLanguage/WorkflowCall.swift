package import PawlModel

/// Another workflow as one step: which one, and the values of its variables.
package struct WorkflowCall: Sendable {
    /// A variable of the other workflow and its value.
    package struct Argument: Sendable {
        /// The variable's name.
        package var name: String
        /// Its value, with expressions over what the calling run knows.
        package var value: ValueTemplate
        /// Where its name stands.
        var place: TextPlace
    }

    /// What some expression reads of the other workflow's outputs.
    struct Read: Sendable {
        /// The output's name.
        var name: String
        /// Where it is read.
        var place: TextPlace
    }

    /// The other workflow's name.
    package var workflow: String
    /// The values of its variables, in the order written.
    package var arguments: [Argument] = []
    /// Where its name stands.
    var place: TextPlace
    /// What is read of what it gives.
    var reads: [Read] = []

    /// The values of the other workflow's variables.
    package func values(in scope: any Scope) throws(VariableFault) -> [String: Value] {
        var values: [String: Value] = [:]
        for argument in arguments {
            do throws(EvaluationFault) { values[argument.name] = try argument.value.evaluate(in: scope) } catch {
                throw VariableFault(name: argument.name, message: "with \(argument.name): \(error)")
            }
        }
        return values
    }
}

/// What a run gives to whoever runs it as a step.
package struct WorkflowOutput: Sendable {
    /// The name.
    package var name: String
    /// The value, told when the run's steps have done well.
    package var value: ValueTemplate
}

/// A place in a file.
struct TextPlace: Sendable {
    /// The file, as it was named by whoever asked.
    var file: String
    /// The line, from 1.
    var line: Int
    /// The column, from 1.
    var column: Int

    /// Something to say of the place.
    func says(
        _ message: String, _ severity: Diagnostic.Severity = .error, hint: String? = nil
    ) -> Diagnostic {
        Diagnostic(file: file, line: line, column: column, severity: severity, message: message, hint: hint)
    }
}

extension Step {
    /// The workflow that it runs, if it does that.
    package var call: WorkflowCall? { if case .workflow(let call) = action { call } else { nil } }
}

extension Workflow {
    /// The workflows that its steps run, each once, in the order written.
    package var called: [String] {
        var seen: Set<String> = []
        return steps.compactMap(\.call?.workflow).filter { seen.insert($0).inserted }
    }

    /// Gives every variable its value where the workflow is a step of another one: what that says, else the default, else
    /// null. What the configuration says is for runs that are started by somebody, so that what is missing shows before.
    package func bind(called given: [String: Value]) -> (values: [String: Value], faults: [VariableFault]) {
        let types = Dictionary(variables.map { ($0.name, $0.type) }, uniquingKeysWith: { first, _ in first })
        return bind(
            Dictionary(
                uniqueKeysWithValues: given.map { name, value in
                    switch (types[name], value) {
                    // `with` has no types of its own: 3 is as good a text as "3".
                    case (.string?, .integer), (.string?, .number), (.string?, .boolean): (name, .string(value.text))
                    default: (name, value)
                    }
                }))
    }
}

extension ValueTemplate {
    /// The value, where there is no expression in it.
    var constant: Value? {
        guard references.isEmpty, let value = try? evaluate(in: VariableScope(values: [:])) else { return nil }
        return hasExpressions ? nil : value
    }

    private var hasExpressions: Bool {
        switch self {
        case .template(let template): template.constant == nil
        case .list(let items): items.contains(where: \.hasExpressions)
        case .map(let entries): entries.values.contains(where: \.hasExpressions)
        }
    }
}

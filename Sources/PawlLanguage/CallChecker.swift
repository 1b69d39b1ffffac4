package import PawlModel

/// Holds the steps that run other workflows against those.
package struct CallChecker {
    /// A workflow by its name; nil where there is none that could be run.
    let find: (String) -> Workflow?
    /// How bad it is where there is none.
    let absence: Diagnostic.Severity

    /// Makes a checker.
    ///
    /// - Parameters:
    ///   - absence: how bad it is that a workflow is not there: a file that is looked at somewhere else may have it elsewhere.
    ///   - find: gives a workflow by its name.
    package init(absence: Diagnostic.Severity = .error, find: @escaping (String) -> Workflow?) {
        (self.absence, self.find) = (absence, find)
    }

    /// What is wrong with what a workflow runs as steps.
    package func faults(of workflow: Workflow) -> [Diagnostic] {
        workflow.steps.flatMap { step -> [Diagnostic] in
            guard let call = step.call else { return [] }
            // By itself it is there, whatever it is in force as.
            guard let other = call.workflow == workflow.name ? workflow : find(call.workflow) else {
                return [
                    call.place.says(
                        "there is no workflow '\(call.workflow)' that could be run", absence,
                        hint: "'pawl list' shows them")
                ]
            }
            return faults(of: call, to: other) + circle(step, call, of: workflow)
        }.sorted { ($0.file, $0.line, $0.column) < ($1.file, $1.line, $1.column) }
    }

    private func faults(of call: WorkflowCall, to other: Workflow) -> [Diagnostic] {
        var result: [Diagnostic] = []
        let known = Dictionary(other.variables.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var constants: [String: Value] = [:]
        for argument in call.arguments {
            guard let variable = known[argument.name] else {
                let near = Suggestion.nearest(to: argument.name, in: other.variables.map(\.name))
                result.append(
                    argument.place.says(
                        "workflow '\(other.name)' has no variable '\(argument.name)'",
                        hint: near.map(Suggestion.didYouMean)))
                continue
            }
            guard variable.takesValue else {
                result.append(
                    argument.place.says("variable '\(argument.name)' is computed of others and takes no value"))
                continue
            }
            if let value = argument.value.constant { constants[argument.name] = value }
        }
        let given = Dictionary(call.arguments.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let isWhole = call.arguments.allSatisfy { constants[$0.name] != nil }
        for fault in other.bind(called: constants).faults {
            if let argument = given[fault.name] {
                // What an expression gives is known when the step has its turn.
                if constants[fault.name] != nil { result.append(argument.place.says(fault.message)) }
            } else if isWhole || known[fault.name]?.requiredWhen == nil && known[fault.name]?.computed == nil {
                result.append(
                    call.place.says("workflow '\(other.name)': \(fault.message)", hint: "give it a value in 'with'"))
            }
        }
        if other.steps.contains(where: \.isReboot) {
            result.append(
                call.place.says(
                    "workflow '\(other.name)' reboots the host, which no step of another one can do",
                    hint: "reboot in the workflow that is started"))
        }
        if other.lock != nil || other.steps.contains(where: { $0.lock != nil }) {
            // What runs above waits for it, and may hold what it wants.
            result.append(
                call.place.says(
                    "workflow '\(other.name)' has a 'lock' of its own, with which it cannot be a step of another one",
                    hint: "say 'lock' on the step that runs it: it is held until that run has ended"))
        }
        let outputs = other.outputs.map(\.name)
        for read in call.reads where !outputs.contains(read.name) {
            result.append(
                read.place.says(
                    "workflow '\(other.name)' has no output '\(read.name)'",
                    hint: Suggestion.nearest(to: read.name, in: outputs).map(Suggestion.didYouMean)
                        ?? (outputs.isEmpty
                            ? "it says what it gives under 'outputs'" : "it has \(outputs.joined(separator: ", "))")))
        }
        return result
    }

    /// A workflow that runs itself, and nothing says that it ever does not.
    private func circle(_ step: Step, _ call: WorkflowCall, of workflow: Workflow) -> [Diagnostic] {
        guard step.isCertain, let way = way(from: call.workflow, to: workflow, seen: []) else { return [] }
        let names = ([workflow.name] + way).joined(separator: " > ")
        return [
            call.place.says(
                "workflow '\(workflow.name)' runs itself without end: \(names)",
                hint: "let a 'when' say where that ends")
        ]
    }

    private func way(from name: String, to goal: Workflow, seen: Set<String>) -> [String]? {
        if name == goal.name { return [name] }
        guard !seen.contains(name), let workflow = find(name) else { return nil }
        for next in workflow.steps where next.isCertain {
            guard let call = next.call else { continue }
            if let rest = way(from: call.workflow, to: goal, seen: seen.union([name])) { return [name] + rest }
        }
        return nil
    }
}

extension Step {
    /// Whether it has its turn in every run that comes so far.
    fileprivate var isCertain: Bool {
        when == nil && foreach == nil && phase == .main && dependencyKinds.allSatisfy { $0 == .done || $0 == .ended }
    }
}

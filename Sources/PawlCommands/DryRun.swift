import PawlAPI
import PawlLanguage
import PawlModel

/// What a run would do, without one: `pawl run --dry-run`.
struct DryRun {
    /// The workflow's name.
    var workflow: String
    /// Which of its steps are meant.
    var selection: StepSelection
    /// How it is said.
    var format: OutputFormat

    private struct Document: Encodable {
        var workflow: String
        var steps: [String]
        var leftOut: [String]

        private enum CodingKeys: String, CodingKey {
            case workflow, steps
            case leftOut = "left_out"
        }
    }

    /// Says what would run with these values.
    ///
    /// - Throws: what would keep it from being started.
    func show(_ values: [String: Value], _ client: ManagerClient, _ surroundings: Surroundings) throws
        -> PawlAPI.ExitStatus
    {
        // pawld says what it thinks of the values, and that it knows the workflow.
        let known = try client.variables(of: workflow, given: values)
        let unknown = VariableArguments.unknown(in: values, known).map { name in
            let question = Suggestion.question(for: name, among: known.map(\.name))
            return "workflow '\(workflow)' has no variable '\(name)'\(question)"
        }
        let faults =
            unknown
            + known.compactMap { variable in
                variable.fault ?? (variable.missing ? "variable '\(variable.name)' is required and has no value" : nil)
            }
        guard faults.isEmpty else {
            throw CommandFailure(.usage, "'\(workflow)' would not be started: \(faults.joined(separator: "; "))")
        }
        let read = try LocalWorkflow.read(
            workflow, in: surroundings.workflowFolders, scope: surroundings.scope, manager: surroundings.manager)
        guard let definition = read.workflow else {
            throw CommandFailure(.usage, "workflow '\(read.name)' has \(read.count)", faults: read.diagnostics)
        }
        let leftOut = try leftOut(of: definition)
        let plan = WorkflowPlan(definition)
        if format == .json {
            let steps = plan.groups.joined().map(\.id).filter { !leftOut.contains($0) }
            try surroundings.print(json: Document(workflow: read.name, steps: steps, leftOut: leftOut))
            return .succeeded
        }
        PlanVerb.show(plan, of: definition, surroundings)
        if !leftOut.isEmpty {
            surroundings.output.line("")
            surroundings.output.line("left out: \(leftOut.joined(separator: ", "))")
        }
        return .succeeded
    }

    private func leftOut(of definition: Workflow) throws(CommandFailure) -> [String] {
        do {
            return try selection.leftOut(of: definition)
        } catch {
            throw CommandFailure(.notFound, "'\(workflow)' would not be started: \(error.words)")
        }
    }
}

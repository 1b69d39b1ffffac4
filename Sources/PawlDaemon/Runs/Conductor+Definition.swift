import PawlAPI
import PawlEngine
import PawlLanguage
import PawlModel

/// A workflow as it is in force now, for a run that is to go on with it instead of the one that it was started from.
struct CurrentDefinition: Sendable {
    /// The workflow.
    var entry: WorkflowLibrary.Entry
    /// What the configuration says of variables.
    var configured: [String: Value]
    /// What its steps run, as that is in force now.
    var children: [ChildDefinition] = []
}

extension Conductor {
    /// What takes the place of a run's definition; nil if nothing else was asked for, or the run has that very one.
    ///
    /// The run keeps the values of its variables. One that is new gets what a start would give it.
    func definition(_ current: CurrentDefinition?, for run: Run) throws(APIError) -> RunCreated? {
        guard let current else { return nil }
        let bound = current.entry.workflow.rebind(run.created.variables, configured: current.configured)
        guard bound.faults.isEmpty else {
            throw APIError(
                .conflict,
                "the run '\(run.name)' cannot go on with '\(run.created.workflow)' as it is now: "
                    + bound.faults.map(\.message).joined(separator: "; "))
        }
        var definition = run.created
        definition.source = current.entry.source
        definition.variables = bound.values
        definition.children = current.children.isEmpty ? nil : current.children
        return definition == run.created ? nil : definition
    }

    /// Refuses a definition that does not fit what has run.
    func refuseMisfit(_ body: RunResumed, of run: Run) throws(APIError) {
        if let refusal = run.refusal(of: .runResumed(body)) { throw APIError(.conflict, refusal) }
    }
}

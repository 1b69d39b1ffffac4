import PawlAPI
import PawlLanguage
import PawlModel

extension WorkflowLibrary {
    /// A workflow as it is in force now, for a run that was started from it before. Where its file has faults there is none: what
    /// a start would take in its place is older than what the caller has before them.
    func current(_ name: String) throws(APIError) -> CurrentDefinition {
        let faults = faults(of: name)
        guard faults.isEmpty else {
            throw APIError(
                .faultyWorkflow, "workflow '\(name)' has \(faults.count) fault\(faults.count == 1 ? "" : "s")",
                faults: faults)
        }
        let entry = try entry(name)
        return CurrentDefinition(
            entry: entry, configured: settings.variables, children: try children(of: entry.workflow))
    }

    /// The workflow that a request means: the one of that name, or the one that it brings along as a text.
    ///
    /// A text is checked like any file. What keeps others from writing a file is here that only root and the group that
    /// is as good as root may ask at all.
    func entry(of request: Messages.StartRun) throws(APIError) -> Entry {
        let name = request.workflow
        guard let text = request.text else { return try entry(name) }
        // A run's name says what it ran: there must not be two workflows of one name.
        guard !isKnown(name) else {
            throw APIError(.conflict, "there is a workflow '\(name)' already; give the text that is sent another name")
        }
        var source = WorkflowSource(SourceFile(file: "\(name).yaml", text: text))
        let read = WorkflowReader.read(&source, name: name, manager: manager) { _ in
            .failure(
                IncludeFault("cannot be meant by a text that is sent and is in no folder; put the workflow into a file")
            )
        }
        guard let workflow = read.workflow else {
            let faults = read.diagnostics.filter { $0.severity == .error }
            throw APIError(
                .faultyWorkflow, "workflow '\(name)' has \(faults.count) fault\(faults.count == 1 ? "" : "s")",
                faults: faults)
        }
        return Entry(source: source, workflow: workflow)
    }
}

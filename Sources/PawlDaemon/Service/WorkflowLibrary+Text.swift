import PawlAPI
import PawlLanguage
import PawlModel

extension WorkflowLibrary {
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
        let read = WorkflowReader.read(text, file: "\(name).yaml", name: name)
        guard let workflow = read.workflow else {
            let faults = read.diagnostics.filter { $0.severity == .error }
            throw APIError(
                .faultyWorkflow, "workflow '\(name)' has \(faults.count) fault\(faults.count == 1 ? "" : "s")",
                faults: faults)
        }
        return Entry(file: "\(name).yaml", text: text, workflow: workflow)
    }
}

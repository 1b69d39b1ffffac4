import PawlAPI
import PawlLanguage
import PawlModel

extension WorkflowLibrary {
    /// The variables of a workflow, and what becomes of them in a run that is started with these values.
    func variables(of request: Messages.StartRun) throws(APIError) -> [VariableSummary] {
        let workflow = try entry(of: request).workflow
        let given = request.variables ?? [:]
        let faults = workflow.bind(given, configured: settings.variables).faults
        let missing = Set(workflow.missing(given, configured: settings.variables).map(\.name))
        return workflow.variables.map { variable in
            let isMissing = missing.contains(variable.name)
            return VariableSummary(
                name: variable.name, type: variable.type.rawValue, description: variable.description,
                choices: variable.allowed.map(\.text), min: variable.bounds.least, max: variable.bounds.most,
                missing: isMissing,
                fault: isMissing ? nil : faults.first { $0.name == variable.name }?.message)
        }
    }
}

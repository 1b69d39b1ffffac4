import PawlAPI
import PawlLanguage

extension ManagerService {
    /// The steps that a request leaves out; nil for none.
    static func leftOut(by request: Messages.StartRun, of workflow: Workflow) throws(APIError) -> [String]? {
        let selection = StepSelection(
            only: request.only ?? [], from: request.from ?? [], skip: request.skip ?? [])
        guard selection != StepSelection() else { return nil }
        let leftOut: [String]
        do throws(StepSelection.Fault) { leftOut = try selection.leftOut(of: workflow) } catch {
            throw APIError(.noSuchStep, "no run of '\(request.workflow)' was started: \(error.words)")
        }
        return leftOut.isEmpty ? nil : leftOut
    }
}

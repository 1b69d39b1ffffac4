import PawlLanguage
import PawlModel

/// What a step's expressions see: the run's variables, its other steps, and the facts of run, workflow and host.
struct RunScope: Scope {
    let run: Run

    func value(of name: String) -> Value? {
        if let value = run.created.variables[name] { return value }
        switch name {
        case "run":
            return .map([
                "id": .string(run.id.rawValue), "name": .string(run.name),
                "started": .string(TimeText.text(of: run.started)),
                "failed_steps": .list(run.failedSteps.map { .string($0) }), "folder": .string(run.workFolder),
            ])
        case "workflow":
            let folder = run.created.file.lastIndex(of: "/").map { String(run.created.file[..<$0]) } ?? "."
            return .map(["name": .string(run.created.workflow), "folder": .string(folder)])
        case "host":
            return run.created.host.value
        default:
            return run.index(of: name).map { value(ofStep: run.steps[$0]) }
        }
    }

    private func value(ofStep record: StepRecord) -> Value {
        let outcome = record.attempts.last?.outcome
        return .map([
            "state": .string(record.state.rawValue),
            "exit_code": outcome?.exitCode.map { .integer(Int64($0)) } ?? .null,
            "output": outcome?.output.map { .string($0) } ?? .null,
            "outputs": .map(outcome?.outputs ?? [:]),
            "attempts": .integer(Int64(record.attempts.count)),
        ])
    }
}

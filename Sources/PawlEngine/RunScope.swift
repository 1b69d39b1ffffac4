import PawlLanguage
import PawlModel

/// What a step's expressions see: the run's variables, its other steps, and the facts of run, workflow and host.
struct RunScope: Scope {
    let run: Run
    /// Whose expressions they are, where that makes a difference: an item has a value of its own.
    var place: Place?

    /// What takes something back must not do so with an empty name in place of one that was never given.
    var needsResults: Bool { run.created.undo != nil }

    func value(of name: String) -> Value? {
        if let value = run.created.variables[name] { return value }
        if let undo = run.created.undo { if let value = value(of: name, undo) { return value } }
        switch name {
        case "item": return place.flatMap { place in place.item.map { _ in run[place].value } }
        case "index": return place?.item.map { .integer(Int64($0)) }
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
        if record.itemCount != nil { return value(ofItems: record) }
        let outcome = record.lastTry?.outcome
        return .map([
            "state": .string(record.state.rawValue),
            "exit_code": outcome?.exitCode.map { .integer(Int64($0)) } ?? .null,
            "output": outcome?.output.map { .string($0) } ?? .null,
            "outputs": .map(outcome?.outputs ?? [:]),
            "attempts": .integer(Int64(record.attempts.count { $0.repair == nil })),
        ])
    }

    /// Of a step with items each result is a list in their order.
    private func value(ofItems record: StepRecord) -> Value {
        let outcomes = record.items.map { $0.lastTry?.outcome }
        var outputs: [String: Value] = [:]
        for name in Set(outcomes.flatMap { ($0?.outputs ?? [:]).keys }) {
            outputs[name] = .list(outcomes.map { $0?.outputs?[name] ?? .null })
        }
        return .map([
            "state": .string(record.state.rawValue),
            "exit_code": .list(outcomes.map { $0?.exitCode.map { .integer(Int64($0)) } ?? .null }),
            "output": .list(outcomes.map { $0?.output.map { .string($0) } ?? .null }),
            "outputs": .map(outputs),
            "attempts": .integer(
                Int64(record.items.reduce(0) { $0 + $1.attempts.count { $0.repair == nil } })),
        ])
    }

    /// Where a run takes another one back, steps are that one's, and so is an item.
    private func value(of name: String, _ undo: UndoPlan) -> Value? {
        if let value = undo.results[name] { return value }
        guard let place, undo.entries.indices.contains(place.step), let item = undo.entries[place.step].item else {
            return nil
        }
        switch name {
        case "item": return undo.entries[place.step].value
        case "index": return .integer(Int64(item))
        default: return nil
        }
    }
}

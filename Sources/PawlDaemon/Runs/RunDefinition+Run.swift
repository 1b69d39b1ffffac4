import PawlAPI
import PawlEngine
import PawlLanguage
import PawlModel
import PawlStore

extension RunDefinition {
    /// What a run goes by.
    init(_ run: Run) {
        let source = run.created.source
        let files =
            source.included.map { File(kind: "included", file: $0.file, text: $0.text) }
            + [File(kind: "workflow", file: source.main.file, text: source.main.text)]
            + source.dropIns.map { File(kind: "drop-in", file: $0.file, text: $0.text) }
        self.init(
            run: run.name, workflow: run.created.workflow, files: files, variables: run.created.variables,
            maxParallel: run.maxParallel, failFast: run.workflow.failFast, host: run.created.host.name,
            uid: Int(run.created.uid), leftOut: run.created.leftOut ?? [], undoes: run.created.undo?.name,
            steps: run.workflow.steps.map { step in
                Step(
                    id: step.id, file: step.file, line: step.line, phase: step.phase.rawValue,
                    action: step.action.word, workflow: step.call?.workflow, conditional: step.when != nil,
                    foreach: step.foreach != nil,
                    waitsFor: zip(step.dependencies, step.dependencyKinds).map {
                        Dependency(step: run.workflow.steps[$0].id, kind: $1.rawValue)
                    }, mostAttempts: step.retry.maxRetries + 1, timeoutSeconds: step.timeout.map { $0 / .seconds(1) },
                    memoryMax: run.memoryMax(ofStep: step.index))
            })
    }
}

extension Conductor {
    /// What a run goes by.
    func runDefinition(of id: RunID) throws(APIError) -> RunDefinition {
        if let entry = active[id] { return RunDefinition(entry.run) }
        // It is not looked at until somebody says so: pawld may not survive that.
        if setAside.contains(id) { throw APIError(.conflict, Conductor.reason(try find(id.rawValue))) }
        do {
            guard let run = try store.run(id) else { throw APIError(.noSuchRun, "there is no run '\(id)'") }
            return RunDefinition(run)
        } catch let error as APIError {
            throw error
        } catch {
            throw APIError(.storeFailed, "the run '\(id)' cannot be read: \(error)")
        }
    }

    /// Some of a run's events, behind a place; none at the end.
    func events(of id: RunID, after sequence: Int) throws(APIError) -> [EventEntry] {
        do {
            return try store.writtenEvents(of: id, after: sequence).map {
                EventEntry(sequence: $0.sequence, time: TimeText.text(of: $0.time), kind: $0.kind, body: $0.body)
            }
        } catch {
            throw APIError(.storeFailed, "the events of the run '\(id)' cannot be read: \(error)")
        }
    }
}

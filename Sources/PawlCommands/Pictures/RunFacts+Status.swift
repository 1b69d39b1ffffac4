import PawlAPI
import PawlModel
import PawlPictures

extension RunFacts {
    /// What pawld tells of a run, for a report.
    ///
    /// - Parameters:
    ///   - definition: what the run goes by; nil where that is not to be had, and then nobody waits for anybody.
    ///   - now: the moment at which it was told.
    init(_ status: RunStatus, _ definition: RunDefinition?, now: Timestamp) {
        let started = status.started.moment ?? now
        self.init(
            run: status.run, id: status.id, workflow: status.workflow, state: status.state,
            reason: status.reason.flatMap { $0.isEmpty ? nil : $0 }, started: started, ended: status.ended.moment,
            now: max(started, now), file: status.definitionFile,
            host: definition.flatMap { $0.host.isEmpty ? nil : $0.host },
            maxParallel: definition?.maxParallel, failFast: definition?.failFast ?? false)
        variables = RunFacts.sorted(definition?.variables ?? [:])
        outputs = RunFacts.sorted(status.outputs ?? [:])
        let records = Dictionary(grouping: status.steps) { $0.id }
        var order: [RunDefinition.Step] = []
        if let definition {
            // What pawl adds by itself, and a handler that had no turn, is no part of what happened.
            let begun = Set(
                definition.steps.filter { records[$0.id]?.contains { !$0.attempts.isEmpty } == true }.map(\.phase))
            order = definition.steps.filter {
                records[$0.id] != nil && ($0.phase == "steps" || begun.contains($0.phase))
            }
        } else {
            var seen: Set<String> = []
            order = status.steps.filter { seen.insert($0.id).inserted }.map { RunDefinition.Step(id: $0.id) }
        }
        var places: [String: Int] = [:]
        for (place, step) in order.enumerated() { places[step.id] = place }
        steps = order.map { step in RunFacts.step(step, records[step.id] ?? [], places) }
    }

    private static func sorted(_ values: [String: Value]) -> [(name: String, value: String)] {
        values.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value.text) }
    }

    private static func step(
        _ step: RunDefinition.Step, _ statuses: [StepStatus], _ places: [String: Int]
    ) -> RunFacts.Step {
        let items = statuses.filter { $0.item != nil }
        let own = statuses.first { $0.item == nil }
        return RunFacts.Step(
            id: step.id, phase: step.phase == "steps" ? "" : step.phase,
            note: Graph.note(action: step.action, workflow: step.workflow), isConditional: step.conditional,
            hasItems: step.foreach || !items.isEmpty,
            waitsFor: step.waitsFor.compactMap { dependency in
                places[dependency.step].map { (step: $0, kind: Graph.Edge.Kind(dependency.kind)) }
            }, memoryLimit: step.memoryMax, timeout: step.timeoutSeconds, mostAttempts: step.mostAttempts,
            state: own?.state ?? items.first?.state ?? .waiting,
            records: (items.isEmpty ? statuses : items).map(record))
    }

    private static func record(_ status: StepStatus) -> Record {
        var record = Record(
            item: status.item, state: status.state, reason: status.reason, exitCode: status.exitCode,
            attempts: status.attempts.map(attempt))
        record.isTolerated = status.tolerated == true
        return record
    }

    private static func attempt(_ status: AttemptStatus) -> Attempt {
        var attempt = Attempt(
            number: status.number, isRepair: status.repair != nil, unit: status.unit, state: status.state,
            words: ExitNames.words(of: status), exitCode: status.exitCode, signal: status.signal, result: status.result,
            started: status.started.moment, ended: status.ended.moment)
        (attempt.cpuSeconds, attempt.memoryPeak) = (status.cpuSeconds, status.memoryPeak)
        (attempt.ioReadBytes, attempt.ioWriteBytes) = (status.ioReadBytes, status.ioWriteBytes)
        return attempt
    }
}

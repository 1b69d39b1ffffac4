import PawlLanguage
package import PawlModel

/// A run goes on with another definition than the one it has: only when somebody asks for it, and only where what has run
/// already is what it would have been with the other one too.
extension Run {
    /// The workflow that a run is made of.
    ///
    /// - Throws: `RunFault` when the text cannot be read (any more).
    static func read(_ created: RunCreated) throws(RunFault) -> Workflow {
        let read = WorkflowReader.read(created.source, name: created.workflow, isAccepted: true)
        guard let workflow = read.workflow else { throw RunFault(faults: read.diagnostics) }
        return workflow
    }

    /// Takes an event that is on disk, as `apply` does.
    ///
    /// - Throws: `RunFault` when it brings a definition that cannot be read (any more).
    package mutating func apply(recorded event: Event, at time: Timestamp) throws {
        if case .runResumed(let body) = event, let definition = body.definition { _ = try Run.read(definition) }
        apply(event, at: time)
    }

    /// From here on the run has another definition. Its steps keep what is known of them, by their names.
    mutating func redefine(_ definition: RunCreated, at time: Timestamp) {
        // Whoever records it has read it, and so has whoever reads it back.
        guard let new = try? Run.read(definition) else { return }
        dropLocks(before: new)
        let (old, known) = (workflow, steps)
        let places = Dictionary(uniqueKeysWithValues: old.steps.map { ($0.id, $0.index) })
        created = definition
        workflow = new
        redefined = time
        indices = Dictionary(uniqueKeysWithValues: new.steps.map { ($0.id, $0.index) })
        serviceSteps = new.serviceSteps
        steps = new.steps.map { step in places[step.id].map { known[$0] } ?? StepRecord() }
        func moved(_ place: Place) -> Place? { index(of: old.steps[place.step].id).map { Place($0, item: place.item) } }
        running = Set(running.compactMap(moved))
        approvals = Set(approvals.compactMap(moved))
        delayed = Set(delayed.compactMap(moved))
        locks.places = Dictionary(
            uniqueKeysWithValues: locks.places.compactMap { place, claim in moved(place).map { ($0, claim) } })
        unjudged = unjudged.compactMap(moved)
        answered = answered.compactMap(moved)
    }

    // MARK: Whether it fits

    /// Why the run does not go on with the definition that an event brings, as a sentence; nil if it does, or brings none.
    package func refusal(ofDefinition body: RunResumed) -> String? {
        let reasons = misfits(of: body)
        guard !reasons.isEmpty else { return nil }
        return "the run '\(name)' cannot go on with '\(created.workflow)' as it is now: "
            + reasons.joined(separator: "; ")
    }

    /// Why the run cannot go on with the definition that an event brings, each reason by name; empty if it can.
    package func misfits(of body: RunResumed) -> [String] {
        guard let definition = body.definition else { return [] }
        guard created.undo == nil else { return ["it takes back another run, and keeps to what that one was"] }
        let new: Workflow
        do throws(RunFault) { new = try Run.read(definition) } catch { return ["it cannot be read: \(error)"] }
        let places = Dictionary(uniqueKeysWithValues: new.steps.map { ($0.id, $0.index) })
        let reasons = workflow.steps.flatMap { step -> [String] in
            guard hasBegun(step.index) else { return [] }
            return places[step.id].map { misfits(of: step, as: new.steps[$0]) }
                ?? ["step '\(step.id)' has run and is not there any more"]
        }
        guard reasons.isEmpty else { return reasons }
        // What stays done shows once the run is as it would be.
        var other = self
        other.apply(.runResumed(body), at: started)
        return new.steps.indices.flatMap { other.contradictions(at: $0, before: self) }
    }

    /// Whether something of a step has come to pass that is kept. A step that was skipped, or cancelled before its turn, has
    /// done nothing.
    private func hasBegun(_ index: Int) -> Bool {
        let record = steps[index]
        return !record.attempts.isEmpty || record.itemCount != nil || record.asked != nil
            || record.state == .succeeded || record.hasFailed
    }

    /// What keeps a step that has begun from being the one that it is in another definition.
    private func misfits(of step: Step, as other: Step) -> [String] {
        let isRunning = running.contains { $0.step == step.index }
        if isRunning { return ["step '\(step.id)' is running: its end has to be waited for"] }
        if other.phase != step.phase {
            let (before, now) = (step.phase.rawValue, other.phase.rawValue)
            return ["step '\(step.id)' has run under '\(before)' and is under '\(now)' now"]
        }
        switch (step.service != nil, other.service != nil) {
        case (true, false): return ["step '\(step.id)' has started a service, and has none any more"]
        case (false, true): return ["step '\(step.id)' has run without a service, and has one now"]
        default: break
        }
        switch (step.foreach != nil, other.foreach != nil) {
        case (true, false): return ["step '\(step.id)' has run for items, and has no 'foreach' any more"]
        case (false, true): return ["step '\(step.id)' has run once, and has a 'foreach' now"]
        default: return []
        }
    }

    /// What is kept of a step, asked of the run as it would be, and contradicts its definition.
    private func contradictions(at index: Int, before: Run) -> [String] {
        let (record, step) = (steps[index], workflow.steps[index])
        guard let former = before.index(of: step.id) else { return [] }
        let isKept = record.state.isEnded && record.state != .skipped || record.items.contains { $0.state.isEnded }
        guard isKept, before.hasBegun(former) else { return [] }
        return itemMisfits(record, step) + orderMisfits(record, step, before, former)
            + outputMisfits(record, step, before.workflow.steps[former])
    }

    private func itemMisfits(_ record: StepRecord, _ step: Step) -> [String] {
        guard record.itemCount != nil, let foreach = step.foreach else { return [] }
        do throws(EvaluationFault) {
            let items = try foreach.values(in: RunScope(run: self))
            if items == record.items.map(\.value) { return [] }
            return ["step '\(step.id)' has run for other items than it has now"]
        } catch {
            return ["the items of step '\(step.id)', which has run, cannot be told: \(error)"]
        }
    }

    private func orderMisfits(_ record: StepRecord, _ step: Step, _ before: Run, _ former: Int) -> [String] {
        let known = before.workflow.ancestors(of: former)
        return step.dependencies.compactMap { index in
            let name = workflow.steps[index].id
            if known.contains(name) { return nil }
            guard steps[index].state.isEnded else {
                return "step '\(step.id)' has run, and now it depends on '\(name)', which has yet to run"
            }
            guard let began = record.began, let end = steps[index].recordedEnd, end > began else { return nil }
            return "step '\(step.id)' had begun when '\(name)' ended, on which it depends now"
        }
    }

    private func outputMisfits(_ record: StepRecord, _ step: Step, _ former: Step) -> [String] {
        guard record.state == .succeeded, !record.attempts.isEmpty || !record.items.isEmpty else { return [] }
        var reasons: [String] = []
        if step.isOutputRead, !former.isOutputRead {
            reasons.append("the output of step '\(step.id)' is read now, and was not kept when it ran")
        }
        let outcomes = (record.items.isEmpty ? [record] : Array(record.items)).compactMap { $0.attempts.last?.outcome }
        for (name, type) in step.outputs.sorted(by: { $0.key < $1.key }) where former.outputs[name] != type {
            let values = outcomes.compactMap { $0.outputs?[name] }
            guard let value = values.first(where: { !type.isWritten(as: $0) }) else { continue }
            reasons.append(
                "output '\(name)' of step '\(step.id)' is declared as \(type.rawValue) now, and it has given '\(value.text)'"
            )
        }
        return reasons
    }
}

extension Workflow {
    /// The names of the steps that a step waits for, directly or through others.
    fileprivate func ancestors(of index: Int) -> Set<String> {
        var seen: Set<Int> = []
        var left = steps[index].dependencies
        while let next = left.popLast() {
            if seen.insert(next).inserted { left += steps[next].dependencies }
        }
        return Set(seen.map { steps[$0].id })
    }
}

extension ValueType {
    /// Whether a value is what an output that is declared so becomes.
    fileprivate func isWritten(as value: Value) -> Bool {
        switch (self, value) {
        case (.integer, .integer), (.number, .number), (.boolean, .boolean): true
        case (.integer, _), (.number, _), (.boolean, _): false
        case (_, .string): true
        default: false
        }
    }
}

extension StepRecord {
    private var records: [StepRecord] { itemCount == nil ? [self] : Array(items) }

    /// When what is kept of it began.
    fileprivate var began: Timestamp? { records.compactMap { $0.attempts.last?.ordered }.min() }

    /// When the last of it was recorded to have ended.
    fileprivate var recordedEnd: Timestamp? { records.compactMap { $0.attempts.last?.recorded }.max() }
}

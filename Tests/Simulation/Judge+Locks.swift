import PawlEngine
import PawlLanguage
import PawlModel

/// Who may have what alone, by the events on the disk and by the units that truly run. The keys are read from the workload's
/// own text, and not from how the engine comes to them.
extension Judge {
    /// The key of a lock of the workload's; of an item the one in which its number stands.
    private func key(_ lock: Lock?, _ item: Int?) -> String? {
        guard let lock else { return nil }
        if case .string(let key)? = lock.key.constant { return key }
        return "k\(item ?? -1)"
    }

    // MARK: The disk

    /// What an event says of the locks of its run.
    func judge(locks event: Event, _ id: RunID, _ record: inout Record) {
        switch event {
        case .lockGranted(let body):
            let name = body.step.map { place($0, body.item) } ?? ""
            let step = record.workflow.steps.first { $0.id == body.step }
            if body.key != key(body.step == nil ? record.workflow.lock : step?.lock, body.item) {
                fail("'\(name)' of \(id) has a lock '\(body.key)' that is not its own")
            }
            if held[id]?[name] != nil { fail("'\(name)' of \(id) has its lock twice") }
            if body.step != nil, record.ended[name] != nil { fail("'\(name)' of \(id) has a lock, and is over") }
            if record.cancelled != nil, record.open.isEmpty { fail("'\(name)' of \(id) has a lock, and is cancelled") }
            held[id, default: [:]][name] = body.key
            if body.step == nil { record.epoch = body.epoch }
        case .lockWanted(let body):
            if let step = body.step { held[id]?[place(step, body.item)] = nil } else { held[id] = nil }
        case .lockRefused(let body):
            record.failures[place(body.step, body.item), default: 0] += 1
        case .stepEnded(let body):
            let name = place(body.step, body.item)
            held[id] = held[id]?.filter { $0.key != name && (body.item != nil || !$0.key.hasPrefix(name + ".")) }
        case .phaseBegan: held[id] = held[id]?.filter { $0.key.isEmpty }
        case .hostLost(let body):
            if body.recovery == .restart { held[id] = held[id]?.filter { $0.key.isEmpty } }
        case .servicesLost, .runResumed, .delaySet:
            // Whoever has to wait again for what it needs gives its lock up.
            let record = record
            held[id] = held[id]?.filter { name, _ in
                let step = record.workflow.steps.first { $0.id == name.split(separator: ".").first ?? "" }
                return step.map { !isBlocked($0, record) || isOpen(name, record) } ?? true
            }
        case .runEnded: held[id] = nil
        default: break
        }
    }

    private func isOpen(_ name: String, _ record: Record) -> Bool {
        record.open.contains { place($0.step, $0.item) == name }
    }

    private func isBlocked(_ step: Step, _ record: Record) -> Bool {
        var alternatives: [(step: Step, state: StepState?)] = []
        for (index, kind) in zip(step.dependencies, step.dependencyKinds) {
            let dependency = record.workflow.steps[index]
            let state = record.ended[dependency.id]
            if kind == .any { alternatives.append((dependency, state)) } else if state == nil { return true }
        }
        let isMet = alternatives.contains { step, state in
            state == .succeeded || state != nil && state != .skipped && state != .cancelled && step.continueOnFailure
        }
        return !isMet && alternatives.contains { $0.state == nil }
    }

    /// Never have two one lock.
    func checkHolders() {
        var holders: [String: [(run: RunID, name: String)]] = [:]
        for (id, entries) in held {
            for (name, key) in entries { holders[key, default: []].append((id, name)) }
        }
        for (key, owners) in holders where owners.count > 1 {
            let isWithin = Set(owners.map(\.run)).count == 1 && owners.contains { $0.name.isEmpty }
            if !isWithin { fail("'\(key)' is held by \(owners.map { "\($0.run) '\($0.name)'" }.sorted())") }
        }
    }

    // MARK: What runs

    /// What runs has what it asks for, and nothing else runs that asks for the same.
    func checkLocks(_ attempt: AttemptName, _ step: Step, _ record: Record) {
        let own = keys(of: attempt, step, record)
        let has = held[attempt.run] ?? [:]
        if let key = own.run, has[""] != key { fail("\(attempt) runs, and its run has not the lock '\(key)'") }
        if let key = own.step, has[""] != key, has[place(attempt.step, attempt.item)] != key {
            fail("\(attempt) runs without the lock '\(key)'")
        }
        for unit in host.units.values where !unit.isForeign && unit.mainCode == 0 && !unit.invocation.isEmpty {
            let other = unit.attempt
            guard other != attempt, let theirs = runs[other.run], !isLate(other, theirs),
                let otherStep = theirs.workflow.steps.first(where: { $0.id == other.step })
            else { continue }
            let their = keys(of: other, otherStep, theirs)
            if other.run == attempt.run {
                guard let key = own.step, key == their.step, key != own.run else { continue }
                fail("\(attempt) and \(other) run at once, and both want '\(key)'")
            } else {
                let both = Set([own.run, own.step].compactMap { $0 })
                    .intersection([their.run, their.step].compactMap { $0 })
                if !both.isEmpty { fail("\(attempt) and \(other) run at once, and both want \(both)") }
            }
        }
    }

    private func keys(
        of attempt: AttemptName, _ step: Step, _ record: Record
    ) -> (run: String?, step: String?) {
        (key(record.workflow.lock, nil), key(step.lock, attempt.item))
    }
}

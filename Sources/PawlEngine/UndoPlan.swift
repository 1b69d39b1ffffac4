import PawlLanguage
package import PawlModel

/// What a run takes back, and all that it has to know of the run that did it: a run that is there to undo another one is told
/// whole by its first event, like any other.
package struct UndoPlan: Sendable, Codable, Equatable {
    /// One step, or one item of a step, that is taken back.
    package struct Entry: Sendable, Codable, Equatable {
        /// The step's name.
        package var step: String
        /// The foreach item's number.
        package var item: Int?
        /// What `item` was.
        package var value: Value?
        /// Whether it had succeeded. What had not may have done a part.
        package var hadSucceeded: Bool
        /// Whether it is the step's service that is stopped, which comes before all else.
        package var stopsService: Bool?

        private enum CodingKeys: String, CodingKey {
            case step, item, value
            case hadSucceeded = "had_succeeded"
            case stopsService = "stops_service"
        }
    }

    /// The run that is taken back.
    package var run: RunID
    /// Its name.
    package var name: String
    /// The folder in which its steps worked.
    package var folder: String
    /// What is taken back, in the order in which that is done.
    package var entries: [Entry]
    /// What that run's steps gave, as expressions see it.
    package var results: [String: Value]
}

extension Run {
    /// What there is to take back of an ended run: each step and item with an `undo` that has run, whatever came of it, the
    /// last one to end first. Whatever depended on something ended after it.
    package func undoPlan() -> UndoPlan {
        let done = places.filter { place in
            let step = workflow.steps[place.step]
            return (!step.undo.isEmpty || step.hasNamedService)
                && self[place].attempts.contains { $0.outcome?.state != .skipped }
        }
        let scope = RunScope(run: self)
        let sorted = done.sorted { one, two in
            let times = (self[one].attempts.last?.recorded, self[two].attempts.last?.recorded)
            if let first = times.0, let second = times.1, first != second { return first > second }
            return two < one
        }
        return UndoPlan(
            run: id, name: name, folder: workFolder,
            entries: sorted.flatMap { place in
                let step = workflow.steps[place.step]
                let entry = UndoPlan.Entry(
                    step: step.id, item: place.item, value: place.item.map { _ in self[place].value },
                    // Also one that was interrupted and turned out to have done its work.
                    hadSucceeded: self[place].state == .succeeded
                        || self[place].attempts.contains { $0.outcome?.state == .succeeded && $0.repair == nil })
                var entries: [UndoPlan.Entry] = step.undo.isEmpty ? [] : [entry]
                if step.hasNamedService {
                    var stop = entry
                    stop.stopsService = true
                    entries.insert(stop, at: 0)
                }
                return entries
            },
            results: Dictionary(
                uniqueKeysWithValues: workflow.steps.map { ($0.id, scope.value(of: $0.id) ?? .null) }))
    }
}

extension Workflow {
    /// The workflow whose steps take back what a plan names, one after the other: where one cannot be taken back, what was
    /// there before it stays.
    func undoing(_ plan: UndoPlan) -> Workflow {
        let originals = Dictionary(uniqueKeysWithValues: steps.map { ($0.id, $0) })
        var result = self
        result.steps = []
        var names: Set<String> = []
        for entry in plan.entries {
            guard let original = originals[entry.step] else { continue }
            var step: Step
            if entry.stopsService == true {
                step = original.stop
            } else if let undo = original.undo.first {
                step = undo
            } else {
                continue
            }
            step.id = Workflow.undoName(entry, &names)
            // It touches what the step has touched. And what takes back waits, since it is not to be done half.
            step.lock = original.lock
            step.lock?.onConflict = .queue
            step.index = result.steps.count
            if let last = result.steps.indices.last {
                (step.dependencies, step.dependencyKinds) = ([last], [.done])
                (result.steps[last].dependents, result.steps[last].dependentKinds) = ([step.index], [.done])
            }
            result.steps.append(step)
        }
        result.timeout = nil
        result.lock?.onConflict = .queue
        // Taking back goes on where it was: whoever did it anew would take back twice.
        result.recovery = .resume
        return result
    }

    /// `STEP`, of an item `STEP-ITEM`: each is a step by itself here.
    private static func undoName(_ entry: UndoPlan.Entry, _ taken: inout Set<String>) -> String {
        let suffix = (entry.item.map { "-\($0)" } ?? "") + (entry.stopsService == true ? "-stop" : "")
        var name = entry.step.prefix(Names.longest - suffix.count) + suffix
        while !taken.insert(String(name)).inserted { name = name.prefix(Names.longest - 1) + "_" }
        return String(name)
    }
}

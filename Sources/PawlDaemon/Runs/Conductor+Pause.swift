import PawlAPI
import PawlEngine
import PawlModel

/// Runs that stand still since somebody wants it: recorded first, and then their steps are frozen, so that a pawld that is killed
/// in between freezes them when it is back.
extension Conductor {
    /// A run and what was paused or goes on with it.
    typealias Paused = (run: RunID, steps: [PausedStep])

    /// Pauses a run and the runs that are its steps. Doing it twice is fine: what could not be frozen is frozen then.
    ///
    /// - Returns: whose steps are to be frozen, once all of it is on disk.
    func pause(_ id: RunID, by requester: Requester) async throws(APIError) -> [Paused] {
        try refuseSetAside(id)
        guard let entry = active[id] else {
            throw APIError(.invalidState, "the run '\(try find(id.rawValue).name)' has ended already")
        }
        if !entry.run.isPaused {
            // In the same commit: whoever is killed when, either all of them stand still or none.
            for child in runs(below: id) where active[child]?.run.isPaused == false {
                take(.runPaused(RunPaused(requester: requester, above: id)), of: child)
            }
            try await record(.runPaused(RunPaused(requester: requester)), of: id)
        }
        return ([id] + runs(below: id)).compactMap { id in
            active[id].flatMap { $0.run.isPaused ? (id, steps(of: $0.run)) : nil }
        }
    }

    /// Lets a paused run go on, and what was paused along with it.
    ///
    /// - Returns: whose steps are to be thawed, once all of it is on disk.
    func unpause(_ id: RunID, by requester: Requester) async throws(APIError) -> [Paused] {
        try refuseSetAside(id)
        guard let run = active[id]?.run else {
            throw APIError(.invalidState, "the run '\(try find(id.rawValue).name)' has ended already")
        }
        if run.isPaused, let above = run.pausedAbove, let other = active[above]?.run, other.isPaused {
            throw APIError(
                .invalidState,
                "the run '\(run.name)' was paused together with '\(other.name)': 'pawl unpause \(other.name)' goes on")
        }
        let children = runs(below: id).filter { active[$0]?.run.pausedAbove == id }
        for child in children { take(.runUnpaused(RunUnpaused(requester: requester)), of: child) }
        try await record(.runUnpaused(RunUnpaused(requester: requester)), of: id)
        return ([id] + children).compactMap { id in active[id].map { (id, steps(of: $0.run)) } }
    }

    /// Its steps are frozen once they can be.
    func freeze(_ run: Run) { todo.yield(.freeze(run.id, run.name, steps(of: run).map(\.command))) }

    /// Its steps go on.
    func thaw(_ run: Run) { todo.yield(.thaw(run.id, run.name, steps(of: run))) }

    /// What a pause means for a run that an earlier pawld has had: it may have ended between the record and the deed.
    func takeUpPause(of run: Run) {
        if run.isPaused { freeze(run) } else if run.wasPaused { thaw(run) }
    }

    private func steps(of run: Run) -> [PausedStep] {
        run.running.sorted().compactMap { place in
            guard !run.runsOn(place), let attempt = run.runningAttempt(of: place), attempt.child == nil,
                let command = try? run.render(place, number: attempt.number)
            else { return nil }
            return PausedStep(command: command, seconds: attempt.pausedSeconds, unpaused: run.unpaused)
        }
    }

    /// The runs that are steps of a run, and those that are steps of these, as far as they go on.
    func runs(below id: RunID) -> [RunID] {
        guard let run = active[id]?.run else { return [] }
        return run.running.sorted().compactMap { run.child(at: $0)?.id }.filter { active[$0] != nil }.flatMap {
            [$0] + runs(below: $0)
        }
    }
}

import PawlEngine
import PawlModel

/// Whose turn it is where the host has not room for all at once: runs begin in the order in which they were started, and steps
/// of different runs take turns.
extension Conductor {
    /// What a run may know when it decides.
    func admitting(_ id: RunID, _ context: DecisionContext) -> DecisionContext {
        var context = context
        context.admission = room.admission(of: id)
        return context
    }

    /// A run has changed.
    func noteRoom(of id: RunID) {
        guard let entry = active[id] else { return }
        let wasFull = room.freeRuns == 0
        room.note(entry.run, isStanding: entry.fault != nil)
        if wasFull != (room.freeRuns == 0) { setStandings() }
    }

    /// Whether there is room for a run has changed, and with that what those that have yet to begin can do about locks.
    private func setStandings() {
        for id in room.unbegun {
            if let entry = active[id], entry.fault == nil { locks.set(standing(of: entry.run), of: id) }
        }
    }

    /// A run is not there any more.
    func leaveRoom(_ id: RunID) {
        let wasFull = room.freeRuns == 0
        room.remove(id)
        if wasFull != (room.freeRuns == 0) { setStandings() }
    }

    /// A run has had its turn, and decides nothing more for now.
    func noteWaiting(_ id: RunID) {
        guard let entry = active[id] else { return }
        room.wait(entry.run, isStanding: entry.fault != nil)
    }

    /// The runs for which there is room now.
    var waiting: [RunID] {
        guard !room.queue.isEmpty else { return room.starting }
        // What waits for its lock has its turn with that.
        let queue = room.queue.filter { locks.wait(of: LockOwner($0, .run)) == nil }
        let order = queue.sorted { first, second in
            let (one, other) = (active[first]?.run.started, active[second]?.run.started)
            return (one?.microseconds ?? 0, first.rawValue) < (other?.microseconds ?? 0, second.rawValue)
        }
        return order.prefix(room.freeRuns) + room.starting
    }

    /// Those for which there is room now are looked at.
    func lookAtWaiting() {
        for id in waiting { giveTurn(to: id) }
        if room.maxRuns != nil { for id in locks.pending where room.unbegun.contains(id) { giveTurn(to: id) } }
    }

    /// How many runs and steps may go on at once has changed.
    func limit(runs: Int?, steps: Int?) {
        guard (room.maxRuns, room.maxSteps) != (runs, steps) else { return }
        (room.maxRuns, room.maxSteps) = (runs, steps)
        setStandings()
        tellWaiting()
        lookAtWaiting()
    }

    /// Why no step may start just now, or nil if one may.
    func gate(_ words: String?) {
        guard room.gate != words else { return }
        room.gate = words
        tellWaiting()
        lookAtWaiting()
    }

    /// Whoever watches what waits for room is told why.
    private func tellWaiting() {
        for id in room.queue.union(room.hungry) {
            guard let entry = active[id], !entry.watchers.isEmpty else { continue }
            active[id]?.version += 1
            active[id]?.changes.append(contentsOf: entry.run.places)
            wakeWatchers(of: id)
        }
    }
}

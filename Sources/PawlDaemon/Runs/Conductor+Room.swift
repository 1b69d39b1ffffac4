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
        changeRoom { $0.note(entry.run, isStanding: entry.fault != nil) }
    }

    /// A run is not there any more.
    func leaveRoom(_ id: RunID) { changeRoom { $0.remove(id) } }

    /// Whether there is room for a run decides what those that have yet to begin can do about locks.
    private func changeRoom(_ change: (inout HostRoom) -> Void) {
        let wasFull = room.freeRuns == 0
        change(&room)
        if wasFull != (room.freeRuns == 0) { setStandings() }
    }

    private func setStandings() {
        for id in room.unbegun {
            if let entry = active[id], entry.fault == nil { locks.set(standing(of: entry.run), of: id) }
        }
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
        changeRoom { ($0.maxRuns, $0.maxSteps) = (runs, steps) }
        tellWaiting()
        lookAtWaiting()
    }

    /// Why no step may start just now, or nil if one may; and how many may until this is called again, nil for any number.
    func gate(_ words: String?, budget: Int? = nil) {
        guard room.gate != words || room.budget != budget else { return }
        let before = room.gate
        (room.gate, room.budget) = (words, budget)
        if before != words { tellWaiting() }
        lookAtWaiting()
    }

    /// How many steps run, and how many of those were started less than so many seconds ago.
    func steps(youngerThan seconds: Double) -> (running: Int, young: Int) {
        let moment = world.now().adding(seconds: -seconds)
        var young = 0
        for entry in active.values where !entry.run.isExempt {
            young += entry.run.running.count { place in
                entry.run.runningAttempt(of: place).map { $0.child == nil && $0.ordered > moment } ?? false
            }
        }
        return (room.running, young)
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

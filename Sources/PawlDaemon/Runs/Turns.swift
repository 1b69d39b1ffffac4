import PawlEngine
import PawlModel

/// What comes of one pass: the events of each run, in the order in which the runs had their turn.
struct Turns {
    /// The events by run; what is in here may be empty, for a run that was only looked at.
    var events: [RunID: [Event]] = [:]
    /// The runs, each once.
    var order: [RunID] = []
    /// Those that are to decide, as often as there is something new for them, and what of them still is.
    private var queue: [RunID] = []
    private var waiting: Set<RunID> = []
    private var place = 0

    /// A run has something to decide.
    mutating func add(_ run: RunID) {
        if events[run] == nil {
            events[run] = []
            order.append(run)
        }
        if waiting.insert(run).inserted { queue.append(run) }
    }

    /// The next one that is to decide.
    mutating func next() -> RunID? {
        guard place < queue.count else { return nil }
        place += 1
        waiting.remove(queue[place - 1])
        return queue[place - 1]
    }
}

extension Conductor {
    /// Takes every decision there is, of the runs that something has come in for, and of those for which a lock or room on the
    /// host is free by that, or which have a lock that another run takes.
    func decide(_ context: DecisionContext, _ turns: inout Turns) {
        var due: [RunID] = []
        // Those that had their turn since the last decision, and had nothing to decide.
        var futile: Set<RunID> = []
        repeat {
            for id in due { turns.add(id) }
            var hasDecided = false
            while let id = turns.next() {
                guard active[id]?.fault == nil else { continue }
                // It may have stood still, or not been there, when the run above it was cancelled.
                if let above = active[id]?.run.created.parent?.run { endChildren(of: above, context, in: &turns) }
                room.beginTurn()
                while let event = active[id]?.run.nextDecision(admitting(id, context), locks) {
                    apply(withFreeChild(event, of: id), to: id, at: context.now, in: &turns)
                    hasDecided = true
                }
                noteWaiting(id)
                endChildren(of: id, context, in: &turns)
            }
            if hasDecided { futile = [] } else { futile.formUnion(due) }
            // Also where nothing was decided: what has come in may have freed a lock or room. One that cannot go on yet, since what
            // was lost of it is still looked for, takes its lock afterwards.
            due = (locks.pending + waiting).filter { !futile.contains($0) }
        } while !due.isEmpty
        locks.isSuspect = false
    }
}

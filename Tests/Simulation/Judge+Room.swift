import PawlEngine
import PawlLanguage
import PawlModel

/// Whose turn it is where the host has not room for all at once, by the events on the disk.
extension Judge {
    /// What a commit says of room. Its events are not in the order in which they were decided, so that only all of them together
    /// tell how much is taken.
    struct Room {
        /// Runs that began with it, and steps that were ordered.
        var begun: [RunID] = []
        var ordered: [String] = []
        /// Whether a run that was stopped goes on, be it with its handlers: it has its turn, whoever else began meanwhile.
        var hasResumed = false
    }

    /// What an event says of the room that its run takes.
    func judge(room event: Event, _ id: RunID, _ record: inout Record) {
        switch event {
        case .attemptOrdered(let body):
            begin(id, &record)
            // What tidies up takes whatever it needs, and what is a run has no unit of its own.
            guard record.phase == .main, body.child == nil else { return }
            room.ordered.append("'\(body.step)' of \(id)")
            if isGated { fail("'\(body.step)' of \(id) was ordered while no step may start") }
        case .stepExpanded, .stepEnded, .approvalAsked, .phaseBegan, .lockGranted, .lockRefused, .runBegan:
            begin(id, &record)
        case .lockWanted(let body): if body.step != nil { begin(id, &record) }
        case .runStopped: record.isStopped = true
        case .cancelRequested:
            if record.isStopped || record.isPaused { room.hasResumed = true }
            (record.isStopped, record.isPaused) = (false, false)
        case .runResumed(let body):
            record.isStopped = false
            if body.retry { record.hasBegun = false } else { room.hasResumed = true }
        case .runPaused: record.isPaused = true
        case .runUnpaused:
            record.isPaused = false
            if !record.isStopped { room.hasResumed = true }
        default: break
        }
    }

    private func begin(_ id: RunID, _ record: inout Record) {
        guard !record.hasBegun else { return }
        record.hasBegun = true
        if record.parent == nil { room.begun.append(id) }
    }

    /// A commit is whole.
    func judgeRoom() {
        defer { room = Room() }
        // Of a run that pawld did not survive taking up nobody knows how many steps it has, until that is done again.
        guard disk.recoveries.isEmpty else { return }
        if let most = host.faults.maxSteps, let last = room.ordered.last {
            let count = runs.values.reduce(0) { sum, record in
                sum + (record.phase == .main ? record.open.count { record.children[$0] == nil } : 0)
            }
            if count > most { fail("\(last) was ordered, and \(count) steps run at once") }
        }
        // One that stands still has its turn no longer, and no event says so.
        guard let most = host.faults.maxRuns, let last = room.begun.last, !mayStandStill, !room.hasResumed else {
            return
        }
        let count = runs.values.count {
            $0.parent == nil && $0.hasBegun && !$0.hasEnded && !$0.isStopped && !$0.isPaused
        }
        if count > most { fail("\(last) has begun, and \(count) runs go on") }
    }
}

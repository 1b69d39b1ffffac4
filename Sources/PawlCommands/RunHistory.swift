import PawlAPI
import PawlModel

/// What has happened to a run before somebody looked, in the order in which it came about.
struct RunHistory {
    /// The changes, each with its time as far as that is known.
    private(set) var entries: [(change: RunChange, time: Timestamp?)] = []

    /// Takes changes in the order of the steps. What has no time of its own, such as a step that was skipped, is told after what stands
    /// before it, and has its time from there.
    ///
    /// - Parameter start: the time of what is first and has none.
    init(_ changes: [RunChange], of status: RunStatus, since start: Timestamp?) {
        var known = start
        for change in changes {
            let own = RunHistory.time(of: change, in: status)
            if let own { known = known.map { max($0, own) } ?? own }
            entries.append((change, own ?? known))
        }
        let order = entries.indices.sorted { one, other in
            // What has none stays before what has.
            guard let first = entries[one].time else { return entries[other].time != nil || one < other }
            guard let second = entries[other].time else { return false }
            return (first, one) < (second, other)
        }
        entries = order.map { entries[$0] }
    }

    private static func time(of change: RunChange, in status: RunStatus) -> Timestamp? {
        switch change {
        case .run, .stepWaits: return nil
        case .attemptBegan(_, let attempt): return attempt.started.moment
        case .attemptEnded(_, let attempt): return attempt.ended.moment
        case .stepEnded(let step):
            if let last = step.attempts.last { return last.ended.moment }
            // A step with items is over with the last of them.
            guard step.item == nil else { return nil }
            return status.steps.lazy.filter { $0.id == step.id }.compactMap { $0.attempts.last?.ended.moment }.max()
        }
    }
}

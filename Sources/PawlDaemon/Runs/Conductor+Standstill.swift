import PawlEngine
import PawlModel
import PawlStore

/// Runs that stand still, since nothing of them can be recorded or what they need is not there.
extension Conductor {
    /// A commit failed: the runs are again what the store has, and nothing more happens to them until a person says so
    /// or pawld starts anew. What their steps do meanwhile is kept by their receipts.
    func stand(still runs: [RunID], because cause: String) {
        for id in runs {
            guard var entry = active[id] else { continue }
            var (isRecorded, isRead) = (true, true)
            do {
                let run = try store.run(id)
                isRecorded = run != nil
                if let run { entry.run = run }
            } catch {
                // It can be read no more than written; what memory has is shown, and not acted upon.
                isRead = false
            }
            // A run that was to be made for an attempt just now is made anew with that.
            guard isRecorded || entry.run.created.parent == nil else {
                drop(id)
                continue
            }
            // A run that was to be started just now is not there: who asked for it is told.
            if isRecorded { journal.storeFailed(run: entry.run.name, cause: cause) }
            entry.fault = cause
            entry.version += 1
            entry.changes.append(contentsOf: entry.run.places)
            active[id] = entry
            putLocks(of: id, isRead: isRead, isRecorded: isRecorded)
            count(id)
            noteWaiting(id)
            wakeWatchers(of: id)
            tell(above: id)
        }
        lookAtPending()
        lookAtWaiting()
    }

    /// Something that a run needs is not there, such as room for an attempt's files: it stands still until a person says
    /// so. This is no event, since it says nothing about the run itself.
    func block(_ run: RunID, because cause: String) {
        guard active[run] != nil, active[run]?.fault == nil else { return }
        stand(still: [run], because: cause)
    }
}

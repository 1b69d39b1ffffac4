import PawlEngine
import PawlLanguage
import PawlModel
import PawlStore

/// The locks of all runs together. The table is what the runs' events say, of those in flight and of those that are only on
/// disk; a lock is somebody's with the commit of the event that says so, and with the same commit it is nobody else's.
extension Conductor {
    /// What a run's last event has changed.
    func noteLocks(of id: RunID) {
        guard let changes = active[id]?.run.takeLockChanges(), let run = active[id]?.run else { return }
        locks.set(standing(of: run), of: id)
        guard !changes.isEmpty, let name = active[id]?.run.name else { return }
        if locksBefore[id] == nil { locksBefore[id] = locks.claims(of: id) }
        locks.apply(changes, of: id, named: name)
    }

    /// What a run can do about locks. One that has yet to begin, and for which there is no room, is passed over: else those that
    /// go on could wait for it, and it for their end.
    func standing(of run: Run) -> LockStanding {
        var standing = run.lockStanding
        if run.waitsToBegin, room.freeRuns == 0 { standing.mayTake = false }
        return standing
    }

    /// A run was read: what it holds and waits for is what the store says.
    ///
    /// - Parameters:
    ///   - isRead: whether it could be. What it had before a commit that failed is then still its own, whatever memory has.
    ///   - isRecorded: whether it is there at all.
    func putLocks(of id: RunID, isRead: Bool = true, isRecorded: Bool = true) {
        guard let entry = active[id] else { return }
        _ = active[id]?.run.takeLockChanges()
        let had = locksBefore[id] ?? locks.claims(of: id)
        locks.replace(!isRecorded ? [:] : isRead ? entry.run.lockClaims : had, of: id, named: entry.run.name)
        locks.set(entry.fault == nil ? standing(of: entry.run) : .none, of: id)
        if isRead, !entry.run.lockClaims.isEmpty { locks.isSuspect = true }
    }

    /// A run is not read whole; what it holds is told by few of its events.
    func holdLocks(unread row: RunSummaryRow) {
        do {
            let held = HeldLocks(try store.lockEvents(of: row.id))
            locks.replace(held.claims, of: row.id, named: row.name)
            locks.skip(held.lastTicket)
        } catch {
            journal.note(
                .warning, "Which locks the run \(row.name) holds cannot be read, so others may get them: \(error)")
        }
    }

    /// Those that have something to decide now, since others cannot take what is free any more.
    func lookAtPending() { for id in locks.pending { look(at: id) } }

    /// Whoever watches a run that waits for a lock is told that somebody else has it now.
    func tellWaiters() {
        for owner in locks.takeWaitersOfMoved() {
            guard let entry = active[owner.run], !entry.watchers.isEmpty else { continue }
            active[owner.run]?.version += 1
            if let step = owner.seat.step, let place = entry.run.place(of: step, item: owner.seat.item) {
                active[owner.run]?.changes.append(place)
            }
            wakeWatchers(of: owner.run)
        }
    }
}

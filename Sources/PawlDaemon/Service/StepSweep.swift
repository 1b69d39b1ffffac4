import PawlEngine
import PawlModel

/// Looks, at the start, for units that bear one of our names and that no run claims.
struct StepSweep: Sendable {
    let conductor: Conductor
    let manager: any ServiceManager
    let slices: RunSlices
    let signs: UnitSigns
    let journal: RunJournal

    /// Releases what is harvested and has ended; of the rest it says that it is there, and leaves it alone. Returned are the
    /// units that are harvested and have not come to their end, to be given to `releaseAtEnd`.
    func run() async throws(ServiceManagerFault) -> [AttemptName] {
        var remaining: [AttemptName] = []
        let units = try await manager.units(matching: AttemptName.unitPrefix + "*")
        // All at once: of a thousand that run none is worth a question of its own.
        let claimed = await conductor.claimed(units.compactMap { AttemptName(unit: $0) })
        for unit in units {
            guard let name = AttemptName(unit: unit) else {
                journal.orphan(unit)
                continue
            }
            if claimed.contains(name) { continue }
            if await conductor.isUnreadable(name.run) { continue }
            let isRecorded = await conductor.hasRecordedEnd(of: name)
            // Again: it may have been ordered since.
            if await conductor.claims(name) { continue }
            guard isRecorded else {
                // Perhaps the store has lost it. Then its unit is the only one that knows how it ended, and keeps a second
                // one of that name from starting.
                journal.orphan(unit)
                continue
            }
            guard let status = try await manager.status(of: unit) else { continue }
            // One in another slice has our attempt's name and is somebody else's.
            if status.stranger(named: unit, to: name.run.slice) != nil {
                journal.orphan(unit)
            } else if status.hasEnded {
                try await manager.release(unit, in: name.run.slice)
            } else {
                // A receipt is written before the unit comes to its end: a pawld that was killed right after it recorded what
                // the receipt says leaves a unit that is still on its way.
                if !status.isEnding { journal.stillRuns(unit) }
                remaining.append(name)
            }
        }
        // A slice does not go by itself; one whose run has ended was left by a pawld that died in between.
        for slice in try await manager.units(matching: "pawl-*.slice") {
            guard let id = RunID.runs(ofSlice: slice)?.last, await !conductor.isUnreadable(id),
                await !conductor.isActive(id)
            else { continue }
            await slices.close(id, named: slice) { await conductor.hasRecordedEnd(of: $0) }
        }
        return remaining
    }

    /// Waits until a unit whose attempt's end is recorded has come to its own end, and releases it then: one that failed
    /// stays loaded for good otherwise.
    func releaseAtEnd(_ name: AttemptName) async {
        // From before the look, so that its end is not missed.
        let signs = self.signs.signs(of: name.unit)
        defer {
            self.signs.forget(name.unit)
            _ = self.signs.takeFailure(of: name.unit)
        }
        var sign = signs.makeAsyncIterator()
        repeat {
            do throws(ServiceManagerFault) {
                guard let status = try await manager.status(of: name.unit) else { return }
                if status.stranger(named: name.unit, to: name.run.slice) != nil { return }
                if status.hasEnded { return try await manager.release(name.unit, in: name.run.slice) }
            } catch {
                // The bus is gone; everybody is given a sign when it is back.
            }
        } while await sign.next(isolation: nil) != nil
    }
}

import PawlEngine
import PawlModel

/// Looks, at the start, for units that bear one of our names and that no run claims.
struct StepSweep: Sendable {
    let conductor: Conductor
    let manager: any ServiceManager
    let slices: RunSlices
    let journal: RunJournal

    /// Releases what is harvested and has ended; of the rest it says that it is there, and leaves it alone.
    func run() async throws(ServiceManagerFault) {
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
            if status.hasEnded, status.stranger(named: unit, to: name.run.slice) == nil {
                try await manager.release(unit, in: name.run.slice)
            } else {
                journal.orphan(unit)
            }
        }
        // A slice does not go by itself; one whose run has ended was left by a pawld that died in between.
        for slice in try await manager.units(matching: "pawl-*.slice") {
            guard let id = RunID.runs(ofSlice: slice)?.last, await !conductor.isUnreadable(id),
                await !conductor.isActive(id)
            else { continue }
            await slices.close(id, named: slice) { await conductor.hasRecordedEnd(of: $0) }
        }
    }
}

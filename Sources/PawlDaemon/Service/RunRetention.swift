import PawlLanguage
import PawlModel

/// Removes runs that ended long ago: first the folder is moved out of the way, then the run goes from the store, and then a
/// unit of the package removes what was in the folder. Whoever dies in between, the next look goes on from there, and no
/// folder is ever without its run.
///
/// pawld itself has no right to remove what a step left there as another user.
struct RunRetention: Sendable {
    let conductor: Conductor
    let manager: any ServiceManager
    let folders: AttemptFolders
    let journal: RunJournal

    /// Removes everything in the folder that runs' folders were moved to.
    static let cleaner = "pawl-clean.service"

    /// Removes what is over. Returns how many runs that were.
    @discardableResult
    func run(_ retention: Retention) async -> Int {
        var count = 0
        do {
            var kept: Set<RunID>?
            while !Task.isCancelled {
                let runs = try await conductor.beginRemoval(retention, except: kept ?? [])
                guard !runs.isEmpty else { break }
                guard let except = kept else {
                    // Asked for only when there is something to do: units that nobody has read are the last to know.
                    try await conductor.endRemoval(of: runs, gone: [])
                    kept = Set(
                        try await manager.units(matching: AttemptName.unitPrefix + "*").compactMap {
                            AttemptName(unit: $0)?.run
                        })
                    continue
                }
                let faults = await folders.moveAway(runs)
                for (run, fault) in faults {
                    journal.note(.warning, "Run \(run) is to be removed, and stays: \(fault)")
                }
                kept = except.union(faults.keys)
                let gone = runs.filter { faults[$0] == nil }
                try await conductor.endRemoval(of: runs, gone: gone)
                count += gone.count
            }
        } catch {
            journal.note(.warning, "Runs whose retention is over were not all removed; it is tried again: \(error)")
        }
        if count > 0 {
            journal.note(
                .info,
                "\(count) run\(count == 1 ? "" : "s") whose retention was over \(count == 1 ? "was" : "were") removed")
        }
        if await folders.areSomeAway { await clean() }
        return count
    }

    /// Removes records of the audit whose time is over.
    func runAudit(_ age: Duration?) async {
        guard let age else { return }
        do {
            while try await conductor.removeAudits(olderThan: age), !Task.isCancelled {}
        } catch {
            journal.note(.warning, "Old records of who asked for what were not removed; it is tried again: \(error)")
        }
    }

    private func clean() async {
        do throws(ServiceManagerFault) {
            try await manager.startInstalled(RunRetention.cleaner)
        } catch {
            journal.note(
                .warning, "The folders of runs that were removed are left, since \(RunRetention.cleaner): \(error)")
        }
    }
}

import PawlEngine
import PawlModel
import Synchronization

/// The runs' slices: each is made before its run's first step and goes after the last one.
final class RunSlices: Sendable {
    private let manager: any ServiceManager
    private let journal: RunJournal
    private let state = Mutex(State())

    private struct State {
        /// Those that this pawld has made.
        var made: Set<RunID> = []
        /// How many steps each was asked for.
        var steps: [RunID: Int] = [:]
    }

    init(manager: any ServiceManager, journal: RunJournal) {
        self.manager = manager
        self.journal = journal
    }

    /// Makes a run's slice unless this pawld has done so already. A failure is none of the step's: systemd makes a slice
    /// that is not there when its first unit starts, only without the description.
    func ensure(_ run: RunID, workflow: String) async {
        let isNew = state.withLock { state in
            state.steps[run, default: 0] += 1
            return state.made.insert(run).inserted
        }
        guard isNew else { return }
        do throws(ServiceManagerFault) {
            try await manager.startSlice(run.slice, description: "Run \(run.name(of: workflow)) of pawl")
        } catch {
            state.withLock { _ = $0.made.remove(run) }
        }
    }

    /// Lets the slice of an ended run go. To stop it stops what is in it, so it stays if that is anything but attempts of
    /// the run that are over: somebody has put it there.
    func close(_ run: RunID, isOver: @Sendable (AttemptName) async -> Bool) async {
        let steps = state.withLock { state in
            state.made.remove(run)
            return state.steps[run]
        }
        do throws(ServiceManagerFault) {
            var others: [String] = []
            for unit in try await manager.members(of: run.slice) {
                if let name = AttemptName(unit: unit), name.run == run, await isOver(name) { continue }
                others.append(unit)
            }
            // It may have been retried since, and may have a step by now: then its next end lets the slice go.
            let wasRetried = state.withLock { state in
                guard state.steps[run] == steps else { return true }
                state.steps[run] = nil
                return false
            }
            guard !wasRetried else { return }
            guard others.isEmpty else { return journal.keptSlice(run.slice, units: others.sorted()) }
            try await manager.stopSlice(run.slice)
        } catch {
            // Swept at the next start.
        }
    }
}

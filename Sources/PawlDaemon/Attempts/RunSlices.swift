import PawlEngine
import PawlLanguage
import PawlModel
import Synchronization

/// The runs' slices: each is made with its limits before its run's first step, and goes after the last one.
final class RunSlices: Sendable {
    private let manager: any ServiceManager
    private let journal: RunJournal
    private let state = Mutex(State())

    private struct State {
        /// Those that this pawld has made.
        var made: Set<RunID> = []
        /// How many steps each was asked for.
        var steps: [RunID: Int] = [:]
        /// The limits that hold now, where somebody has set any: what a step was ordered with may be older.
        var latest: [RunID: [UnitSetting]] = [:]
        /// The limits that each was last given.
        var given: [RunID: [UnitSetting]] = [:]
    }

    init(manager: any ServiceManager, journal: RunJournal) {
        self.manager = manager
        self.journal = journal
    }

    /// A step of a run is about to start: until it has, the slice is not to be let go.
    func expect(_ command: StepCommand) {
        state.withLock { state in
            for run in command.above.map(\.run) + [command.name.run] { state.steps[run, default: 0] += 1 }
        }
    }

    /// Makes the slice of an attempt with its limits, unless it is there, and before it those that it is below.
    ///
    /// With limits each attempt asks, though this pawld has made the slice already: somebody may have stopped it, and systemd
    /// would make it again for the attempt, without them.
    ///
    /// - Throws: what keeps a slice from its limits. Without any a failure is none of the step's: systemd makes a slice that
    ///   is not there when its first unit starts, only without the description.
    func ensure(_ command: StepCommand) async throws(ServiceManagerFault) {
        for slice in StepUnit.Slice.all(of: command) { try await ensure(slice) }
    }

    private func ensure(_ slice: StepUnit.Slice) async throws(ServiceManagerFault) {
        let run = slice.run
        var slice = slice
        while true {
            let isKnown = state.withLock { state in
                slice.settings = state.latest[run] ?? slice.settings
                // Nobody need wait for what makes no difference.
                if slice.settings.isEmpty { return !state.made.insert(run).inserted }
                return state.made.contains(run) && state.given[run] == slice.settings
            }
            if isKnown, slice.settings.isEmpty { return }
            do throws(ServiceManagerFault) {
                try await manager.startSlice(slice, isKnown: isKnown)
            } catch {
                state.withLock { _ = $0.made.remove(run) }
                if slice.settings.isEmpty { return }
                guard case .refused(let words) = error else { throw error }
                throw .refused("the slice \(slice.name) of its run cannot be given its limits: \(words)")
            }
            // They may have been set anew while it was made with the old ones.
            if isUpToDate(slice, isGiven: true) { return }
        }
    }

    /// Notes limits that somebody has set: from now on the slice is made with them.
    func note(_ slice: StepUnit.Slice) { state.withLock { $0.latest[slice.run] = slice.settings } }

    /// Gives a slice that is there the limits that were noted last, unless it has them.
    func limit(_ slice: StepUnit.Slice) async throws(ServiceManagerFault) {
        var slice = slice
        repeat {
            let (latest, given) = state.withLock { ($0.latest[slice.run], $0.given[slice.run]) }
            guard let latest, latest != given else { return }
            slice.settings = latest
        } while try await !isUpToDate(slice, isGiven: manager.limitSlice(slice))
    }

    /// Whether what a slice was given are the limits that hold.
    private func isUpToDate(_ slice: StepUnit.Slice, isGiven: Bool) -> Bool {
        state.withLock { state in
            if isGiven {
                state.made.insert(slice.run)
                state.given[slice.run] = slice.settings
            }
            return state.latest[slice.run].map { $0 == slice.settings } ?? true
        }
    }

    /// Lets the slice of an ended run go. To stop it stops what is in it, so it stays if that is anything but attempts of
    /// the run that are over: somebody has put it there.
    ///
    /// - Parameters:
    ///   - slice: its name.
    ///   - isOver: whether an attempt is over.
    func close(_ run: RunID, named slice: String, isOver: @Sendable (AttemptName) async -> Bool) async {
        let steps = state.withLock { state in
            state.made.remove(run)
            return state.steps[run]
        }
        do throws(ServiceManagerFault) {
            let others = try await others(in: slice, isOver)
            // It may have been retried since, and may have a step by now: then its next end lets the slice go.
            let wasRetried = state.withLock { state in
                guard state.steps[run] == steps else { return true }
                state.steps[run] = nil
                state.given[run] = nil
                state.latest[run] = nil
                return false
            }
            guard !wasRetried else { return }
            guard others.isEmpty else { return journal.keptSlice(slice, units: others.sorted()) }
            try await manager.stopSlice(slice)
        } catch {
            // Swept at the next start.
        }
    }

    /// What is in a slice beside attempts that are over. Below it are the slices of the runs that were steps of its run.
    private func others(
        in slice: String, _ isOver: @Sendable (AttemptName) async -> Bool
    ) async throws(ServiceManagerFault) -> [String] {
        var others: [String] = []
        for unit in try await manager.members(of: slice) {
            if let name = AttemptName(unit: unit), ForeignUnit.isOurs(slice, name.run.slice), await isOver(name) {
                continue
            }
            if unit.hasSuffix(".slice"), unit.hasPrefix(slice.dropLast(".slice".count) + "-") {
                others += try await self.others(in: unit, isOver)
            } else {
                others.append(unit)
            }
        }
        return others
    }
}

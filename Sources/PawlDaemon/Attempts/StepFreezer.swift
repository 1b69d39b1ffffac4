import PawlEngine
import PawlLanguage
import PawlModel
import Synchronization

/// Lets the steps of paused runs stand still, and start none.
///
/// A step is frozen as a unit of its own and not by its run's slice: systemd thaws a unit that it is to stop, but not the slice
/// around it, so that the shutdown of the host would wait for steps that cannot hear it. systemd's clocks go on for a frozen
/// unit. They are held by a drop-in, since nothing on the bus changes `RuntimeMaxSec=` of a unit that is loaded, and a reload has
/// PID 1 read it and arm its timers anew.
final class StepFreezer: Sendable {
    private let manager: any ServiceManager
    private let folders: any AttemptFiles
    private let now: @Sendable () -> Timestamp
    private let state = Mutex(State())

    private struct State {
        /// The runs that are paused.
        var paused: Set<RunID> = []
        /// How many steps of each are being asked for just now.
        var starting: [RunID: Int] = [:]
        /// The runs whose steps are being frozen or thawed just now.
        var busy: Set<RunID> = []
        /// Attempts that have a drop-in, and what systemd has read of it.
        var held: [AttemptName: String] = [:]
        /// Those who wait until something of this has changed.
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var lastWaiting = 0
        /// How often anything of this has changed.
        var version = 0
    }

    /// Speaks to systemd, and writes drop-ins.
    init(manager: any ServiceManager, folders: any AttemptFiles, now: @escaping @Sendable () -> Timestamp) {
        (self.manager, self.folders, self.now) = (manager, folders, now)
    }

    /// From now on no step of a run is asked for.
    func close(_ run: RunID) { change { _ = $0.paused.insert(run) } }

    /// Steps of a run may be asked for again.
    func open(_ run: RunID) { change { _ = $0.paused.remove(run) } }

    /// Waits until a step may be asked for: one that starts while its run is being frozen would be missed.
    ///
    /// - Returns: false if pawld ends.
    func enter(_ run: RunID) async -> Bool {
        await wait { state in
            guard !state.paused.contains(run) else { return false }
            state.starting[run, default: 0] += 1
            return true
        }
    }

    /// A step was asked for.
    func leave(_ run: RunID) {
        change { state in
            let left = (state.starting[run] ?? 1) - 1
            state.starting[run] = left > 0 ? left : nil
        }
    }

    /// Freezes what runs of a paused run. Doing it twice is fine.
    ///
    /// - Throws: what systemd or the disk has said; some steps may be frozen then.
    func freeze(_ run: RunID, _ steps: [StepCommand]) async throws(PauseFault) {
        guard await begin(run, isPaused: true) else { return }
        defer { end(run) }
        do {
            var held: [StepCommand] = []
            // What is about to end leaves its receipt, which a frozen recorder could not.
            for step in steps where try await goesOn(step) { held.append(step) }
            var dropIns: [(AttemptName, PauseDropIn)] = []
            for step in held { dropIns.append((step.name, PauseDropIn(holding: await dropIn(of: step.name)))) }
            try await lay(dropIns)
            for step in held {
                try await manager.freeze(step.name.unit)
                if try await !goesOn(step) { try await manager.thaw(step.name.unit) }
            }
        } catch {
            throw PauseFault(error)
        }
    }

    /// Lets the steps of a run go on, each for as much longer as its run was paused.
    ///
    /// - Throws: what systemd or the disk has said; some steps may be frozen then.
    func thaw(_ run: RunID, _ steps: [PausedStep]) async throws(PauseFault) {
        open(run)
        guard await begin(run, isPaused: false) else { return }
        defer { end(run) }
        do {
            var held: [PausedStep] = []
            for step in steps where await folders.dropIn(of: step.command.name) != nil { held.append(step) }
            // What was about to end too: its recorder stands still with it.
            for step in held where try await status(of: step.command)?.hasEnded == false {
                try await manager.thaw(step.command.name.unit)
            }
            // Only now: as long as a step stands still, no time of it runs.
            var dropIns: [(AttemptName, PauseDropIn)] = []
            for step in held {
                let late = step.unpaused.map { now().seconds(since: $0) } ?? 0
                dropIns.append(
                    (
                        step.command.name,
                        PauseDropIn(step, late: late, after: await dropIn(of: step.command.name))
                    ))
            }
            try await lay(dropIns)
        } catch {
            throw PauseFault(error)
        }
    }

    /// Freezes or thaws, and where systemd is not there, again once it is back: a step must not stand still for ever since the bus
    /// was lost in the moment in which its run went on.
    ///
    /// - Throws: what will not pass.
    func insist(
        _ run: RunID, _ signs: UnitSigns, _ body: () async throws(PauseFault) -> Void
    ) async throws(PauseFault) {
        let key = state.withLock { state in
            state.lastWaiting += 1
            return "\(run) \(state.lastWaiting)"
        }
        // Asked for before the first try: systemd may be back before that has failed.
        var sign = signs.signs(of: key).makeAsyncIterator()
        defer { signs.forget(key) }
        while !Task.isCancelled {
            do throws(PauseFault) { return try await body() } catch {
                guard error.isPassing else { throw error }
                _ = await sign.next(isolation: nil)
            }
        }
    }

    /// The end of an attempt is on disk: nobody needs its drop-in any more.
    func forget(_ name: AttemptName) async {
        guard state.withLock({ $0.held.removeValue(forKey: name) }) != nil else { return }
        // What stays of it is of a unit that never comes again, and goes with the boot.
        _ = try? await folders.setDropIn(nil, of: name)
    }

    private func dropIn(of name: AttemptName) async -> PauseDropIn? {
        await folders.dropIn(of: name).map { PauseDropIn(text: $0) }
    }

    private func lay(_ dropIns: [(name: AttemptName, dropIn: PauseDropIn)]) async throws {
        let dropIns = dropIns.map { (name: $0.name, text: $0.dropIn.text) }
        // An earlier pawld may have ended between the file and the reload: what is there need not have been read.
        let news = state.withLock { state in dropIns.filter { state.held[$0.name] != $0.text } }
        guard !news.isEmpty else { return }
        for (name, text) in news {
            state.withLock { $0.held[name] = "" }
            try await folders.setDropIn(text, of: name)
        }
        try await manager.reload()
        state.withLock { state in
            for (name, text) in news where state.held[name] != nil { state.held[name] = text }
        }
    }

    private func goesOn(_ step: StepCommand) async throws(ServiceManagerFault) -> Bool {
        try await status(of: step).map { !$0.hasEnded && !$0.isEnding } ?? false
    }

    /// What is known of a step's unit; nil where it is not loaded, or somebody else's.
    private func status(of step: StepCommand) async throws(ServiceManagerFault) -> UnitStatus? {
        let status = try await manager.status(of: step.name.unit)
        return status?.stranger(named: step.name.unit, to: step.name.run.slice) == nil ? status : nil
    }

    // MARK: One after the other

    /// Waits for a turn with a run's steps. Returns false where that is not what is wanted any more.
    private func begin(_ run: RunID, isPaused: Bool) async -> Bool {
        var isWanted = false
        let isReady = await wait { state in
            isWanted = state.paused.contains(run) == isPaused
            guard isWanted else { return true }
            guard !state.busy.contains(run), !isPaused || state.starting[run] == nil else { return false }
            state.busy.insert(run)
            return true
        }
        return isReady && isWanted
    }

    private func end(_ run: RunID) { change { _ = $0.busy.remove(run) } }

    private func change(_ body: (inout State) -> Void) {
        let waiting = state.withLock { state in
            body(&state)
            state.version += 1
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        for one in waiting { one.resume() }
    }

    /// Returns true once a condition holds, or false if the task is cancelled.
    private func wait(_ condition: (inout State) -> Bool) async -> Bool {
        while !Task.isCancelled {
            let seen: (version: Int, key: Int)? = state.withLock { state in
                if condition(&state) { return nil }
                state.lastWaiting += 1
                return (state.version, state.lastWaiting)
            }
            guard let seen else { return true }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    // What has changed since would not tell any more.
                    let mustWait = state.withLock { state in
                        guard !Task.isCancelled, state.version == seen.version else { return false }
                        state.waiting[seen.key] = continuation
                        return true
                    }
                    if !mustWait { continuation.resume() }
                }
            } onCancel: {
                state.withLock { $0.waiting.removeValue(forKey: seen.key) }?.resume()
            }
        }
        return false
    }
}

/// A step that goes on after a pause.
struct PausedStep: Sendable {
    /// The step.
    let command: StepCommand
    /// For how long its run was paused while it ran, by the records.
    let seconds: Double
    /// When that was over the last time; until it was thawed it stood still for longer.
    let unpaused: Timestamp?
}

/// Steps that could not be frozen, or thawed.
struct PauseFault: Error, Sendable, CustomStringConvertible {
    /// Why.
    let description: String
    /// Whether systemd did not answer, and will once it is back.
    let isPassing: Bool

    /// What is said of it.
    struct Words {
        var what: String
        var advice: String

        /// The fault with what to do; nothing is to be done where pawld asks again by itself.
        func sentence(_ fault: PauseFault) -> String {
            fault.isPassing ? "\(what) yet: \(fault)" : "\(what): \(fault); \(advice)"
        }
    }

    /// Of a run that is paused.
    static func notFrozen(_ run: String) -> Words {
        Words(
            what: "run \(run) is paused and starts nothing, but not all of its steps stand still",
            advice: "'pawl pause \(run)' tries it again")
    }

    /// Of a run that goes on.
    static func notThawed(_ run: String) -> Words {
        Words(
            what: "run \(run) goes on, but not all of its steps do",
            advice: "'pawl pause \(run)' and then 'pawl unpause \(run)' try it again")
    }

    init(_ error: any Error) {
        description = "\(error)"
        if case .unknownOutcome? = error as? ServiceManagerFault { isPassing = true } else { isPassing = false }
    }
}

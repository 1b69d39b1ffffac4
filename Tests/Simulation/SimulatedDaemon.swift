import EventLoopKit
import PawlEngine
import PawlLanguage
import PawlModel
import SystemdKit

@testable import PawlDaemon

/// One life of pawld: all of the daemon below its socket, from its start until it is killed or asked to end.
// SAFETY: as for `Schedule`.
final class SimulatedDaemon: @unchecked Sendable {
    let conductor: Conductor
    let freezer: StepFreezer
    private let host: SimulatedHost
    let schedule: Schedule
    private let bus: SimulatedBus
    private let files: SimulatedFiles
    private let store: SimulatedStore
    private let threads: [SimulatedThread]
    private let executor: SimulatedTaskExecutor
    private var root: Task<Void, Never>?
    /// Whether it answers on its socket.
    private(set) var isReady = false
    /// Whether nothing of it is left.
    private(set) var hasEnded = false
    /// Questions that were asked and not answered.
    private var questions = 0
    /// Whether somebody waits for an answer.
    var isAsked: Bool { questions > 0 }

    init(host: SimulatedHost, store: SimulatedStore, onEnd: @escaping @Sendable () -> Void) {
        self.host = host
        self.store = store
        schedule = host.schedule
        let (events, engine, disk) = (SimulatedThread(), SimulatedThread(), SimulatedThread())
        threads = [events, engine, disk]
        executor = SimulatedTaskExecutor(events)
        bus = SimulatedBus(host: host)
        files = SimulatedFiles(host: host, thread: disk)
        let (schedule, trace) = (host.schedule, host.trace)
        let journal = RunJournal(
            level: trace.isOn ? .debug : .error,
            entry: { fields in trace("pawld: \(fields.first { $0.name == "MESSAGE" }?.value ?? "")") },
            onActivity: { _, _ in })
        let world = World(
            now: { host.wallClock }, uptime: { Double(schedule.now) / 1_000_000 },
            jitter: { Double(schedule.chance.below(2001)) / 1000 - 1 },
            randomBits: { schedule.chance.next() }, isHostStopping: { host.hasMark },
            sleep: { try await SimulatedDaemon.sleep($0, schedule) })
        conductor = Conductor(executor: engine, store: store, world: world, journal: journal)
        let manager = SystemdServiceManager(units: bus, bootID: host.bootID, thread: events)
        let signs = UnitSigns()
        let slices = RunSlices(manager: manager, journal: journal)
        let freezer = StepFreezer(manager: manager, folders: files, now: { host.wallClock })
        self.freezer = freezer
        let driver = AttemptDriver(
            manager: manager, folders: files, slices: slices,
            freezer: freezer, signs: signs,
            isHostStopping: world.isHostStopping)
        let effects = EffectLoop(
            conductor: conductor,
            attempts: AttemptWork(conductor: conductor, driver: driver, folders: files, journal: journal),
            driver: driver, slices: slices)
        let sweep = StepSweep(conductor: conductor, manager: manager, slices: slices, signs: signs, journal: journal)
        schedule.threads = threads
        root = Task(executorPreference: executor) { [self] in
            await live(effects, manager, signs, sweep)
            hasEnded = true
            isReady = false
            onEnd()
        }
    }

    /// As `Daemon.run` does it.
    private func live(
        _ effects: EffectLoop, _ manager: SystemdServiceManager, _ signs: UnitSigns, _ sweep: StepSweep
    ) async {
        await conductor.limit(runs: host.faults.maxRuns, steps: host.faults.maxSteps)
        await withDiscardingTaskGroup { group in
            group.addTask { await manager.watch(signs) }
            group.addTask { await effects.run() }
            group.addTask { [self] in
                for await signal in await bus.signals() {
                    guard case .appeared = signal, let epoch = try? await manager.epoch() else { continue }
                    try? await effects.takeUp(epoch: epoch)
                    if Task.isCancelled { return }
                    let remaining = (try? await sweep.run()) ?? []
                    isReady = !Task.isCancelled
                    host.trace("pawld is ready")
                    await withDiscardingTaskGroup { group in
                        for unit in remaining { group.addTask { await sweep.releaseAtEnd(unit) } }
                    }
                    return
                }
            }
        }
    }

    /// Asks it something, as a client on the socket does.
    func ask(_ question: @escaping @Sendable (Conductor, any AttemptFiles) async -> Void) {
        questions += 1
        Task(executorPreference: executor) { [self] in
            await question(conductor, files)
            questions -= 1
        }
    }

    /// SIGKILL: from here on nothing that it does has an effect. What is left of it in this process is led to its end, so
    /// that a million lives leave nothing behind; that it comes to an end shows that SIGTERM would not hang either.
    ///
    /// - Returns: whether it did.
    func kill() -> Bool {
        // One that has ended by itself may have left questions: whoever asked them learns that nobody is there any more.
        bus.cut()
        files.isCut = true
        store.isCut = true
        root?.cancel()
        while !hasEnded || questions > 0 {
            guard let thread = threads.first(where: { !$0.isIdle }) else { return false }
            thread.runOne()
        }
        while let thread = threads.first(where: { !$0.isIdle }) { thread.runOne() }
        return true
    }

    /// SIGTERM.
    func terminate() { root?.cancel() }

    private static func sleep(_ seconds: Double, _ schedule: Schedule) async throws {
        let sleeper = Sleeper()
        let isOver = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { return continuation.resume(returning: false) }
                sleeper.continuation = continuation
                schedule.after(Int64(seconds * 1_000_000)) { sleeper.end(true) }
            }
        } onCancel: {
            sleeper.end(false)
        }
        if !isOver { throw CancellationError() }
    }
}

// SAFETY: as for `Schedule`.
private final class Sleeper: @unchecked Sendable {
    var continuation: CheckedContinuation<Bool, Never>?
    func end(_ isOver: Bool) {
        continuation?.resume(returning: isOver)
        continuation = nil
    }
}

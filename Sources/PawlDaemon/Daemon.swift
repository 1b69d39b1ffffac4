package import EventLoopKit
import FoundationEssentials
import Glibc
import PawlAPI
import PawlEngine
import PawlLanguage
import PawlModel
import PawlStore
import Synchronization
import SystemdKit
import VarlinkKit

/// pawld from its start to its end.
///
/// Three threads of our own carry it, each an executor of actors: `pawl-event` has the bus, the socket and the timers,
/// `pawl-engine` decides and records, `pawl-files` reads and writes attempts' folders, workflows and the journal.
package struct Daemon: Sendable {
    private let paths: Paths
    private var scope: RuntimeScope { paths.scope }
    private let events = EventLoop(name: "pawl-event")
    private let engine = EventLoop(name: "pawl-engine")
    private let files = EventLoop(name: "pawl-files")
    private let activity = Activity()
    /// Where what is isolated to no actor runs: on the event thread, since all of it is waiting and passing on.
    package let executor: LoopTaskExecutor

    /// The host's daemon, or that of the user whose process this is.
    ///
    /// - Throws: what keeps a user from having one.
    package init(isUser: Bool) throws {
        let user = isUser ? try UserFolders(uid: getuid()) { name in getenv(name).map { String(cString: $0) } } : nil
        paths = Paths(RuntimeScope(user))
        executor = LoopTaskExecutor(events)
    }

    /// Runs until it is asked to stop.
    ///
    /// - Throws: what keeps it from starting, in words for an admin.
    package func run() async throws {
        let activity = activity
        try paths.makeFolders()
        let lock = try StateLock(folder: paths.state)
        defer { lock.release() }
        // One that nobody can speak to takes nothing up: it would start steps, and then be gone.
        let listener = try listener()
        // The package makes it, but an admin may have given the state a disk of its own since.
        guard mkdir(paths.runs, 0o700) == 0 || errno == EEXIST else {
            throw StartFault("cannot make \(paths.runs): \(String(cString: strerror(errno)))")
        }
        let journal = RunJournal(level: .info, scope: scope) { runs, steps in activity.set(runs: runs, steps: steps) }
        let requests = SignalListener.requests(on: events)
        let bus = Bus(loop: events, address: scope.bus)
        let units = UnitManager(bus: bus, prefixes: [AttemptName.unitPrefix, "pawl@"])
        let signs = UnitSigns()
        let manager = SystemdServiceManager(
            units: units, bootID: HostReader.bootID() ?? "unknown", thread: events)
        let folders = AttemptFolders(
            runs: paths.runs, started: paths.started, dropIns: scope.runtimeUnits,
            stores: CredentialStores(scope: scope), owner: paths.owner, executor: files)
        let (store, damage) = try Store.openOrRescue(
            path: paths.database, label: String(Daemon.now().microseconds / 1_000_000))
        if let damage { journal.damaged(damage) }
        let conductor = Conductor(executor: engine, store: store, world: world(), journal: journal)
        let library = WorkflowLibrary(paths: paths, executor: files)
        // A name service may take its time, and nothing else is to wait for it.
        let authorization = Authorization(scope: scope, executor: EventLoop(name: "accounts"))
        let monitor = HostMonitor(
            conductor: conductor, library: library, journal: journal, events: events, files: files, scope: scope)
        let schedules = schedules(conductor, library, units, manager, journal)
        let slices = RunSlices(manager: manager, journal: journal)
        let freezer = StepFreezer(manager: manager, folders: folders, now: Daemon.now)
        let server = ManagerService(
            conductor: conductor, library: library, schedules: schedules, monitor: monitor, folders: folders,
            logs: LogReader(executor: files, scope: scope), paths: paths, activity: activity, journal: journal,
            started: Daemon.now(), authorization: authorization,
            auditor: Auditor(conductor: conductor, authorization: authorization, units: units, journal: journal),
            slices: slices, freezer: freezer, logFile: LogFile(path: paths.log, executor: files),
            retention: RunRetention(
                conductor: conductor, manager: manager, folders: folders, journal: journal),
            sliceUse: { await units.use(of: $0) })
        let driver = AttemptDriver(
            manager: manager, folders: folders, slices: slices, freezer: freezer, signs: signs,
            isHostStopping: conductor.world.isHostStopping)
        let attempts = AttemptWork(conductor: conductor, driver: driver, folders: folders, journal: journal)
        let effects = EffectLoop(conductor: conductor, attempts: attempts, driver: driver, slices: slices)
        let sweep = StepSweep(conductor: conductor, manager: manager, slices: slices, signs: signs, journal: journal)

        try await withThrowingDiscardingTaskGroup { group in
            // Subscribed first, looked afterwards: what happens between the two gives a sign.
            group.addTask { await manager.watch(signs) }
            group.addTask { await effects.run() }
            group.addTask {
                for await report in folders.progress { await conductor.note(progress: report.percent, of: report.name) }
            }
            // Before the runs that wait for their turn are taken up: there may be more of them than there is room for.
            let settings = await library.readSettings()
            await conductor.limit(runs: settings.maxRuns, steps: settings.maxSteps)
            await monitor.look()
            try await recover(effects, bus, units, manager) { systemd in
                if let systemd { await library.take(systemd: systemd) }
                _ = await server.reload()
            }
            for unit in await run(sweep) {
                group.addTask { await sweep.releaseAtEnd(unit) }
            }
            group.addTask { await server.keepLogFile() }
            group.addTask { await schedules.run() }
            group.addTask { await server.serve(on: listener, events: events) }
            let count = await conductor.activity
            activity.set(runs: count.runs, steps: count.steps)
            try Notify.send("READY=1")
            journal.ready(runs: count.runs)
            group.addTask { await feedWatchdog(conductor) }
            group.addTask {
                let missing = MissingRuns(conductor: conductor, folders: folders, journal: journal, runs: paths.runs)
                let count = await missing.tell()
                // For as long as the file is there, so that nobody takes what is left for all there was.
                activity.set(
                    losses: Store.setAside(beside: paths.database).map { "the store was damaged, see \($0)" }
                        + (count > 0 ? ["\(count) runs are missing from the store, see the journal"] : []))
            }
            group.addTask { await monitor.run() }
            group.addTask { await keepRetention(server) }
            for await request in requests {
                if case .stop = request { break }
                try await server.heed(request)
            }
            try Notify.send("STOPPING=1")
            // Nothing is lost by leaving: what is not recorded did not happen, and the steps are PID 1's.
            group.cancelAll()
        }
        await server.endLogFile()
    }

    // MARK: Parts of the start

    private func schedules(
        _ conductor: Conductor, _ library: WorkflowLibrary, _ units: UnitManager, _ manager: SystemdServiceManager,
        _ journal: RunJournal
    ) -> Schedules {
        Schedules(
            executor: events,
            manager: SystemdTimerManager(
                units: units, manager: manager, files: UnitFiles(executor: files), events: events),
            scope: scope, library: library, file: ScheduleFile(path: paths.schedules, executor: files),
            journal: journal,
            world: conductor.world,
            runs: Schedules.Runs(
                newest: { await conductor.newestRun(of: $0, workflow: $1) },
                isActive: { await conductor.activeRun(of: $0) != nil }))
    }

    private func world() -> World {
        let marker = paths.hostStopping
        return World(
            now: Daemon.now, uptime: Daemon.uptime, jitter: { Double.random(in: -1...1) },
            randomBits: { UInt64.random(in: .min ... .max) }, isHostStopping: { access(marker, F_OK) == 0 },
            sleep: { [events] in try await events.sleep(for: .seconds($0)) })
    }

    /// The wall clock.
    static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    /// Seconds since the boot, those of a sleep included.
    static func uptime() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Takes up the runs in flight; for as long as that takes, systemd is asked for patience.
    private func recover(
        _ effects: EffectLoop, _ bus: Bus, _ units: UnitManager, _ manager: SystemdServiceManager,
        read: @escaping @Sendable (_ systemd: Int?) async -> Void
    ) async throws {
        async let _: Void = askForPatience(effects.conductor)
        let epoch = try await connect(bus, units, manager)
        // Which systemd it is says what a workflow may ask of it; at the latest a step that asks for too much does not start.
        let systemd = try? await manager.version()
        // Beside each other: the workflows are read on one thread, the runs in flight on another.
        async let isRead: Void = read(systemd)
        try await effects.takeUp(epoch: epoch)
        await isRead
    }

    /// Puts `TimeoutStartSec=` off again and again until it is cancelled, by way of the engine: one that hangs is not to
    /// be waited for.
    private func askForPatience(_ conductor: Conductor) async {
        do {
            while true {
                try Notify.send("EXTEND_TIMEOUT_USEC=60000000")
                try await events.sleep(for: .seconds(20))
                await conductor.ping()
            }
        } catch {
            // The recovery is over, or there is nobody to ask.
        }
    }

    /// Subscribes to systemd's signals and learns the epoch. While the bus is not there it waits for it: at boot, and
    /// after a restart of dbus, it comes.
    private func connect(_ bus: Bus, _ units: UnitManager, _ manager: SystemdServiceManager) async throws -> String {
        let signals = await units.signals()
        do {
            try await bus.connect()
        } catch {
            // It is tried again by itself; the signal tells.
        }
        do {
            try await units.subscribe()
        } catch {
            // As above.
        }
        for await signal in signals {
            guard case .appeared = signal else { continue }
            do throws(ServiceManagerFault) {
                return try await manager.epoch()
            } catch {
                if case .refused = error { throw error }
            }
        }
        throw ServiceManagerFault.unknownOutcome("the bus was closed")
    }

    private func run(_ sweep: StepSweep) async -> [AttemptName] {
        do throws(ServiceManagerFault) {
            return try await sweep.run()
        } catch {
            sweep.journal.note(.warning, "Units left by an earlier pawld were not all looked through: \(error)")
            return []
        }
    }

    /// The socket that systemd listens on for us.
    private func listener() throws -> CInt {
        guard let descriptor = try ListenDescriptors().descriptors.first?.descriptor else {
            throw StartFault(
                "there is no socket: pawld is started by systemd, with '\(scope.systemctl) start pawld.socket'")
        }
        return descriptor
    }

    // MARK: While it runs

    /// Tells the watchdog that both the event thread and the engine are alive: the ping goes through both.
    private func feedWatchdog(_ conductor: Conductor) async {
        guard let interval = try? Notify.watchdogInterval() else { return }
        while true {
            do {
                try await events.sleep(for: interval / 2)
                await conductor.ping()
                try Notify.send("WATCHDOG=1")
            } catch {
                if Task.isCancelled { return }
            }
        }
    }

    /// Removes runs whose time is over, at once and then once an hour.
    private func keepRetention(_ server: ManagerService) async {
        do {
            while true {
                await server.retention.run(await server.library.settings.retention)
                await server.retention.runAudit(await server.library.settings.auditAge)
                try await events.sleep(for: .seconds(3600))
            }
        } catch {
            // pawld ends.
        }
    }

    // MARK: The mark of a shutdown

    /// Leaves the mark that the host goes down, if it does. Called by `pawl-shutdown.service` when that is stopped,
    /// which happens before any step is. If the manager cannot be asked any more, the host does go down.
    package func markShutdown() async throws {
        let bus = Bus(loop: events, address: scope.bus)
        let units = UnitManager(bus: bus, prefixes: [])
        var state = "stopping"
        do {
            try await bus.connect()
            state = try await units.systemState()
        } catch {
            // Nobody answers.
        }
        guard state == "stopping" else { return }
        let descriptor = open(paths.hostStopping, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw StartFault("cannot write \(paths.hostStopping): \(String(cString: strerror(errno)))")
        }
        close(descriptor)
    }
}

/// What keeps pawld from starting.
package struct StartFault: Error, Sendable, CustomStringConvertible {
    /// What happened and what to do.
    package let description: String
    init(_ description: String) { self.description = description }
}

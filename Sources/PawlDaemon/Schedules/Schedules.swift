import EventLoopKit
import PawlAPI
import PawlEngine
import PawlLanguage
import PawlModel

/// Keeps the timers of the workflows' schedules in step with their files, and catches up what was missed.
///
/// A timer is systemd's from the moment it is made: it elapses, and starts `pawl@NAME.service`, without pawld. What is remembered
/// is in `ScheduleRecord`: which schedules are turned off, and up to when each had its runs.
actor Schedules {
    private enum Wish {
        case keep
        case look(String)
        case lookAtAll
    }

    /// What becomes of the runs of a workflow's unit, as the schedules ask for it.
    struct Runs: Sendable {
        /// The newest run of a workflow, if it was started for its unit.
        var newest: @Sendable (_ unit: String, _ workflow: String) async -> (run: RunID, started: Timestamp)?
        /// Whether a run that was started for a unit has not ended.
        var isActive: @Sendable (_ unit: String) async -> Bool
    }

    private let executor: EventLoop
    private let manager: any TimerManager
    private let library: WorkflowLibrary
    private let file: ScheduleFile
    private let journal: RunJournal
    private let world: World
    private let runs: Runs
    private let scope: RuntimeScope

    private let wishes: AsyncStream<Wish>
    private let continuation: AsyncStream<Wish>.Continuation
    /// Nil until it was read.
    private var record: ScheduleRecord?
    private var recordNumber = 0
    private var schedules: [String: Schedule] = [:]
    /// The files of timers that go before those of schedules, by workflow.
    private var overriding: [String: String] = [:]
    private var catching: Set<String> = []
    /// Who waits for the next look at all timers.
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private(set) var isRunning = false

    init(
        executor: EventLoop, manager: any TimerManager, scope: RuntimeScope = .system, library: WorkflowLibrary,
        file: ScheduleFile,
        journal: RunJournal,
        world: World, runs: Runs
    ) {
        (self.executor, self.manager, self.library, self.file) = (executor, manager, library, file)
        (self.journal, self.world, self.runs) = (journal, world, runs)
        self.scope = scope
        (wishes, continuation) = AsyncStream<Wish>.makeStream()
    }

    /// The thread.
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    // MARK: From outside

    /// Keeps them until the task is cancelled.
    func run() async {
        isRunning = true
        await withDiscardingTaskGroup { group in
            let continuation = continuation
            group.addTask { [manager] in
                await manager.watch { sign in
                    switch sign {
                    case .changed: continuation.yield(.keep)
                    case .booted: continuation.yield(.lookAtAll)
                    case .ended(let workflow): continuation.yield(.look(workflow))
                    }
                }
            }
            for await wish in wishes {
                switch wish {
                case .keep:
                    let served = waiting
                    waiting = []
                    await keepAll()
                    for waiting in served { waiting.resume() }
                    continuation.yield(.lookAtAll)
                case .lookAtAll:
                    for name in record?.workflows.keys.sorted() ?? [] { continuation.yield(.look(name)) }
                case .look(let name):
                    guard !catching.contains(name), await hasMissed(name) else { continue }
                    catching.insert(name)
                    group.addTask { await self.catchUp(name) }
                }
            }
            // pawld ends, and with it whoever waits.
            isRunning = false
            for waiting in waiting { waiting.resume() }
            waiting = []
        }
    }

    /// The workflows were read again: comes back once the timers are what they say, as far as systemd can be reached.
    func keep() async {
        // What comes before is seen to at the first sign of systemd's.
        guard isRunning else { return }
        await withCheckedContinuation { waiting in
            self.waiting.append(waiting)
            continuation.yield(.keep)
        }
    }

    /// Turns the schedule of a workflow on or off, for good.
    func set(_ name: String, isEnabled: Bool) async throws(APIError) {
        let isScheduled = await library.schedules().schedules[name] != nil
        do throws(ScheduleFileFault) {
            _ = try await read()
        } catch {
            throw APIError(.storeFailed, error.description)
        }
        guard var record else { return }
        let isDisabled = record.disabled.contains(name)
        // One whose file is gone, or has lost its schedule, may be forgotten.
        if !isScheduled, !isDisabled {
            _ = try await library.entry(name)
            throw APIError(
                .invalidState,
                "workflow '\(name)' has no 'schedule' that could be turned on or off; '\(scope.systemctl) enable pawl@\(name)' would run "
                    + "it at each boot")
        }
        if isDisabled == isEnabled {
            let before = record.disabled
            record.disabled = isEnabled ? record.disabled.filter { $0 != name } : (record.disabled + [name]).sorted()
            do throws(ScheduleFileFault) {
                try await write(record)
            } catch {
                // It is not so, then.
                self.record?.disabled = before
                throw APIError(.storeFailed, "that cannot be remembered: \(error)")
            }
        }
        await keep()
    }

    /// What is said of each schedule in a list.
    func statuses() async -> [String: ScheduleStatus] {
        let known = await library.schedules().schedules
        let names = known.keys.sorted()
        let moments = await manager.nextElapses(of: names.map { TimerUnit.name(of: $0) })
        var statuses: [String: ScheduleStatus] = [:]
        for (name, moment) in zip(names, moments) {
            guard let schedule = known[name] else { continue }
            let isDisabled = record?.disabled.contains(name) == true
            let file = overriding[name]
            let state: ScheduleStatus.State = isDisabled ? .disabled : file != nil ? .overridden : .enabled
            statuses[name] = ScheduleStatus(
                expressions: schedule.expressions.map(\.description), catchUp: schedule.catchUp.rawValue, state: state,
                timer: file, next: isDisabled ? nil : moment.map { TimeText.text(of: $0) })
        }
        return statuses
    }

    /// A run was started for a unit: it is that of a moment, or of several.
    func started(_ unit: String, run: RunID) async {
        guard let name = TimerUnit.workflow(ofService: unit) else { return }
        await count(run, started: world.now(), of: name)
    }

    // MARK: The timers

    private func keepAll() async {
        do {
            _ = try await read()
            let (known, unclear) = await library.schedules()
            schedules = known
            try await keepTimers(unclear)
        } catch let fault as ServiceManagerFault {
            // Once systemd is back there is a sign.
            journal.schedule(.warning, nil, "The timers of schedules are as they were: \(fault)")
        } catch {
            journal.schedule(.error, nil, "Schedules are not kept: \(error)")
        }
    }

    private func keepTimers(_ unclear: Set<String>) async throws {
        let epoch = try await manager.epoch()
        for name in record?.workflows.keys.sorted() ?? [] where schedules[name] == nil && !unclear.contains(name) {
            override(name, by: nil)
            try await unlessRefused(name) { () async throws(ServiceManagerFault) in try await drop(name) }
        }
        let names = schedules.keys.sorted()
        let fragments = try await manager.fragments(of: names.map { TimerUnit.name(of: $0) })
        var made: [String] = []
        var hasGivenWay = false
        for name in names {
            guard let schedule = schedules[name] else { continue }
            try await unlessRefused(name) { () async throws(ServiceManagerFault) in
                if record?.disabled.contains(name) == true {
                    override(name, by: nil)
                    try await drop(name)
                } else if let file = fragments[TimerUnit.name(of: name)] {
                    override(name, by: file)
                    if record?.workflows[name] != nil { hasGivenWay = true }
                    try await drop(name)
                } else {
                    let timer = TimerUnit(workflow: name, schedule: schedule)
                    if try await keep(timer, epoch) { made.append(timer.name) }
                }
            }
        }
        // systemd remembers where it has found a unit's file, and that was ours.
        if hasGivenWay { try await manager.reread() }
        if !made.isEmpty { await manager.arrive(made) }
    }

    /// What is refused for one workflow is said, and keeps no other from its own.
    private func unlessRefused(
        _ name: String, _ body: () async throws(ServiceManagerFault) -> Void
    ) async throws(ServiceManagerFault) {
        do throws(ServiceManagerFault) {
            try await body()
        } catch {
            guard case .refused = error else { throw error }
            journal.schedule(.error, name, "The schedule of workflow '\(name)' is not in force: \(error)")
        }
    }

    /// Returns whether the timer had to be made.
    private func keep(_ timer: TimerUnit, _ epoch: String) async throws(ServiceManagerFault) -> Bool {
        let name = timer.workflow
        let state = try await manager.timer(timer.name)
        if let fragment = state?.fragment {
            // The file is gone, and systemd has not been told yet.
            override(name, by: fragment)
            return false
        }
        override(name, by: nil)
        let known = record?.workflows[name]
        let isSame = known?.timer == timer.text
        if state?.isActive == true, isSame, known?.epoch == epoch { return false }
        if state != nil { try await manager.remove(timer.name) }
        // A schedule that is new has missed nothing.
        let newest = isSame ? nil : await runs.newest(TimerUnit.service(of: name), name)
        var entry = ScheduleRecord.Entry(
            timer: timer.text, epoch: epoch, handled: world.now(), run: newest?.run.rawValue)
        if let known, isSame { (entry.handled, entry.run) = (known.handled, known.run) }
        await remember(name, entry)
        try await manager.start(timer)
        return true
    }

    /// There is to be no timer of ours.
    private func drop(_ name: String) async throws(ServiceManagerFault) {
        guard record?.workflows[name] != nil else { return }
        let unit = TimerUnit.name(of: name)
        if let state = try await manager.timer(unit), state.fragment == nil { try await manager.remove(unit) }
        await remember(name, nil)
    }

    /// The schedule of a workflow gives way to a timer that somebody has written, or does so no more.
    private func override(_ name: String, by file: String?) {
        guard overriding[name] != file else { return }
        overriding[name] = file
        guard let file else { return }
        journal.schedule(
            .notice, name,
            "The timer of workflow '\(name)' is that of \(file), and what the workflow says under 'schedule' is not in force"
        )
    }

    // MARK: What was missed

    /// Up to when a timer of ours has seen to its moments; nil where there is none.
    private func until(_ name: String) async -> Timestamp? {
        guard let state = try? await manager.timer(TimerUnit.name(of: name)), state.isActive, state.fragment == nil
        else { return nil }
        return state.until
    }

    /// The first moment at which no run began; nil if each had its own.
    private func missed(_ name: String) async -> (moment: Timestamp, until: Timestamp)? {
        guard let schedule = schedules[name], schedule.catchUp != .none, let until = await until(name) else {
            return nil
        }
        let clocks = await file.clocks(of: Set(schedule.expressions.map(\.zone)))
        guard let entry = record?.workflows[name],
            let next = schedule.next(after: entry.handled, clocks: { clocks[$0] ?? .utc }), next <= until
        else { return nil }
        return (next, until)
    }

    /// Counts a run as that of the first moment that has none, or of all of them. One that began before that is another's.
    private func count(_ run: RunID?, started: Timestamp, of name: String) async {
        guard schedules[name]?.catchUp != CatchUp.none, let missed = await missed(name), missed.moment <= started,
            var entry = record?.workflows[name], run == nil || entry.run != run?.rawValue
        else { return }
        let moment = schedules[name]?.catchUp == .all ? missed.moment : missed.until
        entry.handled = max(entry.handled, moment)
        entry.run = run?.rawValue ?? entry.run
        await remember(name, entry)
    }

    private func hasMissed(_ name: String) async -> Bool {
        guard let schedule = schedules[name], schedule.catchUp != .none, !world.isHostStopping() else { return false }
        // A start job that lasts as long as a run would keep the boot from its end.
        guard let isBooting = try? await manager.isBooting(), !isBooting else { return false }
        // One that was on disk when pawld was killed, and was not counted yet.
        if let newest = await runs.newest(TimerUnit.service(of: name), name) {
            await count(newest.run, started: newest.started, of: name)
        }
        return await missed(name) != nil
    }

    /// Starts the unit of a workflow as often as moments were missed, one run after the other.
    private func catchUp(_ name: String) async {
        defer { catching.remove(name) }
        let service = TimerUnit.service(of: name)
        do throws(ServiceManagerFault) {
            while await hasMissed(name) {
                try await manager.settle(service)
                guard let missed = await missed(name), let entry = record?.workflows[name], !world.isHostStopping()
                else {
                    return
                }
                // It waits for a person: a start would find that run, and be over at once.
                if await runs.isActive(service) { return }
                journal.schedule(
                    .notice, name,
                    "Workflow '\(name)' catches up what its schedule has missed since \(TimeText.text(of: missed.moment))"
                )
                try await manager.run(service)
                guard record?.workflows[name] == entry else { continue }
                // No run was started, and the unit says why, as it does when its timer elapses.
                await count(nil, started: world.now(), of: name)
            }
        } catch {
            // The next pawld goes on with it.
            guard !Task.isCancelled else { return }
            journal.schedule(.warning, name, "What workflow '\(name)' has missed is not caught up yet: \(error)")
        }
    }

    // MARK: The record

    private func read() async throws(ScheduleFileFault) -> ScheduleRecord {
        if let record { return record }
        let found = try await file.read()
        record = record ?? found
        return record ?? found
    }

    private func remember(_ name: String, _ entry: ScheduleRecord.Entry?) async {
        guard var record, record.workflows[name] != entry else { return }
        record.workflows[name] = entry
        do throws(ScheduleFileFault) {
            try await write(record)
        } catch {
            // What is in force counts, also on a full disk; at worst a moment has its run twice after a restart.
            journal.schedule(.error, name, "What was done for the schedule of '\(name)' is not remembered: \(error)")
        }
    }

    private func write(_ record: ScheduleRecord) async throws(ScheduleFileFault) {
        self.record = record
        recordNumber += 1
        try await file.write(record, number: recordNumber)
    }
}

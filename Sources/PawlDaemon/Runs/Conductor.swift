import EventLoopKit
import Glibc
import PawlAPI
import PawlEngine
import PawlLanguage
import PawlModel
import PawlStore

/// Holds the runs that have not ended. Whatever happens to one comes in here, is applied, decided upon and recorded in
/// one transaction with everything else that came in meanwhile; only then is anything done about it.
///
/// It lives on a thread of its own together with the store, so that a commit blocks nobody but those who wait for it.
actor Conductor {
    let executor: any ActorThread
    /// The store; only this actor touches it.
    let store: any RunRecords
    /// Time, chance, and whether the host goes down.
    let world: World
    /// Tells the journal what was decided.
    let journal: RunJournal
    /// What is to be done, in order; the daemon's task group takes it from here.
    nonisolated let works: AsyncStream<Work>
    let todo: AsyncStream<Work>.Continuation

    /// The runs that have not ended.
    var active: [RunID: ActiveRun] = [:]
    /// Who has which lock on this host, and who waits for it.
    var locks = LockTable()
    /// What the runs had of it before what is being recorded just now.
    var locksBefore: [RunID: [LockSeat: LockClaim]] = [:]
    /// What the host has room for, and who waits for room.
    var room = HostRoom()
    /// How many of their steps run.
    private(set) var stepsActive = 0
    /// This life of the manager, once it is known.
    private(set) var epoch = ""
    /// What has come in and was not recorded yet.
    private var inbox: [Incoming] = []
    private var isPassScheduled = false
    /// The number of the next one who watches a run.
    var nextWatcher = 0
    /// Attempts that are being started, awaited or harvested.
    private var driven: Set<AttemptName> = []
    /// Attempts of an earlier pawld that were not looked at yet.
    private var unseen: Set<AttemptName> = []
    private var seen: CheckedContinuation<Void, Never>?
    /// Runs of the store that this version could not take up. Their units are the only ones that know how they ended.
    private var unreadable: Set<RunID> = []
    /// Runs that pawld did not survive taking up, again and again: they are not even read.
    var setAside: Set<RunID> = []
    /// Ended runs that are being removed.
    var leaving: Set<RunID> = []
    /// Runs that are being taken up, and are marked as such in the store.
    var marked: [RunID] = []
    private var isClosed = false
    /// What the clocks showed when they were last looked at.
    private var clocks: (wall: Timestamp, uptime: Double)?

    private struct Incoming {
        var run: RunID
        var event: Event?
        var done: CheckedContinuation<Void, any Error>?
        var refusal: String?
    }

    /// Takes over a store.
    init(executor: any ActorThread, store: sending any RunRecords, world: World, journal: RunJournal) {
        self.executor = executor
        self.store = store
        self.world = world
        self.journal = journal
        (works, todo) = AsyncStream<Work>.makeStream()
    }

    /// The thread.
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Answers: proof that the engine is alive, for the watchdog.
    func ping() {
        #if DEBUG
            // For the test of the watchdog: the engine hangs for good while everything else goes on.
            if let path = getenv("PAWL_TEST_BLOCK_ENGINE"), access(path, F_OK) == 0 {
                unlink(path)
                while true { Glibc.pause() }
            }
        #endif
    }

    // MARK: Coming in

    /// Takes an event, and returns once it is on disk together with the decisions it led to.
    ///
    /// - Throws: `RecordFault` when it could not be recorded; then it has not happened.
    ///
    /// - Parameter other: an event of another run that is to be recorded in the same transaction.
    func submit(_ event: Event, to run: RunID, with other: (event: Event, run: RunID)? = nil) async throws {
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            if isClosed { return done.resume(throwing: RecordFault(description: "pawld ends")) }
            if let other { inbox.append(Incoming(run: other.run, event: other.event, done: nil)) }
            inbox.append(Incoming(run: run, event: event, done: done))
            schedulePass()
        }
    }

    /// Nobody carries anything out any more: what has come in and was not recorded has not happened. Without this those
    /// who wait for their records would wait for ever, and pawld with them.
    func close() {
        isClosed = true
        let left = inbox
        inbox = []
        for incoming in left { incoming.done?.resume(throwing: RecordFault(description: "pawld ends")) }
        // Attempts that were to be looked at are not looked at any more.
        seen?.resume()
        seen = nil
    }

    /// Looks at a run again: a pause or its timeout may be over.
    func look(at run: RunID) {
        active[run]?.wakeTime = nil
        active[run]?.awaitsHost = false
        inbox.append(Incoming(run: run, event: nil, done: nil))
        schedulePass()
    }

    /// A run has something to decide, though nothing has happened to it.
    func giveTurn(to run: RunID) {
        inbox.append(Incoming(run: run, event: nil, done: nil))
        schedulePass()
    }

    private func schedulePass() {
        guard !isPassScheduled else { return }
        isPassScheduled = true
        // Not at once: what is in this actor's queue already comes along in the same commit.
        todo.yield(.pass)
    }

    // MARK: Deciding and recording

    /// Applies what has come in, decides what follows, records all of it in one transaction, and then acts.
    func pass() {
        isPassScheduled = false
        var taken = inbox
        inbox = []
        let now = now()
        let context = context(now)
        // Once the host goes down what ends is recorded, and nothing is decided: a step that was killed by the shutdown
        // must not be tried again, nor its dependents be skipped.
        let mayDecide = !world.isHostStopping()
        var turns = Turns()
        var changes: [RunChange] = []
        locksBefore = [:]
        for (place, incoming) in taken.enumerated() {
            guard let entry = active[incoming.run], entry.fault == nil else { continue }
            if let event = incoming.event, event.kind != .runCreated, let refusal = entry.run.refusal(of: event) {
                taken[place].refusal = refusal
                continue
            }
            if mayDecide, let event = incoming.event, let refusal = entry.run.lockRefusal(of: event, locks) {
                taken[place].refusal = refusal
                continue
            }
            turns.add(incoming.run)
            guard let event = incoming.event else { continue }
            apply(event, to: incoming.run, at: now, in: &turns)
            // At once, so that the next one that comes in finds it taken.
            guard mayDecide, event.kind == .runCreated || event.kind == .runResumed else { continue }
            if let event = active[incoming.run]?.run.takeOwnLock(admitting(incoming.run, context), locks) {
                apply(event, to: incoming.run, at: now, in: &turns)
            }
        }
        if mayDecide { decide(context, &turns) }
        for id in turns.order {
            guard let run = active[id]?.run, let decided = turns.events[id], !decided.isEmpty else { continue }
            let first = run.eventCount - decided.count + 1
            changes.append(
                RunChange(
                    run: run,
                    events: decided.enumerated().map {
                        RecordedEvent(sequence: first + $0.offset, time: now, event: $0.element)
                    }))
        }
        if !changes.isEmpty {
            do {
                try store.record(changes)
            } catch {
                stand(still: changes.map(\.summary.id), because: "it cannot be recorded: \(error)")
            }
        }
        locksBefore = [:]
        for incoming in taken { answer(incoming) }
        for id in turns.order where active[id]?.fault == nil {
            act(on: turns.events[id] ?? [], of: id, now: now, mayDecide: mayDecide)
        }
        tellWaiters()
    }

    /// What the engine may know when it decides.
    func context(_ now: Timestamp) -> DecisionContext {
        DecisionContext(now: now, epoch: epoch, random: world.jitter)
    }

    /// Takes an event that nobody waits for.
    func take(_ event: Event, of run: RunID) {
        inbox.append(Incoming(run: run, event: event, done: nil))
        schedulePass()
    }

    /// The wall clock. If somebody has set it since it was last looked at, the runs' moments move along with it: a pause
    /// must not last a day longer, nor a run time out, because of that.
    private func now() -> Timestamp {
        let wall = world.now()
        guard let uptime = world.uptime?() else { return wall }
        if let clocks {
            let jump = wall.seconds(since: clocks.wall) - (uptime - clocks.uptime)
            if abs(jump) >= Conductor.leastJump {
                for id in active.keys { active[id]?.run.clockWasSet(by: jump) }
                journal.note(
                    .info, "The clock was set by \(Int(jump)) s: no run's pause or timeout is longer or shorter for it")
            }
        }
        clocks = (wall, uptime)
        return wall
    }

    /// What lies below it in seconds is the time between two looks at two clocks, or makes no difference.
    private static let leastJump = 2.0

    func apply(_ event: Event, to id: RunID, at time: Timestamp, in turns: inout Turns) {
        // A run that was created just now is made by that event.
        if case .runCreated = event {} else { active[id]?.run.apply(event, at: time) }
        noteRoom(of: id)
        noteLocks(of: id)
        active[id]?.note(event)
        turns.events[id]?.append(event)
        follow(event, of: id, at: time, in: &turns)
    }

    private func answer(_ incoming: Incoming) {
        guard let done = incoming.done else { return }
        if let refusal = incoming.refusal {
            done.resume(throwing: RecordFault(description: refusal, isRefusal: true))
        } else if let entry = active[incoming.run] {
            if let fault = entry.fault {
                done.resume(throwing: RecordFault(description: fault))
            } else {
                done.resume()
            }
        } else {
            done.resume(throwing: RecordFault(description: "the run is not there any more"))
        }
    }

    /// Does what the events that are on disk by now order.
    private func act(on events: [Event], of id: RunID, now: Timestamp, mayDecide: Bool) {
        guard let run = active[id]?.run else { return }
        for event in events {
            journal.write(event, of: run)
            switch event {
            case .attemptOrdered(let body):
                if let place = run.place(of: body.step, item: body.item) { drive(place, of: run, isNew: true) }
            case .cancelRequested:
                // systemd thaws what it stops.
                if run.wasPaused { todo.yield(.endPause(id)) }
                // Where nothing ran any more the handlers have their turn by now, and what runs is theirs.
                for place in run.running where run.cancel != nil {
                    guard let name = run.runningAttempt(of: place).flatMap({ AttemptName(unit: $0.unit) }) else {
                        continue
                    }
                    todo.yield(.stop(name))
                }
            // Whoever asked for it may be gone before it is done.
            case .runLimited:
                limitSlice(of: run)
            case .runPaused: freeze(run)
            case .runUnpaused: thaw(run)
            case .runEnded:
                todo.yield(.closeSlice(run))
            default:
                break
            }
        }
        if !mayDecide {
            // A shutdown can be called off. Then what was left undecided is decided a little later.
            if active[id]?.awaitsHost == false {
                active[id]?.awaitsHost = true
                todo.yield(.wake(id, seconds: 2))
            }
        } else if let wake = run.wakeTime, active[id]?.wakeTime != wake {
            active[id]?.wakeTime = wake
            // In parts: a run that ends early leaves no timer of a day behind, and a clock that jumps is noticed.
            todo.yield(.wake(id, seconds: min(300, max(0, wake.seconds(since: now)))))
        }
        count(id)
        // Without an event it ended before, and is here since somebody is about to retry it.
        if run.state.isEnded, !events.isEmpty { drop(id) } else { wakeWatchers(of: id) }
        journal.activity(runs: active.count, steps: stepsActive)
    }

    /// Holds a run no longer; who watches it is told.
    func drop(_ id: RunID) {
        wakeWatchers(of: id)
        guard let entry = active.removeValue(forKey: id) else { return }
        stepsActive -= entry.countedSteps
        leaveRoom(id)
        if locks.remove(id) { lookAtPending() }
        lookAtWaiting()
    }

    /// Counts a run's running steps anew. The sum is kept and not made: a thousand runs at once would each ask all others.
    func count(_ id: RunID) {
        guard let entry = active[id] else { return }
        let steps = entry.run.running.count
        stepsActive += steps - entry.countedSteps
        active[id]?.countedSteps = steps
        noteRoom(of: id)
    }

    private func drive(_ place: Place, of run: Run, isNew: Bool) {
        guard let attempt = run.runningAttempt(of: place) else { return }
        // It is driven as the run that it is.
        if let child = attempt.child { return tend(child, at: place, of: run) }
        let name = run.attemptName(place, number: attempt.number)
        guard driven.insert(name).inserted else { return }
        do {
            let command = try run.render(place, number: attempt.number)
            todo.yield(.drive(command, epoch: attempt.epoch, isNew: isNew))
        } catch {
            // It was rendered before it was ordered, with the same values; only a newer pawl can see it otherwise.
            driven.remove(name)
            unseen.remove(name)
            let outcome = AttemptOutcome(state: .failed, reason: error.description)
            inbox.append(
                Incoming(
                    run: run.id,
                    event: .attemptEnded(
                        AttemptEnded(step: name.step, item: name.item, number: name.number, outcome: outcome)),
                    done: nil))
            schedulePass()
        }
    }

    // MARK: What drivers ask and say

    /// Whether an attempt is to be stopped.
    func isCancelled(_ name: AttemptName) -> Bool {
        active[name.run]?.run.cancel != nil
    }

    /// When a run's cancellation was recorded.
    func cancellation(of run: RunID) -> Timestamp? {
        _ = now()
        return active[run]?.run.cancel?.time
    }

    /// The types of the outputs that a step declares.
    func declaredOutputs(of name: AttemptName) -> [String: ValueType] {
        guard let run = active[name.run]?.run, let index = run.index(of: name.step) else { return [:] }
        return run.workflow.steps[index].outputs
    }

    /// Nobody drives the attempt any more.
    ///
    /// - Parameter isSettled: whether its end is recorded, as far as it has one.
    func leave(_ name: AttemptName, isSettled: Bool) {
        driven.remove(name)
        looked(at: name)
        // If the run was resumed before its driver was back here, nobody has looked for the attempt since.
        if !isSettled, claims(name), let entry = active[name.run], entry.fault == nil,
            let place = entry.run.place(of: name.step, item: name.item)
        {
            drive(place, of: entry.run, isNew: false)
        }
    }

    /// An attempt of an earlier pawld was looked at for the first time. Returns whether it is to be stopped.
    @discardableResult
    func looked(at name: AttemptName) -> Bool {
        unseen.remove(name)
        if unseen.isEmpty, let seen {
            self.seen = nil
            seen.resume()
        }
        return isCancelled(name)
    }

    // MARK: Starting up

    /// Takes up the runs that have not ended. Their attempts are looked for, and adopted or started.
    ///
    /// - Returns: those to take up afterwards, one by one, since pawld did not survive that before.
    @discardableResult
    func recover(epoch: String) throws -> [RunSummaryRow] {
        self.epoch = epoch
        let rows = try store.openRuns()
        let plan = plan(for: rows)
        // What the others hold, whether they are taken up later or not at all, is theirs all the same.
        for row in rows where setAside.contains(row.id) { holdLocks(unread: row) }
        for row in plan.oneByOne {
            holdLocks(unread: row)
            if row.parent == nil { room.expect(row.id) }
        }
        mark(plan.atOnce.map(\.id))
        for row in plan.atOnce { takeUp(row) }
        // What it leads to belongs to taking it up.
        pass()
        journal.activity(runs: active.count, steps: stepsActive)
        return plan.oneByOne
    }

    /// Takes up a run that pawld may not survive, alone: if it does not, the mark of this one stays.
    func takeUp(suspect row: RunSummaryRow) {
        guard !isClosed else { return }
        mark([row.id])
        takeUp(row)
        pass()
        journal.activity(runs: active.count, steps: stepsActive)
    }

    func takeUp(_ row: RunSummaryRow) {
        do {
            guard let run = try store.run(row.id) else { return }
            active[row.id] = ActiveRun(run)
            count(row.id)
            putLocks(of: row.id)
            // pawld may have ended between the record and that.
            if run.hasSetLimits { limitSlice(of: run) }
            takeUpPause(of: run)
        } catch {
            // One run that cannot be read must not keep the others from going on.
            journal.unreadable(run: row.name, cause: "\(error)")
            unreadable.insert(row.id)
            holdLocks(unread: row)
            leaveRoom(row.id)
            return
        }
        driveAll(of: row.id)
        look(at: row.id)
    }

    /// Returns once each attempt that was running when pawld started has been looked at.
    func recovered() async {
        guard !unseen.isEmpty, !isClosed else { return }
        // Asked again, as in `change(of:since:)`.
        await withCheckedContinuation { if unseen.isEmpty || isClosed { $0.resume() } else { seen = $0 } }
    }

    /// Looks for every attempt of a run that has not ended and that nobody drives.
    func driveAll(of id: RunID) {
        guard let run = active[id]?.run else { return }
        for place in run.running.sorted() {
            guard let attempt = run.runningAttempt(of: place) else { continue }
            let name = run.attemptName(place, number: attempt.number)
            if !driven.contains(name), attempt.child == nil { unseen.insert(name) }
            drive(place, of: run, isNew: false)
        }
    }

    /// Whether a run is in the store and could not be read, or was set aside.
    func isUnreadable(_ id: RunID) -> Bool { unreadable.contains(id) || setAside.contains(id) }

    /// Whether the end of an attempt is on disk: nobody needs its unit any more.
    func hasRecordedEnd(of name: AttemptName) -> Bool {
        // A run that cannot be read now is none whose unit could be let go.
        guard let run = active[name.run]?.run ?? (try? store.run(name.run)) else { return false }
        return Conductor.hasRecordedEnd(of: name, in: run)
    }

    /// Whether a run knows the end of an attempt.
    static func hasRecordedEnd(of name: AttemptName, in run: Run) -> Bool {
        guard name.run == run.id, let place = run.place(of: name.step, item: name.item) else { return false }
        return run[place].attempts.contains { $0.number == name.number && $0.outcome != nil }
    }

    /// Whether the attempt is under way as far as the records say.
    func claims(_ name: AttemptName) -> Bool {
        guard let run = active[name.run]?.run, let place = run.place(of: name.step, item: name.item) else {
            return false
        }
        return run.runningAttempt(of: place)?.number == name.number
    }

    /// Those of the attempts that are under way as far as the records say.
    func claimed(_ names: [AttemptName]) -> Set<AttemptName> { Set(names.filter(claims)) }
}

/// An event that could not be recorded: it has not happened.
struct RecordFault: Error, Sendable, CustomStringConvertible {
    /// Why.
    let description: String
    /// Whether the run has gone on since it was asked for, so that the event does not fit any more.
    var isRefusal = false

    /// What the caller is told.
    func apiError(_ what: String = "") -> APIError {
        isRefusal ? APIError(.invalidState, description) : APIError(.storeFailed, what + description)
    }
}

import PawlEngine
import PawlLanguage
import PawlModel
import PawlStore

@testable import PawlDaemon

/// Holds what pawld records and starts against what truly happened. It knows nothing of how the engine decides.
final class Judge {
    let host: SimulatedHost
    /// Whether runs may stand still, since something of them could not be recorded or written.
    let mayStandStill: Bool
    let disk: SimulatedDisk
    private(set) var violations: [String] = []
    var runs: [RunID: Record] = [:]
    /// The run that each attempt is, as far as it is one.
    var children: [AttemptName: RunID] = [:]
    /// The runs of the last commit.
    var touched: Set<RunID> = []
    /// Ends of such attempts since the last commit, and whether their runs were to end.
    var ends: [AttemptName: (outcome: AttemptOutcome, isWanted: Bool)] = [:]
    /// What is held on the disk: by run, of the run itself under an empty name, of a step or item under its own.
    var held: [RunID: [String: String]] = [:]
    /// What the commit that is being looked at says of room.
    var room = Room()
    /// Whether no step may start.
    var isGated = false
    /// Attempts that were started, and those that were never seen though asked for three times.
    private(set) var starts = 0
    private(set) var neverAppeared = 0

    init(host: SimulatedHost, disk: SimulatedDisk) {
        (self.host, self.disk) = (host, disk)
        mayStandStill = host.faults.fillsDisk || host.faults.blows.contains(.failCommits)
    }

    func fail(_ text: String) {
        host.trace("VIOLATION: \(text)")
        violations.append(text)
    }

    // MARK: Starts

    func started(_ attempt: AttemptName) {
        starts += 1
        guard let record = runs[attempt.run] else { return fail("\(attempt) runs, and its run is not on the disk") }
        if host.truths[attempt]?.starts != 1 { fail("\(attempt) was started twice") }
        // Nobody can help a call of a dead pawld that comes in after its attempt was cancelled, or found to have an unmet condition,
        // without having been started.
        if isLate(attempt, record) { return }
        if !record.open.contains(attempt) { fail("\(attempt) runs, and no order of it is on the disk") }
        guard let step = record.workflow.steps.first(where: { $0.id == attempt.step }) else { return }
        if step.phase != record.phase { fail("\(attempt) runs, and it is the turn of '\(record.phase.rawValue)'") }
        check(attempt, step, record)
        checkLocks(attempt, step, record)
        checkLimits(attempt, record)
        let running = host.units.values.count {
            !$0.isForeign && $0.attempt.run == attempt.run && $0.mainCode == 0 && !$0.invocation.isEmpty
                && !isLate($0.attempt, record)
        }
        if running > record.workflow.maxParallel ?? 4 { fail("\(running) steps of \(attempt.run) run at once") }
    }

    /// A step's own program begins.
    func began(_ attempt: AttemptName) {
        guard let record = runs[attempt.run] else { return }
        let step = record.workflow.steps.first { $0.id == attempt.step }
        // What repairs does none of the step's work.
        if step?.doneWhen.probes.isEmpty == false, !record.repairs.contains(attempt), host.work.isDone(attempt) {
            fail("\(attempt) does what is done already")
        }
        if record.questions.contains(attempt) { fail("\(attempt) is to ask, and does the work") }
    }

    /// Whether an attempt was over without having been started, when a call of a dead pawld came in that starts it.
    func isLate(_ attempt: AttemptName, _ record: Record) -> Bool {
        guard host.lateStarts.contains(attempt.unit) else { return false }
        let truth = host.truths[attempt] ?? Truth()
        switch record.results[attempt] {
        case .cancelled, .skipped: return true
        case .failed: return truth.unmetAssertions > 0
        default: return false
        }
    }

    /// Whether what a step waits for is as it has to be.
    private func check(_ attempt: AttemptName, _ step: Step, _ record: Record) {
        var alternatives: [Bool] = []
        for (index, kind) in zip(step.dependencies, step.dependencyKinds) {
            let dependency = record.workflow.steps[index]
            let state = record.ended[dependency.id]
            let hasFailed = state == .failed || state == .timedOut || state == .interrupted
            let isDone =
                state == .succeeded || state == .skipped && !record.blamed.contains(dependency.id)
                || hasFailed && dependency.continueOnFailure
            let isMet =
                switch kind {
                case .done: isDone
                case .ended: state != nil
                case .failed: hasFailed
                case .any: true
                }
            if kind == .done, dependency.service != nil, state == .succeeded {
                let places = record.services.filter {
                    $0.key == dependency.id || $0.key.hasPrefix(dependency.id + ".")
                }
                let items = record.items[dependency.id]
                if places.isEmpty, items == nil || items ?? 0 > 0 && isAnyDone(dependency.id, record) {
                    fail("\(attempt) runs without the service of '\(dependency.id)'")
                }
                for (name, epoch) in places where epoch != host.epoch && record.ended[name] == .succeeded {
                    fail("\(attempt) runs, and the service of '\(name)' went with the host")
                }
            }
            if kind == .any { alternatives.append(isDone) }
            if !isMet {
                fail("\(attempt) runs, and '\(dependency.id)' before it (\(kind)) is \(state?.rawValue ?? "not over")")
            }
        }
        if !alternatives.isEmpty, !alternatives.contains(true) {
            fail("\(attempt) runs, and none of those before it is done")
        }
        if let most = step.foreach?.maxParallel {
            let running = record.open.count { $0.step == step.id && host.units[$0.unit]?.mainCode == 0 }
            if running > most { fail("\(running) items of \(attempt.run).\(step.id) run at once") }
        }
    }

    // MARK: Records

    func recorded(_ changes: [RunChange]) {
        for change in changes { recorded(change) }
        judgeRoom()
        checkHolders()
    }

    private func recorded(_ change: RunChange) {
        let id = change.summary.id
        touched.insert(id)
        for entry in change.events {
            if case .runCreated(let body) = entry.event, let workflow = disk.workflows[body.text] {
                if runs[id] != nil { fail("the run \(id) was made twice") }
                runs[id] = Record(workflow: workflow)
                runs[id]?.parent = body.parent
                if let parent = body.parent { made(id, of: parent) }
            }
            guard var record = runs.removeValue(forKey: id) else { return fail("the run \(id) has no first event") }
            record.sequence += 1
            host.trace("on disk: event \(entry.sequence) of \(id): \(entry.event.summary)")
            if entry.sequence != record.sequence {
                fail("event \(entry.sequence) of \(id) is recorded where \(record.sequence) comes next")
            }
            judge(entry, id, &record)
            judge(room: entry.event, id, &record)
            judge(locks: entry.event, id, &record)
            runs[id] = record
        }
    }

    private func judge(_ entry: RecordedEvent, _ id: RunID, _ record: inout Record) {
        let decisions: Set<Event.Kind> = [
            .attemptOrdered, .delaySet, .stepEnded, .stepExpanded, .approvalAsked, .phaseBegan, .runStopped, .hostLost,
            .servicesLost, .runEnded, .lockWanted, .lockGranted, .lockRefused,
            .runBegan,
        ]
        if host.hasMark, decisions.contains(entry.event.kind) {
            fail("\(entry.event.kind) of \(id) was decided while the host goes down")
        }
        if record.isPaused, decisions.contains(entry.event.kind) || entry.event.kind == .runPaused {
            fail("\(entry.event.kind) of \(id) was decided while it is paused")
        }
        if record.hasEnded, entry.event.kind != .runResumed, entry.event.kind != .runUndone {
            fail("\(entry.event.kind) after the end of \(id)")
        }
        switch entry.event {
        case .runCreated(let body): record.epoch = body.epoch
        case .runStopped, .approvalAsked, .approvalAnswered, .runUndone, .runLimited, .runPaused, .lockWanted,
            .lockGranted, .lockRefused:
            break
        case .runUnpaused: if !record.isPaused { fail("\(id) goes on, and was not paused") }
        case .runBegan(let body):
            if record.hasBegun { fail("\(id) begins again") }
            record.epoch = body.epoch
        case .hostLost(let body):
            if !record.hasBegun, record.parent == nil {
                fail("the host of \(id) was lost, and nothing of it had begun")
            }
            lost(body, id, &record)
        case .servicesLost(let body):
            for entry in body.entries { reopen(entry.step, entry.item, &record) }
        case .stepExpanded(let body):
            if record.items[body.step] != nil { fail("the items of '\(body.step)' of \(id) were told twice") }
            record.items[body.step] = body.items.count
        case .phaseBegan(let body):
            if !record.open.isEmpty { fail("'\(body.phase.rawValue)' of \(id) began while \(record.open) run") }
            record.phase = body.phase
            record.fails = false
            record.cancelled = nil
        case .attemptOrdered(let body):
            let name = AttemptName(run: id, step: body.step, item: body.item, number: body.number)
            if record.epochs[name] != nil { fail("\(name) was ordered twice") }
            if record.ended[place(body.step, body.item)] != nil { fail("\(name) was ordered, and its step is over") }
            if record.open.contains(where: { $0.step == body.step && $0.item == body.item }) {
                fail("\(name) was ordered beside another one")
            }
            if let item = body.item, item >= record.items[body.step] ?? 0 { fail("\(name) is no item that is known") }
            record.epochs[name] = body.epoch
            record.children[name] = body.child?.id
            if record.workflow.recovery != .resume, record.phase == .main, record.epoch != body.epoch {
                fail("\(name) was ordered after a boot, and the workflow says 'recovery: \(record.workflow.recovery)'")
            }
            if record.fails { fail("\(name) was ordered though the run fails") }
            record.epoch = body.epoch
            record.open.insert(name)
            let step = record.workflow.steps.first { $0.id == body.step }
            if record.failures[place(body.step, body.item), default: 0] > step?.retry.maxRetries ?? 0 {
                fail("\(name) is a retry too many")
            }
            record.unasked.remove(place(body.step, body.item))
            if body.asksOnly != true { judge(due: record.due[place(body.step, body.item)], name, repair: body.repair) }
            if body.repair != nil { record.repairs.insert(name) }
            if body.asksOnly == true {
                record.questions.insert(name)
                if !record.lastInterrupted.contains(place(body.step, body.item)) {
                    fail("\(name) asks, and nothing was interrupted")
                }
            } else if record.lastInterrupted.remove(place(body.step, body.item)) != nil, step?.interrupted != .rerun {
                fail("\(name) was ordered after an interruption, and nobody asked for that")
            }
        case .attemptEnded(let body):
            let name = AttemptName(run: id, step: body.step, item: body.item, number: body.number)
            if record.open.remove(name) == nil { fail("\(name) has a result again, or was never ordered") }
            if body.outcome.state == .interrupted {
                record.lastInterrupted.insert(place(body.step, body.item))
                let step = record.workflow.steps.first { $0.id == body.step }
                if step?.doneWhen.probes.isEmpty == false { record.unasked.insert(place(body.step, body.item)) }
            } else if record.repairs.contains(name) {
                // Before the step itself is tried again it has to have done well.
                record.due[place(body.step, body.item)] = body.outcome.state == .succeeded ? .aTry : .nothing
            } else if [.failed, .timedOut].contains(body.outcome.state), !record.questions.contains(name) {
                record.failures[place(body.step, body.item), default: 0] += 1
                record.due[place(body.step, body.item)] = due(name, body.outcome, record)
            }
            record.results[name] = body.outcome.state
            if let step = record.workflow.steps.first(where: { $0.id == body.step }) {
                if step.service != nil, isReady(name, body.outcome), !record.repairs.contains(name) {
                    record.services[place(body.step, body.item)] = record.epochs[name]
                }
                // What that attempt could not stop is told of as its failure.
                if case .stopServices = step.action { record.services = [:] }
            }
            if record.children[name] == nil {
                compare(name, body.outcome, record)
            } else {
                let isWanted = record.cancelled != nil || record.workflow.recovery != .resume
                ends[name] = (body.outcome, isWanted)
            }
        case .delaySet(let body):
            let step = record.workflow.steps.first { $0.id == body.step }
            if record.failures[place(body.step, body.item), default: 0] > step?.retry.maxRetries ?? 0 {
                fail("a pause of '\(body.step)' of \(id) after its last attempt")
            }
        case .stepEnded(let body):
            if record.ended[place(body.step, body.item)] != nil { fail("'\(body.step)' of \(id) ended again") }
            if record.open.contains(where: { $0.step == body.step && (body.item == nil || $0.item == body.item) }) {
                fail("'\(body.step)' of \(id) ended while it runs")
            }
            if body.item == nil, body.state != .skipped, let count = record.items[body.step] {
                for item in 0..<count where record.ended[place(body.step, item)] == nil {
                    fail("'\(body.step)' of \(id) ended before its item \(item)")
                }
            }
            if body.state == .interrupted, record.unasked.contains(place(body.step, body.item)),
                record.cancelled == nil,
                !record.fails, !isHeldBack(body.step, record)
            {
                fail("'\(body.step)' of \(id) is given up, and was not asked whether it is done")
            }
            if body.state == .succeeded,
                let last = record.repairs.filter({ $0.isPlace(body.step, body.item) }).map(\.number).max(),
                !record.results.contains(where: {
                    $0.key.isPlace(body.step, body.item) && $0.key.number > last
                        && ($0.value == .succeeded || $0.value == .skipped && host.work.wasDone($0.key))
                })
            {
                fail("'\(body.step)' of \(id) has succeeded, and only its repair did")
            }
            record.due[place(body.step, body.item)] = nil
            // It was asked whether it is done, or judged as it says: what comes after a boot is something else.
            if body.state == .succeeded { record.lastInterrupted.remove(place(body.step, body.item)) }
            record.ended[place(body.step, body.item)] = body.state
            if body.because != nil { record.blamed.insert(body.step) }
        case .cancelRequested:
            record.cancelled = entry.time
        case .runResumed(let body):
            if record.cancelled != nil, !record.hasEnded { fail("the cancellation of \(id) was taken back") }
            record.hasEnded = false
            record.end = nil
            record.fails = false
            record.epoch = body.epoch
            record.cancelled = nil
            // What is to be asked still is asked.
            record.lastInterrupted = record.lastInterrupted.intersection(record.unasked)
            if body.retry {
                (record.lastInterrupted, record.unasked) = ([], [])
                retry(&record)
            }
            if record.phase == .main { reopenServices(&record) }
        case .runEnded(let body):
            if body.state != .succeeded, record.services.values.contains(where: { $0 == host.epoch }),
                record.cancelled == nil
            {
                fail("the run \(id) has \(body.state.rawValue), and services of it are up: \(record.services.keys)")
            }
            if record.fails, body.state == .succeeded { fail("the run \(id) succeeded though the host was lost") }
            if !record.open.isEmpty { fail("the run \(id) ended while \(record.open) run") }
            if body.state == .succeeded {
                let left = record.workflow.steps.filter { step in
                    guard step.phase == .main || step.phase == .onSuccess || step.phase == .onExit else { return false }
                    let state = record.ended[step.id]
                    if state == .succeeded || state == .skipped && !record.blamed.contains(step.id) { return false }
                    // What depends on a step that may fail is skipped where that one was not run at all.
                    return !step.continueOnFailure
                }
                if !left.isEmpty { fail("the run \(id) succeeded without \(left.map(\.id))") }
            }
            record.hasEnded = true
            record.end = body
        }
    }

    /// The run is done again, or is to fail.
    private func lost(_ body: HostLost, _ id: RunID, _ record: inout Record) {
        if body.recovery != record.workflow.recovery { fail("\(body.recovery) of \(id) is not what its workflow says") }
        if body.epoch == record.epoch { fail("the host of \(id) was lost, and there was no boot") }
        if !record.open.isEmpty { fail("the loss of \(id) was decided upon while \(record.open) run") }
        if record.phase != .main || record.cancelled != nil { fail("the loss of \(id) was decided upon at its end") }
        record.epoch = body.epoch
        record.fails = body.recovery == .fail
        guard body.recovery == .restart else { return }
        (record.ended, record.items, record.failures, record.due) = ([:], [:], [:], [:])
        (record.blamed, record.lastInterrupted, record.unasked) = ([], [], [])
    }

    private func isAnyDone(_ step: String, _ record: Record) -> Bool {
        record.ended.contains { $0.key.hasPrefix(step + ".") && $0.value == .succeeded }
    }

    /// Who opens a run again asks for its services again.
    private func reopenServices(_ record: inout Record) {
        for step in record.workflow.steps where step.service != nil && step.phase == .main {
            let items = record.items[step.id].map { Array(0..<$0).map(Optional.some) } ?? [nil]
            for item in items {
                // One that is over without having been ready was passed over.
                let last = record.epochs.keys.filter { $0.isPlace(step.id, item) }.max { $0.number < $1.number }
                guard let last, [.succeeded, .skipped].contains(record.ended[place(step.id, item)]),
                    record.ended[place(step.id, item)] == .succeeded
                        || record.results[last] == .skipped && host.work.wasDone(last)
                else { continue }
                reopen(step.id, item, &record)
            }
        }
    }

    /// Whether what a step needs was opened again since, and is not to be had any more.
    private func isHeldBack(_ step: String, _ record: Record) -> Bool {
        guard let step = record.workflow.steps.first(where: { $0.id == step }) else { return false }
        return zip(step.dependencies, step.dependencyKinds).contains { index, kind in
            let dependency = record.workflow.steps[index]
            guard kind == .done, let state = record.ended[dependency.id] else { return false }
            if state == .skipped { return record.blamed.contains(dependency.id) }
            return state != .succeeded && !dependency.continueOnFailure
        }
    }

    /// Whether an attempt has left its service ready: started, or found so.
    private func isReady(_ name: AttemptName, _ outcome: AttemptOutcome) -> Bool {
        outcome.state == .succeeded || outcome.state == .skipped && host.work.wasDone(name)
    }

    private func reopen(_ step: String, _ item: Int?, _ record: inout Record) {
        for name in Set([place(step, item), step]) {
            record.ended[name] = nil
            record.failures[name] = 0
        }
    }

    /// What has succeeded stays done, of items too; handlers have their turn anew.
    private func retry(_ record: inout Record) {
        record.phase = .main
        record.due = [:]
        for step in record.workflow.steps {
            guard step.phase != .main || record.ended[step.id] != .succeeded else { continue }
            record.ended[step.id] = nil
            record.failures[step.id] = 0
            record.blamed.remove(step.id)
            guard let count = record.items[step.id] else { continue }
            if count == 0 || step.phase != .main { record.items[step.id] = nil }
            for item in 0..<count where record.ended[place(step.id, item)] != .succeeded || step.phase != .main {
                record.ended[place(step.id, item)] = nil
                record.failures[place(step.id, item)] = 0
            }
        }
    }

    // MARK: Results

    private func compare(_ name: AttemptName, _ outcome: AttemptOutcome, _ record: Record) {
        let truth = host.truths[name] ?? Truth()
        let words = "\(name) is recorded as \(outcome.state.rawValue) (\(outcome.reason ?? ""))"
        if let unit = host.units[name.unit], !unit.isForeign, unit.mainCode == 0, !unit.invocation.isEmpty {
            // As above: nobody can help that.
            if isLate(name, record) { return }
            return fail("\(words) while it runs")
        }
        let receipt = host.receipts[name]?.receipt
        let hasJumped = host.hasClockJumped
        switch outcome.state {
        case .succeeded:
            let isZero = truth.end == .exited(0) && truth.result == "success"
            if !isZero, !isSuccess(name, truth, record) { fail("\(words), and it ended as \(truth)") }
            if truth.stops.contains(.host) { fail("\(words), and it went down with the host") }
            if !truth.stops.isDisjoint(with: [.order, .slice]), !hasJumped {
                fail("\(words), and pawld had stopped it")
            }
        case .failed:
            guard truth.starts > 0 else {
                let isNever = outcome.reason?.contains("never appeared") ?? false
                if isNever { neverAppeared += 1 }
                if isNever, (truth.unmetConditions > 0 || truth.unmetAssertions > 0), isTold(name) {
                    fail("\(words), and pawld was told that its condition did not hold")
                }
                let isUnmet = truth.unmetAssertions > 0 && outcome.reason?.contains("AssertPathExists=/x") == true
                if !truth.wasRefused, !isNever, !isUnmet, !host.foreignNames.contains(name) {
                    fail("\(words), and it was never started")
                }
                return
            }
            if truth.stops.contains(.host) { fail("\(words), and it went down with the host") }
            switch truth.end {
            case .exited(let status)?:
                if isSuccess(name, truth, record) { fail("\(words), and its workflow takes that for a success") }
                if status == 0 || outcome.exitCode != status { fail("\(words), and it ended as \(truth)") }
            case .killed(let signal)?:
                if outcome.signal != SignalNames.text(signal) { fail("\(words), and it ended as \(truth)") }
            case nil: fail("\(words), and it never ended")
            }
        case .timedOut:
            if truth.result != "timeout" { fail("\(words), and it ended as \(truth)") }
            if truth.stops.contains(.host) { fail("\(words), and it went down with the host") }
        case .cancelled:
            guard let cancelled = record.cancelled else { return fail("\(words), and nobody cancelled it") }
            if let receipt, !hasJumped, receipt.realtimeMicroseconds < cancelled.microseconds {
                fail("\(words), and it had ended before")
            }
        case .interrupted:
            let isLost =
                truth.wasLostWithHost || truth.endedWhileStopping || receipt?.stopping == true
                || truth.wasReceiptLostWithHost || truth.wasResetByHand || truth.isReceiptLost && host.hasMark
            // In another life of the host nothing but a receipt could tell.
            if receipt == nil, record.epochs[name] != host.epoch { return }
            // That somebody else had its name may be all that is known of it.
            if !isLost, !host.foreignNames.contains(name) { fail("\(words), and it ended as \(truth)") }
        case .skipped:
            // It was done before and a question was all there was to it, or a condition of its unit's did not hold.
            let wasDone = truth.end == .exited(0) && host.work.wasDone(name)
            let isRun = truth.starts > 0 && !isLate(name, record)
            if !wasDone {
                if truth.unmetConditions == 0 || isRun { fail("\(words), and it ended as \(truth)") }
                if outcome.reason?.contains("ConditionPathExists=/x") != true {
                    fail("\(words), and does not say which")
                }
            }
        case .waiting, .running:
            fail(words)
        }
    }

    /// Whether the pawld that lives was told so often of an unmet condition that it must have heard.
    private func isTold(_ name: AttemptName) -> Bool { host.connection?.toldUnmet[name.unit] ?? 0 > 1 }
}

import PawlEngine
import PawlLanguage
import PawlModel
import PawlStore

@testable import PawlDaemon

/// Holds what pawld records and starts against what truly happened. It knows nothing of how the engine decides.
final class Judge {
    private let host: SimulatedHost
    private let disk: SimulatedDisk
    private(set) var violations: [String] = []
    private var runs: [RunID: Record] = [:]
    /// Attempts that were started, and those that were never seen though asked for three times.
    private(set) var starts = 0
    private(set) var neverAppeared = 0

    private struct Record {
        var workflow: Workflow
        var ended: [String: StepState] = [:]
        var open: Set<AttemptName> = []
        var epochs: [AttemptName: String] = [:]
        var results: [AttemptName: StepState] = [:]
        var failures: [String: Int] = [:]
        var lastInterrupted: Set<String> = []
        var cancelled: Timestamp?
        var hasEnded = false
        var sequence = 0
    }

    init(host: SimulatedHost, disk: SimulatedDisk) {
        (self.host, self.disk) = (host, disk)
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
        // Nobody can help a call of a dead pawld that comes in after its attempt was cancelled without having been started.
        if host.lateStarts.contains(attempt.unit), record.results[attempt] == .cancelled { return }
        if !record.open.contains(attempt) { fail("\(attempt) runs, and no order of it is on the disk") }
        guard let step = record.workflow.steps.first(where: { $0.id == attempt.step }) else { return }
        for dependency in step.dependencies.map({ record.workflow.steps[$0] }) {
            switch record.ended[dependency.id] {
            case .succeeded: break
            case .failed where dependency.continueOnFailure, .timedOut where dependency.continueOnFailure,
                .interrupted where dependency.continueOnFailure:
                break
            case let state:
                fail("\(attempt) runs, and '\(dependency.id)' before it is \(state?.rawValue ?? "not over")")
            }
        }
        let running = host.units.values.count {
            $0.attempt.run == attempt.run && $0.mainCode == 0 && !$0.invocation.isEmpty
                && !(host.lateStarts.contains($0.name) && record.results[$0.attempt] == .cancelled)
        }
        if running > record.workflow.maxParallel ?? 4 { fail("\(running) steps of \(attempt.run) run at once") }
    }

    // MARK: Records

    func recorded(_ change: RunChange) {
        let id = change.summary.id
        for entry in change.events {
            if case .runCreated(let body) = entry.event, let workflow = disk.workflows[body.text] {
                if runs[id] != nil { fail("the run \(id) was made twice") }
                runs[id] = Record(workflow: workflow)
            }
            guard var record = runs.removeValue(forKey: id) else { return fail("the run \(id) has no first event") }
            record.sequence += 1
            host.trace("on disk: event \(entry.sequence) of \(id): \(entry.event.summary)")
            if entry.sequence != record.sequence {
                fail("event \(entry.sequence) of \(id) is recorded where \(record.sequence) comes next")
            }
            judge(entry, id, &record)
            runs[id] = record
        }
    }

    private func judge(_ entry: RecordedEvent, _ id: RunID, _ record: inout Record) {
        let decisions: Set<Event.Kind> = [.attemptOrdered, .delaySet, .stepEnded, .runStopped, .runEnded]
        if host.hasMark, decisions.contains(entry.event.kind) {
            fail("\(entry.event.kind) of \(id) was decided while the host goes down")
        }
        if record.hasEnded, entry.event.kind != .runResumed { fail("\(entry.event.kind) after the end of \(id)") }
        switch entry.event {
        case .runCreated, .runStopped: break
        case .attemptOrdered(let body):
            let name = AttemptName(run: id, step: body.step, number: body.number)
            if record.epochs[name] != nil { fail("\(name) was ordered twice") }
            if record.ended[body.step] != nil { fail("\(name) was ordered, and its step is over") }
            if record.open.contains(where: { $0.step == body.step }) { fail("\(name) was ordered beside another one") }
            record.epochs[name] = body.epoch
            record.open.insert(name)
            let step = record.workflow.steps.first { $0.id == body.step }
            if record.failures[body.step, default: 0] > step?.retry.maxRetries ?? 0 {
                fail("\(name) is a retry too many")
            }
            if record.lastInterrupted.remove(body.step) != nil, step?.interrupted != .rerun {
                fail("\(name) was ordered after an interruption, and nobody asked for that")
            }
        case .attemptEnded(let body):
            let name = AttemptName(run: id, step: body.step, number: body.number)
            if record.open.remove(name) == nil { fail("\(name) has a result again, or was never ordered") }
            if body.outcome.state == .interrupted {
                record.lastInterrupted.insert(body.step)
            } else if body.outcome.state == .failed || body.outcome.state == .timedOut {
                record.failures[body.step, default: 0] += 1
            }
            record.results[name] = body.outcome.state
            compare(name, body.outcome, record)
        case .delaySet(let body):
            let step = record.workflow.steps.first { $0.id == body.step }
            if record.failures[body.step, default: 0] > step?.retry.maxRetries ?? 0 {
                fail("a pause of '\(body.step)' of \(id) after its last attempt")
            }
        case .stepEnded(let body):
            if record.ended[body.step] != nil { fail("'\(body.step)' of \(id) ended again") }
            if record.open.contains(where: { $0.step == body.step }) {
                fail("'\(body.step)' of \(id) ended while it runs")
            }
            record.ended[body.step] = body.state
        case .cancelRequested:
            record.cancelled = entry.time
        case .runResumed(let body):
            if record.cancelled != nil, !record.hasEnded { fail("the cancellation of \(id) was taken back") }
            record.hasEnded = false
            record.cancelled = nil
            record.lastInterrupted = []
            if body.retry {
                for step in record.workflow.steps.map(\.id) where record.ended[step] != .succeeded {
                    record.ended[step] = nil
                    record.failures[step] = 0
                }
            }
        case .runEnded(let body):
            if !record.open.isEmpty { fail("the run \(id) ended while \(record.open) run") }
            let isWhole = record.workflow.steps.allSatisfy { step in
                let state = record.ended[step.id]
                return state == .succeeded
                    || step.continueOnFailure && state != nil && state != .cancelled
                        && state != .skipped
            }
            if body.state == .succeeded, !isWhole {
                let left = record.workflow.steps.filter { record.ended[$0.id] != .succeeded && !$0.continueOnFailure }
                // What depends on a step that may fail is skipped where that one was not run at all.
                if !left.isEmpty { fail("the run \(id) succeeded without \(left.map(\.id))") }
            }
            record.hasEnded = true
        }
    }

    // MARK: Results

    private func compare(_ name: AttemptName, _ outcome: AttemptOutcome, _ record: Record) {
        let truth = host.truths[name] ?? Truth()
        let words = "\(name) is recorded as \(outcome.state.rawValue) (\(outcome.reason ?? ""))"
        if let unit = host.units[name.unit], unit.mainCode == 0, !unit.invocation.isEmpty {
            // As above: nobody can help that.
            if host.lateStarts.contains(name.unit), outcome.state == .cancelled { return }
            return fail("\(words) while it runs")
        }
        let receipt = host.receipts[name]?.receipt
        let hasJumped = host.hasClockJumped
        switch outcome.state {
        case .succeeded:
            if truth.end != .exited(0) || truth.result != "success" { fail("\(words), and it ended as \(truth)") }
            if truth.stops.contains(.host) { fail("\(words), and it went down with the host") }
            if !truth.stops.isDisjoint(with: [.order, .slice]), !hasJumped {
                fail("\(words), and pawld had stopped it")
            }
        case .failed:
            guard truth.starts > 0 else {
                let isNever = outcome.reason?.contains("never appeared") ?? false
                if isNever { neverAppeared += 1 }
                if !truth.wasRefused, !isNever { fail("\(words), and it was never started") }
                return
            }
            if truth.stops.contains(.host) { fail("\(words), and it went down with the host") }
            switch truth.end {
            case .exited(let status)?:
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
            if !isLost { fail("\(words), and it ended as \(truth)") }
        case .skipped, .waiting, .running:
            fail(words)
        }
    }

    // MARK: The end

    /// What holds once everything is over.
    func finish() {
        for (name, unit) in host.units { fail("\(name) is left over, \(unit.activeState)") }
        for slice in host.slices { fail("\(slice) is left over") }
        for (id, record) in runs {
            if !record.hasEnded { fail("the run \(id) has not ended") }
            guard let run = disk.run(id) else {
                fail("the run \(id) cannot be read")
                continue
            }
            for (index, step) in run.workflow.steps.enumerated() {
                for attempt in run.steps[index].attempts {
                    let name = AttemptName(run: id, step: step.id, number: attempt.number)
                    if record.results[name] != attempt.outcome?.state {
                        fail(
                            "\(name) is shown as \(attempt.state), and was recorded as \(String(describing: record.results[name]))"
                        )
                    }
                }
            }
        }
    }
}

/// Signals by name, as receipts have them.
enum SignalNames {
    static func text(_ signal: Int) -> String { signal == 9 ? "KILL" : signal == 15 ? "TERM" : String(signal) }
}

extension Event {
    fileprivate var summary: String {
        switch self {
        case .attemptEnded(let body):
            "\(kind.rawValue) \(body.step).\(body.number) \(body.outcome.state) \(body.outcome.reason ?? "")"
        case .attemptOrdered(let body): "\(kind.rawValue) \(body.step).\(body.number)"
        case .stepEnded(let body): "\(kind.rawValue) \(body.step) \(body.state)"
        case .delaySet(let body): "\(kind.rawValue) \(body.step)"
        default: kind.rawValue
        }
    }
}

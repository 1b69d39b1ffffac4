import PawlAPI
import PawlEngine
import PawlLanguage
import PawlModel
import PawlStore

extension RunStatus {
    /// A run as it is shown.
    ///
    /// - Parameters:
    ///   - only: the steps and items to show; nil for all.
    ///   - locks: who has which lock, for what waits for one.
    ///   - room: what the host has room for, for what waits for that.
    init(_ run: Run, only: Set<Place>? = nil, _ locks: LockTable = LockTable(), _ room: HostRoom = HostRoom()) {
        let places = (only.map { $0.sorted() } ?? run.places).filter { place in
            // Of what pawl adds by itself it is told once there is something to tell.
            run.workflow.steps[place.step].phase != .services || !run[place].attempts.isEmpty
        }
        self.init(
            run: run.name, id: run.id.rawValue, workflow: run.created.workflow, state: run.state, reason: run.reason,
            started: TimeText.text(of: run.started), ended: run.ended.map(TimeText.text),
            definitionFile: run.created.file, definitionSince: TimeText.text(of: run.redefined ?? run.started),
            stepsDone: run.stepsDone, stepsTotal: run.steps.count, parent: run.created.parent?.name, slice: run.slice,
            limits: RunStatus.limits(of: run), outputs: run.outputs,
            steps: places.map { place in
                let definition = run.workflow.steps[place.step]
                let id = definition.id
                var step = StepStatus(id: id, item: place.item, phase: definition.phase.rawValue, run[place])
                step.tolerated = run[place].hasFailed && definition.continueOnFailure
                step.approval = run.approvals.contains(place) ? run[place].asked?.text : nil
                let seat = LockOwner(run.id, LockSeat(step: id, item: place.item))
                if !step.state.isEnded, let words = locks.wait(of: seat) { step.reason = words }
                if run.isPaused, step.state == .running, run.runsOn(place) {
                    step.reason = "goes on though the run is paused: its WatchdogSec would end it as it stands"
                }
                return step
            })
        if run.state == .running, let words = locks.wait(of: LockOwner(run.id, .run)) {
            (state, reason) = (.queued, words)
        } else if let (state, words) = room.wait(of: run) {
            (self.state, reason) = (state, words)
        } else if let words = run.approvalWait {
            reason = words
        }
    }
}

extension Run {
    /// What it waits for a person for, while it goes on; nil where nothing of it does.
    fileprivate var approvalWait: String? {
        guard state == .running, !isPaused, let place = approvals.min(), let words = self[place].reason else {
            return nil
        }
        return "step '\(Names.step(workflow.steps[place.step].id, item: place.item))' \(words)"
    }
}

extension RunStatus {
    /// The limits of a run's slice as systemd's assignments. Where its values do not make any it starts nothing, and says so.
    private static func limits(of run: Run) -> [String] {
        ((try? run.limits()) ?? []).flatMap(\.assignments)
    }
}

extension StepStatus {
    init(id: String, item: Int?, phase: String, _ record: StepRecord) {
        self.init(
            id: id, item: item, phase: phase, state: record.state,
            reason: record.reason
                ?? record.delayedUntil.map { "tried again at \(TimeText.text(of: $0))" },
            exitCode: record.lastTry?.outcome?.exitCode, attempts: record.attempts.map(AttemptStatus.init))
    }
}

extension AttemptStatus {
    init(_ attempt: AttemptRecord) {
        let outcome = attempt.outcome
        self.init(
            number: attempt.number, repair: attempt.repair, unit: attempt.unit, run: attempt.child?.name,
            state: attempt.state, exitCode: outcome?.exitCode,
            signal: outcome?.signal, result: outcome?.result, started: TimeText.text(of: attempt.ordered),
            ended: (outcome?.ended ?? attempt.recorded).map(TimeText.text),
            cpuSeconds: outcome?.cpuMicroseconds.map { Double($0) / 1_000_000 }, memoryPeak: outcome?.memoryPeak,
            ioReadBytes: outcome?.ioReadBytes, ioWriteBytes: outcome?.ioWriteBytes)
    }
}

extension RunSummary {
    /// A row of the store as it is shown.
    init(_ row: RunSummaryRow) {
        self.init(
            run: row.id.name(of: row.workflow), id: row.id.rawValue, workflow: row.workflow, state: row.state,
            started: TimeText.text(of: row.started), ended: row.ended.map(TimeText.text), stepsDone: row.stepsDone,
            stepsTotal: row.stepsTotal)
    }

    /// Why the run does not go on, if that is so.
    mutating func tell(_ run: Run, _ locks: LockTable, _ room: HostRoom) {
        if run.state == .stopped || run.isPaused { reason = run.reason }
        guard run.state == .running else { return }
        if let words = locks.wait(of: LockOwner(run.id, .run)) {
            (state, reason) = (.queued, words)
        } else if let seat = locks.claims(of: run.id).filter({ !$0.value.isHeld }).keys.min(), let step = seat.step,
            let words = locks.wait(of: LockOwner(run.id, seat))
        {
            reason = "step '\(step)' " + words
        } else if let (state, words) = room.wait(of: run) {
            (self.state, reason) = (state, words)
        } else if let words = run.approvalWait {
            reason = words
        }
    }
}

import PawlLanguage
package import PawlModel

/// What the engine may know when it decides: it has no clock and no dice of its own.
package struct DecisionContext: Sendable {
    /// The wall clock.
    package var now: Timestamp
    /// This life of the manager.
    package var epoch: String
    /// From -1 to 1, for the jitter of a pause.
    package var random: @Sendable () -> Double
    /// What the host has room for.
    package var admission = Admission()

    /// Makes a context.
    package init(now: Timestamp, epoch: String, random: @escaping @Sendable () -> Double) {
        self.now = now
        self.epoch = epoch
        self.random = random
    }
}

extension Run {
    /// The next event that follows from what is recorded, or nil when there is nothing to do until something happens.
    ///
    /// The caller applies it, asks again until there is none, and records all of them in one transaction: the end of
    /// one step and the start of the next are durable together.
    ///
    /// - Parameter table: the locks of all runs, this one's as its events have left it among them.
    package mutating func nextDecision(_ context: DecisionContext, _ table: LockTable = LockTable()) -> Event? {
        // Who takes a lock that it has may still cancel a run that stands still.
        guard state == .running || state == .stopped || state == .paused else { return nil }
        if let event = decideCancellation(table) { return event }
        guard state == .running else { return nil }
        if let loss = decideLoss(context) { return loss }
        if let event = decideServices(context) { return event }
        // As with pauses: a clock that was set back makes it no longer than it is.
        timeoutStart = min(timeoutStart, context.now)
        if cancel == nil, phase == .main, let allowance, context.now >= timeoutEnd(allowance.span) {
            return .cancelRequested(CancelRequested(cause: .timeout, reason: allowance.reason))
        }
        if waitsToBegin, !context.admission.begins { return nil }
        if let event = decideBegin(context) { return event }
        if let event = decideOwnLock(context, table) { return event }
        if let place = unjudged.first { return judge(place, context) }
        if let place = answered.first { return judge(answer: place) }
        if workflow.failFast, phase == .main, cancel == nil, let index = firstFailure {
            let name = workflow.steps[index].id
            return .cancelRequested(
                CancelRequested(cause: .failFast, reason: "step '\(name)' failed and the workflow says fail_fast"))
        }
        if let cancel { return running.isEmpty ? end(cancelled: cancel.request) : nil }
        if let index = doomed.last {
            let record = steps[index]
            let reason = record.skippedBecause.map { "step '\($0)' did not succeed" } ?? record.needless
            return .stepEnded(
                StepEnded(
                    step: workflow.steps[index].id, state: .skipped, reason: reason, because: record.skippedBecause))
        }
        if let index = finished.first { return sum(of: index) }
        if let event = wake(context) { return event }
        if let event = decideWaiting(table) { return event }
        if running.count < maxParallel, let index = ready.first, mayStart(index), isExempt || context.admission.starts {
            return start(index, context, table)
        }
        if left == 0 { return end() }
        return nil
    }

    /// Ends pauses that are over, and what has waited too long for an answer.
    private mutating func wake(_ context: DecisionContext) -> Event? {
        for place in delayed {
            let record = self[place]
            if let since = record.delayedSince, let until = record.delayedUntil, context.now < since {
                // The clock was set back, and nobody knows how much of the pause is over: it begins anew, instead of taking
                // as much longer as the clock was changed.
                return delay(
                    place, until: context.now.adding(seconds: until.seconds(since: since)), repair: record.repair)
            }
            if let until = record.delayedUntil, until <= context.now { endDelay(of: place) }
        }
        for place in approvals {
            // As with the run's timeout: a clock that was set back makes it no longer than it is.
            if let asked = self[place].asked, asked.time > context.now { self[place].asked = (asked.text, context.now) }
            guard let until = answerTime(of: place), until <= context.now else { continue }
            let step = workflow.steps[place.step]
            let span = step.timeout.map { TimeSpan.text(of: $0) } ?? ""
            return .stepEnded(
                StepEnded(step: step.id, item: place.item, state: .timedOut, reason: "nobody answered within \(span)"))
        }
        return nil
    }

    /// Until when an answer is waited for.
    private func answerTime(of place: Place) -> Timestamp? {
        guard let timeout = workflow.steps[place.step].timeout, let asked = self[place].asked else { return nil }
        return asked.time.adding(seconds: timeout / .seconds(1))
    }

    /// When to look again though nothing has happened: the end of the nearest pause or of the run's timeout.
    package var wakeTime: Timestamp? {
        // A cancelled run waits for the ends of its attempts, and for no moment.
        guard state == .running, cancel == nil else { return nil }
        var times = delayed.compactMap { self[$0].delayedUntil } + approvals.compactMap(answerTime)
        if phase == .main, let allowance { times.append(timeoutEnd(allowance.span)) }
        return times.min()
    }

    private func timeoutEnd(_ timeout: Duration) -> Timestamp {
        timeoutStart.adding(seconds: timeout / .seconds(1))
    }

    // MARK: Starting

    /// The host is rebooted when nothing else of the run runs, and meanwhile nothing is started.
    func mayStart(_ index: Int) -> Bool {
        if running.contains(where: { workflow.steps[$0.step].isReboot }) { return false }
        return !workflow.steps[index].isReboot || running.isEmpty
    }

    /// Starts a step, or the next of its items.
    private func start(_ index: Int, _ context: DecisionContext, _ table: LockTable) -> Event {
        let step = workflow.steps[index]
        // In its turn: those that depend on it wait for what it waits for, as they do where its 'when' is false.
        if leftOut.contains(step.id), step.phase == .main {
            return .stepEnded(StepEnded(step: step.id, state: .skipped, reason: "it was left out"))
        }
        guard step.foreach != nil else { return order(Place(index), step, context, table) }
        guard steps[index].itemCount != nil, let item = steps[index].readyItems.first else {
            return expand(index, step)
        }
        return order(Place(index, item: item), step, context, table)
    }

    private func expand(_ index: Int, _ step: Step) -> Event {
        do throws(EvaluationFault) {
            return .stepExpanded(
                StepExpanded(step: step.id, items: try step.foreach?.values(in: RunScope(run: self)) ?? []))
        } catch {
            return .stepEnded(StepEnded(step: step.id, state: .failed, reason: "foreach: \(error)"))
        }
    }

    private func order(_ place: Place, _ step: Step, _ context: DecisionContext, _ table: LockTable) -> Event {
        func end(_ state: StepState, _ reason: String?) -> Event {
            .stepEnded(StepEnded(step: step.id, item: place.item, state: state, reason: reason))
        }
        let scope = RunScope(run: self, place: place)
        // Once for all its attempts: what it depends on does not change any more.
        if let when = step.when, self[place].tries == 0 {
            do throws(EvaluationFault) {
                switch try when.truth(in: scope) {
                case true?: break
                case false?: return end(.skipped, "its 'when' is false")
                case nil: return end(.failed, "its 'when' gives neither true nor false")
                }
            } catch {
                return end(.failed, "when: \(error)")
            }
        }
        if let event = decideLock(of: place, step, scope, context, table) { return event }
        switch step.action {
        case .none: return end(.succeeded, nil)
        case .approval(let template):
            do throws(EvaluationFault) {
                return .approvalAsked(
                    ApprovalAsked(step: step.id, item: place.item, text: try template.evaluate(in: scope).text))
            } catch {
                return end(.failed, "approval: \(error)")
            }
        case .workflow(let call): return self.order(call, at: place, step, context)
        case .script, .command, .wait, .reboot, .stopServices: break
        }
        let number = (self[place].attempts.last?.number ?? 0) + 1
        do {
            _ = try render(place, number: number)
        } catch {
            if let undo = created.undo, !undo.entries[place.step].hadSucceeded {
                // It had not come so far that there is what its 'undo' names.
                return end(
                    .skipped, "it had not succeeded, and what takes it back cannot be made: \(error.description)")
            }
            return end(.failed, error.description)
        }
        return .attemptOrdered(
            AttemptOrdered(
                step: step.id, item: place.item, number: number, unit: attemptName(place, number: number).unit,
                epoch: context.epoch, asksOnly: asksOnly(place, number: number) ? true : nil,
                repair: repairKey(place, number: number)))
    }

    // MARK: Judging

    private func judge(answer place: Place) -> Event {
        let answer = self[place].answer
        let isApproved = answer?.isApproved ?? false
        let who = answer.map { " by \($0.requester)" + ($0.comment.map { ": \($0)" } ?? "") } ?? ""
        return .stepEnded(
            StepEnded(
                step: workflow.steps[place.step].id, item: place.item, state: isApproved ? .succeeded : .failed,
                reason: (isApproved ? "approved" : "rejected") + who))
    }

    /// What the items have come to, taken together.
    private func sum(of index: Int) -> Event {
        let items = steps[index].items
        let failed = items.indices.filter { items[$0].hasFailed }
        var state = StepState.succeeded
        var reason: String?
        if !failed.isEmpty {
            state = .failed
            let names = failed.prefix(8).map(String.init).joined(separator: ", ") + (failed.count > 8 ? ", ..." : "")
            reason = "\(failed.count) of \(items.count) items failed: \(names)"
        } else if items.isEmpty {
            reason = "there are no items"
        } else if items.allSatisfy({ $0.state == .skipped }) {
            state = .skipped
            reason = items.first?.reason
        }
        return .stepEnded(StepEnded(step: workflow.steps[index].id, state: state, reason: reason))
    }

    private func judge(_ place: Place, _ context: DecisionContext) -> Event {
        let step = workflow.steps[place.step]
        let record = self[place]
        guard let attempt = record.attempts.last, let outcome = attempt.outcome else {
            return .stepEnded(StepEnded(step: step.id, item: place.item, state: .failed, reason: "it has no attempt"))
        }
        if steps[place.step].skippedBecause != nil, !step.isReboot,
            attempt.repair != nil || [.failed, .timedOut, .interrupted].contains(outcome.state)
        {
            // What it needs was opened again meanwhile, and is not to be had: there is nothing to try it again with.
            return .stepEnded(lastWord(of: place))
        }
        if attempt.repair != nil, outcome.state != .interrupted { return judge(repair: attempt, of: place, context) }
        if attempt.asksOnly, outcome.state == .skipped {
            return .stepEnded(
                StepEnded(
                    step: step.id, item: place.item, state: .succeeded,
                    reason: "it was interrupted, and its work is done: \(outcome.reason ?? "")"))
        }
        if let event = endOfFailed(place, outcome) { return event }
        if step.isReboot, attempt.repair == nil, outcome.state == .interrupted, attempt.epoch != context.epoch {
            return .stepEnded(
                StepEnded(step: step.id, item: place.item, state: .succeeded, reason: "the host was rebooted"))
        }
        if step.service != nil, outcome.state == .skipped, !outcome.wasPassedOver,
            record.attempts.contains(where: { $0.state == .succeeded && $0.repair == nil })
        {
            // Asked for again, and found as it was.
            return .stepEnded(
                StepEnded(step: step.id, item: place.item, state: .succeeded, reason: outcome.reason))
        }
        switch outcome.state {
        case .failed where record.isInterrupted, .timedOut where record.isInterrupted:
            // Its work is not done; what becomes of it is for its policy to say.
            if cancel == nil { return interrupted(place, outcome) }
        case .failed, .timedOut:
            if cancel == nil, let event = again(place, outcome, context) { return event }
        case .interrupted where cancel == nil:
            // Where something says whether the work is done, that is asked first.
            if step.interrupted == .rerun || !step.doneWhen.probes.isEmpty {
                return delay(place, until: context.now, repair: record.repair)
            }
            return interrupted(place, outcome)
        default:
            break
        }
        return .stepEnded(
            StepEnded(
                step: step.id, item: place.item, state: outcome.state, reason: refusalWords(place, outcome)))
    }

    /// What becomes of a step that was lost with the host and is not done.
    private func interrupted(_ place: Place, _ outcome: AttemptOutcome) -> Event {
        let step = workflow.steps[place.step]
        let words = outcome.state == .interrupted ? nil : outcome.reason
        let lost = self[place].attempts.last { $0.state == .interrupted }?.outcome?.reason
        let repair = self[place].repair == nil ? "" : "its repair was lost: "
        let reason = repair + (lost ?? "the host was lost") + (words.map { ", and its work is not done: \($0)" } ?? "")
        guard step.interrupted == .ask else {
            return .stepEnded(StepEnded(step: step.id, item: place.item, state: .interrupted, reason: reason))
        }
        return .runStopped(
            RunStopped(
                reason: "step '\(step.id)' was interrupted: \(reason); "
                    + "'pawl resume \(name)' runs it again, 'pawl cancel \(name)' ends the run"))
    }

    // MARK: Ending

    private func end(cancelled: CancelRequested) -> Event {
        // In the handlers' turn the run has its outcome, and only a success can still be taken back.
        if let ending, ending.state != .succeeded { return conclude(ending.state, ending.reason) }
        let state: RunState =
            switch cancelled.cause {
            case .person, .lock, .parent: .cancelled
            case .timeout: .timedOut
            case .failFast: .failed
            }
        return conclude(state, cancelled.reason)
    }

    private func end() -> Event {
        let counted = steps.indices.filter {
            workflow.steps[$0].phase == phase && steps[$0].hasFailed && !workflow.steps[$0].continueOnFailure
        }.map { workflow.steps[$0].id }
        if let ending {
            guard ending.state == .succeeded, let first = counted.first else {
                return conclude(ending.state, ending.reason)
            }
            return conclude(.failed, "step '\(first)' of '\(phase.rawValue)' failed")
        }
        guard !counted.isEmpty else {
            do throws(RenderFault) { _ = try givenOutputs() } catch { return conclude(.failed, error.description) }
            return conclude(.succeeded, nil)
        }
        return conclude(.failed, counted.count == 1 ? "step '\(counted[0])' failed" : "\(counted.count) steps failed")
    }

    /// The steps of this phase are over: the handlers that the outcome calls for have their turn, and then it is the end.
    func conclude(_ state: RunState, _ reason: String?) -> Event {
        // One that ends before it had its turn, or its lock, has done nothing, and must do nothing.
        guard hasOwnLock, cancel == nil || !hasYetToBegin else {
            return .runEnded(RunEnded(state: state, reason: reason))
        }
        var phases: [StepPhase] = phase == .onExit || phase == .services ? [] : [.onExit]
        if phase == .main, let handlers = StepPhase(after: state) { phases.insert(handlers, at: 0) }
        for next in phases where workflow.steps.contains(where: { $0.phase == next }) {
            return .phaseBegan(PhaseBegan(phase: next, state: state, reason: reason))
        }
        // After the handlers, which may still have a look at them.
        if phase != .services, stopsServices(state) {
            return .phaseBegan(PhaseBegan(phase: .services, state: state, reason: reason))
        }
        return endEvent(state, reason)
    }

    /// The steps that have failed, in the order written; those that were skipped because of them are not among them.
    package var failedSteps: [String] {
        steps.indices.filter { steps[$0].hasFailed }.map { workflow.steps[$0].id }
    }
}

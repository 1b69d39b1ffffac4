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
    package mutating func nextDecision(_ context: DecisionContext) -> Event? {
        guard state == .running else { return nil }
        // As with pauses: a clock that was set back makes it no longer than it is.
        timeoutStart = min(timeoutStart, context.now)
        if cancel == nil, let timeout = workflow.timeout, context.now >= timeoutEnd(timeout) {
            return .cancelRequested(
                CancelRequested(cause: .timeout, reason: "the run's timeout of \(TimeSpan.text(of: timeout)) ran out"))
        }
        if let index = unjudged.first { return judge(index, context) }
        if workflow.failFast, cancel == nil, let index = firstFailure {
            let name = workflow.steps[index].id
            return .cancelRequested(
                CancelRequested(cause: .failFast, reason: "step '\(name)' failed and the workflow says fail_fast"))
        }
        if let cancel { return running.isEmpty ? end(cancelled: cancel.request) : nil }
        if let index = doomed.last {
            let because = steps[index].skippedBecause ?? ""
            return .stepEnded(
                StepEnded(
                    step: workflow.steps[index].id, state: .skipped, reason: "step '\(because)' did not succeed",
                    because: because))
        }
        for index in delayed {
            if let since = steps[index].delayedSince, let until = steps[index].delayedUntil, context.now < since {
                // The clock was set back, and nobody knows how much of the pause is over: it begins anew, instead of taking
                // as much longer as the clock was changed.
                return .delaySet(
                    DelaySet(
                        step: workflow.steps[index].id, until: context.now.adding(seconds: until.seconds(since: since)))
                )
            }
            if let until = steps[index].delayedUntil, until <= context.now { endDelay(of: index) }
        }
        if running.count < maxParallel, let index = ready.last { return order(index, context) }
        if stepsDone == steps.count { return end() }
        return nil
    }

    /// When to look again though nothing has happened: the end of the nearest pause or of the run's timeout.
    package var wakeTime: Timestamp? {
        // A cancelled run waits for the ends of its attempts, and for no moment.
        guard state == .running, cancel == nil else { return nil }
        var times = delayed.compactMap { steps[$0].delayedUntil }
        if let timeout = workflow.timeout { times.append(timeoutEnd(timeout)) }
        return times.min()
    }

    private func timeoutEnd(_ timeout: Duration) -> Timestamp {
        timeoutStart.adding(seconds: timeout / .seconds(1))
    }

    private func order(_ index: Int, _ context: DecisionContext) -> Event {
        let step = workflow.steps[index]
        let number = (steps[index].attempts.last?.number ?? 0) + 1
        let name = AttemptName(run: id, step: step.id, number: number)
        do {
            _ = try render(index, number: number)
        } catch {
            return .stepEnded(StepEnded(step: step.id, state: .failed, reason: error.description))
        }
        return .attemptOrdered(
            AttemptOrdered(step: step.id, number: number, unit: name.unit, epoch: context.epoch))
    }

    private func judge(_ index: Int, _ context: DecisionContext) -> Event {
        let step = workflow.steps[index]
        let record = steps[index]
        guard let outcome = record.attempts.last?.outcome else {
            return .stepEnded(StepEnded(step: step.id, state: .failed, reason: "it has no attempt"))
        }
        switch outcome.state {
        case .failed, .timedOut:
            if cancel == nil, record.tries <= step.retry.maxRetries {
                let pause = step.retry.pause(beforeRetry: record.tries, random: context.random())
                return .delaySet(DelaySet(step: step.id, until: context.now.adding(seconds: pause)))
            }
        case .interrupted where cancel == nil:
            switch step.interrupted {
            case .rerun:
                return .delaySet(DelaySet(step: step.id, until: context.now))
            case .ask:
                return .runStopped(
                    RunStopped(
                        reason: "step '\(step.id)' was interrupted: \(outcome.reason ?? "the host was lost"); "
                            + "'pawl resume \(name)' runs it again, 'pawl cancel \(name)' ends the run"))
            case .fail:
                return .stepEnded(StepEnded(step: step.id, state: .interrupted, reason: outcome.reason))
            }
        default:
            break
        }
        return .stepEnded(StepEnded(step: step.id, state: outcome.state, reason: outcome.reason))
    }

    private func end(cancelled: CancelRequested) -> Event {
        let state: RunState =
            switch cancelled.cause {
            case .person: .cancelled
            case .timeout: .timedOut
            case .failFast: .failed
            }
        return .runEnded(RunEnded(state: state, reason: cancelled.reason))
    }

    private func end() -> Event {
        let failed = failedSteps
        let counted = failed.filter { name in
            index(of: name).map { !workflow.steps[$0].continueOnFailure } ?? true
        }
        guard !counted.isEmpty else { return .runEnded(RunEnded(state: .succeeded)) }
        let reason = counted.count == 1 ? "step '\(counted[0])' failed" : "\(counted.count) steps failed"
        return .runEnded(RunEnded(state: .failed, reason: reason))
    }

    /// The steps that have failed, in the order written; those that were skipped because of them are not among them.
    package var failedSteps: [String] {
        steps.indices.filter {
            switch steps[$0].state {
            case .failed, .timedOut, .interrupted: true
            default: false
            }
        }.map { workflow.steps[$0].id }
    }
}

import PawlLanguage
import PawlModel

/// What the exit status of a step's program asks for: another pause, a repair first, or no more tries.
extension Run {
    /// What follows on a failed attempt if the step is tried again; nil if it is not.
    func again(_ place: Place, _ outcome: AttemptOutcome, _ context: DecisionContext) -> Event? {
        let step = workflow.steps[place.step]
        let record = self[place]
        guard record.tries <= step.retry.maxRetries else { return nil }
        let key = step.exitCodes.key(for: step.hasStatus ? outcome.ownStatus : nil)
        if let key {
            if case .fail? = step.exitCodes.rules[key] { return nil }
            // The repair has its turn like a step: as soon as there is room for it.
            if step.exitCodes.repair(for: key) != nil { return delay(place, until: context.now, repair: key) }
        }
        return pause(place, key, context)
    }

    /// The pause before the next try, as the rule of a status or the policy has it.
    private func pause(_ place: Place, _ key: String?, _ context: DecisionContext) -> Event {
        let step = workflow.steps[place.step]
        let random = context.random()
        // Said for this status, so neither grown nor bounded; only many hosts that fail at once are kept apart.
        let own = key.flatMap { step.exitCodes.delay(for: $0) }.map {
            $0 / .seconds(1) * (1 + step.retry.jitter * random)
        }
        let seconds = own ?? step.retry.pause(beforeRetry: self[place].tries, random: random)
        return delay(place, until: context.now.adding(seconds: max(0, seconds)), repair: nil)
    }

    /// A step waits.
    func delay(_ place: Place, until: Timestamp, repair: String?) -> Event {
        .delaySet(
            DelaySet(step: workflow.steps[place.step].id, item: place.item, until: until, repair: repair))
    }

    /// A repair that has done well is followed by the pause and by the step itself. One that has not ends the step: what it
    /// should have put right is not right, so another try would fail too, or do harm.
    func judge(repair attempt: AttemptRecord, of place: Place, _ context: DecisionContext) -> Event {
        if attempt.state == .succeeded, cancel == nil { return pause(place, attempt.repair, context) }
        return .stepEnded(lastWord(of: place))
    }

    /// How a step ends with what is recorded of it, if nothing more is tried: as its last attempt has. Where that is a repair,
    /// which does none of the step's work, as the attempt that made it necessary.
    func lastWord(of place: Place) -> StepEnded {
        let record = self[place]
        let outcome = record.attempts.last?.outcome
        var end = StepEnded(
            step: workflow.steps[place.step].id, item: place.item, state: outcome?.state ?? .failed,
            reason: outcome.map(\.reason) ?? "it has no attempt")
        guard let repair = record.attempts.last, repair.repair != nil else { return end }
        let failure = record.attempts.last { $0.repair == nil && !$0.asksOnly }?.outcome
        switch repair.state {
        case .succeeded where cancel != nil:
            (end.state, end.reason) = (.cancelled, "cancelled before it was tried again")
        case .succeeded:
            (end.state, end.reason) = (failure?.state ?? .failed, failure?.reason)
        case .failed, .timedOut:
            end.state = failure?.state ?? .failed
            end.reason =
                "\(failure?.reason ?? "it failed"), and its repair failed too: \(outcome?.reason ?? "it says not why")"
        default: break
        }
        return end
    }

    /// Why a step that was not tried again was not, where it had tries left.
    func refusalWords(_ place: Place, _ outcome: AttemptOutcome) -> String? {
        let step = workflow.steps[place.step]
        guard outcome.state == .failed || outcome.state == .timedOut, cancel == nil,
            self[place].tries <= step.retry.maxRetries,
            let key = step.exitCodes.key(for: step.hasStatus ? outcome.ownStatus : nil),
            case .fail? = step.exitCodes.rules[key]
        else { return outcome.reason }
        return "\(outcome.reason ?? "it failed"); 'on_exit_code' says that it is not tried again"
    }

    /// Whose repair an attempt is, ordered or still to be: the status or `*`; nil for one that does the step's work.
    func repairKey(_ place: Place, number: Int) -> String? {
        if let attempt = self[place].attempts.first(where: { $0.number == number }) { return attempt.repair }
        // After a loss what says that the work is done is asked first.
        return asksOnly(place, number: number) ? nil : self[place].repair
    }
}

extension AttemptOutcome {
    /// What the program itself has exited with; nil where something else made the attempt fail, such as its timeout.
    var ownStatus: Int? {
        guard state == .failed, result == nil || result == "exit-code" || result == "success" else { return nil }
        return exitCode
    }
}

package import PawlLanguage
import PawlModel

/// Why PID 1 has not started a unit though it was asked to.
package enum UnmetCondition: Sendable, Equatable {
    /// One of its `Condition*=` did not hold.
    case condition
    /// One of its `Assert*=` did not hold.
    case assertion
}

extension StepCommand {
    /// The step's own conditions or assertions; what pawl adds to keep an attempt from being started again is not among them.
    package func conditions(_ kind: UnmetCondition) -> [ConditionSetting] {
        settings.compactMap { setting in
            guard case .condition(let condition) = setting.value else { return nil }
            return setting.name == (kind == .condition ? "Conditions" : "Asserts") ? condition : nil
        }
    }

    /// What it means for the attempt that its unit was not started for one of them: systemd passes over a unit whose condition
    /// does not hold, and takes it for a failure if an assertion does not.
    ///
    /// PID 1 does not tell which of several it was before the unit is gone, but its journal does.
    package func outcome(unmet: UnmetCondition, isCancelled: Bool) -> AttemptOutcome {
        let kind = unmet == .condition ? "condition" : "assertion"
        let own = conditions(unmet).map(\.text)
        let reason =
            own.count == 1
            ? "\(kind) of its unit not met: \(own[0])"
            : "\(kind) of its unit not met, one of \(own.joined(separator: ", ")); 'journalctl -u \(name.unit)' tells which"
        if isCancelled { return AttemptOutcome(state: .cancelled, reason: reason) }
        return AttemptOutcome(state: unmet == .condition ? .skipped : .failed, reason: reason)
    }
}

extension AttemptOutcome {
    /// Whether nothing of it was ever started: what is skipped since its work was done already has a result of its unit.
    var wasPassedOver: Bool { state == .skipped && result == nil }
}

extension Run {
    /// The end of a step that has failed, and whose next attempt was not started for a condition: what is not tried again has
    /// failed all the same. Nil for every other outcome.
    func endOfFailed(_ place: Place, _ outcome: AttemptOutcome) -> Event? {
        let record = self[place]
        // Those that count are this one and, if there are more, such as have failed since the step was last opened.
        guard outcome.wasPassedOver, record.tries > 1,
            let failed = record.attempts.last(where: { !$0.asksOnly && [.failed, .timedOut].contains($0.state) })
        else { return nil }
        let reasons = [failed.outcome?.reason, outcome.reason.map { "not tried again: \($0)" }].compactMap { $0 }
        return .stepEnded(
            StepEnded(
                step: workflow.steps[place.step].id, item: place.item, state: failed.state,
                reason: reasons.joined(separator: "; ")))
    }
}

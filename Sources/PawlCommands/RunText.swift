import PawlAPI
import PawlModel

/// A followed run as plain lines, for a pipe, a log file or a terminal that can only print.
struct RunText {
    var zone: Zone
    var style: Style

    /// The first line; it begins with the run's name.
    func heading(_ status: RunStatus) -> String { "\(status.run) \(status.state.rawValue)" }

    /// One change as one line; nil for what the last lines say.
    func line(_ change: RunChange, now: Timestamp) -> String? {
        switch change {
        case .run(let state, let reason):
            guard ExitStatus(outcome: state) == nil else { return nil }
            return stamp(now) + "run " + state.rawValue + (reason.map { ": \(Style.harmless($0))" } ?? "")
        case .attemptBegan(let step, let attempt):
            return stamp(attempt.started.moment ?? now) + "\(what(attempt)) '\(step.name)' \(word(.running))"
                + (attempt.run.map { " as run \($0)" } ?? "")
                + (attempt.number > 1 ? " (attempt \(attempt.number))" : "")
        case .attemptEnded(let step, let attempt):
            let words = ExitNames.join(ExitNames.words(of: attempt), reason: step.reason)
            return stamp(attempt.ended.moment ?? now)
                + "\(what(attempt)) '\(step.name)' attempt \(attempt.number) \(word(attempt.state))"
                + (words.map { ": \($0)" } ?? "")
        case .stepWaits(let step):
            // One that runs is a run that waits, and the reason begins with that one's name.
            return stamp(now) + "step '\(step.name)'\(step.state == .running ? ":" : "") "
                + Style.harmless(step.reason ?? "")
        case .stepEnded(let step):
            var text = stamp(step.attempts.last?.ended.moment ?? now) + "step '\(step.name)' \(word(step.state))"
            if let words = ExitNames.words(of: step) { text += ": \(words)" }
            var remarks: [String] = []
            if let number = step.attempts.last?.number, number > 1 { remarks.append("attempt \(number)") }
            if step.state == .succeeded, let seconds = step.elapsed(now: now) {
                remarks.insert(TimeForms.duration(seconds), at: 0)
            }
            if !remarks.isEmpty { text += " (\(remarks.joined(separator: ", ")))" }
            return text
        }
    }

    /// What is said when the run has ended or stopped: the outcome, what failed, and where to read on.
    func outcome(_ status: RunStatus, now: Timestamp) -> [String] {
        let state = style.paint(status.state.rawValue, Style.colour(of: status.state))
        var first = "run \(status.run) \(state)"
        if let seconds = status.elapsed(now: now) {
            first += status.state == .stopped ? " after " : " in "
            first += TimeForms.duration(seconds)
        }
        if let reason = status.reason, !reason.isEmpty { first += ": \(Style.harmless(reason))" }
        var lines = [first]
        let culprits = status.culprits
        let failed = culprits + status.steps.filter { $0.isFailure && $0.tolerated == true }
        for step in failed.prefix(RunText.mostFailed) {
            let words = ExitNames.words(of: step).map { ": \($0)" } ?? ""
            lines.append(
                "  step '\(step.name)' \(word(step.state))\(step.tolerated == true ? ", tolerated" : "")\(words)")
        }
        if failed.count > RunText.mostFailed {
            lines.append("  and \(failed.count - RunText.mostFailed) more; see 'pawl status \(status.run)'")
        }
        if status.state == .stopped { lines.append("go on with 'pawl resume \(status.run)'") }
        if status.state != .succeeded, let step = culprits.first ?? failed.first {
            lines.append("see '\(status.hint(to: step))'")
        }
        return lines
    }

    /// More of them nobody reads.
    private static let mostFailed = 20

    private func what(_ attempt: AttemptStatus) -> String { attempt.repair == nil ? "step" : "repair of step" }

    private func stamp(_ time: Timestamp) -> String { zone.clock(time) + " " }

    private func word(_ state: StepState) -> String { style.paint(state.rawValue, Style.colour(of: state)) }
}

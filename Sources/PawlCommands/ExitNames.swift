import PawlAPI
import PawlModel

/// What an exit status means, in systemd's words.
enum ExitNames {
    /// An exit status in words: `exit status 3`, `203/EXEC`.
    static func words(status: Int) -> String {
        SystemdExitStatus.name(of: status) ?? "exit status \(status)"
    }

    /// How an attempt ended, in words; nil where there is nothing to say.
    static func words(of attempt: AttemptStatus) -> String? {
        // The limit that was hit says more than the signal that systemd then sent.
        switch attempt.result {
        case "timeout": return "timed out"
        case "oom-kill": return "out of memory (oom-kill)"
        case "watchdog": return "watchdog ran out"
        default: break
        }
        if let signal = attempt.signal { return "signal \(signal)" }
        if let status = attempt.exitCode, status != 0 { return words(status: status) }
        guard let result = attempt.result, result != "success", result != "exit-code" else { return nil }
        return result
    }

    /// Why a step is in the state it is in: how its last attempt ended and the reason that pawld gives.
    static func words(of step: StepStatus) -> String? {
        var words: String?
        if step.state != .succeeded, step.state != .running {
            words = step.attempts.last.flatMap { self.words(of: $0) }
        }
        return join(words, reason: step.reason)
    }

    /// How an attempt ended and what pawld says of it, each thing once.
    static func join(_ words: String?, reason: String?) -> String? {
        guard let reason = reason.map(Style.harmless), !reason.isEmpty else { return words }
        guard let words, !reason.contains(words) else { return reason }
        return "\(words); \(reason)"
    }
}

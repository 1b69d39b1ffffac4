import PawlAPI
import PawlModel

/// What an exit status means, in systemd's words.
enum ExitNames {
    /// The names of the exit statuses that systemd itself gives where it could not start the program
    /// (`man:systemd.exec(5)`, "Process Exit Codes"; spelled as `systemd-analyze exit-status` does).
    static let systemd: [Int: String] = [
        200: "CHDIR", 201: "NICE", 202: "FDS", 203: "EXEC", 204: "MEMORY", 205: "LIMITS", 206: "OOM_ADJUST",
        207: "SIGNAL_MASK", 208: "STDIN", 209: "STDOUT", 210: "CHROOT", 211: "IOPRIO", 212: "TIMERSLACK",
        213: "SECUREBITS", 214: "SETSCHEDULER", 215: "CPUAFFINITY", 216: "GROUP", 217: "USER", 218: "CAPABILITIES",
        219: "CGROUP", 220: "SETSID", 221: "CONFIRM", 222: "STDERR", 224: "PAM", 225: "NETWORK", 226: "NAMESPACE",
        227: "NO_NEW_PRIVILEGES", 228: "SECCOMP", 229: "SELINUX_CONTEXT", 230: "PERSONALITY", 231: "APPARMOR",
        232: "ADDRESS_FAMILIES", 233: "RUNTIME_DIRECTORY", 235: "CHOWN", 236: "SMACK_PROCESS_LABEL", 237: "KEYRING",
        238: "STATE_DIRECTORY", 239: "CACHE_DIRECTORY", 240: "LOGS_DIRECTORY", 241: "CONFIGURATION_DIRECTORY",
        242: "NUMA_POLICY", 243: "CREDENTIALS", 244: "BPF",
    ]

    /// An exit status in words: `exit status 3`, `203/EXEC`.
    static func words(status: Int) -> String {
        systemd[status].map { "\(status)/\($0)" } ?? "exit status \(status)"
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

package import PawlModel

/// How an attempt ended, what it used and what it gave.
package struct AttemptOutcome: Sendable, Codable, Equatable {
    /// How it ended, as a step's state.
    package var state: StepState
    /// systemd's own word, such as `success`, `exit-code` or `timeout`.
    package var result: String?
    /// The exit status; nil where the program never exited.
    package var exitCode: Int?
    /// The signal that ended it, without SIG.
    package var signal: String?
    /// Why, in words, where it did not succeed.
    package var reason: String?
    /// When it ended.
    package var ended: Timestamp?
    /// CPU time in microseconds.
    package var cpuMicroseconds: Int64?
    /// The most memory in bytes.
    package var memoryPeak: Int64?
    /// What was read from block devices, in bytes.
    package var ioReadBytes: Int64?
    /// What was written to block devices, in bytes.
    package var ioWriteBytes: Int64?
    /// What the step wrote to stdout, without its last newline, where some expression reads it.
    package var output: String?
    /// What the step wrote to `$PAWL_OUTPUT`.
    package var outputs: [String: Value]?

    /// Makes an outcome.
    package init(
        state: StepState, result: String? = nil, exitCode: Int? = nil, signal: String? = nil, reason: String? = nil,
        ended: Timestamp? = nil, cpuMicroseconds: Int64? = nil, memoryPeak: Int64? = nil
    ) {
        self.state = state
        self.result = result
        self.exitCode = exitCode
        self.signal = signal
        self.reason = reason
        self.ended = ended
        self.cpuMicroseconds = cpuMicroseconds
        self.memoryPeak = memoryPeak
    }

    private enum CodingKeys: String, CodingKey {
        case state, result, signal, reason, ended, output, outputs
        case exitCode = "exit_code"
        case cpuMicroseconds = "cpu_usec"
        case memoryPeak = "memory_peak"
        case ioReadBytes = "io_read_bytes"
        case ioWriteBytes = "io_write_bytes"
    }
}

/// What is known of a unit that has stopped: by its receipt, or by PID 1 while the unit is loaded.
package struct UnitResult: Sendable, Equatable {
    /// systemd's `Result=`.
    package var result: String
    /// How the main process ended.
    package enum Exit: Sendable, Equatable {
        /// With a status.
        case exited(Int)
        /// By a signal, named without SIG.
        case killed(String)
        /// By a signal, with a core dump.
        case dumped(String)
        /// There was no main process.
        case none
    }
    /// How the main process ended.
    package var exit: Exit
    /// When.
    package var ended: Timestamp?
    /// Whether it stopped while the host went down.
    package var hostStopping: Bool
    /// CPU time in microseconds.
    package var cpuMicroseconds: Int64?
    /// The most memory in bytes.
    package var memoryPeak: Int64?
    /// What was read from block devices, in bytes.
    package var ioReadBytes: Int64?
    /// What was written to block devices, in bytes.
    package var ioWriteBytes: Int64?
    /// How many of its processes the kernel has killed for want of memory. Under control groups of version 1 nothing else tells.
    package var oomKills: Int64 = 0

    /// Makes a result.
    package init(
        result: String, exit: Exit, ended: Timestamp?, hostStopping: Bool = false, cpuMicroseconds: Int64? = nil,
        memoryPeak: Int64? = nil
    ) {
        self.result = result
        self.exit = exit
        self.ended = ended
        self.hostStopping = hostStopping
        self.cpuMicroseconds = cpuMicroseconds
        self.memoryPeak = memoryPeak
    }

    /// Judges the attempt.
    ///
    /// Success is `success` and exited and 0 together: a unit that was stopped reads `success` too, with `killed` and
    /// `TERM`. A unit that stopped while the host went down was interrupted whatever it says, since a script that traps
    /// TERM and exits 0 has not done its work.
    ///
    /// - Parameters:
    ///   - cancelled: when the run's cancellation was recorded. Only what ended later was cancelled by it: a step that
    ///     had ended on its own before keeps its true result.
    ///   - timeout: the attempt's own timeout, for the words.
    ///   - program: the program, for the words.
    ///   - user: the user or group that the unit names, for the words.
    ///   - successes: the statuses with which the program has succeeded. What made the unit fail otherwise, such as its
    ///     timeout, is no success whatever the program says last.
    package func outcome(
        cancelled: Timestamp?, timeout: String?, program: String, user: String? = nil, successes: Set<Int> = [0]
    ) -> AttemptOutcome {
        var outcome = AttemptOutcome(
            state: .failed, result: result, ended: ended, cpuMicroseconds: cpuMicroseconds, memoryPeak: memoryPeak)
        (outcome.ioReadBytes, outcome.ioWriteBytes) = (ioReadBytes, ioWriteBytes)
        switch exit {
        case .exited(let status): outcome.exitCode = status
        case .killed(let signal), .dumped(let signal): outcome.signal = signal
        case .none: break
        }
        if let cancelled, ended.map({ $0 >= cancelled }) ?? true {
            outcome.state = .cancelled
            outcome.reason = "cancelled"
            return outcome
        }
        if hostStopping {
            outcome.state = .interrupted
            outcome.reason = "the host went down"
            return outcome
        }
        switch (result, exit) {
        case ("success", .exited(0)) where !successes.contains(0):
            outcome.reason = "exit status 0, for which 'on_exit_code' says that it has failed"
        case ("success", .exited(0)):
            outcome.state = .succeeded
        case ("exit-code", .exited(let status)) where successes.contains(status):
            outcome.state = .succeeded
        case ("timeout", _):
            outcome.state = .timedOut
            outcome.reason = timeout.map { "timed out after \($0)" } ?? "timed out"
        case ("watchdog", _):
            outcome.reason = "killed, since it was silent for longer than 'WatchdogSec'"
        case (_, .killed("SYS")), (_, .dumped("SYS")):
            outcome.reason = "killed by signal SYS: it made a system call that its unit does not allow"
        case ("success", .killed("TERM")), ("success", .killed("KILL")):
            outcome.reason = "its unit was stopped from outside"
        case (_, .killed("KILL")) where oomKills > 0 && result != "oom-kill":
            outcome.reason = "killed, memory limit reached"
        case (_, .exited(let status)) where oomKills > 0 && status != 0:
            outcome.reason = "exit status \(status), after a process of it was killed: memory limit reached"
        case (_, .exited(let status)):
            if let name = SystemdExitStatus.name(of: status), result == "exit-code" {
                outcome.reason = "\(name): \(Self.explain(status, program, user))"
            } else if status == 0 {
                outcome.reason = "systemd says \(result)"
            } else {
                outcome.reason = "exit status \(status)"
            }
        case (_, .killed(let signal)):
            outcome.reason = result == "oom-kill" ? "killed, out of memory" : "killed by signal \(signal)"
        case (_, .dumped(let signal)):
            outcome.reason = "killed by signal \(signal), core dumped"
        case (_, .none):
            outcome.reason = "it was not started (systemd says \(result))"
        }
        return outcome
    }

    private static func explain(_ status: Int, _ program: String, _ user: String?) -> String {
        switch (status, user) {
        case (203, _): "'\(program)' cannot be executed"
        case (243, _):
            "systemd could not load or decrypt its credentials; its own words are in the journal, at the attempt's unit"
        case (216, let user?), (217, let user?): "there is no \(user)"
        default: "systemd could not set up '\(program)'"
        }
    }
}

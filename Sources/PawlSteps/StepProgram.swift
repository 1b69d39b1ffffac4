import Glibc
import PawlLanguage
import PawlModel

/// `pawl-step PLAN [-- PROGRAM ARGUMENT...]`: does a step's work as the main process of its unit, with the step's own user and
/// sandbox, and asks what says that the work is done.
///
/// It waits for one thing after the other, so it has one thread, and blocks.
package struct StepProgram {
    /// The statuses that systemd has for what could not be set up (`man:systemd.exec(5)`).
    enum Status {
        static let wrongUsage: Int32 = 2
        static let notHeld: Int32 = 1
        static let cannotExecute: Int32 = 203
    }

    let plan: StepPlan
    let command: [String]
    let asker: ProbeAsker
    let reporter: Reporter

    /// Does what the arguments say and returns the program's exit status.
    package static func main(arguments: [String]) -> Int32 {
        guard let path = arguments.first, arguments.count == 1 || arguments[1] == "--" else {
            say("usage: pawl-step PLAN [-- PROGRAM ARGUMENT...]")
            return Status.wrongUsage
        }
        do {
            let text = String(decoding: try TextFile.bytes(path, limit: 16 << 20), as: UTF8.self)
            guard let plan = Value(json: text).flatMap({ StepPlan($0) }) else {
                throw FileFault(plain: "it is no plan of a step")
            }
            return try StepProgram(
                plan: plan, command: Array(arguments.dropFirst(2)), asker: ProbeAsker(plan),
                reporter: Reporter(path: plan.report)
            ).run()
        } catch {
            say("the plan \(path) cannot be carried out: \(error)")
            return Status.wrongUsage
        }
    }

    private func run() throws -> Int32 {
        switch plan.turn {
        case .program, .readiness: break
        case .service(let service):
            return try ServiceProgram(plan: plan, service: service, command: command, reporter: reporter).run()
        case .stop(let marks): return try ServiceProgram.stop(marks, reporter)
        case .reboot: return try reboot()
        }
        if plan.asksOnly { return try askOnce() }
        guard !plan.probes.isEmpty else { return try work() }
        let first = asker.askAll()
        if first.holds, plan.consecutive <= 1 || !command.isEmpty {
            try reporter.tell(command.isEmpty ? .done : .doneBefore, first.text)
            return 0
        }
        try reporter.tell(.open, first.text)
        if !command.isEmpty {
            let status = try work()
            guard status == 0 else { return status }
        }
        try wait(held: command.isEmpty && first.holds ? 1 : 0)
        return 0
    }

    private func askOnce() throws -> Int32 {
        let answer = asker.askAll()
        try reporter.tell(answer.holds ? .doneBefore : .open, answer.text)
        return answer.holds ? 0 : Status.notHeld
    }

    /// Asks until all hold as often in a row as they have to. That this ends is for the unit's `RuntimeMaxSec=`.
    private func wait(held: Int) throws {
        var held = held
        // The work is over: whether it has done it is asked at once, and then in steps.
        var isFirst = !command.isEmpty
        while true {
            if plan.turn == .readiness, let ended = StepProgram.endedMain() {
                StepProgram.say(ended)
                exit(StepProgram.Status.notHeld)
            }
            if !isFirst { pause() }
            isFirst = false
            let answer = asker.askAll()
            held = answer.holds ? held + 1 : 0
            if held >= plan.consecutive { return try reporter.tell(.done, answer.text) }
            try reporter.tell(.open, answer.text)
        }
    }

    /// What is said where the main process of the service is gone (`man:systemd.exec(5)`, "$MAINPID").
    private static func endedMain() -> String? {
        guard let text = getenv("MAINPID"), let main = pid_t(String(cString: text)) else {
            return "the service has no main process"
        }
        return kill(main, 0) != 0 && errno == ESRCH ? "the service's main process has ended" : nil
    }

    /// Reboots, and waits for that: whoever goes on before the host has gone down would be cut off in the middle.
    private func reboot() throws -> Int32 {
        let child = try ChildProcess.run(["systemctl", "reboot"], output: .inherited)
        guard child.end == .exited(0) else {
            try reporter.tell(.open, "systemd refuses to reboot the host")
            return StepProgram.Status.notHeld
        }
        while true { Glibc.pause() }
    }

    private func pause() {
        let whole = plan.interval.rounded(.down)
        var left = timespec(tv_sec: Int(whole), tv_nsec: Int((plan.interval - whole) * 1e9))
        var rest = timespec()
        while nanosleep(&left, &rest) != 0, errno == EINTR { left = rest }
    }

    /// Runs the program, and ends as it has ended: with its status, or by its signal.
    private func work() throws -> Int32 {
        switch try ChildProcess.run(command, output: .inherited).end {
        case .exited(let status): return status
        case .killed(let signal):
            // One core is enough.
            var none = rlimit(rlim_cur: 0, rlim_max: 0)
            setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
            Glibc.signal(signal, SIG_DFL)
            kill(getpid(), signal)
            // Whoever blocks or ignores it for us gets the status that a shell gives.
            return 128 + signal
        case .notStarted(let reason):
            StepProgram.say("\(command[0]): \(reason)")
            return Status.cannotExecute
        }
    }

    private static let prefix = "pawl-step: "

    /// A line of another one of us, without its name.
    static func withoutName(_ line: String) -> String {
        line.hasPrefix(prefix) ? String(line.dropFirst(prefix.count)) : line
    }

    static func say(_ text: String) {
        let bytes = Array("\(prefix)\(text)\n".utf8)
        // If nobody listens to that either, there is nowhere left to say it.
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}

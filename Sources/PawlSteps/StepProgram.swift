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
        static let noCredentials: Int32 = 243
    }

    let plan: StepPlan
    let command: [String]
    let asker: ProbeAsker
    let reporter: Reporter
    let environment: StepEnvironment

    private static let help = """
        pawl-step: does the work of a step as its unit's main process; started by pawld

        Usage: pawl-step PLAN [-- PROGRAM ARGUMENT...]
        """

    /// Does what the arguments say and returns the program's exit status.
    package static func main(arguments: [String]) -> Int32 {
        if arguments == ["--help"] || arguments == ["-h"] {
            print(help)
            return 0
        }
        guard let path = arguments.first, arguments.count == 1 || arguments[1] == "--" else {
            say("wrong usage; see 'pawl-step --help'")
            return Status.wrongUsage
        }
        do {
            let text = String(decoding: try TextFile.bytes(path, limit: 16 << 20), as: UTF8.self)
            guard let plan = Value(json: text).flatMap({ StepPlan($0) }) else {
                throw FileFault(plain: "it is no plan of a step")
            }
            let reporter = Reporter(path: plan.report)
            if plan.turn == .readiness, !plan.credentials.isEmpty {
                // The path, which is no secret, also for the programs that ask.
                setenv("CREDENTIALS_DIRECTORY", credentials(in: folder(of: path)), 1)
            }
            let environment: StepEnvironment
            do throws(CredentialFault) {
                environment = try StepEnvironment(
                    plan.credentials, folder: getenv("CREDENTIALS_DIRECTORY").map { String(cString: $0) })
            } catch {
                say("\(error)")
                reporter.tell(.refused, "\(error)")
                return Status.noCredentials
            }
            return try StepProgram(
                plan: plan, command: Array(arguments.dropFirst(2)), asker: ProbeAsker(plan, in: environment),
                reporter: reporter, environment: environment
            ).run()
        } catch {
            say("the plan \(path) cannot be carried out: \(error)")
            return Status.wrongUsage
        }
    }

    /// Where what asks whether a service is ready finds the credentials of the service.
    static func credentials(in folder: String) -> String { folder + "/credentials" }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }

    private func run() throws -> Int32 {
        switch plan.turn {
        case .program, .readiness: break
        case .service(let service):
            return try ServiceProgram(plan: plan, service: service, command: command, reporter: reporter).run()
        case .stop(let marks): return try ServiceProgram.stop(marks, plan.scope, reporter)
        case .reboot: return try reboot()
        }
        if plan.asksOnly { return askOnce() }
        guard !plan.probes.isEmpty else { return try become() }
        let first = asker.askAll()
        if first.holds, plan.consecutive <= 1 || !command.isEmpty {
            reporter.tell(command.isEmpty ? .done : .doneBefore, first.text)
            return 0
        }
        reporter.tell(.open, first.text)
        var status: Int32 = 0
        if !command.isEmpty {
            status = try work()
            guard plan.successes.contains(Int(status)) else { return status }
        }
        wait(held: command.isEmpty && first.holds ? 1 : 0)
        return status
    }

    /// Nothing is left to do once the program has ended: the unit's main process is the program itself.
    private func become() throws -> Int32 {
        let reason = String(cString: strerror(environment.become(command)))
        let program = command.first ?? ""
        StepProgram.say("\(program): \(reason)")
        reporter.tell(.refused, "'\(program)' cannot be executed: \(reason)")
        return Status.cannotExecute
    }

    private func askOnce() -> Int32 {
        let answer = asker.askAll()
        reporter.tell(answer.holds ? .doneBefore : .open, answer.text)
        return answer.holds ? 0 : Status.notHeld
    }

    /// Asks until all hold as often in a row as they have to. That this ends is for the unit's `RuntimeMaxSec=`.
    private func wait(held: Int) {
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
            if held >= plan.consecutive { return reporter.tell(.done, answer.text) }
            reporter.tell(.open, answer.text)
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
            reporter.tell(.open, "systemd refuses to reboot the host")
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
        switch try ChildProcess.run(command, output: .inherited, in: environment).end {
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

import FoundationEssentials
import PawlAPI
import PawlModel

@testable import PawlCommands

/// A pawld that answers what a test tells it to, without a socket.
final class FakeManager {
    /// One answer on the way.
    enum Reply {
        /// A JSON object; after the last one the call is over.
        case answer(String, isLast: Bool = true)
        /// The call fails; a connection that is lost is of no use any more.
        case failure(ManagerError)
        /// Nothing comes for as long as somebody waits.
        case silence
        /// Nothing comes while somebody waits once.
        case pause
    }

    /// What was called, as `Method {parameters}`.
    private(set) var calls: [String] = []
    /// How often a connection was made.
    private(set) var connections = 0
    /// Values of variables in the environment.
    var variables: [String: String] = [:]
    /// What somebody at the terminal says, one line after the other; nil: there is no terminal.
    var answers: [String]?
    /// What that one was asked.
    private(set) var questions: [String] = []
    /// How many of the next connections cannot be made.
    var refusedConnections = 0
    /// Seconds that have passed.
    var seconds = 0.0

    private var scripts: [ManagerInterface.Method: [[Reply]]] = [:]

    /// Says how the next call of the method is answered that no earlier line answers.
    func on(_ method: ManagerInterface.Method, _ replies: Reply...) {
        scripts[method, default: []].append(replies)
    }

    /// The replies to a call.
    func replies(_ method: ManagerInterface.Method, _ parameters: some Encodable) -> [Reply] {
        let text = (try? JSONText.line(parameters)) ?? "?"
        calls.append("\(method.rawValue) \(text)")
        guard var script = scripts[method], !script.isEmpty else {
            return [.failure(.unintelligible("the test has no answer to \(method.rawValue) \(text)"))]
        }
        let first = script.removeFirst()
        scripts[method] = script
        return first
    }

    func connect() throws(ManagerError) -> any ManagerConnection {
        if refusedConnections > 0 {
            refusedConnections -= 1
            throw .unreachable(path: "/run/test.sock", reason: "Connection refused")
        }
        connections += 1
        return FakeConnection(self)
    }

    /// Where a verb runs: memory instead of files, this manager instead of pawld, a clock that only waiting moves.
    func surroundings(size: (width: Int, height: Int)? = nil) -> Surroundings {
        Surroundings(
            output: TextOutput(), errors: TextOutput(),
            connect: { () throws(ManagerError) in try self.connect() },
            now: { Timestamp(microseconds: 1_795_230_184_000_000).adding(seconds: self.seconds) },
            monotonic: { self.seconds }, pause: { self.seconds += $0 }, screenSize: { size },
            isTerminal: size != nil, style: .plain, zone: Zone(isUTC: true), onInterrupt: { _ in },
            workflowFolders: [],
            variables: variables.mapValues { GivenText(bytes: Array($0.utf8)) },
            ask: answers == nil
                ? nil
                : { prompt in
                    self.questions.append(prompt)
                    guard let first = self.answers?.first else { return nil }
                    self.answers?.removeFirst()
                    return first
                })
    }

    /// Runs the program: its exit status, what it wrote, and what it complained of.
    func run(_ arguments: String..., size: (width: Int, height: Int)? = nil) -> (
        status: Int32, output: String, errors: String
    ) {
        let surroundings = surroundings(size: size)
        let status = PawlProgram.run(arguments, surroundings)
        return (status, surroundings.output.text, surroundings.errors.text)
    }
}

/// One connection to a `FakeManager`.
private final class FakeConnection: ManagerConnection {
    private let manager: FakeManager
    private var pending: [FakeManager.Reply] = []
    private var isBroken = false

    init(_ manager: FakeManager) {
        self.manager = manager
    }

    func call<Answer: Decodable>(
        _ method: ManagerInterface.Method, _ parameters: some Encodable, as type: Answer.Type
    ) throws(ManagerError) -> Answer {
        try open(method, parameters)
        while true {
            if case .answer(let answer, _) = try next(as: type, within: nil) { return answer }
        }
    }

    func open(_ method: ManagerInterface.Method, _ parameters: some Encodable) throws(ManagerError) {
        if isBroken { throw .unintelligible("a broken connection was used again") }
        pending = manager.replies(method, parameters)
    }

    func next<Answer: Decodable>(as type: Answer.Type, within seconds: Double?) throws(ManagerError)
        -> StreamEvent<Answer>
    {
        guard let reply = pending.first else { throw .unintelligible("nothing more was to be said") }
        switch reply {
        case .pause:
            pending.removeFirst()
            manager.seconds += seconds ?? 0
            return .nothingYet
        case .silence:
            if let seconds {
                manager.seconds += seconds
                return .nothingYet
            }
            throw .unintelligible("a wait for ever")
        case .failure(let error):
            pending.removeFirst()
            // A refusal is an answer like any other: the connection is as good as before.
            if case .lost = error { isBroken = true }
            throw error
        case .answer(let text, let isLast):
            pending.removeFirst()
            do {
                return .answer(try JSONDecoder().decode(type, from: Data(text.utf8)), isLast: isLast)
            } catch {
                throw .unintelligible("\(error)")
            }
        }
    }
}

/// Statuses as pawld would tell them.
enum Sample {
    static let name = "etcd-7k2m9qxa"

    /// A moment some seconds after the fake clock's zero.
    static func time(_ seconds: Double) -> String {
        TimeText.text(of: Timestamp(microseconds: 1_795_230_184_000_000).adding(seconds: seconds))
    }

    static func run(_ state: RunState, _ steps: [StepStatus], reason: String? = nil, ended: Double? = nil) -> RunStatus
    {
        RunStatus(
            run: name, id: "7k2m9qxa", workflow: "etcd", state: state, reason: reason, started: time(0),
            ended: ended.map(time), stepsDone: steps.count { $0.state.isEnded }, stepsTotal: steps.count, steps: steps)
    }

    static func step(
        _ id: String, _ state: StepState, _ attempts: [AttemptStatus] = [], reason: String? = nil,
        approval: String? = nil
    ) -> StepStatus {
        StepStatus(
            id: id, state: state, reason: reason, approval: approval, exitCode: attempts.last?.exitCode,
            attempts: attempts)
    }

    static func attempt(
        _ number: Int, _ state: StepState, from start: Double, to end: Double? = nil, code: Int? = nil,
        signal: String? = nil, result: String? = nil
    ) -> AttemptStatus {
        AttemptStatus(
            number: number, unit: "pawl-step-7k2m9qxa.x.\(number).service", state: state, exitCode: code,
            signal: signal, result: result, started: time(start), ended: end.map(time))
    }

    /// The answer of WatchRun or DescribeRun.
    static func status(_ status: RunStatus) -> String {
        (try? JSONText.line(Messages.Status(status: status))) ?? ""
    }
}

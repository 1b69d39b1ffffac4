import PawlAPI
import PawlModel

/// Why pawld did not do what it was asked.
enum ManagerError: Error, Equatable {
    /// There is no connection, and nothing was sent.
    case unreachable(path: String, reason: String)
    /// The connection broke, or pawld stayed silent: what was asked may have been done.
    case lost(reason: String)
    /// pawld refused.
    case refused(APIError)
    /// The answer is none that this program knows.
    case unintelligible(String)

    static func == (left: ManagerError, right: ManagerError) -> Bool { left.message == right.message }

    /// What happened and what to do next.
    var message: String { message(in: .system) }

    /// The same, with the commands for whose pawl it is.
    func message(in scope: RuntimeScope) -> String {
        switch self {
        case .unreachable(let path, let reason):
            "pawld cannot be reached at \(path): \(reason); start it with '\(scope.systemctl) start pawld.socket'"
        case .lost(let reason):
            "the connection to pawld is lost: \(reason); look at it with '\(scope.systemctl) status pawld'"
        case .refused(let error): error.message
        case .unintelligible(let what):
            "pawld's answer was not understood: \(what); is it of this version? ('\(scope.pawl) status' and 'pawl --version')"
        }
    }

    /// Why, in the system's own words where it was the system.
    var reason: String {
        switch self {
        case .unreachable(_, let reason), .lost(let reason), .unintelligible(let reason): reason
        case .refused(let error): error.message
        }
    }

    /// Whether it is likely to pass when pawld has restarted: a connection that broke, or one that cannot be made to a
    /// pawld that was there a moment ago.
    func passes(wasReached: Bool) -> Bool {
        switch self {
        case .lost: true
        case .unreachable: wasReached
        case .refused, .unintelligible: false
        }
    }

    /// What the program exits with.
    var exitStatus: ExitStatus {
        switch self {
        case .unreachable, .lost: .unreachable
        case .refused(let error): error.code.exitStatus
        case .unintelligible: .failed
        }
    }
}

/// What comes next on a stream of answers.
enum StreamEvent<Answer> {
    /// An answer; after the last one the connection is free for another call.
    case answer(Answer, isLast: Bool)
    /// Nothing within the time that was given.
    case nothingYet
}

/// One connection to pawld. It belongs to the thread that made it; a call blocks.
protocol ManagerConnection: AnyObject {
    /// Calls a method and waits for its answer.
    func call<Answer: Decodable>(
        _ method: ManagerInterface.Method, _ parameters: some Encodable, as type: Answer.Type
    ) throws(ManagerError) -> Answer

    /// Calls a method that answers again and again.
    func open(_ method: ManagerInterface.Method, _ parameters: some Encodable) throws(ManagerError)

    /// The next answer of the method that was opened, waiting for that many seconds; nil: for as long as it takes.
    func next<Answer: Decodable>(as type: Answer.Type, within seconds: Double?) throws(ManagerError)
        -> StreamEvent<Answer>
}

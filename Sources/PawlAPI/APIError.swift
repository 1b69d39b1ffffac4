package import PawlModel

/// The exit statuses of `pawl`, as its manual lists them.
package enum ExitStatus: Int32, Sendable, CaseIterable {
    case succeeded = 0
    case failed = 1
    case usage = 2
    case cancelled = 3
    case notFound = 4
    case unreachable = 5
    case notPermitted = 6
    case timedOut = 7
    case conflict = 8

    /// What the manual says of it.
    package var meaning: String {
        switch self {
        case .succeeded: "The run succeeded; other verbs did what was asked."
        case .failed: "The run failed or stopped."
        case .usage: "Wrong usage, or a faulty workflow."
        case .cancelled: "The run was cancelled."
        case .notFound: "There is no such workflow, run or step."
        case .unreachable: "pawld cannot be reached; when following, for 30 seconds."
        case .notPermitted: "Not allowed."
        case .timedOut: "The run's own timeout ran out."
        case .conflict: "Refused because of a conflict."
        }
    }

    /// How a client that followed a run exits, by the run's outcome. A run that still goes on has none.
    package init?(outcome: RunState) {
        switch outcome {
        case .succeeded: self = .succeeded
        case .failed, .stopped: self = .failed
        case .cancelled: self = .cancelled
        case .timedOut: self = .timedOut
        case .queued, .running, .paused: return nil
        }
    }
}

/// The errors of the API, each with its name on the wire and the exit status it becomes.
package struct APIError: Error, Sendable, Codable, CustomStringConvertible {
    /// Which error.
    package enum Code: String, Sendable, Codable, CaseIterable {
        case noSuchWorkflow = "NoSuchWorkflow"
        case noSuchRun = "NoSuchRun"
        case noSuchStep = "NoSuchStep"
        case faultyWorkflow = "FaultyWorkflow"
        case invalidVariable = "InvalidVariable"
        case notPermitted = "NotPermitted"
        case conflict = "Conflict"
        case invalidState = "InvalidState"
        case storeFailed = "StoreFailed"
        case internalError = "InternalError"

        /// The name on the wire.
        package var wireName: String { "\(ManagerInterface.name).\(rawValue)" }

        /// What a command exits with that met it.
        package var exitStatus: ExitStatus {
            switch self {
            case .noSuchWorkflow, .noSuchRun, .noSuchStep: .notFound
            case .faultyWorkflow, .invalidVariable: .usage
            case .notPermitted: .notPermitted
            case .conflict, .invalidState: .conflict
            case .storeFailed, .internalError: .failed
            }
        }
    }

    /// Which error.
    package var code: Code
    /// What happened, to which thing and what to do next.
    package var message: String
    /// Faults with their places, where there are any.
    package var faults: [Diagnostic]

    /// Makes an error.
    package init(_ code: Code, _ message: String, faults: [Diagnostic] = []) {
        self.code = code
        self.message = message
        self.faults = faults
    }

    /// The message.
    package var description: String { message }

    /// What goes over the wire beside the name.
    package struct Parameters: Sendable, Codable {
        /// What happened, to which thing and what to do next.
        package var message: String
        /// Faults with their places, where there are any.
        package var faults: [Diagnostic]?
    }

    /// What goes over the wire beside the name.
    package var parameters: Parameters { Parameters(message: message, faults: faults.isEmpty ? nil : faults) }

    /// Reads an error back; nil if the name is none of this interface's.
    package init?(wireName: String, parameters: Parameters?) {
        guard let code = Code.allCases.first(where: { $0.wireName == wireName }) else { return nil }
        self.init(code, parameters?.message ?? code.rawValue, faults: parameters?.faults ?? [])
    }
}

/// What a run is doing or how it ended: one word, the same on the screen, in JSON, in expressions and in the journal.
package enum RunState: String, Sendable, Codable, CaseIterable {
    case queued, running, paused, stopped, succeeded, failed, cancelled
    case timedOut = "timed-out"

    /// Whether nothing more will happen unless a person asks for it (`pawl retry`).
    package var isEnded: Bool {
        switch self {
        case .queued, .running, .paused, .stopped: false
        case .succeeded, .failed, .cancelled, .timedOut: true
        }
    }

    /// What the run did or what happened to it, as a sentence has it behind the run's name: `has failed`, `was cancelled`.
    package var sentence: String {
        switch self {
        case .succeeded, .failed: "has \(rawValue)"
        case .cancelled: "was cancelled"
        case .timedOut: "has timed out"
        case .queued, .running, .paused, .stopped: "is \(rawValue)"
        }
    }
}

/// What a step or one attempt of it is doing or how it ended.
package enum StepState: String, Sendable, Codable, CaseIterable {
    case waiting, running, succeeded, failed, cancelled, skipped, interrupted
    case timedOut = "timed-out"

    /// Whether the step is over for now; only `pawl retry` opens it again.
    package var isEnded: Bool { self != .waiting && self != .running }
}

/// What becomes of a step that was lost together with the host.
package enum InterruptedPolicy: String, Sendable, Codable, CaseIterable {
    /// The step is run again, as a further attempt.
    case rerun
    /// The run stops until a person answers.
    case ask
    /// The step has failed.
    case fail
}

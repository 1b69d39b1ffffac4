package import PawlModel

/// One step of a run as its events have left it.
package struct StepRecord: Sendable {
    /// What it is doing or how it ended.
    package internal(set) var state = StepState.waiting
    /// Why, in words.
    package internal(set) var reason: String?
    /// Its attempts, the first one first.
    package internal(set) var attempts: [AttemptRecord] = []
    /// Until when it waits before it is tried again.
    package internal(set) var delayedUntil: Timestamp?
    /// When it began to wait: a clock that shows less than this was set back since.
    var delayedSince: Timestamp?
    /// The step whose failure made this one be skipped.
    var skippedBecause: String?
    /// How many of its dependencies have not ended.
    var blockedBy = 0
    /// Attempts that count against the retry policy: those since the step was last opened, without interrupted ones.
    var tries = 0

    /// Whether its end keeps those that depend on it from running.
    func blocksDependents(continueOnFailure: Bool) -> Bool {
        switch state {
        case .waiting, .running, .succeeded: false
        case .skipped: skippedBecause != nil
        case .failed, .timedOut, .interrupted: !continueOnFailure
        case .cancelled: true
        }
    }
}

/// One attempt of a step as its events have left it.
package struct AttemptRecord: Sendable {
    /// The attempt's number, from 1.
    package let number: Int
    /// Its unit.
    package let unit: String
    /// The life of the manager in which it was ordered.
    package let epoch: String
    /// When it was ordered.
    package let ordered: Timestamp
    /// How it ended; nil while it runs.
    package internal(set) var outcome: AttemptOutcome?
    /// When its end was recorded.
    package internal(set) var recorded: Timestamp?

    /// What it is doing or how it ended.
    package var state: StepState { outcome?.state ?? .running }
}

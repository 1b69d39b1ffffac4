package import PawlModel

/// One step of a run, or one of its items, as the run's events have left it.
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
    /// The question that it waits for an answer to, and since when.
    package internal(set) var asked: (text: String, time: Timestamp)?
    /// The answer, until it is acted upon.
    var answer: ApprovalAnswered?
    /// The step whose failure made this one be skipped.
    var skippedBecause: String?
    /// Why it is to be skipped though nothing has failed.
    var needless: String?
    /// How many of its dependencies have not ended.
    var blockedBy = 0
    /// How many of those it needs one of may still succeed; 0 once one has, or where it asks for none.
    var alternatives = 0
    /// Whether one of those was skipped.
    var hasSkippedAlternative = false
    /// Whether its last attempt was lost with the host, and nothing was decided on that yet: who opens the step again has.
    var isLossUndecided = false
    /// Whose repair is due before it is tried again: an exit status, or `*`. Until the repair has ended, so that one that is
    /// lost with the host is still due.
    var repair: String?
    /// Attempts that count against the retry policy: those since the step was last opened, without interrupted ones.
    var tries = 0
    /// How many attempts it had when it was last opened again.
    var attemptsBefore = 0

    // MARK: A step with `foreach`

    /// How many items it has, once that is known.
    package internal(set) var itemCount: Int?
    /// The items' records; behind the first `itemCount` those of an earlier time, for their attempts' numbers.
    var itemRecords: [StepRecord] = []
    /// What `item` is, for one of the items.
    package internal(set) var value: Value = .null
    /// Items that can start.
    var readyItems = FallingList()
    /// How many of its items run.
    var runningItems = 0
    /// How many of its items have ended.
    package internal(set) var itemsDone = 0

    /// Its items as far as they are known, in their order.
    package var items: ArraySlice<StepRecord> { itemRecords.prefix(itemCount ?? 0) }

    /// Whether its end keeps those that depend on it from running.
    func blocksDependents(continueOnFailure: Bool) -> Bool {
        switch state {
        case .waiting, .running, .succeeded: false
        case .skipped: skippedBecause != nil
        case .failed, .timedOut, .interrupted: !continueOnFailure
        case .cancelled: true
        }
    }

    /// Whether it has failed.
    package var hasFailed: Bool { [.failed, .timedOut, .interrupted].contains(state) }

    /// The last attempt that was none to repair something: what the step itself has come to.
    package var lastTry: AttemptRecord? { attempts.last { $0.repair == nil } }

    /// Whether its last attempt was lost with the host, and has not turned out to have done its work all the same.
    var isInterrupted: Bool {
        guard let last = attempts.last else { return false }
        return last.state == .interrupted || last.asksOnly && (last.state == .failed || last.state == .timedOut)
    }

    /// Opens it again; its attempts stay, for their numbers.
    mutating func reopen() {
        state = .waiting
        reason = nil
        skippedBecause = nil
        needless = nil
        asked = nil
        answer = nil
        isLossUndecided = false
        repair = nil
        tries = 0
        attemptsBefore = attempts.count
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
    /// Whether it only asks whether the work is done.
    package let asksOnly: Bool
    /// The exit status whose repair it is, or `*`; nil where it does the step's own work.
    package let repair: String?
    /// The run that it is, where its step runs another workflow.
    package let child: ChildRun?
    /// How it ended; nil while it runs.
    package internal(set) var outcome: AttemptOutcome?
    /// For how long its run was paused meanwhile.
    package internal(set) var pausedSeconds = 0.0
    /// When its end was recorded.
    package internal(set) var recorded: Timestamp?

    /// What it is doing or how it ended.
    package var state: StepState { outcome?.state ?? .running }
}

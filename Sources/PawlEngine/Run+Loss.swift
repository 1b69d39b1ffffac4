import PawlLanguage
package import PawlModel

/// The host was lost while a run had not ended, and the workflow says that the run does not simply go on.
package struct HostLost: Sendable, Codable, Equatable {
    /// This life of the manager: the run is up to date with it from here on.
    package var epoch: String
    /// What becomes of the run.
    package var recovery: RecoveryPolicy

    /// Makes the body.
    package init(epoch: String, recovery: RecoveryPolicy) {
        self.epoch = epoch
        self.recovery = recovery
    }
}

/// What a boot in the middle of a run means for it.
extension Run {
    /// What is said of a run that fails since its host was lost.
    static let lossReason = "the host was lost while it ran, and the workflow says 'recovery: fail'"

    /// Whether the run has to wait for, or to take, a decision on the loss of its host. Nobody decides on a run that waits
    /// for a person or is to end anyway, nor once its handlers have their turn: its outcome stands by then.
    func isLost(_ context: DecisionContext) -> Bool {
        workflow.recovery != .resume && phase == .main && cancel == nil && !context.epoch.isEmpty
            // Of one that waits for its turn, or for its own lock, nothing was there to be lost.
            && !waitsToBegin && hasOwnLock
            // That it would be was known.
            && epoch.map { $0 != context.epoch && $0 != rebootEpoch } ?? false
    }

    /// What follows from the loss of the host; `.some(nil)` while attempts are still to be looked at.
    func decideLoss(_ context: DecisionContext) -> Event?? {
        if isLost(context) {
            guard running.isEmpty else { return .some(nil) }
            return .hostLost(HostLost(epoch: context.epoch, recovery: workflow.recovery))
        }
        guard hasFailedWithHost, cancel == nil else { return nil }
        // What is known of the attempts that were lost is told; they are not tried again.
        if let place = unjudged.first { return .stepEnded(lastWord(of: place)) }
        return conclude(.failed, Run.lossReason)
    }

    mutating func apply(_ body: HostLost, at time: Timestamp) {
        epoch = body.epoch
        switch body.recovery {
        case .resume: break
        case .fail: hasFailedWithHost = true
        case .restart: restart(at: time)
        }
    }

    /// As at its start, only that the attempts' numbers go on.
    private mutating func restart(at time: Timestamp) {
        timeoutStart = time
        reason = "started anew, since the host was lost"
        firstFailure = nil
        (unjudged, answered) = ([], [])
        (delayed, approvals) = ([], [])
        for place in places { (self[place].delayedUntil, self[place].delayedSince) = (nil, nil) }
        // That of the run itself it keeps.
        dropLocks { _, _ in true }
        for index in steps.indices { reopen(whole: index) }
        rebuild()
    }
}

import PawlLanguage
import PawlModel

/// What the host has room for just now, as far as it is one run's.
package struct Admission: Sendable, Hashable {
    /// Whether a run that nothing was begun of may begin.
    package var begins = true
    /// Whether one more step may start.
    package var starts = true

    /// Room for everything.
    package init(begins: Bool = true, starts: Bool = true) {
        (self.begins, self.starts) = (begins, starts)
    }
}

/// A run has its turn. It is recorded only where it had waited for it over the loss of the host, which was none of its own then.
package struct RunBegan: Sendable, Codable, Equatable {
    /// This life of the manager.
    package var epoch: String

    /// Makes the body.
    package init(epoch: String) { self.epoch = epoch }
}

/// Whose turn it is on a host that has not room for all at once. What tidies up is never held up: it may be what makes room.
extension Run {
    /// Whether it has yet to begin, and would.
    package var waitsToBegin: Bool { state == .running && cancel == nil && hasYetToBegin }

    /// Whether it is one of those of which only so many go on at once: somebody's step and what takes back are none.
    private var takesTurn: Bool { created.parent == nil && created.undo == nil }

    /// Whether it had no turn yet; one that ends so has done nothing.
    var hasYetToBegin: Bool { phase == .main && !hasBegun && takesTurn }

    /// What comes first when it has its turn; nil: nothing. A run with a lock of its own is told by that.
    func decideBegin(_ context: DecisionContext) -> Event? {
        guard waitsToBegin, workflow.lock == nil, workflow.recovery != .resume, !context.epoch.isEmpty, let epoch,
            epoch != context.epoch
        else { return nil }
        return .runBegan(RunBegan(epoch: context.epoch))
    }

    /// Whether a step of it would start if there were room.
    package var waitsToStart: Bool {
        guard state == .running, cancel == nil, !isExempt, hasOwnLock, running.count < maxParallel,
            let index = ready.first
        else { return false }
        return mayStart(index)
    }

    /// Whether it starts its steps whatever room there is: handlers, and what takes another run back.
    package var isExempt: Bool { phase != .main || created.undo != nil }

    /// How many units its steps have that room has to be had for.
    package var admittedSteps: Int { isExempt ? 0 : runningUnits }

    /// Whether it has its turn now.
    package var isAdmitted: Bool { state == .running && hasBegun && takesTurn }

    mutating func noteBegin(_ event: Event) {
        switch event {
        case .attemptOrdered, .stepExpanded, .stepEnded, .approvalAsked, .phaseBegan, .lockGranted, .lockRefused,
            .runBegan:
            hasBegun = true
        // What waits for the run's own lock has not begun: it holds nothing that others could wait for.
        case .lockWanted(let body): if body.step != nil { hasBegun = true }
        // It asks for its turn anew. One that was stopped still has it: what it holds others may wait for.
        case .runResumed(let body): if body.retry { hasBegun = false }
        default: break
        }
    }
}

import PawlLanguage
import PawlModel

/// The large turns of a run: it is opened again, its handlers have their turn, it ends.
extension Run {
    mutating func apply(_ body: RunResumed, at time: Timestamp) {
        if let definition = body.definition { redefine(definition, at: time) }
        if state.isEnded { timeoutStart = time }
        state = .running
        reason = nil
        ended = nil
        outputs = nil
        cancel = nil
        firstFailure = nil
        hasFailedWithHost = false
        if let epoch = body.epoch { self.epoch = epoch }
        if body.retry {
            (phase, ending) = (.main, nil)
            for index in steps.indices {
                if workflow.steps[index].phase != .main {
                    reopen(whole: index)
                } else if steps[index].state.isEnded, steps[index].state != .succeeded {
                    reopen(failed: index)
                }
            }
            if let first = body.from.flatMap({ index(of: $0) }) { reopen(withDependents: first) }
        }
        reopenServices()
        for place in unjudged where self[place].isInterrupted {
            // The answer to "what shall become of it" was: go on. Those that do not ask have yet to be judged as they say.
            self[place].state = workflow.steps[place.step].interrupted == .ask ? .waiting : .running
        }
        unjudged = unjudged.filter {
            !self[$0].isInterrupted || workflow.steps[$0.step].interrupted != .ask
        }
        rebuild()
        // One that was interrupted, and needs a service that went with the host: it may be that this one waits for a lock which
        // only comes free when that of the step does.
        for index in steps.indices where steps[index].blockedBy > 0 { dropUnready(index) }
    }

    /// Opens a step again with all that depends on it: what was made from its old result is stale.
    private mutating func reopen(withDependents first: Int) {
        var seen: Set<Int> = [first]
        var left = [first]
        while let index = left.popLast() {
            reopen(whole: index)
            for dependent in workflow.steps[index].dependents where seen.insert(dependent).inserted {
                left.append(dependent)
            }
        }
    }

    /// Opens a step again; what its items are is asked anew.
    mutating func reopen(whole index: Int) {
        steps[index].reopen()
        steps[index].itemCount = nil
    }

    /// Opens a step again; of its items only those that have not succeeded.
    private mutating func reopen(failed index: Int) {
        steps[index].reopen()
        guard let count = steps[index].itemCount, count > 0 else { return reopen(whole: index) }
        // It has its turn when what it waits for is over, as at first: that may be opened again too.
        for item in 0..<count where steps[index].itemRecords[item].state != .succeeded {
            steps[index].itemRecords[item].reopen()
        }
    }

    /// The steps are over, and the handlers that their outcome calls for have their turn.
    mutating func apply(_ body: PhaseBegan) {
        close([phase], with: body.state, reason: body.reason)
        phase = body.phase
        hasFailedWithHost = false
        ending = (body.state, body.reason)
        reason = body.reason
        // It was for the steps before; the handlers run in any case.
        cancel = nil
        firstFailure = nil
        rebuild()
    }

    mutating func apply(_ body: RunEnded, at time: Timestamp) {
        state = body.state
        reason = body.reason
        ended = time
        outputs = body.outputs
        close([phase], with: body.state, reason: body.reason)
        close(Set(StepPhase.allCases), with: .succeeded, reason: "the run \(body.state.sentence)")
        stepsDone = steps.count
        ready = FallingList()
        dropAllLocks()
    }

    /// Ends what has not ended of the steps that have or had their turn.
    private mutating func close(_ phases: Set<StepPhase>, with state: RunState, reason: String?) {
        let left: StepState = state == .cancelled || state == .timedOut ? .cancelled : .skipped
        for index in steps.indices where phases.contains(workflow.steps[index].phase) && !steps[index].state.isEnded {
            for item in steps[index].items.indices where !steps[index].itemRecords[item].state.isEnded {
                steps[index].itemRecords[item].state = left
                steps[index].itemRecords[item].reason = reason
            }
            steps[index].state = left
            steps[index].reason = reason
            // It is open to `pawl retry` like any step that a failure kept from running.
            steps[index].skippedBecause = workflow.steps[index].id
            (steps[index].delayedUntil, steps[index].asked) = (nil, nil)
        }
        let steps = workflow.steps
        dropLocks { place, _ in phases.contains(steps[place.step].phase) }
        doomed = []
        finished = []
        delayed = []
        unjudged = []
        approvals = []
        answered = []
    }
}

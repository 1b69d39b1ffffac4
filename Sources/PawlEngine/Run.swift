package import PawlLanguage
package import PawlModel

/// One run as its events have left it. `apply` is the only thing that changes it, so that replaying the events makes
/// the same run again; `Run+Decisions.swift` says what comes next.
package struct Run: Sendable {
    /// The ID.
    package let id: RunID
    /// What it was started from.
    package let created: RunCreated
    /// When.
    package let started: Timestamp
    /// The workflow, read from the text that the run keeps.
    package let workflow: Workflow

    /// What it is doing or how it ended.
    package private(set) var state = RunState.running
    /// Why, in words.
    package private(set) var reason: String?
    /// When it ended.
    package private(set) var ended: Timestamp?
    /// How many events it has.
    package private(set) var eventCount = 0
    /// Its steps, in the order of `workflow.steps`.
    package private(set) var steps: [StepRecord]
    /// How many steps have ended.
    package private(set) var stepsDone = 0
    /// The cancellation, and when it was recorded.
    package private(set) var cancel: (request: CancelRequested, time: Timestamp)?
    /// The steps that run now.
    package private(set) var running: Set<Int> = []

    /// From when the run's timeout counts.
    var timeoutStart: Timestamp
    /// Steps whose dependencies have ended, the first one last, so that taking it costs nothing.
    var ready: [Int] = []
    /// Steps that are to be skipped; the step to blame is in their record.
    var doomed: [Int] = []
    /// Steps whose last attempt has ended and that were not judged yet.
    var unjudged: [Int] = []
    /// The first step whose failure counts, for `fail_fast`.
    var firstFailure: Int?
    /// Steps that wait for a moment.
    var delayed: Set<Int> = []
    private var indices: [String: Int]

    /// The full name.
    package var name: String { id.name(of: created.workflow) }

    /// Makes the run of its first event.
    ///
    /// - Throws: `RunFault` when the text cannot be read (any more).
    package init(id: RunID, created: RunCreated, at time: Timestamp) throws {
        let read = WorkflowReader.read(
            created.text, file: created.file, name: created.workflow, isAccepted: true)
        guard let workflow = read.workflow else {
            throw RunFault(faults: read.diagnostics)
        }
        self.init(id: id, created: created, workflow: workflow, at: time)
    }

    /// Makes the run of a workflow that was read already from `created.text`.
    package init(id: RunID, created: RunCreated, workflow: Workflow, at time: Timestamp) {
        self.id = id
        self.created = created
        self.workflow = workflow
        started = time
        timeoutStart = time
        steps = workflow.steps.map { step in
            var record = StepRecord()
            record.blockedBy = step.dependencies.count
            return record
        }
        indices = Dictionary(uniqueKeysWithValues: workflow.steps.map { ($0.id, $0.index) })
        eventCount = 1
        ready = workflow.steps.filter(\.dependencies.isEmpty).map(\.index).reversed()
    }

    /// Where a step stands, by its name.
    package func index(of step: String) -> Int? { indices[step] }

    /// The bound on steps at once.
    package var maxParallel: Int { workflow.maxParallel ?? created.maxParallel }

    /// Whether the run waits for nothing but a person.
    package var isStopped: Bool { state == .stopped }

    /// Why an event from outside cannot be taken any more, or nil if it can: between a request and its turn the run may have
    /// gone on. A cancellation that came too late must not fall on a run that was retried since, and a `resume` must not
    /// take back a cancellation.
    package func refusal(of event: Event) -> String? {
        switch event {
        case .runResumed(let body) where body.retry:
            state.isEnded ? nil : "the run '\(name)' has not ended; only an ended run is retried"
        case .runResumed:
            state == .stopped ? nil : "the run '\(name)' is \(state.rawValue): nothing to resume"
        default:
            state.isEnded ? "the run '\(name)' has \(state.rawValue) already" : nil
        }
    }

    /// The last attempt of a step that runs.
    package func runningAttempt(of index: Int) -> AttemptRecord? {
        steps[index].attempts.last.flatMap { $0.outcome == nil ? $0 : nil }
    }

    /// Takes an event that is on disk.
    package mutating func apply(_ event: Event, at time: Timestamp) {
        eventCount += 1
        switch event {
        case .runCreated:
            break  // it made this value
        case .attemptOrdered(let body):
            guard let index = indices[body.step] else { return }
            apply(body, to: index, at: time)
        case .attemptEnded(let body):
            guard let index = indices[body.step] else { return }
            apply(body, to: index, at: time)
        case .stepEnded(let body):
            guard let index = indices[body.step] else { return }
            apply(body, to: index)
        case .delaySet(let body):
            guard let index = indices[body.step] else { return }
            unjudged.removeAll { $0 == index }
            steps[index].state = .waiting
            steps[index].delayedUntil = body.until
            steps[index].delayedSince = time
            delayed.insert(index)
        case .cancelRequested(let body):
            cancel = (body, time)
            // What waits for a person waits no longer.
            if state == .stopped { state = .running }
            reason = body.reason
        case .runStopped(let body):
            state = .stopped
            reason = body.reason
            for index in unjudged where steps[index].attempts.last?.state == .interrupted {
                steps[index].state = .interrupted
            }
        case .runResumed(let body):
            apply(body, at: time)
        case .runEnded(let body):
            apply(body, at: time)
        }
    }

    /// The wall clock was set, and the moments that the run waits for move along with it: what is recorded is what the
    /// clock showed, and a pause is a length of time.
    package mutating func clockWasSet(by seconds: Double) {
        timeoutStart = timeoutStart.adding(seconds: seconds)
        for index in delayed {
            steps[index].delayedUntil = steps[index].delayedUntil?.adding(seconds: seconds)
            steps[index].delayedSince = steps[index].delayedSince?.adding(seconds: seconds)
        }
        if let cancel { self.cancel = (cancel.request, cancel.time.adding(seconds: seconds)) }
    }

    private mutating func apply(_ body: AttemptOrdered, to index: Int, at time: Timestamp) {
        steps[index].state = .running
        steps[index].reason = nil
        steps[index].delayedUntil = nil
        steps[index].tries += 1
        steps[index].attempts.append(
            AttemptRecord(number: body.number, unit: body.unit, epoch: body.epoch, ordered: time))
        removeReady(index)
        delayed.remove(index)
        unjudged.removeAll { $0 == index }
        running.insert(index)
    }

    private mutating func apply(_ body: AttemptEnded, to index: Int, at time: Timestamp) {
        guard let last = steps[index].attempts.indices.last, steps[index].attempts[last].number == body.number,
            steps[index].attempts[last].outcome == nil
        else { return }
        steps[index].attempts[last].outcome = body.outcome
        steps[index].attempts[last].recorded = time
        if body.outcome.state == .interrupted { steps[index].tries -= 1 }
        running.remove(index)
        unjudged.append(index)
    }

    private mutating func apply(_ body: StepEnded, to index: Int) {
        steps[index].state = body.state
        steps[index].reason = body.reason
        steps[index].skippedBecause = body.because
        steps[index].delayedUntil = nil
        stepsDone += 1
        removeReady(index)
        delayed.remove(index)
        unjudged.removeAll { $0 == index }
        if doomed.last == index { doomed.removeLast() } else { doomed.removeAll { $0 == index } }
        let blocks = steps[index].blocksDependents(continueOnFailure: workflow.steps[index].continueOnFailure)
        if blocks, body.because == nil, firstFailure == nil { firstFailure = index }
        let blame = body.because ?? body.step
        for dependent in workflow.steps[index].dependents {
            steps[dependent].blockedBy -= 1
            guard steps[dependent].state == .waiting else { continue }
            if blocks {
                doom(dependent, because: blame)
            } else if steps[dependent].blockedBy == 0 {
                makeReady(dependent)
            }
        }
    }

    private mutating func apply(_ body: RunResumed, at time: Timestamp) {
        if state.isEnded { timeoutStart = time }
        state = .running
        reason = nil
        ended = nil
        cancel = nil
        firstFailure = nil
        if body.retry {
            for index in steps.indices where steps[index].state.isEnded && steps[index].state != .succeeded {
                reopen(index)
            }
            if let first = body.from.flatMap({ indices[$0] }) { reopen(withDependents: first) }
        }
        for index in unjudged where steps[index].attempts.last?.state == .interrupted {
            // The answer to "what shall become of it" was: go on. Those that do not ask have yet to be judged as they say.
            steps[index].state = workflow.steps[index].interrupted == .ask ? .waiting : .running
        }
        unjudged.removeAll {
            steps[$0].attempts.last?.state == .interrupted && workflow.steps[$0].interrupted == .ask
        }
        rebuild()
    }

    /// Opens a step again with all that depends on it: what was made from its old result is stale.
    private mutating func reopen(withDependents first: Int) {
        var seen: Set<Int> = [first]
        var left = [first]
        while let index = left.popLast() {
            reopen(index)
            for dependent in workflow.steps[index].dependents where seen.insert(dependent).inserted {
                left.append(dependent)
            }
        }
    }

    private mutating func reopen(_ index: Int) {
        steps[index].state = .waiting
        steps[index].reason = nil
        steps[index].skippedBecause = nil
        steps[index].tries = 0
    }

    /// Counts anew what `apply` otherwise keeps up to date step by step: only after a resume, where many steps change.
    private mutating func rebuild() {
        stepsDone = steps.count(where: \.state.isEnded)
        ready = []
        doomed = []
        for index in steps.indices.reversed() {
            let step = workflow.steps[index]
            steps[index].blockedBy = step.dependencies.count { !steps[$0].state.isEnded }
            guard steps[index].state == .waiting, !delayed.contains(index), !unjudged.contains(index) else { continue }
            // It may have been doomed already when the run stopped; whether it still is shows below.
            steps[index].skippedBecause = nil
            let blamed = step.dependencies.first {
                steps[$0].blocksDependents(continueOnFailure: workflow.steps[$0].continueOnFailure)
            }
            if let blamed {
                doom(index, because: steps[blamed].skippedBecause ?? workflow.steps[blamed].id)
            } else if steps[index].blockedBy == 0 {
                ready.append(index)
            }
        }
    }

    private mutating func apply(_ body: RunEnded, at time: Timestamp) {
        state = body.state
        reason = body.reason
        ended = time
        for index in steps.indices where !steps[index].state.isEnded {
            steps[index].state = body.state == .cancelled || body.state == .timedOut ? .cancelled : .skipped
            steps[index].reason = body.reason
            // It is open to `pawl retry` like any step that a failure kept from running.
            steps[index].skippedBecause = workflow.steps[index].id
            steps[index].delayedUntil = nil
        }
        stepsDone = steps.count
        ready = []
        doomed = []
        delayed = []
        unjudged = []
    }

    private mutating func doom(_ index: Int, because: String) {
        guard steps[index].skippedBecause == nil else { return }
        steps[index].skippedBecause = because
        doomed.append(index)
    }

    /// `ready` is in falling order: the place of a step in it, or the place where it would stand.
    private func readyPlace(of index: Int) -> Int {
        var low = 0
        var high = ready.count
        while low < high {
            let middle = (low + high) / 2
            if ready[middle] > index { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func removeReady(_ index: Int) {
        let place = readyPlace(of: index)
        if place < ready.count, ready[place] == index { ready.remove(at: place) }
    }

    /// Keeps `ready` in falling order, so that steps start in the order written.
    private mutating func makeReady(_ index: Int) {
        let place = readyPlace(of: index)
        if place < ready.count, ready[place] == index { return }
        ready.insert(index, at: place)
    }

    /// Moves a step whose pause is over to those that can start.
    mutating func endDelay(of index: Int) {
        delayed.remove(index)
        steps[index].delayedUntil = nil
        makeReady(index)
    }
}

/// A run whose text cannot be read any more.
package struct RunFault: Error, Sendable, CustomStringConvertible {
    /// The faults in the text.
    package let faults: [Diagnostic]
    /// The faults, one a line.
    package var description: String { faults.map(\.description).joined(separator: "\n") }
}

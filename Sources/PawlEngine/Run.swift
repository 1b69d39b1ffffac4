package import PawlLanguage
package import PawlModel

/// One run as its events have left it. `apply` is the only thing that changes it, so that replaying the events makes
/// the same run again; `Run+Decisions.swift` says what comes next.
package struct Run: Sendable {
    /// The ID.
    package let id: RunID
    /// What it was started from, or what has taken the place of that.
    package internal(set) var created: RunCreated
    /// When.
    package let started: Timestamp
    /// The workflow, read from the texts that the run keeps.
    package internal(set) var workflow: Workflow
    /// When another definition took the place of the one that it was started from.
    package internal(set) var redefined: Timestamp?

    /// What it is doing or how it ended.
    package internal(set) var state = RunState.running
    /// Why, in words.
    package internal(set) var reason: String?
    /// When it ended.
    package internal(set) var ended: Timestamp?
    /// What it gives to whoever runs it as a step, once it has succeeded.
    package internal(set) var outputs: [String: Value]?
    /// How many events it has.
    package private(set) var eventCount = 0
    /// Its steps, in the order of `workflow.steps`.
    package internal(set) var steps: [StepRecord]
    /// How many steps have ended.
    package internal(set) var stepsDone = 0
    /// The cancellation, and when it was recorded.
    package internal(set) var cancel: (request: CancelRequested, time: Timestamp)?
    /// What runs now.
    package internal(set) var running: Set<Place> = []
    /// How many of those are units of their own, and no runs.
    var runningUnits = 0
    /// Whether anything of it was begun since it was last started or retried: from then on it is one of those that go on.
    package internal(set) var hasBegun = false
    /// Which of its steps have their turn.
    package internal(set) var phase = StepPhase.main
    /// How it ends, once handlers have their turn.
    package internal(set) var ending: (state: RunState, reason: String?)?

    /// The locks that it and its steps hold and wait for.
    var locks = RunLocks()
    /// Limits of its slice that somebody has set.
    var setLimits: [ParentRun.Above.Limit] = []
    /// What it goes on as, while it is paused.
    var pause: Pause?
    /// Whether it was ever paused, and when that was over the last time.
    package internal(set) var wasPaused = false
    package internal(set) var unpaused: Timestamp?
    /// The run that takes back what this one has done.
    package internal(set) var undoneBy: String?

    /// The life of the manager that it has come to last.
    var epoch: String?
    /// The life of the manager that a step of the run has ended by a reboot.
    var rebootEpoch: String?
    /// The life of the manager in which the services of its steps were last looked after.
    var servicesEpoch: String?
    /// The steps that whoever started it has left out.
    let leftOut: Set<String>
    /// The steps with a service.
    var serviceSteps: [Int]
    /// Whether it fails since its host was lost.
    var hasFailedWithHost = false
    /// From when the run's timeout counts.
    var timeoutStart: Timestamp
    /// Steps that can start, or one of whose items can.
    var ready = FallingList()
    /// Steps that are to be skipped; why is in their record.
    var doomed: [Int] = []
    /// Steps all of whose items have ended.
    var finished: [Int] = []
    /// What has an attempt that has ended and that was not judged yet.
    var unjudged: [Place] = []
    /// What waits for a person's word.
    package internal(set) var approvals: Set<Place> = []
    /// What has got one that was not acted upon yet.
    var answered: [Place] = []
    /// The first step whose failure counts, for `fail_fast`.
    var firstFailure: Int?
    /// What waits for a moment.
    var delayed: Set<Place> = []
    /// How many steps of the phase have not ended.
    var left = 0
    var indices: [String: Int]

    /// The full name.
    package var name: String { id.name(of: created.workflow) }

    /// Makes the run of its first event.
    ///
    /// - Throws: `RunFault` when the text cannot be read (any more).
    package init(id: RunID, created: RunCreated, at time: Timestamp) throws {
        self.init(id: id, created: created, workflow: try Run.read(created), at: time)
    }

    /// Makes the run of a workflow that was read already from `created.source`.
    package init(id: RunID, created: RunCreated, workflow: Workflow, at time: Timestamp) {
        self.id = id
        self.created = created
        let workflow = created.undo.map(workflow.undoing) ?? workflow
        self.workflow = workflow
        leftOut = Set(created.leftOut ?? [])
        started = time
        timeoutStart = time
        epoch = created.epoch
        serviceSteps = workflow.serviceSteps
        servicesEpoch = created.epoch
        steps = workflow.steps.map { _ in StepRecord() }
        indices = Dictionary(uniqueKeysWithValues: workflow.steps.map { ($0.id, $0.index) })
        eventCount = 1
        rebuild()
    }

    /// Where a step stands, by its name.
    package func index(of step: String) -> Int? { indices[step] }

    /// The step or item that an event is about; nil if the run has none such.
    package func place(of step: String, item: Int?) -> Place? {
        guard let index = indices[step] else { return nil }
        if let item, !steps[index].itemRecords.indices.contains(item) { return nil }
        return Place(index, item: item)
    }

    /// The record of a step or item.
    package internal(set) subscript(place: Place) -> StepRecord {
        get { place.item.map { steps[place.step].itemRecords[$0] } ?? steps[place.step] }
        _modify {
            if let item = place.item {
                yield &steps[place.step].itemRecords[item]
            } else {
                yield &steps[place.step]
            }
        }
    }

    /// The name of one attempt of a step or item.
    package func attemptName(_ place: Place, number: Int) -> AttemptName {
        AttemptName(run: id, step: workflow.steps[place.step].id, item: place.item, number: number)
    }

    /// The bound on steps at once.
    package var maxParallel: Int { workflow.maxParallel ?? created.maxParallel }

    /// Whether the run waits for nothing but a person.
    package var isStopped: Bool { state == .stopped }

    /// Why an event from outside cannot be taken any more, or nil if it can: between a request and its turn the run may have
    /// gone on. A cancellation that came too late must not fall on a run that was retried since, and a `resume` must not
    /// take back a cancellation.
    package func refusal(of event: Event) -> String? {
        switch event {
        case .runResumed where undoneBy != nil: undoRefusal
        case .runUndone where undoneBy != nil: undoRefusal
        case .runUndone:
            state.isEnded ? nil : "the run '\(name)' has not ended: 'pawl cancel \(name)' ends it"
        case .runResumed(let body) where body.retry && created.parent != nil: parentRefusal
        case .runResumed(let body) where body.retry:
            state.isEnded
                ? refusal(ofDefinition: body) : "the run '\(name)' has not ended; only an ended run is retried"
        case .runResumed(let body):
            state == .stopped
                ? refusal(ofDefinition: body) : "the run '\(name)' is \(state.rawValue): nothing to resume"
        case .approvalAnswered(let body):
            place(of: body.step, item: body.item).map { approvals.contains($0) } == true
                ? nil : "step '\(body.step)' of the run '\(name)' waits for no approval"
        case .runPaused: refusalOfPause()
        case .runUnpaused:
            isPaused ? nil : "the run '\(name)' is \(state.rawValue): it is not paused"
        case .attemptEnded(let body) where isKnown(endOfChild: body): "that it has ended is recorded already"
        default:
            state.isEnded ? "the run '\(name)' \(state.sentence) already" : nil
        }
    }

    /// Why a run that was taken back is not opened again: what it holds for done is not there any more.
    private var undoRefusal: String? {
        undoneBy.map { "the run '\(name)' was taken back by '\($0)': start its workflow anew, or retry '\($0)'" }
    }

    /// The last attempt of what runs.
    package func runningAttempt(of place: Place) -> AttemptRecord? {
        self[place].attempts.last.flatMap { $0.outcome == nil ? $0 : nil }
    }

    /// Takes an event that is on disk.
    package mutating func apply(_ event: Event, at time: Timestamp) {
        eventCount += 1
        noteBegin(event)
        switch event {
        case .runCreated:
            break  // it made this value
        case .stepExpanded(let body):
            guard let index = indices[body.step] else { return }
            apply(body, to: index)
        case .attemptOrdered(let body):
            guard let place = place(of: body.step, item: body.item) else { return }
            apply(body, to: place, at: time)
        case .attemptEnded(let body):
            guard let place = place(of: body.step, item: body.item) else { return }
            apply(body, to: place, at: time)
        case .stepEnded(let body):
            guard let place = place(of: body.step, item: body.item) else { return }
            if place.item == nil { apply(body, to: place.step) } else { apply(body, toItem: place) }
        case .delaySet(let body):
            guard let place = place(of: body.step, item: body.item) else { return }
            unjudged.removeAll { $0 == place }
            self[place].state = .waiting
            self[place].delayedUntil = body.until
            self[place].delayedSince = time
            self[place].repair = body.repair
            delayed.insert(place)
            if steps[place.step].blockedBy > 0 { dropLock(of: place) }
        case .approvalAsked(let body):
            guard let place = place(of: body.step, item: body.item) else { return }
            self[place].asked = (body.text, time)
            self[place].reason = body.words(of: name)
            leaveReady(place)
            approvals.insert(place)
        case .approvalAnswered(let body):
            guard let place = place(of: body.step, item: body.item), approvals.remove(place) != nil else { return }
            self[place].answer = body
            answered.append(place)
        case .cancelRequested(let body):
            endPause(at: time)
            cancel = (body, time)
            // What waits for a person waits no longer.
            if state == .stopped { state = .running }
            reason = body.reason
            dropWaiting()
        case .runStopped(let body):
            endPause(at: time)
            state = .stopped
            reason = body.reason
            for place in unjudged where self[place].isInterrupted {
                self[place].state = .interrupted
            }
        case .runResumed(let body):
            apply(body, at: time)
        case .runUndone(let body):
            undoneBy = body.by
        case .phaseBegan(let body):
            apply(body)
        case .hostLost(let body):
            apply(body, at: time)
        case .servicesLost(let body):
            apply(body)
        case .lockWanted(let body):
            apply(body)
        case .lockGranted(let body):
            apply(body)
        case .lockRefused(let body):
            apply(body, at: time)
        case .runLimited(let body):
            apply(body)
        case .runPaused(let body):
            apply(body, at: time)
        case .runUnpaused:
            endPause(at: time)
        case .runBegan(let body):
            epoch = body.epoch
        case .runEnded(let body):
            endPause(at: time)
            apply(body, at: time)
        }
    }

    /// The wall clock was set, and the moments that the run waits for move along with it: what is recorded is what the
    /// clock showed, and a pause is a length of time.
    package mutating func clockWasSet(by seconds: Double) {
        timeoutStart = timeoutStart.adding(seconds: seconds)
        for place in delayed {
            self[place].delayedUntil = self[place].delayedUntil?.adding(seconds: seconds)
            self[place].delayedSince = self[place].delayedSince?.adding(seconds: seconds)
        }
        for place in approvals {
            if let asked = self[place].asked { self[place].asked = (asked.text, asked.time.adding(seconds: seconds)) }
        }
        unpaused = unpaused?.adding(seconds: seconds)
        if let pause { self.pause?.since = pause.since.adding(seconds: seconds) }
        if let cancel { self.cancel = (cancel.request, cancel.time.adding(seconds: seconds)) }
    }

    private mutating func apply(_ body: AttemptOrdered, to place: Place, at time: Timestamp) {
        epoch = body.epoch
        if workflow.steps[place.step].isReboot, body.repair == nil { rebootEpoch = body.epoch }
        self[place].state = .running
        self[place].reason = nil
        self[place].delayedUntil = nil
        if body.asksOnly != true, body.repair == nil { self[place].tries += 1 }
        self[place].isLossUndecided = false
        self[place].attempts.append(
            AttemptRecord(
                number: body.number, unit: body.unit, epoch: body.epoch, ordered: time,
                asksOnly: body.asksOnly ?? false, repair: body.repair, child: body.child))
        delayed.remove(place)
        unjudged.removeAll { $0 == place }
        running.insert(place)
        if body.child == nil { runningUnits += 1 }
        if place.item != nil { steps[place.step].runningItems += 1 }
        leaveReady(place)
    }

    private mutating func apply(_ body: AttemptEnded, to place: Place, at time: Timestamp) {
        guard let last = self[place].attempts.indices.last, self[place].attempts[last].number == body.number,
            self[place].attempts[last].outcome == nil
        else { return }
        self[place].attempts[last].outcome = body.outcome
        self[place].attempts[last].recorded = time
        self[place].isLossUndecided = body.outcome.state == .interrupted
        let attempt = self[place].attempts[last]
        if body.outcome.state != .interrupted {
            if attempt.repair != nil { self[place].repair = nil }
        } else if !attempt.asksOnly, attempt.repair == nil {
            self[place].tries -= 1
        }
        running.remove(place)
        if attempt.child == nil { runningUnits -= 1 }
        unjudged.append(place)
        if place.item != nil {
            steps[place.step].runningItems -= 1
            settleItems(of: place.step)
        }
    }

    private mutating func apply(_ body: StepEnded, to index: Int) {
        // Its service may have been ready before a boot, and be known to have been only now.
        if workflow.steps[index].service != nil { servicesEpoch = nil }
        steps[index].state = body.state
        steps[index].reason = body.reason
        steps[index].skippedBecause = body.because
        steps[index].delayedUntil = nil
        steps[index].asked = nil
        dropLocks { place, _ in place.step == index }
        // Of a step that was opened again and then skipped, items may be open.
        for item in steps[index].items.indices where !steps[index].itemRecords[item].state.isEnded {
            let place = Place(index, item: item)
            self[place].state = body.state
            self[place].reason = body.reason
            (self[place].delayedUntil, self[place].asked) = (nil, nil)
            delayed.remove(place)
            approvals.remove(place)
            unjudged.removeAll { $0 == place }
            answered.removeAll { $0 == place }
        }
        stepsDone += 1
        left -= 1
        let place = Place(index)
        ready.remove(index)
        delayed.remove(place)
        approvals.remove(place)
        unjudged.removeAll { $0 == place }
        answered.removeAll { $0 == place }
        finished.removeAll { $0 == index }
        if doomed.last == index { doomed.removeLast() } else { doomed.removeAll { $0 == index } }
        let blocks = self.blocks(index)
        if blocks, body.because == nil, firstFailure == nil { firstFailure = index }
        let step = workflow.steps[index]
        for (dependent, kind) in zip(step.dependents, step.dependentKinds) {
            tell(dependent, of: index, kind, blame: body.because ?? body.step)
        }
    }
}

/// A run whose text cannot be read any more.
package struct RunFault: Error, Sendable, CustomStringConvertible {
    /// The faults in the text.
    package let faults: [Diagnostic]
    /// The faults, one a line.
    package var description: String { faults.map(\.description).joined(separator: "\n") }
}

import PawlEngine
import PawlModel
import PawlStore

/// A run that the conductor holds in memory: one that has not ended.
struct ActiveRun {
    /// The run, with every event that is on disk.
    var run: Run
    /// Why nothing of it can be recorded, after a commit that failed. The run then stands still as the store has it.
    var fault: String?
    /// The steps that have changed, in order of the changes: a place in here is a watcher's bookmark.
    var changes: [Place] = []
    /// How often anything of the run has changed.
    var version = 0
    /// Those who wait for a change.
    var watchers: [Int: CheckedContinuation<Void, Never>] = [:]
    /// The moment at which it is to be looked at again, if a work for that is under way.
    var wakeTime: Timestamp?
    /// How many of its steps ran when they were counted last.
    var countedSteps = 0
    /// Whether it is to be looked at again soon, since the host was going down when it last was.
    var awaitsHost = false

    /// How much of what runs is done by its own word, in percent.
    var progress: [Place: Int] = [:]
    /// How long its workflow's steps took before, once somebody has asked.
    var times: [String: StepTimes]?
    /// How long the run will take, and when that was found out.
    var forecast: (left: Double?, at: Timestamp)?

    init(_ run: Run) {
        self.run = run
        // Those of its past.
        _ = self.run.takeLockChanges()
    }

    /// Why it stands still after a commit that failed, and what to do.
    var faultReason: String? { fault.map { "\($0); once that is mended, 'pawl resume \(run.name)' goes on" } }

    /// The step or item that an event is about.
    func place(of event: Event) -> Place? {
        switch event {
        case .attemptOrdered(let body): run.place(of: body.step, item: body.item)
        case .attemptEnded(let body): run.place(of: body.step, item: body.item)
        case .stepEnded(let body): run.place(of: body.step, item: body.item)
        case .delaySet(let body): run.place(of: body.step, item: body.item)
        case .approvalAsked(let body): run.place(of: body.step, item: body.item)
        case .approvalAnswered(let body): run.place(of: body.step, item: body.item)
        case .stepExpanded(let body): run.place(of: body.step, item: nil)
        case .lockRefused(let body): run.place(of: body.step, item: body.item)
        case .lockWanted(let body): body.step.flatMap { run.place(of: $0, item: body.item) }
        case .lockGranted(let body): body.step.flatMap { run.place(of: $0, item: body.item) }
        case .runCreated, .cancelRequested, .runStopped, .runResumed, .phaseBegan, .runUndone, .hostLost, .servicesLost,
            .runLimited, .runPaused, .runUnpaused, .runBegan, .runEnded:
            nil
        }
    }

    /// Notes which steps an event changes for those who watch.
    mutating func note(_ event: Event) {
        version += 1
        if case .runResumed(let body) = event, body.definition != nil {
            // The places were those of another definition. What is in front of a bookmark is not looked at again, only counted.
            changes = Array(repeating: Place(0), count: changes.count)
            progress = [:]
        }
        if let place = place(of: event) {
            changes.append(place)
            // Another attempt begins anew, and of one that has ended its end is told.
            progress[place] = nil
            if case .stepExpanded(let body) = event {
                changes += body.items.indices.map { Place(place.step, item: $0) }
            }
        } else {
            switch event {
            // These change steps that have no event of their own.
            case .runStopped, .runResumed, .phaseBegan, .hostLost, .servicesLost, .runEnded:
                changes.append(contentsOf: run.places)
            default: break
            }
        }
    }
}

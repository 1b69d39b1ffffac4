import PawlEngine
import PawlModel

/// How much of what the runs want at once the host has room for, and who waits for room. It is made of what the runs are, so that
/// a pawld that was started anew has the same.
struct HostRoom: Sendable {
    /// How many runs go on at once; nil: any number.
    var maxRuns: Int?
    /// How many steps run at once; nil: any number.
    var maxSteps: Int?
    /// Why no step may start just now, whatever the numbers; nil if one may.
    var gate: String?
    /// How many more steps may start until the host is looked at again; nil: any number.
    var budget: Int?

    /// Runs that have begun and neither ended nor stopped.
    private var begun: Set<RunID> = []
    /// Runs that have yet to begin.
    private(set) var unbegun: Set<RunID> = []
    /// The steps that run, by run.
    private var steps: [RunID: Int] = [:]
    /// How many steps run that room has to be had for.
    private(set) var running = 0
    /// Runs that have yet to begin, or have a step that could start, and for which there was no room when they had their turn.
    private(set) var queue: Set<RunID> = []
    private(set) var hungry: Set<RunID> = []
    /// When each had room for a step the last time, in turns.
    private var served: [RunID: Int] = [:]
    private var turn = 0

    /// How many runs may still begin.
    var freeRuns: Int { maxRuns.map { max(0, $0 - begun.count) } ?? .max }
    /// How many steps may still start.
    var freeSteps: Int {
        if gate != nil { return 0 }
        return min(budget ?? .max, maxSteps.map { max(0, $0 - running) } ?? .max)
    }

    /// A run has its turn.
    mutating func beginTurn() { turn += 1 }

    /// What there is room for, as far as it is one run's.
    func admission(of run: RunID) -> Admission {
        var others = 0
        if maxSteps != nil || budget != nil, !hungry.isEmpty {
            // Whoever has many does not take all that becomes free: those come first that had their last one before.
            let last = served[run] ?? 0
            others = hungry.count { $0 != run && (served[$0] ?? 0) < last }
        }
        return Admission(begins: freeRuns > 0, starts: freeSteps > others)
    }

    /// A run is as it is now.
    mutating func note(_ run: Run, isStanding: Bool) {
        if !isStanding, run.isAdmitted { begun.insert(run.id) } else { begun.remove(run.id) }
        if !isStanding, run.waitsToBegin { unbegun.insert(run.id) } else { unbegun.remove(run.id) }
        let now = run.state.isEnded ? 0 : run.admittedSteps
        let before = steps[run.id] ?? 0
        guard now != before else { return }
        running += now - before
        steps[run.id] = now == 0 ? nil : now
        guard now > before else { return }
        served[run.id] = turn
        budget = budget.map { max(0, $0 - (now - before)) }
    }

    /// A run is yet to be taken up: until it is known how it stands, it has its turn.
    mutating func expect(_ run: RunID) { begun.insert(run) }

    /// A run has had its turn.
    mutating func wait(_ run: Run, isStanding: Bool) {
        let isQueued = !isStanding && run.waitsToBegin && freeRuns == 0
        if isQueued { queue.insert(run.id) } else { queue.remove(run.id) }
        if !isStanding, !isQueued, run.waitsToStart { hungry.insert(run.id) } else { hungry.remove(run.id) }
    }

    /// A run is not there any more.
    mutating func remove(_ run: RunID) {
        begun.remove(run)
        unbegun.remove(run)
        running -= steps.removeValue(forKey: run) ?? 0
        queue.remove(run)
        hungry.remove(run)
        served[run] = nil
    }

    /// Those whose step may start now, whoever has waited longest first.
    var starting: [RunID] {
        guard !hungry.isEmpty, freeSteps > 0 else { return [] }
        let order = hungry.sorted { (served[$0] ?? 0, $0.rawValue) < (served[$1] ?? 0, $1.rawValue) }
        return Array(order.prefix(freeSteps))
    }

    /// What is said of a run that waits for room, and in which state it is meanwhile.
    func wait(of run: Run) -> (state: RunState, words: String)? {
        if queue.contains(run.id), run.waitsToBegin, let words = wordsToBegin { return (.queued, words) }
        if hungry.contains(run.id), run.waitsToStart, let words = wordsToStart { return (.running, words) }
        return nil
    }

    /// Why a run has yet to begin.
    private var wordsToBegin: String? {
        guard let maxRuns, begun.count >= maxRuns else { return nil }
        return "waits for its turn: \(maxRuns) run\(maxRuns == 1 ? "" : "s") at once, says max_runs"
    }

    /// Why a step has yet to start.
    private var wordsToStart: String? {
        if let gate { return "waits: \(gate)" }
        if budget == 0 { return "waits until it is seen how much memory the steps take that have just started" }
        guard let maxSteps, running >= maxSteps else { return nil }
        return "waits for its turn: \(maxSteps) step\(maxSteps == 1 ? "" : "s") at once on this host, says max_steps"
    }
}

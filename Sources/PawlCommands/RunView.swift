import PawlAPI
import PawlModel

/// Something that happened to a run, as one line says it.
enum RunChange: Equatable {
    /// The run's own state.
    case run(RunState, reason: String?)
    /// An attempt has begun.
    case attemptBegan(step: StepStatus, attempt: AttemptStatus)
    /// An attempt has ended and its step goes on.
    case attemptEnded(step: StepStatus, attempt: AttemptStatus)
    /// A step that has not begun waits for something that its reason names, such as a person's word.
    case stepWaits(StepStatus)
    /// A step has ended.
    case stepEnded(StepStatus)
}

/// A run as a follower knows it: what pawld told, put together over partial answers and broken connections.
struct RunView {
    /// The run with all its steps; nil before the first answer.
    private(set) var status: RunStatus?

    private struct Key: Hashable {
        var id: String
        var item: Int?
    }

    /// Takes an answer: a whole run or its changed steps. What it says that was already known is no change, so the
    /// first answer after a restart of pawld tells only what happened meanwhile.
    mutating func apply(_ answer: RunStatus) -> [RunChange] {
        guard var known = status else {
            status = answer
            // What it waits for before its first step is all that there is to say of it.
            let wait = answer.state == .queued ? [RunChange.run(.queued, reason: answer.reason)] : []
            return wait + answer.steps.flatMap { changes(from: nil, to: $0) }
        }
        var places: [Key: Int] = [:]
        for (place, step) in known.steps.enumerated() { places[Key(id: step.id, item: step.item)] = place }
        var result: [RunChange] = []
        var steps = known.steps
        var isGrown = false
        for step in answer.steps {
            if let place = places[Key(id: step.id, item: step.item)] {
                result += changes(from: steps[place], to: step)
                steps[place] = step
            } else {
                result += changes(from: nil, to: step)
                steps.append(step)
                isGrown = true
            }
        }
        if isGrown { steps = RunView.grouped(steps) }
        if known.state != answer.state || answer.state == .queued && known.reason != answer.reason {
            result.append(.run(answer.state, reason: answer.reason))
        }
        known = answer
        known.steps = steps
        status = known
        return result
    }

    /// Items stand behind their step, though they are told of later.
    private static func grouped(_ steps: [StepStatus]) -> [StepStatus] {
        var ranks: [String: Int] = [:]
        for step in steps where ranks[step.id] == nil { ranks[step.id] = ranks.count }
        return steps.enumerated().sorted {
            (ranks[$0.element.id] ?? 0, $0.element.item ?? -1, $0.offset)
                < (ranks[$1.element.id] ?? 0, $1.element.item ?? -1, $1.offset)
        }.map(\.element)
    }

    private func changes(from old: StepStatus?, to new: StepStatus) -> [RunChange] {
        var result: [RunChange] = []
        for attempt in new.attempts {
            let before = old?.attempts.first { $0.number == attempt.number }
            if before == nil, attempt.state != .waiting {
                result.append(.attemptBegan(step: new, attempt: attempt))
            }
            // The last attempt's end is the step's own, which the line after says.
            let isStepsEnd = new.state.isEnded && attempt.number == new.attempts.last?.number
            if attempt.state.isEnded, before?.state.isEnded != true, !isStepsEnd {
                result.append(.attemptEnded(step: new, attempt: attempt))
            }
        }
        // One that runs says why only where it is a run that waits.
        if new.state == .waiting && new.attempts.isEmpty || new.state == .running, let reason = new.reason,
            reason != old?.reason
        {
            result.append(.stepWaits(new))
        }
        if new.state.isEnded, old?.state != new.state { result.append(.stepEnded(new)) }
        return result
    }
}

extension StepStatus {
    /// Seconds from its first attempt's start to its last one's end, or to now while it runs; nil before it started.
    func elapsed(now: Timestamp) -> Double? {
        guard let start = attempts.first?.started.moment else { return nil }
        if !state.isEnded { return max(0, now.seconds(since: start)) }
        return attempts.last?.ended.moment.map { max(0, $0.seconds(since: start)) }
    }

    /// CPU time of all its attempts, in seconds; nil where none is known.
    var cpuSeconds: Double? {
        let known = attempts.compactMap(\.cpuSeconds)
        return known.isEmpty ? nil : known.reduce(0, +)
    }

    /// Whether a person should look at it.
    var isFailure: Bool { state == .failed || state == .timedOut || state == .interrupted }

    /// Whether it waits for a person's word.
    var waitsForPerson: Bool { approval != nil }
}

extension RunStatus {
    /// Seconds from its start to its end, or to now while it goes on; nil before it started.
    func elapsed(now: Timestamp) -> Double? {
        guard let start = started.moment else { return nil }
        return max(0, (ended.moment ?? now).seconds(since: start))
    }

    /// The steps that its failure came from, the first one first: what was tolerated is none, and of a run that took too long it is
    /// what was cancelled with it.
    var culprits: [StepStatus] {
        var found = steps.filter { $0.isFailure && $0.tolerated != true }
        if found.isEmpty, state == .timedOut { found = steps.filter { $0.state == .cancelled && !$0.attempts.isEmpty } }
        // A step with items has failed with them, and has written nothing itself. Times of one form have the order of their text.
        let times = found.map { $0.attempts.last?.ended ?? "~" }
        return found.indices.sorted { (times[$0], $0) < (times[$1], $1) }.map { found[$0] }
    }

    /// The command that shows what became of a step: what it wrote, or the run that it was.
    func hint(to step: StepStatus) -> String {
        step.attempts.last?.run.map { "pawl status \($0)" } ?? "pawl logs \(run) \(step.name)"
    }
}

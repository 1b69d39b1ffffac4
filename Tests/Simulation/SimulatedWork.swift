import PawlModel

/// What steps have done for good, and what `pawl-step` finds of it: all of this outlives pawld and the host.
// SAFETY: as for `Schedule`.
final class SimulatedWork: @unchecked Sendable {
    /// Attempts that were given a plan, and whether they are only to ask.
    var plans: [AttemptName: Bool] = [:]
    private(set) var reports: [AttemptName: StepReport] = [:]
    private var done: Set<String> = []
    /// Attempts whose program has begun.
    private var begun: Set<AttemptName> = []

    private func place(_ attempt: AttemptName) -> String { "\(attempt.run).\(attempt.step).\(attempt.item ?? -1)" }

    /// Whether what an attempt is for is done already.
    func isDone(_ attempt: AttemptName) -> Bool { done.contains(place(attempt)) }

    /// What comes before an attempt's program: the status that it ends with where there is no more to it.
    func ask(_ attempt: AttemptName) -> Int32? {
        guard let asksOnly = plans[attempt] else {
            begun.insert(attempt)
            return nil
        }
        let isDone = isDone(attempt)
        reports[attempt] = StepReport(isDone ? .doneBefore : .open, "file /done")
        if isDone { return 0 }
        if asksOnly { return 1 }
        begun.insert(attempt)
        return nil
    }

    /// A program has ended, or was lost. One that did not do well may have done its work all the same.
    func ended(_ attempt: AttemptName, well: Bool, _ chance: inout Chance) {
        guard begun.remove(attempt) != nil, plans[attempt] != nil else { return }
        guard well || chance.once(in: 3) else { return }
        done.insert(place(attempt))
        if well { reports[attempt] = StepReport(.done, "file /done") }
    }
}

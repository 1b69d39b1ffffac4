import PawlEngine
import PawlModel

/// What steps have done for good, and what `pawl-step` finds of it: all of this outlives pawld, and the host too but for the
/// services that it has started.
// SAFETY: as for `Schedule`.
final class SimulatedWork: @unchecked Sendable {
    private struct Plan {
        var asksOnly = false
        var successes: Set<Int> = [0]
        var isService = false
        var isEnd = false
    }

    /// What attempts were given.
    private var plans: [AttemptName: Plan] = [:]
    private(set) var reports: [AttemptName: StepReport] = [:]
    private var done: Set<String> = []
    /// Those whose services are up.
    private var up: Set<String> = []
    /// Attempts whose program has begun.
    private var begun: Set<AttemptName> = []

    private func place(_ attempt: AttemptName) -> String { "\(attempt.run).\(attempt.step).\(attempt.item ?? -1)" }

    /// An attempt is given what it has to do. A service without anything that says when it is ready is started in any case.
    func prepare(_ command: StepCommand) {
        guard let plan = command.plan else { return plans[command.name] = nil }
        switch plan.turn {
        case .service where plan.probes.isEmpty: plans[command.name] = nil
        case .service: plans[command.name] = Plan(asksOnly: plan.asksOnly, isService: true)
        case .stop: plans[command.name] = Plan(isEnd: true)
        default: plans[command.name] = Plan(asksOnly: plan.asksOnly, successes: Set(plan.successes))
        }
    }

    /// Whether what an attempt is for is done already.
    func isDone(_ attempt: AttemptName) -> Bool {
        plans[attempt]?.isService == true ? up.contains(place(attempt)) : done.contains(place(attempt))
    }

    /// Whether an attempt has found that it was.
    func wasDone(_ attempt: AttemptName) -> Bool { reports[attempt]?.state == .doneBefore }

    /// The host is lost, and all that ran on it.
    func hostWentDown() { up = [] }

    /// What comes before an attempt's program: the status that it ends with where there is no more to it.
    func ask(_ attempt: AttemptName) -> Int32? {
        guard let plan = plans[attempt], !plan.isEnd else {
            begun.insert(attempt)
            return nil
        }
        let isDone = isDone(attempt)
        reports[attempt] = StepReport(isDone ? .doneBefore : .open, "file /done")
        if isDone { return 0 }
        if plan.asksOnly { return 1 }
        begun.insert(attempt)
        return nil
    }

    /// A program has ended, with a status if by itself. One that did not do well may have done its work all the same.
    func ended(_ attempt: AttemptName, with status: Int?, _ chance: inout Chance) {
        guard begun.remove(attempt) != nil, let plan = plans[attempt] else { return }
        let well = status.map(plan.successes.contains) ?? false
        guard well || chance.once(in: 3) else { return }
        if plan.isEnd { return up = up.filter { !$0.hasPrefix("\(attempt.run).") } }
        if plan.isService { up.insert(place(attempt)) } else { done.insert(place(attempt)) }
        if well { reports[attempt] = StepReport(.done, "file /done") }
    }
}

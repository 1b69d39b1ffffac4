import PawlLanguage
import PawlModel
import PawlStore

extension Conductor {
    /// A run with as many steps as this is removed in a transaction of its own, so that no commit of a run that goes on has
    /// to wait for long.
    private static let stepsAtOnce = 500
    private static let runsAtOnce = 32

    /// The next of the runs whose time is over; none when there are no more. Until `endRemoval` nobody can retry them.
    ///
    /// - Parameter kept: those that are not to be removed now.
    func beginRemoval(_ retention: Retention, except kept: Set<RunID>) throws -> [RunID] {
        guard !world.isHostStopping() else { return [] }
        let rows = try store.expired(
            before: before(retention), beyond: retention.runs, limit: Conductor.runsAtOnce + kept.count + leaving.count)
        var taken: [RunID] = []
        var steps = 0
        for row in rows {
            // With it those that are steps of it, which have ended by then.
            let family = [row] + (try store.children(of: row.id))
            guard family.allSatisfy({ active[$0.id] == nil && !kept.contains($0.id) && !leaving.contains($0.id) })
            else { continue }
            let count = family.reduce(0) { $0 + $1.stepsTotal }
            guard taken.isEmpty || steps + count <= Conductor.stepsAtOnce else { break }
            steps += count
            taken += family.map(\.id)
        }
        leaving.formUnion(taken)
        return taken
    }

    /// Those whose time would be over, with those that are steps of them: how many, and the names of the first.
    func expired(_ retention: Retention, naming most: Int) throws -> (count: Int, names: [String]) {
        let count = try store.expiredCount(before: before(retention), beyond: retention.runs)
        let rows = try store.expired(before: before(retention), beyond: retention.runs, limit: most)
        var family: [RunSummaryRow] = []
        for row in rows where family.count < most { family += [row] + (try store.children(of: row.id)) }
        return (count, family.prefix(most).map(\.name))
    }

    /// The moment before which a run must have ended.
    private func before(_ retention: Retention) -> Timestamp? {
        retention.age.map { world.now().adding(seconds: -($0 / .seconds(1))) }
    }

    /// Removes runs of `beginRemoval` from the store.
    ///
    /// - Parameter gone: those whose folders are out of the way. The others stay.
    func endRemoval(of runs: [RunID], gone: [RunID]) throws {
        defer { leaving.subtract(runs) }
        if !gone.isEmpty { try store.remove(gone) }
    }
}

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
        let before = retention.age.map { world.now().adding(seconds: -($0 / .seconds(1))) }
        let rows = try store.expired(
            before: before, beyond: retention.runs, limit: Conductor.runsAtOnce + kept.count + leaving.count)
        var taken: [RunID] = []
        var steps = 0
        for row in rows where active[row.id] == nil && !kept.contains(row.id) && !leaving.contains(row.id) {
            guard taken.isEmpty || steps + row.stepsTotal <= Conductor.stepsAtOnce else { break }
            steps += row.stepsTotal
            taken.append(row.id)
        }
        leaving.formUnion(taken)
        return taken
    }

    /// Removes runs of `beginRemoval` from the store.
    ///
    /// - Parameter gone: those whose folders are out of the way. The others stay.
    func endRemoval(of runs: [RunID], gone: [RunID]) throws {
        defer { leaving.subtract(runs) }
        if !gone.isEmpty { try store.remove(gone) }
    }
}

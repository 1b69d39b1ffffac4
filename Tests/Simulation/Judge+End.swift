import PawlEngine
import PawlModel

@testable import PawlDaemon

extension Judge {
    /// What holds once everything is over.
    func finish() {
        for (name, unit) in host.units where !unit.isForeign { fail("\(name) is left over, \(unit.activeState)") }
        let foreign = Set(host.units.values.filter(\.isForeign).map(\.slice))
        let kept = foreign.union(foreign.flatMap(SimulatedHost.above))
        for slice in host.slices.keys.sorted() where !kept.contains(slice) { fail("\(slice) is left over") }
        for (id, record) in runs {
            if !record.hasEnded { fail("the run \(id) has not ended") }
            guard let run = disk.run(id) else {
                fail("the run \(id) cannot be read")
                continue
            }
            for place in run.places {
                for attempt in run[place].attempts {
                    let name = run.attemptName(place, number: attempt.number)
                    if record.results[name] != attempt.outcome?.state {
                        fail(
                            "\(name) is shown as \(attempt.state), and was recorded as \(String(describing: record.results[name]))"
                        )
                    }
                }
            }
        }
    }
}

import PawlModel

@testable import PawlDaemon
@testable import SystemdKit

/// Units that stand still for a while.
extension SimulatedHost {
    /// Plans what comes next for a program that runs: its own end, or that of its time, which goes on while it stands still.
    func arm(_ unit: SimulatedUnit) {
        guard let left = unit.left else { return }
        let end = unit.isFrozen ? nil : left
        let most = unit.timeout.map { max(0, unit.began + $0 - schedule.now) }
        if let most, end == nil || most < end ?? 0 {
            return later(unit, most) { [self] in
                if unit.isFrozen { onHarm("\(unit.name) is timed out while its run is paused") }
                unit.result = "timeout"
                terminate(unit)
            }
        }
        // Nothing that was planned before holds any more.
        guard let end else { return unit.generation += 1 }
        later(unit, end) { [self] in
            switch unit.plan.end {
            case .exit(let status): exited(unit, status)
            case .signal(let number): killed(unit, number)
            }
        }
    }

    /// A program that asks whether its work is done is over in a moment, and is not frozen here.
    func freeze(_ name: String, _ isFrozen: Bool) -> BusError? {
        guard let unit = units[name] else { return noSuchUnit(name) }
        // What was frozen in the moment in which it became somebody else's is thawed.
        if isFrozen, isHarmed(unit) { onHarm("\(name) was frozen, and is somebody else's") }
        guard unit.activeState == "active" else {
            return BusError(name: "org.freedesktop.systemd1.UnitInactive", message: "not active")
        }
        guard unit.isFrozen != isFrozen, let left = unit.left else { return nil }
        trace("\(name) is \(isFrozen ? "frozen" : "thawed")")
        if isFrozen { unit.left = max(0, left - (schedule.now - unit.runsSince)) }
        unit.runsSince = schedule.now
        unit.isFrozen = isFrozen
        arm(unit)
        return nil
    }

    /// `systemctl daemon-reload`.
    func readFiles() {
        for unit in units.values.sorted(by: { $0.name < $1.name }) {
            guard let text = dropIns[unit.attempt], let range = text.firstRange(of: "RuntimeMaxSec=") else { continue }
            let value = text[range.upperBound...].prefix { $0 != "\n" }
            unit.timeout = value == "infinity" ? nil : Int64(value.dropLast("us".count))
            // What stands still is looked at from its beginning; what runs has run for a while.
            if let left = unit.left, !unit.isFrozen {
                unit.left = max(0, left - (schedule.now - unit.runsSince))
                unit.runsSince = schedule.now
            }
            arm(unit)
        }
    }

    /// The steps of a run that run though it is paused.
    func notFrozen(of run: RunID) -> [String] {
        units.values.filter { unit in
            unit.attempt.run == run && !unit.isForeign && unit.activeState == "active" && !unit.isFrozen
                && unit.left != nil
        }.map(\.name).sorted()
    }
}

import Glibc
import SystemdKit

/// Steps that stand still while their run is paused.
extension SystemdServiceManager {
    func freeze(_ unit: String) async throws(ServiceManagerFault) {
        // A frozen unit whose start job runs would be taken for one that does not start: its TimeoutStartSec= goes on.
        try await settle(start: unit)
        try await signal(unit, SIGSTOP) { units, unit async throws(BusError) in try await units.freeze(unit) }
    }

    func thaw(_ unit: String) async throws(ServiceManagerFault) {
        try await signal(unit, SIGCONT) { units, unit async throws(BusError) in try await units.thaw(unit) }
    }

    func reload() async throws(ServiceManagerFault) {
        _ = try await ask { () async throws(BusError) in try await units.reload() }
    }

    /// Freezes or thaws. systemd says of each unit that it can be frozen, and only when asked that it cannot.
    private func signal(
        _ unit: String, _ signal: Int32, _ call: (any UnitCalls, String) async throws(BusError) -> Void
    ) async throws(ServiceManagerFault) {
        _ = try await ask { () async throws(BusError) in
            do throws(BusError) {
                do throws(BusError) { try await call(units, unit) } catch  where error.isNotSupported {
                    try await units.kill(unit, signal: signal)
                }
            } catch  where error.isNoSuchUnit || error.isUnitInactive {
                return
            }
        }
    }

    /// Waits until a unit's start job is over.
    private func settle(start unit: String) async throws(ServiceManagerFault) {
        // From before the look, so that the end of the job is not missed.
        var signals = await units.signals().makeAsyncIterator()
        while let now = try await listed(unit), now.jobType == "start" || now.activeState == "activating" {
            signs: while true {
                switch await signals.next(isolation: nil) {
                case .jobRemoved(_, _, unit, _)?, .unitRemoved(unit)?, .appeared?, .disappeared?: break signs
                case nil: throw .unknownOutcome("pawld ends")
                default: continue
                }
            }
        }
    }
}

import EventLoopKit
import Glibc
import PawlModel
import SystemdKit

/// Timers of the real systemd, over the system bus.
struct SystemdTimerManager: TimerManager {
    let units: UnitManager
    let manager: any ServiceManager
    /// Looks at files where waiting for a disk holds up nobody.
    let files: UnitFiles
    let events: EventLoop

    /// How long a unit that was stopped may stay loaded, and one that was started may have a job.
    private static let patience = Duration.seconds(10)

    func epoch() async throws(ServiceManagerFault) -> String { try await manager.epoch() }

    func isBooting() async throws(ServiceManagerFault) -> Bool {
        try await ["initializing", "starting"].contains(
            ask { () async throws(BusError) in try await units.systemState() })
    }

    func timer(_ unit: String) async throws(ServiceManagerFault) -> TimerState? {
        let status = try await ask { () async throws(BusError) in try await units.timerStatus(unit) }
        guard let status else { return nil }
        let moment = max(status.activeEnterTimestamp, status.lastTrigger)
        return TimerState(
            isActive: status.activeState == "active",
            fragment: status.isTransient ? nil : status.fragmentPath.isEmpty ? "systemd" : status.fragmentPath,
            until: Timestamp(microseconds: Int64(clamping: moment)))
    }

    func fragments(of units: [String]) async throws(ServiceManagerFault) -> [String: String] {
        let folders = try await ask { () async throws(BusError) in try await self.units.unitPath() }
        return await files.find(units, in: folders.filter { !$0.hasSuffix("/transient") })
    }

    func reread() async throws(ServiceManagerFault) {
        try await ask { () async throws(BusError) in try await units.reload() }
    }

    func nextElapses(of units: [String]) async -> [Timestamp?] {
        await self.units.nextElapses(of: units).map { moment in
            guard let moment, moment > 0, let microseconds = Int64(exactly: moment) else { return nil }
            return Timestamp(microseconds: microseconds)
        }
    }

    func start(_ timer: TimerUnit) async throws(ServiceManagerFault) {
        do throws(BusError) {
            try await units.startTransientUnit(timer.name, properties: timer.properties)
        } catch {
            throw ServiceManagerFault(error)
        }
    }

    func remove(_ unit: String) async throws(ServiceManagerFault) {
        // From before the look, so that what happens after it is not missed.
        let signals = await units.signals()
        do throws(BusError) {
            try await units.stopUnit(unit)
        } catch {
            if error.isNoSuchUnit { return }
            throw ServiceManagerFault(error)
        }
        let isGone = await inTime {
            for await signal in signals {
                switch signal {
                case .unitRemoved(unit), .jobRemoved(_, _, unit, _), .appeared: break
                default: continue
                }
                // A look at a unit that is not loaded makes signals of its own, which say the same.
                do throws(ServiceManagerFault) {
                    if try await timer(unit) == nil { return true }
                } catch {
                    // The next sign tells.
                }
            }
            return false
        }
        guard isGone else {
            throw .refused(
                "\(unit) was stopped and is still loaded: 'systemctl list-dependencies --reverse \(unit)' shows what keeps it"
            )
        }
    }

    func arrive(_ units: [String]) async {
        let signals = await self.units.signals()
        _ = await inTime {
            // The stream begins with a sign, so that the first look is one at what was over before.
            for await signal in signals {
                switch signal {
                case .jobRemoved, .appeared: break
                default: continue
                }
                let listed = try? await self.units.units(matching: [TimerUnit.pattern])
                if let listed, !listed.contains(where: { units.contains($0.name) && !$0.jobType.isEmpty }) {
                    return true
                }
            }
            return false
        }
    }

    /// Whether something was over before one's patience was.
    private func inTime(_ body: @escaping @Sendable () async -> Bool) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { await body() }
            group.addTask {
                do { try await events.sleep(for: SystemdTimerManager.patience) } catch { return false }
                return false
            }
            let first = await group.next() ?? false
            group.cancelAll()
            return first
        }
    }

    func settle(_ service: String) async throws(ServiceManagerFault) {
        var signals = await units.signals().makeAsyncIterator()
        while try await isBusy(service) { try await next(&signals, service) }
    }

    func run(_ service: String) async throws(ServiceManagerFault) {
        var signals = await units.signals().makeAsyncIterator()
        do throws(BusError) {
            _ = try await units.start(service)
        } catch {
            throw ServiceManagerFault(error)
        }
        while try await isBusy(service) { try await next(&signals, service) }
    }

    private func isBusy(_ service: String) async throws(ServiceManagerFault) -> Bool {
        let listed = try await ask { () async throws(BusError) in try await units.units(matching: [service]) }
        guard let unit = listed.first(where: { $0.name == service }) else { return false }
        return !unit.jobType.isEmpty || !["inactive", "failed"].contains(unit.activeState)
    }

    /// Waits for a sign that may be about a unit.
    private func next(
        _ signals: inout AsyncStream<ManagerSignal>.Iterator, _ unit: String
    ) async throws(ServiceManagerFault) {
        while true {
            switch await signals.next(isolation: nil) {
            case .jobRemoved(_, _, unit, _)?, .unitRemoved(unit)?, .propertiesChanged(unit, _, _)?, .appeared?: return
            case .disappeared?: throw .unknownOutcome("systemd went away while \(unit) was waited for")
            case nil: throw .unknownOutcome("pawld ends")
            default: continue
            }
        }
    }

    func watch(_ give: @Sendable (ScheduleSign) -> Void) async {
        for await signal in await units.signals() {
            switch signal {
            case .appeared, .reloading(active: false): give(.changed)
            case .startupFinished: give(.booted)
            case .jobRemoved(_, _, let unit, _):
                if let workflow = TimerUnit.workflow(ofService: unit) { give(.ended(workflow: workflow)) }
            default: break
            }
        }
    }

    private func ask<Answer>(_ call: () async throws(BusError) -> Answer) async throws(ServiceManagerFault) -> Answer {
        do throws(BusError) {
            return try await call()
        } catch {
            throw ServiceManagerFault(error)
        }
    }
}

/// Looks for units' files.
actor UnitFiles {
    private let executor: EventLoop
    init(executor: EventLoop) { self.executor = executor }
    /// The thread.
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// The files of some units that have an instance's name, or of their template, in folders of which the first goes before the
    /// others. A link that leads nowhere is one too: it masks.
    func find(_ units: [String], in folders: [String]) -> [String: String] {
        var found: [String: String] = [:]
        for folder in folders {
            guard let names = try? Folder.list(folder) else { continue }
            let known = Set(names)
            for unit in units where found[unit] == nil && known.contains(unit) { found[unit] = "\(folder)/\(unit)" }
        }
        for folder in folders {
            let template = "\(folder)/pawl@.timer"
            var status = stat()
            guard lstat(template, &status) == 0 else { continue }
            for unit in units where found[unit] == nil { found[unit] = template }
        }
        return found
    }
}

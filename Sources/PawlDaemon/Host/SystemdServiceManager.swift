import EventLoopKit
import FoundationEssentials
import Glibc
import PawlEngine
import PawlLanguage
import PawlModel
import Synchronization
import SystemdKit

/// The real systemd, over the system bus.
final class SystemdServiceManager: ServiceManager {
    let units: any UnitCalls
    private let bootID: String
    /// The epoch of this connection to the manager: asked for once, and again whenever the manager appears anew.
    private let known = Mutex<String?>(nil)
    /// How many units are looked at one by one just now.
    private let looks = Mutex(0)
    private let rollCall: RollCall

    /// The most units that are looked at one by one at the same time; beyond that a listing is cheaper.
    private static let mostLooks = 4
    /// How often a slice is asked for that is being stopped each time.
    private static let mostSliceStarts = 8

    /// Speaks to systemd by a manager of the bus.
    ///
    /// - Parameter thread: the one that the calls are made on.
    init(units: any UnitCalls, bootID: String, thread: any ActorThread) {
        self.units = units
        self.bootID = bootID
        rollCall = RollCall(thread: thread) { await SystemdServiceManager.loaded(units) }
    }

    /// Turns systemd's signals into 'look again', for ever.
    ///
    /// Of a unit's many changes only those count that may be its end: every other one would cost a look for nothing.
    func watch(_ signs: UnitSigns) async {
        for await signal in await units.signals() {
            switch signal {
            case .appeared:
                known.withLock { $0 = nil }
                signs.giveAll()
            case .unitRemoved(let unit):
                signs.give(unit)
            case .propertiesChanged(let unit, _, let properties):
                let state = properties["ActiveState"]?.asString
                // A unit whose job has yet to run is told as inactive too, but it has never changed its state.
                let changed = properties["StateChangeTimestampMonotonic"]?.asUInt64 != 0
                let unmet = state == "inactive" ? UnmetCondition(properties) : nil
                if state == "failed" || state == "inactive" && changed || unmet != nil {
                    signs.give(unit, hasFailed: state == "failed", unmet: unmet)
                }
            case .disappeared, .unitNew, .jobRemoved, .reloading, .startupFinished:
                break
            }
        }
    }

    func epoch() async throws(ServiceManagerFault) -> String {
        if let epoch = known.withLock({ $0 }) { return epoch }
        let start = try await ask { () async throws(BusError) in try await units.userspaceTimestampMonotonic() }
        let epoch = "\(bootID).\(start)"
        known.withLock { $0 = epoch }
        return epoch
    }

    /// The version of the systemd that runs, as a number.
    func version() async throws(ServiceManagerFault) -> Int {
        let text = try await ask { () async throws(BusError) in try await units.version() }
        guard let number = Int(text.prefix { $0.isASCII && $0.isNumber }) else {
            throw .refused("its version '\(text)' does not begin with a number")
        }
        return number
    }

    /// Asks nothing of a systemd that is too old for it: that would take a property that it does not know for a mistake in the
    /// call, and not say what is missing.
    private func requireVersion(_ newest: (directive: String, since: Int)?) async throws(ServiceManagerFault) {
        guard let newest else { return }
        let running = try await version()
        guard running < newest.since else { return }
        throw .refused(Directives.tooNew(newest.directive, since: newest.since, on: running))
    }

    func start(_ unit: StepUnit) async throws(ServiceManagerFault) {
        try await requireVersion(unit.newest)
        let properties = unit.properties.map { UnitProperty($0.name, $0.value) }
        do throws(BusError) {
            _ = try await units.startTransientService(unit.name, properties: properties)
        } catch {
            // It is there already, from an earlier call whose answer was lost or an earlier pawld: it is adopted.
            if error.isUnitExists { return try await requireOurs(unit) }
            guard error.isTransactionDestructive else { throw ServiceManagerFault(error) }
            try await conflict(in: unit.slice)
            // Its slice is asked for again first, with its limits.
            throw .unknownOutcome(error.description)
        }
    }

    /// Takes a conflict with another job: the run's slice is being stopped, by somebody or since the run had ended, and was
    /// retried that moment. Comes back once that is over.
    private func conflict(in slice: String) async throws(ServiceManagerFault) {
        // Between the order to shut down and its mark nothing more is started. That says nothing about the step.
        let state = try await ask { () async throws(BusError) in try await units.systemState() }
        if state == "stopping" { throw .hostStopping }
        // One that is above it stops it too.
        var name = "pawl"
        for part in slice.dropLast(".slice".count).split(separator: "-").dropFirst() {
            name += "-\(part)"
            try await settle(name + ".slice")
        }
    }

    /// Takes a loaded unit of that name only if it is in the run's own slice.
    private func requireOurs(_ unit: StepUnit) async throws(ServiceManagerFault) {
        if let words = try await stranger(unit.name, to: unit.slice) { throw .refused(words) }
    }

    private func stranger(_ unit: String, to own: String) async throws(ServiceManagerFault) -> String? {
        ForeignUnit.words(of: unit, in: try await slice(of: unit), notIn: own)
    }

    private func slice(of unit: String) async throws(ServiceManagerFault) -> String? {
        try await ask { () async throws(BusError) in
            do throws(BusError) {
                return try await units.slice(of: unit)
            } catch  where error.isNoSuchUnit || error.isUnknownObject {
                return nil
            }
        }
    }

    func startSlice(_ slice: StepUnit.Slice, isKnown: Bool) async throws(ServiceManagerFault) {
        try await requireVersion(slice.newest)
        let limits = slice.limits.map { UnitProperty($0.name, $0.value) }
        for _ in 0..<SystemdServiceManager.mostSliceStarts {
            do throws(BusError) {
                _ = try await units.startTransientSlice(
                    slice.name, properties: [.string("Description", slice.description)] + limits)
                return
            } catch {
                if error.isTransactionDestructive {
                    try await conflict(in: slice.name)
                    continue
                }
                guard error.isUnitExists else { throw ServiceManagerFault(error) }
            }
            if limits.isEmpty { return }
            guard try await isLasting(slice.name) else { continue }
            if isKnown { return }
            // It is from before pawld was started anew, or made by whoever has put something into it.
            _ = try await ask { () async throws(BusError) in try await units.setProperties(slice.name, limits) }
            return
        }
        throw .unknownOutcome("\(slice.name) is stopped again and again")
    }

    func limitSlice(_ slice: StepUnit.Slice) async throws(ServiceManagerFault) -> Bool {
        try await requireVersion(slice.newest)
        guard try await isLasting(slice.name) else { return false }
        let limits = slice.limits.map { UnitProperty($0.name, $0.value) }
        _ = try await ask { () async throws(BusError) in try await units.setProperties(slice.name, limits) }
        return true
    }

    /// Whether a slice that is there stays: one that is just being stopped, since its run had ended and was retried that moment,
    /// is gone with its limits by the time a step starts, and systemd would make it again without them. What is asked for stops
    /// the slice no more: the order to stop it, if there was one, went ahead. Comes back once it is not being stopped any more.
    private func isLasting(_ slice: String) async throws(ServiceManagerFault) -> Bool {
        let listed = try await listed(slice)
        var state = listed?.loadState ?? ""
        if listed == nil {
            // One that is masked is let go as soon as nobody speaks of it.
            state = try await ask { () async throws(BusError) in try await units.loadState(of: slice) }
        }
        guard ["loaded", "not-found", ""].contains(state) else {
            throw .refused("systemd has it as '\(state)'; 'systemctl status \(slice)' shows it")
        }
        guard let listed else { return false }
        let isUp = listed.activeState == "active" || listed.jobType == "start"
        if isUp, listed.jobType != "stop" { return true }
        try await settle(slice)
        return false
    }

    func listed(_ unit: String) async throws(ServiceManagerFault) -> ListedUnit? {
        try await ask { () async throws(BusError) in try await units.units(matching: [unit]) }.first { $0.name == unit }
    }

    /// Waits until a slice is not being stopped any more, for as long as what is in it takes to stop.
    private func settle(_ slice: String) async throws(ServiceManagerFault) {
        // From before the look, so that the end of the job is not missed.
        var signals = await units.signals().makeAsyncIterator()
        while let now = try await listed(slice), now.jobType == "stop" || now.activeState == "deactivating" {
            signs: while true {
                switch await signals.next(isolation: nil) {
                case .jobRemoved(_, _, slice, _)?, .appeared?, .disappeared?: break signs
                case nil: throw .unknownOutcome("\(slice) is just being stopped")
                default: break
                }
            }
        }
    }

    func startInstalled(_ unit: String) async throws(ServiceManagerFault) {
        _ = try await ask { () async throws(BusError) in try await units.start(unit) }
    }

    func stop(_ unit: String, in slice: String) async throws(ServiceManagerFault) {
        // Of one that is not loaded there is nothing to stop: a start that is under way is followed by a stop of its own. To ask
        // all the same could hit what somebody else starts under its name in the meantime.
        guard let there = try await self.slice(of: unit), !there.isEmpty,
            ForeignUnit.words(of: unit, in: there, notIn: slice) == nil
        else { return }
        try await stopLoaded(unit, again: true)
    }

    func kill(_ unit: String, in slice: String) async throws(ServiceManagerFault) {
        try await stop(unit, in: slice)
        guard try await stranger(unit, to: slice) == nil else { return }
        _ = try await ask { () async throws(BusError) in
            do throws(BusError) {
                // With the recorder at work the step is over, and what is killed then is its receipt.
                guard let status = try await units.serviceStatus(unit), !status.subState.hasPrefix("stop-post"),
                    !status.subState.hasPrefix("final-")
                else { return }
                try await units.kill(unit, signal: SIGKILL)
            } catch  where error.isNoSuchUnit {
                return
            }
        }
    }

    func stopSlice(_ name: String) async throws(ServiceManagerFault) {
        // Asked for once: by the time the answer is missed the run may have been retried, and its steps would be stopped with
        // it. What stays of a slice is swept up at the next start.
        try await stopLoaded(name, again: false)
    }

    private func stopLoaded(_ unit: String, again: Bool) async throws(ServiceManagerFault) {
        _ = try await ask(again: again) { () async throws(BusError) in
            do throws(BusError) {
                try await units.stop(unit)
            } catch  where error.isNoSuchUnit {
                return
            }
        }
    }

    func members(of slice: String) async throws(ServiceManagerFault) -> [String] {
        try await ask { () async throws(BusError) in
            do throws(BusError) {
                return try await units.members(of: slice)
            } catch  where error.isNoSuchUnit || error.isUnknownObject {
                return []
            }
        }
    }

    func release(_ unit: String, in slice: String) async throws(ServiceManagerFault) {
        guard try await stranger(unit, to: slice) == nil else { return }
        do throws(BusError) {
            try await units.resetFailedUnit(unit)
        } catch {
            if error.isNoSuchUnit { return }
            throw ServiceManagerFault(error)
        }
    }

    func status(of unit: String) async throws(ServiceManagerFault) -> PawlDaemon.UnitStatus? {
        let isBusy = looks.withLock { looks in
            looks += 1
            return looks > SystemdServiceManager.mostLooks
        }
        defer { looks.withLock { $0 -= 1 } }
        if isBusy, let loaded = await rollCall.units() {
            guard let found = loaded[unit] else { return nil }
            if found.goesOn {
                if let slice = found.slice { return .running(in: slice) }
                if let slice = try await slice(of: unit), !slice.isEmpty { return .running(in: slice) }
            }
            // How it has ended, if it was ever started, its properties tell.
        }
        let status = try await ask { () async throws(BusError) in try await units.serviceStatus(unit) }
        return status.map { PawlDaemon.UnitStatus($0) }
    }

    func units(matching pattern: String) async throws(ServiceManagerFault) -> [String] {
        try await ask { () async throws(BusError) in try await units.units(matching: [pattern]).map(\.name) }
    }

    /// The units of steps that are loaded. Nil if the listing failed: then each is asked for by itself, and fails with a cause
    /// of its own.
    private static func loaded(_ units: any UnitCalls) async -> [String: LoadedUnit]? {
        var loaded: [String: LoadedUnit] = [:]
        var running: [RunID: Int] = [:]
        do throws(BusError) {
            let listed = try await units.units(matching: [AttemptName.unitPrefix + "*"])
            for unit in listed where unit.loadState != "not-found" {
                let goesOn = unit.activeState != "inactive" && unit.activeState != "failed"
                loaded[unit.name] = LoadedUnit(goesOn: goesOn)
                if goesOn, let run = AttemptName(unit: unit.name)?.run { running[run, default: 0] += 1 }
            }
        } catch {
            return nil
        }
        // Whose a unit is its slice tells, and of that the listing says nothing. The slice of a run tells of all of its steps at
        // once; one that is not found there is asked for its slice by itself.
        for slice in running.filter({ $0.value > 1 }).map(\.key.slice).sorted() {
            guard let members = try? await units.members(of: slice) else { continue }
            for unit in members { loaded[unit]?.slice = slice }
        }
        return loaded
    }

    /// Asks what may be asked twice. A manager that is there and took too long to answer is asked again: no sign would
    /// tell that it is worth another try, as one does when it comes back.
    func ask<Answer>(
        again: Bool = true, _ call: () async throws(BusError) -> Answer
    ) async throws(ServiceManagerFault) -> Answer {
        while true {
            do throws(BusError) {
                return try await call()
            } catch {
                guard again, error.isNoReply, !Task.isCancelled else { throw ServiceManagerFault(error) }
            }
        }
    }
}

extension ServiceManagerFault {
    init(_ error: BusError) {
        self =
            error.isUnknownOutcome || error.isUnavailable
            ? .unknownOutcome(error.description) : .refused(error.description)
    }
}

extension UnitProperty {
    fileprivate init(_ name: String, _ value: StepUnit.Value) {
        switch value {
        case .boolean(let value): self = .boolean(name, value)
        case .string(let value): self = .string(name, value)
        case .strings(let values): self = .strings(name, values)
        case .unsigned32(let value): self = .uint32(name, value)
        case .signed32(let value): self = .int32(name, value)
        case .unsigned64(let value): self = .uint64(name, value)
        case .byteStrings(let values): self.init(name, .array(of: "ay", values.map { .bytes(Array($0.utf8)) }))
        case .command(let path, let arguments):
            self = .execStart([UnitCommand(path: path, arguments: arguments)])
        case .binds(let binds):
            let paths = binds.map { UnitBindPath(source: $0.source, destination: $0.destination) }
            self = name == "BindPaths" ? .bindPaths(paths) : .bindReadOnlyPaths(paths)
        case .conditions(let settings):
            let conditions = settings.map {
                UnitCondition($0.type, $0.parameter, isNegated: $0.isNegated, isTrigger: $0.isTrigger)
            }
            self = name == "Conditions" ? .conditions(conditions) : .assertions(conditions)
        case .setting(let value): self.init(name, BusValue(value))
        case .credentials(let credentials): self = .pairs(name, credentials.map { ($0.name, $0.path) })
        }
    }
}

extension BusValue {
    fileprivate init(_ value: SettingValue) {
        self =
            switch value {
            case .boolean(let value): .boolean(value)
            case .string(let value): .string(value)
            case .unsigned16(let value): .uint16(value)
            case .unsigned32(let value): .uint32(value)
            case .signed32(let value): .int32(value)
            case .unsigned64(let value): .uint64(value)
            case .bytes(let bytes): .bytes(bytes)
            case .array(let signature, let values): .array(of: signature, values.map { BusValue($0) })
            case .structure(let values): .structure(values.map { BusValue($0) })
            case .condition(let condition):
                .structure([
                    .string(condition.type), .boolean(condition.isTrigger), .boolean(condition.isNegated),
                    .string(condition.parameter),
                ])
            }
    }
}

extension UnmetCondition {
    /// What PID 1 tells of a unit whose start job it has just passed over: the job itself reads as done. A unit that was never
    /// asked for has no time of its conditions, and what keeps a condition from holding keeps the assertions from being asked.
    fileprivate init?(_ properties: [String: BusValue]) {
        func isUnmet(_ name: String) -> Bool {
            properties["\(name)Result"]?.asBoolean == false
                && properties["\(name)TimestampMonotonic"]?.asUInt64 ?? 0 != 0
        }
        guard isUnmet("Condition") || isUnmet("Assert") else { return nil }
        self = isUnmet("Condition") ? .condition : .assertion
    }
}

extension PawlDaemon.UnitStatus {
    /// What PID 1 says of a service. `ExecMainCode` is a CLD_ number of `man:sigaction(2)`.
    fileprivate init(_ status: ServiceStatus) {
        let exit: UnitResult.Exit =
            switch status.execMainCode {
            case 1: .exited(Int(status.execMainStatus))
            case 2: .killed(SignalName.text(of: status.execMainStatus))
            case 3: .dumped(SignalName.text(of: status.execMainStatus))
            default: .none
            }
        let ended = status.execMainExitTimestamp
        self.init(
            // A unit that was just made is inactive too, until its job is run; only its start gives it an invocation.
            hasEnded: status.activeState == "failed"
                || (status.activeState == "inactive" && !status.invocationID.isEmpty),
            isEnding: status.activeState == "deactivating",
            result: UnitResult(
                result: status.result, exit: exit,
                ended: ended == 0 ? nil : Timestamp(microseconds: Int64(clamping: ended))),
            slice: status.slice)
    }
}

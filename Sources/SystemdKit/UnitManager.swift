internal import EventLoopKit

/// systemd's service manager over the bus.
package actor UnitManager {
    /// Which processes of a unit get a signal, man:systemctl(1) `--kill-whom=`.
    package enum KillWhom: String, Sendable {
        case main
        case control
        case all
    }

    static let service = "org.freedesktop.systemd1"
    static let path = "/org/freedesktop/systemd1"
    static let interface = "org.freedesktop.systemd1.Manager"
    static let propertiesInterface = "org.freedesktop.DBus.Properties"

    package nonisolated let bus: Bus

    package nonisolated var unownedExecutor: UnownedSerialExecutor { bus.unownedExecutor }

    nonisolated let prefixes: [String]
    nonisolated let broadcast = Broadcast<ManagerSignal>()
    var hasMatches = false
    var isPresent = false
    /// Counts the managers that came, so that the reply of one that is gone is not taken for that of the next.
    var generation = 0

    /// - Parameter prefixes: units whose signals are wanted, by the beginnings of their names; UnitNew, UnitRemoved and
    ///   PropertiesChanged of others are not told. JobRemoved and Reloading always come.
    package init(bus: Bus, prefixes: [String]) {
        self.bus = bus
        self.prefixes = prefixes
    }

    // MARK: Starting

    /// Makes a service and starts it, mode `fail`. It has been started, or will be, once this returns.
    /// - Returns: the object path of the job, as `JobRemoved` tells it.
    /// - Throws: an error whose `isUnitExists` holds if a unit of that name is loaded, be it ended or failed.
    @discardableResult
    package func startTransientService(
        _ name: String, properties: [UnitProperty]
    ) async throws(BusError) -> String {
        try await startTransientUnit(name, properties: properties)
    }

    /// Makes a slice and starts it, mode `fail`.
    @discardableResult
    package func startTransientSlice(
        _ name: String, properties: [UnitProperty]
    ) async throws(BusError) -> String {
        try await startTransientUnit(name, properties: properties)
    }

    /// Makes a unit of any type and starts it, with units that it needs made in the same transaction (a timer's
    /// service).
    @discardableResult
    package func startTransientUnit(
        _ name: String, properties: [UnitProperty], auxiliary: [(name: String, properties: [UnitProperty])] = [],
        mode: String = "fail"
    ) async throws(BusError) -> String {
        func array(_ properties: [UnitProperty]) -> BusValue {
            .array(of: "(sv)", properties.map(\.asStructure))
        }
        let others = auxiliary.map { BusValue.structure([.string($0.name), array($0.properties)]) }
        return try await jobPath(
            "StartTransientUnit", [.string(name), .string(mode), array(properties), .array(of: "(sa(sv))", others)])
    }

    /// Starts a unit that has a file of its own, such as `reboot.target` with the mode `replace-irreversibly`.
    @discardableResult
    package func startUnit(_ name: String, mode: String = "fail") async throws(BusError) -> String {
        try await jobPath("StartUnit", [.string(name), .string(mode)])
    }

    // MARK: Ending

    /// Stops a unit; its end is told by `JobRemoved`. The `Result` of a service stopped so is `success`.
    @discardableResult
    package func stopUnit(_ name: String, mode: String = "replace") async throws(BusError) -> String {
        try await jobPath("StopUnit", [.string(name), .string(mode)])
    }

    /// Sends a signal to processes of a unit. With `.all` it also succeeds if there is none to get it, above all just
    /// after the start of a unit whose job has not run yet: to be sure of the end, stop the unit.
    package func killUnit(_ name: String, whom: KillWhom = .all, signal: Int32) async throws(BusError) {
        _ = try await call("KillUnit", [.string(name), .string(whom.rawValue), .int32(signal)])
    }

    /// Releases a failed unit.
    /// - Throws: an error whose `isNoSuchUnit` holds if it is not loaded.
    package func resetFailedUnit(_ name: String) async throws(BusError) {
        _ = try await call("ResetFailedUnit", [.string(name)])
    }

    /// Freezes the processes of a unit; `isNotSupported` where the kernel cannot (control groups of version 1).
    package func freezeUnit(_ name: String) async throws(BusError) {
        _ = try await call("FreezeUnit", [.string(name)])
    }

    /// Thaws the processes of a unit.
    package func thawUnit(_ name: String) async throws(BusError) {
        _ = try await call("ThawUnit", [.string(name)])
    }

    /// Changes properties of a loaded unit, limits above all; `runtime` until the next boot, else for good.
    package func setUnitProperties(
        _ name: String, runtime: Bool = true, _ properties: [UnitProperty]
    ) async throws(BusError) {
        _ = try await call(
            "SetUnitProperties",
            [.string(name), .boolean(runtime), .array(of: "(sv)", properties.map(\.asStructure))])
    }

    // MARK: Looking

    /// What has become of a service, or nil if no unit of that name is loaded.
    package func serviceStatus(_ name: String) async throws(BusError) -> ServiceStatus? {
        let path = UnitPath.path(ofUnit: name)
        let calls = ServiceStatus.properties.map { get($0.name, of: $0.interface, at: path) }
        let results = await bus.results(of: calls)
        var values: [String: BusValue] = [:]
        for (property, result) in zip(ServiceStatus.properties, results) {
            do throws(BusError) {
                values[property.name] = try result.get().first?.unwrapped
            } catch  where error.isNoSuchUnit || error.isUnknownObject {
                return nil
            }
        }
        return values["LoadState"] == .string("not-found") ? nil : try ServiceStatus(values)
    }

    /// One property of a loaded unit, such as `MemoryCurrent` of `org.freedesktop.systemd1.Service`.
    package func property(
        _ unit: String, _ interface: String, _ name: String
    ) async throws(BusError) -> BusValue {
        try await value(name, of: interface, at: UnitPath.path(ofUnit: unit))
    }

    /// The loaded units whose names match one of the patterns (man:glob(7)) and which are in one of the states, each
    /// of which empty means all.
    package func listUnits(patterns: [String], states: [String] = []) async throws(BusError) -> [ListedUnit] {
        let reply = try await call("ListUnitsByPatterns", [.strings(states), .strings(patterns)])
        guard let units = reply.first?.elements else { throw unexpected("ListUnitsByPatterns") }
        var listed: [ListedUnit] = []
        listed.reserveCapacity(units.count)
        for unit in units {
            guard let fields = unit.elements, fields.count >= 9, case .uint32(let job) = fields[7] else {
                throw unexpected("ListUnitsByPatterns")
            }
            listed.append(
                ListedUnit(
                    name: fields[0].asString ?? "", description: fields[1].asString ?? "",
                    loadState: fields[2].asString ?? "", activeState: fields[3].asString ?? "",
                    subState: fields[4].asString ?? "", jobID: job, jobType: fields[8].asString ?? ""))
        }
        return listed
    }

    /// `starting`, `running`, `degraded`, `maintenance`, `stopping` ..., as `systemctl is-system-running` tells.
    package func systemState() async throws(BusError) -> String {
        try await text("SystemState")
    }

    /// When user space began, in microseconds of the boot's monotonic clock: one and the same for one life of the
    /// host, also over daemon-reexec.
    package func userspaceTimestampMonotonic() async throws(BusError) -> UInt64 {
        let value = try await value("UserspaceTimestampMonotonic", of: UnitManager.interface, at: UnitManager.path)
        guard let timestamp = value.asUInt64 else { throw unexpected("UserspaceTimestampMonotonic") }
        return timestamp
    }

    /// systemd's version, such as `252.39-1~deb12u1`.
    package func version() async throws(BusError) -> String {
        try await text("Version")
    }
}

extension UnitManager {
    func managerCall(_ member: String, _ arguments: [BusValue] = []) -> Bus.Call {
        Bus.Call(
            destination: UnitManager.service, path: UnitManager.path, interface: UnitManager.interface,
            member: member, arguments: arguments)
    }

    private func call(_ member: String, _ arguments: [BusValue]) async throws(BusError) -> [BusValue] {
        try await bus.call(managerCall(member, arguments))
    }

    private func jobPath(_ member: String, _ arguments: [BusValue]) async throws(BusError) -> String {
        guard let path = try await call(member, arguments).first?.asString else { throw unexpected(member) }
        return path
    }

    func get(_ name: String, of interface: String, at path: String) -> Bus.Call {
        Bus.Call(
            destination: UnitManager.service, path: path, interface: UnitManager.propertiesInterface, member: "Get",
            arguments: [.string(interface), .string(name)])
    }

    func value(_ name: String, of interface: String, at path: String) async throws(BusError) -> BusValue {
        guard let value = try await bus.call(get(name, of: interface, at: path)).first else { throw unexpected(name) }
        return value.unwrapped
    }

    private func text(_ name: String) async throws(BusError) -> String {
        let value = try await value(name, of: UnitManager.interface, at: UnitManager.path)
        guard let text = value.asString else { throw unexpected(name) }
        return text
    }

    private func unexpected(_ what: String) -> BusError {
        BusError(
            name: "org.freedesktop.DBus.Error.InconsistentMessage",
            message: "The reply to \(what) has an unexpected type")
    }
}

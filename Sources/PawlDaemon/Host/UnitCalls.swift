import SystemdKit

/// The calls to systemd that steps need, as `UnitManager` makes them over the bus. A simulated systemd takes its place
/// here, below all that the daemon makes of its answers and signals.
protocol UnitCalls: Sendable {
    /// Makes a service and starts it; `isUnitExists` if a unit of that name is loaded.
    func startTransientService(_ name: String, properties: [UnitProperty]) async throws(BusError) -> String
    /// Makes a slice and starts it.
    func startTransientSlice(_ name: String, properties: [UnitProperty]) async throws(BusError) -> String
    /// Changes properties of a unit until the next boot.
    func setProperties(_ name: String, _ properties: [UnitProperty]) async throws(BusError)
    /// Starts a unit that has a file.
    func start(_ name: String) async throws(BusError)
    /// Stops a unit.
    func stop(_ name: String) async throws(BusError)
    /// Freezes a unit; `isNotSupported` where the kernel cannot.
    func freeze(_ name: String) async throws(BusError)
    /// Thaws a unit; `isNotSupported` where the kernel cannot.
    func thaw(_ name: String) async throws(BusError)
    /// Sends a signal to all processes of a unit.
    func kill(_ name: String, signal: Int32) async throws(BusError)
    /// Has the manager read its files anew.
    func reload() async throws(BusError)
    /// Releases a failed unit; `isNoSuchUnit` if it is not loaded.
    func resetFailedUnit(_ name: String) async throws(BusError)
    /// What has become of a service, or nil if no unit of that name is loaded.
    func serviceStatus(_ name: String) async throws(BusError) -> ServiceStatus?
    /// The slice of a service; empty if no unit of that name is loaded.
    func slice(of service: String) async throws(BusError) -> String
    /// `loaded`, `masked`, `not-found` ... of a unit, which is looked for anew if it is not loaded.
    func loadState(of name: String) async throws(BusError) -> String
    /// The units that are in a slice, whatever their state.
    func members(of slice: String) async throws(BusError) -> [String]
    /// The loaded units whose names match one of the patterns.
    func units(matching patterns: [String]) async throws(BusError) -> [ListedUnit]
    /// `running`, `stopping` ..., as `systemctl is-system-running` tells.
    func systemState() async throws(BusError) -> String
    /// systemd's version, such as `252.39-1~deb12u1`.
    func version() async throws(BusError) -> String
    /// When user space began: one and the same for one life of the host.
    func userspaceTimestampMonotonic() async throws(BusError) -> UInt64
    /// What the manager tells from now on.
    func signals() async -> AsyncStream<ManagerSignal>
}

extension UnitManager: UnitCalls {
    func setProperties(_ name: String, _ properties: [UnitProperty]) async throws(BusError) {
        try await setUnitProperties(name, runtime: true, properties)
    }

    func start(_ name: String) async throws(BusError) {
        // Queued behind one that still runs.
        _ = try await startUnit(name, mode: "replace")
    }

    func stop(_ name: String) async throws(BusError) {
        try await stopUnit(name)
    }

    func freeze(_ name: String) async throws(BusError) { try await freezeUnit(name) }

    func thaw(_ name: String) async throws(BusError) { try await thawUnit(name) }

    func kill(_ name: String, signal: Int32) async throws(BusError) { try await killUnit(name, signal: signal) }

    func slice(of service: String) async throws(BusError) -> String {
        try await property(service, "org.freedesktop.systemd1.Service", "Slice").asString ?? ""
    }

    func loadState(of name: String) async throws(BusError) -> String {
        try await property(name, "org.freedesktop.systemd1.Unit", "LoadState").asString ?? ""
    }

    func members(of slice: String) async throws(BusError) -> [String] {
        // Each unit's Slice= the other way round, in one answer.
        try await property(slice, "org.freedesktop.systemd1.Unit", "SliceOf").elements?.compactMap(\.asString) ?? []
    }

    func units(matching patterns: [String]) async throws(BusError) -> [ListedUnit] {
        try await listUnits(patterns: patterns)
    }
}

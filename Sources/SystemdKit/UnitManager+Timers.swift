internal import EventLoopKit

/// What has become of a timer.
package struct TimerStatus: Sendable, Equatable {
    /// `loaded`, `error`, `masked` ...; a unit that is not found has no status.
    package let loadState: String
    /// `active` while it waits, `inactive`, `failed` ...
    package let activeState: String
    /// The file that it was read from, that of a transient unit included.
    package let fragmentPath: String
    /// Whether it was made over the bus.
    package let isTransient: Bool
    /// Since when it waits, in microseconds since 1970; 0 if it never did.
    package let activeEnterTimestamp: UInt64
    /// When it elapsed last, in microseconds since 1970; 0 if it never did.
    package let lastTrigger: UInt64
    /// When it elapses by the calendar, in microseconds since 1970; 0 or all bits for never.
    package let nextElapse: UInt64
}

extension TimerStatus {
    static let interface = "org.freedesktop.systemd1.Timer"

    /// LoadState last, as that of a service.
    static let properties: [(interface: String, name: String)] = [
        (ServiceStatus.unitInterface, "ActiveState"), (ServiceStatus.unitInterface, "FragmentPath"),
        (ServiceStatus.unitInterface, "Transient"), (ServiceStatus.unitInterface, "ActiveEnterTimestamp"),
        (interface, "LastTriggerUSec"), (interface, "NextElapseUSecRealtime"),
        (ServiceStatus.unitInterface, "LoadState"),
    ]

    init(_ values: [String: BusValue]) throws(BusError) {
        guard let loadState = values["LoadState"]?.asString, let activeState = values["ActiveState"]?.asString,
            let fragmentPath = values["FragmentPath"]?.asString, let isTransient = values["Transient"]?.asBoolean,
            let activeEnterTimestamp = values["ActiveEnterTimestamp"]?.asUInt64,
            let lastTrigger = values["LastTriggerUSec"]?.asUInt64,
            let nextElapse = values["NextElapseUSecRealtime"]?.asUInt64
        else {
            throw BusError(
                name: "org.freedesktop.DBus.Error.InconsistentMessage",
                message: "A property of a timer has an unexpected type")
        }
        (self.loadState, self.activeState, self.fragmentPath) = (loadState, activeState, fragmentPath)
        (self.isTransient, self.activeEnterTimestamp) = (isTransient, activeEnterTimestamp)
        (self.lastTrigger, self.nextElapse) = (lastTrigger, nextElapse)
    }
}

extension UnitProperty {
    /// `TimersCalendar`, `a(ss)`: the expressions of `OnCalendar=`.
    package static func onCalendar(_ expressions: [String]) -> UnitProperty {
        .pairs("TimersCalendar", expressions.map { ("OnCalendar", $0) })
    }
}

extension UnitManager {
    /// What has become of a timer, or nil if no unit of that name is loaded.
    package func timerStatus(_ name: String) async throws(BusError) -> TimerStatus? {
        let path = UnitPath.path(ofUnit: name)
        let calls = TimerStatus.properties.map { get($0.name, of: $0.interface, at: path) }
        let results = await bus.results(of: calls)
        var values: [String: BusValue] = [:]
        for (property, result) in zip(TimerStatus.properties, results) {
            do throws(BusError) {
                values[property.name] = try result.get().first?.unwrapped
            } catch  where error.isNoSuchUnit || error.isUnknownObject {
                return nil
            }
        }
        return values["LoadState"] == .string("not-found") ? nil : try TimerStatus(values)
    }

    /// When some timers elapse next by the calendar, in microseconds since 1970; 0 or all bits for never, nil for one that cannot
    /// be asked.
    package func nextElapses(of timers: [String]) async -> [UInt64?] {
        let calls = timers.map {
            get("NextElapseUSecRealtime", of: TimerStatus.interface, at: UnitPath.path(ofUnit: $0))
        }
        return await bus.results(of: calls).map { try? $0.get().first?.unwrapped.asUInt64 }
    }

    /// Reads all units' files again (`systemctl daemon-reload`).
    package func reload() async throws(BusError) {
        _ = try await bus.call(managerCall("Reload"))
    }

    /// The folders that units are read from, those of a higher rank first.
    package func unitPath() async throws(BusError) -> [String] {
        let value = try await value("UnitPath", of: UnitManager.interface, at: UnitManager.path)
        return value.elements?.compactMap(\.asString) ?? []
    }
}

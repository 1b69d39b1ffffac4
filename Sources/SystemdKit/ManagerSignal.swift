/// What the service manager tells. A signal means 'look again', it is never itself the truth: one that was sent while
/// there was no connection is lost.
package enum ManagerSignal: Sendable, Equatable {
    /// The manager is there and its signals are subscribed to, at first or anew: look at everything again.
    case appeared
    /// The manager or the bus went away; calls fail until `.appeared`.
    case disappeared
    /// A unit was loaded.
    case unitNew(unit: String)
    /// A unit was released.
    case unitRemoved(unit: String)
    /// A job ended: `done`, `canceled`, `timeout`, `failed`, `dependency`, `skipped` ...
    case jobRemoved(id: UInt32, path: String, unit: String, result: String)
    /// Properties of a unit changed; those that are only said to have changed are not in it.
    case propertiesChanged(unit: String, interface: String, properties: [String: BusValue])
    /// A daemon-reload begins (true) or has ended (false).
    case reloading(active: Bool)
    /// The boot is over: every job that it began with has ended.
    case startupFinished
}

extension ManagerSignal {
    /// A signal as it comes, or nil for one that is not known.
    init?(_ signal: Bus.Signal) {
        let arguments = signal.arguments
        switch signal.member {
        case "UnitNew":
            guard let unit = arguments.first?.asString else { return nil }
            self = .unitNew(unit: unit)
        case "UnitRemoved":
            guard let unit = arguments.first?.asString else { return nil }
            self = .unitRemoved(unit: unit)
        case "JobRemoved":
            guard arguments.count == 4, case .uint32(let id) = arguments[0], let path = arguments[1].asString,
                let unit = arguments[2].asString, let result = arguments[3].asString
            else { return nil }
            self = .jobRemoved(id: id, path: path, unit: unit, result: result)
        case "PropertiesChanged":
            guard arguments.count >= 2, let unit = UnitPath.unit(ofPath: signal.path),
                let interface = arguments[0].asString, let properties = arguments[1].asDictionary
            else { return nil }
            self = .propertiesChanged(unit: unit, interface: interface, properties: properties)
        case "Reloading":
            guard let active = arguments.first?.asBoolean else { return nil }
            self = .reloading(active: active)
        case "StartupFinished": self = .startupFinished
        default: return nil
        }
    }

    /// The unit that it is about.
    var unit: String? {
        switch self {
        case .unitNew(let unit), .unitRemoved(let unit), .jobRemoved(_, _, let unit, _),
            .propertiesChanged(let unit, _, _):
            unit
        case .appeared, .disappeared, .reloading, .startupFinished: nil
        }
    }
}

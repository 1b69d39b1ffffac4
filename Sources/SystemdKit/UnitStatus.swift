/// A unit in a list, man:org.freedesktop.systemd1(5), ListUnits.
package struct ListedUnit: Sendable, Equatable {
    package let name: String
    package let description: String
    /// `loaded`, `not-found`, `error`, `masked` ...
    package let loadState: String
    /// `active`, `inactive`, `failed`, `activating`, `deactivating` ...
    package let activeState: String
    package let subState: String
    /// The number of its job, 0 if it has none.
    package let jobID: UInt32
    /// What the job does, such as `start`; empty if it has none.
    package let jobType: String
}

/// What has become of a service: the properties that say so, asked for in one burst.
package struct ServiceStatus: Sendable, Equatable {
    /// `loaded`, `error`, `masked` ...; a unit that is not found has no status.
    package let loadState: String
    /// `active`, `inactive`, `failed`, `activating`, `deactivating` ...
    package let activeState: String
    package let subState: String
    /// `success`, `exit-code`, `signal`, `timeout`, `oom-kill` ...; an open set. `success` alone does not mean that
    /// the program succeeded: a unit that is stopped or whose condition is not met has it too.
    package let result: String
    /// How the main process ended: CLD_EXITED 1, CLD_KILLED 2, CLD_DUMPED 3; 0 while it runs or never ran.
    package let execMainCode: Int32
    /// Its exit status, or the signal.
    package let execMainStatus: Int32
    /// The main process while it runs and afterwards; 0 if there never was one.
    package let execMainPID: UInt32
    /// The main process, 0 if none runs now.
    package let mainPID: UInt32
    /// Whether the conditions were met when it was last started; false also if it was never started.
    package let conditionResult: Bool
    /// 32 hex digits, or empty if it was not started before its state was asked for.
    package let invocationID: String
    /// The path of its cgroup, empty once that is gone.
    package let controlGroup: String
    /// Microseconds since 1970, 0 if the main process has not been started.
    package let execMainStartTimestamp: UInt64
    /// Microseconds since 1970, 0 if the main process has not ended.
    package let execMainExitTimestamp: UInt64
    package let slice: String
}

extension ServiceStatus {
    static let unitInterface = "org.freedesktop.systemd1.Unit"
    static let serviceInterface = "org.freedesktop.systemd1.Service"

    /// In the order in which they are asked for, since PID 1 may start or end the unit between any two answers.
    /// InvocationID first: a unit whose job has yet to run is `inactive` too, so `inactive` means 'ended' only where the
    /// start was seen before. Then ActiveState: if it says 'ended', what is read after it is final. LoadState last: if the unit is released meanwhile, the later ones are those of an empty stand-in, and a
    /// last answer of 'not-found' says so.
    static let properties: [(interface: String, name: String)] = [
        (unitInterface, "InvocationID"), (unitInterface, "ActiveState"), (unitInterface, "SubState"),
        (unitInterface, "ConditionResult"), (serviceInterface, "Result"), (serviceInterface, "ExecMainCode"),
        (serviceInterface, "ExecMainStatus"), (serviceInterface, "ExecMainPID"), (serviceInterface, "MainPID"),
        (serviceInterface, "ControlGroup"), (serviceInterface, "ExecMainStartTimestamp"),
        (serviceInterface, "ExecMainExitTimestamp"), (serviceInterface, "Slice"), (unitInterface, "LoadState"),
    ]

    init(_ values: [String: BusValue]) throws(BusError) {
        func take<Value>(_ name: String, _ value: (BusValue) -> Value?) throws(BusError) -> Value {
            guard let property = values[name], let value = value(property) else {
                throw BusError(
                    name: "org.freedesktop.DBus.Error.InconsistentMessage",
                    message: "The property \(name) of a service has an unexpected type")
            }
            return value
        }
        func text(_ name: String) throws(BusError) -> String { try take(name, \.asString) }
        loadState = try text("LoadState")
        activeState = try text("ActiveState")
        subState = try text("SubState")
        result = try text("Result")
        execMainCode = try take("ExecMainCode") { $0.asInteger.flatMap(Int32.init(exactly:)) }
        execMainStatus = try take("ExecMainStatus") { $0.asInteger.flatMap(Int32.init(exactly:)) }
        execMainPID = try take("ExecMainPID") { $0.asInteger.flatMap(UInt32.init(exactly:)) }
        mainPID = try take("MainPID") { $0.asInteger.flatMap(UInt32.init(exactly:)) }
        conditionResult = try take("ConditionResult", \.asBoolean)
        invocationID = Hexadecimal.text(try take("InvocationID", \.asBytes))
        controlGroup = try text("ControlGroup")
        execMainStartTimestamp = try take("ExecMainStartTimestamp", \.asUInt64)
        execMainExitTimestamp = try take("ExecMainExitTimestamp", \.asUInt64)
        slice = try text("Slice")
    }
}

enum Hexadecimal {
    static func text(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

import PawlModel

/// A unit that PID 1 has loaded.
// SAFETY: as for `Schedule`.
final class SimulatedUnit: @unchecked Sendable {
    let attempt: AttemptName
    let name: String
    /// For how long its program may run, as systemd has it.
    var timeout: Int64?
    let plan: Plan
    /// Whether a receipt keeps it from being started.
    let isConditioned: Bool
    /// Whether it has conditions, or assertions, of the step's own.
    var hasConditions = false
    var hasAssertions = false
    let slice: String
    /// Whether somebody else has started it under one of our names, or in one of our slices.
    let isForeign: Bool
    var activeState = "inactive"
    var conditionResult = true
    /// Whether it asks if its work is done, and has not begun with it.
    var isAsking = false
    var invocation = ""
    var result = "success"
    var mainCode: Int32 = 0
    var mainStatus: Int32 = 0
    var exitedAt: Timestamp?
    /// When its program began, and for how much longer it has to run, counted from `runsSince`; nil once it is over.
    var began: Int64 = 0
    var left: Int64?
    var runsSince: Int64 = 0
    /// Whether its processes stand still.
    var isFrozen = false
    /// Counts what was planned for it: only the last plan holds.
    var generation = 0

    /// Whether its start job has yet to run.
    var isToStart: Bool { activeState == "inactive" && invocation.isEmpty && !isPassedOver && !isForeign }
    /// Whether its start job is over, and it was not started.
    var isPassedOver = false

    init(
        attempt: AttemptName, slice: String, timeout: Int64? = nil, isConditioned: Bool = false,
        isForeign: Bool = false,
        plan: Plan
    ) {
        self.isConditioned = isConditioned
        (self.slice, self.isForeign) = (slice, isForeign)
        self.attempt = attempt
        name = attempt.unit
        self.timeout = timeout
        self.plan = plan
    }
}

/// What an attempt's program would do if nobody disturbed it.
struct Plan {
    enum End {
        case exit(Int32)
        case signal(Int32)
    }

    var duration: Int64
    var end: End
    /// What it exits with when it is asked to end; nil if it simply falls.
    var exitOnTerm: Int32?
    var ignoresTerm: Bool

    init(chance: inout Chance) {
        duration = chance.once(in: 3) ? chance.pick(200...5000) : chance.pick(5000...8_000_000)
        switch chance.below(10) {
        case 0, 1: end = .exit(Int32(chance.pick(1...3)))
        case 2: end = .signal(9)
        default: end = .exit(0)
        }
        exitOnTerm = chance.once(in: 4) ? (chance.once(in: 2) ? 0 : 1) : nil
        ignoresTerm = exitOnTerm == nil && chance.once(in: 8)
    }
}

/// What truly happened to an attempt.
struct Truth {
    enum End: Equatable {
        case exited(Int)
        case killed(Int)
    }

    /// Who stopped a unit.
    enum Stop {
        /// pawld, by the unit's name.
        case order
        /// pawld, with the run's slice.
        case slice
        /// Somebody at a terminal.
        case hand
        /// The shutdown.
        case host
    }

    var starts = 0
    /// How often it was not started, since a condition or an assertion of the step's own did not hold.
    var unmetConditions = 0
    var unmetAssertions = 0
    var end: End?
    var result = ""
    var endedAt: Timestamp?
    var endedWhileStopping = false
    var stops: Set<Stop> = []
    var isReceiptLost = false
    var wasReceiptLostWithHost = false
    var wasLostWithHost = false
    var wasRefused = false
    var wasResetByHand = false

    mutating func ended(_ end: End, result: String, at time: Timestamp, stopping: Bool) {
        self.end = end
        self.result = result
        endedAt = time
        endedWhileStopping = stopping
    }
}

/// The tree of slices.
extension SimulatedHost {
    /// The slices above one, the topmost first: each dash in its name is a level.
    static func above(_ slice: String) -> [String] {
        let parts = slice.dropLast(".slice".count).split(separator: "-")
        return parts.indices.dropFirst().dropLast().map { parts[...$0].joined(separator: "-") + ".slice" }
    }

    /// Those that are right below one.
    func slices(below slice: String) -> [String] {
        slices.keys.sorted().filter { SimulatedHost.above($0).last == slice }
    }
}

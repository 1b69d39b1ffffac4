import PawlModel

@testable import PawlDaemon
@testable import SystemdKit

/// A host with its systemd: what PID 1 knows, what is on the disk, and what truly happened to each attempt. It stays
/// while pawld comes and goes; a boot empties all but the disk.
// SAFETY: as for `Schedule`.
final class SimulatedHost: @unchecked Sendable {
    let schedule: Schedule
    let faults: Faults
    let trace: Trace
    /// What is told of every start of a unit's program.
    var onStart: (AttemptName) -> Void = { _ in }
    /// What is told where that is a step's own program, and no question was enough.
    var onBegin: (AttemptName) -> Void = { _ in }

    // MARK: What a boot takes away
    private(set) var boot = 1
    private(set) var units: [String: SimulatedUnit] = [:]
    /// By name, with whether they have the limits that a workflow asks for.
    private(set) var slices: [String: Bool] = [:]
    /// Those whose job to stop has yet to run.
    private(set) var leavingSlices: Set<String> = []
    /// `/run/pawl/host-stopping`.
    private(set) var hasMark = false
    private(set) var isStopping = false
    /// Drop-ins below /run, which PID 1 reads when it reads all its files.
    var dropIns: [AttemptName: String] = [:]
    /// What `RuntimeDirectory=` leaves until the recorder has done its work.
    private(set) var marks: Set<AttemptName> = []
    private(set) var isUp = true
    /// Until when PID 1 answers nobody (daemon-reload).
    var busyUntil: Int64 = 0
    /// The connection of the pawld that lives.
    weak var connection: SimulatedBus?

    // MARK: What stays
    /// What steps have done for good.
    let work = SimulatedWork()
    /// Receipts on the disk, with whether they would survive a power cut by now.
    var receipts: [AttemptName: (receipt: Receipt, isDurable: Bool)] = [:]
    /// Runs that have a folder.
    var folders: Set<RunID> = []
    var attemptFolders: Set<AttemptName> = []
    /// Units whose start a dead pawld had asked for, and whose asking came late.
    var lateStarts: Set<String> = []
    /// Names of ours that somebody else has used.
    private(set) var foreignNames: Set<AttemptName> = []
    /// What pawld was told last of units' slices.
    private var toldSlices: [String: String] = [:]
    /// How often it was told of a slice that nothing of others is in it, and has not stopped it since: what comes in between
    /// it cannot know.
    private var toldFree: [String: Int] = [:]
    /// What is told of harm done to what is somebody else's.
    var onHarm: (String) -> Void = { _ in }
    /// What became of each attempt that was started.
    private(set) var truths: [AttemptName: Truth] = [:]
    /// How far the wall clock is off.
    var clockOffset: Int64 = 0 {
        didSet { hasClockJumped = true }
    }
    private(set) var hasClockJumped = false

    init(schedule: Schedule, faults: Faults, trace: Trace) {
        self.schedule = schedule
        self.faults = faults
        self.trace = trace
    }

    /// The wall clock, from some day in 2026 on.
    var wallClock: Timestamp { Timestamp(microseconds: 1_795_000_000_000_000 + schedule.now + clockOffset) }
    var bootID: String { faults.repeatsBootID ? "boot" : "boot-\(boot)" }
    var epoch: String { "\(bootID).\(userspaceTimestamp)" }
    var userspaceTimestamp: UInt64 { UInt64(1_000_000 + boot * 17) }

    // MARK: Calls

    private var lastArrival: Int64 = 0

    /// When a call that is sent now gets to PID 1: in the order in which they were sent, those of a pawld that is dead
    /// before those of the next one, since both go through the same bus, and not while PID 1 is busy.
    func arrival() -> Int64 {
        lastArrival = max(lastArrival, schedule.now + schedule.chance.latency(), busyUntil)
        return lastArrival
    }

    func start(_ name: String, _ properties: [UnitProperty]) -> BusError? {
        guard !isStopping else {
            return BusError(name: "org.freedesktop.systemd1.TransactionIsDestructive", message: "going down")
        }
        guard units[name] == nil else {
            return BusError(name: "org.freedesktop.systemd1.UnitExists", message: "Unit \(name) was already loaded")
        }
        guard let attempt = AttemptName(unit: name) else { return nil }
        if let slice = properties.first(where: { $0.name == "Slice" })?.value.asString, isLeaving(slice) {
            return BusError(name: "org.freedesktop.systemd1.TransactionIsDestructive", message: "it is being stopped")
        }
        if faults.refusesStarts, isRefused(attempt) {
            truths[attempt, default: Truth()].wasRefused = true
            return BusError(name: "org.freedesktop.DBus.Error.InvalidArgs", message: "refused")
        }
        let timeout = properties.first { $0.name == "RuntimeMaxUSec" }?.value.asUInt64.map(Int64.init(clamping:))
        let conditions = properties.first { $0.name == "Conditions" }?.value.elements ?? []
        let isConditioned = conditions.contains { $0.elements?.last?.asString?.hasSuffix(Receipt.fileName) == true }
        let unit = SimulatedUnit(
            attempt: attempt, slice: properties.first { $0.name == "Slice" }?.value.asString ?? "system.slice",
            timeout: timeout, isConditioned: isConditioned, plan: plan(of: attempt))
        unit.hasConditions = conditions.count > (isConditioned ? 1 : 0)
        unit.hasAssertions = properties.first { $0.name == "Asserts" }?.value.elements?.isEmpty == false
        units[name] = unit
        trace("PID 1 has a start job for \(name)")
        emit(.unitNew(unit: name))
        later(unit, schedule.chance.latency()) { [self] in runStartJob(unit) }
        return nil
    }

    /// Makes a slice, or changes what it has.
    func make(slice: String, _ properties: [UnitProperty]) {
        makeAbove(slice)
        slices[slice] = slices[slice] == true || properties.contains { $0.name == "MemoryMax" }
    }

    /// A slice that is not there comes with the first one below it, and has nothing of what a workflow says.
    private func makeAbove(_ slice: String) {
        for name in SimulatedHost.above(slice) where slices[name] == nil { slices[name] = false }
    }

    /// Whether a slice, or one above it, is just being stopped.
    func isLeaving(_ slice: String) -> Bool {
        (SimulatedHost.above(slice) + [slice]).contains { leavingSlices.contains($0) }
    }

    /// systemd refuses a unit for what it is, so it does so whenever it is asked for that one.
    private func isRefused(_ attempt: AttemptName) -> Bool {
        var chance = chance(of: attempt)
        return chance.next() % 40 == 0
    }

    func stop(_ name: String, isBelow: Bool = false) -> BusError? {
        if name.hasSuffix(".slice") {
            guard slices[name] != nil else { return noSuchUnit(name) }
            leavingSlices.insert(name)
            let bootNow = boot
            schedule.after(schedule.chance.latency()) { [self] in
                guard boot == bootNow, leavingSlices.remove(name) != nil else { return }
                slices[name] = nil
                emit(.jobRemoved(id: 2, path: "/job", unit: name, result: "done"))
            }
            // What somebody puts in between the answer and the stop nobody can see, there or in a slice below.
            let mayStop = isBelow || toldFree[name, default: 0] > 0
            toldFree[name, default: 1] -= 1
            for unit in units.values.sorted(by: { $0.name < $1.name }) where unit.slice == name {
                if unit.isForeign, !mayStop {
                    onHarm("\(name) was stopped with \(unit.name), which is somebody else's")
                }
                stop(unit, by: .slice)
            }
            for slice in slices(below: name) { _ = stop(slice, isBelow: mayStop) }
            return nil
        }
        guard let unit = units[name] else { return noSuchUnit(name) }
        if isHarmed(unit) { onHarm("\(name) was stopped, and is somebody else's") }
        stop(unit, by: .order)
        return nil
    }

    func resetFailed(_ name: String) -> BusError? {
        guard let unit = units[name] else { return noSuchUnit(name) }
        if isHarmed(unit) { onHarm("\(name) was released, and is somebody else's") }
        if unit.activeState == "failed" { unload(unit) }
        return nil
    }

    /// Whether pawld could know that a unit is none of its own.
    func isHarmed(_ unit: SimulatedUnit) -> Bool {
        unit.isForeign && (toldSlices[unit.name] ?? unit.slice) == unit.slice
            && !ForeignUnit.isOurs(unit.slice, unit.attempt.run.slice)
    }

    /// Somebody else starts a unit under a name of ours, or in a run's slice, which goes on until it ends by itself, if ever.
    func startForeign(_ attempt: AttemptName, in slice: String) {
        // PID 1 starts it, and while it is busy it starts nothing: what pawld had asked before is done before.
        guard schedule.now >= busyUntil else {
            return schedule.after(max(busyUntil, lastArrival) + 1 - schedule.now) { [self] in
                startForeign(attempt, in: slice)
            }
        }
        guard isUp, !isStopping, units[attempt.unit] == nil else { return }
        let unit = SimulatedUnit(attempt: attempt, slice: slice, isForeign: true, plan: plan(of: attempt))
        trace("somebody starts \(unit.name) in \(slice)")
        units[unit.name] = unit
        foreignNames.insert(attempt)
        if ForeignUnit.isOurs(slice, attempt.run.slice), slices[slice] == nil {
            makeAbove(slice)
            slices[slice] = false
        }
        // The drop-in is its too, by its name.
        marks.insert(attempt)
        unit.invocation = "f\(boot)"
        unit.activeState = "active"
        emit(.unitNew(unit: unit.name))
        emit(state: unit)
        let end = schedule.chance.below(3)
        guard end > 0 else { return }
        later(unit, schedule.chance.pick(1000...20_000_000)) { [self] in
            (unit.mainCode, unit.mainStatus) = (1, end == 1 ? 0 : 3)
            unit.result = end == 1 ? "success" : "exit-code"
            dead(unit)
        }
    }

    /// The slice of a unit, as pawld is told.
    func slice(of name: String) -> String {
        // That there was none may have changed by the time that pawld acts on it, which nobody can help.
        toldSlices[name] = units[name]?.slice ?? ""
        return units[name]?.slice ?? ""
    }

    /// What is in a slice, as pawld is told.
    func members(of slice: String) -> [String] {
        let members = units.values.filter { $0.slice == slice }
        if !members.contains(where: \.isForeign) { toldFree[slice, default: 0] += 1 }
        return members.map(\.name).sorted() + slices.keys.filter { SimulatedHost.above($0).last == slice }.sorted()
    }

    func noSuchUnit(_ name: String) -> BusError {
        BusError(name: "org.freedesktop.systemd1.NoSuchUnit", message: "Unit \(name) not loaded.")
    }

    // MARK: The life of a unit

    private func plan(of attempt: AttemptName) -> Plan {
        var chance = chance(of: attempt)
        return Plan(chance: &chance)
    }

    /// By its name, so that it would do the same whenever it is started.
    private func chance(of attempt: AttemptName) -> Chance {
        Chance(seed: attempt.unit.utf8.reduce(faults.seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
    }

    func later(_ unit: SimulatedUnit, _ delay: Int64, _ action: @escaping () -> Void) {
        unit.generation += 1
        let generation = unit.generation
        schedule.after(delay) { [self] in
            // Something else has happened to it since, or it is gone.
            guard units[unit.name] === unit, unit.generation == generation else { return }
            action()
        }
    }

    private func runStartJob(_ unit: SimulatedUnit) {
        guard !unit.isConditioned || receipts[unit.attempt] == nil else {
            trace("\(unit.name): its condition does not hold")
            return pass(over: unit, for: "Condition")
        }
        // What they ask about comes and goes.
        if unit.hasConditions, schedule.chance.once(in: 2) {
            trace("\(unit.name): a condition of its own does not hold")
            truths[unit.attempt, default: Truth()].unmetConditions += 1
            return pass(over: unit, for: "Condition")
        }
        if unit.hasAssertions, schedule.chance.once(in: 2) {
            trace("\(unit.name): an assertion of its own does not hold")
            truths[unit.attempt, default: Truth()].unmetAssertions += 1
            return pass(over: unit, for: "Assert")
        }
        // A slice that is not there comes with the first unit in it, and has nothing of what a workflow says.
        if slices[unit.slice] == nil {
            makeAbove(unit.slice)
            slices[unit.slice] = false
        }
        unit.invocation = "\(boot)\(unit.name.count)"
        unit.activeState = "active"
        marks.insert(unit.attempt)
        truths[unit.attempt, default: Truth()].starts += 1
        trace("\(unit.name) runs")
        onStart(unit.attempt)
        emit(state: unit)
        // Its job may be told as failed though the program runs (a race of 252): nobody may go by that.
        emit(.jobRemoved(id: 1, path: "/job", unit: unit.name, result: schedule.chance.once(in: 8) ? "failed" : "done"))
        if let status = work.ask(unit.attempt) {
            unit.isAsking = true
            return later(unit, schedule.chance.pick(200...5000)) { [self] in exited(unit, status) }
        }
        onBegin(unit.attempt)
        (unit.began, unit.runsSince, unit.left) = (schedule.now, schedule.now, unit.plan.duration)
        arm(unit)
    }

    /// The start job is over, and the unit goes at once: what its last change of state says is all that ever tells.
    private func pass(over unit: SimulatedUnit, for kind: String) {
        unit.conditionResult = kind != "Condition"
        unit.isPassedOver = true
        emit(
            .propertiesChanged(
                unit: unit.name, interface: "org.freedesktop.systemd1.Unit",
                properties: [
                    "ActiveState": .string(unit.activeState), "StateChangeTimestampMonotonic": .uint64(0),
                    "ConditionResult": .boolean(unit.conditionResult), "ConditionTimestampMonotonic": .uint64(1),
                    "AssertResult": .boolean(false),
                    "AssertTimestampMonotonic": .uint64(kind == "Assert" ? 1 : 0),
                ]))
        let result = kind == "Assert" ? "assert" : "done"
        emit(.jobRemoved(id: 1, path: "/job", unit: unit.name, result: result))
        later(unit, schedule.chance.latency()) { [self] in unload(unit) }
    }

    /// Something stops a unit.
    func stop(_ unit: SimulatedUnit, by cause: Truth.Stop) {
        if unit.isForeign { return unload(unit) }
        switch unit.activeState {
        case "inactive" where unit.invocation.isEmpty && unit.conditionResult:
            // Its job has not run yet, and never will.
            trace("\(unit.name): its start job is cancelled")
            unit.isPassedOver = true
            emit(.jobRemoved(id: 1, path: "/job", unit: unit.name, result: "canceled"))
            later(unit, schedule.chance.latency()) { [self] in unload(unit) }
        case "active":
            trace("\(unit.name) is stopped (\(cause))")
            truths[unit.attempt, default: Truth()].stops.insert(cause)
            terminate(unit)
        default:
            break
        }
    }

    func terminate(_ unit: SimulatedUnit) {
        // systemd thaws what it stops.
        (unit.isFrozen, unit.left) = (false, nil)
        unit.activeState = "deactivating"
        emit(state: unit)
        let ignoresTerm = unit.plan.ignoresTerm && !unit.isAsking
        later(unit, ignoresTerm ? 5_000_000 : schedule.chance.pick(100...100_000)) { [self] in
            if ignoresTerm {
                if unit.result == "success" { unit.result = "timeout" }
                killed(unit, 9)
            } else if let status = unit.plan.exitOnTerm, !unit.isAsking {
                exited(unit, status)
            } else {
                killed(unit, 15)
            }
        }
    }

    func exited(_ unit: SimulatedUnit, _ status: Int32) {
        (unit.mainCode, unit.mainStatus) = (1, status)
        if status != 0, unit.result == "success" { unit.result = "exit-code" }
        mainEnded(unit)
    }

    func killed(_ unit: SimulatedUnit, _ signal: Int32) {
        (unit.mainCode, unit.mainStatus) = (2, signal)
        // One that is stopped and falls to SIGTERM did as it was told.
        if unit.result == "success", signal != 15 || unit.activeState == "active" { unit.result = "signal" }
        mainEnded(unit)
    }

    private func mainEnded(_ unit: SimulatedUnit) {
        unit.left = nil
        unit.activeState = "deactivating"
        unit.exitedAt = wallClock
        work.ended(unit.attempt, with: unit.mainCode == 1 ? Int(unit.mainStatus) : nil, &schedule.chance)
        let end: Truth.End = unit.mainCode == 1 ? .exited(Int(unit.mainStatus)) : .killed(Int(unit.mainStatus))
        truths[unit.attempt, default: Truth()].ended(end, result: unit.result, at: wallClock, stopping: hasMark)
        trace("\(unit.name) ended: \(end), \(unit.result)")
        later(unit, schedule.chance.latency()) { [self] in record(unit) }
    }

    /// The recorder: whole or not at all, and durable a moment after it is there.
    private func record(_ unit: SimulatedUnit) {
        let attempt = unit.attempt
        if faults.losesReceipts, schedule.chance.once(in: 3) {
            trace("\(unit.name): the recorder fails")
            truths[attempt, default: Truth()].isReceiptLost = true
            if unit.result == "success" { unit.result = "exit-code" }
        } else if receipts[attempt] == nil {
            let receipt = Receipt(
                unit: unit.name, serviceResult: unit.result, exitCode: unit.mainCode == 1 ? "exited" : "killed",
                exitStatus: unit.mainCode == 1 ? String(unit.mainStatus) : SignalName.text(of: unit.mainStatus),
                realtimeMicroseconds: wallClock.microseconds, stopping: hasMark, memoryPeak: nil, cpuMicroseconds: nil)
            receipts[attempt] = (receipt, false)
            marks.remove(attempt)
            trace("\(unit.name) has a receipt")
            let bootNow = boot
            schedule.after(schedule.chance.pick(100...20_000)) { [self] in
                if boot == bootNow { receipts[attempt]?.isDurable = true }
            }
        }
        later(unit, schedule.chance.latency()) { [self] in dead(unit) }
    }

    private func dead(_ unit: SimulatedUnit) {
        if unit.result == "success" {
            unit.activeState = "inactive"
            emit(state: unit)
            // CollectMode=inactive: it is gone by itself.
            later(unit, schedule.chance.pick(0...2000)) { [self] in unload(unit) }
        } else {
            unit.activeState = "failed"
            emit(state: unit)
        }
    }

    func unload(_ unit: SimulatedUnit) {
        guard units[unit.name] === unit else { return }
        units[unit.name] = nil
        trace("\(unit.name) is unloaded")
        emit(.unitRemoved(unit: unit.name))
    }

    /// Somebody clears away a unit that has failed before pawld has read what it says.
    func resetByHand(_ unit: SimulatedUnit) {
        if !unit.isForeign { truths[unit.attempt, default: Truth()].wasResetByHand = true }
        unload(unit)
    }

    // MARK: Signals

    private func emit(state unit: SimulatedUnit) {
        emit(
            .propertiesChanged(
                unit: unit.name, interface: "org.freedesktop.systemd1.Unit",
                properties: [
                    "ActiveState": .string(unit.activeState), "StateChangeTimestampMonotonic": .uint64(1),
                    "ConditionResult": .boolean(true), "ConditionTimestampMonotonic": .uint64(1),
                    "AssertResult": .boolean(true), "AssertTimestampMonotonic": .uint64(1),
                ]))
    }

    func emit(_ signal: ManagerSignal) { connection?.deliver(signal) }

    // MARK: The host's own fate

    /// `systemctl reboot`: stopping, then the mark, then the steps, one after the other.
    func shutDown() {
        guard isUp, !isStopping else { return }
        trace("the host shuts down")
        isStopping = true
        let mark = schedule.chance.pick(100...120_000)
        let bootNow = boot
        schedule.after(mark) { [self] in
            guard boot == bootNow, isUp else { return }
            hasMark = true
            trace("the mark of the shutdown is there")
        }
        for unit in units.values.sorted(by: { $0.name < $1.name }) {
            schedule.after(mark + schedule.chance.pick(100...500_000)) { [self] in
                if boot == bootNow, units[unit.name] === unit { stop(unit, by: .host) }
            }
        }
        schedule.after(mark + 20_000_000) { [self] in
            guard boot == bootNow, isUp else { return }
            for key in receipts.keys { receipts[key]?.isDurable = true }
            goDown()
        }
    }

    /// Power is lost, or the last step of a shutdown.
    func goDown() {
        guard isUp else { return }
        trace("the host is down")
        isUp = false
        for unit in units.values
        where !unit.isForeign && (unit.activeState == "active" || unit.activeState == "deactivating") {
            truths[unit.attempt, default: Truth()].wasLostWithHost = true
        }
        for unit in units.values.sorted(by: { $0.name < $1.name }) {
            work.ended(unit.attempt, with: nil, &schedule.chance)
        }
        work.hostWentDown()
        units = [:]
        (slices, leavingSlices) = ([:], [])
        marks = []
        dropIns = [:]
        for (attempt, entry) in receipts where !entry.isDurable {
            if schedule.chance.once(in: 2) {
                receipts[attempt] = nil
                truths[attempt, default: Truth()].wasReceiptLostWithHost = true
            } else {
                receipts[attempt]?.isDurable = true
            }
        }
        onDown()
        schedule.after(schedule.chance.pick(1_000_000...20_000_000)) { [self] in
            boot += 1
            (isUp, isStopping, hasMark, busyUntil) = (true, false, false, 0)
            trace("the host is up again, boot \(boot)")
            onUp()
        }
    }

    var onDown: () -> Void = {}
    var onUp: () -> Void = {}
}

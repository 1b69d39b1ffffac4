import PawlModel

@testable import PawlDaemon
@testable import SystemdKit

/// The connection of one pawld to the host's systemd. Calls take time on their way there and back, each way may be cut,
/// and what PID 1 reads of a unit's properties it reads one after the other.
// SAFETY: as for `Schedule`.
final class SimulatedBus: UnitCalls, @unchecked Sendable {
    private let host: SimulatedHost
    private let schedule: Schedule
    private let faults: Faults
    /// Set when pawld was killed: nothing it still does has an effect.
    private(set) var isCut = false
    private var isConnected = true
    private var streams: [AsyncStream<ManagerSignal>.Continuation] = []
    private var pending: [Int: Pending] = [:]
    private var nextCall = 0
    private var lastDelivery: Int64 = 0
    /// How often pawld was told of each unit that a condition of it did not hold.
    private(set) var toldUnmet: [String: Int] = [:]

    private final class Pending {
        var hasArrived = false
        var isDropped = false
        var wasLate = false
        /// The unit that it starts, if that is what it is for.
        var start: String?
        var fail: (BusError) -> Void = { _ in }
    }

    init(host: SimulatedHost) {
        self.host = host
        schedule = host.schedule
        faults = host.faults
        host.connection = self
    }

    // MARK: The connection

    private static func error(_ name: String) -> BusError { BusError(name: name, message: "simulated") }
    private static let disconnected = error("org.freedesktop.DBus.Error.Disconnected")
    private static let notConnected = error("System.Error.ENOTCONN")
    private static let noReply = error("org.freedesktop.DBus.Error.NoReply")
    private static let cancelled = error("System.Error.ECANCELED")

    /// pawld was killed. What it sent may have left its socket or not.
    func cut() {
        isCut = true
        failPending(SimulatedBus.disconnected)
        for stream in streams { stream.finish() }
    }

    /// The bus or the manager goes and comes back; what was told meanwhile is lost.
    func lose(for delay: Int64) {
        guard !isCut, isConnected else { return }
        host.trace("the bus is lost")
        isConnected = false
        for stream in streams { stream.yield(.disappeared) }
        failPending(SimulatedBus.disconnected)
        schedule.after(delay) { [self] in
            guard !isCut else { return }
            host.trace("the bus is back")
            isConnected = true
            for stream in streams { stream.yield(.appeared) }
        }
    }

    private func failPending(_ error: BusError) {
        for key in pending.keys.sorted() {
            guard let call = pending.removeValue(forKey: key) else { continue }
            if !call.hasArrived, schedule.chance.once(in: 3) { call.isDropped = true }
            call.fail(error)
        }
    }

    /// A signal of PID 1's on its way to pawld.
    func deliver(_ signal: ManagerSignal) {
        guard !isCut, isConnected else { return }
        schedule.after(delivery()) { [self] in
            guard !isCut, isConnected else { return }
            host.trace("signal \(signal.summary)")
            if case .propertiesChanged(let unit, _, let properties) = signal,
                properties["ConditionResult"]?.asBoolean == false || properties["AssertResult"]?.asBoolean == false
            {
                toldUnmet[unit, default: 0] += 1
            }
            for stream in streams { stream.yield(signal) }
        }
    }

    private func delivery() -> Int64 {
        let delay = schedule.chance.latency()
        // Nobody may rely on the order between signals and replies: with some seeds there is none.
        guard !faults.reorders else { return delay }
        lastDelivery = max(lastDelivery, schedule.now + delay)
        return lastDelivery - schedule.now
    }

    func signals() async -> AsyncStream<ManagerSignal> {
        let (stream, continuation) = AsyncStream<ManagerSignal>.makeStream()
        streams.append(continuation)
        if isCut { continuation.finish() } else if isConnected { continuation.yield(.appeared) }
        return stream
    }

    // MARK: Calls

    /// Carries one call out: `look` is done by PID 1 in as many pieces as it has, one after the other.
    private func call<Answer: Sendable>(
        _ what: String, start: String? = nil, pieces: [() -> Void] = [],
        _ answer: @escaping () -> Result<Answer, BusError>
    ) async throws(BusError) -> Answer {
        if isCut { throw SimulatedBus.disconnected }
        if !isConnected { throw SimulatedBus.notConnected }
        let entry = Pending()
        entry.start = start
        let number = nextCall
        host.trace("call \(number): \(what)")
        defer { host.trace("call \(number) is over") }
        let key = nextCall
        nextCall += 1
        let result: Result<Answer, BusError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { return continuation.resume(returning: .failure(SimulatedBus.cancelled)) }
                var waiting: CheckedContinuation<Result<Answer, BusError>, Never>? = continuation
                let finish = { (result: Result<Answer, BusError>) in
                    waiting?.resume(returning: result)
                    waiting = nil
                }
                entry.fail = { finish(.failure($0)) }
                pending[key] = entry
                send(entry, key, pieces, answer, finish)
            }
        } onCancel: {
            if let entry = pending.removeValue(forKey: key) { entry.fail(SimulatedBus.cancelled) }
        }
        return try result.get()
    }

    private func send<Answer: Sendable>(
        _ entry: Pending, _ key: Int, _ pieces: [() -> Void], _ answer: @escaping () -> Result<Answer, BusError>,
        _ finish: @escaping (Result<Answer, BusError>) -> Void
    ) {
        if faults.isLate, schedule.chance.once(in: 25) {
            host.busyUntil = schedule.now + schedule.chance.pick(500_000...40_000_000)
        }
        let bootOfCall = host.boot
        arrive(after: host.arrival() - schedule.now, entry) { [self] in
            guard !entry.isDropped, host.isUp, host.boot == bootOfCall else { return }
            entry.hasArrived = true
            carryOut(pieces[...], answer) { [self] in reply(key, $0, finish) }
        }
        // It gives up in the end; that PID 1 does it all the same it does not know.
        schedule.after(25_000_000) { [self] in
            if pending.removeValue(forKey: key) != nil { finish(.failure(SimulatedBus.noReply)) }
        }
    }

    /// What a dead pawld has sent may stay in its socket until after the next one has asked for the same.
    private func arrive(after delay: Int64, _ entry: Pending, _ action: @escaping () -> Void) {
        schedule.after(delay) { [self] in
            if isCut, faults.arrivesLate, !entry.wasLate, let start = entry.start {
                entry.wasLate = true
                host.lateStarts.insert(start)
                return arrive(after: schedule.chance.pick(0...400_000), entry, action)
            }
            action()
        }
    }

    private func carryOut<Answer>(
        _ pieces: ArraySlice<() -> Void>, _ answer: @escaping () -> Result<Answer, BusError>,
        _ done: @escaping (Result<Answer, BusError>) -> Void
    ) {
        guard let first = pieces.first else { return done(answer()) }
        first()
        schedule.after(schedule.chance.pick(5...60)) { [self] in carryOut(pieces.dropFirst(), answer, done) }
    }

    private func reply<Answer>(
        _ key: Int, _ result: Result<Answer, BusError>, _ finish: @escaping (Result<Answer, BusError>) -> Void
    ) {
        schedule.after(delivery()) { [self] in
            if pending.removeValue(forKey: key) != nil { finish(result) }
        }
    }

    private func empty(_ fault: BusError?) -> Result<Void, BusError> { fault.map { .failure($0) } ?? .success(()) }

    func startTransientService(_ name: String, properties: [UnitProperty]) async throws(BusError) -> String {
        try await call("start \(name)", start: name) { [self] in
            host.start(name, properties).map { .failure($0) } ?? .success("/job")
        }
    }

    func setProperties(_ name: String, _ properties: [UnitProperty]) async throws(BusError) {
        try await call("limits") { [self] in
            host.make(slice: name, properties)
            return .success(())
        }
    }

    func startTransientSlice(_ name: String, properties: [UnitProperty]) async throws(BusError) -> String {
        try await call("slice") { [self] in
            if host.isStopping || host.slices[name] == nil && host.isLeaving(name) {
                return .failure(SimulatedBus.error("org.freedesktop.systemd1.TransactionIsDestructive"))
            }
            guard host.slices[name] == nil else {
                return .failure(SimulatedBus.error("org.freedesktop.systemd1.UnitExists"))
            }
            host.make(slice: name, properties)
            return .success("/job")
        }
    }

    func start(_ name: String) async throws(BusError) {}

    func freeze(_ name: String) async throws(BusError) {
        try await call("freeze \(name)") { [self] in
            empty(freezes ? host.freeze(name, true) : SimulatedBus.notSupported)
        }
    }

    func thaw(_ name: String) async throws(BusError) {
        try await call("thaw \(name)") { [self] in empty(freezes ? host.freeze(name, false) : SimulatedBus.notSupported)
        }
    }

    func kill(_ name: String, signal: Int32) async throws(BusError) {
        try await call("kill \(name) \(signal)") { [self] in empty(host.freeze(name, signal == 19)) }
    }

    func reload() async throws(BusError) {
        try await call("reload") { [self] in
            host.readFiles()
            return .success(())
        }
    }

    /// Whether the host has a freezer.
    private var freezes: Bool { faults.seed % 2 == 0 }
    private static var notSupported: BusError { error("org.freedesktop.DBus.Error.NotSupported") }

    func stop(_ name: String) async throws(BusError) {
        try await call("stop") { [self] in empty(host.stop(name)) }
    }

    func resetFailedUnit(_ name: String) async throws(BusError) {
        try await call("release") { [self] in empty(host.resetFailed(name)) }
    }

    func serviceStatus(_ name: String) async throws(BusError) -> ServiceStatus? {
        var seen = (invocation: "", active: "inactive", condition: true)
        var rest: SimulatedUnit?
        var slice = ""
        var (result, code, status, ended) = ("success", Int32(0), Int32(0), UInt64(0))
        return try await call(
            "status \(name)",
            pieces: [
                { [self] in seen.invocation = host.units[name]?.invocation ?? "" },
                { [self] in seen.active = host.units[name]?.activeState ?? "inactive" },
                { [self] in
                    rest = host.units[name]
                    slice = host.slice(of: name)
                    seen.condition = rest?.conditionResult ?? true
                    if let rest {
                        (result, code, status) = (rest.result, rest.mainCode, rest.mainStatus)
                        ended = UInt64(rest.exitedAt?.microseconds ?? 0)
                    }
                },
            ]
        ) { [self] in
            guard host.units[name] != nil else { return .success(nil) }
            return .success(
                ServiceStatus(
                    loadState: "loaded", activeState: seen.active, subState: "", result: result, execMainCode: code,
                    execMainStatus: status, execMainPID: 1, mainPID: 1, conditionResult: seen.condition,
                    invocationID: seen.invocation, controlGroup: "", execMainStartTimestamp: 1,
                    execMainExitTimestamp: ended, slice: slice))
        }
    }

    func slice(of service: String) async throws(BusError) -> String {
        try await call("slice of \(service)") { [self] in .success(host.slice(of: service)) }
    }

    func loadState(of name: String) async throws(BusError) -> String {
        try await call("load state of \(name)") { [self] in
            .success(host.units[name] != nil || host.slices[name] != nil ? "loaded" : "not-found")
        }
    }

    func members(of slice: String) async throws(BusError) -> [String] {
        try await call("members of \(slice)") { [self] in .success(host.members(of: slice)) }
    }

    func units(matching patterns: [String]) async throws(BusError) -> [ListedUnit] {
        try await call("list") { [self] in
            let isSlices = patterns[0].hasSuffix(".slice")
            let names = isSlices ? host.slices.keys.sorted() : host.units.keys.sorted()
            return .success(
                names.map { name in
                    ListedUnit(
                        name: name, description: "", loadState: "loaded",
                        activeState: host.units[name]?.activeState ?? "active", subState: "", jobID: 0,
                        jobType: host.leavingSlices.contains(name)
                            ? "stop" : host.units[name]?.isToStart == true ? "start" : "")
                })
        }
    }

    func systemState() async throws(BusError) -> String {
        try await call("state") { [self] in .success(host.isStopping ? "stopping" : "running") }
    }

    func version() async throws(BusError) -> String { "252" }

    func userspaceTimestampMonotonic() async throws(BusError) -> UInt64 {
        try await call("epoch") { [self] in .success(host.userspaceTimestamp) }
    }
}

extension ManagerSignal {
    fileprivate var summary: String {
        if case .propertiesChanged(let unit, _, let properties) = self {
            return "\(unit) is \(properties["ActiveState"]?.asString ?? "?")"
        }
        return "\(self)"
    }
}

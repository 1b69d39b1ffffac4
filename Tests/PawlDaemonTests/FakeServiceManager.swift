import PawlEngine
import PawlModel
import Synchronization

@testable import PawlDaemon

/// A systemd that starts nothing and does as a test says. It stands for PID 1 where a test is about the order of what
/// the daemon does, which the real one would not show; the system tests have the real one.
final class FakeServiceManager: ServiceManager {
    struct State {
        var epoch = "boot.1"
        var units: [String: UnitStatus] = [:]
        var started: [String] = []
        var released: [String] = []
        var stopped: [String] = []
        var members: [String: [String]] = [:]
        /// What slices were asked for, with which limits, and what becomes of that.
        var slices: [(name: String, limits: [String], isKnown: Bool)] = []
        var limited: [(name: String, limits: [String])] = []
        var sliceFaults: [ServiceManagerFault] = []
        var installed: [String] = []
        var fault: ServiceManagerFault?
        /// What was frozen, thawed and reloaded, in order.
        var pauses: [String] = []
    }

    let state = Mutex(State())
    let starts: AsyncStream<String>
    /// The slices that were given limits.
    let limits: AsyncStream<String>
    private let continuation: AsyncStream<String>.Continuation
    private let limiter: AsyncStream<String>.Continuation

    init() {
        (starts, continuation) = AsyncStream<String>.makeStream()
        (limits, limiter) = AsyncStream<String>.makeStream()
    }

    static let active = UnitStatus(
        hasEnded: false,
        result: UnitResult(result: "success", exit: .none, ended: nil))

    func epoch() async throws(ServiceManagerFault) -> String { state.withLock { $0.epoch } }

    func start(_ unit: StepUnit) async throws(ServiceManagerFault) {
        if let fault = state.withLock({ $0.fault }) { throw fault }
        let isNew = state.withLock { state in
            guard state.units[unit.name] == nil else { return false }
            state.units[unit.name] = FakeServiceManager.active
            state.started.append(unit.name)
            return true
        }
        if isNew { continuation.yield(unit.name) }
    }

    func startSlice(_ slice: StepUnit.Slice, isKnown: Bool) async throws(ServiceManagerFault) {
        let fault = state.withLock { state in
            state.slices.append((slice.name, slice.limits.map { "\($0.name)=\($0.value)" }, isKnown))
            return state.sliceFaults.popLast()
        }
        if let fault { throw fault }
    }

    func limitSlice(_ slice: StepUnit.Slice) async throws(ServiceManagerFault) -> Bool {
        let (fault, isThere) = state.withLock { state in
            state.limited.append((slice.name, slice.limits.map { "\($0.name)=\($0.value)" }))
            return (state.sliceFaults.popLast(), state.slices.contains { $0.name == slice.name })
        }
        limiter.yield(slice.name)
        if let fault { throw fault }
        return isThere
    }

    func startInstalled(_ unit: String) async throws(ServiceManagerFault) {
        if let fault = state.withLock({ $0.fault }) { throw fault }
        state.withLock { $0.installed.append(unit) }
    }

    func stop(_ unit: String, in slice: String) async throws(ServiceManagerFault) {
        state.withLock { state in
            guard state.units[unit]?.stranger(named: unit, to: slice) == nil else { return }
            state.stopped.append(unit)
        }
    }

    func stopSlice(_ name: String) async throws(ServiceManagerFault) {
        state.withLock { $0.stopped.append(name) }
    }

    func members(of slice: String) async throws(ServiceManagerFault) -> [String] {
        state.withLock { $0.members[slice] ?? [] }
    }

    func release(_ unit: String, in slice: String) async throws(ServiceManagerFault) {
        state.withLock { state in
            guard state.units[unit]?.stranger(named: unit, to: slice) == nil else { return }
            state.released.append(unit)
            state.units[unit] = nil
        }
    }

    func kill(_ unit: String, in slice: String) async throws(ServiceManagerFault) {
        state.withLock { $0.pauses.append("kill \(unit)") }
    }

    func freeze(_ unit: String) async throws(ServiceManagerFault) {
        state.withLock { $0.pauses.append("freeze \(unit)") }
    }

    func thaw(_ unit: String) async throws(ServiceManagerFault) {
        state.withLock { $0.pauses.append("thaw \(unit)") }
    }

    func reload() async throws(ServiceManagerFault) {
        if let fault = state.withLock({ $0.fault }) { throw fault }
        state.withLock { $0.pauses.append("reload") }
    }

    func status(of unit: String) async throws(ServiceManagerFault) -> UnitStatus? {
        state.withLock { $0.units[unit] }
    }

    func units(matching pattern: String) async throws(ServiceManagerFault) -> [String] {
        if let fault = state.withLock({ $0.fault }) { throw fault }
        return state.withLock { pattern.hasSuffix(".slice") ? Array($0.members.keys) : Array($0.units.keys) }
    }

    /// A unit ends; PID 1 keeps what it knows of one that failed, and forgets one that did well.
    func end(_ unit: String, status: Int) {
        state.withLock { state in
            state.units[unit] =
                status == 0
                ? nil
                : UnitStatus(
                    hasEnded: true,
                    result: UnitResult(result: "exit-code", exit: .exited(status), ended: nil))
        }
    }
}

import PawlModel
import Synchronization

@testable import PawlDaemon

/// A systemd that has timers and lets none of them elapse, unless a test says so.
final class FakeTimerManager: TimerManager {
    struct State {
        var epoch = "boot.1"
        var isBooting = false
        var now = Timestamp(microseconds: 1_767_225_600_000_000)
        var timers: [String: (made: TimerUnit, state: TimerState)] = [:]
        var fragments: [String: String] = [:]
        /// What was done, in its order.
        var log: [String] = []
        /// Who is told of signs.
        var watcher: AsyncStream<ScheduleSign>.Continuation?
        /// What a start of a unit does.
        var onRun: (@Sendable (String) async -> Void)?
    }

    let state = Mutex(State())
    /// The starts of units.
    let runs: AsyncStream<String>
    private let started: AsyncStream<String>.Continuation

    init() {
        (runs, started) = AsyncStream<String>.makeStream()
    }

    /// Says what is to be looked at.
    func give(_ sign: ScheduleSign) { state.withLock { _ = $0.watcher?.yield(sign) } }

    /// What was done since the last time.
    func takeLog() -> [String] {
        state.withLock { state in
            defer { state.log = [] }
            return state.log
        }
    }

    /// The host was off until so many seconds later: no timer is left.
    func boot(after seconds: Double) {
        state.withLock { state in
            state.epoch += "+"
            state.timers = [:]
            state.now = state.now.adding(seconds: seconds)
        }
    }

    func epoch() async throws(ServiceManagerFault) -> String { state.withLock { $0.epoch } }
    func isBooting() async throws(ServiceManagerFault) -> Bool { state.withLock { $0.isBooting } }
    func timer(_ unit: String) async throws(ServiceManagerFault) -> TimerState? {
        state.withLock { $0.timers[unit]?.state }
    }
    func fragments(of units: [String]) async throws(ServiceManagerFault) -> [String: String] {
        state.withLock { $0.fragments.filter { units.contains($0.key) } }
    }
    func reread() async throws(ServiceManagerFault) { state.withLock { $0.log.append("reread") } }
    func nextElapses(of units: [String]) async -> [Timestamp?] {
        state.withLock { state in units.map { state.timers[$0] == nil ? nil : state.now.adding(seconds: 60) } }
    }

    func start(_ timer: TimerUnit) async throws(ServiceManagerFault) {
        let isNew = state.withLock { state in
            guard state.timers[timer.name] == nil else { return false }
            state.timers[timer.name] = (timer, TimerState(isActive: true, until: state.now))
            state.log.append("make \(timer.name)")
            return true
        }
        if !isNew { throw .refused("there is one already") }
    }

    func remove(_ unit: String) async throws(ServiceManagerFault) {
        state.withLock { state in
            state.timers[unit] = nil
            state.log.append("remove \(unit)")
        }
    }

    func arrive(_ units: [String]) async {}

    func settle(_ service: String) async throws(ServiceManagerFault) {}

    func run(_ service: String) async throws(ServiceManagerFault) {
        let onRun = state.withLock { state in
            state.log.append("run \(service)")
            return state.onRun
        }
        await onRun?(service)
        started.yield(service)
    }

    func watch(_ give: @Sendable (ScheduleSign) -> Void) async {
        let (signs, watcher) = AsyncStream<ScheduleSign>.makeStream()
        state.withLock { $0.watcher = watcher }
        for await sign in signs { give(sign) }
    }
}

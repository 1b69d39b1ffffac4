import EventLoopKit
import Synchronization
import Testing

@testable import PawlDaemon

@Suite("The roll call of running units", .timeLimit(.minutes(1)))
struct RollCallTests {
    @Test("All who ask while a listing is under way share the next one")
    func shared() async throws {
        let loop = EventLoop(name: "roll-call")
        defer { loop.stop() }
        let lists = Lists()
        let roll = RollCall(thread: loop) { await lists.next() }
        async let first = roll.units()
        await lists.asked(1)
        // The first listing may be older than these questions, so it is no answer to them.
        async let others = withTaskGroup(of: [String: LoadedUnit]?.self) { group in
            for _ in 0..<100 { group.addTask { await roll.units() } }
            return await group.reduce(into: [[String: LoadedUnit]?]()) { $0.append($1) }
        }
        await roll.waits(for: 100)
        lists.answer(["early": LoadedUnit(goesOn: true)])
        #expect(await first == ["early": LoadedUnit(goesOn: true)])
        await lists.asked(2)
        lists.answer(["late": LoadedUnit(goesOn: false)])
        #expect(await others == [[String: LoadedUnit]?](repeating: ["late": LoadedUnit(goesOn: false)], count: 100))
        #expect(lists.count == 2)
    }

    @Test("A listing that fails is told to all who share it, and the next one is made")
    func failed() async throws {
        let loop = EventLoop(name: "roll-call")
        defer { loop.stop() }
        let lists = Lists()
        let roll = RollCall(thread: loop) { await lists.next() }
        async let first = roll.units()
        await lists.asked(1)
        lists.answer(nil)
        #expect(await first == nil)
        async let second = roll.units()
        await lists.asked(2)
        lists.answer(["x": LoadedUnit(goesOn: true)])
        #expect(await second == ["x": LoadedUnit(goesOn: true)])
    }
}

/// Listings that are answered when a test says so.
private final class Lists: Sendable {
    private struct State {
        var count = 0
        var pending: CheckedContinuation<[String: LoadedUnit]?, Never>?
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.count } }

    func next() async -> [String: LoadedUnit]? {
        await withCheckedContinuation { continuation in
            state.withLock { state in
                state.count += 1
                state.pending = continuation
            }
        }
    }

    func answer(_ units: [String: LoadedUnit]?) {
        state.withLock { state in
            let pending = state.pending
            state.pending = nil
            return pending
        }?.resume(returning: units)
    }

    /// Returns once so many listings were asked for.
    func asked(_ count: Int) async {
        while state.withLock({ $0.count < count || $0.pending == nil }) { await Task.yield() }
    }
}

extension RollCall {
    fileprivate func waits(for count: Int) async {
        while waitingCount < count { await Task.yield() }
    }
}

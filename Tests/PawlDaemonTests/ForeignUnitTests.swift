import PawlAPI
import PawlEngine
import PawlModel
import Synchronization
import Testing

@testable import PawlDaemon

/// Units under pawl's names, and in its slices, that somebody else has started.
@Suite("Units of others")
struct ForeignUnitTests {
    private let folder: TemporaryFolder
    private let manager = FakeServiceManager()

    init() throws {
        folder = try TemporaryFolder()
        _ = try folder.make("runs")
    }

    private static let workflow = "steps:\n  - {id: a, interrupted: fail, command: [\"true\"]}\n"

    private static func foreign(hasEnded: Bool = false) -> UnitStatus {
        UnitStatus(
            hasEnded: hasEnded, result: UnitResult(result: "exit-code", exit: .exited(9), ended: nil),
            slice: "system.slice")
    }

    /// Starts a run, and has pawld killed once its step was asked for.
    private func interruptedStart() async throws -> (RunID, unit: String) {
        var starts = manager.starts.makeAsyncIterator()
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        let id = try await daemon.start(ForeignUnitTests.workflow)
        let unit = try #require(await starts.next())
        await daemon.kill()
        return (id, unit)
    }

    @Test("A new pawld does not wait for a unit in another slice, nor stop or release it", arguments: [false, true])
    func adoption(hasEnded: Bool) async throws {
        let (id, unit) = try await interruptedStart()
        manager.state.withLock { $0.units[unit] = ForeignUnitTests.foreign(hasEnded: hasEnded) }
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        let status = try await daemon.ended(id)
        #expect(status.steps[0].state == .failed)
        #expect(status.steps[0].reason?.contains("\(unit) already, in system.slice and not in \(id.slice)") == true)
        #expect(status.steps[0].exitCode == nil)
        await daemon.kill()
        let (released, stopped) = manager.state.withLock { ($0.released, $0.stopped.filter { $0 != id.slice }) }
        #expect(released.isEmpty)
        #expect(stopped.isEmpty)
    }

    @Test("Where the attempt may have been run before, another unit of its name leaves it interrupted")
    func mark() async throws {
        let (id, unit) = try await interruptedStart()
        manager.state.withLock { $0.units[unit] = ForeignUnitTests.foreign() }
        _ = try folder.make("started")
        _ = try folder.make("started/" + unit.dropLast(".service".count))
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        let status = try await daemon.ended(id)
        #expect(status.steps[0].state == .interrupted)
        #expect(status.steps[0].reason?.contains("pawl did not start it") == true)
        await daemon.kill()
    }

    @Test("A receipt is an attempt's result though another unit has its name, and that one is not released")
    func receipt() async throws {
        let (id, unit) = try await interruptedStart()
        let daemon = try Daemonette(folder, manager)
        try daemon.end(unit, status: 4)
        manager.state.withLock { $0.units[unit] = ForeignUnitTests.foreign(hasEnded: true) }
        try await daemon.conductor.recover(epoch: "boot.1")
        let status = try await daemon.ended(id)
        #expect(status.steps[0].exitCode == 4)
        await daemon.kill()
        #expect(manager.state.withLock { $0.units[unit] } == ForeignUnitTests.foreign(hasEnded: true))
    }

    @Test("A cancelled run ends at once though another unit has its step's name, which goes on")
    func cancelled() async throws {
        let (id, unit) = try await interruptedStart()
        let stopping = try Daemonette(folder, manager, isHostStopping: true)
        try await stopping.conductor.recover(epoch: "boot.1")
        try await stopping.conductor.cancel(id, by: Requester(uid: 0))
        await stopping.kill()
        manager.state.withLock { state in
            state.units[unit] = ForeignUnitTests.foreign()
            state.stopped = []
        }
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        #expect(try await daemon.ended(id).state == .cancelled)
        await daemon.kill()
        #expect(manager.state.withLock { !$0.stopped.contains(unit) && !$0.released.contains(unit) })
    }

    @Test("The slice of an ended run is stopped only if nothing but its own ended attempts is in it")
    func slice() async throws {
        for stranger in [nil, "other.service", "pawl-step-nonsense.service", "pawl-step-0000000a.a.1.service"] {
            var starts = manager.starts.makeAsyncIterator()
            let daemon = try Daemonette(folder, manager)
            try await daemon.conductor.recover(epoch: "boot.1")
            let id = try await daemon.start(ForeignUnitTests.workflow)
            let unit = try #require(await starts.next())
            manager.state.withLock { $0.members[id.slice] = [unit] + (stranger.map { [$0] } ?? []) }
            try daemon.end(unit, status: 0)
            #expect(try await daemon.ended(id).state == .succeeded)
            await daemon.kill()
            #expect(manager.state.withLock { $0.stopped.contains(id.slice) } == (stranger == nil), "\(stranger ?? "")")
            // The next start looks again, and lets it go once the stranger is gone.
            let next = try Daemonette(folder, manager)
            try await next.conductor.recover(epoch: "boot.1")
            _ = try await next.sweep.run()
            #expect(manager.state.withLock { $0.stopped.contains(id.slice) } == (stranger == nil), "\(stranger ?? "")")
            manager.state.withLock { $0.members[id.slice] = [unit] }
            _ = try await next.sweep.run()
            #expect(manager.state.withLock { $0.stopped.contains(id.slice) })
            manager.state.withLock { $0.members[id.slice] = nil }
            await next.kill()
        }
    }

    @Test("The sweep leaves an ended unit alone that has the name of a recorded attempt and is in another slice")
    func sweep() async throws {
        var starts = manager.starts.makeAsyncIterator()
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        let id = try await daemon.start(ForeignUnitTests.workflow)
        let unit = try #require(await starts.next())
        try daemon.end(unit, status: 0)
        #expect(try await daemon.ended(id).state == .succeeded)
        manager.state.withLock { $0.units[unit] = ForeignUnitTests.foreign(hasEnded: true) }
        #expect(try await daemon.sweep.run().isEmpty)
        #expect(manager.state.withLock { $0.released }.isEmpty)
        manager.state.withLock { $0.units[unit]?.slice = id.slice }
        #expect(try await daemon.sweep.run().isEmpty)
        #expect(manager.state.withLock { $0.released } == [unit])
        await daemon.kill()
    }

    @Test(
        "A unit whose attempt's end is recorded and which is still on its way out is released at its end",
        arguments: [true, false])
    func onItsWayOut(isEnding: Bool) async throws {
        var starts = manager.starts.makeAsyncIterator()
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        let id = try await daemon.start(ForeignUnitTests.workflow)
        let unit = try #require(await starts.next())
        try daemon.end(unit, status: 0)
        #expect(try await daemon.ended(id).state == .succeeded)
        let running = UnitStatus.running(in: id.slice)
        manager.state.withLock {
            $0.units[unit] = UnitStatus(hasEnded: false, isEnding: isEnding, result: running.result, slice: id.slice)
        }
        let remaining = try await daemon.sweep.run()
        #expect(remaining.map(\.unit) == [unit])
        #expect(manager.state.withLock { $0.released }.isEmpty)
        let sweep = daemon.sweep
        async let released: Void = sweep.releaseAtEnd(remaining[0])
        manager.state.withLock { $0.units[unit]?.hasEnded = true }
        daemon.signs.give(unit, hasFailed: true)
        await released
        #expect(manager.state.withLock { $0.released } == [unit])
        // Nothing of it is kept for a unit of that name that somebody else waits for.
        #expect(!daemon.signs.takeFailure(of: unit))
        await daemon.kill()
    }
}

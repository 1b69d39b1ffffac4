import PawlAPI
import PawlEngine
import PawlModel
import Synchronization
import Testing

@testable import PawlDaemon

@Suite("Slices with limits", .timeLimit(.minutes(1)))
struct SliceTests {
    private static let text = "slice: {MemoryMax: 1G}\nsteps: [{id: a, command: [x], depends_on: []}]"

    @Test("The limits are asked for before each step, and set on a slice that is there once for a life of pawld")
    func each() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.make("runs")
        let manager = FakeServiceManager()
        let pawld = try Daemonette(folder, manager)
        let id = try await pawld.start("slice: {MemoryMax: 1G}\nsteps: [{id: a, command: [x]}, {id: b, command: [x]}]")
        var starts = manager.starts.makeAsyncIterator()
        for number in 1...2 {
            let unit = try #require(await starts.next())
            let slices = manager.state.withLock { $0.slices }
            #expect(slices.map(\.name) == Array(repeating: id.slice, count: number))
            #expect(slices.allSatisfy { $0.limits == ["MemoryMax=unsigned64(1073741824)"] })
            #expect(slices.map(\.isKnown) == [false, true].prefix(number).map { $0 })
            try pawld.end(unit, status: 0)
        }
        #expect(try await pawld.ended(id).state == .succeeded)
        await pawld.kill()
    }

    @Test("A step whose slice cannot have its limits is not started, and says why")
    func refused() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.make("runs")
        let manager = FakeServiceManager()
        manager.state.withLock { $0.sliceFaults = [.refused("Invalid argument")] }
        let pawld = try Daemonette(folder, manager)
        let id = try await pawld.start(SliceTests.text)
        let status = try await pawld.ended(id)
        #expect(status.state == .failed)
        #expect(
            status.steps[0].reason
                == "the slice \(id.slice) of its run cannot be given its limits: Invalid argument")
        #expect(manager.state.withLock { $0.started } == [])
        await pawld.kill()
    }

    @Test("Where it is not known whether the slice has its limits they are asked for again, before anything is started")
    func unknown() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.make("runs")
        let manager = FakeServiceManager()
        manager.state.withLock { $0.sliceFaults = [.unknownOutcome("the bus is gone"), .unknownOutcome("and again")] }
        let pawld = try Daemonette(folder, manager)
        try await pawld.conductor.recover(epoch: "boot.1")
        let id = try await pawld.start(SliceTests.text)
        var starts = manager.starts.makeAsyncIterator()
        let unit = try #require(await starts.next())
        #expect(manager.state.withLock { $0.slices.count } == 3)
        try pawld.end(unit, status: 0)
        #expect(try await pawld.ended(id).state == .succeeded)
        await pawld.kill()
    }

    @Test("A slice without limits keeps no step from starting")
    func plain() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.make("runs")
        let manager = FakeServiceManager()
        manager.state.withLock { $0.sliceFaults = [.refused("no")] }
        let pawld = try Daemonette(folder, manager)
        let id = try await pawld.start("steps: [{id: a, command: [x]}]")
        var starts = manager.starts.makeAsyncIterator()
        try pawld.end(try #require(await starts.next()), status: 0)
        #expect(try await pawld.ended(id).state == .succeeded)
        await pawld.kill()
    }

    @Test("A step of an earlier pawld that was never started gets its limits from the one that starts it")
    func adopted() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.make("runs")
        let first = FakeServiceManager()
        first.state.withLock { $0.sliceFaults = Array(repeating: .hostStopping, count: 3) }
        let old = try Daemonette(folder, first)
        try await old.conductor.recover(epoch: "boot.1")
        let id = try await old.start(SliceTests.text)
        while first.state.withLock({ $0.slices.isEmpty }) { await Task.yield() }
        await old.kill()
        let manager = FakeServiceManager()
        let pawld = try Daemonette(folder, manager)
        try await pawld.conductor.recover(epoch: "boot.1")
        var starts = manager.starts.makeAsyncIterator()
        let unit = try #require(await starts.next())
        #expect(manager.state.withLock { $0.slices.map(\.name) } == [id.slice])
        try pawld.end(unit, status: 0)
        #expect(try await pawld.ended(id).state == .succeeded)
        await pawld.kill()
    }
}

import PawlAPI
import PawlEngine
import PawlLanguage
import PawlModel
import Synchronization
import Testing

@testable import PawlDaemon

@Suite("Limits of a run that goes on, as the daemon sets them")
struct LimitTests {
    private let folder: TemporaryFolder
    private let manager = FakeServiceManager()

    private static let text = """
        slice: {TasksMax: 5}
        steps:
          - {id: a, command: [x]}
          - {id: b, command: [x]}
        """

    init() throws {
        folder = try TemporaryFolder()
        _ = try folder.make("runs")
    }

    private func body(_ assignments: String...) throws -> RunLimited {
        RunLimited(limits: try LimitText.read(assignments), requester: Requester(uid: 0))
    }

    @Test("They are recorded, the slice is given them, and every later step's slice has them")
    func set() async throws {
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        var starts = manager.starts.makeAsyncIterator()
        let id = try await daemon.start(LimitTests.text)
        let first = try #require(await starts.next())
        let (slice, before) = try await daemon.conductor.setLimits(of: id, body("TasksMax=7"))
        #expect(before.limits == [ParentRun.Above.Limit(name: "TasksMax", values: [])])
        daemon.slices.note(slice)
        try await daemon.slices.limit(slice)
        // By whoever came first.
        #expect(manager.state.withLock { $0.limited.first?.limits } == ["TasksMax=unsigned64(7)"])
        #expect(try await daemon.conductor.status(of: id).0.limits == ["TasksMax=7"])
        try daemon.end(first, status: 0)
        let second = try #require(await starts.next())
        let last = manager.state.withLock { $0.slices.last }
        #expect(last?.limits == ["TasksMax=unsigned64(7)"])
        // What it was given already nobody gives it again: somebody may have changed it by hand since.
        #expect(last?.isKnown == true)
        try daemon.end(second, status: 0)
        #expect(try await daemon.ended(id).state == .succeeded)
        let error = await #expect(throws: APIError.self) {
            _ = try await daemon.conductor.setLimits(of: id, body("TasksMax=8"))
        }
        #expect(error?.code == .invalidState)
        await daemon.kill()
    }

    @Test("A pawld that was killed between the record and the slice gives them when it takes the run up")
    func killed() async throws {
        var starts = manager.starts.makeAsyncIterator()
        do {
            let daemon = try Daemonette(folder, manager)
            try await daemon.conductor.recover(epoch: "boot.1")
            let id = try await daemon.start(LimitTests.text)
            _ = try #require(await starts.next())
            manager.state.withLock { $0.sliceFaults = [.unknownOutcome("the bus was lost")] }
            _ = try await daemon.conductor.setLimits(of: id, body("TasksMax=7"))
            // Recorded, and then asked for in vain.
            for await _ in manager.limits { break }
            await daemon.kill()
            manager.state.withLock { $0.limited = [] }
        }
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        await daemon.conductor.recovered()
        for await _ in manager.limits {
            #expect(manager.state.withLock { $0.limited.map(\.limits) } == [["TasksMax=unsigned64(7)"]])
            break
        }
        await daemon.kill()
    }

    @Test("A step that was ordered with older limits does not bring them back")
    func older() async throws {
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        var starts = manager.starts.makeAsyncIterator()
        let id = try await daemon.start(LimitTests.text)
        _ = try #require(await starts.next())
        let run = try #require(await daemon.conductor.active[id]?.run)
        let command = try run.render(0, number: 1)
        let (slice, _) = try await daemon.conductor.setLimits(of: id, body("TasksMax=7"))
        daemon.slices.note(slice)
        try await daemon.slices.ensure(command)
        #expect(manager.state.withLock { $0.slices.last?.limits } == ["TasksMax=unsigned64(7)"])
        await daemon.kill()
    }

    @Test("What systemd refuses is thrown, and taken back it is as the workflow says")
    func refused() async throws {
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        var starts = manager.starts.makeAsyncIterator()
        let id = try await daemon.start(LimitTests.text)
        _ = try #require(await starts.next())
        manager.state.withLock { $0.sliceFaults = [.refused("no"), .refused("no")] }
        let (slice, before) = try await daemon.conductor.setLimits(of: id, body("TasksMax=7"))
        for await _ in manager.limits { break }
        daemon.slices.note(slice)
        await #expect(throws: ServiceManagerFault.self) { try await daemon.slices.limit(slice) }
        _ = try await daemon.conductor.setLimits(of: id, before)
        #expect(try await daemon.conductor.status(of: id).0.limits == ["TasksMax=5"])
        await daemon.kill()
    }
}

import PawlAPI
import PawlEngine
import PawlLanguage
import PawlModel
import Synchronization
import Testing

@testable import PawlDaemon

@Suite("A run that somebody pauses")
struct PauseTests {
    private let folder: TemporaryFolder
    private let manager = FakeServiceManager()

    private static let text = """
        steps:
          - {id: a, command: [x], timeout: 60}
          - {id: b, command: [x]}
        """

    init() throws {
        folder = try TemporaryFolder()
        _ = try folder.make("runs")
        _ = try folder.make("drop-ins")
    }

    private func pauses() -> [String] { manager.state.withLock { $0.pauses } }

    private func dropIn(_ daemon: borrowing Daemonette, _ unit: String) async throws -> String? {
        await daemon.folders.dropIn(of: try #require(AttemptName(unit: unit)))
    }

    @Test("Its step's clocks are held before it is frozen, and are longer before it goes on; nothing starts in between")
    func pause() async throws {
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        var starts = manager.starts.makeAsyncIterator()
        let id = try await daemon.start(PauseTests.text)
        let unit = try #require(await starts.next())
        for (run, steps) in try await daemon.conductor.pause(id, by: Requester(uid: 0)) {
            try await daemon.freezer.freeze(run, steps.map(\.command))
        }
        #expect(pauses().prefix(2) == ["reload", "freeze \(unit)"])
        #expect(try await dropIn(daemon, unit) == "[Service]\n# late=0\nRuntimeMaxSec=infinity\n")
        #expect(try await daemon.conductor.status(of: id).0.state == .paused)
        for (run, steps) in try await daemon.conductor.unpause(id, by: Requester(uid: 0)) {
            #expect(steps.map(\.command.name.unit) == [unit])
            try await daemon.freezer.thaw(run, steps)
        }
        // By whoever comes first, and once more by the other one, whose reload is spared.
        #expect(pauses().firstRange(of: ["thaw \(unit)", "reload"]) != nil)
        let text = try #require(try await dropIn(daemon, unit))
        let times = text.split(separator: "\n").compactMap { line in
            line.hasPrefix("#") ? nil : line.split(separator: "=").last.flatMap { Int($0.dropLast("us".count)) }
        }
        #expect(text.contains("\nRuntimeMaxSec="))
        #expect(times.count == 1 && times[0] > 60_000_000 && times[0] < 120_000_000)
        try daemon.end(unit, status: 0)
        let second = try #require(await starts.next())
        try daemon.end(second, status: 0)
        #expect(try await daemon.ended(id).state == .succeeded)
        #expect(try await dropIn(daemon, unit) == nil)
        await daemon.kill()
    }

    @Test("A step that was ordered and not asked for waits until its run goes on, or is cancelled")
    func waits() async throws {
        let daemon = try Daemonette(folder, manager)
        let run = try #require(RunID(rawValue: "0000000a"))
        daemon.freezer.close(run)
        let freezer = daemon.freezer
        let waiting = Task { await freezer.enter(run) }
        let other = try #require(RunID(rawValue: "0000000b"))
        #expect(await freezer.enter(other))
        daemon.freezer.open(run)
        #expect(await waiting.value)
        daemon.freezer.leave(run)
        daemon.freezer.close(run)
        let cancelled = Task { await freezer.enter(run) }
        cancelled.cancel()
        #expect(await !cancelled.value)
        await daemon.kill()
    }

    @Test(
        "A pawld that is killed in between freezes its steps when it takes the run up, and does not start what is due")
    func killed() async throws {
        var starts = manager.starts.makeAsyncIterator()
        let id: RunID
        let unit: String
        do {
            let daemon = try Daemonette(folder, manager)
            try await daemon.conductor.recover(epoch: "boot.1")
            id = try await daemon.start(PauseTests.text)
            unit = try #require(await starts.next())
            // Recorded, and asked for in vain.
            manager.state.withLock { $0.fault = .unknownOutcome("the bus was lost") }
            _ = try await daemon.conductor.pause(id, by: Requester(uid: 0))
            await daemon.kill()
        }
        manager.state.withLock { ($0.fault, $0.pauses) = (nil, []) }
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        for (run, steps) in try await daemon.conductor.pause(id, by: Requester(uid: 0)) {
            try await daemon.freezer.freeze(run, steps.map(\.command))
        }
        #expect(pauses().contains("freeze \(unit)"))
        // Cancelled, it needs no going on: what stops a unit thaws it.
        try await daemon.conductor.cancel(id, by: Requester(uid: 0))
        try daemon.end(unit, status: 0)
        #expect(try await daemon.ended(id).state == .cancelled)
        await daemon.kill()
    }

    @Test("What is a step of it is paused and goes on along with it, and not alone")
    func child() async throws {
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        var starts = manager.starts.makeAsyncIterator()
        let id = try await daemon.start(
            "steps: [{id: call, workflow: child}]", children: ["child": "steps: [{id: a, command: [x]}]"])
        let unit = try #require(await starts.next())
        let child = try #require(AttemptName(unit: unit)).run
        #expect(try await daemon.conductor.pause(id, by: Requester(uid: 0)).map(\.run) == [id, child])
        #expect(try await daemon.conductor.status(of: child).0.state == .paused)
        let error = await #expect(throws: APIError.self) {
            _ = try await daemon.conductor.unpause(child, by: Requester(uid: 0))
        }
        #expect(error?.message.contains("was paused together with") == true)
        #expect(try await daemon.conductor.unpause(id, by: Requester(uid: 0)).map(\.run) == [id, child])
        #expect(try await daemon.conductor.status(of: child).0.state == .running)
        try daemon.end(unit, status: 0)
        #expect(try await daemon.ended(id).state == .succeeded)
        await daemon.kill()
    }
}

import PawlAPI
import PawlEngine
import PawlLanguage
import PawlModel
import PawlStore
import Synchronization
import Testing

@testable import PawlDaemon

@Suite("Runs that are steps of others, as the daemon carries them on")
struct ChildRunTests {
    private let folder: TemporaryFolder
    private let manager = FakeServiceManager()

    private static let parent = """
        slice: {MemoryMax: 1G}
        steps:
          - {id: one, workflow: other, with: {size: 3}, retry_policy: {max_retries: 1, initial_delay: 0s}}
          - {id: two, command: [x, "${one.outputs.bytes}"]}
        """
    private static let children = [
        "other": """
        variables: {size: {type: integer, required: true}}
        outputs: {bytes: "${size * 2}"}
        steps: [{id: a, command: [x]}]
        """
    ]

    init() throws {
        folder = try TemporaryFolder()
        _ = try folder.make("runs")
    }

    private func child(of id: RunID, _ daemon: borrowing Daemonette, number: Int = 1) -> RunID {
        RunID(childOf: AttemptName(run: id, step: "one", number: number))
    }

    @Test(
        "The run of a step is made with its order, its end is the attempt's, and its slice is below that of the run above"
    )
    func end() async throws {
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        var starts = manager.starts.makeAsyncIterator()
        let id = try await daemon.start(ChildRunTests.parent, children: ChildRunTests.children)
        let child = child(of: id, daemon)
        let first = try #require(await starts.next())
        #expect(first == "pawl-step-\(child).a.1.service")
        #expect(
            manager.state.withLock { $0.slices.map(\.name) } == ["pawl-\(id).slice", "pawl-\(id)-\(child).slice"])
        #expect(
            manager.state.withLock { $0.slices.map(\.limits) } == [["MemoryMax=unsigned64(1073741824)"], []])
        let rows = try await daemon.conductor.list(all: false)
        #expect(rows.first { $0.id == child.rawValue }?.parent == "demo-\(id)")
        let status = try await daemon.conductor.status(of: id).0
        #expect(status.steps[0].attempts.map(\.run) == ["other-\(child)"])
        try daemon.end(first, status: 0)
        let second = try #require(await starts.next())
        #expect(second == "pawl-step-\(id).two.1.service")
        let ended = try await daemon.conductor.status(of: child).0
        #expect(ended.state == .succeeded && ended.outputs == ["bytes": 6] && ended.parent == "demo-\(id)")
        try daemon.end(second, status: 0)
        #expect(try await daemon.ended(id).state == .succeeded)
        await daemon.kill()
    }

    @Test("A pawld that is killed finds the run of the step again, and makes no other one")
    func killed() async throws {
        let id: RunID
        var starts = manager.starts.makeAsyncIterator()
        let first: String
        do {
            let daemon = try Daemonette(folder, manager)
            try await daemon.conductor.recover(epoch: "boot.1")
            id = try await daemon.start(ChildRunTests.parent, children: ChildRunTests.children)
            first = try #require(await starts.next())
            await daemon.kill()
        }
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        await daemon.conductor.recovered()
        #expect(try await daemon.conductor.list(all: true).count == 2)
        try daemon.end(first, status: 0)
        try daemon.end(try #require(await starts.next()), status: 0)
        #expect(try await daemon.ended(id).state == .succeeded)
        #expect(manager.state.withLock { $0.started.count } == 2)
        #expect(try await daemon.conductor.list(all: true).count == 2)
        await daemon.kill()
    }

    @Test("A run that failed fails its step, which is tried again as another run; a retry by itself is refused")
    func retried() async throws {
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        var starts = manager.starts.makeAsyncIterator()
        let id = try await daemon.start(ChildRunTests.parent, children: ChildRunTests.children)
        try daemon.end(try #require(await starts.next()), status: 1)
        let again = child(of: id, daemon, number: 2)
        let second = try #require(await starts.next())
        #expect(second == "pawl-step-\(again).a.1.service")
        let first = child(of: id, daemon)
        let refusal = await #expect(throws: APIError.self) {
            try await daemon.conductor.retry(first, by: Requester(uid: 0))
        }
        #expect(
            refusal?.message
                == "the run 'other-\(first)' is step 'one' of 'demo-\(id)': 'pawl retry demo-\(id)' makes a new one")
        try daemon.end(second, status: 1)
        let status = try await daemon.ended(id)
        #expect(status.state == .failed)
        #expect(status.steps[0].reason == "run other-\(again) failed: step 'a' failed")
        try await daemon.conductor.retry(id, by: Requester(uid: 0))
        let third = child(of: id, daemon, number: 3)
        #expect(try #require(await starts.next()) == "pawl-step-\(third).a.1.service")
        await daemon.kill()
    }

    @Test("To cancel a run ends those below it first; to cancel one below fails its step")
    func cancelled() async throws {
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        var starts = manager.starts.makeAsyncIterator()
        let id = try await daemon.start(ChildRunTests.parent, children: ChildRunTests.children)
        let first = try #require(await starts.next())
        try await daemon.conductor.cancel(child(of: id, daemon), by: Requester(uid: 0))
        try daemon.end(first, status: 0)
        let second = try #require(await starts.next())
        #expect(try await daemon.conductor.status(of: id).0.steps[0].attempts[0].state == .failed)
        try await daemon.conductor.cancel(id, by: Requester(uid: 0))
        let below = child(of: id, daemon, number: 2)
        #expect(try await daemon.conductor.status(of: below).0.state == .running)
        #expect(await daemon.conductor.isCancelled(AttemptName(run: below, step: "a", number: 1)))
        try daemon.end(second, status: 0)
        #expect(try await daemon.ended(id).state == .cancelled)
        #expect(try await daemon.conductor.status(of: below).0.state == .cancelled)
        await daemon.kill()
    }

    @Test("A run below that waits for a person is told of above, and resumed from there")
    func stopped() async throws {
        var starts = manager.starts.makeAsyncIterator()
        let id: RunID
        do {
            let daemon = try Daemonette(folder, manager)
            try await daemon.conductor.recover(epoch: "boot.1")
            id = try await daemon.start(ChildRunTests.parent, children: ChildRunTests.children)
            _ = try #require(await starts.next())
            await daemon.kill()
        }
        manager.state.withLock { ($0.epoch, $0.units) = ("boot.2", [:]) }
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.2")
        await daemon.conductor.recovered()
        let child = child(of: id, daemon)
        while true {
            let (status, bookmark) = try await daemon.conductor.status(of: child)
            if status.state == .stopped { break }
            _ = await daemon.conductor.changed(child, since: bookmark)
        }
        let status = try await daemon.conductor.status(of: id).0
        #expect(status.state == .running)
        #expect(
            status.steps[0].reason?.hasPrefix("run other-\(child) waits for a person: step 'a' was interrupted") == true
        )
        #expect(status.reason == status.steps[0].reason)
        try await daemon.conductor.resume(id, by: Requester(uid: 0))
        try daemon.end(try #require(await starts.next()), status: 0)
        try daemon.end(try #require(await starts.next()), status: 0)
        #expect(try await daemon.ended(id).state == .succeeded)
        await daemon.kill()
    }

    @Test("Runs that are steps of others go with them when their time is over, and are not counted")
    func retention() async throws {
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        var starts = manager.starts.makeAsyncIterator()
        let id = try await daemon.start(ChildRunTests.parent, children: ChildRunTests.children)
        for _ in 1...2 { try daemon.end(try #require(await starts.next()), status: 0) }
        #expect(try await daemon.ended(id).state == .succeeded)
        var retention = Retention()
        (retention.age, retention.runs) = (nil, 1)
        #expect(try await daemon.conductor.beginRemoval(retention, except: []) == [])
        retention.runs = 0
        let child = child(of: id, daemon)
        #expect(try await daemon.conductor.beginRemoval(retention, except: [child]) == [])
        let runs = try await daemon.conductor.beginRemoval(retention, except: [])
        #expect(Set(runs) == [id, child])
        try await daemon.conductor.endRemoval(of: runs, gone: runs)
        #expect(try await daemon.conductor.list(all: true).isEmpty)
        await daemon.kill()
    }
}

import PawlAPI
import PawlEngine
import PawlModel
import Synchronization
import Testing

@testable import PawlDaemon

@Suite("Room on the host")
struct RoomTests {
    private static let one = "steps:\n  - {id: a, command: [\"true\"]}\non_exit:\n  - {id: z, command: [\"true\"]}\n"
    private static let wide = """
        max_parallel: 3
        steps:
          - {id: a, depends_on: [], command: ["true"]}
          - {id: b, depends_on: [], command: ["true"]}
          - {id: c, depends_on: [], command: ["true"]}
        """

    private let folder: TemporaryFolder
    private let manager = FakeServiceManager()

    init() throws {
        folder = try TemporaryFolder()
        _ = try folder.make("runs")
    }

    @Test("Runs beyond max_runs are queued and begin in the order of their starts, over a restart of pawld")
    func runs() async throws {
        var starts = manager.starts.makeAsyncIterator()
        var ids: [RunID] = []
        do {
            let daemon = try Daemonette(folder, manager)
            await daemon.conductor.limit(runs: 1, steps: nil)
            try await daemon.conductor.recover(epoch: "boot.1")
            for _ in 0..<4 { ids.append(try await daemon.start(RoomTests.one)) }
            #expect(await starts.next() == "pawl-step-\(ids[0]).a.1.service")
            let words = "waits for its turn: 1 run at once, says max_runs"
            for id in ids[1...] {
                let status = try await daemon.conductor.status(of: id).0
                #expect(status.state == .queued && status.reason == words)
            }
            // One that is cancelled before its turn does nothing, its handlers included.
            try await daemon.conductor.cancel(ids[2], by: Requester(uid: 0))
            let cancelled = try await daemon.ended(ids[2])
            #expect(cancelled.state == .cancelled && cancelled.steps.allSatisfy(\.attempts.isEmpty))
            await daemon.kill()
        }
        let daemon = try Daemonette(folder, manager)
        await daemon.conductor.limit(runs: 1, steps: nil)
        try await daemon.conductor.recover(epoch: "boot.1")
        #expect(try await daemon.conductor.status(of: ids[1]).0.state == .queued)
        for id in [ids[0], ids[1], ids[3]] {
            if id != ids[0] { #expect(await starts.next() == "pawl-step-\(id).a.1.service") }
            try daemon.end("pawl-step-\(id).a.1.service", status: 0)
            #expect(await starts.next() == "pawl-step-\(id).z.1.service")
            try daemon.end("pawl-step-\(id).z.1.service", status: 0)
            #expect(try await daemon.ended(id).state == .succeeded)
        }
        await daemon.kill()
    }

    @Test("Of more room all take at once what there is, and a smaller bound stops nothing that runs")
    func change() async throws {
        var starts = manager.starts.makeAsyncIterator()
        let daemon = try Daemonette(folder, manager)
        await daemon.conductor.limit(runs: 1, steps: nil)
        try await daemon.conductor.recover(epoch: "boot.1")
        let first = try await daemon.start(RoomTests.one)
        let second = try await daemon.start(RoomTests.one)
        #expect(await starts.next() == "pawl-step-\(first).a.1.service")
        await daemon.conductor.limit(runs: nil, steps: nil)
        #expect(await starts.next() == "pawl-step-\(second).a.1.service")
        await daemon.conductor.limit(runs: 1, steps: 1)
        #expect(try await daemon.conductor.status(of: first).0.state == .running)
        #expect(try await daemon.conductor.status(of: second).0.state == .running)
        // What tidies up is not held up.
        try daemon.end("pawl-step-\(first).a.1.service", status: 0)
        #expect(await starts.next() == "pawl-step-\(first).z.1.service")
        await daemon.kill()
    }

    @Test("With max_steps the runs take turns")
    func steps() async throws {
        var starts = manager.starts.makeAsyncIterator()
        let daemon = try Daemonette(folder, manager)
        await daemon.conductor.limit(runs: nil, steps: 2)
        try await daemon.conductor.recover(epoch: "boot.1")
        let first = try await daemon.start(RoomTests.wide)
        let second = try await daemon.start(RoomTests.wide)
        var running: [String] = []
        for _ in 0..<2 { running.append(try #require(await starts.next())) }
        #expect(running.allSatisfy { $0.contains("\(first)") })
        let status = try await daemon.conductor.status(of: second).0
        #expect(status.reason == "waits for its turn: 2 steps at once on this host, says max_steps")
        var order: [RunID] = []
        while !running.isEmpty {
            try daemon.end(running.removeFirst(), status: 0)
            guard order.count < 4, let unit = await starts.next(), let name = AttemptName(unit: unit) else { continue }
            order.append(name.run)
            running.append(unit)
        }
        // One has had two, so the other comes first, and then they take turns.
        #expect(order == [second, first, second, second] || order == [second, second, first, second])
        #expect(try await daemon.ended(first).state == .succeeded)
        #expect(try await daemon.ended(second).state == .succeeded)
        await daemon.kill()
    }

    @Test("While there is no room nothing starts, and it says why")
    func gate() async throws {
        var starts = manager.starts.makeAsyncIterator()
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        await daemon.conductor.gate("memory of the host is used to 91 %")
        let id = try await daemon.start(RoomTests.one)
        let status = try await daemon.conductor.status(of: id).0
        #expect(status.state == .running && status.reason == "waits: memory of the host is used to 91 %")
        #expect(try await daemon.conductor.list(all: false).first?.reason == status.reason)
        #expect(manager.state.withLock { $0.started }.isEmpty)
        await daemon.conductor.gate(nil)
        #expect(await starts.next() == "pawl-step-\(id).a.1.service")
        #expect(try await daemon.conductor.status(of: id).0.reason == nil)
        await daemon.kill()
    }
}

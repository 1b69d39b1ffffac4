import EventLoopKit
import PawlAPI
import PawlEngine
import PawlLanguage
import PawlModel
import PawlStore
import Testing

@testable import PawlDaemon

@Suite("Locks over all runs")
struct LockTests {
    private static let queue = "lock: k\nsteps:\n  - {id: a, command: [\"true\"]}\n"
    private static let reject = "lock: {key: k, on_conflict: reject}\nsteps:\n  - {id: a, command: [\"true\"]}\n"

    @Test(
        "A run that waits is queued, says for what, and has its turn over a restart of pawld; a refused one is not there"
    )
    func restart() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.make("runs")
        let manager = FakeServiceManager()
        var starts = manager.starts.makeAsyncIterator()
        let first: RunID
        let second: RunID
        do {
            let daemon = try Daemonette(folder, manager)
            try await daemon.conductor.recover(epoch: "boot.1")
            first = try await daemon.start(LockTests.queue)
            second = try await daemon.start(LockTests.queue)
            #expect(try #require(await starts.next()) == "pawl-step-\(first).a.1.service")
            let words = "waits for lock 'k', held by demo-\(first)"
            let status = try await daemon.conductor.status(of: second).0
            #expect(status.state == .queued && status.reason == words)
            let summary = try await daemon.conductor.list(all: false).first { $0.id == second.rawValue }
            #expect(summary?.state == .queued && summary?.reason == words)
            let error = await #expect(throws: APIError.self) { _ = try await daemon.start(LockTests.reject) }
            #expect(error?.code == .conflict && error?.code.exitStatus == .conflict)
            #expect(
                error?.message.contains("lock 'k' is held by demo-\(first)") == true, "\(String(describing: error))")
            #expect(try await daemon.conductor.list(all: true).count == 2)
            await daemon.kill()
        }
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        #expect(try await daemon.conductor.status(of: second).0.state == .queued)
        try daemon.end("pawl-step-\(first).a.1.service", status: 0)
        #expect(try #require(await starts.next()) == "pawl-step-\(second).a.1.service")
        #expect(try await daemon.ended(first).state == .succeeded)
        try daemon.end("pawl-step-\(second).a.1.service", status: 3)
        #expect(try await daemon.ended(second).state == .failed)
        let third = try await daemon.start(LockTests.reject)
        #expect(try #require(await starts.next()) == "pawl-step-\(third).a.1.service")
        try await daemon.conductor.retry(second, by: Requester(uid: 0))
        #expect(try await daemon.conductor.status(of: second).0.state == .queued)
        await daemon.kill()
    }

    @Test("What a run that is set aside holds nobody else gets, and a value that makes no key starts nothing")
    func setAside() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.make("runs")
        let manager = FakeServiceManager()
        let guilty: RunID
        do {
            let daemon = try Daemonette(folder, manager)
            try await daemon.conductor.recover(epoch: "boot.1")
            guilty = try await daemon.start(LockTests.queue)
            let error = await #expect(throws: APIError.self) {
                _ = try await daemon.start("lock: \"${run.failed_steps[0]}\"\n" + ConductorTests.chain)
            }
            #expect(error?.code == .invalidVariable)
            await daemon.kill()
        }
        do {
            let store = try Store(path: folder.path + "/pawl.db")
            for _ in 1...Conductor.recoveryLimit { try store.markRecovery(of: [guilty]) }
        }
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        let other = try await daemon.start(LockTests.queue)
        let status = try await daemon.conductor.status(of: other).0
        #expect(status.reason == "waits for lock 'k', held by demo-\(guilty)")
        try await daemon.conductor.resume(guilty, by: Requester(uid: 0))
        try daemon.end("pawl-step-\(guilty).a.1.service", status: 0)
        _ = try await daemon.ended(guilty)
        #expect(try await daemon.conductor.status(of: other).0.state == .running)
        await daemon.kill()
    }
}

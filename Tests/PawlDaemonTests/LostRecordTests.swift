import Glibc
import PawlAPI
import PawlEngine
import PawlLanguage
import PawlModel
import PawlStore
import Synchronization
import Testing

@testable import PawlDaemon

/// What is found in receipts and units, and the store does not know of.
@Suite("What the store has lost, and receipts that are none")
struct LostRecordTests {
    private static func workflow(_ interrupted: String) -> String {
        "steps:\n  - {id: a, interrupted: \(interrupted), command: [\"true\"]}\n  - {id: b, command: [\"true\"]}\n"
    }

    private let folder: TemporaryFolder
    private let manager = FakeServiceManager()

    init() throws {
        folder = try TemporaryFolder()
        _ = try folder.make("runs")
    }

    /// Starts a run, and has pawld killed once its first step runs, with a copy of the store from before that was ordered
    /// in its place: as if the end of the log had been lost.
    private func loseOrder(_ interrupted: String = "ask") async throws -> (RunID, unit: String) {
        var starts = manager.starts.makeAsyncIterator()
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        let id = try await daemon.start(LostRecordTests.workflow(interrupted))
        let unit = try #require(await starts.next())
        await daemon.kill()
        let path = folder.path + "/pawl.db"
        let events = try Store(path: path).events(of: id)
        for part in ["", "-wal", "-shm"] { unlink(path + part) }
        // All that is left of the run is that it was asked for.
        guard case .runCreated(let created) = events[0].event else { throw TemporaryFolder.Failure(what: "no run") }
        let run = try Run(id: id, created: created, at: events[0].time)
        try Store(path: path).record([RunChange(run: run, events: [events[0]])])
        return (id, unit)
    }

    private func stopped(_ id: RunID, _ daemon: borrowing Daemonette) async throws -> RunStatus {
        while true {
            let (status, bookmark) = try await daemon.conductor.status(of: id)
            if status.state == .stopped || status.state.isEnded { return status }
            _ = await daemon.conductor.changed(id, since: bookmark)
        }
    }

    /// Whether each unit was started once.
    private var startsNothingTwice: Bool {
        let started = manager.state.withLock { $0.started }
        return Set(started).count == started.count
    }

    @Test("A receipt of an attempt whose order was lost is that attempt's result, and nothing runs twice")
    func receipt() async throws {
        let (id, unit) = try await loseOrder()
        var starts = manager.starts.makeAsyncIterator()
        let daemon = try Daemonette(folder, manager)
        try daemon.end(unit, status: 0)
        try await daemon.conductor.recover(epoch: "boot.1")
        let second = try #require(await starts.next())
        #expect(second == "pawl-step-\(id).b.1.service")
        try daemon.end(second, status: 0)
        let status = try await daemon.ended(id)
        #expect(status.state == .succeeded)
        #expect(status.steps.map(\.attempts.count) == [1, 1])
        #expect(startsNothingTwice)
        await daemon.kill()
    }

    @Test("A unit of an attempt whose order was lost is left alone by the sweep and adopted by the run")
    func unit() async throws {
        let (id, unit) = try await loseOrder()
        let daemon = try Daemonette(folder, manager)
        // It failed and its recorder left nothing: its unit is the only one that knows.
        manager.end(unit, status: 7)
        #expect(try await daemon.sweep.run().isEmpty)
        #expect(manager.state.withLock { $0.released }.isEmpty)
        try await daemon.conductor.recover(epoch: "boot.1")
        let status = try await daemon.ended(id)
        #expect(status.steps.map(\.exitCode) == [7, nil])
        #expect(startsNothingTwice)
        await daemon.kill()
    }

    @Test("Of an attempt whose order was lost and only the folder is left nobody knows: it was interrupted")
    func onlyFolder() async throws {
        let (id, unit) = try await loseOrder()
        manager.state.withLock { state in
            state.units = [:]
            state.epoch = "boot.2"
        }
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.2")
        let status = try await stopped(id, daemon)
        #expect(status.state == .stopped)
        #expect(status.steps[0].state == .interrupted)
        #expect(status.reason?.contains("\(folder.path)/runs/\(id)/a.1") == true, "\(status.reason ?? "")")
        #expect(manager.state.withLock { $0.started } == [unit])
        await daemon.kill()
    }

    /// What can stand where a receipt belongs. `PATH` is its place.
    static let strangeReceipts: [(what: String, make: @Sendable (String) -> Void)] = [
        ("is empty", { try? write($0, "") }),
        ("is not the receipt", { try? write($0, #"{"unit":"pawl-step-0000000a.x.1.service","service_res"#) }),
        ("is not the receipt", { try? write($0, "\0\0\0\0\0\0\0\0") }),
        (
            "belongs to uid",
            { path in
                try? write(path, "{}"); chown(path, 65534, 65534)
            }
        ),
        ("is a link", { symlink("/etc/passwd", $0) }),
        ("is no regular file", { mkfifo($0, 0o600) }),
        ("is no regular file", { mkdir($0, 0o700) }),
        ("at most", { try? write($0, String(repeating: "x", count: Receipt.limit + 1)) }),
    ]

    @Sendable private static func write(_ path: String, _ text: String) throws {
        let file = fopen(path, "w")
        defer { if let file { fclose(file) } }
        guard let file, fwrite(text, 1, text.utf8.count, file) == text.utf8.count else {
            throw TemporaryFolder.Failure(what: path)
        }
    }

    @Test(
        "What is no receipt blocks no run: PID 1 is asked, and where it knows nothing the step was interrupted",
        arguments: strangeReceipts.indices, [true, false])
    func strangeReceipt(_ index: Int, isLoaded: Bool) async throws {
        let strange = LostRecordTests.strangeReceipts[index]
        var starts = manager.starts.makeAsyncIterator()
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        let id = try await daemon.start(LostRecordTests.workflow("fail"))
        let unit = try #require(await starts.next())
        let name = try #require(AttemptName(unit: unit))
        let path = "\(folder.path)/runs/\(id)/\(name.folder)/\(Receipt.fileName)"
        strange.make(path)
        // One that did well is gone by itself, one that failed stays until it is harvested.
        manager.end(unit, status: isLoaded ? 9 : 0)
        daemon.signs.give(unit)
        let status = try await daemon.ended(id)
        let reason = status.steps[0].reason ?? ""
        if isLoaded {
            #expect(status.steps[0].state == .failed)
            #expect(status.steps[0].exitCode == 9)
        } else {
            #expect(status.steps[0].state == .interrupted)
            #expect(reason.contains(strange.what) && reason.contains(path), "\(reason)")
        }
        #expect(manager.state.withLock { $0.started } == [unit])
        await daemon.kill()
    }
}

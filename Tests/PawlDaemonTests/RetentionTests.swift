import Glibc
import PawlAPI
import PawlEngine
import PawlLanguage
import PawlModel
import PawlStore
import Synchronization
import Testing

@testable import PawlDaemon

@Suite("Retention")
struct RetentionTests {
    private let folder: TemporaryFolder
    private let manager = FakeServiceManager()

    init() throws {
        folder = try TemporaryFolder()
        _ = try folder.make("runs")
    }

    private static let oneStep = "steps:\n  - {id: a, command: [\"true\"]}\n"

    private func retention(age: Duration?, runs: Int? = nil) -> Retention {
        var retention = Retention()
        (retention.age, retention.runs) = (age, runs)
        return retention
    }

    private func sweep(_ daemon: borrowing Daemonette) -> RunRetention {
        RunRetention(
            conductor: daemon.conductor, manager: manager, folders: daemon.folders,
            journal: RunJournal(level: .error) { _, _ in })
    }

    /// Runs a step to its end. A unit that has failed goes once that is recorded.
    private func finished(_ daemon: borrowing Daemonette, status: Int = 0) async throws -> RunID {
        var starts = manager.starts.makeAsyncIterator()
        let id = try await daemon.start(RetentionTests.oneStep)
        try daemon.end(try #require(await starts.next()), status: status)
        _ = try await daemon.ended(id)
        return id
    }

    private func isThere(_ path: String) -> Bool { access("\(folder.path)/runs/\(path)", F_OK) == 0 }

    private func known(_ daemon: borrowing Daemonette) async throws -> Set<String> {
        Set(try await daemon.conductor.list(all: true).map(\.id))
    }

    @Test("A run whose time is over goes with its folder; what has not ended, or not long ago, stays")
    func age() async throws {
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        let old = try await finished(daemon)
        var starts = manager.starts.makeAsyncIterator()
        let open = try await daemon.start(RetentionTests.oneStep)
        _ = await starts.next()
        #expect(await sweep(daemon).run(retention(age: .seconds(3600))) == 0)
        #expect(await sweep(daemon).run(retention(age: nil)) == 0)
        #expect(manager.state.withLock { $0.installed }.isEmpty, "nothing to clean")
        #expect(await sweep(daemon).run(retention(age: .zero)) == 1)
        #expect(try await known(daemon) == [open.rawValue])
        #expect(!isThere("\(old)") && isThere(".removed/\(old)/a.1/result.json") && isThere("\(open)"))
        #expect(manager.state.withLock { $0.installed } == [RunRetention.cleaner])
        // It is asked for again until nothing is left.
        #expect(await sweep(daemon).run(retention(age: .zero)) == 0)
        #expect(manager.state.withLock { $0.installed.count } == 2)
        await daemon.kill()
        // A store without its last run has lost nothing.
        #expect(try Store.openOrRescue(path: folder.path + "/pawl.db", label: "1").damage == nil)
    }

    @Test("Of more runs than are kept the oldest go")
    func count() async throws {
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        var ids: [RunID] = []
        for _ in 0..<5 { ids.append(try await finished(daemon)) }
        #expect(await sweep(daemon).run(retention(age: nil, runs: 5)) == 0)
        #expect(await sweep(daemon).run(retention(age: nil, runs: 2)) == 3)
        #expect(try await known(daemon) == Set(ids.suffix(2).map(\.rawValue)))
        await daemon.kill()
    }

    @Test("A run that a unit is left of stays, however old it is")
    func loadedUnit() async throws {
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        let ids = [try await finished(daemon), try await finished(daemon)]
        manager.state.withLock { $0.units["pawl-step-\(ids[0]).a.1.service"] = FakeServiceManager.active }
        #expect(await sweep(daemon).run(retention(age: .zero)) == 1)
        #expect(try await known(daemon) == [ids[0].rawValue])
        #expect(isThere("\(ids[0])"))
        manager.state.withLock { $0.units = [:] }
        #expect(await sweep(daemon).run(retention(age: .zero)) == 1)
        await daemon.kill()
    }

    @Test(
        "A run that was moved away and not removed when pawld died is removed by the next look, and never told missing")
    func interruptedRemoval() async throws {
        let id: RunID
        do {
            let daemon = try Daemonette(folder, manager)
            try await daemon.conductor.recover(epoch: "boot.1")
            id = try await finished(daemon)
            #expect(try await daemon.conductor.beginRemoval(retention(age: .zero), except: []) == [id])
            // Nobody opens it again meanwhile.
            await #expect(throws: APIError.self) {
                try await daemon.conductor.retry(id, from: "a", by: Requester(uid: 0))
            }
            #expect(await daemon.folders.moveAway([id]).isEmpty)
            await daemon.kill()
        }
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        #expect(await daemon.folders.runsWithFolders().isEmpty)
        #expect(try await known(daemon) == [id.rawValue])
        #expect(await sweep(daemon).run(retention(age: .zero)) == 1)
        #expect(try await known(daemon) == [])
        await daemon.kill()
    }

    @Test("What was removed under an ID is no obstacle for a run that has it later")
    func sameName() async throws {
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        let id = try await finished(daemon)
        for _ in 0..<2 {
            mkdir("\(folder.path)/runs/\(id)", 0o700)
            mkdir("\(folder.path)/runs/\(id)/work", 0o700)
            #expect(await daemon.folders.moveAway([id]).isEmpty)
        }
        #expect(isThere(".removed/\(id)") && isThere(".removed/\(id).2") && !isThere("\(id)"))
        await daemon.kill()
    }

    @Test("Where systemd cannot be asked for units nothing is removed")
    func noAnswer() async throws {
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        let id = try await finished(daemon)
        manager.state.withLock { $0.fault = .unknownOutcome("lost") }
        #expect(await sweep(daemon).run(retention(age: .zero)) == 0)
        #expect(try await known(daemon) == [id.rawValue])
        #expect(isThere("\(id)"))
        manager.state.withLock { $0.fault = nil }
        // It can be retried again: nothing of it is held.
        try await daemon.conductor.retry(id, from: "a", by: Requester(uid: 0))
        await daemon.kill()
    }

    @Test("Who asked for what is forgotten after its own time, in parts, and kept for ever where that is said")
    func audit() async throws {
        let daemon = try Daemonette(folder, manager)
        let now = Daemon.now()
        for age in [7200.0, 5400, 60] {
            _ = try await daemon.conductor.begin(
                audit: AuditRecord(
                    time: now.adding(seconds: -age), caller: AuditCaller(uid: 0, pid: 1), action: "run"))
        }
        await sweep(daemon).runAudit(nil)
        #expect(try await daemon.conductor.audits(AuditFilter(limit: 10)).count == 3)
        await sweep(daemon).runAudit(.seconds(3600))
        #expect(try await daemon.conductor.audits(AuditFilter(limit: 10)).map(\.time) == [now.adding(seconds: -60)])
        await daemon.kill()
    }
}

import PawlAPI
import PawlEngine
import PawlModel
import Testing

@testable import PawlDaemon

@Suite("What is refused, and in which words")
struct RefusalTests {
    let folder: TemporaryFolder
    let manager = FakeServiceManager()

    init() throws {
        folder = try TemporaryFolder()
        _ = try folder.make("runs")
    }

    /// What a request is refused with.
    private func words(_ request: () async throws -> Void) async -> String? {
        do {
            try await request()
            return nil
        } catch {
            return (error as? APIError)?.message
        }
    }

    /// Returns once so many steps and items wait for approval.
    private func asked(_ count: Int, of id: RunID, _ conductor: Conductor) async throws {
        while true {
            let (status, bookmark) = try await conductor.status(of: id)
            if status.steps.count(where: { $0.approval != nil }) == count { return }
            _ = await conductor.changed(id, since: bookmark)
        }
    }

    @Test("Of many runs that are meant perhaps the newest are told, and how many others there are")
    func ambiguous() async throws {
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        var names: [String] = []
        for end in [nil, "", "", " and 1 older one", " and 2 older ones"] {
            names.append(try await daemon.start("steps: [{id: a, approval: ok}]").name(of: "demo"))
            let told = names.suffix(3).reversed().joined(separator: ", ")
            let words = await words { _ = try await daemon.conductor.find("demo") }
            #expect(words == end.map { "more than one run begins with 'demo': \(told)\($0)" })
        }
        await daemon.kill()
    }

    @Test("A word or a step that is none is answered with the one that was probably meant")
    func meant() async throws {
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        let conductor = daemon.conductor
        let id = try await daemon.start(
            """
            steps:
              - {id: sure, foreach: [1, 2], approval: ok}
              - {id: alone, approval: ok, depends_on: []}
              - {id: one, foreach: [1], approval: ok, depends_on: []}
            """)
        let name = id.name(of: "demo")
        try await asked(4, of: id, conductor)
        #expect(
            await words { _ = try await conductor.find("@lst") }
                == "there is no run '@lst'; did you mean '@last'? 'pawl ps --all' lists all runs")
        for (step, hint) in [
            ("sure.x", "the items of 'sure' are sure.0 to sure.1"),
            ("sure.2", "the items of 'sure' are sure.0 to sure.1"),
            ("one.1", "the items of 'one' are one.0"), ("sur.1", "did you mean 'sure.1'?"),
            ("alon", "did you mean 'alone'?"), ("alone.0", "did you mean 'alone'?"),
            ("entirely", "'pawl status \(name)' lists its steps"), (".", "'pawl status \(name)' lists its steps"),
        ] {
            #expect(
                await words {
                    try await conductor.answer(
                        id, Messages.Approval(run: name, step: step, approved: true), by: Requester(uid: 0))
                }
                    == "run '\(name)' has no step '\(step)'; \(hint)")
        }
        try await conductor.cancel(id, by: Requester(uid: 0))
        _ = try await daemon.ended(id)
        #expect(
            await words { try await conductor.retry(id, from: "sure.1", by: Requester(uid: 0)) }
                == "run '\(name)' has no step 'sure.1'; did you mean 'sure'?")
        await daemon.kill()
    }

    @Test("Those that wait for approval are named, a few of them, and an ended run is told of in words")
    func waiting() async throws {
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        let conductor = daemon.conductor
        for (items, others) in [("1", "q.0 does"), ("1, 2", "q.0, q.1 do")] {
            let id = try await daemon.start("steps: [{id: q, foreach: [\(items)], approval: ok}]")
            let name = id.name(of: "demo")
            try await asked(items.split(separator: ",").count, of: id, conductor)
            #expect(
                await words {
                    try await conductor.answer(
                        id, Messages.Approval(run: name, step: "q", approved: true), by: Requester(uid: 0))
                }
                    == "step 'q' of the run '\(name)' is running and waits for no approval; \(others)")
            try await conductor.cancel(id, by: Requester(uid: 0))
            _ = try await daemon.ended(id)
            #expect(
                await words { try await conductor.resume(id, by: Requester(uid: 0)) }
                    == "the run '\(name)' was cancelled and cannot be resumed; 'pawl retry \(name)' opens it again")
        }
        await daemon.kill()
    }

    @Test("A reason that only says the state once more is left out of the journal")
    func reasons() {
        #expect(RunJournal.outcome("cancelled", "cancelled") == "cancelled")
        #expect(RunJournal.outcome("cancelled", nil) == "cancelled")
        #expect(RunJournal.outcome("failed", "exit status 3") == "failed: exit status 3")
    }

    @Test("What became of a run is a sentence", arguments: RunState.allCases)
    func sentence(state: RunState) {
        let words: [RunState: String] = [
            .cancelled: "was cancelled", .timedOut: "has timed out", .failed: "has failed",
        ]
        #expect(state.sentence == words[state] ?? "\(state.isEnded ? "has" : "is") \(state.rawValue)")
    }
}

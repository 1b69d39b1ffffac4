import FoundationEssentials
import Glibc
import PawlEngine
import PawlLanguage
import PawlModel
import SQLiteKit
import Testing

@testable import PawlStore

/// A store in a folder of its own that goes with the value.
private final class TemporaryStore {
    let folder: String
    var path: String { folder + "/pawl.db" }

    init() throws {
        var template = Array("/tmp/pawl-store-XXXXXX".utf8CString)
        let made = try #require(mkdtemp(&template))
        folder = String(cString: made)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }
}

@Suite("What is recorded")
struct StoreTests {
    static let text = """
        steps:
          - {id: a, command: ["true"]}
          - {id: b, command: ["true"]}
        """
    static let host = HostFacts(name: "h", machineID: "m", arch: "x86_64", cpus: 1, memory: 1, osVersion: "12")

    private func created(_ folder: String = "/runs/x", workflow: String = "demo") -> RunCreated {
        RunCreated(
            workflow: workflow, file: "/demo.yaml", text: StoreTests.text,
            variables: ["n": 1, "l": .list(["x", .null])],
            requester: Requester(uid: 0), folder: folder, maxParallel: 4, host: StoreTests.host)
    }

    private func change(_ id: RunID, _ events: [Event], from first: Int = 1) throws -> (RunChange, Run) {
        let time = Timestamp(microseconds: 1_700_000_000_000_000)
        var made = created()
        if case .runCreated(let body)? = events.first { made = body }
        var run = try Run(id: id, created: made, at: time)
        for event in events { if case .runCreated = event {} else { run.apply(event, at: time) } }
        let recorded = events.enumerated().map {
            RecordedEvent(sequence: first + $0.offset, time: time, event: $0.element)
        }
        return (RunChange(run: run, events: recorded), run)
    }

    /// A run whose steps took some seconds each.
    private func ended(_ id: RunID, seconds: [Double], workflow: String = "demo") throws -> RunChange {
        let start = Timestamp(microseconds: 1_700_000_000_000_000)
        var run = try Run(id: id, created: created(workflow: workflow), at: start)
        var now = start
        var recorded = [RecordedEvent(sequence: 1, time: now, event: .runCreated(run.created))]
        func take(_ event: Event) {
            run.apply(event, at: now)
            recorded.append(RecordedEvent(sequence: recorded.count + 1, time: now, event: event))
        }
        for (step, seconds) in zip(["a", "b"], seconds) {
            take(.attemptOrdered(AttemptOrdered(step: step, number: 1, unit: "u.service", epoch: "e")))
            now = now.adding(seconds: seconds)
            take(
                .attemptEnded(
                    AttemptEnded(step: step, number: 1, outcome: AttemptOutcome(state: .succeeded, ended: now))))
            take(.stepEnded(StepEnded(step: step, state: .succeeded)))
        }
        take(.runEnded(RunEnded(state: .succeeded)))
        return RunChange(run: run, events: recorded)
    }

    @Test("How long steps took is kept of the last twenty runs, once for each, and goes with the last run")
    func times() throws {
        let temporary = try TemporaryStore()
        let store = try Store(path: temporary.path)
        #expect(try store.times(of: "demo") == [:])
        for number in 1...25 {
            try store.record([try ended(RunID(random: UInt64(number)), seconds: [Double(number), 0.25])])
        }
        try store.record([try ended(RunID(random: 99), seconds: [7, 7], workflow: "other")])
        #expect(try store.times(of: "demo")["a"]?.seconds == (6...25).map(Double.init))
        #expect(try store.times(of: "demo")["b"]?.seconds == Array(repeating: 0.25, count: 20))
        // As when it is retried and ends again.
        var again = try ended(RunID(random: 25), seconds: [100, 1])
        again.events = []
        try store.record([again])
        #expect(try store.times(of: "demo")["a"]?.seconds == (6...24).map(Double.init) + [100])
        try store.remove((1...24).map { RunID(random: UInt64($0)) })
        #expect(try store.times(of: "demo")["a"]?.seconds.count == 20)
        try store.remove([RunID(random: 25)])
        #expect(try store.times(of: "demo") == [:])
        #expect(try store.times(of: "other") == ["a": StepTimes(seconds: [7]), "b": StepTimes(seconds: [7])])
    }

    @Test("Who asked for what is kept, filtered, finished and removed by age")
    func audit() throws {
        let temporary = try TemporaryStore()
        do {
            let store = try Store(path: temporary.path)
            for second in 1...4 {
                var caller = AuditCaller(uid: second == 3 ? 1234 : 0, pid: 7)
                (caller.user, caller.login, caller.host) = ("root", "alice", "10.0.0.5")
                (caller.terminal, caller.unit) = ("pts/0", "session-3.scope")
                let number = try store.begin(
                    audit: AuditRecord(
                        time: Timestamp(microseconds: Int64(second) * 1_000_000), caller: caller, action: "run",
                        target: "hello", detail: "variables: name"))
                if second == 2 { try store.end(audit: number, .done, target: "hello-0123abcd", reason: nil) }
                if second == 3 { try store.end(audit: number, .failed, target: nil, reason: "no room") }
            }
        }
        let store = try Store(path: temporary.path)
        var filter = AuditFilter(limit: 10)
        let all = try store.audits(filter)
        #expect(all.map(\.time.microseconds) == [1_000_000, 2_000_000, 3_000_000, 4_000_000])
        #expect(all.map(\.outcome) == [.asked, .done, .failed, .asked])
        #expect(all.map(\.target) == ["hello", "hello-0123abcd", "hello", "hello"])
        #expect(all[2].reason == "no room")
        #expect(all[0].caller.login == "alice" && all[0].caller.host == "10.0.0.5" && all[0].caller.pid == 7)
        filter.limit = 2
        #expect(try store.audits(filter) == Array(all[2...]))
        (filter.limit, filter.uid) = (10, 1234)
        #expect(try store.audits(filter) == [all[2]])
        (filter.uid, filter.outcome) = (nil, .asked)
        #expect(try store.audits(filter) == [all[0], all[3]])
        (filter.outcome, filter.since, filter.until) = (nil, all[1].time, all[2].time)
        #expect(try store.audits(filter) == Array(all[1...2]))
        #expect(try store.removeAudits(before: all[3].time, limit: 2) == 2)
        #expect(try store.removeAudits(before: all[3].time, limit: 2) == 1)
        #expect(try store.audits(AuditFilter(limit: 10)) == [all[3]])
    }

    @Test("Every kind of event comes back as it was written, also from a store that was opened again")
    func roundTrip() throws {
        let temporary = try TemporaryStore()
        let id = try #require(RunID(rawValue: "0123abcd"))
        var outcome = AttemptOutcome(
            state: .failed, result: "exit-code", exitCode: 3, signal: nil, reason: "exit status 3",
            ended: Timestamp(microseconds: 5), cpuMicroseconds: 7, memoryPeak: 9)
        outcome.output = "text\nwith lines"
        outcome.outputs = ["a": 1, "b": "x"]
        let events: [Event] = [
            .runCreated(created()),
            .attemptOrdered(AttemptOrdered(step: "a", number: 1, unit: "u", epoch: "e")),
            .attemptEnded(AttemptEnded(step: "a", number: 1, outcome: outcome)),
            .delaySet(DelaySet(step: "a", until: Timestamp(microseconds: 77))),
            .stepEnded(StepEnded(step: "a", state: .failed, reason: "r", because: "x")),
            .cancelRequested(CancelRequested(cause: .failFast, reason: "why")),
            .runStopped(RunStopped(reason: "ask")),
            .stepExpanded(StepExpanded(step: "a", items: [1, "x", .map(["name": "m1"])])),
            .approvalAsked(ApprovalAsked(step: "a", item: 2, text: "go?")),
            .approvalAnswered(
                ApprovalAnswered(step: "a", item: 2, isApproved: false, requester: Requester(uid: 7, who: "ada"))),
            .phaseBegan(PhaseBegan(phase: .onFailure, state: .failed, reason: "r")),
            .runResumed(RunResumed(retry: true, requester: Requester(uid: 1000))),
            .runResumed(RunResumed(retry: true, requester: Requester(uid: 1000), epoch: "boot.2")),
            .hostLost(HostLost(epoch: "boot.2", recovery: .restart)),
            .servicesLost(ServicesLost(epoch: "boot.2", entries: [ServicesLost.Entry(step: "a", item: 1)])),
            .runResumed(RunResumed(retry: true, from: "a", requester: Requester(uid: 1000))),
            .runResumed(
                RunResumed(retry: false, requester: Requester(uid: 1000), definition: created(workflow: "other"))),
            .lockWanted(LockWanted(key: "k", onConflict: .queue, ticket: 7, holder: nil)),
            .lockWanted(
                LockWanted(step: "a", item: 1, key: "k", onConflict: .cancel, ticket: 8, holder: "b (step 's')")),
            .lockGranted(LockGranted(key: "k", epoch: "boot.2")),
            .lockGranted(LockGranted(step: "a", item: 1, key: "k")),
            .runPaused(RunPaused(requester: Requester(uid: 1000))),
            .runUnpaused(RunUnpaused(requester: Requester(uid: 1000))),
            .runLimited(
                RunLimited(
                    limits: [ParentRun.Above.Limit(name: "TasksMax", values: ["7"])], requester: Requester(uid: 1000))),
            .runBegan(RunBegan(epoch: "b.3")),
            .lockRefused(LockRefused(step: "a", key: "k", reason: "r", until: Timestamp(microseconds: 78))),
            .runEnded(RunEnded(state: .timedOut, reason: nil)),
            .runUndone(RunUndone(by: "demo-7k2m9qxa", requester: Requester(uid: 0))),
        ]
        #expect(Set(events.map(\.kind)) == Set(Event.Kind.allCases), "no kind is left out here")
        do {
            let store = try Store(path: temporary.path)
            try store.record([change(id, events).0])
        }
        let again = try Store(path: temporary.path)
        #expect(try again.events(of: id).map(\.event) == events)
        #expect(try again.events(of: id).map(\.sequence) == Array(1...events.count))
        let written = try again.writtenEvents(of: id, after: 0)
        #expect(written.map(\.kind) == events.map(\.kind.rawValue))
        #expect(written.map(\.sequence) == Array(1...events.count))
        guard case .map(let body) = written[2].body else {
            Issue.record("an event without a body")
            return
        }
        #expect(body["outcome"]?.json.contains(#""output":"text\nwith lines""#) == true)
    }

    @Test("Events are read as they were written, so many at once and no more than a megabyte, up to the last one")
    func written() throws {
        let temporary = try TemporaryStore()
        let store = try Store(path: temporary.path)
        let id = try #require(RunID(rawValue: "0123abcd"))
        var outcome = AttemptOutcome(state: .failed, exitCode: 3)
        outcome.output = String(repeating: "x", count: 400_000)
        let large = (1...5).map { Event.attemptEnded(AttemptEnded(step: "a", number: $0, outcome: outcome)) }
        let small = (1...300).map { Event.runStopped(RunStopped(reason: "\($0)")) }
        try store.record([change(id, [.runCreated(created())] + large + small).0])
        var (sizes, last): ([Int], Int) = ([], 0)
        while let end = try store.writtenEvents(of: id, after: last).last {
            sizes.append(end.sequence - last)
            last = end.sequence
        }
        #expect(last == 306)
        #expect(sizes == [3, 2, 256, 45])
        #expect(try store.writtenEvents(of: #require(RunID(rawValue: "ffffffff")), after: 0) == [])
    }

    @Test("Only runs that have not ended are taken up again")
    func openRuns() throws {
        let temporary = try TemporaryStore()
        let store = try Store(path: temporary.path)
        let (first, second) = (try #require(RunID(rawValue: "0000000a")), try #require(RunID(rawValue: "0000000b")))
        try store.record([change(first, [.runCreated(created())]).0, change(second, [.runCreated(created())]).0])
        try store.record([change(first, [.runEnded(RunEnded(state: .succeeded))], from: 2).0])
        #expect(try store.openRuns().map(\.id) == [second])
        #expect(try store.allRuns().map(\.id) == [second, first])
        #expect(try store.allRuns().last?.state == .succeeded)
    }

    @Test("A run is found by name, ID, a unique prefix of either, and @last")
    func find() throws {
        let temporary = try TemporaryStore()
        let store = try Store(path: temporary.path)
        let ids = try ["0000000a", "0000000b", "9000000a"].map { try #require(RunID(rawValue: $0)) }
        for id in ids { try store.record([change(id, [.runCreated(created())]).0]) }
        #expect(try store.find("0000000a").map(\.id) == [ids[0]])
        #expect(try store.find("demo-0000000b").map(\.id) == [ids[1]])
        #expect(try store.find("9").map(\.id) == [ids[2]])
        #expect(try store.find("demo-9").map(\.id) == [ids[2]])
        #expect(try store.find("0").count == 2)
        #expect(try store.find("@last").map(\.id) == [ids[2]])
        #expect(try store.find("").isEmpty)
        #expect(try store.find("other-0000000a").isEmpty)
        #expect(try store.find("%").isEmpty)
    }

    @Test("Of many runs that begin alike the newest three are told, and how many there are, each once")
    func candidates() throws {
        let temporary = try TemporaryStore()
        let store = try Store(path: temporary.path)
        // The last one is found by its ID and by its workflow's name.
        let ids = try ["0000000b", "0000000a", "d000000a", "9000000a", "de00000a"].map {
            try #require(RunID(rawValue: $0))
        }
        for id in ids { try store.record([change(id, [.runCreated(created())]).0]) }
        var found = try store.candidates("de")
        #expect(found.newest.map(\.id) == ids[2...].reversed() && found.count == 5)
        found = try store.candidates("demo-0")
        #expect(found.newest.map(\.id) == [ids[1], ids[0]] && found.count == 2)
    }

    @Test("Every dash of a name may be the one before the ID, and the beginning of a workflow's name finds its runs")
    func findByWorkflow() throws {
        let temporary = try TemporaryStore()
        let store = try Store(path: temporary.path)
        for (id, workflow) in [("0000000a", "a-b"), ("0000000b", "a-b-c"), ("9000000a", "a")] {
            let id = try #require(RunID(rawValue: id))
            try store.record([change(id, [.runCreated(created(workflow: workflow))]).0])
        }
        func found(_ text: String) throws -> [String] { try store.find(text).map(\.id.rawValue).sorted() }
        #expect(try found("a-b-c-") == ["0000000b"])
        #expect(try found("a-b-0000000a") == ["0000000a"])
        #expect(try found("a-b-0") == ["0000000a"])
        #expect(try found("a-b") == ["0000000a", "0000000b"])
        #expect(try found("a-9") == ["9000000a"])
        #expect(try found("a") == ["0000000a", "0000000b", "9000000a"])
        #expect(try found("b") == [])
        #expect(try found(String(repeating: "a-", count: 10_000)) == [])
    }

    @Test("A transaction that fails leaves nothing behind, and the store goes on")
    func failedCommit() throws {
        let temporary = try TemporaryStore()
        let store = try Store(path: temporary.path)
        let id = try #require(RunID(rawValue: "0000000a"))
        let (good, _) = try change(id, [.runCreated(created())])
        try store.record([good])
        // The same sequence number again breaks the primary key, after other rows were written.
        let other = try #require(RunID(rawValue: "0000000b"))
        #expect(throws: (any Error).self) {
            try store.record([change(other, [.runCreated(created())]).0, good])
        }
        #expect(try !store.knows(other))
        try store.record([change(other, [.runCreated(created())]).0])
        #expect(try store.knows(other))
    }

    @Test("A store of a newer version is refused by name")
    func tooNew() throws {
        let temporary = try TemporaryStore()
        do {
            let connection = try Connection(path: temporary.path)
            try connection.setUserVersion(99)
        }
        #expect(throws: StoreError.self) { try Store(path: temporary.path) }
    }

    @Test("What ended before a moment is found, and beyond a number of ended runs the oldest; what is removed is gone")
    func retention() throws {
        let temporary = try TemporaryStore()
        let store = try Store(path: temporary.path)
        let ids = try (0..<4).map { try #require(RunID(rawValue: "0000000\($0)")) }
        for (place, id) in ids.enumerated() {
            try store.record([change(id, [.runCreated(created())]).0])
            guard place < 3 else { continue }
            var (ended, _) = try change(id, [.runEnded(RunEnded(state: .succeeded))], from: 2)
            ended.summary.ended = Timestamp(microseconds: Int64(100 - place))
            try store.record([ended])
        }
        func expired(_ before: Int64?, _ count: Int?, _ limit: Int = 9) throws -> [RunID] {
            try store.expired(before: before.map { Timestamp(microseconds: $0) }, beyond: count, limit: limit).map(\.id)
        }
        #expect(try expired(nil, nil) == [])
        #expect(try expired(98, nil) == [])
        #expect(try expired(100, nil) == [ids[2], ids[1]])
        #expect(try expired(100, nil, 1) == [ids[2]])
        #expect(try expired(nil, 2) == [ids[2]])
        #expect(try expired(nil, 3) == [])
        #expect(try expired(100, 0) == [ids[2], ids[1], ids[0]])
        func count(_ before: Int64?, _ count: Int?) throws -> Int {
            try store.expiredCount(before: before.map { Timestamp(microseconds: $0) }, beyond: count)
        }
        #expect(try count(nil, nil) == 0)
        #expect(try count(100, nil) == 2)
        #expect(try count(nil, 3) == 0)
        // What is a step of one goes with it, however deep.
        var above = ids[2]
        for place in 0..<2 {
            let id = try #require(RunID(rawValue: "1000000\(place)"))
            var (child, _) = try change(id, [.runCreated(created())])
            (child.summary.parent, child.summary.ended) = (above, Timestamp(microseconds: 97))
            try store.record([child])
            above = id
        }
        #expect(try expired(100, 0) == [ids[2], ids[1], ids[0]])
        #expect(try count(100, nil) == 4)
        #expect(try count(nil, 2) == 3)
        try store.remove(store.children(of: ids[2]).map(\.id))
        #expect(try count(100, nil) == 2)
        try store.remove([ids[2], ids[1], ids[1]])
        #expect(try store.allRuns().map(\.id) == [ids[3], ids[0]])
        #expect(try store.events(of: ids[2]).isEmpty && !store.knows(ids[2]))
        #expect(try store.faults().isEmpty)
    }

    @Test("How often a run was taken up in vain is counted over restarts, until it is taken up or removed")
    func recoveries() throws {
        let temporary = try TemporaryStore()
        let ids = try (0..<3).map { try #require(RunID(rawValue: "0000000\($0)")) }
        let stranger = try #require(RunID(rawValue: "9000000a"))
        do {
            let store = try Store(path: temporary.path)
            for id in ids { try store.record([change(id, [.runCreated(created())]).0]) }
            #expect(try store.recoveries().isEmpty)
            try store.markRecovery(of: ids)
            // A run that is not there any more is marked by nobody.
            try store.markRecovery(of: [ids[0], stranger])
        }
        let store = try Store(path: temporary.path)
        try store.markRecovery(of: [ids[0]])
        #expect(try store.recoveries() == [ids[0]: 3, ids[1]: 1, ids[2]: 1])
        try store.clearRecovery(of: [ids[1], stranger])
        #expect(try store.recoveries() == [ids[0]: 3, ids[2]: 1])
        try store.remove([ids[2]])
        #expect(try store.recoveries() == [ids[0]: 3])
        // What is recorded of a run that is being taken up leaves its mark.
        try store.record([change(ids[0], [.runStopped(RunStopped(reason: "ask"))], from: 2).0])
        #expect(try store.recoveries() == [ids[0]: 3])
        #expect(try store.faults() == [])
    }

    @Test("A run whose definition was replaced is that of the new one when it is read again, and so is its row")
    func redefined() throws {
        let temporary = try TemporaryStore()
        let id = try #require(RunID(rawValue: "0000000a"))
        var other = created()
        other.text = StoreTests.text + "\n  - {id: c, command: [\"true\"]}\n"
        let events: [Event] = [
            .runCreated(created()), .runStopped(RunStopped(reason: "ask")),
            .runResumed(RunResumed(retry: false, requester: Requester(uid: 0), definition: other)),
        ]
        do {
            let store = try Store(path: temporary.path)
            try store.record([change(id, Array(events.prefix(2))).0])
            let (all, _) = try change(id, events)
            try store.record([RunChange(run: try #require(try rerun(id, events)), events: [all.events[2]])])
        }
        let store = try Store(path: temporary.path)
        let run = try #require(try store.run(id))
        #expect(run.workflow.steps.map(\.id) == ["a", "b", "c"] && run.created == other && run.redefined != nil)
        #expect(try store.find("@last").first?.stepsTotal == 3)
        other.text = "steps: nonsense"
        try store.record([
            RunChange(
                run: run,
                events: [
                    RecordedEvent(
                        sequence: 4, time: run.started,
                        event: .runResumed(RunResumed(retry: false, requester: Requester(uid: 0), definition: other)))
                ])
        ])
        // One that cannot be read is told, and not passed over.
        #expect(throws: RunFault.self) { try store.run(id) }
    }

    private func rerun(_ id: RunID, _ events: [Event]) throws -> Run? { try change(id, events).1 }

    @Test("A copy made while the store is written to is whole")
    func copy() throws {
        let temporary = try TemporaryStore()
        let (store, other) = (try Store(path: temporary.path), try TemporaryStore())
        let id = try #require(RunID(rawValue: "0000000a"))
        try store.record([change(id, [.runCreated(created())]).0])
        try Connection(path: temporary.path).run("VACUUM INTO ?", [.text(other.path)])
        try store.record([change(id, [.runEnded(RunEnded(state: .succeeded))], from: 2).0])
        let (restored, damage) = try Store.openOrRescue(path: other.path, label: "1")
        #expect(damage == nil)
        #expect(try restored.run(id)?.state == .running)
        // In the place of the store that went on, it says that it is behind.
        try Connection(path: other.path).run("VACUUM INTO ?", [.text(temporary.folder + "/old.db")])
        for part in ["", "-wal", "-shm"] { unlink(temporary.path + part) }
        rename(temporary.folder + "/old.db", temporary.path)
        #expect(try Store.openOrRescue(path: temporary.path, label: "1").damage?.isBehind == true)
    }
}

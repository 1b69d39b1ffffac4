import FoundationEssentials
import PawlAPI
import PawlModel
import Testing

@testable import PawlCommands

@Suite("What programs read is what the manual says")
struct JSONShapeTests {
    private static let run =
        "status, wait, cancel, pause, unpause, set-property run; run, attach, batch, resume, retry, undo"
    private static let detached = "approve, reject; run, batch, resume, retry, undo --detach"

    private let manager = FakeManager()
    private let name = #"{"id":"7k2m9qxa","run":"etcd-7k2m9qxa"}"#
    private let fault = Diagnostic(file: "/f", line: 1, column: 2, message: "wrong")
    private let schedule = ScheduleStatus(expressions: ["daily"], catchUp: "once", state: .enabled)

    private func answer(_ method: ManagerInterface.Method, _ value: some Encodable) throws {
        manager.on(method, .answer(try JSONText.line(value)))
    }

    private func status(_ state: RunState) -> RunStatus {
        var attempt = Sample.attempt(1, .failed, from: 0, to: 1, code: 4)
        attempt.repair = "4"
        var status = Sample.run(state, [Sample.step("a", .failed, [attempt])], ended: state == .running ? nil : 3)
        status.use = SliceUse(memory: 1, cpuSeconds: 2, tasks: 3)
        status.outputs = ["size": .map(["bytes": 7])]
        return status
    }

    @Test("the page has a shape for each verb that prints one, and these are all of them")
    func complete() throws {
        let shapes = try DocumentedShape.ofManual()
        let words = shapes.keys.flatMap { $0.split { !$0.isLetter && $0 != "-" } }.map(String.init)
        // The schema is a document of its own.
        let missing = Set(Pawl.shownVerbNames.dropLast()).subtracting(words)
        #expect(missing == ["schema"])
    }

    @Test("a run is the same whoever prints it")
    func runs() throws {
        let verbs: [([String], ManagerInterface.Method)] = [
            (["status", "x"], .describeRun), (["pause", "x"], .pauseRun), (["unpause", "x"], .unpauseRun),
            (["set-property", "x", "MemoryMax=1G"], .setProperties), (["wait", "x"], .watchRun),
        ]
        for (arguments, method) in verbs {
            try answer(method, Messages.Status(status: status(method == .watchRun ? .failed : .running)))
            let surroundings = manager.surroundings()
            _ = PawlProgram.run(arguments + ["-o", "json"], surroundings)
            try expectShape(JSONShapeTests.run, surroundings.output.text)
        }
        try answer(.cancelRun, Messages.Status(status: status(.cancelled)))
        try expectShape(JSONShapeTests.run, manager.run("cancel", "x", "-o", "json").output)
        for (verb, method) in [
            ("run", ManagerInterface.Method.startRun), ("resume", .resumeRun), ("retry", .retryRun), ("undo", .undoRun),
        ] {
            manager.on(method, .answer(name))
            try answer(.watchRun, Messages.Status(status: status(.failed)))
            try expectShape(JSONShapeTests.run, manager.run(verb, "x", "-o", "json").output)
            manager.on(method, .answer(name))
            try expectShape(JSONShapeTests.detached, manager.run(verb, "x", "--detach", "-o", "json").output)
        }
        for verb in ["approve", "reject"] {
            manager.on(.answerApproval, .answer(name))
            try expectShape(JSONShapeTests.detached, manager.run(verb, "x", "a", "-o", "json").output)
        }
    }

    @Test("what pawld tells of itself, its workflows, its runs and who asked")
    func daemon() throws {
        try answer(
            .describe,
            Messages.Daemon(
                version: "1", pid: 2, started: "t", runsActive: 3, stepsActive: 4, status: "s", systemd: 252,
                runsMax: 5,
                host: .init(memory: 0.5, cpu: nil, disk: 0.25, pressure: 0, sliceBytes: 4096), faults: [fault]))
        try expectShape("status", manager.run("status", "-o", "json").output)
        try answer(
            .listRuns,
            Messages.Runs(runs: [
                RunSummary(
                    run: "a-1", id: "1", workflow: "a", state: .queued, started: nil, ended: nil, stepsDone: 0,
                    stepsTotal: 2)
            ]))
        try expectShape("ps", manager.run("ps", "-o", "json").output)
        let workflow = WorkflowSummary(
            name: "a", description: nil, file: "/f", faulty: true, startable: true, schedule: schedule, faults: [fault])
        try answer(.listWorkflows, Messages.Workflows(workflows: [workflow]))
        try expectShape("list", manager.run("list", "-o", "json").output)
        for verb in ["enable", "disable"] {
            try answer(.setSchedule, Messages.Scheduled(workflow: "a", schedule: schedule))
            try expectShape("enable, disable", manager.run(verb, "a", "-o", "json").output)
        }
        try answer(.reload, Messages.Reloaded(workflows: 3))
        try expectShape("reload", manager.run("reload", "-o", "json").output)
        try answer(.pruneRuns, Messages.Pruned(count: 3))
        try expectShape("prune", manager.run("prune", "-o", "json").output)
        let entry = Messages.LogEntry(time: "t", step: nil, attempt: nil, priority: nil, message: "m")
        try answer(.readLogs, Messages.Log(entries: [entry, entry]))
        try expectShape("logs", manager.run("logs", "x", "-o", "json").output)
        try answer(
            .readAudit,
            Messages.Audit(entries: [
                AuditEntry(
                    AuditRecord(
                        time: Timestamp(microseconds: 0), caller: AuditCaller(uid: 0, pid: 1), action: "StartRun"))
            ]))
        try expectShape("audit", manager.run("audit", "-o", "json").output)
        try expectShape("doctor", try JSONText.line([DoctorFinding("pawld", .ok, "runs")]) + "\n")
    }

    @Test("what is made of files, without pawld")
    func files() throws {
        let folder = "/tmp/pawl-shapes-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try "echo a\n".write(toFile: folder + "/a.sh", atomically: true, encoding: .utf8)
        try "# Depends on: a\n".write(toFile: folder + "/b.sh", atomically: true, encoding: .utf8)
        try "steps:\n  - {id: a, run: x}\n".write(toFile: folder + "/w.yaml", atomically: true, encoding: .utf8)
        try "steps: 3\n".write(toFile: folder + "/bad.yaml", atomically: true, encoding: .utf8)
        func printed(_ arguments: String...) -> String {
            var surroundings = manager.surroundings()
            surroundings.workflowFolders = [folder]
            surroundings.input = { () throws(CommandFailure) in "steps:\n  - {id: b, run: x}\n" }
            _ = PawlProgram.run(arguments + ["-o", "json"], surroundings)
            return surroundings.output.text
        }
        try expectShape("plan", printed("plan", "w"))
        try expectShape("check", printed("check", "w", "bad"))
        try expectShape("cat", printed("cat", "w"))
        try expectShape("batch --dry-run", printed("batch", folder + "/a.sh", folder + "/b.sh", "--dry-run"))
        try expectShape("import, new", printed("import", folder))
        try expectShape("import, new", printed("import", folder, folder + "/made.yaml"))
        try expectShape("import, new", printed("new", "site", "--stdout"))
        try expectShape("import, new", printed("new", "site"))
        try answer(.describeWorkflow, Messages.Variables(variables: []))
        try expectShape("run --dry-run", printed("run", "w", "--dry-run"))
        try answer(.reload, Messages.Reloaded(workflows: 1))
        try expectShape("edit", printed("edit", "w", "--stdin"))
    }

    @Test("a key that the manual lacks, and one that it has too much, are found")
    func differences() throws {
        let shape = try #require(try DocumentedShape.ofManual()["run --dry-run"])
        #expect(shape.faults(.map(["workflow": "a", "steps": .list(["x"]), "left_out": .null])) == [])
        #expect(
            shape.faults(.map(["workflow": "a", "steps": .list([.map(["id": "x"])]), "more": 1])) == [
                ".left_out is not printed", ".more is not in the manual", ".steps has keys that are not in the manual",
            ])
    }
}

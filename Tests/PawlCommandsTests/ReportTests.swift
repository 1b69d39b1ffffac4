import FoundationEssentials
import Glibc
import PawlAPI
import PawlModel
import PawlPictures
import Testing

@testable import PawlCommands

/// A pawld that has one run, or two, on record.
private final class Records {
    let manager = FakeManager()
    let folder: String
    let status: RunStatus
    var definition: RunDefinition

    init() throws {
        folder = "/tmp/pawl-report-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var dump = Sample.attempt(2, .succeeded, from: 2, to: 6, code: 0)
        (dump.cpuSeconds, dump.memoryPeak, dump.ioReadBytes, dump.ioWriteBytes) = (1.5, 95_000_000, 10, 20)
        status = Sample.run(
            .failed,
            [
                Sample.step("dump", .succeeded, [Sample.attempt(1, .failed, from: 0, to: 1, code: 1), dump]),
                Sample.step("send", .failed, [Sample.attempt(1, .failed, from: 6, to: 9, code: 7)], reason: "no route"),
                Sample.step("tell", .skipped, reason: "'send' has failed"),
            ], reason: "step 'send' failed", ended: 9.5)
        definition = RunDefinition(
            run: Sample.name, workflow: "etcd",
            files: [
                RunDefinition.File(
                    kind: "workflow", file: "/etc/pawl/../workflows/etcd.yaml", text: "steps:\n  - id: dump\n")
            ],
            variables: ["keep": 7], maxParallel: 4, host: "db1",
            steps: [
                RunDefinition.Step(id: "dump", mostAttempts: 3, memoryMax: 100_000_000),
                RunDefinition.Step(id: "send", waitsFor: [.init(step: "dump", kind: "done")]),
                RunDefinition.Step(id: "tell", waitsFor: [.init(step: "send", kind: "done")]),
            ])
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func answerReport() throws {
        manager.on(.describeRun, .answer(Sample.status(status)))
        manager.on(.describeDefinition, .answer(try JSONText.line(Messages.Definition(definition: definition))))
        manager.on(
            .readLogs,
            .answer(
                #"{"entries":[{"time":"\#(Sample.time(8))","step":"send","attempt":1,"message":"curl: no route"}]}"#))
    }

    func answerRecords() {
        manager.on(
            .readEvents,
            .answer(
                #"{"events":[{"sequence":1,"time":"\#(Sample.time(0))","kind":"run-created","body":{"workflow":"etcd"}},"#
                    + #"{"sequence":2,"time":"\#(Sample.time(6))","kind":"attempt-ended","body":{"step":"dump","number":2,"#
                    + #""outcome":{"state":"succeeded","outputs":{"size":12}}}}]}"#, isLast: false),
            .answer(#"{"events":[]}"#))
        manager.on(
            .readLogs,
            .answer(
                #"{"entries":[{"time":"\#(Sample.time(0))","step":"dump","attempt":1,"message":"one"},"#
                    + #"{"time":"\#(Sample.time(1))","step":null,"message":"pawld says"},"#
                    + #"{"time":"\#(Sample.time(2))","step":"each","item":3,"attempt":1,"message":"three"},"#
                    + #"{"time":"\#(Sample.time(3))","step":"../x","attempt":1,"message":"out"}]}"#))
    }

    func run(_ arguments: String...) -> (status: Int32, output: String, errors: String) {
        var surroundings = manager.surroundings()
        surroundings.draftFolder = folder
        let status = PawlProgram.run(arguments, surroundings)
        return (status, surroundings.output.text, surroundings.errors.text)
    }
}

@Suite("Reports, archives and differences of runs")
struct ReportTests {
    @Test("a report as text")
    func text() throws {
        let records = try Records()
        try records.answerReport()
        let result = records.run("report", "@last")
        #expect(result.status == 0 && result.errors == "")
        #expect(result.output.hasPrefix("etcd-7k2m9qxa: failed, step 'send' failed\n"))
        for words in [
            "     Steps: 3 in all: 1 succeeded, 1 failed, 1 skipped\n", "  + dump  succeeded  6s", "curl: no route",
            "send: failed, exit status 7: no route\n", "Recommendations\n  - 'send' failed first",
            "| + dump |-->| x send |-->| - tell |",
        ] {
            #expect(result.output.contains(words), "\(words)\n\(result.output)")
        }
        // Another run may be the last one by the second question.
        #expect(records.manager.calls.dropFirst().allSatisfy { $0.contains("etcd-7k2m9qxa") })
    }

    @Test("a report as JSON keeps its shape")
    func json() throws {
        let records = try Records()
        try records.answerReport()
        let output = records.run("report", "@last", "-o", "json", "-n", "5").output
        try expectShape("report", output)
        let document = try JSONDecoder().decode([String: Value].self, from: Data(output.utf8))
        #expect(
            document["summary"]?.json
                == #"{"attempts":3,"average_seconds":4.5,"cancelled":0,"cpu_seconds":1.5,"failed":1,"io_read_bytes":10,"io_write_bytes":20,"#
                + #""memory_peak":95000000,"retries":1,"skipped":1,"successful":1,"total":3,"total_seconds":9}"#)
        guard case .list(let steps)? = document["steps"] else {
            Issue.record("no steps")
            return
        }
        #expect(
            steps.first?.json
                == #"{"attempts":2,"cpu_seconds":1.5,"critical":true,"ended":"\#(Sample.time(6))","exit_code":0,"id":"dump","io_read_bytes":10,"#
                + #""io_write_bytes":20,"item":null,"log":"pawl logs etcd-7k2m9qxa dump","memory_max":100000000,"memory_peak":95000000,"#
                + #""reason":null,"retries":1,"seconds":6,"started":"\#(Sample.time(0))","state":"succeeded","waits_for":[]}"#
        )
        #expect(
            document["critical_path"]?.json
                == #"[{"cause":"start","item":null,"seconds":6,"step":"dump","wait_seconds":0},"#
                + #"{"cause":"dependency","item":null,"seconds":3,"step":"send","wait_seconds":0}]"#)
        #expect(
            document["errors"]?.json
                == #"[{"item":null,"log":["curl: no route"],"state":"failed","step":"send","words":"failed, exit status 7: no route"}]"#
        )
        #expect(records.manager.calls.contains { $0.hasPrefix("ReadLogs") && $0.contains(#""lines":5"#) })
    }

    @Test("a report as a page and as Markdown, without a graph where nobody tells it")
    func pages() throws {
        let records = try Records()
        try records.answerReport()
        #expect(records.run("report", "x", "-o", "md").output.hasPrefix("# Run etcd-7k2m9qxa: failed\n"))
        records.manager.on(.describeRun, .answer(Sample.status(records.status)))
        records.manager.on(.describeDefinition, .failure(.refused(APIError(.conflict, "set aside"))))
        records.manager.on(.readLogs, .failure(.refused(APIError(.internalError, "no journal"))))
        let result = records.run("report", "x", "-o", "html")
        #expect(result.status == 0)
        #expect(result.output.hasPrefix("<!DOCTYPE html>"))
        #expect(result.errors.contains("what the run 'etcd-7k2m9qxa' goes by is not to be had: set aside"))
        #expect(result.errors.contains("the log of step 'send' cannot be shown: no journal"))
    }

    @Test("a handler is told of once it had its turn")
    func handlers() throws {
        let records = try Records()
        records.definition.steps.append(RunDefinition.Step(id: "clean", phase: "on_failure"))
        var status = records.status
        for (attempts, total) in [([], 3), ([Sample.attempt(1, .succeeded, from: 9, to: 9.2, code: 0)], 4)] {
            status.steps = Array(status.steps.prefix(3)) + [Sample.step("clean", .succeeded, attempts)]
            let facts = RunFacts(status, records.definition, now: Timestamp(microseconds: 1_795_230_200_000_000))
            #expect(facts.steps.count == total)
        }
    }

    @Test("an item's end of the log is its own, and that of its last attempt")
    func items() throws {
        let manager = FakeManager()
        let lines = (1...100).map { line in
            #"{"time":"\#(Sample.time(1))","step":"each","item":\#(line % 2),"attempt":\#(line > 10 ? 2 : 1),"message":"line \#(line)"}"#
        }
        manager.on(.readLogs, .answer(#"{"entries":[\#(lines.joined(separator: ","))]}"#))
        var step = Sample.step("each", .failed, [Sample.attempt(2, .failed, from: 0, to: 3)])
        step.item = 1
        let client = manager.surroundings().client
        #expect(try client.logEnd(of: "x", step, count: 2) == ["line 97", "line 99"])
        #expect(manager.calls[0].contains(#""since":"\#(Sample.time(0))""#))
    }

    @Test("an archive has all that is known, twice the same, and writes over nothing")
    func export() throws {
        let records = try Records()
        let file = "\(records.folder)/run.tar.gz"
        try records.answerReport()
        records.answerRecords()
        let result = records.run("export", "@last", file, "-o", "json")
        #expect(result.status == 0, "\(result.errors)")
        try expectShape("export", result.output)
        #expect(result.output.contains(#""files":12,"run":"etcd-7k2m9qxa""#), "\(result.output)")
        #expect(mark(of: file).mode == 0o600)
        #expect(try ChildProgram(arguments: ["tar", "-xzf", file, "-C", records.folder]).run() == 0)
        let top = "\(records.folder)/etcd-7k2m9qxa"
        func read(_ name: String) -> String? { try? TextFile.read("\(top)/\(name)").text }
        #expect(read("definition/etc/pawl/_/workflows/etcd.yaml") == "steps:\n  - id: dump\n")
        #expect(read("logs/dump.log") == "one\n")
        #expect(read("logs/each.3.log") == "three\n")
        #expect(read("logs/.._x.log") == "out\n")
        #expect(read("log.jsonl")?.split(separator: "\n").count == 4)
        #expect(read("events.jsonl")?.split(separator: "\n").count == 2)
        #expect(
            read("outputs.json") == #"[{"attempt":2,"id":"dump","item":null,"output":null,"outputs":{"size":12}}]"#
                + "\n")
        for name in ["status.json", "definition.json", "report.html", "report.md", "report.json"] {
            #expect(read(name) != nil, "\(name)")
        }
        #expect(mark(of: "\(top)/report.html").seconds == 1_795_230_193)
        // A minute later it is the same.
        records.manager.seconds = 60
        try records.answerReport()
        records.answerRecords()
        #expect(records.run("export", "@last", "\(records.folder)/again.tar.gz").status == 0)
        let archives = try [file, "\(records.folder)/again.tar.gz"].map { try Data(contentsOf: URL(filePath: $0)) }
        #expect(archives[0] == archives[1])
        try records.answerReport()
        let refused = records.run("export", "@last", file)
        #expect(refused.status == 8)
        #expect(refused.errors.contains("exists; what is in it is not written over"))
        // Nothing of it is left but the archives and what this test has unpacked.
        #expect(WorkflowFiles.list(records.folder).filter { $0.hasPrefix("pawl-export") } == [])
    }

    private func mark(of file: String) -> (mode: UInt32, seconds: Int) {
        var status = stat()
        return stat(file, &status) == 0 ? (status.st_mode & 0o777, status.st_mtim.tv_sec) : (0, 0)
    }

    @Test("an archive that cannot be made leaves nothing behind")
    func exportFails() throws {
        let records = try Records()
        try records.answerReport()
        records.manager.on(.readEvents, .failure(.lost(reason: "closed")))
        #expect(records.run("export", "@last", "\(records.folder)/run.tar.gz").status == 5)
        #expect(WorkflowFiles.list(records.folder).filter { !$0.hasPrefix(".") } == [])
        #expect(records.run("export", "@last", "-", "-o", "json").status == 2)
    }

    @Test("two runs that did the same differ in nothing")
    func same() throws {
        let records = try Records()
        for _ in 0..<2 {
            records.manager.on(.describeRun, .answer(Sample.status(records.status)))
            records.manager.on(
                .describeDefinition, .answer(try JSONText.line(Messages.Definition(definition: records.definition))))
            records.answerRecords()
        }
        #expect(records.run("diff", "a", "b").output.hasSuffix("\n\nno difference but when they ran\n"))
    }

    @Test("what differs between two runs: text, values, states, attempts, times and outputs")
    func difference() throws {
        let records = try Records()
        records.manager.on(.describeRun, .answer(Sample.status(records.status)))
        records.manager.on(
            .describeDefinition, .answer(try JSONText.line(Messages.Definition(definition: records.definition))))
        records.answerRecords()
        records.definition.files[0].text = "steps:\n  - id: store\n"
        records.definition.variables = ["keep": 8, "new": "x\u{1B}"]
        let other = Sample.run(
            .succeeded,
            [
                Sample.step("dump", .succeeded, [Sample.attempt(1, .succeeded, from: 0, to: 2, code: 0)]),
                Sample.step("send", .succeeded, [Sample.attempt(1, .succeeded, from: 2, to: 5.1, code: 0)]),
                Sample.step("more", .succeeded, [Sample.attempt(1, .succeeded, from: 2, to: 3, code: 0)]),
            ], ended: 5.2)
        func answerOther() throws {
            records.manager.on(.describeRun, .answer(Sample.status(other)))
            records.manager.on(
                .describeDefinition, .answer(try JSONText.line(Messages.Definition(definition: records.definition))))
            records.manager.on(.readEvents, .answer(#"{"events":[]}"#))
        }
        try answerOther()
        let lines = records.run("diff", "a", "b").output.split(separator: "\n").map {
            String($0.replacing(/[ ]+/, with: " "))
        }
        for line in [
            "--- etcd-7k2m9qxa (failed, 9.5s)", "+++ etcd-7k2m9qxa (succeeded, 5.2s)",
            "/etc/pawl/../workflows/etcd.yaml",
            "@@ -1,2 +1,2 @@", "- - id: dump", "+ - id: store", "keep 7 8", "new - x?", "dump attempts 2 1",
            "dump time 6s 2s",
            "dump output size 12 -", "send state failed succeeded", "tell state skipped -", "more state - succeeded",
        ] {
            #expect(lines.contains(line), "\(line) in \(lines)")
        }
        #expect(!lines.contains { $0.hasPrefix("send time") })
        records.definition.files[0].text = "steps:\n  - id: dump\n"
        records.definition.variables = ["keep": 7]
        try records.answerReport()
        records.answerRecords()
        try answerOther()
        // The first report's lines are not asked for here.
        let output = records.run("diff", "a", "b", "-o", "json").output
        let document = try JSONDecoder().decode([String: Value].self, from: Data(output.utf8))
        try expectShape("diff", output)
        #expect(document["definition"] == .list([]) && document["variables"] == .list([]))
        guard case .list(let steps)? = document["steps"] else {
            Issue.record("no steps")
            return
        }
        #expect(
            steps.first?.json
                == #"{"attempts":[2,1],"changed":["attempts","seconds","outputs"],"id":"dump","item":null,"#
                + #""outputs":[{"name":"size","values":[12,null]}],"seconds":[6,2],"states":["succeeded","succeeded"]}"#
        )
    }

    @Test("texts are compared line by line, with what is around a difference")
    func texts() {
        let old = (1...30).map { "line \($0)\n" }.joined()
        let new = old.replacing("line 5\n", with: "line five\n").replacing("line 20\n", with: "line 20\nand more\n")
        #expect(
            TextDifference.lines(from: old, to: new) == [
                "@@ -2,7 +2,7 @@", " line 2", " line 3", " line 4", "-line 5", "+line five", " line 6", " line 7",
                " line 8",
                "@@ -18,6 +18,7 @@", " line 18", " line 19", " line 20", "+and more", " line 21", " line 22",
                " line 23",
            ])
        #expect(TextDifference.lines(from: old, to: old) == [])
        #expect(TextDifference.lines(from: "", to: "a\n") == ["@@ -1,0 +1,1 @@", "+a"])
        #expect(TextDifference.lines(from: "a\n", to: "a") == ["@@ they differ in how their last line ends @@"])
    }
}

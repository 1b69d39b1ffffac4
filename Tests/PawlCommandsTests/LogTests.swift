import PawlAPI
import PawlModel
import Testing

@testable import PawlCommands

@Suite("Logs")
struct LogTests {
    private func entry(_ second: Double, _ message: String, step: String? = "a") -> Messages.LogEntry {
        Messages.LogEntry(time: Sample.time(second), step: step, attempt: 1, priority: 6, message: message)
    }

    private func batch(_ entries: Messages.LogEntry..., isLast: Bool = false) throws -> FakeManager.Reply {
        .answer(try JSONText.line(Messages.Log(entries: entries)), isLast: isLast)
    }

    @Test("with a step the lines alone, without one with time and step")
    func forms() throws {
        let manager = FakeManager()
        manager.on(.readLogs, try batch(entry(0, "one")), try batch(entry(1, "two\u{1B}[1m"), isLast: true))
        #expect(manager.run("logs", "@last", "a").output == "one\ntwo\u{1B}[1m\n")
        manager.on(.readLogs, try batch(entry(0, "one"), entry(1, "run ended", step: nil), isLast: true))
        #expect(manager.run("logs", "@last").output == "Nov 21 03:03:04 a: one\nNov 21 03:03:05 pawld: run ended\n")
        manager.on(.readLogs, try batch(entry(0, "one"), isLast: true))
        #expect(
            manager.run("logs", "@last", "-o", "json").output
                == #"{"attempt":1,"message":"one","priority":6,"step":"a","time":"\#(Sample.time(0))"}"# + "\n")
    }

    @Test("on a terminal what a step wrote gives no orders")
    func terminal() throws {
        let manager = FakeManager()
        manager.on(.readLogs, try batch(entry(0, "\u{1B}]0;x\u{07}"), isLast: true))
        #expect(manager.run("logs", "@last", "a", size: (80, 24)).output == "?]0;x?\n")
    }

    @Test("after a restart of pawld a log goes on where it was", arguments: [[], ["-n", "2"]])
    func restart(options: [String]) throws {
        let manager = FakeManager()
        manager.on(
            .readLogs, try batch(entry(0, "one"), entry(0, "same"), entry(0, "same")), .failure(.lost(reason: "closed"))
        )
        let skipped = options.isEmpty ? [] : [entry(-1, "before")]
        manager.on(
            .readLogs,
            .answer(
                try JSONText.line(
                    Messages.Log(entries: skipped + [entry(0, "one"), entry(0, "same"), entry(0, "same")])),
                isLast: false),
            try batch(entry(0, "same"), entry(1, "new"), isLast: true))
        let surroundings = manager.surroundings()
        #expect(PawlProgram.run(["logs", Sample.name, "a", "-f"] + options, surroundings) == 0)
        #expect(surroundings.output.text == "one\nsame\nsame\nsame\nnew\n")
        #expect(manager.calls.last == #"ReadLogs {"follow":true,"run":"etcd-7k2m9qxa","step":"a"}"#)
    }

    @Test("60,000 lines come back whole and in order")
    func burst() throws {
        let manager = FakeManager()
        let surroundings = manager.surroundings()
        let printer = LogPrinter(zone: surroundings.zone, isTerminal: false)
        var position = LogPosition(isTail: false)
        var line = entry(0, "")
        for number in 0..<60_000 {
            line.message = "line \(number)"
            if position.isNew(line) { surroundings.output.line(printer.message(line)) }
        }
        let lines = surroundings.output.text.split(separator: "\n")
        #expect(lines.count == 60_000)
        #expect(lines.last == "line 59999")
    }
}

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
                == #"{"attempt":1,"item":null,"message":"one","priority":6,"step":"a","time":"\#(Sample.time(0))"}"#
                + "\n")
    }

    @Test("times, priorities and formats are those of journalctl")
    func selection() throws {
        let manager = FakeManager()
        for (format, line) in [
            ("short", "Nov 21 03:03:04 a: one"), ("short-precise", "Nov 21 03:03:04.000 a: one"),
            ("short-iso", "2026-11-21T03:03:04+0000 a: one"), ("cat", "one"),
        ] {
            manager.on(.readLogs, try batch(entry(0, "one"), isLast: true))
            #expect(manager.run("logs", "@last", "a", "-o", format).output == line + "\n")
        }
        manager.on(.readLogs, try batch(isLast: true))
        #expect(
            manager.run("logs", "@last", "-S", "2026-11-21 03:00 UTC", "-U", "@1795230000", "-p", "error").status == 0)
        #expect(
            manager.calls.last == #"ReadLogs {"priority":3,"run":"@last","since":"2026-11-21T03:00:00.000Z","#
                + #""until":"2026-11-21T03:00:00.000Z"}"#)
        for wrong in [["-S", "soon"], ["-p", "loud"], ["-p", "8"], ["-o", "xml"], ["-n", "-1"]] {
            #expect(manager.run("logs", "@last", wrong[0], wrong[1]).status == 2)
        }
    }

    @Test(
        "a time or a number that begins with a sign is a value, and may stand right behind its letter",
        arguments: [["-S", "-10min", "-n", "3"], ["-S-10min", "-n3"], ["--since", "-10min", "--lines", "3"]])
    func signs(options: [String]) throws {
        for (verb, method) in [(["logs", "@last"], ManagerInterface.Method.readLogs), (["audit"], .readAudit)] {
            let manager = FakeManager()
            manager.on(method, .answer(#"{"entries":[]}"#, isLast: true))
            let surroundings = manager.surroundings()
            #expect(PawlProgram.run(verb + options, surroundings) == 0)
            #expect(surroundings.errors.text == "")
            #expect(manager.calls.last?.contains(#""since":"2026-11-21T02:53:04.000Z""#) == true)
            #expect(manager.calls.last?.contains(#""lines":3"#) == true)
        }
    }

    @Test(
        "a number below nothing is refused in the verb's words, and an option without its value by its name",
        arguments: [
            (["logs", "@last", "-n", "-1"], "the number of lines cannot be negative"),
            (["audit", "-n-1"], "the number of lines cannot be negative"),
            (["status", "@last", "-n", "-1"], "the number of lines cannot be negative"),
            (["report", "@last", "-n", "-1"], "the number of lines cannot be negative"),
            (["prune", "--keep", "-1"], "the number of runs to keep cannot be negative"),
            (["prune", "--older-than", "-1d"], "'-1d' is no time span such as 12h or 7d"),
            (["logs", "@last", "-S"], "missing value for '-S"),
            (["audit", "-n"], "missing value for '-n"),
            (["prune", "--keep"], "missing value for '--keep <count>'"),
            (["logs", "@last", "-S", "-p"], "the value '-p' is invalid for '-S <time>'"),
        ])
    func signsRefused(arguments: [String], words: String) {
        let surroundings = FakeManager().surroundings()
        #expect(PawlProgram.run(arguments, surroundings) == PawlAPI.ExitStatus.usage.rawValue)
        #expect(surroundings.errors.text.hasPrefix("pawl: \(words)"))
        #expect(surroundings.errors.text.split(separator: "\n").count == 1)
    }

    @Test("who asked for what is a table, and JSON with every key")
    func audit() throws {
        let manager = FakeManager()
        var record = AuditRecord(
            time: Timestamp(microseconds: 1_795_230_184_000_000), caller: AuditCaller(uid: 0, pid: 7), action: "run",
            target: "hello-7k2m9qxa", detail: "variables: name")
        record.caller.user = "root"
        record.caller.login = "alice"
        (record.caller.terminal, record.caller.host) = ("pts/0", "10.0.0.5")
        record.caller.unit = "session-3.scope"
        record.outcome = .done
        var refused = AuditRecord(
            time: record.time, caller: AuditCaller(uid: 1234, pid: 8), action: "cancel", target: "\u{1B}[1mx")
        refused.caller.unit = "cron.service"
        (refused.outcome, refused.reason) = (.refused, "uid 1234 may not do that")
        let answer = try JSONText.line(Messages.Audit(entries: [AuditEntry(record), AuditEntry(refused)]))
        manager.on(.readAudit, .answer(answer, isLast: true))
        #expect(
            manager.run("audit").output == """
                TIME                         WHO            FROM            ACTION  TARGET          OUTCOME  DETAIL
                Sat 2026-11-21 03:03:04 UTC  alice as root  pts/0 10.0.0.5  run     hello-7k2m9qxa  done     variables: name
                Sat 2026-11-21 03:03:04 UTC  uid 1234       cron.service    cancel  ?[1mx           refused  uid 1234 may not do that

                """)
        manager.on(.readAudit, .answer(answer, isLast: true))
        let json = manager.run("audit", "-o", "json", "--uid", "0", "--outcome", "done", "-n", "5").output
        #expect(manager.calls.last == #"ReadAudit {"lines":5,"outcome":"done","uid":0}"#)
        for key in ["time", "pid", "login", "terminal", "host", "detail", "reason"] {
            #expect(json.contains("\"\(key)\""))
        }
    }

    @Test("on a terminal what a step wrote gives no orders")
    func terminal() throws {
        let manager = FakeManager()
        manager.on(.readLogs, try batch(entry(0, "\u{1B}]0;x\u{07}"), isLast: true))
        #expect(manager.run("logs", "@last", "a", size: (80, 24)).output == "\n")
        manager.on(.readLogs, try batch(entry(0, "a\u{1B}[2Jb\u{07}"), isLast: true))
        #expect(manager.run("logs", "@last", "a", size: (80, 24)).output == "ab?\n")
    }

    @Test("somebody at a terminal is told that there is nothing, and a pipe is not")
    func nothing() throws {
        let manager = FakeManager()
        manager.on(.readLogs, try batch(isLast: true))
        let seen = manager.run("logs", "@last", size: (80, 24))
        #expect((seen.output, seen.errors) == ("-- No entries --\n", ""))
        manager.on(.readLogs, try batch(isLast: true))
        #expect(manager.run("logs", "@last", "-q", size: (80, 24)).output == "")
        manager.on(.readLogs, try batch(isLast: true))
        #expect(manager.run("logs", "@last", "-f", "-n0", size: (80, 24)).output == "")
        manager.on(.readLogs, try batch(isLast: true))
        #expect(manager.run("logs", "@last").output == "")
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

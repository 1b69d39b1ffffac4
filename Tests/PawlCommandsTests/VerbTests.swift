import PawlAPI
import PawlModel
import Testing

@testable import PawlCommands

@Suite("Verbs against a pawld that is told what to answer")
struct VerbTests {
    private let ended = Sample.run(
        .succeeded, [Sample.step("a", .succeeded, [Sample.attempt(1, .succeeded, from: 0, to: 1, code: 0)])], ended: 1)
    private let going = Sample.run(.running, [Sample.step("a", .running, [Sample.attempt(1, .running, from: 0)])])
    private let name = #"{"run":"etcd-7k2m9qxa","id":"7k2m9qxa"}"#

    @Test("a run is started and followed; the first line begins with its name")
    func run() {
        let manager = FakeManager()
        manager.on(.startRun, .answer(name))
        manager.on(.watchRun, .answer(Sample.status(going), isLast: false), .answer(Sample.status(ended)))
        let result = manager.run("run", "etcd", "members=3")
        #expect(result.status == 0)
        #expect(
            result.output == """
                etcd-7k2m9qxa running
                03:03:04 step 'a' running
                03:03:05 step 'a' succeeded (1s)
                run etcd-7k2m9qxa succeeded in 1s

                """)
        #expect(result.errors == "")
        #expect(
            manager.calls == [
                #"StartRun {"variables":{"members":"3"},"workflow":"etcd"}"#, #"WatchRun {"run":"etcd-7k2m9qxa"}"#,
            ])
    }

    @Test("--detach prints the name and nothing else")
    func detach() {
        let manager = FakeManager()
        manager.on(.startRun, .answer(name))
        #expect(manager.run("run", "etcd", "--detach").output == "etcd-7k2m9qxa\n")
        manager.on(.startRun, .answer(name))
        #expect(
            manager.run("run", "etcd", "--detach", "-o", "json").output
                == "{\"id\":\"7k2m9qxa\",\"run\":\"etcd-7k2m9qxa\"}\n")
    }

    @Test("a run is followed over a restart of pawld, and nothing is said twice")
    func restart() {
        let manager = FakeManager()
        manager.on(.startRun, .answer(name))
        manager.on(
            .watchRun, .answer(Sample.status(going), isLast: false), .failure(.lost(reason: "closed")))
        manager.on(.watchRun, .failure(.lost(reason: "closed")))
        manager.on(.watchRun, .answer(Sample.status(going), isLast: false), .answer(Sample.status(ended)))
        let result = manager.run("run", "etcd")
        #expect(result.status == 0)
        #expect(result.output.split(separator: "\n").count == 4)
        #expect(manager.connections == 3)
    }

    @Test("after 30 s without pawld a follower gives up with exit status 5")
    func givesUp() {
        let manager = FakeManager()
        manager.on(.watchRun, .answer(Sample.status(going), isLast: false), .failure(.lost(reason: "closed")))
        manager.on(.watchRun, .silence)
        let result = manager.run("wait", "@last")
        #expect(result.status == 5)
        #expect((30.0...33.0).contains(manager.seconds))
        #expect(result.errors.contains("was not reached for 30 s"))
        // Later calls name the run itself: @last may be another one by then.
        #expect(manager.calls == [#"WatchRun {"run":"@last"}"#, #"WatchRun {"run":"etcd-7k2m9qxa"}"#])
    }

    @Test("a connection that cannot be made again is waited for as long")
    func givesUpConnecting() {
        let manager = FakeManager()
        manager.on(.watchRun, .answer(Sample.status(going), isLast: false), .failure(.lost(reason: "closed")))
        let surroundings = manager.surroundings()
        var isFirst = true
        var cut = surroundings
        cut.connect = { () throws(ManagerError) in
            if isFirst {
                isFirst = false
                return try manager.connect()
            }
            throw .unreachable(path: "/run/test.sock", reason: "Connection refused")
        }
        #expect(PawlProgram.run(["wait", Sample.name], cut) == 5)
        #expect((29.9...31.0).contains(manager.seconds))
    }

    @Test("a pawld that was never there is not waited for: one sentence and exit status 5")
    func unreachable() {
        for arguments in [["ps"], ["wait", "x"], ["run", "x"], ["logs", "x"], ["cancel", "x"]] {
            let manager = FakeManager()
            manager.refusedConnections = 1
            let surroundings = manager.surroundings()
            #expect(PawlProgram.run(arguments, surroundings) == 5)
            #expect(
                surroundings.errors.text
                    == "pawl: pawld cannot be reached at /run/test.sock: Connection refused; start it with 'systemctl "
                    + "start pawld.socket'\n")
            #expect(manager.seconds == 0)
        }
    }

    @Test("a start whose answer was lost is not repeated")
    func lostStart() {
        let manager = FakeManager()
        manager.on(.startRun, .failure(.lost(reason: "closed")))
        manager.on(.startRun, .answer(name))
        let result = manager.run("run", "etcd")
        #expect(result.status == 5)
        #expect(result.errors.contains("may have been started"))
        #expect(manager.calls.count == 1)
    }

    @Test(
        "a follower exits with the run's outcome",
        arguments: [
            (.succeeded, 0), (.failed, 1), (.stopped, 1), (.cancelled, 3), (.timedOut, 7),
        ] as [(RunState, Int32)])
    func outcomes(state: RunState, status: Int32) {
        let manager = FakeManager()
        manager.on(.watchRun, .answer(Sample.status(Sample.run(state, [], ended: 1))))
        #expect(manager.run("wait", Sample.name).status == status)
    }

    @Test(
        "every error of the API becomes its exit status, with its message and its faults",
        arguments: APIError.Code.allCases)
    func errors(code: APIError.Code) {
        let manager = FakeManager()
        let fault = Diagnostic(file: "/etc/x.yaml", line: 3, column: 4, message: "unknown key 'x'")
        manager.on(.reload, .failure(.refused(APIError(code, "it went wrong", faults: [fault]))))
        let result = manager.run("reload")
        #expect(result.status == code.exitStatus.rawValue)
        #expect(result.output == "")
        #expect(result.errors == "pawl: it went wrong\n/etc/x.yaml:3:4: error: unknown key 'x'\n")
    }

    @Test("a workflow that does not exist is answered with one that does")
    func didYouMean() {
        let manager = FakeManager()
        manager.on(.startRun, .failure(.refused(APIError(.noSuchWorkflow, "there is no workflow 'helo'"))))
        manager.on(
            .listWorkflows,
            .answer(#"{"workflows":[{"name":"hello","file":"/f","faulty":false,"startable":true,"faults":[]}]}"#))
        let result = manager.run("run", "helo")
        #expect(result.status == 4)
        #expect(result.errors == "pawl: there is no workflow 'helo' (did you mean 'hello'?)\n")
    }

    @Test("a file in the place of a workflow's name is told to be one", arguments: ["./hello.yaml", "hello.yaml"])
    func fileForName(word: String) {
        let manager = FakeManager()
        manager.on(.startRun, .failure(.refused(APIError(.noSuchWorkflow, "there is no workflow '\(word)'"))))
        let result = manager.run("run", word)
        #expect(result.status == 4)
        #expect(
            result.errors
                == "pawl: '\(word)' names a file, and a run is started by its workflow's name, without folder and '.yaml': "
                + "'pawl run hello', once 'pawl list' shows it\n")
    }

    @Test("cancel returns the run's end, also over a restart of pawld")
    func cancel() {
        let manager = FakeManager()
        manager.on(.cancelRun, .answer(Sample.status(Sample.run(.cancelled, [], ended: 2))))
        #expect(manager.run("cancel", Sample.name).status == 0)
        manager.on(.cancelRun, .failure(.lost(reason: "closed")))
        manager.on(.describeRun, .answer(Sample.status(going)))
        manager.on(.cancelRun, .failure(.lost(reason: "closed")))
        manager.on(.describeRun, .answer(Sample.status(Sample.run(.cancelled, [], ended: 2))))
        let result = manager.run("cancel", Sample.name)
        #expect(result.status == 0)
        #expect(result.output == "run etcd-7k2m9qxa cancelled in 2s\n")
    }

    @Test("a run that ended before it could be cancelled is a conflict")
    func cancelTooLate() {
        let manager = FakeManager()
        manager.on(.cancelRun, .answer(Sample.status(ended)))
        #expect(manager.run("cancel", Sample.name).status == 8)
    }

    @Test("ps is a table, or the array that COMMAND-LINE promises")
    func ps() {
        let runs =
            #"{"runs":[{"run":"a-7k2m9qxa","id":"7k2m9qxa","workflow":"a","state":"running","started":"\#(Sample.time(-62))","steps_done":1,"steps_total":3}]}"#
        let manager = FakeManager()
        manager.on(.listRuns, .answer(runs))
        #expect(
            manager.run("ps").output == """
                RUN         STATE    PROGRESS  AGE
                a-7k2m9qxa  running  1/3       1min 2s

                """)
        manager.on(.listRuns, .answer(runs))
        #expect(
            manager.run("ps", "--all", "-o", "json").output
                == #"[{"ended":null,"id":"7k2m9qxa","parent":null,"reason":null,"run":"a-7k2m9qxa","seconds_left":null,"started":"\#(Sample.time(-62))","state":"running","steps_done":1,"steps_total":3,"workflow":"a"}]"#
                + "\n")
        #expect(manager.calls == [#"ListRuns {"all":false}"#, #"ListRuns {"all":true}"#])
        let waiting = runs.replacing("running", with: "queued")
            .replacing("\"steps_done\"", with: "\"reason\":\"waits for lock 'k', held by b-7k2m9qxb\",\"steps_done\"")
        manager.on(.listRuns, .answer(waiting))
        #expect(
            manager.run("ps").output == """
                RUN         STATE   PROGRESS  AGE      REASON
                a-7k2m9qxa  queued  1/3       1min 2s  waits for lock 'k', held by b-7k2m9qxb

                """)
    }

    @Test("status shows the run, its steps and the last lines of what failed")
    func status() {
        var attempt = Sample.attempt(2, .failed, from: 0, to: 2, code: 3, result: "exit-code")
        attempt.cpuSeconds = 0.25
        attempt.memoryPeak = 12_582_912
        (attempt.ioReadBytes, attempt.ioWriteBytes) = (0, 1_048_576)
        var failed = Sample.run(
            .failed, [Sample.step("a", .failed, [attempt]), Sample.step("b", .skipped, reason: "step 'a' failed")],
            ended: 2)
        failed.limits = ["MemoryMax=2G", "TasksMax=7"]
        let manager = FakeManager()
        manager.seconds = 302
        manager.on(.describeRun, .answer(Sample.status(failed)))
        manager.on(
            .readLogs,
            .answer(#"{"entries":[{"time":"\#(Sample.time(1))","step":"a","message":"no such disk"}]}"#))
        #expect(
            manager.run("status", "@last").output == """
                * etcd-7k2m9qxa - run of etcd
                     State: failed since Sat 2026-11-21 03:03:06 UTC; 5min ago
                   Started: Sat 2026-11-21 03:03:04 UTC
                  Duration: 2s
                  Progress: 2 of 2 steps, 100 %
                     Slice: pawl-7k2m9qxa.slice
                    Limits: MemoryMax=2G TasksMax=7
                       CPU: 250ms
                    Memory: 12.0M (peak of one step)
                        IO: 0B read, 1.0M written

                    STEP  STATE    TIME  ATTEMPTS  CPU    MEMORY  RESULT
                  x a     failed   2s    1         250ms  12.0M   exit status 3
                  - b     skipped  -     0         -      -       step 'a' failed

                Nov 21 03:03:05 a: no such disk

                """)
        #expect(manager.calls.last == #"ReadLogs {"lines":10,"run":"etcd-7k2m9qxa","step":"a"}"#)
    }

    @Test("status without a run is the daemon's")
    func daemon() throws {
        let manager = FakeManager()
        manager.seconds = 60
        let answer =
            #"{"version":"0.1.0","pid":7,"started":"\#(Sample.time(0))","runs_active":1,"steps_active":2,"status":"1 run","faults":[]}"#
        let host = Messages.HostUse(memory: 0.42, cpu: 0.071, disk: 0.5, pressure: nil, sliceBytes: 3 << 20)
        let daemon = Messages.Daemon(
            version: "0.1.0", pid: 7, started: Sample.time(0), runsActive: 2, stepsActive: 2, status: "2 runs",
            runsMax: 1, host: host, faults: [])
        let workflow = WorkflowSummary(
            name: "backup", description: nil, file: "/f", faulty: false, startable: true,
            schedule: ScheduleStatus(
                expressions: ["daily"], catchUp: "none", state: .enabled, next: Sample.time(3660)), faults: [])
        for (describe, runs, workflows) in [
            (answer, [], []),
            (
                try JSONText.line(daemon),
                [
                    RunSummary(
                        run: "b-0000000b", id: "0000000b", workflow: "b", state: .queued, started: Sample.time(30),
                        ended: nil, stepsDone: 0, stepsTotal: 1, reason: "waits"),
                    RunSummary(
                        run: "a-0000000a", id: "0000000a", workflow: "a", state: .running, started: Sample.time(0),
                        ended: nil, stepsDone: 1, stepsTotal: 2, secondsLeft: 90),
                ], [workflow]
            ),
        ] {
            manager.on(.describe, .answer(describe))
            manager.on(.listRuns, .answer(try JSONText.line(Messages.Runs(runs: runs))))
            manager.on(.listWorkflows, .answer(try JSONText.line(Messages.Workflows(workflows: workflows))))
        }
        #expect(
            manager.run("status").output == """
                * pawld 0.1.0
                    Active: since Sat 2026-11-21 03:03:04 UTC; 1min ago
                  Main PID: 7
                      Runs: 1 active
                     Steps: 2 running
                    Status: 1 run

                """)
        #expect(
            manager.run("status").output == """
                * pawld 0.1.0
                    Active: since Sat 2026-11-21 03:03:04 UTC; 1min ago
                  Main PID: 7
                      Runs: 2 active, of them 1 queued; at most 1 at once
                     Steps: 2 running
                      Host: memory 42 %, CPU 7 %, disk 50 %
                    Memory: 3.0M (pawl.slice)
                    Status: 2 runs

                RUN         STATE    PROGRESS  AGE   LEFT      REASON
                b-0000000b  queued   0/1       30s   -         waits
                a-0000000a  running  1/2       1min  1min 30s

                NEXT                         LEFT  WORKFLOW
                Sat 2026-11-21 04:04:04 UTC  1h    backup

                """)
    }

    @Test("status shows items below their step, each of several attempts, how far it is and what it writes")
    func statusTree() throws {
        let manager = FakeManager()
        manager.seconds = 10
        let second = Sample.attempt(2, .running, from: 4)
        var tried = Sample.step(
            "try", .running, [Sample.attempt(1, .failed, from: 0, to: 3, code: 2, result: "exit-code"), second])
        (tried.progress, tried.secondsLeft) = (40, 9.4)
        let items = (0..<30).map { item in
            var step = Sample.step("each", item == 7 ? .failed : .succeeded)
            step.item = item
            return step
        }
        var status = Sample.run(.running, [tried, Sample.step("each", .running, [])] + items)
        (status.secondsLeft, status.stepsDone, status.stepsTotal) = (83, 1, 3)
        manager.on(.describeRun, .answer(Sample.status(status)))
        manager.on(.readLogs, .answer(#"{"entries":[]}"#))
        let output = manager.run("status", "@last", "-n", "3").output
        #expect(output.contains("  Progress: 1 of 3 steps, 33 %, about 1min 23s left\n"))
        #expect(
            output.hasSuffix(
                """
                    STEP         STATE    TIME  ATTEMPTS  CPU  MEMORY  RESULT
                  * try          running  10s   2         -    -       40 %, about 9s left
                    | attempt 1  failed   3s              -    -       exit status 2
                    ` attempt 2  running  6s              -    -
                  * each         running  -     0         -    -       30 of 30 items
                    x each.7     failed   -     0         -    -

                """))
    }

    @Test("on a terminal the steps are drawn again in place")
    func live() {
        let manager = FakeManager()
        manager.on(.startRun, .answer(name))
        manager.on(.watchRun, .answer(Sample.status(going), isLast: false), .answer(Sample.status(ended)))
        let output = manager.run("run", "etcd", size: (60, 20)).output
        let frames = output.split(separator: "\u{1B}[?2026h")
        #expect(frames.first == "\u{1B}[?25l")
        #expect(frames[1].hasPrefix("etcd-7k2m9qxa running 0s  [0/1] 0 % [-------------]\u{1B}[K\n"))
        #expect(frames[2].hasPrefix("\u{1B}[2A\r"))
        #expect(output.contains("\u{1B}[?2026l\u{1B}[?25hrun etcd"))
        #expect(output.hasSuffix("run etcd-7k2m9qxa succeeded in 1s\n"))
    }

    @Test("a run followed as JSON is one object a line")
    func json() {
        let manager = FakeManager()
        manager.on(.startRun, .answer(name))
        manager.on(.watchRun, .answer(Sample.status(going), isLast: false), .answer(Sample.status(ended)))
        let lines = manager.run("run", "etcd", "-o", "json").output.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.allSatisfy { $0.hasPrefix("{") && $0.contains(#""run":"etcd-7k2m9qxa""#) })
    }

    @Test("a handler's steps stand below its name")
    func handlers() {
        let manager = FakeManager()
        var steps = [Sample.step("build", .running), Sample.step("cry", .waiting), Sample.step("page", .waiting)]
        for place in 1...2 { steps[place].phase = "on_failure" }
        manager.on(.describeRun, .answer(Sample.status(Sample.run(.running, steps))))
        #expect(
            manager.run("status", "x", "-n", "0").output.hasSuffix(
                """
                    STEP        STATE    TIME  ATTEMPTS  CPU  MEMORY  RESULT
                  * build       running  -     0         -    -
                    on_failure
                    . cry       waiting  -     0         -    -
                    . page      waiting  -     0         -    -

                """))
    }

    @Test("resume and retry follow unless they are told not to, and say so when the answer was lost")
    func reopening() {
        for (verb, method) in [("resume", ManagerInterface.Method.resumeRun), ("retry", .retryRun)] {
            let manager = FakeManager()
            manager.on(method, .answer(name))
            #expect(manager.run(verb, "@last", "--detach").output == "etcd-7k2m9qxa\n")
            manager.on(method, .answer(name))
            manager.on(.watchRun, .answer(Sample.status(ended)))
            #expect(manager.run(verb, "@last").output.hasPrefix("etcd-7k2m9qxa succeeded\n"))
            manager.on(method, .failure(.lost(reason: "closed")))
            let lost = manager.run(verb, "@last")
            #expect(lost.status == 5)
            #expect(lost.errors.contains("may have been"))
        }
    }

    @Test("retry sends the step that it begins from, and nothing of it without one")
    func retryFrom() {
        let manager = FakeManager()
        manager.on(.retryRun, .answer(name))
        manager.on(.retryRun, .answer(name))
        #expect(manager.run("retry", "@last", "--from", "seed", "--detach").status == 0)
        #expect(manager.run("retry", "@last", "--detach").status == 0)
        #expect(manager.calls == [#"RetryRun {"from":"seed","run":"@last"}"#, #"RetryRun {"run":"@last"}"#])
    }

    @Test("the workflow as it is now is asked for with --with-current alone")
    func withCurrent() {
        let manager = FakeManager()
        for method in [ManagerInterface.Method.retryRun, .resumeRun, .resumeRun] { manager.on(method, .answer(name)) }
        #expect(manager.run("retry", "@last", "--with-current", "--detach").status == 0)
        #expect(manager.run("resume", "@last", "--with-current", "--detach").status == 0)
        #expect(manager.run("resume", "@last", "--detach").status == 0)
        #expect(
            manager.calls == [
                #"RetryRun {"run":"@last","with_current":true}"#, #"ResumeRun {"run":"@last","with_current":true}"#,
                #"ResumeRun {"run":"@last"}"#,
            ])
        let refusal = APIError(.conflict, "step 'a' has run and is not there any more")
        manager.on(.retryRun, .failure(.refused(refusal)))
        let refused = manager.run("retry", "@last", "--with-current")
        #expect(refused.status == 8 && refused.errors.contains("step 'a' has run and is not there any more"))
    }

    @Test("a run's status says which definition holds where it is another than at the start")
    func definition() {
        let manager = FakeManager()
        var status = Sample.run(.running, [])
        (status.definitionFile, status.definitionSince) = ("/etc/pawl/workflows/etcd.yaml", status.started)
        manager.on(.describeRun, .answer(Sample.status(status)))
        #expect(!manager.run("status", "@last").output.contains("Definition"))
        status.definitionSince = Sample.time(60)
        manager.on(.describeRun, .answer(Sample.status(status)))
        #expect(manager.run("status", "@last").output.contains("Definition: /etc/pawl/workflows/etcd.yaml as of "))
    }

    @Test("on a terminal the picture says that pawld is waited for")
    func liveWaiting() {
        let manager = FakeManager()
        manager.on(.startRun, .answer(name))
        manager.on(.watchRun, .answer(Sample.status(going), isLast: false), .failure(.lost(reason: "closed")))
        manager.on(.watchRun, .answer(Sample.status(ended)))
        #expect(manager.run("run", "etcd", size: (80, 20)).output.contains("running 0s (waiting for pawld)"))
    }

    @Test("a question is asked once more when the connection breaks, and not a third time")
    func askedAgain() {
        let manager = FakeManager()
        manager.on(.listRuns, .failure(.lost(reason: "closed")))
        manager.on(.listRuns, .answer(#"{"runs":[]}"#))
        #expect(manager.run("ps", "-o", "json") == (0, "[]\n", ""))
        manager.on(.listRuns, .failure(.lost(reason: "closed")))
        manager.on(.listRuns, .failure(.lost(reason: "closed")))
        manager.on(.listRuns, .answer(#"{"runs":[]}"#))
        #expect(manager.run("ps").status == 5)
    }
}

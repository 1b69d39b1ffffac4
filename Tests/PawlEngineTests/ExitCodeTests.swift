import PawlLanguage
import PawlModel
import Testing

@testable import PawlEngine

@Suite("What exit statuses ask for")
struct ExitCodeTests {
    private static let fetch = """
        steps:
          - id: fetch
            command: [fetch]
            timeout: 1min
            retry_policy:
              max_retries: 2
              initial_delay: 1s
              on_exit_code: {2: {delay: 60s}, 3: {command: [check-network, "${run.id}"], delay: 10s}, 5: fail, 100: success, "*": fail}
          - {id: after, command: [x], when: "${fetch.exit_code in [0, 100]}"}
        """

    private func harness(_ more: String = "") throws -> RunHarness { try RunHarness(ExitCodeTests.fetch + "\n" + more) }

    private func attempts(_ harness: RunHarness) -> [String] {
        harness.run.steps[0].attempts.map { "\($0.number) \($0.repair ?? "-") \($0.state.rawValue)" }
    }

    /// Replayed, a run is what it was.
    private func checkReplay(_ harness: RunHarness) throws {
        let again = try harness.replayed()
        #expect(again.steps.map(\.state) == harness.run.steps.map(\.state))
        #expect(again.steps[0].tries == harness.run.steps[0].tries)
        #expect(again.steps[0].repair == harness.run.steps[0].repair)
        #expect(again.wakeTime == harness.run.wakeTime)
        #expect(again.state == harness.run.state)
    }

    @Test("A status with a pause of its own waits for so long, and uses up a try")
    func delay() throws {
        var harness = try harness()
        harness.end("fetch", .failed, code: 2)
        #expect(harness.run.wakeTime == harness.now.adding(seconds: 60))
        try checkReplay(harness)
        harness.wait(60)
        harness.end("fetch", .failed, code: 2)
        harness.wait(60)
        harness.end("fetch", .failed, code: 2)
        #expect(harness.run.state == .failed)
        #expect(attempts(harness) == ["1 - failed", "2 - failed", "3 - failed"])
        #expect(harness.run.steps[0].reason == "exit status 2")
    }

    @Test("A repair runs at once, then comes its pause, and then the step; it is no try")
    func repair() throws {
        var harness = try harness()
        for number in [2, 4] {
            harness.end("fetch", .failed, code: 3)
            #expect(harness.running == ["fetch"])
            let command = try harness.run.render(0, number: number)
            #expect(command.arguments == ["check-network", "0000000a"])
            #expect(command.description == "Repair of step 'fetch' of demo-0000000a, attempt \(number)")
            #expect(command.timeout == .seconds(60))
            try checkReplay(harness)
            harness.end("fetch", .succeeded)
            #expect(harness.run.wakeTime == harness.now.adding(seconds: 10))
            try checkReplay(harness)
            harness.wait(10)
            #expect(try harness.run.render(0, number: number + 1).arguments == ["fetch"])
        }
        #expect(harness.run.steps[0].tries == 3)
        // None after the last one: nothing comes that it could be for.
        harness.end("fetch", .failed, code: 3)
        #expect(harness.run.steps[0].state == .failed)
        #expect(attempts(harness) == ["1 - failed", "2 3 succeeded", "3 - failed", "4 3 succeeded", "5 - failed"])
        try checkReplay(harness)
    }

    @Test("A status that says fail ends the step though there are tries left, and says so; '*' is all that has no rule")
    func fail() throws {
        for code in [5, 7, nil] {
            var harness = try harness()
            harness.end("fetch", .failed, code: code)
            #expect(harness.run.state == .failed)
            #expect(harness.run.steps[0].attempts.count == 1)
            #expect(harness.run.steps[0].reason?.hasSuffix("; 'on_exit_code' says that it is not tried again") == true)
        }
        var harness = try harness()
        harness.end("fetch", .timedOut, code: 2)
        #expect(harness.run.steps[0].state == .timedOut, "what it exits with after its timeout is no status of its own")
        harness.submit(.runResumed(RunResumed(retry: true, requester: Requester(uid: 0))))
        #expect(harness.running == ["fetch"])
    }

    @Test("Without '*' what has no rule is tried again as the policy says")
    func plain() throws {
        var harness = try RunHarness(
            "steps: [{id: a, command: [x], retry_policy: {max_retries: 1, initial_delay: 7s, on_exit_code: {5: fail}}}]"
        )
        harness.end("a", .failed, code: 4)
        #expect(harness.run.wakeTime == harness.now.adding(seconds: 7))
        harness.wait(7)
        harness.end("a", .failed, code: 5)
        #expect(harness.run.steps[0].reason == "exit status 5", "there was no try left anyway")
    }

    @Test("A repair that fails ends the step, as it had failed itself, and names both")
    func failedRepair() throws {
        var harness = try harness()
        harness.end("fetch", .failed, code: 3)
        harness.end("fetch", .failed, code: 9)
        #expect(harness.run.state == .failed)
        #expect(harness.run.steps[0].reason == "exit status 3, and its repair failed too: exit status 9")
        #expect(harness.run.steps[0].lastTry?.outcome?.exitCode == 3)
        #expect(harness.run.steps[0].tries == 1)
        try checkReplay(harness)
        harness.submit(.runResumed(RunResumed(retry: true, requester: Requester(uid: 0))))
        #expect(try harness.run.render(0, number: 3).arguments == ["fetch"], "a retry begins with the step itself")
    }

    @Test("Expressions see the step, and not what repaired it")
    func scope() throws {
        var harness = try RunHarness(
            """
            steps:
              - {id: a, command: [x], retry_policy: {max_retries: 1, initial_delay: 0, on_exit_code: {3: {run: fix}}}}
              - {id: b, command: ["${a.exit_code}", "${a.attempts}", "${a.output}", "${a.state}"]}
            """)
        harness.end("a", .failed, code: 3)
        #expect(try harness.run.render(0, number: 2).keepsOutput == false)
        #expect(try harness.run.render(0, number: 2).script == "fix")
        harness.end("a", .succeeded)
        harness.wait(0)
        harness.end("a", .succeeded, output: "yes")
        #expect(try harness.run.render(1, number: 1).arguments == ["0", "2", "yes", "succeeded"])
    }

    @Test(
        "A cancelled run does not begin its pause: neither a repair that did well nor one that was stopped is a success"
    )
    func cancelled() throws {
        for state in [StepState.succeeded, .cancelled] {
            var harness = try harness()
            harness.end("fetch", .failed, code: 3)
            harness.submit(.cancelRequested(CancelRequested(cause: .person, reason: "cancelled by uid 0")))
            harness.end("fetch", state)
            #expect(harness.run.state == .cancelled)
            #expect(harness.run.steps[0].state == .cancelled)
            try checkReplay(harness)
        }
    }

    @Test("The run's timeout and fail_fast end a repair as they end a step")
    func runTimeout() throws {
        var harness = try harness("timeout: 5min")
        harness.end("fetch", .failed, code: 3)
        harness.wait(300)
        #expect(harness.run.cancel?.request.cause == .timeout)
        harness.end("fetch", .cancelled)
        #expect(harness.run.state == .timedOut)

        var fast = try RunHarness(
            """
            fail_fast: true
            steps:
              - {id: a, command: [x], depends_on: [], retry_policy: {max_retries: 1, on_exit_code: {3: {run: fix}}}}
              - {id: b, command: [x], depends_on: []}
            """)
        fast.end("a", .failed, code: 3)
        #expect(fast.run.cancel == nil, "what is repaired has not failed")
        fast.end("b", .failed, code: 1)
        #expect(fast.run.cancel?.request.cause == .failFast)
        fast.end("a", .cancelled)
        #expect(fast.run.state == .failed)
        var other = try RunHarness(fast.run.created)
        other.end("a", .failed, code: 3)
        other.end("a", .failed, code: 1)
        #expect(other.run.cancel?.request.cause == .failFast, "a failed repair is a failed step")
    }

    @Test("A repair waits for room like a step")
    func room() throws {
        var harness = try RunHarness(
            """
            max_parallel: 1
            steps:
              - {id: a, command: [x], depends_on: [], retry_policy: {max_retries: 1, on_exit_code: {3: {run: fix}}}}
              - {id: b, command: [x], depends_on: []}
            """)
        harness.end("a", .failed, code: 3)
        #expect(harness.running.count == 1)
    }

    @Test("A repair that was lost with the host is done again, asked about, or not, as 'interrupted' says of the step")
    func interrupted() throws {
        for (policy, state) in [("rerun", RunState.running), ("ask", .stopped), ("fail", .failed)] {
            var harness = try RunHarness(
                """
                steps:
                  - id: a
                    command: [x]
                    interrupted: \(policy)
                    retry_policy: {max_retries: 1, initial_delay: 0, on_exit_code: {3: {run: fix}}}
                """)
            harness.end("a", .failed, code: 3)
            harness.end("a", .interrupted)
            #expect(harness.run.state == state)
            #expect(harness.run.steps[0].tries == 1)
            try checkReplay(harness)
            if policy == "fail" {
                #expect(harness.run.steps[0].reason == "its repair was lost: the host was lost")
                continue
            }
            if policy == "ask" {
                #expect(harness.run.reason?.contains("its repair was lost") == true)
                harness.submit(.runResumed(RunResumed(retry: false, requester: Requester(uid: 0))))
            }
            #expect(try harness.run.render(0, number: 3).script == "fix")
            harness.end("a", .succeeded)
            harness.wait(0)
            #expect(attempts(harness) == ["1 - failed", "2 3 interrupted", "3 3 succeeded", "4 - running"])
        }
    }

    @Test("What says that the work is done is asked first, also after the loss of a repair, and not of a repair itself")
    func doneWhen() throws {
        var harness = try RunHarness(
            """
            steps:
              - id: a
                command: [x]
                interrupted: ask
                done_when: {file: /x}
                retry_policy: {max_retries: 1, initial_delay: 0, on_exit_code: {3: {command: [fix]}, 100: success}}
            """)
        #expect(try harness.run.render(0, number: 1).plan?.successes == [0, 100])
        harness.end("a", .failed, code: 3)
        #expect(try harness.run.render(0, number: 2).plan == nil)
        #expect(try harness.run.render(0, number: 2).arguments == ["fix"])
        #expect(try harness.run.render(0, number: 2).successes == [0])
        harness.end("a", .interrupted)
        #expect(try harness.run.render(0, number: 3).plan?.asksOnly == true)
        var done = harness
        done.give("a", .skipped)
        #expect(done.run.state == .succeeded)
        harness.end("a", .failed, code: 1)
        #expect(harness.run.state == .stopped)
        harness.submit(.runResumed(RunResumed(retry: false, requester: Requester(uid: 0))))
        #expect(try harness.run.render(0, number: 4).arguments == ["fix"])
        try checkReplay(harness)
    }

    @Test("With 'recovery: fail' a step whose repair did well has failed as it had")
    func recovery() throws {
        var harness = try RunHarness(ExitCodeTests.fetch.replacing("steps:", with: "recovery: fail\nsteps:"))
        harness.end("fetch", .failed, code: 3)
        harness.epoch = "boot-2"
        harness.end("fetch", .succeeded)
        #expect(harness.run.state == .failed)
        #expect(harness.run.steps[0].state == .failed)
        #expect(harness.run.steps[0].reason == "exit status 3")
    }

    @Test("A repair does not make a success of what is taken back")
    func undo() throws {
        var harness = try RunHarness(
            """
            steps:
              - id: a
                command: [x]
                undo: {command: [y]}
                retry_policy: {max_retries: 1, on_exit_code: {3: {run: fix}}}
            """)
        harness.end("a", .failed, code: 3)
        harness.end("a", .succeeded)
        harness.submit(.cancelRequested(CancelRequested(cause: .person)))
        #expect(harness.run.undoPlan().entries.map(\.hadSucceeded) == [false])
    }

    @Test("An item has its own repair")
    func items() throws {
        var harness = try RunHarness(
            """
            steps:
              - id: a
                foreach: [p, q]
                command: [x]
                retry_policy: {max_retries: 1, on_exit_code: {1: {command: [fix, "${item}"]}}}
            """)
        harness.give("a", item: 1, .failed)
        #expect(try harness.run.render(Place(0, item: 1), number: 2).arguments == ["fix", "q"])
        #expect(harness.run[Place(0, item: 0)].attempts.count == 1)
    }

    @Test("A clock that is set back before a repair has its turn does not make the step come in its place")
    func clock() throws {
        var harness = try RunHarness(
            """
            max_parallel: 1
            steps: [{id: a, command: [x], retry_policy: {max_retries: 1, on_exit_code: {3: {run: fix}}}}]
            """)
        let place = Place(0)
        harness.take(
            .attemptEnded(AttemptEnded(step: "a", number: 1, outcome: AttemptOutcome(state: .failed, exitCode: 3))))
        harness.take(.delaySet(DelaySet(step: "a", until: harness.now, repair: "3")))
        harness.now = harness.now.adding(seconds: -3600)
        harness.decide()
        #expect(harness.run[place].repair == "3")
        #expect(harness.run[place].attempts.last?.repair == "3")
    }
}

@Suite("Exit statuses that are successes")
struct SuccessStatusTests {
    private func outcome(_ result: String, _ exit: UnitResult.Exit, _ successes: Set<Int>) -> AttemptOutcome {
        UnitResult(result: result, exit: exit, ended: nil)
            .outcome(cancelled: nil, timeout: nil, program: "x", successes: successes)
    }

    @Test("One that is said to be a success is one, and keeps its status")
    func success() {
        let outcome = outcome("exit-code", .exited(100), [0, 100])
        #expect(outcome.state == .succeeded && outcome.exitCode == 100 && outcome.reason == nil)
        #expect(self.outcome("success", .exited(0), [0, 100]).state == .succeeded)
        #expect(self.outcome("exit-code", .exited(101), [0, 100]).state == .failed)
    }

    @Test(
        "A timeout, a signal or a lack of memory is none, whatever the program says last",
        arguments: [
            ("timeout", UnitResult.Exit.exited(100)), ("oom-kill", .exited(100)), ("signal", .killed("KILL")),
            ("watchdog", .exited(100)),
        ])
    func none(_ result: String, _ exit: UnitResult.Exit) {
        #expect(outcome(result, exit, [0, 100]).state != .succeeded)
    }

    @Test("0 is a failure where that is said")
    func zero() throws {
        let outcome = outcome("success", .exited(0), [1])
        #expect(outcome.state == .failed)
        #expect(outcome.reason == "exit status 0, for which 'on_exit_code' says that it has failed")
        #expect(self.outcome("exit-code", .exited(1), [1]).state == .succeeded)
        var harness = try RunHarness(
            "steps: [{id: a, command: [x], retry_policy: {max_retries: 1, on_exit_code: {0: fail, 1: success}}}]")
        #expect(try harness.run.render(0, number: 1).successes == [1])
        harness.end("a", .failed, code: 0)
        #expect(harness.run.state == .failed)
    }
}

@Suite("The limits of a run's slice")
struct SliceTests {
    @Test("They are evaluated with the run's values, and every attempt carries them")
    func limits() throws {
        let harness = try RunHarness(
            "variables: {m: 1G}\nslice: {MemoryMax: \"${m}\", CPUQuota: 150%}\nsteps: [{id: a, command: [x]}]",
            variables: ["m": "1G"])
        #expect(
            try harness.run.render(0, number: 1).limits == [
                UnitSetting(name: "MemoryMax", value: .unsigned64(1 << 30)),
                UnitSetting(name: "CPUQuotaPerSecUSec", value: .unsigned64(1_500_000)),
            ])
    }

    @Test("A value that is no limit fails every step before it is started")
    func fault() throws {
        let harness = try RunHarness(
            "variables: {m: 1G}\nslice: {MemoryMax: \"${m}\"}\nsteps: [{id: a, command: [x]}]", variables: ["m": "much"]
        )
        #expect(harness.run.state == .failed)
        #expect(harness.run.steps[0].attempts.isEmpty)
        #expect(harness.run.steps[0].reason?.contains("the run's slice: MemoryMax") == true)
    }
}

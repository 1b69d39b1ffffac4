import PawlLanguage
import PawlModel
import Testing

@testable import PawlEngine

@Suite("What follows from what has happened")
struct RunTests {
    static let chain = """
        steps:
          - {id: a, command: ["true"]}
          - {id: b, command: ["true"]}
          - {id: c, command: ["true"]}
        """
    static let fan = """
        max_parallel: 2
        steps:
          - {id: a, command: ["true"], depends_on: []}
          - {id: b, command: ["true"], depends_on: []}
          - {id: c, command: ["true"], depends_on: []}
          - {id: d, command: ["true"], depends_on: [a, b, c]}
        """

    @Test("Steps run in the order written, one after the other")
    func orderAsWritten() throws {
        var harness = try RunHarness(RunTests.chain)
        #expect(harness.running == ["a"])
        harness.end("a", .succeeded)
        #expect(harness.running == ["b"])
        harness.end("b", .succeeded)
        harness.end("c", .succeeded)
        #expect(harness.run.state == .succeeded)
        #expect(harness.run.stepsDone == 3)
    }

    @Test("No more steps run at once than max_parallel says, and the next one starts with the end of another")
    func parallelism() throws {
        var harness = try RunHarness(RunTests.fan)
        #expect(harness.running == ["a", "b"])
        harness.end("b", .succeeded)
        #expect(harness.running == ["a", "c"])
        harness.end("a", .succeeded)
        harness.end("c", .succeeded)
        #expect(harness.running == ["d"])
    }

    @Test("The end of a step and the order of the next come from one event")
    func oneTransaction() throws {
        var harness = try RunHarness(RunTests.chain)
        let before = harness.events.count
        harness.end("a", .succeeded)
        #expect(harness.events[before...].map(\.kind) == [.attemptEnded, .stepEnded, .attemptOrdered])
    }

    @Test("A step that failed skips all that depends on it, and the run has failed")
    func failureSkips() throws {
        var harness = try RunHarness(RunTests.chain)
        harness.end("a", .failed, code: 3)
        #expect(harness.states == ["a": .failed, "b": .skipped, "c": .skipped])
        #expect(harness.run.state == .failed)
        #expect(harness.run.reason == "step 'a' failed")
        #expect(harness.run.steps[2].reason == "step 'a' did not succeed")
    }

    @Test("Steps that do not depend on the failed one go on")
    func independentGoOn() throws {
        var harness = try RunHarness(RunTests.fan)
        harness.end("a", .failed, code: 1)
        #expect(harness.running == ["b", "c"])
        #expect(harness.states["d"] == .skipped)
    }

    @Test("With continue_on_failure dependents run and the run succeeds, and the step stays failed")
    func continueOnFailure() throws {
        var harness = try RunHarness(
            """
            steps:
              - {id: a, command: ["false"], continue_on_failure: true}
              - {id: b, command: ["true"]}
            """)
        harness.end("a", .failed, code: 1)
        #expect(harness.running == ["b"])
        harness.end("b", .succeeded)
        #expect(harness.run.state == .succeeded)
        #expect(harness.states["a"] == .failed)
    }

    @Test("A retry waits for its pause, which grows, and there is none after the last attempt")
    func retries() throws {
        var harness = try RunHarness(
            """
            steps:
              - id: a
                command: ["false"]
                retry_policy: {max_retries: 2, initial_delay: 10s}
            """)
        harness.end("a", .failed, code: 1)
        #expect(harness.running.isEmpty)
        #expect(harness.run.wakeTime == harness.now.adding(seconds: 10))
        harness.wait(9.9)
        #expect(harness.running.isEmpty)
        harness.wait(0.1)
        #expect(harness.running == ["a"])
        harness.end("a", .failed, code: 1)
        #expect(harness.run.wakeTime == harness.now.adding(seconds: 20))
        harness.wait(20)
        harness.end("a", .failed, code: 1)
        #expect(harness.run.state == .failed)
        #expect(harness.run.steps[0].attempts.map(\.number) == [1, 2, 3])
    }

    @Test("An attempt's number goes on over a retry of the run, and with it the unit's name is never used again")
    func numbersGoOn() throws {
        var harness = try RunHarness(RunTests.chain)
        harness.end("a", .failed, code: 1)
        harness.submit(.runResumed(RunResumed(retry: true, requester: Requester(uid: 0))))
        #expect(harness.run.state == .running)
        #expect(harness.running == ["a"])
        #expect(harness.run.steps[0].attempts.last?.unit == "pawl-step-0000000a.a.2.service")
        harness.end("a", .succeeded)
        harness.end("b", .succeeded)
        harness.end("c", .succeeded)
        #expect(harness.run.state == .succeeded)
        #expect(harness.run.stepsDone == 3)
    }

    @Test("A retry leaves alone what has succeeded")
    func retryKeepsSuccess() throws {
        var harness = try RunHarness(RunTests.chain)
        harness.end("a", .succeeded)
        harness.end("b", .failed, code: 1)
        harness.submit(.runResumed(RunResumed(retry: true, requester: Requester(uid: 0))))
        #expect(harness.running == ["b"])
        #expect(harness.run.steps[0].attempts.count == 1)
    }

    @Test("A retry from a step runs it again with what depends on it, though they have succeeded, and nothing else")
    func retryFrom() throws {
        var harness = try RunHarness(RunTests.fan)
        for step in ["a", "b", "c", "d"] { harness.end(step, .succeeded) }
        #expect(harness.run.state == .succeeded)
        harness.submit(.runResumed(RunResumed(retry: true, from: "c", requester: Requester(uid: 0))))
        #expect(harness.states == ["a": .succeeded, "b": .succeeded, "c": .running, "d": .waiting])
        #expect(try harness.replayed().steps.map(\.state) == harness.run.steps.map(\.state))
        harness.end("c", .succeeded)
        harness.end("d", .succeeded)
        #expect(harness.run.state == .succeeded)
        #expect(harness.run.steps.map { $0.attempts.map(\.number) } == [[1], [1], [1, 2], [1, 2]])
    }

    @Test("A retry from a step reaches what depends on it through others, and opens what had failed elsewhere too")
    func retryFromReachesFar() throws {
        var harness = try RunHarness(
            """
            steps:
              - {id: a, command: ["true"], depends_on: []}
              - {id: b, command: ["true"], depends_on: [a]}
              - {id: c, command: ["true"], depends_on: [b]}
              - {id: x, command: ["true"], depends_on: []}
              - {id: y, command: ["true"], depends_on: []}
            """)
        for step in ["a", "b", "c", "x"] { harness.end(step, .succeeded) }
        harness.end("y", .failed, code: 1)
        harness.submit(.runResumed(RunResumed(retry: true, from: "a", requester: Requester(uid: 0))))
        #expect(harness.states == ["a": .running, "b": .waiting, "c": .waiting, "x": .succeeded, "y": .running])
    }

    @Test("fail_fast ends the run at the first failure once what runs has been stopped")
    func failFast() throws {
        var harness = try RunHarness("fail_fast: true\n" + RunTests.fan)
        harness.end("a", .failed, code: 1)
        #expect(harness.run.cancel?.request.cause == .failFast)
        #expect(harness.running == ["b"])
        #expect(harness.run.state == .running)
        harness.end("b", .cancelled)
        #expect(harness.run.state == .failed)
        #expect(harness.states == ["a": .failed, "b": .cancelled, "c": .skipped, "d": .skipped])
    }

    @Test("fail_fast counts a step that failed before it had an attempt, and one that stays interrupted")
    func failFastWithoutAttempt() throws {
        var harness = try RunHarness(
            """
            fail_fast: true
            max_parallel: 1
            steps:
              - {id: a, command: ["true"]}
              - {id: b, command: [echo, "${a.output}"], depends_on: [a]}
              - {id: c, command: ["true"], depends_on: []}
            """)
        harness.end("a", .succeeded, output: "x\0y")
        #expect(harness.states == ["a": .succeeded, "b": .failed, "c": .skipped])
        var other = try RunHarness(
            """
            fail_fast: true
            max_parallel: 1
            steps:
              - {id: a, command: ["true"], interrupted: fail}
              - {id: c, command: ["true"], depends_on: []}
            """)
        other.end("a", .interrupted)
        #expect(other.run.state == .failed)
        #expect(other.states["c"] == .skipped)
    }

    @Test("A cancelled run ends when the last of its attempts has, and starts nothing meanwhile")
    func cancel() throws {
        var harness = try RunHarness(RunTests.fan)
        harness.submit(.cancelRequested(CancelRequested(cause: .person)))
        #expect(harness.run.state == .running)
        harness.end("a", .cancelled)
        #expect(harness.running == ["b"])
        harness.end("b", .succeeded)
        #expect(harness.run.state == .cancelled)
        #expect(harness.states == ["a": .cancelled, "b": .succeeded, "c": .cancelled, "d": .cancelled])
    }

    @Test("The run's timeout cancels what runs, and the run is timed out")
    func runTimeout() throws {
        var harness = try RunHarness("timeout: 1min\n" + RunTests.chain)
        #expect(harness.run.wakeTime == harness.now.adding(seconds: 60))
        harness.wait(60)
        #expect(harness.run.cancel?.request.cause == .timeout)
        harness.end("a", .cancelled)
        #expect(harness.run.state == .timedOut)
    }

    @Test(
        "What becomes of an interrupted step is what `interrupted` says",
        arguments: [("rerun", RunState.running), ("ask", .stopped), ("fail", .failed)])
    func interrupted(policy: String, expected: RunState) throws {
        var harness = try RunHarness(
            """
            steps:
              - {id: a, command: ["true"], interrupted: \(policy)}
            """)
        harness.end("a", .interrupted)
        #expect(harness.run.state == expected)
        switch expected {
        case .running: #expect(harness.run.steps[0].attempts.count == 2)
        case .stopped: #expect(harness.states["a"] == .interrupted)
        default: #expect(harness.states["a"] == .interrupted)
        }
    }

    @Test("A stopped run starts nothing, still takes the ends of what runs, and goes on when it is resumed")
    func stopAndResume() throws {
        var harness = try RunHarness(RunTests.fan)
        harness.end("a", .interrupted)
        #expect(harness.run.state == .stopped)
        harness.end("b", .succeeded)
        #expect(harness.running.isEmpty)
        harness.submit(.runResumed(RunResumed(retry: false, requester: Requester(uid: 0))))
        #expect(harness.running == ["a", "c"])
        #expect(harness.states["b"] == .succeeded)
    }

    @Test("What a failure doomed before the run stopped is skipped when it is resumed")
    func doomedOverAStop() throws {
        var harness = try RunHarness(
            """
            steps:
              - {id: a, command: ["true"], depends_on: []}
              - {id: b, command: ["true"], depends_on: []}
              - {id: d, command: ["true"], depends_on: [a]}
            """)
        // Both ends come in before anything is decided, as after a loss of the host.
        let failed = AttemptOutcome(state: .failed, exitCode: 1)
        harness.take(.attemptEnded(AttemptEnded(step: "a", number: 1, outcome: failed)))
        harness.end("b", .interrupted)
        #expect(harness.run.state == .stopped)
        harness.submit(.runResumed(RunResumed(retry: false, requester: Requester(uid: 0))))
        harness.end("b", .succeeded)
        #expect(harness.states == ["a": .failed, "b": .succeeded, "d": .skipped])
        #expect(harness.run.state == .failed)
    }

    @Test("A cancelled run waits for no moment, though a pause of it is over")
    func cancelledWithPause() throws {
        var harness = try RunHarness(
            """
            steps:
              - {id: a, command: ["true"], depends_on: [], retry_policy: {max_retries: 1, initial_delay: 5s}}
              - {id: b, command: ["true"], depends_on: []}
            """)
        harness.end("a", .failed, code: 1)
        harness.submit(.cancelRequested(CancelRequested(cause: .person)))
        harness.wait(10)
        #expect(harness.run.wakeTime == nil)
        harness.end("b", .cancelled)
        #expect(harness.run.state == .cancelled)
    }

    @Test("A stopped run can be cancelled")
    func cancelStopped() throws {
        var harness = try RunHarness(RunTests.chain)
        harness.end("a", .interrupted)
        harness.submit(.cancelRequested(CancelRequested(cause: .person)))
        #expect(harness.run.state == .cancelled)
    }

    @Test("An interrupted attempt does not use up a retry")
    func interruptedIsNoRetry() throws {
        var harness = try RunHarness(
            """
            steps:
              - id: a
                command: ["true"]
                interrupted: rerun
                retry_policy: {max_retries: 1, initial_delay: 0}
            """)
        harness.end("a", .interrupted)
        harness.end("a", .interrupted)
        harness.end("a", .failed, code: 1)
        #expect(harness.running == ["a"])
        harness.end("a", .failed, code: 1)
        #expect(harness.run.state == .failed)
    }

    @Test("Replaying the events makes the same run")
    func replay() throws {
        var harness = try RunHarness("max_parallel: 2\nfail_fast: true\n" + RunTests.fan.dropFirst(16))
        harness.end("a", .succeeded)
        harness.end("b", .failed, code: 2)
        harness.end("c", .cancelled)
        harness.submit(.runResumed(RunResumed(retry: true, requester: Requester(uid: 0))))
        let again = try harness.replayed()
        #expect(again.state == harness.run.state)
        #expect(again.running == harness.run.running)
        #expect(again.stepsDone == harness.run.stepsDone)
        #expect(again.ready == harness.run.ready)
        #expect(again.steps.map(\.state) == harness.run.steps.map(\.state))
        #expect(again.steps.map(\.attempts.count) == harness.run.steps.map(\.attempts.count))
    }

    @Test("An end that is told twice counts once")
    func endTwice() throws {
        var harness = try RunHarness(RunTests.chain)
        harness.end("a", .succeeded)
        let count = harness.run.steps[0].attempts.count
        harness.submit(
            .attemptEnded(AttemptEnded(step: "a", number: 1, outcome: AttemptOutcome(state: .failed, exitCode: 1))))
        #expect(harness.states["a"] == .succeeded)
        #expect(harness.run.steps[0].attempts.count == count)
    }

    @Test("A value that a step cannot be started with makes it fail before it has an attempt")
    func renderFault() throws {
        var harness = try RunHarness(
            """
            steps:
              - {id: a, command: ["true"]}
              - {id: b, command: ["echo", "${a.output}"]}
            """)
        harness.end("a", .succeeded, output: "x\0y")
        #expect(harness.states["b"] == .failed)
        #expect(harness.run.steps[1].attempts.isEmpty)
        #expect(harness.run.steps[1].reason?.contains("NUL") == true)
    }
}

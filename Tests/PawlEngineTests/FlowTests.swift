import PawlModel
import Testing

@testable import PawlEngine

@Suite("Conditions, ways of waiting, handlers and approvals")
struct FlowTests {
    @Test("A step whose 'when' is false is skipped, which counts as done")
    func when() throws {
        var harness = try RunHarness(
            """
            variables: {mode: create}
            steps:
              - {id: a, command: [x], when: "${mode == 'cleanup'}"}
              - {id: b, command: [x], when: "${a.state == 'skipped'}"}
            """, variables: ["mode": "create"])
        #expect(harness.states == ["a": .skipped, "b": .running])
        #expect(harness.run.steps[0].reason == "its 'when' is false")
        harness.end("b", .succeeded)
        #expect(harness.run.state == .succeeded)
        #expect(try harness.replayed().state == .succeeded)
    }

    @Test("A 'when' that gives neither true nor false makes its step fail")
    func noTruth() throws {
        let harness = try RunHarness(
            "variables: {mode: create}\nsteps: [{id: a, command: [x], when: \"${mode}\"}]",
            variables: ["mode": "create"])
        #expect(harness.run.state == .failed)
        #expect(harness.run.steps[0].reason == "its 'when' gives neither true nor false")
    }

    @Test("With 'any' one success is enough, and the others may still run")
    func any() throws {
        var harness = try RunHarness(
            """
            steps:
              - {id: a, command: [x], depends_on: []}
              - {id: b, command: [x], depends_on: []}
              - {id: c, command: [x], depends_on: {any: [a, b]}}
            """)
        harness.end("b", .succeeded)
        #expect(harness.running == ["a", "c"])
    }

    @Test(
        "With 'any' a skipped one counts only if no other succeeds",
        arguments: [(StepState.succeeded, StepState.running), (.failed, .running)])
    func anySkipped(_ end: StepState, _ expected: StepState) throws {
        var harness = try RunHarness(
            """
            steps:
              - {id: a, command: [x], depends_on: [], when: "${false}"}
              - {id: b, command: [x], depends_on: []}
              - {id: c, command: [x], depends_on: {any: [a, b]}}
            """)
        #expect(harness.states["c"] == .waiting, "the branch that is taken has yet to run")
        harness.end("b", end)
        #expect(harness.states["c"] == expected)
    }

    @Test("With 'any' and all failed the step is skipped for that")
    func anyFailed() throws {
        var harness = try RunHarness(
            """
            steps:
              - {id: a, command: [x], depends_on: []}
              - {id: b, command: [x], depends_on: []}
              - {id: c, command: [x], depends_on: {any: [a, b]}}
            """)
        harness.end("a", .failed, code: 1)
        #expect(harness.states["c"] == .waiting)
        harness.end("b", .failed, code: 1)
        #expect(harness.states["c"] == .skipped)
        #expect(harness.run.steps[2].reason == "step 'b' did not succeed")
    }

    @Test("'ended' waits for an end, 'failed' for a failure", arguments: [StepState.succeeded, .failed])
    func endedAndFailed(_ end: StepState) throws {
        var harness = try RunHarness(
            """
            steps:
              - {id: a, command: [x], continue_on_failure: true}
              - {id: after, command: [x], depends_on: {ended: [a]}}
              - {id: rescue, command: [x], depends_on: {failed: [a]}}
              - {id: last, command: [x], depends_on: [rescue]}
            """)
        harness.end("a", end, code: end == .failed ? 1 : 0)
        #expect(harness.states["after"] == .running)
        #expect(harness.states["rescue"] == (end == .failed ? .running : .skipped))
        if end == .succeeded {
            #expect(harness.run.steps[2].reason == "step 'a' did not fail")
            #expect(harness.states["last"] == .running, "skipped without a failure counts as done")
        }
    }

    @Test("Handlers have their turn by the outcome, those of 'on_exit' last, and they do not change it")
    func handlers() throws {
        var harness = try RunHarness(
            """
            steps: [{id: a, command: [x]}, {id: b, command: [x]}]
            on_success: [{id: well, command: [x]}]
            on_failure: [{id: tell, command: [x, "${run.failed_steps[0]}"]}]
            on_exit: [{id: clean, command: [x]}]
            """)
        harness.end("a", .failed, code: 3)
        #expect(harness.states == ["a": .failed, "b": .skipped, "well": .waiting, "tell": .running, "clean": .waiting])
        #expect(try harness.run.render(3, number: 1).arguments == ["x", "a"])
        harness.end("tell", .failed, code: 1)
        #expect(harness.running == ["clean"])
        #expect(harness.run.state == .running)
        harness.end("clean", .succeeded)
        #expect(harness.run.state == .failed)
        #expect(harness.run.reason == "step 'a' failed")
        #expect(harness.states["well"] == .skipped)
        #expect(try harness.replayed().reason == "step 'a' failed")
    }

    @Test("A cancelled run has its 'on_cancel', which the cancellation does not stop")
    func cancelHandlers() throws {
        var harness = try RunHarness(
            """
            timeout: 1h
            steps: [{id: a, command: [x]}, {id: b, command: [x]}]
            on_cancel: [{id: undo, command: [x]}]
            """)
        harness.submit(.cancelRequested(CancelRequested(cause: .person, reason: "cancelled by uid 0")))
        harness.end("a", .cancelled)
        #expect(harness.running == ["undo"])
        #expect(harness.run.cancel == nil, "nobody stops the handler for it")
        #expect(harness.states["b"] == .cancelled)
        harness.wait(7200)
        #expect(harness.running == ["undo"], "the run's timeout is for its steps")
        harness.end("undo", .succeeded)
        #expect(harness.run.state == .cancelled)
    }

    @Test("A handler that fails makes a run fail that had succeeded, and a retry runs the handlers anew")
    func failedHandler() throws {
        var harness = try RunHarness(
            "steps: [{id: a, command: [x]}]\non_success: [{id: tell, command: [x]}]")
        harness.end("a", .succeeded)
        harness.end("tell", .failed, code: 1)
        #expect(harness.run.state == .failed)
        #expect(harness.run.reason == "step 'tell' of 'on_success' failed")
        harness.submit(.runResumed(RunResumed(retry: true, requester: Requester(uid: 0))))
        #expect(harness.running == ["tell"])
        harness.end("tell", .succeeded)
        #expect(harness.run.state == .succeeded)
        #expect(harness.run.steps[1].attempts.map(\.number) == [1, 2])
    }

    @Test("An approval waits without a slot, and the answer decides", arguments: [true, false])
    func approval(_ isApproved: Bool) throws {
        var harness = try RunHarness(
            """
            variables: {what: everything}
            max_parallel: 1
            steps:
              - {id: sure, approval: "delete ${what}?"}
              - {id: delete, command: [x]}
              - {id: other, command: [x], depends_on: []}
            """, variables: ["what": "everything"])
        #expect(harness.states == ["sure": .waiting, "delete": .waiting, "other": .running])
        #expect(
            harness.run.steps[0].reason
                == "waits for approval: delete everything? ('pawl approve demo-0000000a sure' says yes, 'pawl reject' no)"
        )
        harness.end("other", .succeeded)
        #expect(harness.run.state == .running)
        let answer = Event.approvalAnswered(
            ApprovalAnswered(
                step: "sure", isApproved: isApproved, requester: Requester(uid: 7),
                comment: isApproved ? nil : "not now"))
        #expect(harness.run.refusal(of: answer) == nil)
        harness.submit(answer)
        #expect(harness.run.refusal(of: answer) != nil, "once is enough")
        #expect(harness.states["sure"] == (isApproved ? .succeeded : .failed))
        #expect(harness.run.steps[0].reason == (isApproved ? "approved by uid 7" : "rejected by uid 7: not now"))
        #expect(harness.states["delete"] == (isApproved ? .running : .skipped))
        #expect(try harness.replayed().steps[0].state == harness.states["sure"])
    }

    @Test("An approval that nobody answers in time has timed out")
    func approvalTimeout() throws {
        var harness = try RunHarness("steps: [{id: sure, approval: go?, timeout: 1min}]")
        #expect(harness.run.wakeTime == harness.now.adding(seconds: 60))
        harness.wait(59)
        #expect(harness.run.state == .running)
        harness.setClock(by: 3600)
        #expect(harness.run.state == .running, "a clock that is set is no time that goes by")
        harness.wait(1)
        #expect(harness.run.state == .failed)
        #expect(harness.run.steps[0].state == .timedOut)
        #expect(harness.run.steps[0].reason == "nobody answered within 1min")
    }
}

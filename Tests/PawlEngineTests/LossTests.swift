import PawlLanguage
import PawlModel
import Testing

@testable import PawlEngine

@Suite("A run whose host was lost")
struct LossTests {
    private static func text(_ recovery: String, _ more: String = "") -> String {
        """
        recovery: \(recovery)
        \(more)
        steps:
          - {id: a, command: ["true"]}
          - {id: b, command: ["true"], depends_on: [a]}
          - {id: c, command: ["true"], depends_on: [a], retry_policy: {max_retries: 3, initial_delay: 60s}}
          - {id: d, command: ["true"], depends_on: [b, c]}
        """
    }

    /// Before the loss `a` has succeeded, `b` runs and `c` waits to be tried again.
    private func harness(_ recovery: String, _ more: String = "") throws -> RunHarness {
        var harness = try RunHarness(LossTests.text(recovery, more))
        harness.end("a", .succeeded)
        harness.end("c", .failed, code: 1)
        harness.epoch = "boot-2"
        harness.decide()
        return harness
    }

    private func kinds(_ harness: RunHarness) -> [Event.Kind] { harness.events.map(\.kind) }

    @Test("With 'restart' all steps are done again in the same run, once for each loss")
    func restart() throws {
        var harness = try harness("restart", "timeout: 1h")
        #expect(!kinds(harness).contains(.hostLost), "an attempt is still to be looked at")
        harness.wait(3000)
        #expect(harness.running == ["b"])
        harness.end("b", .interrupted)
        #expect(kinds(harness).count { $0 == .hostLost } == 1)
        #expect(harness.running == ["a"])
        #expect(harness.run.steps.map(\.attempts.count) == [2, 1, 1, 0])
        #expect(harness.run.stepsDone == 0)
        // The pause of an attempt before the loss is over, and so is its count of tries; the timeout is counted anew.
        harness.wait(3000)
        harness.end("a", .succeeded)
        #expect(harness.running == ["b", "c"])
        harness.epoch = "boot-3"
        harness.end("b", .interrupted)
        harness.end("c", .succeeded)
        #expect(kinds(harness).count { $0 == .hostLost } == 2)
        #expect(harness.run.steps.map(\.attempts.count) == [3, 2, 2, 0])
        for step in ["a", "b", "c", "d"] { harness.end(step, .succeeded) }
        #expect(harness.run.state == .succeeded)
        #expect(kinds(harness).count { $0 == .hostLost } == 2)
        #expect(try harness.replayed().state == .succeeded)
    }

    @Test("With 'fail' the run fails with that reason, what was lost is told, and the handlers have their turn")
    func fail() throws {
        var harness = try harness("fail", "on_failure: [{id: tell, command: [\"true\"]}]")
        harness.end("b", .interrupted)
        #expect(harness.running == ["tell"])
        #expect(harness.states["b"] == .interrupted)
        #expect(harness.states["c"] == .skipped)
        harness.end("tell", .succeeded)
        #expect(harness.run.state == .failed)
        #expect(harness.run.reason?.contains("the host was lost") == true)
        // A retry is a decision of a person's after the loss.
        harness.submit(.runResumed(RunResumed(retry: true, requester: Requester(uid: 0), epoch: "boot-2")))
        #expect(harness.running == ["b", "c"])
    }

    @Test("With 'resume', and over a mere restart of pawld, a run goes on from where it was")
    func resume() throws {
        var harness = try harness("resume")
        harness.end("b", .succeeded)
        harness.wait(60)
        #expect(harness.running == ["c"])
        #expect(!kinds(harness).contains(.hostLost))
        for recovery in ["restart", "fail"] {
            var same = try RunHarness(LossTests.text(recovery))
            same.end("a", .interrupted)
            #expect(same.run.isStopped)
            #expect(!kinds(same).contains(.hostLost))
        }
    }

    @Test("A cancelled run, a stopped one and handlers are none that the loss changes")
    func others() throws {
        var cancelled = try RunHarness(LossTests.text("restart"))
        cancelled.submit(.cancelRequested(CancelRequested(cause: .person)))
        cancelled.epoch = "boot-2"
        cancelled.end("a", .cancelled)
        #expect(cancelled.run.state == .cancelled)

        var stopped = try RunHarness(LossTests.text("fail"))
        stopped.end("a", .interrupted)
        stopped.epoch = "boot-2"
        stopped.decide()
        #expect(stopped.run.isStopped)
        stopped.submit(.runResumed(RunResumed(retry: false, requester: Requester(uid: 0), epoch: "boot-2")))
        #expect(stopped.running == ["a"])

        var handler = try RunHarness(
            "recovery: fail\nsteps: [{id: a, command: [\"true\"]}]\n"
                + "on_success: [{id: tell, interrupted: rerun, command: [\"true\"]}]")
        handler.end("a", .succeeded)
        handler.epoch = "boot-2"
        handler.end("tell", .interrupted)
        handler.end("tell", .succeeded)
        #expect(handler.run.state == .succeeded)
    }

    @Test("A run that waited for its first approval when the host was lost is lost as well")
    func approval() throws {
        let text = "recovery: fail\nsteps: [{id: a, approval: go?}]"
        var created = try RunHarness(text).run.created
        created.epoch = "boot-1"
        var run = try Run(
            id: RunID(rawValue: "0000000a")!, created: created, at: Timestamp(microseconds: 1_700_000_000_000_000))
        func decide(_ epoch: String) {
            let context = DecisionContext(
                now: Timestamp(microseconds: 1_700_000_001_000_000), epoch: epoch, random: { 0 })
            while let event = run.nextDecision(context) { run.apply(event, at: context.now) }
        }
        decide("boot-1")
        #expect(run.approvals == [0])
        decide("boot-2")
        #expect(run.state == .failed)
    }
}

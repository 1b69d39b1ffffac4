import PawlLanguage
import PawlModel
import Testing

@testable import PawlEngine

@Suite("A paused run")
struct PauseTests {
    private static let text = """
        timeout: 100
        steps:
          - {id: a, command: [x], timeout: 50}
          - {id: b, command: [x]}
        """

    private func pause(_ harness: inout RunHarness) {
        harness.submit(.runPaused(RunPaused(requester: Requester(uid: 7))))
    }

    private func unpause(_ harness: inout RunHarness) {
        harness.submit(.runUnpaused(RunUnpaused(requester: Requester(uid: 7))))
    }

    @Test("It starts nothing, takes what ends all the same, and judges that once it goes on")
    func still() throws {
        var harness = try RunHarness(PauseTests.text)
        pause(&harness)
        #expect(harness.run.state == .paused)
        #expect(
            harness.run.reason
                == "paused by uid 7: 'pawl unpause demo-0000000a' goes on, 'pawl cancel demo-0000000a' ends it")
        harness.end("a", .succeeded)
        #expect(harness.run.state == .paused)
        #expect(harness.run.running.isEmpty)
        #expect(harness.states["b"] == .waiting)
        unpause(&harness)
        #expect(harness.run.state == .running)
        #expect(harness.run.reason == nil)
        #expect(harness.running == ["b"])
        harness.end("b", .succeeded)
        #expect(harness.run.state == .succeeded)
        let again = try harness.replayed()
        #expect(again.state == .succeeded)
        #expect(again.wasPaused)
    }

    @Test("No time passes for it: neither its own timeout runs out, nor that of a step that runs")
    func time() throws {
        var harness = try RunHarness(PauseTests.text)
        harness.wait(10)
        pause(&harness)
        #expect(harness.run.wakeTime == nil)
        harness.wait(1000)
        #expect(harness.run.state == .paused)
        unpause(&harness)
        #expect(harness.run.steps[0].attempts.last?.pausedSeconds == 1000)
        harness.wait(89)
        #expect(harness.run.state == .running)
        #expect(harness.run.cancel == nil)
        harness.wait(1)
        #expect(harness.run.cancel?.request.cause == .timeout)
    }

    @Test("A pause between two tries, and a question, wait along with it")
    func moments() throws {
        var harness = try RunHarness(
            """
            steps:
              - {id: a, command: [x], depends_on: [], retry_policy: {max_retries: 1, initial_delay: 10, jitter: 0}}
              - {id: b, approval: "yes?", depends_on: [], timeout: 20}
            """)
        harness.end("a", .failed, code: 1)
        harness.wait(5)
        pause(&harness)
        harness.wait(100)
        unpause(&harness)
        #expect(harness.running == [])
        #expect(harness.states["b"] == .waiting)
        harness.wait(5)
        #expect(harness.running == ["a"])
        harness.wait(9)
        #expect(harness.states["b"] == .waiting)
        harness.wait(1)
        #expect(harness.states["b"] == .timedOut)
    }

    @Test("A clock that is set meanwhile makes the pause no longer")
    func clock() throws {
        var harness = try RunHarness(PauseTests.text)
        pause(&harness)
        harness.wait(10)
        harness.setClock(by: 86_400)
        harness.wait(10)
        unpause(&harness)
        #expect(harness.run.steps[0].attempts.last?.pausedSeconds == 20)
    }

    @Test("It can be cancelled, and pausing or going on twice is refused")
    func refusals() throws {
        var harness = try RunHarness(PauseTests.text)
        let (pausing, goingOn) = (
            Event.runPaused(RunPaused(requester: Requester(uid: 0))),
            Event.runUnpaused(RunUnpaused(requester: Requester(uid: 0)))
        )
        #expect(harness.run.refusal(of: goingOn) == "the run 'demo-0000000a' is running: it is not paused")
        pause(&harness)
        #expect(harness.run.refusal(of: pausing) == "the run 'demo-0000000a' is paused already")
        harness.submit(.cancelRequested(CancelRequested(cause: .person, reason: "enough")))
        #expect(harness.run.state == .running)
        #expect(harness.run.refusal(of: pausing) == "the run 'demo-0000000a' is being cancelled")
        harness.end("a", .cancelled)
        #expect(harness.run.state == .cancelled)
        #expect(harness.run.refusal(of: pausing) == "the run 'demo-0000000a' was cancelled already")
    }

    @Test("One that waits for a person is paused too, and waits again afterwards")
    func stopped() throws {
        var harness = try RunHarness(PauseTests.text)
        harness.take(.runStopped(RunStopped(reason: "asks")))
        pause(&harness)
        #expect(harness.run.state == .paused)
        #expect(harness.run.refusal(of: .runResumed(RunResumed(retry: false, requester: Requester(uid: 0)))) != nil)
        unpause(&harness)
        #expect(harness.run.state == .stopped)
        #expect(harness.run.reason == "asks")
    }
}

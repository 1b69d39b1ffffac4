import PawlModel
import Testing

@testable import PawlEngine

@Suite("Steps that were interrupted together")
struct InterruptedTests {
    @Test("A resume answers for the steps that ask; the others go on as they say themselves")
    func resumeAfterSeveral() throws {
        var harness = try RunHarness(
            """
            steps:
              - {id: ask, command: ["true"], depends_on: [], interrupted: ask}
              - {id: fail, command: ["true"], depends_on: [], interrupted: fail, continue_on_failure: true}
              - {id: rerun, command: ["true"], depends_on: [], interrupted: rerun}
              - {id: after, command: ["true"], depends_on: [ask, fail]}
            """)
        // As the host was lost: none is judged before all have ended.
        for step in ["ask", "fail", "rerun"] {
            let outcome = AttemptOutcome(state: .interrupted, reason: "the host was lost while it ran")
            harness.take(.attemptEnded(AttemptEnded(step: step, number: 1, outcome: outcome)))
        }
        harness.decide()
        #expect(harness.run.state == .stopped)
        harness.submit(.runResumed(RunResumed(retry: false, requester: Requester(uid: 0))))
        #expect(harness.states["fail"] == .interrupted)
        #expect(harness.running == ["ask", "rerun"])
        #expect(harness.run.stepsDone == 1)
        for step in ["ask", "rerun", "after"] { harness.end(step, .succeeded) }
        #expect(harness.run.state == .succeeded)
        #expect(try harness.replayed().state == .succeeded)
    }
}

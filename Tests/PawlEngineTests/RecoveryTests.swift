import PawlLanguage
import PawlModel
import Testing

@testable import PawlEngine

@Suite("A run that is made again of its events")
struct RecoveryTests {
    static let text = """
        steps:
          - id: a
            command: ["true"]
            retry_policy: {max_retries: 2, backoff_type: fixed, initial_delay: 10s}
          - {id: b, command: ["true"], interrupted: rerun}
          - {id: c, command: ["true"]}
        """

    /// A run in which every kind of decision is met but a cancellation.
    private func eventful() throws -> RunHarness {
        var harness = try RunHarness(RecoveryTests.text)
        for _ in 0..<3 {
            harness.end("a", .failed, code: 1)
            harness.wait(10)
        }
        harness.submit(.runResumed(RunResumed(retry: true, requester: Requester(uid: 0))))
        harness.end("a", .failed, code: 1)
        harness.wait(10)
        harness.end("a", .succeeded)
        harness.end("b", .interrupted)
        harness.end("b", .succeeded)
        harness.end("c", .interrupted)
        harness.submit(.runResumed(RunResumed(retry: false, requester: Requester(uid: 0))))
        harness.end("c", .succeeded)
        harness.submit(.runResumed(RunResumed(retry: true, from: "b", requester: Requester(uid: 0))))
        harness.end("b", .succeeded)
        harness.end("c", .succeeded)
        return harness
    }

    @Test("Wherever pawld is killed, the next one decides what the one before decided, and nothing more")
    func everyPrefix() throws {
        let harness = try eventful()
        #expect(harness.run.state == .succeeded)
        var decisions = 0
        for count in 1..<harness.events.count {
            var run = try Run(id: harness.run.id, created: harness.run.created, at: harness.times[0])
            for place in 1..<count { run.apply(harness.events[place], at: harness.times[place]) }
            let next = harness.events[count]
            let isFromOutside = next.kind == .attemptEnded || next.kind == .runResumed
            let now = harness.times[isFromOutside ? count - 1 : count]
            let decided = run.nextDecision(DecisionContext(now: now, epoch: harness.epoch, random: { 0 }))
            #expect(decided == (isFromOutside ? nil : next), "after \(count) events")
            if decided != nil { decisions += 1 }
        }
        #expect(decisions > 20)
    }

    @Test("There is no pause after the last attempt, and what failed before a kill is counted after it")
    func lastAttempt() throws {
        var harness = try RunHarness(RecoveryTests.text)
        for _ in 0..<2 {
            harness.end("a", .failed, code: 1)
            harness.wait(10)
        }
        var again = try harness.replayed()
        let outcome = AttemptOutcome(state: .failed, exitCode: 1, ended: harness.now)
        again.apply(.attemptEnded(AttemptEnded(step: "a", number: 3, outcome: outcome)), at: harness.now)
        let next = again.nextDecision(DecisionContext(now: harness.now, epoch: "boot-1", random: { 0 }))
        guard case .stepEnded(let body) = next else {
            Issue.record("the step goes on: \(String(describing: next))")
            return
        }
        #expect(body.state == .failed)
        #expect(again.steps[0].attempts.count == 3)
    }

    @Test("What the workflow says of interrupted steps holds for all that say nothing themselves")
    func interruptedOfTheWorkflow() throws {
        var harness = try RunHarness(
            """
            interrupted: rerun
            steps:
              - {id: a, command: ["true"], depends_on: []}
              - {id: b, command: ["true"], depends_on: [], interrupted: fail}
            """)
        harness.end("a", .interrupted)
        harness.end("b", .interrupted)
        #expect(harness.states == ["a": .running, "b": .interrupted])
        #expect(harness.run.steps[0].attempts.count == 2)
    }

    @Test("The timeout of a run counts on while there was no pawld")
    func timeoutCountsOn() throws {
        var harness = try RunHarness("timeout: 1h\n" + RecoveryTests.text)
        harness.wait(1800)
        var again = try harness.replayed()
        let late = harness.now.adding(seconds: 1800)
        let early = harness.now.adding(seconds: 1799)
        #expect(again.nextDecision(DecisionContext(now: early, epoch: "boot-2", random: { 0 })) == nil)
        let next = again.nextDecision(DecisionContext(now: late, epoch: "boot-2", random: { 0 }))
        guard case .cancelRequested(let body) = next else {
            Issue.record("the run goes on: \(String(describing: next))")
            return
        }
        #expect(body.cause == .timeout)
    }
}

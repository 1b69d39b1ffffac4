import PawlModel
import Testing

@testable import PawlEngine

@Suite("What says that work is done")
struct DoneWhenTests {
    private func harness(_ interrupted: String = "") throws -> RunHarness {
        try RunHarness(
            """
            variables: {port: 80}
            steps:
              - id: a
                command: [serve, "${port}"]
                done_when: [{port: "127.0.0.1:${port}", interval: 2s}, {file: /x, consecutive: 3}]
                \(interrupted)
              - {id: b, command: [x], when: "${a.state == 'skipped'}"}
            """, variables: ["port": 80])
    }

    @Test("The plan has the probes with their values, and the program stands behind pawl-step")
    func plan() throws {
        let command = try harness().run.render(0, number: 1)
        let folder = "/var/lib/pawl/runs/0000000a/a.1"
        #expect(command.arguments == ["/usr/libexec/pawl/pawl-step", folder + "/plan", "--", "serve", "80"])
        #expect(command.program == "serve")
        var plan = StepPlan(report: folder + "/io/report")
        plan.probes = [Probe(.port("127.0.0.1:80")), Probe(.file("/x"))]
        (plan.interval, plan.consecutive) = (2, 3)
        #expect(command.plan == plan)
    }

    @Test("A step that only waits has a plan and a time, and no program")
    func wait() throws {
        let command = try RunHarness("steps: [{id: a, done_when: {unit: x.service}}]").run.render(0, number: 1)
        #expect(command.arguments.count == 2)
        #expect(command.timeout == .seconds(300))
    }

    @Test("Work that was done before is skipped, which counts as done")
    func before() throws {
        var harness = try harness()
        harness.give("a", .skipped)
        #expect(harness.states == ["a": .skipped, "b": .running])
    }

    @Test("An interrupted step begins again with asking, where nothing else is said")
    func rerun() throws {
        var harness = try harness()
        harness.give("a", .interrupted)
        #expect(harness.running == ["a"])
        #expect(try harness.run.render(0, number: 2).plan?.asksOnly == false)
    }

    @Test("With 'ask' and 'fail' an attempt asks first, and what it finds decides", arguments: ["ask", "fail"])
    func asks(_ policy: String) throws {
        var harness = try harness("interrupted: \(policy)")
        harness.give("a", .interrupted)
        #expect(harness.running == ["a"])
        let command = try harness.run.render(0, number: 2)
        #expect(command.plan?.asksOnly == true)
        #expect(command.arguments.count == 2, "the work does not begin again by itself")
        var done = harness
        done.give("a", .skipped)
        #expect(done.states["a"] == .succeeded)
        #expect(done.run.state == .succeeded)
        #expect(try done.replayed().state == .succeeded)
        harness.give("a", .interrupted)
        #expect(try harness.run.render(0, number: 3).plan?.asksOnly == true, "asked again after another loss")
        harness.give("a", .failed)
        #expect(harness.run.state == (policy == "ask" ? .stopped : .failed))
        #expect(harness.states["a"] == .interrupted)
        #expect(try harness.replayed().state == harness.run.state)
        guard policy == "ask" else { return }
        harness.submit(.runResumed(RunResumed(retry: false, requester: Requester(uid: 0))))
        #expect(try harness.run.render(0, number: 4).plan?.asksOnly == false, "the answer was: go on")
        #expect(try harness.replayed().running == harness.run.running)
    }

    @Test("Who retries a run, or lets it begin anew, has decided: the work is done again and not only asked for")
    func openedAgain() throws {
        var cancelled = try harness("interrupted: fail")
        cancelled.take(.cancelRequested(CancelRequested(cause: .person)))
        cancelled.give("a", .interrupted)
        #expect(cancelled.run.state == .cancelled)
        cancelled.submit(.runResumed(RunResumed(retry: true, requester: Requester(uid: 0))))
        #expect(try cancelled.run.render(0, number: 2).plan?.asksOnly == false)
        #expect(try cancelled.replayed().render(0, number: 2).plan?.asksOnly == false)
    }
}

import PawlLanguage
import PawlModel
import Testing

@testable import PawlEngine

@Suite("Runs that are steps of others")
struct ChildTests {
    private static let other = """
        variables: {size: {type: integer, required: true}, name: x}
        outputs: {bytes: "${size * 2}", whole: ["${name}", "${a.state}"]}
        steps: [{id: a, command: [x, "${size}"]}]
        """

    private func created(_ text: String, children: [String: String] = ["other": other]) -> RunCreated {
        var created = RunCreated(
            workflow: "demo", file: "/w/demo.yaml", text: text, variables: [:], requester: Requester(uid: 7),
            folder: "/var/lib/pawl/runs/0000000a", maxParallel: 4, host: RunHarness.host, epoch: "boot-1")
        created.children = children.sorted { $0.key < $1.key }.map {
            ChildDefinition(
                workflow: $0, source: WorkflowSource(SourceFile(file: "/w/\($0).yaml", text: $1)))
        }
        return created
    }

    private func harness(_ text: String, children: [String: String] = ["other": other]) throws -> RunHarness {
        try RunHarness(created(text, children: children))
    }

    /// The run of the attempt that goes on.
    private func child(_ harness: RunHarness, _ place: Place = 0) throws -> Run {
        let attempt = try #require(harness.run.runningAttempt(of: place))
        let made = try harness.run.make(
            try #require(attempt.child), at: place, number: attempt.number, epoch: harness.epoch)
        return Run(id: try #require(attempt.child).id, created: made.created, workflow: made.workflow, at: harness.now)
    }

    private func decide(_ run: inout Run, _ harness: RunHarness) {
        let context = DecisionContext(now: harness.now, epoch: harness.epoch, random: { 0 })
        while let event = run.nextDecision(context) { run.apply(event, at: harness.now) }
    }

    /// Runs a run to the end of its only step.
    private func finish(_ run: inout Run, _ harness: RunHarness, _ state: StepState = .succeeded) {
        decide(&run, harness)
        let outcome = AttemptOutcome(state: state, exitCode: state == .succeeded ? 0 : 3, reason: "exit status 3")
        run.apply(.attemptEnded(AttemptEnded(step: "a", number: 1, outcome: outcome)), at: harness.now)
        decide(&run, harness)
    }

    @Test("Its first event has all that it will know: texts, values, the run above it, and what bounds it")
    func made() throws {
        let harness = try harness(
            """
            slice: {MemoryMax: "1G", CPUQuota: 50%}
            steps:
              - {id: one, workflow: other, timeout: 90s, with: {size: 3, name: "${run.name}"}}
            """)
        let attempt = try #require(harness.run.runningAttempt(of: 0))
        let id = RunID(childOf: AttemptName(run: harness.run.id, step: "one", number: 1))
        #expect(attempt.child == ChildRun(id: id, workflow: "other"))
        #expect(attempt.unit == "pawl-0000000a-\(id).slice")
        let child = try child(harness)
        #expect(child.created.variables == ["size": 3, "name": "demo-0000000a"])
        #expect(child.created.folder == "/var/lib/pawl/runs/\(id)" && child.created.uid == 7)
        #expect(child.created.children == nil, "it runs none itself")
        let parent = try #require(child.created.parent)
        #expect(parent.name == "demo-0000000a" && parent.step == "one" && parent.attempt == 1 && parent.timeout == 90)
        #expect(child.slice == attempt.unit)
        var run = child
        decide(&run, harness)
        let command = try run.render(0, number: 1)
        #expect(command.slice == attempt.unit)
        #expect(command.above.map(\.name) == ["pawl-0000000a.slice"])
        #expect(command.above[0].limits.contains(UnitSetting(name: "MemoryMax", value: .unsigned64(1 << 30))))
        #expect(try harness.replayed().running == harness.run.running)
    }

    @Test("Its end is the attempt's: what it gives is handed up, and a failure says which run it was")
    func end() throws {
        let text = """
            steps:
              - {id: one, workflow: other, with: {size: 3}}
              - {id: two, command: [x, "${one.outputs.bytes + 1}", "${one.outputs.whole[1]}"]}
            """
        var harness = try harness(text)
        var child = try child(harness)
        finish(&child, harness)
        #expect(child.state == .succeeded && child.outputs == ["bytes": 6, "whole": .list(["x", "succeeded"])])
        let outcome = harness.run.outcome(of: child, isWanted: false)
        harness.submit(.attemptEnded(AttemptEnded(step: "one", number: 1, outcome: outcome)))
        #expect(harness.states == ["one": .succeeded, "two": .running])
        #expect(try harness.run.render(1, number: 1).arguments == ["x", "7", "succeeded"])

        var failing = try self.harness(text)
        var other = try self.child(failing)
        finish(&other, failing, .failed)
        let failure = failing.run.outcome(of: other, isWanted: false)
        failing.submit(.attemptEnded(AttemptEnded(step: "one", number: 1, outcome: failure)))
        #expect(failing.states == ["one": .failed, "two": .skipped])
        #expect(failing.run.steps[0].reason == "run \(other.name) failed: step 'a' failed")
    }

    @Test("Cancelled by hand it is a failure of its step; cancelled with the run above it is cancelled")
    func cancelled() throws {
        var harness = try harness("steps: [{id: one, workflow: other, with: {size: 3}}]")
        var child = try child(harness)
        child.apply(.cancelRequested(CancelRequested(cause: .person, reason: "cancelled by uid 0")), at: harness.now)
        finish(&child, harness, .cancelled)
        #expect(child.state == .cancelled)
        #expect(harness.run.outcome(of: child, isWanted: false).state == .failed)
        #expect(harness.run.outcome(of: child, isWanted: true).state == .cancelled)
        let context = DecisionContext(now: harness.now, epoch: "boot-1", random: { 0 })
        #expect(!harness.run.endsChildren(context))
        harness.submit(.cancelRequested(CancelRequested(cause: .person)))
        #expect(harness.run.endsChildren(context) && harness.run.state == .running)
        harness.submit(
            .attemptEnded(
                AttemptEnded(step: "one", number: 1, outcome: harness.run.outcome(of: child, isWanted: true))))
        #expect(harness.run.state == .cancelled)
    }

    @Test("The timeout of the step ends the run, unless its workflow's own is less")
    func timeout() throws {
        for (own, expected) in [
            (nil, "the timeout of step 'one' of 'demo-0000000a', 30s, ran out"),
            ("10s", "the run's timeout of 10s ran out"),
        ] as [(String?, String)] {
            let other = (own.map { "timeout: \($0)\n" } ?? "") + ChildTests.other
            var harness = try harness(
                "steps: [{id: one, workflow: other, timeout: 30s, with: {size: 3}}]", children: ["other": other])
            var child = try child(harness)
            decide(&child, harness)
            #expect(child.wakeTime == harness.now.adding(seconds: own == nil ? 30 : 10))
            harness.now = harness.now.adding(seconds: 31)
            decide(&child, harness)
            #expect(child.cancel?.request.cause == .timeout)
            let outcome = AttemptOutcome(state: .cancelled)
            child.apply(.attemptEnded(AttemptEnded(step: "a", number: 1, outcome: outcome)), at: harness.now)
            decide(&child, harness)
            #expect(child.state == .timedOut)
            let end = harness.run.outcome(of: child, isWanted: false)
            #expect(end.state == .timedOut && end.reason == "run \(child.name) timed out: \(expected)")
        }
    }

    @Test("Each attempt and each item is a run of its own, and a retry makes another one")
    func attempts() throws {
        var harness = try harness(
            """
            steps:
              - id: one
                foreach: [1, 2]
                workflow: other
                with: {size: "${item}"}
                retry_policy: {max_retries: 1, initial_delay: 1s}
            """)
        let first = try child(harness, Place(0, item: 0)), second = try child(harness, Place(0, item: 1))
        #expect(first.created.variables["size"] == 1 && second.created.variables["size"] == 2)
        #expect(first.id != second.id && second.created.parent?.item == 1)
        harness.give("one", item: 0, .failed)
        harness.wait(1)
        let again = try child(harness, Place(0, item: 0))
        #expect(again.id != first.id && again.created.parent?.attempt == 2)
        harness.give("one", item: 0, .failed)
        harness.give("one", item: 1)
        #expect(harness.run.state == .failed)
        harness.submit(.runResumed(RunResumed(retry: true, requester: Requester(uid: 0))))
        #expect(try child(harness, Place(0, item: 0)).created.parent?.attempt == 3)
        #expect(harness.run.runningAttempt(of: Place(0, item: 1)) == nil)
    }

    @Test("What does not fit the other workflow's variables fails the step, with the words")
    func misfit() throws {
        let harness = try harness(
            """
            steps:
              - {id: one, command: [x]}
              - {id: two, depends_on: [], workflow: other, with: {size: "${run.name}"}}
              - {id: three, depends_on: [], workflow: other, with: {size: "${one.attempts / 0}"}}
              - {id: four, depends_on: [], workflow: gone}
            """.replacing("${one.attempts / 0}", with: "${1 / 0}"))
        #expect(
            harness.run.steps.map(\.reason) == [
                nil,
                "workflow 'other' was not started: variable 'size' takes a whole number, not 'demo-0000000a'",
                harness.run.steps[2].reason,
                "workflow 'gone' was not started: the run 'demo-0000000a' keeps no text of it",
            ])
        #expect(harness.run.steps[2].reason?.hasPrefix("workflow 'other' was not started: with size: ") == true)
    }

    @Test("Workflows that run one another stop eight deep")
    func depth() throws {
        let text = "steps: [{id: one, when: \"${true}\", workflow: demo}]"
        var harness = try harness(text, children: ["demo": text])
        for depth in 1...8 {
            let child = try child(harness)
            #expect(child.created.parent?.above.count == depth)
            #expect(child.created.children == harness.run.created.children)
            var next = try RunHarness(child.created)
            next.now = harness.now
            harness = next
        }
        #expect(harness.run.state == .failed)
        let names = Array(repeating: "demo", count: 10).joined(separator: " > ")
        #expect(
            harness.run.steps[0].reason
                == "workflow 'demo' was not started: workflows run one another more than 8 deep: \(names)")
    }

    @Test("It is not retried by itself, and says what to retry")
    func retry() throws {
        let harness = try harness("steps: [{id: one, workflow: other, with: {size: 3}}]")
        var child = try child(harness)
        finish(&child, harness, .failed)
        #expect(
            child.refusal(of: .runResumed(RunResumed(retry: true, requester: Requester(uid: 0))))
                == "the run '\(child.name)' is step 'one' of 'demo-0000000a': 'pawl retry demo-0000000a' makes a new one"
        )
    }

    @Test("A run that begins anew or fails since its host was lost has what runs below it ended first")
    func loss() throws {
        var harness = try harness("recovery: restart\nsteps: [{id: one, workflow: other, with: {size: 3}}]")
        harness.epoch = "boot-2"
        harness.decide()
        let context = DecisionContext(now: harness.now, epoch: "boot-2", random: { 0 })
        #expect(harness.run.endsChildren(context))
        let end = AttemptOutcome(state: .cancelled, reason: "cancelled")
        harness.submit(.attemptEnded(AttemptEnded(step: "one", number: 1, outcome: end)))
        #expect(harness.run.runningAttempt(of: 0)?.number == 2)
        #expect(!harness.run.endsChildren(context))
    }

    @Test("Outputs that cannot be told fail the run before its handlers are chosen")
    func outputs() throws {
        var harness = try RunHarness(
            """
            outputs: {n: "${a.outputs.n + 1}"}
            steps: [{id: a, command: [x]}]
            on_failure: [{id: sorry, command: [x]}]
            """)
        harness.give("a", outputs: ["n": "many"])
        #expect(harness.states["sorry"] == .running)
        harness.end("sorry", .succeeded)
        #expect(harness.run.state == .failed)
        #expect(harness.run.reason?.hasPrefix("its output 'n' cannot be told: ") == true)
    }
}

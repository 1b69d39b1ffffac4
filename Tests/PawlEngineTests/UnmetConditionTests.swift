import PawlLanguage
import PawlModel
import Testing

@testable import PawlEngine

@Suite("What a condition of a step's unit that does not hold means for the step")
struct UnmetConditionTests {
    private func harness(_ step: String, after more: String = "") throws -> RunHarness {
        try RunHarness("steps:\n  - {id: a, command: [work], \(step)}\n\(more)")
    }

    private func outcome(
        _ harness: RunHarness, number: Int = 1, _ unmet: UnmetCondition = .condition, isCancelled: Bool = false
    ) throws -> AttemptOutcome {
        try harness.run.render(0, number: number).outcome(unmet: unmet, isCancelled: isCancelled)
    }

    @Test("It is skipped and counts as done, its undo has nothing to take back, and a retry opens it again")
    func skipped() throws {
        var harness = try harness(
            "unit: {ConditionPathExists: \"${workflow.folder}/x\"}, undo: {command: [drop]}",
            after: "  - {id: b, command: [work]}\n")
        let outcome = try outcome(harness)
        #expect(outcome.reason == "condition of its unit not met: ConditionPathExists=/etc/pawl/workflows/x")
        harness.submit(.attemptEnded(AttemptEnded(step: "a", number: 1, outcome: outcome)))
        #expect(harness.running == ["b"])
        harness.give("b", .failed)
        #expect(harness.states["a"] == .skipped)
        #expect(harness.run.steps[0].reason == outcome.reason)
        #expect(harness.run.undoPlan().entries.isEmpty)
        #expect(try harness.replayed().state == .failed)
        harness.submit(.runResumed(RunResumed(retry: true, requester: Requester(uid: 0))))
        #expect(harness.running == ["a"], "by now it may hold")
    }

    @Test("An assertion makes it fail; a cancelled run's step is cancelled")
    func others() throws {
        let harness = try harness("unit: {AssertUser: root, AssertPathExists: [/x, \"|!/y\"], ConditionACPower: true}")
        let failed = try outcome(harness, .assertion)
        #expect(failed.state == .failed)
        #expect(
            failed.reason == "assertion of its unit not met, one of AssertUser=root, AssertPathExists=/x, "
                + "AssertPathExists=|!/y; 'journalctl -u pawl-step-0000000a.a.1.service' tells which")
        #expect(try outcome(harness).reason == "condition of its unit not met: ConditionACPower=true")
        #expect(try outcome(harness, isCancelled: true).state == .cancelled)
    }

    @Test("What has failed stays failed if a condition keeps it from being tried again; what was lost may be skipped")
    func afterFailure() throws {
        let step =
            "retry_policy: {max_retries: 3, initial_delay: 0s}, interrupted: rerun, "
            + "unit: {ConditionPathExists: \"!/x\"}"
        var harness = try harness(step, after: "  - {id: b, command: [work]}\n")
        func pass(_ harness: inout RunHarness, _ number: Int) throws {
            let outcome = try outcome(harness, number: number)
            harness.submit(.attemptEnded(AttemptEnded(step: "a", number: number, outcome: outcome)))
        }
        var lost = harness
        harness.end("a", .failed, code: 7)
        harness.wait(0)
        try pass(&harness, 2)
        #expect(harness.states["a"] == .failed)
        let reason = "exit status 7; not tried again: condition of its unit not met: ConditionPathExists=!/x"
        #expect(harness.run.steps[0].reason == reason)
        #expect(harness.run.state == .failed && harness.states["b"] == .skipped)
        #expect(try harness.replayed().steps[0].reason == reason)
        harness.submit(.runResumed(RunResumed(retry: true, requester: Requester(uid: 0))))
        try pass(&harness, 3)
        #expect(harness.states["a"] == .skipped, "whoever retries it has seen the failure")
        lost.give("a", .interrupted)
        lost.wait(0)
        try pass(&lost, 2)
        #expect(lost.states["a"] == .skipped)
        #expect(lost.running == ["b"])
    }

    @Test("An attempt that only asks whether the work is done has none, and one that does it again has them")
    func asking() throws {
        let unit = "unit: {ConditionPathExists: /x, Nice: 3}, done_when: {file: /srv/x}, "
        var asked = try harness(unit + "interrupted: fail")
        asked.give("a", .interrupted)
        asked.wait(0)
        let command = try asked.run.render(0, number: 2)
        #expect(command.plan?.asksOnly == true)
        #expect(command.conditions(.condition).isEmpty && command.settings.count == 1)
        var again = try harness(unit + "interrupted: rerun")
        again.give("a", .interrupted)
        again.wait(0)
        #expect(try again.run.render(0, number: 2).conditions(.condition).count == 1)
    }

    @Test("What takes a step back does not wait for what the step waited for, unless it says so itself")
    func undo() throws {
        var harness = try RunHarness(
            """
            steps:
              - {id: a, command: [work], unit: {ConditionPathExists: "!/x", Nice: 3}, undo: {command: [drop]}}
              - {id: b, command: [work], undo: {command: [drop], unit: {AssertPathExists: /y}}}
            """)
        harness.give("a")
        harness.give("b")
        var created = harness.run.created
        created.undo = harness.run.undoPlan()
        let undo = try RunHarness(created).run
        #expect(try undo.render(0, number: 1).conditions(.assertion).count == 1)
        let first = try undo.render(1, number: 1)
        #expect(first.conditions(.condition).isEmpty && first.settings.count == 1)
    }

    @Test("A step takes back what the workflow says by an empty list")
    func takenBack() throws {
        let run = try RunHarness(
            """
            unit: {ConditionPathExists: /x}
            steps: [{id: a, command: [work], unit: {ConditionPathExists: []}}, {id: b, command: [work]}]
            """
        ).run
        #expect(try run.render(0, number: 1).settings.isEmpty)
        #expect(try run.render(1, number: 1).settings.count == 1)
    }

    @Test("A value that is no condition is a fault of the step that names it")
    func value() throws {
        let harness = try RunHarness(
            "variables: {p: x}\nsteps: [{id: a, command: [work], unit: {ConditionPathExists: \"!${p}\"}}]",
            variables: ["p": "x"])
        #expect(harness.states["a"] == .failed)
        #expect(harness.run.steps[0].reason?.contains("ConditionPathExists: 'ConditionPathExists' takes") == true)
    }

    @Test("A condition of a step that starts a service is asked before that, and is none of the service's")
    func service() throws {
        let harness = try harness("service: true, unit: {ConditionPathExists: /x, Nice: 3}")
        let command = try harness.run.render(0, number: 1)
        #expect(command.conditions(.condition).map(\.text) == ["ConditionPathExists=/x"])
        #expect(command.settings.count == 1)
        guard case .service(let plan)? = command.plan?.turn else { throw RenderFault(description: "no service") }
        #expect(plan.properties.contains("Nice=3"))
        #expect(!plan.properties.contains { $0.hasPrefix("Condition") })
    }

    @Test("What restricts the steps' programs does not restrict a reboot")
    func reboot() throws {
        let run = try RunHarness(
            "unit: {ConditionPathExists: /x, User: nobody}\nsteps: [{id: a, reboot: true}, {id: b, command: [x]}]"
        ).run
        #expect(try run.render(0, number: 1).settings.isEmpty)
        #expect(try run.render(1, number: 1).settings.count == 2)
    }
}

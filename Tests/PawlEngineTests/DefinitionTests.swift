import PawlLanguage
import PawlModel
import Testing

@testable import PawlEngine

@Suite("A run that goes on with another definition")
struct DefinitionTests {
    static let text = """
        steps:
          - {id: a, command: ["true"]}
          - {id: b, command: ["true"]}
          - {id: c, command: ["true"]}
        """

    /// The event that gives a run another text.
    private func resumed(
        _ run: Run, _ text: String, retry: Bool = true, from: String? = nil, variables: [String: Value]? = nil
    ) -> RunResumed {
        var definition = run.created
        definition.text = text
        if let variables { definition.variables = variables }
        return RunResumed(
            retry: retry, from: from, requester: Requester(uid: 0), epoch: "boot-1", definition: definition)
    }

    /// A run of which `a` has succeeded and `b` has failed.
    private func failed(_ text: String = DefinitionTests.text) throws -> RunHarness {
        var harness = try RunHarness(text)
        harness.end("a", .succeeded, output: "kept")
        harness.now = harness.now.adding(seconds: 1)
        harness.end("b", .failed, code: 1)
        #expect(harness.run.state == .failed)
        harness.now = harness.now.adding(seconds: 1)
        return harness
    }

    @Test("What has succeeded stays done with its output, what is new has its turn, and a replay gives the same run")
    func goesOn() throws {
        var harness = try failed()
        let body = resumed(
            harness.run,
            """
            steps:
              - {id: first, command: ["true"], depends_on: []}
              - {id: a, command: ["false"], depends_on: []}
              - {id: b, command: [echo, "${a.exit_code}"], depends_on: [a, first], env: {NEW: "1"}}
              - {id: d, command: ["true"]}
            """)
        #expect(harness.run.refusal(of: .runResumed(body)) == nil)
        harness.submit(.runResumed(body))
        #expect(harness.states == ["first": .running, "a": .succeeded, "b": .waiting, "d": .waiting])
        #expect(harness.run.steps[1].attempts.count == 1, "what is done is not done again")
        harness.end("first", .succeeded)
        #expect(harness.running == ["b"])
        let command = try harness.run.render(2, number: 2)
        #expect(command.arguments == ["echo", "0"] && command.environment.contains { $0.name == "NEW" })
        harness.end("b", .succeeded)
        harness.end("d", .succeeded)
        #expect(harness.run.state == .succeeded && harness.run.redefined != nil)
        let again = try harness.replayed()
        #expect(again.workflow.steps.map(\.id) == ["first", "a", "b", "d"])
        #expect(again.steps.map(\.state) == harness.run.steps.map(\.state) && again.created == harness.run.created)
        #expect(harness.run.steps[2].attempts.map(\.number) == [1, 2], "the numbers go on: no unit's name comes twice")
    }

    @Test("A step that was interrupted and asked for is opened by its name, wherever it stands now")
    func resume() throws {
        var harness = try RunHarness(DefinitionTests.text)
        harness.end("a", .succeeded)
        harness.end("b", .interrupted)
        #expect(harness.run.isStopped)
        let body = resumed(
            harness.run,
            """
            steps:
              - {id: zero, command: ["true"], depends_on: []}
              - {id: a, command: ["true"], depends_on: []}
              - {id: b, command: ["true"]}
            """, retry: false)
        #expect(harness.run.refusal(of: .runResumed(body)) == nil)
        harness.submit(.runResumed(body))
        #expect(harness.states == ["zero": .running, "a": .succeeded, "b": .running])
        #expect(try harness.replayed().running == harness.run.running)
    }

    @Test(
        "It is refused where it does not fit what has run, with the reasons by name",
        arguments: [
            ("steps: [{id: b, command: [x]}]", "step 'a' has run and is not there any more"),
            ("steps: [{id: a, command: [x]}, {id: c, command: [x]}]", "step 'b' has run and is not there any more"),
            ("steps: [{id: b, command: [x]}, {id: a, command: [x]}]", "step 'a' has run, and now it depends on 'b'"),
            (
                "steps: [{id: n, command: [x]}, {id: a, command: [x]}, {id: b, command: [x]}]",
                "step 'a' has run, and now it depends on 'n', which has yet to run"
            ),
            (
                "steps: [{id: a, command: [x], foreach: [1]}, {id: b, command: [x]}]",
                "step 'a' has run once, and has a 'foreach' now"
            ),
            (
                "steps: [{id: b, command: [x]}]\non_exit: [{id: a, command: [x]}]",
                "step 'a' has run under 'steps' and is under 'on_exit' now"
            ),
            (
                "steps: [{id: a, command: [x]}, {id: b, command: [echo, \"${a.output}\"]}]",
                "the output of step 'a' is read now, and was not kept when it ran"
            ),
            ("steps: [{id: a, comand: [x]}]", "it cannot be read"),
        ])
    func refused(text: String, reason: String) throws {
        let harness = try failed()
        let refusal = try #require(harness.run.refusal(of: .runResumed(resumed(harness.run, text))))
        #expect(refusal.contains(reason), "\(refusal)")
        #expect(refusal.contains(harness.run.name))
    }

    @Test("A step that had begun before the other one ended does not depend on it afterwards")
    func order() throws {
        var harness = try RunHarness(
            """
            steps:
              - {id: a, command: ["true"], depends_on: []}
              - {id: b, command: ["true"], depends_on: []}
              - {id: c, command: ["true"], depends_on: [a, b]}
            """)
        harness.now = harness.now.adding(seconds: 1)
        harness.end("a", .succeeded)
        harness.end("b", .succeeded)
        harness.end("c", .failed, code: 1)
        let chain = "steps: [{id: a, command: [x]}, {id: b, command: [x]}, {id: c, command: [x]}]"
        let refusal = harness.run.refusal(of: .runResumed(resumed(harness.run, chain)))
        #expect(refusal?.contains("step 'b' had begun when 'a' ended, on which it depends now") == true)
        // Run anew, it fits.
        #expect(harness.run.refusal(of: .runResumed(resumed(harness.run, chain, from: "b"))) == nil)
    }

    @Test("Items that have run are the items there are now, or the step is run anew")
    func items() throws {
        let text = """
            steps:
              - {id: a, command: [echo, "${item}"], foreach: "${names}", max_parallel: 1}
              - {id: b, command: ["true"]}
            """
        let variables: [String: Value] = ["names": .list(["x", "y"])]
        var harness = try RunHarness("variables: {names: [x, y]}\n" + text, variables: variables)
        harness.give("a", item: 0)
        harness.give("a", item: 1, .failed)
        #expect(harness.run.state == .failed)
        let other = "variables: {names: [x, z]}\n" + text.replacing("b, command", with: "b, env: {N: n}, command")
        #expect(harness.run.refusal(of: .runResumed(resumed(harness.run, other))) == nil, "the values are kept")
        let changed = resumed(harness.run, other.replacing("\"${names}\"", with: "[x, z]"))
        #expect(
            harness.run.refusal(of: .runResumed(changed))?.contains("step 'a' has run for other items than it has now")
                == true)
        var anew = changed
        anew.from = "a"
        #expect(harness.run.refusal(of: .runResumed(anew)) == nil)
        let plain = resumed(harness.run, "steps: [{id: a, command: [x]}, {id: b, command: [x]}]", variables: [:])
        #expect(harness.run.refusal(of: .runResumed(plain))?.contains("has no 'foreach' any more") == true)
    }

    @Test("While a step runs its definition stays, and a run that takes back another one keeps its own")
    func running() throws {
        var harness = try RunHarness(
            "steps: [{id: a, command: [x], depends_on: []}, {id: b, command: [x], depends_on: []}]")
        harness.end("a", .interrupted)
        #expect(harness.run.isStopped && harness.running == ["b"])
        let body = resumed(harness.run, harness.run.created.text + "\n# another\n", retry: false)
        #expect(harness.run.refusal(of: .runResumed(body))?.contains("step 'b' is running") == true)
        harness.end("b", .succeeded)
        #expect(harness.run.refusal(of: .runResumed(body)) == nil)
    }

    @Test("An output that was given as another type than it is declared as now is told")
    func outputs() throws {
        var harness = try RunHarness("steps: [{id: a, command: [x]}, {id: b, command: [x]}]")
        harness.give("a", outputs: ["count": "many"])
        harness.end("b", .failed, code: 1)
        let text = "steps: [{id: a, command: [x], outputs: {count: integer}}, {id: b, command: [x]}]"
        let refusal = harness.run.refusal(of: .runResumed(resumed(harness.run, text)))
        #expect(
            refusal?.contains("output 'count' of step 'a' is declared as integer now, and it has given 'many'") == true)
    }
}

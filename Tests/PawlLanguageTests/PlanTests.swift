import Testing

@testable import PawlLanguage

@Suite("Plans")
struct PlanTests {
    private func plan(_ steps: String) throws -> WorkflowPlan {
        let read = WorkflowReader.read("steps:\n" + steps, file: "w", name: "w")
        return WorkflowPlan(try #require(read.workflow, "\(read.diagnostics)"))
    }

    private let diamond = """
          - {id: join, run: ":", depends_on: [left, right, start]}
          - {id: start, run: ":", depends_on: []}
          - {id: left, run: ":"}
          - {id: right, run: ":", depends_on: [start]}
          - {id: far, run: ":", depends_on: [join, left]}
        """

    @Test("a step is in the first group after all that it waits for, in the order written")
    func groups() throws {
        #expect(try plan(diamond).lines == ["Group 1: start", "Group 2: left right", "Group 3: join", "Group 4: far"])
    }

    @Test("each says what keeps it from running earlier")
    func reasons() throws {
        #expect(
            try plan(diamond).entries.map(\.reason) == [
                "waits for left, right (and start, earlier)", "waits for nothing", "waits for start",
                "waits for start", "waits for join (and left, earlier)",
            ])
    }

    @Test("conditions, other kinds of waiting and handlers are told")
    func flow() throws {
        let plan = try plan(
            """
              - {id: a, run: ":"}
              - {id: b, run: ":", depends_on: [], when: "${run.name != 'x'}"}
              - {id: c, run: ":", depends_on: {any: [a, b]}}
              - {id: d, run: ":", depends_on: [a, {ended: [b], failed: [c]}]}
            on_failure:
              - {id: tell, run: ":"}
              - {id: tidy, run: ":"}
            """)
        #expect(plan.lines == ["Group 1: a b", "Group 2: c", "Group 3: d", "on_failure: tell, then tidy"])
        #expect(
            plan.entries.map(\.reason) == [
                "waits for nothing", "waits for nothing; runs where its 'when' holds", "waits for any: a, any: b",
                "waits for the failure of c (and a, the end of b, earlier)", "waits for nothing", "waits for tell",
            ])
    }

    @Test("of an approval, a service and a reboot the reason says so")
    func special() throws {
        let plan = try plan(
            """
              - {id: a, approval: "go?"}
              - {id: b, run: ":", service: true, when: "${run.name != 'x'}"}
              - {id: c, run: ":", service: demo-c}
              - {id: d, reboot: true}
            """)
        #expect(
            plan.entries.prefix(4).map(\.reason) == [
                "waits for nothing; asks for approval",
                "waits for a; starts a service that ends with the run where its 'when' holds",
                "waits for b; starts a service that stays", "waits for c; reboots the host",
            ])
    }

    @Test("ten thousand steps in a chain and ten thousand beside one another are planned at once")
    func large() throws {
        let names = (0..<10_000).map { "s\($0)" }
        let chain = try plan(names.map { "  - {id: \($0), run: \":\"}\n" }.joined())
        #expect(chain.groups.count == 10_000)
        let fan = try plan(names.map { "  - {id: \($0), run: \":\", depends_on: []}\n" }.joined())
        #expect(fan.groups.map(\.count) == [10_000])
    }
}

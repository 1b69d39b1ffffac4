import PawlModel
import Testing

@testable import PawlLanguage

@Suite("Exit statuses in a workflow")
struct ExitCodeRulesTests {
    private func rules(_ text: String) throws -> [ExitCodeRules] {
        let read = WorkflowReader.read(text, file: "w", name: "w")
        #expect(read.diagnostics.map(\.description) == [])
        return try #require(read.workflow).steps.flatMap { [$0.exitCodes] + $0.undo.map(\.exitCodes) }
    }

    @Test("A step's own rules win over the workflow's, status by status, and its undo has its own")
    func merged() throws {
        let rules = try rules(
            """
            retry_policy: {max_retries: 1, on_exit_code: {2: fail, 3: {delay: 5s}, "*": fail}}
            steps:
              - {id: a, run: x, undo: {run: y, retry_policy: {on_exit_code: {9: success}}}}
              - {id: b, run: x, retry_policy: {on_exit_code: {3: success, 4: {}}}}
            """)
        #expect(rules.map { $0.rules.keys.sorted() } == [["*", "2", "3"], ["9"], ["*", "2", "3", "4"]])
        #expect(rules.map(\.successes) == [[0], [0, 9], [0, 3]])
        #expect(rules[0].delay(for: "3") == .seconds(5))
    }

    @Test("A status has the rule of its own, else that of all others")
    func keys() throws {
        let rules = try rules(
            "steps: [{id: a, run: x, retry_policy: {max_retries: 1, on_exit_code: {3: {}, 203: success, \"*\": fail}}}]"
        )
        #expect(rules[0].key(for: 3) == "3")
        #expect(rules[0].key(for: 203) == "203")
        #expect(rules[0].key(for: 4) == "*")
        #expect(rules[0].key(for: nil) == "*")
        #expect(ExitCodeRules().key(for: 3) == nil)
    }

    @Test("A script that repairs has the step's shell, or the interpreter of its own first line")
    func shell() throws {
        let rules = try rules(
            """
            retry_policy: {max_retries: 1, on_exit_code: {1: {run: x}, 2: {run: "#!/usr/bin/python3\\nx"}}}
            steps: [{id: a, run: x, shell: /bin/sh -e}]
            """)
        let interpreters = ["1", "2"].map { key -> [String] in
            if case .script(_, let interpreter)? = rules[0].repair(for: key) { interpreter } else { [] }
        }
        #expect(interpreters == [["/bin/sh", "-e"], ["/usr/bin/python3"]])
    }
}

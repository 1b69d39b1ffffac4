import PawlModel
import Testing

@testable import PawlLanguage

@Suite("Steps that run another workflow")
struct CallTests {
    static let cases = [
        FaultCase(
            """
            steps:
              - id: a
                workflow: other
                with: {size: "${run.id}", list: [1, "${host.name}"]}
                retry_policy: {max_retries: 2}
                timeout: 5min
                when: "${true}"
                undo: {command: [x]}
              - {id: b, foreach: [1, 2], workflow: other, with: {size: "${item}"}}
              - {id: c, command: [x, "${a.outputs.x}", "${join(b.outputs.x)}", "${a.state}", "${a.outputs.n + 1}"]}
            outputs: {first: "${a.outputs.x}", text: "is ${c.state}", both: [1, "${c.attempts}"]}
            """, []),
        FaultCase(
            """
            steps:
              - id: a
                workflow: other
                run: echo
                env: {A: b}
                unit: {MemoryMax: 1G}
                credentials: [x]
                done_when: {file: /x}
                service: s
                interrupted: ask
                outputs: {n: integer}
                retry_policy: {max_retries: 1, on_exit_code: {1: fail}}
            """,
            [
                "4:5: error: 'run' means nothing beside 'workflow', whose steps say that for themselves",
                "5:5: error: 'env' means nothing beside 'workflow', whose steps say that for themselves",
                "6:5: error: 'unit' means nothing beside 'workflow', whose steps say that for themselves",
                "7:5: error: 'credentials' means nothing beside 'workflow', whose steps say that for themselves",
                "8:5: error: 'done_when' means nothing beside 'workflow', whose steps say that for themselves",
                "9:5: error: 'service' means nothing beside 'workflow', whose steps say that for themselves",
                "10:5: error: 'interrupted' means nothing beside 'workflow', whose steps say that for themselves",
                "11:5: error: 'outputs' means nothing beside 'workflow', whose steps say that for themselves",
                "12:36: error: 'on_exit_code' means nothing beside 'workflow', which has no exit status",
            ]),
        FaultCase(
            """
            steps:
              - {id: a, workflow: "${x}"}
              - {id: b, workflow: Other}
              - {id: c, with: {x: 1}, run: echo}
              - {id: d, workflow: other, with: [x]}
            """,
            [
                "2:23: error: '${x}' cannot be a workflow's name (it is fixed, so that the other workflow can be checked before anything runs)",
                "3:23: error: 'Other' cannot be a workflow's name (lower-case letters, digits and '-', at most 64)",
                "4:13: error: 'with' belongs to 'workflow', which is not there",
                "5:36: error: 'with' takes a map of the other workflow's variables, not a list",
            ]),
        FaultCase(
            """
            steps:
              - {id: a, workflow: other}
              - {id: b, command: [x, "${a.output}", "${a.exit_code}"]}
            outputs: {x: "${a.output}", y: "${nosuch}", z: "${h.state}", a b: 1}
            on_exit: [{id: h, run: echo}]
            """,
            [
                "3:29: error: step 'a' runs a workflow, which has no 'output' (what 'other' gives stands under its 'outputs')",
                "3:44: error: step 'a' runs a workflow, which has no 'exit_code' (what 'other' gives stands under its 'outputs')",
                "4:17: error: step 'a' runs a workflow, which has no 'output' (what 'other' gives stands under its 'outputs')",
                "4:35: error: 'nosuch' is no variable and no step",
                "4:51: error: what a run gives is told before 'on_exit' has its turn",
                "4:62: error: 'a b' cannot be an output's name",
            ]),
    ]

    @Test("What such a step may say, and what a workflow may give", arguments: cases)
    func text(_ test: FaultCase) { test.check() }

    private func faults(
        _ text: String, _ others: [String: String], absence: Diagnostic.Severity = .error
    ) throws -> [String] {
        func read(_ text: String, _ name: String) throws -> Workflow {
            try #require(WorkflowReader.read(text, file: name, name: name).workflow)
        }
        let known = try Dictionary(uniqueKeysWithValues: others.map { ($0, try read($1, $0)) })
        return CallChecker(absence: absence) { known[$0] }.faults(of: try read(text, "w")).map(\.description)
    }

    private static let other = """
        variables:
          size: {type: integer, required: true, max: 9}
          name: x
          dir: {type: path, required: "${name == 'y'}"}
        outputs: {bytes: "${a.outputs.bytes}"}
        steps: [{id: a, run: echo}]
        """

    @Test(
        "What a step gives to another workflow is held against that one's variables, and what is read of it against its outputs"
    )
    func calls() throws {
        let others = ["other": CallTests.other]
        #expect(
            try faults(
                """
                steps:
                  - {id: a, workflow: other, with: {size: 3, name: 4, dir: /x}}
                  - {id: b, workflow: other, with: {size: "${a.outputs.bytes}", name: "${run.id}"}}
                """, others) == [])
        #expect(
            try faults(
                """
                steps:
                  - {id: a, workflow: other, with: {sise: 3, size: three}}
                  - id: b
                    workflow: other
                    with:
                      size: 10
                      name: "y"
                  - {id: c, workflow: other}
                  - {id: d, workflow: other, with: {size: ~, name: "${a.outputs.bytes}"}}
                  - {id: e, workflow: nosuch}
                """, others) == [
                    "w:2:37: error: workflow 'other' has no variable 'sise' (did you mean 'size'?)",
                    "w:2:46: error: variable 'size' takes a whole number, not 'three'",
                    "w:4:15: error: workflow 'other': variable 'dir' is required and has no value (give it a value in 'with')",
                    "w:6:7: error: variable 'size' has to be at most 9, not 10",
                    "w:8:23: error: workflow 'other': variable 'size' is required and has no value (give it a value in 'with')",
                    "w:9:37: error: variable 'size' is required and has no value",
                    "w:10:23: error: there is no workflow 'nosuch' that could be run ('pawl list' shows them)",
                ])
        #expect(
            try faults("steps: [{id: e, workflow: nosuch}]", [:], absence: .warning) == [
                "w:1:27: warning: there is no workflow 'nosuch' that could be run ('pawl list' shows them)"
            ])
    }

    @Test("An output that the other workflow does not give is a fault where it is read")
    func outputs() throws {
        #expect(
            try faults(
                """
                steps:
                  - {id: a, workflow: other, with: {size: 3}}
                  - {id: b, command: [x, "${a.outputs.byte}"]}
                outputs: {all: "${a.outputs.none}"}
                """, ["other": CallTests.other]) == [
                    "w:3:29: error: workflow 'other' has no output 'byte' (did you mean 'bytes'?)",
                    "w:4:19: error: workflow 'other' has no output 'none' (it has bytes)",
                ])
    }

    @Test(
        "A workflow that runs itself without a condition is refused, also through others; one that reboots is no step")
    func circles() throws {
        let hint = " (let a 'when' say where that ends)"
        #expect(
            try faults("steps: [{id: a, workflow: w}]", [:])
                == ["w:1:27: error: workflow 'w' runs itself without end: w > w" + hint])
        let others = [
            "b": "steps: [{id: x, run: echo}, {id: c, workflow: c}]", "c": "steps: [{id: w, workflow: w}]",
            "d": "steps: [{id: w, workflow: w, when: \"${true}\"}]", "e": "steps: [{id: r, reboot: true}]",
            "f": "{lock: k, steps: [{id: x, run: echo}]}", "g": "steps: [{id: x, lock: k, run: echo}]",
        ]
        #expect(
            try faults("steps: [{id: a, workflow: b}, {id: d, workflow: d}]", others)
                == ["w:1:27: error: workflow 'w' runs itself without end: w > b > c > w" + hint])
        #expect(try faults("steps: [{id: a, when: \"${false}\", workflow: w}]", [:]) == [])
        #expect(
            try faults("steps: [{id: a, workflow: e}]", others) == [
                "w:1:27: error: workflow 'e' reboots the host, which no step of another one can do (reboot in the workflow that is started)"
            ])
        for name in ["f", "g"] {
            #expect(
                try faults("steps: [{id: a, workflow: \(name), lock: k}]", others) == [
                    "w:1:27: error: workflow '\(name)' has a 'lock' of its own, with which it cannot be a step of another one (say 'lock' on the step that runs it: it is held until that run has ended)"
                ])
        }
    }

    @Test("Its plan says what it runs")
    func plan() throws {
        let read = WorkflowReader.read(
            "steps: [{id: a, workflow: other}, {id: b, workflow: c, when: \"${true}\"}]", file: "w", name: "w")
        let plan = WorkflowPlan(try #require(read.workflow))
        #expect(
            plan.entries.map(\.reason) == [
                "waits for nothing; runs the workflow 'other'",
                "waits for a; runs the workflow 'c' where its 'when' holds",
            ])
        #expect(read.workflow?.called == ["other", "c"])
    }
}

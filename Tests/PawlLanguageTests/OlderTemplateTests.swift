import PawlModel
import Testing

@testable import PawlLanguage

@Suite("Templates of the older form")
struct OlderTemplateTests {
    private func read(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> Workflow {
        let read = WorkflowReader.read(text, file: "w", name: "w")
        #expect(read.diagnostics.map(\.description) == [], sourceLocation: sourceLocation)
        SchemaCheck.check(text, read.diagnostics, sourceLocation: sourceLocation)
        return try #require(read.workflow, sourceLocation: sourceLocation)
    }

    private func tasks(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> [String: Step] {
        let steps = try read("workflow:\n  tasks:\n" + text, sourceLocation: sourceLocation).steps
        return Dictionary(uniqueKeysWithValues: steps.map { ($0.id, $0) })
    }

    private func words(_ step: Step?) -> [String] {
        guard case .command(let templates)? = step?.action else { return [] }
        return templates.map { $0.constant?.text ?? "$" }
    }

    /// The structure of the reference, with a kind of task that this version does.
    static let template = """
        id: my-workflow
        name: My Custom Workflow
        description: Description of what this workflow does
        category: data-science
        version: "1.0"
        variables:
          - name: input_param
            type: string
            description: Parameter description
            required: true
            default: "default_value"

        workflow:
          id: my-workflow-execution
          name: My Workflow Execution
          timeout: 3600
          variables:
            input_param: ${input_param}

          tasks:
            - id: task1
              name: First Task
              type: exec
              parameters:
                command: [echo, "limit ${input_param}"]
              retry_policy:
                max_retries: 2
                backoff_type: exponential
                initial_delay: 1s
              timeout: 60

            - id: task2
              name: Second Task
              type: exec
              depends_on: ["task1"]
              parameters:
                command: [echo, "Analyze this data: ${task1.output}"]
              timeout: 120
        """

    @Test("the structure of the reference loads as it stands")
    func structure() throws {
        let workflow = try read(Self.template)
        #expect(workflow.title == "My Custom Workflow" && workflow.version == "1.0")
        #expect(workflow.description == "Description of what this workflow does")
        #expect(workflow.timeout == .seconds(3600))
        let variable = try #require(workflow.variables.first)
        #expect(workflow.variables.count == 1)
        #expect(variable.name == "input_param" && variable.required && variable.defaultValue == "default_value")
        #expect(variable.computed == nil && variable.description == "Parameter description")
        #expect(workflow.steps.map(\.id) == ["task1", "task2"])
        #expect(workflow.steps[0].retry.maxRetries == 2 && workflow.steps[0].timeout == .seconds(60))
        #expect(workflow.steps[0].isOutputRead && workflow.steps[1].dependencies == [0])
        #expect(workflow.steps[0].line == 21)
        #expect(workflow.bind([:]).values == ["input_param": "default_value"])
    }

    @Test("tasks may stand at the top, and a task without depends_on starts at once")
    func top() throws {
        let workflow = try read(
            """
            id: x
            variables: {n: 3}
            max_parallel: 2
            tasks:
              - {id: a, type: exec, parameters: {command: [a]}}
              - {name: b, type: exec, parameters: {command: b, args: [x, "${n}"]}}
              - {id: c, run: echo c, depends_on: a, env: {X: "1"}, when: "${n > 2}"}
            """)
        #expect(workflow.maxParallel == 2)
        #expect(workflow.steps.map(\.dependencies) == [[], [], [0]])
        #expect(words(workflow.steps[1]) == ["b", "x", "$"])
        #expect(workflow.steps[2].when != nil && workflow.steps[2].environment.map(\.name) == ["X"])
    }

    @Test("the older words for types are taken")
    func types() throws {
        let workflow = try read(
            """
            variables:
              - {name: a, type: array, default: [1]}
              - {name: o, type: object, default: {x: 1}}
              - {name: i, type: int, default: 3}
              - {name: f, type: float}
              - {name: b, type: bool, default: true}
              - name: bare
            workflow: {tasks: [{id: t, run: x}]}
            """)
        #expect(workflow.variables.map(\.type) == [.list, .map, .integer, .number, .boolean, .string])
    }

    @Test("variables under 'workflow' are constants, or made of others before the run starts")
    func computed() throws {
        let workflow = try read(
            """
            variables:
              - {name: base, type: string, default: /srv}
              - {name: count, type: integer, default: 2}
            workflow:
              variables:
                fixed: 7
                list: {a: [1]}
                count: ${count + 1}
                path: ${base}/data
                again: ${path}/more
                number: ${count}
                both: ["${base}", {x: "${count}"}]
              tasks: [{id: t, run: x}]
            """)
        let bound = workflow.bind(["base": "/home", "fixed": "8"])
        #expect(bound.faults == [])
        #expect(
            bound.values == [
                "base": "/home", "fixed": 8, "list": .map(["a": .list([1])]), "count": 3, "path": "/home/data",
                "again": "/home/data/more", "number": 2, "both": .list(["/home", .map(["x": 2])]),
            ])
        #expect(
            workflow.bind(["path": "/x"]).faults.map(\.message) == [
                "variable 'path' is computed of others and takes no value"
            ])
        #expect(workflow.bind(["count": "x"]).faults.count == 1)
        #expect(workflow.missing(["count": "x"]).map(\.name) == [])
    }

    @Test("what is computed has to fit, as what is given has to")
    func computedFaults() throws {
        let workflow = try read(
            """
            variables: [{name: n, type: integer, default: 2, max: 3}, {name: l, default: ""}]
            workflow:
              variables: {n: "${n * 2}", x: "${l[0]}"}
              tasks: [{id: t, run: x}]
            """)
        let faults = workflow.bind([:]).faults.map(\.message)
        #expect(faults.count == 2)
        #expect(faults.first == "variable 'n' has to be at most 3, not 4")
        #expect(faults.last?.hasPrefix("variable 'x' cannot be computed: ") == true)
    }

    @Test("an exec task's parameters are the keys of a step")
    func exec() throws {
        let steps = try tasks(
            """
                - id: a
                  type: exec
                  env: {B: own}
                  unit: {MemoryMax: 1G}
                  parameters: {command: [prog, x], args: [y], env: {A: "1", B: "2"}, working_dir: /srv, timeout: 5, user: nobody}
                - {id: b, type: exec, timeout: 9, parameters: {script: "echo ${X:-1}", timeout: 5, working_directory: /srv}}
                - {id: c, type: exec, parameters: {script: "print()", shell: python3 -u, environment: {X: y}}}
            """)
        let first = try #require(steps["a"])
        #expect(words(first) == ["/usr/bin/env", "--chdir=/srv", "prog", "x", "y"])
        #expect(first.environment.map(\.name) == ["B", "A"])
        #expect(first.environment.map { $0.value.constant } == ["own", "1"])
        #expect(first.timeout == .seconds(5) && first.unit.map(\.name) == ["MemoryMax", "User"])
        guard case .script(let text, let interpreter)? = steps["b"]?.action else { throw Missing() }
        #expect(text == "echo ${X:-1}" && steps["b"]?.timeout == .seconds(9))
        #expect(interpreter == ["/usr/bin/env", "--chdir=/srv", "/bin/bash", "-euo", "pipefail"])
        guard case .script(_, let python)? = steps["c"]?.action else { throw Missing() }
        #expect(python == ["python3", "-u"] && steps["c"]?.environment.map(\.name) == ["X"])
    }

    private struct Missing: Error {}

    /// The states of the steps of a run in which all that runs succeeds, with what each `when` gives.
    private func states(_ workflow: Workflow, _ variables: [String: Value] = [:]) throws -> [String: String] {
        var states: [String: String] = [:]
        let values = workflow.bind(variables).values
        var left = workflow.steps
        while !left.isEmpty {
            let ready = left.filter { $0.dependencies.allSatisfy { states[workflow.steps[$0].id] != nil } }
            #expect(!ready.isEmpty)
            if ready.isEmpty { break }
            for step in ready {
                let scope = StateScope(values: values, states: states)
                states[step.id] =
                    try step.when.map { try $0.truth(in: scope) ?? false } ?? true ? "succeeded" : "skipped"
            }
            left.removeAll { states[$0.id] != nil }
        }
        return states
    }

    private struct StateScope: Scope {
        var values: [String: Value]
        var states: [String: String]
        func value(of name: String) -> Value? {
            values[name] ?? states[name].map { .map(["state": .string($0), "output": "text", "outputs": .map([:])]) }
        }
    }

    private func run(_ name: String) -> String { "{id: \(name), type: exec, parameters: {command: [x]}" }

    @Test(
        "a condition skips the branch that is not taken, with all that waits for nothing else",
        arguments: [true, false])
    func condition(isGood: Bool) throws {
        let workflow = try read(
            """
            variables: {score: 0.9}
            workflow:
              tasks:
                - \(run("first"))}
                - {id: check, type: condition, depends_on: [first], condition: "${score > 0.8}", on_success: [publish], on_failure: [repair]}
                - \(run("publish"))}
                - \(run("announce")), depends_on: [publish]}
                - \(run("repair")), depends_on: [first]}
                - \(run("retry")), depends_on: [repair, check]}
                - \(run("join")), depends_on: [announce, retry]}
                - \(run("always")), depends_on: [check]}
                - \(run("mixed")), depends_on: [publish, first]}
            """)
        let states = try states(workflow, ["score": .string(isGood ? "0.9" : "0.1")])
        let (taken, other) = (isGood ? "succeeded" : "skipped", isGood ? "skipped" : "succeeded")
        #expect(
            states == [
                "first": "succeeded", "check": taken, "publish": taken, "announce": taken, "repair": other,
                "retry": other,
                "join": "succeeded", "always": "succeeded", "mixed": "succeeded",
            ])
        let check = try #require(workflow.steps.first { $0.id == "check" })
        guard case .none = check.action else { throw Missing() }
    }

    @Test("conditions within branches, and a task that two of them name", arguments: [(1, 1), (1, 0), (0, 1), (0, 0)])
    func nested(outer: Int, inner: Int) throws {
        let workflow = try read(
            """
            variables: {outer: 0, inner: 0}
            workflow:
              tasks:
                - {id: one, type: condition, condition: "${outer == 1}", on_success: [two], on_failure: [bad]}
                - {id: two, type: condition, parameters: {condition: "${inner == 1}", on_success: good, on_failure: [bad, worse]}}
                - \(run("good")), condition: "${inner > 0}"}
                - \(run("bad"))}
                - \(run("worse"))}
            """)
        let states = try states(workflow, ["outer": .string("\(outer)"), "inner": .string("\(inner)")])
        let expected = [
            "two": outer == 1 && inner == 1, "good": outer == 1 && inner == 1, "worse": outer == 1 && inner == 0,
            "bad": outer == 0 || inner == 0, "one": outer == 1,
        ]
        #expect(states == expected.mapValues { $0 ? "succeeded" : "skipped" })
    }

    @Test("a parallel task runs its tasks side by side and ends when all have")
    func parallel() throws {
        let steps = try tasks(
            """
                - \(run("first"))}
                - id: both
                  type: parallel
                  depends_on: [first]
                  timeout: 30
                  condition: "${first.exit_code == 0}"
                  parameters:
                    tasks:
                      - {type: exec, parameters: {command: [a]}}
                      - {type: exec, parameters: {command: [b]}, timeout: 5}
                      - {id: inner, type: parallel, tasks: [{run: x}, {run: y, depends_on: [both-1]}]}
                - \(run("last")), depends_on: [both]}
            """)
        #expect(steps.keys.sorted() == ["both", "both-1", "both-2", "first", "inner", "inner-1", "inner-2", "last"])
        let names = Dictionary(uniqueKeysWithValues: steps.values.map { ($0.index, $0.id) })
        func waits(_ name: String) -> [String] { steps[name]?.dependencies.compactMap { names[$0] } ?? [] }
        #expect(waits("both-1") == ["first"] && waits("both-2") == ["first"])
        #expect(waits("inner-1") == ["first"] && waits("inner-2") == ["both-1", "first"])
        #expect(waits("inner") == ["inner-1", "inner-2", "first"])
        #expect(waits("both") == ["both-1", "both-2", "inner"] && waits("last") == ["both"])
        #expect(
            ["both-1", "both-2", "inner-1"].map { steps[$0]?.timeout } == [.seconds(30), .seconds(5), .seconds(30)])
        #expect(
            ["both", "both-1", "inner", "inner-2"].allSatisfy { steps[$0]?.when != nil } && steps["last"]?.when == nil)
    }

    @Test("a parallel task that is a branch is skipped with its tasks, and with what waits for one of them")
    func parallelBranch() throws {
        let workflow = try read(
            """
            workflow:
              tasks:
                - {id: no, type: condition, condition: "${1 > 2}", on_success: [both]}
                - {id: both, type: parallel, tasks: [{id: a, run: x}, {id: b, run: x, condition: "${2 > 1}"}]}
                - {id: after, run: x, depends_on: [a]}
                - {id: behind, run: x, depends_on: [both]}
            """)
        #expect(try states(workflow).values.allSatisfy { $0 == "skipped" })
    }

    @Test("each key of a task, of its parameters and of a template is known to the manual's tables")
    func tables() {
        #expect(Schema.refusedExecKeys.keys.allSatisfy { key in !Schema.execKeys.contains { $0.name == key } })
        for key in Schema.taskKeys where key.name != "type" { #expect(!key.meaning.isEmpty) }
    }

    @Test(
        "faults are told at their places in the template",
        arguments: [
            FaultCase(
                "workflow:\n  tasks:\n    - {id: a, type: data, parameters: {operation: traverse}}",
                [
                    "3:21: error: a task of the type 'data' asks a data service, which this version of pawl does not do "
                        + "(a program that does it can be run by a task of the type 'exec')"
                ]),
            FaultCase(
                "workflow:\n  tasks:\n    - {id: a, type: excec}\n    - {id: b}\n    - {type: exec, run: x}",
                [
                    "3:21: error: 'type' is one of exec, condition, parallel, not 'excec' (did you mean 'exec'?)",
                    "4:7: error: this task has no 'type' (write exec, condition or parallel)",
                    "5:7: error: this step has no 'id'",
                    "5:14: error: a task has either 'type' or what a step does, not both",
                ]),
            FaultCase(
                "workflow:\n  tasks:\n    - id: a\n      type: exec\n      parameters:\n        image: python\n        files: []\n"
                    + "        comand: [x]",
                [
                    "3:7: error: an 'exec' task needs 'command' or 'script' under 'parameters'",
                    "6:9: error: 'image' belongs to a container, which this version of pawl does not run "
                        + "(leave it out, and the command runs on the host itself)",
                    "7:9: error: 'files' belongs to a container, which this version of pawl does not run "
                        + "(let a task before write them, or install them with the workflow)",
                    "8:9: error: unknown key 'comand' (did you mean 'command'?)",
                ]),
            FaultCase(
                "workflow:\n  tasks:\n    - {id: a, type: exec, parameters: {script: 'echo ${b.output}'}, depends_on: [b]}\n"
                    + "    - {id: b, type: exec, parameters: {command: ls}}",
                [
                    "3:54: error: a script is never edited: '${b.…}' reaches its interpreter as it is "
                        + "(pass the value by 'env' and read it as \"$NAME\")",
                    "4:49: error: 'command' takes a list, not text (write a list of arguments, or use 'run' for a script)",
                ]),
            FaultCase(
                "workflow:\n  tasks:\n    - {id: a, type: condition, on_success: [bb], on_failure: [a]}\n    - {id: b, run: x}",
                [
                    "3:7: error: the condition 'a' has no 'condition'",
                    "3:45: error: 'on_success' names tasks; there is no task 'bb'",
                    "3:63: error: the condition 'a' cannot be its own branch",
                ]),
            FaultCase(
                "workflow:\n  tasks:\n    - {id: a, type: condition, condition: '${b.exit_code == 0}', on_success: [b]}\n"
                    + "    - {id: b, run: x}",
                [
                    "3:46: error: step 'a' reads 'b' but does not wait for it ('b' itself waits for 'a')"
                ]),
            FaultCase(
                "workflow:\n  tasks:\n    - {id: a, type: parallel}\n    - {id: b, type: parallel, tasks: []}\n"
                    + "    - {id: c, type: parallel, parameters: {task: 1}}",
                [
                    "3:7: error: the parallel task 'a' has no 'tasks'",
                    "4:38: error: 'tasks' takes a list of at least one task, not an empty list",
                    "5:7: error: the parallel task 'c' has no 'tasks'",
                    "5:44: error: unknown key 'task' (did you mean 'tasks'?)",
                ]),
            FaultCase(
                "variables:\n  - {type: string}\n  - {name: a}\n  - {name: a}\n  - {name: b, defualt: 1}\nworkflow: {tasks: [{id: t, run: x}]}",
                [
                    "2:5: error: a variable is a map with 'name', not a map (write - name: ...)",
                    "4:12: error: the name 'a' is taken by the variable at line 3",
                    "5:15: error: unknown key 'defualt' (did you mean 'default'?)",
                ]),
            FaultCase(
                "variables: {a: 1}\nworkflow:\n  variables: {a: '${b}', b: '${t.output}', c: '${d}', d: '${a}', e: '${e}'}\n"
                    + "  tasks: [{id: t, run: x}]",
                [
                    "3:21: error: variable 'a' is declared above, so it cannot be made of 'b'",
                    "3:32: error: variable 'b' can be made of other variables alone, not of 't' (it is computed before the run starts)",
                    "3:50: error: variable 'c' is computed before 'd' (write 'd' above it)",
                    "3:72: error: variable 'e' cannot be made of itself",
                ]),
            FaultCase("workflow: {}", ["1:11: error: there are no 'tasks'"]),
            FaultCase(
                "workflow: {tasks: x, steps: y}\nschedule: daily",
                [
                    "1:19: error: 'tasks' takes a list of at least one task, not 'x'",
                    "1:22: error: unknown key 'steps'",
                    "2:1: error: unknown key 'schedule'",
                ]),
            FaultCase(
                "workflow:\n  tasks:\n    - {id: a, type: exec, parameters: {script: \"#!/bin/sh\\nls\", working_dir: /srv}}",
                [
                    "3:78: error: a script that names its interpreter starts in the run's folder (begin the script with 'cd' to it)"
                ]),
        ])
    func faults(fault: FaultCase) { fault.check() }

    @Test("a file with 'steps' is none of the older form")
    func ordinary() {
        let read = WorkflowReader.read(
            "id: x\ntasks: []\nsteps: [{id: a, run: x, condition: '${true}'}]", file: "w", name: "w")
        #expect(
            read.diagnostics.map(\.description) == [
                "w:1:1: error: unknown key 'id'", "w:2:1: error: unknown key 'tasks' (did you mean 'steps'?)",
                "w:3:25: error: unknown key 'condition' (did you mean 'when'?)",
            ])
    }

    @Test("thousands of tasks in one branch cost no more than the tasks")
    func large() throws {
        var text = "workflow:\n  tasks:\n    - {id: c, type: condition, condition: '${1 > 0}', on_success: [t0]}\n"
        for index in 0..<3000 {
            text += "    - {id: t\(index), run: x\(index == 0 ? "" : ", depends_on: [t\(index - 1)]")}\n"
        }
        #expect(try read(text).steps.allSatisfy { $0.when != nil })
    }
}

import PawlModel
import Testing

@testable import PawlLanguage

@Suite("Reading workflows")
struct WorkflowReaderTests {
    /// Reads a text that has to be right.
    static func read(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> Workflow {
        let (workflow, diagnostics) = WorkflowReader.read(text, file: "w.yaml", name: "w")
        #expect(diagnostics.map(\.description) == [], sourceLocation: sourceLocation)
        SchemaCheck.check(text, diagnostics, sourceLocation: sourceLocation)
        return try #require(workflow, sourceLocation: sourceLocation)
    }

    @Test("a whole workflow is read as it is written")
    func whole() throws {
        let workflow = try Self.read(
            """
            name: Create a cluster
            description: What it is for
            version: 1.10
            variables:
              dir: /srv/etcd
              count: 3
              mode: {enum: [create, cleanup], default: create}
              cluster: {required: true, pattern: "[a-z]+", description: Cluster name}
              settings: {type: map, default: {port: 1}}
              nothing:
            timeout: 2h
            max_parallel: 8
            fail_fast: true
            env: {ETCDCTL_API: 3, A: "1"}
            unit: {MemoryMax: 4G, UMask: 0077}
            retry_policy: {max_retries: 2, initial_delay: 5s}
            interrupted: rerun
            steps:
              - id: folders
                command: [install, -d, -m, 0700, "${dir}/x"]
              - id: ca
                run: |
                  #!/usr/bin/env -S python3 -u
                  print("hi")
              - id: other
                depends_on: []
                run: echo hi
                shell: sh -eu
                env: {A: "2", B: "${count + 1}"}
                unit: {MemoryMax: 256M, ReadWritePaths: /a "/b c"}
                retry_policy: {backoff_type: fixed, max_delay: 1min, jitter: 0.5}
                timeout: 90
                continue_on_failure: true
                interrupted: fail
                outputs: {bytes: integer}
              - id: last
                depends_on: [folders, other]
                run: echo hi
                env: {X: "${other.output}", Y: "${other.outputs.bytes > 0}"}
            """)
        #expect(workflow.name == "w")
        #expect(workflow.title == "Create a cluster")
        #expect(workflow.version == "1.10")
        #expect(workflow.timeout == .seconds(7200))
        #expect(workflow.maxParallel == 8)
        #expect(workflow.failFast)
        #expect(workflow.variables.map(\.name) == ["dir", "count", "mode", "cluster", "settings", "nothing"])
        #expect(workflow.variables.map(\.type) == [.string, .integer, .string, .string, .map, .string])
        #expect(workflow.variables[4].defaultValue == .map(["port": 1]))
        #expect(workflow.variables[3].required)
        #expect(workflow.steps.map(\.id) == ["folders", "ca", "other", "last"])
        #expect(workflow.steps.map(\.index) == [0, 1, 2, 3])
        #expect(workflow.steps.map(\.line) == [19, 21, 25, 36])
        #expect(workflow.steps.map(\.dependencies) == [[], [0], [], [0, 2]])
        #expect(workflow.steps.map(\.dependents) == [[1, 3], [], [3], []])
        #expect(workflow.steps.map(\.isOutputRead) == [false, false, true, false])
        #expect(workflow.steps.map(\.interrupted) == [.rerun, .rerun, .fail, .rerun])
        #expect(workflow.steps[2].continueOnFailure)
        #expect(workflow.steps[2].timeout == .seconds(90))
        #expect(workflow.steps[2].outputs == ["bytes": .integer])

        guard case .command(let arguments) = workflow.steps[0].action else {
            Issue.record("the first step is no command")
            return
        }
        #expect(arguments.map { $0.constant?.text } == ["install", "-d", "-m", "0700", nil])
        #expect(Self.interpreter(workflow.steps[1]) == ["/usr/bin/env", "-S python3 -u"])
        #expect(Self.interpreter(workflow.steps[2]) == ["sh", "-eu"])
        #expect(Self.interpreter(workflow.steps[3]) == ["/bin/bash", "-euo", "pipefail"])
    }

    @Test("what the workflow says of all steps is merged into each, key by key")
    func merged() throws {
        let workflow = try Self.read(
            """
            env: {A: 1, B: 2}
            unit: {MemoryMax: 1G, User: nobody}
            retry_policy: {max_retries: 2, initial_delay: 5s}
            shell: /bin/sh
            steps:
              - {id: a, run: echo, env: {B: 3, C: 4}, unit: {User: daemon}, retry_policy: {max_retries: 1}}
            """)
        let step = workflow.steps[0]
        #expect(step.environment.map { "\($0.name)=\($0.value.constant?.text ?? "")" } == ["A=1", "B=3", "C=4"])
        #expect(step.unit.map { "\($0.name)=\($0.values[0].constant?.text ?? "")" } == ["MemoryMax=1G", "User=daemon"])
        #expect(step.retry == RetryPolicy(maxRetries: 1, initialDelay: .seconds(5)))
        #expect(Self.interpreter(step) == ["/bin/sh"])
    }

    @Test("expressions that are right are taken, whatever they read")
    func expressions() throws {
        let workflow = try Self.read(
            #"""
            variables: {n: 3, t: x, on: true, list: [1], map: {default: {a: {b: 1}}}, none: , d: {type: duration, default: 5s}}
            steps:
              - {id: first-step, run: echo, outputs: {count: integer, items: list, ok: boolean}}
              - id: second
                command:
                  - "${first-step.outputs.count + n > 2 && first-step.outputs.ok ? t : 'no'}"
                  - "${first-step.outputs.items[0]} ${first-step.outputs.other.deep} ${first-step.exit_code == 0}"
                  - "${first-step.attempts - 1} ${first-step.state == 'succeeded'} ${length(first-step.outputs.items)}"
                  - "${1 in list || t in ['x', 'y']} ${map.a.b} ${map[t]} ${none == null} ${default(none, n)} ${d}"
                  - "${run.id} ${run.name} ${run.started} ${run.failed_steps[0]} ${run.folder} ${workflow.name} ${workflow.folder}"
                  - "${host.name} ${host.machine_id} ${host.arch} ${host.cpus * 2} ${host.memory / 2} ${host.os_version}"
                  - "${!on} ${on == true} ${t == 1} ${list == [1]} ${lines(first-step.output)[0]} ${-n % 2}"
            """#)
        #expect(workflow.steps.map(\.isOutputRead) == [true, false])
    }

    static func interpreter(_ step: Step) -> [String]? {
        if case .script(_, let interpreter) = step.action { interpreter } else { nil }
    }

    @Test("what only this version refuses does not keep a run from going on that was started by an earlier one")
    func accepted() {
        let text = """
            variables: {n: 3, v: {default: ab, pattern: "(?=a)ab"}}
            steps:
              - {id: a, command: [echo, "${length(n)}"]}
              - {id: b, command: [python3, -c, "print(${n})"]}
            """
        #expect(WorkflowReader.read(text, file: "w", name: "w").diagnostics.count { $0.severity == .error } == 3)
        let (workflow, diagnostics) = WorkflowReader.read(text, file: "w", name: "w", isAccepted: true)
        #expect(workflow?.steps.count == 2)
        #expect(diagnostics.count { $0.severity == .warning } == 3)
    }
}

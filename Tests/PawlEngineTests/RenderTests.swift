import PawlLanguage
import PawlModel
import Testing

@testable import PawlEngine

@Suite("How a step is rendered")
struct RenderTests {
    private func command(_ text: String, variables: [String: Value] = [:]) throws -> StepCommand {
        try RunHarness(text, variables: variables).run.render(0, number: 1)
    }

    private func environment(_ command: StepCommand) -> [String: String] {
        Dictionary(command.environment.map { ($0.name, $0.value) }, uniquingKeysWith: { _, last in last })
    }

    @Test("A unit that never appeared points at the units that it needs, or at its own journal")
    func needed() throws {
        func words(_ unit: String) throws -> String {
            try command("steps:\n  - {id: a, run: \"true\", unit: {\(unit)}}\n").whyNever
        }
        #expect(
            try words("Requires: a.service, BindsTo: [b.mount, c.service], After: d.service")
                == "; it needs a.service, b.mount, c.service: 'systemctl status a.service b.mount c.service' tells "
                + "whether that could start")
        #expect(try words("After: d.service").hasPrefix("; 'journalctl -u pawl-step-"))
    }

    @Test("Every step finds the same environment")
    func environmentOfEveryStep() throws {
        let command = try command(
            """
            variables: {dir: /srv/x, count: 3, on: true, words: [a, b]}
            env: {MODE: "${dir}/m"}
            steps:
              - {id: a, command: ["true"]}
            """, variables: ["dir": "/srv/x", "count": 3, "on": true, "words": .list(["a", "b"])])
        let environment = environment(command)
        #expect(environment["dir"] == "/srv/x")
        #expect(environment["count"] == "3")
        #expect(environment["on"] == "true")
        #expect(environment["words"] == "a\nb")
        #expect(environment["MODE"] == "/srv/x/m")
        #expect(environment["PAWL_RUN"] == "demo-0000000a")
        #expect(environment["PAWL_RUN_DIR"] == "/var/lib/pawl/runs/0000000a/work")
        #expect(environment["PAWL_STEP"] == "a")
        #expect(environment["PAWL_ATTEMPT"] == "1")
        #expect(environment["PAWL_OUTPUT"] == "/var/lib/pawl/runs/0000000a/a.1/io/output")
        #expect(environment["HOME"] == "/root")
        #expect(environment["ORCHESTRATION_CONTEXT"] == "pawl")
        #expect(environment["BOOTSTRAP_WORKFLOW_ID"] == "demo-0000000a")
        #expect(environment["BOOTSTRAP_WORKFLOW_START_TIME"] == "1700000000")
        #expect(environment.count == command.environment.count, "no name stands twice")
    }

    @Test("A script reaches its interpreter as it is written, as a file")
    func script() throws {
        let command = try command("steps:\n  - id: a\n    run: |\n      echo \"$dir\" '${x%y}'\n")
        #expect(command.script == "echo \"$dir\" '${x%y}'\n")
        #expect(command.arguments == ["/bin/bash", "-euo", "pipefail", "/var/lib/pawl/runs/0000000a/a.1/script"])
    }

    @Test("A value in a command is one argument, whatever is in it")
    func values() throws {
        let value = "\"; rm -rf /tmp/x #\n$(touch /tmp/y)'"
        let command = try command(
            "variables: {v: x}\nsteps:\n  - {id: a, command: [echo, \"${v}\", \"-${v}-\"]}",
            variables: ["v": .string(value)])
        #expect(command.arguments == ["echo", value, "-\(value)-"])
    }

    @Test("A step with a user or a sandbox finds its things by the places they are bound to")
    func bound() throws {
        let command = try command("steps:\n  - {id: a, run: \"true\", unit: {User: nobody}}")
        #expect(command.isBound)
        #expect(command.arguments.last == BoundPath.script)
        #expect(environment(command)["PAWL_OUTPUT"] == BoundPath.io + "/output")
        #expect(environment(command)["PAWL_RUN_DIR"] == BoundPath.work)
        #expect(environment(command)["HOME"] == nil, "systemd sets the user's own")
        let plain = try self.command("steps:\n  - {id: a, run: \"true\", unit: {MemoryMax: 1G, PrivateTmp: no}}")
        #expect(!plain.isBound)
    }
}

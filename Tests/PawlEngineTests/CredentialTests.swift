import PawlModel
import Testing

@testable import PawlEngine

@Suite("The credentials of an attempt")
struct CredentialTests {
    private func command(_ step: String, variables: [String: Value] = [:]) throws -> StepCommand {
        try RunHarness("variables: {DB: plain}\nsteps: [{id: a, \(step)}]\n", variables: variables).run.render(
            0, number: 1)
    }

    @Test("As files alone they need nobody beside the step's own program")
    func files() throws {
        let command = try command("command: [x], credentials: [db, key]")
        #expect(command.credentials == ["db", "key"])
        #expect(command.plan == nil)
        #expect(command.arguments == ["x"])
    }

    @Test(
        "One that goes into a variable has pawl-step before the program, and nothing of it is in the unit's environment"
    )
    func variable() throws {
        let command = try command(
            "command: [x, y], credentials: {db: DB, key: , item: item}", variables: ["DB": "plain"])
        #expect(command.credentials == ["db", "key", "item"])
        let folder = "/var/lib/pawl/runs/0000000a/a.1"
        #expect(command.arguments == ["/usr/libexec/pawl/pawl-step", folder + "/plan", "--", "x", "y"])
        #expect(command.program == "x")
        var plan = StepPlan(report: folder + "/io/report")
        plan.credentials = [
            Credential(name: "db", variable: "DB"), Credential(name: "key"), Credential(name: "item", variable: "item"),
        ]
        #expect(command.plan == plan)
        #expect(!command.environment.contains { $0.name == "DB" })
    }

    @Test("With done_when both are in one plan, and an attempt that only asks has them too")
    func probes() throws {
        var harness = try RunHarness(
            "steps: [{id: a, run: echo, interrupted: ask, done_when: {command: [ask]}, credentials: {db: DB}}]\n")
        #expect(try harness.run.render(0, number: 1).plan?.probes.count == 1)
        harness.give("a", .interrupted)
        let command = try harness.run.render(0, number: 2)
        #expect(command.plan?.asksOnly == true)
        #expect(command.plan?.credentials == [Credential(name: "db", variable: "DB")])
        #expect(command.credentials == ["db"])
    }

    @Test("A step in a sandbox sees its plan where it is bound")
    func sandbox() throws {
        let command = try command("run: echo, credentials: {db: DB}, unit: {DynamicUser: true}")
        #expect(command.isBound)
        #expect(command.arguments.prefix(2) == ["/usr/libexec/pawl/pawl-step", "/run/pawl/step/plan"])
        #expect(command.plan?.report == "/run/pawl/step/io/report")
    }

    @Test("Every item of a step has them, and no variable of the item's stands in their way")
    func items() throws {
        let run = try RunHarness(
            "steps: [{id: a, foreach: [1, 2], run: echo, credentials: {db: item}}]\n"
        ).run
        let command = try run.render(try #require(run.place(of: "a", item: 1)), number: 1)
        #expect(command.credentials == ["db"])
        #expect(!command.environment.contains { $0.name == "item" })
        #expect(command.environment.contains { $0.name == "index" })
    }

    @Test("A service has them from the unit that starts it, and a reboot has none")
    func services() throws {
        let command = try command("service: true, command: [x], credentials: {db: DB, key: }")
        #expect(command.credentials == ["db", "key"])
        #expect(command.plan?.credentials == [Credential(name: "db", variable: "DB"), Credential(name: "key")])
        guard case .service(let service)? = command.plan?.turn else {
            Issue.record("it is no service")
            return
        }
        #expect(!service.environment.contains { $0.hasPrefix("DB=") })
        let reboot = try RunHarness("credentials: {db: DB}\nsteps: [{id: a, reboot: true}]\n").run.render(0, number: 1)
        #expect(reboot.credentials == [])
        #expect(reboot.plan?.credentials == [])
    }

    @Test("What systemd could not load is said in words")
    func outcome() {
        let result = UnitResult(result: "exit-code", exit: .exited(243), ended: nil)
        let outcome = result.outcome(cancelled: nil, timeout: nil, program: "x")
        #expect(
            outcome.reason
                == "243/CREDENTIALS: systemd could not load or decrypt its credentials; its own words are in the journal, at the attempt's unit"
        )
    }
}

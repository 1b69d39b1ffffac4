import PawlLanguage
import PawlModel
import Testing

@testable import PawlEngine

@Suite("Services")
struct ServiceTests {
    private static let text = """
        variables: {dir: /srv/my data}
        steps:
          - id: db
            foreach: [a, b]
            service: "db-${item}"
            command: [db, "--name=${item}", $HOME]
            unit: {User: nobody, MemoryMax: 1G, ReadWritePaths: ["${dir}"]}
            done_when: {port: "127.0.0.1:70", interval: 2s}
            timeout: 30s
          - {id: proxy, depends_on: [db], service: true, run: 'exec proxy "$dir"'}
          - {id: use, depends_on: [proxy], command: [use], interrupted: rerun}
          - {id: last, command: [last]}
        on_exit: [{id: tell, command: [tell]}]
        """

    private func service(_ command: StepCommand) throws -> ServicePlan {
        guard case .service(let plan) = command.plan?.turn else { throw Missing() }
        return plan
    }

    private struct Missing: Error {}

    private func stops(_ harness: RunHarness) throws -> [String] {
        let command = try harness.run.render(try #require(harness.run.running.first), number: 1)
        guard case .stop(let marks) = command.plan?.turn else { throw Missing() }
        #expect(marks.allSatisfy { $0.run == "demo-0000000a" && $0.workflow == "demo" })
        return marks.map(\.unit)
    }

    private func ready() throws -> RunHarness {
        var harness = try RunHarness(ServiceTests.text, variables: ["dir": "/srv/my data"])
        harness.give("db", item: 0)
        harness.give("db", item: 1)
        harness.give("proxy")
        return harness
    }

    @Test(
        "The attempt starts the service as root; what the step says of user, sandbox and environment is the service's")
    func rendered() throws {
        let harness = try RunHarness(ServiceTests.text, variables: ["dir": "/srv/my data"])
        let command = try harness.run.render(Place(0, item: 1), number: 1)
        #expect(command.settings.isEmpty)
        #expect(
            command.arguments == [
                "/usr/libexec/pawl/pawl-step", "/var/lib/pawl/runs/0000000a/db.1.1/plan", "--", "db", "--name=b",
                "$HOME",
            ])
        #expect(command.timeout == .seconds(30))
        #expect(command.environment.allSatisfy { $0.name.hasPrefix("PAWL_") })
        let plan = try service(command)
        #expect(plan.mark == ServiceMark(unit: "db-b.service", workflow: "demo", run: "demo-0000000a"))
        #expect(plan.slice == "system.slice")
        for property in [
            "User=nobody", "MemoryMax=1G", #"ReadWritePaths="/srv/my data""#, "TimeoutStartSec=30000000.0us",
            "ExecStartPost=/usr/libexec/pawl/pawl-step /run/pawl/services/db-b.service/plan",
            "WorkingDirectory=-/run/pawl/step/work",
            "BindPaths=-/var/lib/pawl/runs/0000000a/work:/run/pawl/step/work",
        ] {
            #expect(plan.properties.contains(property), "\(property) in \(plan.properties)")
        }
        #expect(plan.environment.first?.hasPrefix("PAWL_") == true)
        #expect(plan.environment.contains("item=b"))
        #expect(plan.environment.contains("dir=/srv/my data"))
        #expect(!plan.environment.contains { $0.hasPrefix("PAWL_OUTPUT=") })
        #expect(command.plan?.probes == [Probe(.port("127.0.0.1:70"))])
        #expect(StepPlan(try #require(command.plan).value) == command.plan, "it is read as it was written")
    }

    @Test("One that goes with its run is in the run's slice; its script lies where it can be started again")
    func ofRun() throws {
        let harness = try ready()
        let command = try harness.run.render(1, number: 1)
        let plan = try service(command)
        #expect(plan.mark.unit == "pawl-service-0000000a.proxy.service")
        #expect(plan.slice == "pawl-0000000a.slice")
        #expect(plan.script == "/var/lib/pawl/runs/0000000a/proxy.1/script")
        #expect(command.script == #"exec proxy "$dir""#)
        #expect(command.arguments.last == "/run/pawl/services/pawl-service-0000000a.proxy.service/script")
        #expect(plan.properties.contains("TimeoutStartSec=infinity"))
        #expect(!plan.properties.contains { $0.hasPrefix("ExecStartPost=") }, "nothing says when it is ready")
        #expect(AttemptName(unit: plan.mark.unit) == nil)
    }

    @Test("After a success the named ones stay, and what goes with the run is stopped after the handlers")
    func success() throws {
        var harness = try ready()
        harness.give("use")
        harness.give("last")
        #expect(harness.running == ["tell"])
        harness.give("tell")
        #expect(harness.running == ["stop-services"])
        #expect(try stops(harness) == ["pawl-service-0000000a.proxy.service"])
        harness.give("stop-services")
        #expect(harness.run.state == .succeeded)
        #expect(try harness.replayed().state == .succeeded)
    }

    @Test("After a failure and a cancel all of them are stopped, the last one first", arguments: [true, false])
    func failure(isCancelled: Bool) throws {
        var harness = try ready()
        if isCancelled { harness.take(.cancelRequested(CancelRequested(cause: .person))) }
        harness.give("use", isCancelled ? .cancelled : .failed)
        harness.give("tell")
        #expect(
            try stops(harness) == ["pawl-service-0000000a.proxy.service", "db-b.service", "db-a.service"])
        harness.give("stop-services")
        #expect(harness.run.state == (isCancelled ? .cancelled : .failed))
    }

    @Test("Where none was asked for there is nothing to stop")
    func none() throws {
        var harness = try RunHarness(
            "steps: [{id: a, command: [a]}, {id: s, service: s, command: [s]}]", variables: [:])
        harness.give("a", .failed)
        #expect(harness.run.state == .failed)
        #expect(harness.run.steps[2].attempts.isEmpty)
    }

    @Test("A retry starts again what the end of the run has stopped, before what needs it")
    func retry() throws {
        var harness = try ready()
        harness.give("use", .failed)
        harness.give("tell")
        harness.give("stop-services")
        harness.submit(.runResumed(RunResumed(retry: true, requester: Requester(uid: 0))))
        #expect(harness.run.running == [Place(0, item: 0), Place(0, item: 1)])
        harness.give("db", item: 0)
        #expect(harness.run.running == [Place(0, item: 1)])
        harness.give("db", item: 1)
        harness.give("proxy")
        #expect(harness.running == ["use"])
        #expect(harness.run.steps[0].items.map(\.attempts.count) == [2, 2])
        harness.give("use")
        harness.give("last")
        harness.give("tell")
        harness.give("stop-services")
        #expect(harness.run.state == .succeeded)
    }

    @Test("With the host services are lost: they are started again, and what was interrupted waits for them")
    func hostLost() throws {
        var harness = try ready()
        #expect(harness.running == ["use"])
        harness.epoch = "boot-2"
        harness.decide()
        #expect(harness.run.running == [Place(0, item: 0), Place(0, item: 1), Place(2)], "use is still looked for")
        harness.give("use", .interrupted)
        harness.give("db", item: 1)
        #expect(harness.run.running == [Place(0, item: 0)], "what needs the services does not run without them")
        harness.give("db", item: 0)
        #expect(harness.running == ["proxy"])
        harness.give("proxy")
        #expect(harness.running == ["use"])
        #expect(harness.events.count { $0.kind == .servicesLost } == 1)
        let again = try harness.replayed()
        #expect(again.running == harness.run.running)
        #expect(again.steps.map(\.blockedBy) == harness.run.steps.map(\.blockedBy))
        harness.epoch = "boot-3"
        harness.decide()
        #expect(harness.events.count { $0.kind == .servicesLost } == 2)
    }

    @Test("One that was ready before the boot, which is known only after it, is started again before it is used")
    func readyBeforeTheBoot() throws {
        var harness = try RunHarness(
            "steps: [{id: s, service: s, command: [s]}, {id: use, command: [use]}]")
        harness.epoch = "boot-2"
        harness.decide()
        harness.give("s")
        #expect(harness.running == ["s"])
        #expect(harness.run.steps[0].attempts.count == 2)
        harness.give("s")
        #expect(harness.running == ["use"])
    }

    @Test("A step that was passed over has no service that a boot could take")
    func passedOver() throws {
        var harness = try RunHarness(
            """
            recovery: restart
            steps: [{id: a, command: [a]}, {id: s, service: s, command: [s]}, {id: use, command: [use]}]
            """)
        harness.give("a")
        harness.give("s")
        harness.epoch = "boot-2"
        harness.give("use", .interrupted)
        harness.give("a", .failed)
        #expect(harness.states == ["a": .failed, "s": .skipped, "use": .skipped, "stop-services": .running])
        #expect(!harness.events.contains { $0.kind == .servicesLost })
    }

    @Test("Items that are left do not run once a service that was lost is not to be had again")
    func itemsWithoutTheirService() throws {
        var harness = try RunHarness(
            """
            steps:
              - {id: s, service: s, command: [s]}
              - {id: use, foreach: [a, b, c], max_parallel: 2, command: [use], interrupted: rerun}
            """)
        harness.give("s")
        harness.give("use", item: 0)
        harness.epoch = "boot-2"
        harness.give("use", item: 1, .interrupted)
        harness.give("s", .failed)
        #expect(harness.states["use"] == .running, "one of them is still looked for")
        harness.give("use", item: 2, .interrupted)
        #expect(harness.states["use"] == .skipped)
        #expect(harness.run.steps[1].reason == "step 's' did not succeed")
        #expect(harness.run.steps[1].items.map(\.state) == [.succeeded, .skipped, .interrupted])
        harness.wait(60)
        #expect(harness.running == ["stop-services"])
        #expect(try harness.replayed().steps.map(\.state) == harness.run.steps.map(\.state))
    }

    @Test("What has failed is not tried again once a service that it needs is not to be had again")
    func attemptWithoutItsService() throws {
        var harness = try RunHarness(
            """
            steps:
              - {id: s, service: s, command: [s]}
              - {id: use, command: [use], retry_policy: {max_retries: 3}}
            """)
        harness.give("s")
        harness.epoch = "boot-2"
        harness.decide()
        harness.give("s", .failed)
        harness.give("use", .failed)
        #expect(harness.run.steps[1].attempts.count == 1)
        #expect(harness.states == ["s": .failed, "use": .failed, "stop-services": .running])
        #expect(try harness.replayed().steps.map(\.state) == harness.run.steps.map(\.state))
    }

    @Test("Who resumes a run in its handlers' turn asks for no service")
    func handlers() throws {
        var harness = try RunHarness(
            "{steps: [{id: s, service: s, command: [s]}], on_success: [{id: tell, command: [tell]}]}")
        harness.give("s")
        harness.take(.runStopped(RunStopped(reason: "a person")))
        harness.submit(.runResumed(RunResumed(retry: false, requester: Requester(uid: 0))))
        harness.give("tell")
        #expect(harness.run.state == .succeeded)
        #expect(harness.states["s"] == .succeeded)
    }

    @Test("One that is found as it was has succeeded as before")
    func found() throws {
        var harness = try ready()
        harness.take(.runStopped(RunStopped(reason: "a person")))
        harness.submit(.runResumed(RunResumed(retry: false, requester: Requester(uid: 0))))
        harness.submit(
            .attemptEnded(
                AttemptEnded(
                    step: "db", item: 0, number: 2,
                    outcome: AttemptOutcome(state: .skipped, result: "success", exitCode: 0))))
        #expect(harness.run.steps[0].items[0].state == .succeeded)
    }

    @Test("An undo stops the named ones, each before what else takes its step back")
    func undo() throws {
        var harness = try RunHarness(
            """
            steps:
              - {id: one, service: one, command: [one], undo: {command: [rm, one]}}
              - {id: two, service: two, command: [two]}
              - {id: own, service: true, command: [own]}
            """)
        for step in ["one", "two", "own", "stop-services"] {
            harness.give(step)
            harness.wait(1)
        }
        #expect(harness.run.state == .succeeded)
        var created = harness.run.created
        created.undo = harness.run.undoPlan()
        created.folder = "/var/lib/pawl/runs/0000000b"
        var undo = try RunHarness(created)
        #expect(undo.run.workflow.steps.map(\.id) == ["two-stop", "one-stop", "one"])
        #expect(try stops(undo) == ["two.service"])
        undo.give("two-stop")
        #expect(try stops(undo) == ["one.service"])
        undo.give("one-stop")
        #expect(undo.running == ["one"])
        undo.give("one")
        #expect(undo.run.state == .succeeded)
    }

    @Test("A name that a value gives is checked before anything is started")
    func badName() throws {
        let harness = try RunHarness(
            #"steps: [{id: s, service: "${n}", command: [s]}]"#.replacing("steps", with: "variables: {n: a}\nsteps"),
            variables: ["n": "../x"])
        #expect(harness.run.state == .failed)
        #expect(harness.run.steps[0].reason?.contains("'../x' cannot be a service's name") == true)
    }
}

@Suite("A reboot")
struct RebootTests {
    private static let text = """
        recovery: fail
        steps:
          - {id: a, command: [a]}
          - {id: b, depends_on: [], command: [b]}
          - {id: boot, depends_on: [a], reboot: true}
          - {id: side, depends_on: [a], command: [side]}
          - {id: after, depends_on: [boot], command: [after]}
        """

    @Test("It waits for all that runs, nothing starts beside it, and with the next boot it has succeeded")
    func reboot() throws {
        var harness = try RunHarness(RebootTests.text)
        harness.give("a")
        #expect(harness.running == ["b"], "the reboot waits, and what comes after it too")
        harness.give("b")
        #expect(harness.running == ["boot"])
        let command = try harness.run.render(2, number: 1)
        #expect(command.plan?.turn == .reboot)
        harness.epoch = "boot-2"
        harness.give("boot", .interrupted)
        #expect(harness.states["boot"] == .succeeded)
        #expect(harness.running == ["side", "after"], "that the host went down is no loss")
        harness.epoch = "boot-3"
        harness.decide()
        harness.give("side", .interrupted)
        harness.give("after", .interrupted)
        #expect(harness.run.state == .failed, "another boot is one")
    }

    @Test("One that was refused has failed, and one that went without a boot is asked about")
    func refused() throws {
        var harness = try RunHarness("steps: [{id: boot, reboot: true}]")
        harness.give("boot", .failed)
        #expect(harness.run.state == .failed)
        harness = try RunHarness("steps: [{id: boot, reboot: true}]")
        harness.give("boot", .interrupted)
        #expect(harness.run.state == .stopped)
    }
}

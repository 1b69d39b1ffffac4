import EventLoopKit
import PawlAPI
import PawlEngine
import PawlLanguage
import PawlModel
import PawlStore
import Synchronization
import Testing

@testable import PawlDaemon

extension Conductor {
    fileprivate func recoveries() throws -> [RunID: Int] { try store.recoveries() }
    fileprivate func isCancelRecorded(_ id: RunID) throws -> Bool { try store.run(id)?.cancel != nil }
}

@Suite("The conductor and its drivers")
struct ConductorTests {
    static let chain = "steps:\n  - {id: a, command: [\"true\"]}\n  - {id: b, command: [\"true\"]}\n"

    @Test("A run goes from step to step, each started once, and what failed is released only after it was recorded")
    func run() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.make("runs")
        let manager = FakeServiceManager()
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        var starts = manager.starts.makeAsyncIterator()
        let id = try await daemon.start(ConductorTests.chain)
        let first = try #require(await starts.next())
        #expect(first == "pawl-step-\(id).a.1.service")
        try daemon.end(first, status: 0)
        let second = try #require(await starts.next())
        try daemon.end(second, status: 3)
        let status = try await daemon.ended(id)
        #expect(status.state == .failed)
        #expect(status.steps.map(\.exitCode) == [0, 3])
        await daemon.kill()
        #expect(manager.state.withLock { $0.started } == [first, second])
        #expect(manager.state.withLock { $0.released } == [second])
    }

    @Test("What a run goes by and what happened to it are told while it runs and after it")
    func records() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.make("runs")
        let manager = FakeServiceManager()
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        var starts = manager.starts.makeAsyncIterator()
        let id = try await daemon.start(ConductorTests.chain)
        let first = try #require(await starts.next())
        let definition = try await daemon.conductor.runDefinition(of: id)
        #expect(definition.files.map(\.kind) == ["workflow"])
        #expect(definition.files[0].text == ConductorTests.chain)
        #expect(definition.steps.map(\.id) == ["a", "b"])
        #expect(definition.steps[1].waitsFor == [RunDefinition.Dependency(step: "a", kind: "done")])
        #expect(definition.steps[0].action == "command" && definition.steps[0].phase == "steps")
        try daemon.end(first, status: 1)
        _ = try await daemon.ended(id)
        #expect(try await daemon.conductor.runDefinition(of: id) == definition)
        let events = try await daemon.conductor.events(of: id, after: 0)
        #expect(events.first?.kind == "run-created" && events.last?.kind == "run-ended")
        #expect(try await daemon.conductor.events(of: id, after: events.count) == [])
        await daemon.kill()
    }

    @Test("A run that pawld did not survive five times is set aside, the others go on, and resume takes it up")
    func setAside() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.make("runs")
        let manager = FakeServiceManager()
        var starts = manager.starts.makeAsyncIterator()
        let guilty: RunID
        let innocent: RunID
        do {
            let daemon = try Daemonette(folder, manager)
            try await daemon.conductor.recover(epoch: "boot.1")
            guilty = try await daemon.start(ConductorTests.chain)
            innocent = try await daemon.start(ConductorTests.chain)
            for _ in 1...2 { _ = try #require(await starts.next()) }
            await daemon.kill()
        }
        do {
            let store = try Store(path: folder.path + "/pawl.db")
            for _ in 1...2 { try store.markRecovery(of: [guilty, innocent]) }
            for _ in 3...Conductor.recoveryLimit { try store.markRecovery(of: [guilty]) }
        }
        let daemon = try Daemonette(folder, manager)
        let alone = try await daemon.conductor.recover(epoch: "boot.1")
        #expect(alone.map(\.id) == [innocent])
        await daemon.conductor.takeUp(suspect: alone[0])
        await daemon.conductor.recovered()
        await daemon.conductor.tookUp()
        #expect(try await daemon.conductor.recoveries() == [guilty: Conductor.recoveryLimit])
        #expect(try await daemon.conductor.status(of: innocent).0.state == .running)
        let status = try await daemon.conductor.status(of: guilty).0
        #expect(status.state == .stopped)
        #expect(status.reason?.contains("'pawl resume demo-\(guilty)'") == true)
        #expect(try await daemon.conductor.list(all: false).first { $0.id == guilty.rawValue }?.state == .stopped)
        await #expect(throws: APIError.self) { try await daemon.conductor.cancel(guilty, by: Requester(uid: 0)) }
        try await daemon.conductor.resume(guilty, by: Requester(uid: 0))
        #expect(try await daemon.conductor.status(of: guilty).0.state == .running)
        #expect(try await daemon.conductor.recoveries().isEmpty)
        await daemon.kill()
    }

    @Test("A retry with the workflow as it is now holds after a restart of pawld, and a refusal changes nothing")
    func withCurrent() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.make("runs")
        let manager = FakeServiceManager()
        var starts = manager.starts.makeAsyncIterator()
        func current(_ text: String, configured: [String: Value] = [:]) throws -> CurrentDefinition {
            let read = WorkflowReader.read(text, file: "/demo.yaml", name: "demo")
            let entry = WorkflowLibrary.Entry(
                source: WorkflowSource(SourceFile(file: "/demo.yaml", text: text)),
                workflow: try #require(read.workflow))
            return CurrentDefinition(entry: entry, configured: configured)
        }
        let id: RunID
        do {
            let daemon = try Daemonette(folder, manager)
            try await daemon.conductor.recover(epoch: "boot.1")
            id = try await daemon.start(ConductorTests.chain)
            try daemon.end(try #require(await starts.next()), status: 0)
            try daemon.end(try #require(await starts.next()), status: 3)
            #expect(try await daemon.ended(id).state == .failed)
            for (text, code) in [
                ("steps: [{id: b, command: [x]}]", APIError.Code.conflict),
                ("variables: {v: {required: true}}\n" + ConductorTests.chain, .conflict),
            ] {
                let error = await #expect(throws: APIError.self) {
                    try await daemon.conductor.retry(id, with: try current(text), by: Requester(uid: 0))
                }
                #expect(error?.code == code && error?.message.contains("as it is now") == true)
            }
            #expect(try await daemon.conductor.status(of: id).0.state == .failed)
            try await daemon.conductor.retry(
                id, with: try current(ConductorTests.chain + "  - {id: c, command: [\"true\"]}\n"),
                by: Requester(uid: 0))
            #expect(try #require(await starts.next()) == "pawl-step-\(id).b.2.service")
            await daemon.kill()
        }
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        var status = try await daemon.conductor.status(of: id).0
        #expect(status.steps.map(\.id) == ["a", "b", "c"] && status.stepsTotal == 3)
        #expect(status.definitionSince != status.started)
        try daemon.end("pawl-step-\(id).b.2.service", status: 0)
        try daemon.end(try #require(await starts.next()), status: 0)
        status = try await daemon.ended(id)
        #expect(status.state == .succeeded && status.steps.map(\.attempts.count) == [1, 2, 1])
        await daemon.kill()
    }

    @Test("While the host goes down nothing is started, resumed or retried, and a cancellation is kept")
    func requestsWhileHostStops() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.make("runs")
        let manager = FakeServiceManager()
        var starts = manager.starts.makeAsyncIterator()
        let id: RunID
        do {
            let daemon = try Daemonette(folder, manager)
            try await daemon.conductor.recover(epoch: "boot.1")
            id = try await daemon.start(ConductorTests.chain)
            _ = try #require(await starts.next())
            await daemon.kill()
        }
        let daemon = try Daemonette(folder, manager, isHostStopping: true)
        try await daemon.conductor.recover(epoch: "boot.1")
        for request in ["start", "resume", "retry"] {
            let error = await #expect(throws: APIError.self) {
                switch request {
                case "start": _ = try await daemon.start(ConductorTests.chain)
                case "resume": try await daemon.conductor.resume(id, by: Requester(uid: 0))
                default: try await daemon.conductor.retry(id, by: Requester(uid: 0))
                }
            }
            #expect("\(try #require(error))".contains("going down"))
        }
        try await daemon.conductor.cancel(id, by: Requester(uid: 0))
        #expect(try await daemon.conductor.isCancelRecorded(id))
        await daemon.kill()
    }

    @Test("A new pawld adopts what runs, harvests what ended meanwhile, and starts nothing twice")
    func adoption() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.make("runs")
        let manager = FakeServiceManager()
        var starts = manager.starts.makeAsyncIterator()
        let id: RunID
        let units: [String]
        do {
            let daemon = try Daemonette(folder, manager)
            try await daemon.conductor.recover(epoch: "boot.1")
            id = try await daemon.start(
                "steps:\n" + ["a", "b"].map { "  - {id: \($0), command: [\"true\"], depends_on: []}\n" }.joined())
            units = [try #require(await starts.next()), try #require(await starts.next())].sorted()
            await daemon.kill()
        }
        let daemon = try Daemonette(folder, manager)
        // One ended while nobody looked, the other one still runs.
        try daemon.end(units[0], status: 2)
        try await daemon.conductor.recover(epoch: "boot.1")
        await daemon.conductor.recovered()
        try daemon.end(units[1], status: 0)
        let status = try await daemon.ended(id)
        #expect(status.steps.map(\.exitCode) == [2, 0])
        #expect(status.steps.map(\.attempts.count) == [1, 1])
        #expect(manager.state.withLock { $0.started }.sorted() == units)
        await daemon.kill()
    }

    @Test("A retry from a step starts it again though the run has succeeded, and refuses a step that is not there")
    func retryFrom() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.make("runs")
        let manager = FakeServiceManager()
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        var starts = manager.starts.makeAsyncIterator()
        let id = try await daemon.start(
            "steps:\n  - {id: fetch, command: [\"true\"]}\n  - {id: unpack, command: [\"true\"]}\n")
        for _ in 0..<2 { try daemon.end(try #require(await starts.next()), status: 0) }
        #expect(try await daemon.ended(id).state == .succeeded)
        await #expect {
            try await daemon.conductor.retry(id, from: "unpak", by: Requester(uid: 0))
        } throws: {
            let error = $0 as? APIError
            return error?.code == .noSuchStep && error?.message.contains("did you mean 'unpack'?") == true
        }
        await #expect {
            try await daemon.conductor.retry(id, by: Requester(uid: 0))
        } throws: {
            ($0 as? APIError)?.code == .invalidState
        }
        try await daemon.conductor.retry(id, from: "unpack", by: Requester(uid: 0))
        let again = try #require(await starts.next())
        #expect(again == "pawl-step-\(id).unpack.2.service")
        try daemon.end(again, status: 0)
        let status = try await daemon.ended(id)
        #expect(status.state == .succeeded)
        #expect(status.steps.map(\.attempts.count) == [1, 2])
        await daemon.kill()
    }

    @Test("In another life of the manager an attempt without a receipt was interrupted, and the run asks")
    func otherEpoch() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.make("runs")
        let manager = FakeServiceManager()
        var starts = manager.starts.makeAsyncIterator()
        let id: RunID
        do {
            let daemon = try Daemonette(folder, manager)
            try await daemon.conductor.recover(epoch: "boot.1")
            id = try await daemon.start(ConductorTests.chain)
            _ = await starts.next()
            await daemon.kill()
        }
        manager.state.withLock { state in
            state.units = [:]
            state.epoch = "boot.2"
        }
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.2")
        var (status, bookmark) = try await daemon.conductor.status(of: id)
        while status.state != .stopped {
            _ = await daemon.conductor.changed(id, since: bookmark)
            (status, bookmark) = try await daemon.conductor.status(of: id)
        }
        #expect(status.steps[0].state == .interrupted)
        try await daemon.conductor.resume(id, by: Requester(uid: 0))
        let again = try #require(await starts.next())
        #expect(again == "pawl-step-\(id).a.2.service")
        await daemon.kill()
    }

    @Test("A start whose answer was lost is looked for, and asked for again under the same name")
    func lostAnswer() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.make("runs")
        let manager = FakeServiceManager()
        manager.state.withLock { $0.fault = .unknownOutcome("lost") }
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        let id = try await daemon.start("steps:\n  - {id: a, command: [\"true\"]}\n")
        let status = try await daemon.ended(id)
        // It never appeared: bounded, and said.
        #expect(status.steps[0].reason?.contains("3 times") == true)
        await daemon.kill()
    }
}

@Suite("The unit of an attempt")
struct StepUnitTests {
    private func unit(_ text: String) throws -> [String: StepUnit.Value] {
        let created = RunCreated(
            workflow: "demo", file: "/demo.yaml", text: text, variables: [:], requester: Requester(uid: 0),
            folder: "/runs/0000000a",
            maxParallel: 4, host: HostReader.facts())
        let id = try #require(RunID(rawValue: "0000000a"))
        let run = try Run(id: id, created: created, at: Daemon.now())
        let unit = StepUnit(try run.render(0, number: 1))
        return Dictionary(unit.properties.map { ($0.name, $0.value) }, uniquingKeysWith: { _, last in last })
    }

    @Test("A dollar sign in an argument is doubled, since systemd expands it there")
    func dollars() throws {
        let unit = try unit("steps:\n  - {id: a, command: [echo, \"$HOME\", \"a$$b\", \"100%\"]}\n")
        #expect(
            unit["ExecStart"] == .command(path: "echo", arguments: ["echo", "$$HOME", "a$$$$b", "100%"]))
    }

    @Test("The receipt keeps a unit from being started again, and a failed one stays until it is harvested")
    func safety() throws {
        let unit = try unit("steps:\n  - {id: a, command: [\"true\"], timeout: 5s}\n")
        #expect(
            unit["Conditions"]
                == .conditions([
                    ConditionSetting(
                        type: "ConditionPathExists", parameter: "/runs/0000000a/a.1/result.json", isNegated: true)
                ]))
        #expect(unit["CollectMode"] == .string("inactive"))
        #expect(unit["Slice"] == .string("pawl-0000000a.slice"))
        #expect(unit["RuntimeMaxUSec"] == .unsigned64(5_000_000))
        #expect(unit["BindPaths"] == nil, "a plain step pays for no mount namespace")
    }

    @Test("Conditions of the step's own stand beside the receipt's, and keep their operators")
    func conditions() throws {
        let unit = try unit(
            "steps:\n  - {id: a, command: [\"true\"], unit: {ConditionPathExists: [\"|!/x\", \"| /y\"], AssertUser: root}}\n"
        )
        let path = "ConditionPathExists"
        #expect(
            unit["Conditions"]
                == .conditions([
                    StepUnit.unless("/runs/0000000a/a.1/result.json"),
                    ConditionSetting(type: path, parameter: "/x", isNegated: true, isTrigger: true),
                    ConditionSetting(type: path, parameter: "/y", isTrigger: true),
                ]))
        #expect(unit["Asserts"] == .conditions([ConditionSetting(type: "AssertUser", parameter: "root")]))
    }

    @Test("What a step with a root of its own needs is bound into it")
    func root() throws {
        let unit = try unit("steps:\n  - {id: a, run: \"true\", unit: {RootDirectory: /srv/image}}\n")
        #expect(unit["RootDirectory"] == .string("/srv/image"))
        #expect(unit["WorkingDirectory"] == .string("-/run/pawl/step/work"))
        #expect(
            unit["BindReadOnlyPaths"]
                == .binds([
                    StepUnit.Bind(source: "/runs/0000000a/a.1/script", destination: "/run/pawl/step/script")
                ]))
    }

    @Test("What pawl binds comes after what the step binds, and every type of the bus's reaches it")
    func typed() throws {
        let created = RunCreated(
            workflow: "demo", file: "/demo.yaml",
            text: "steps:\n  - {id: a, run: \"true\", unit: {BindPaths: /srv:/mnt, LimitNOFILE: 5, CPUAffinity: 0}}\n",
            variables: [:], requester: Requester(uid: 0), folder: "/runs/0000000a", maxParallel: 4,
            host: HostReader.facts())
        let run = try Run(id: try #require(RunID(rawValue: "0000000a")), created: created, at: Daemon.now())
        let unit = StepUnit(try run.render(0, number: 1))
        let binds = unit.properties.filter { $0.name == "BindPaths" }.map(\.value)
        #expect(binds.count == 2)
        #expect(
            binds.first
                == .setting(
                    .array(
                        of: "(ssbt)",
                        [.structure([.string("/srv"), .string("/mnt"), .boolean(false), .unsigned64(16384)])])))
        let properties = Dictionary(unit.properties.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        #expect(properties["LimitNOFILE"] == .unsigned64(5) && properties["LimitNOFILESoft"] == .unsigned64(5))
        #expect(properties["CPUAffinity"] == .setting(.bytes([1, 0, 0, 0, 0, 0, 0, 0])))
    }

    @Test("A receipt is one only if it is about the unit, and says what systemd said")
    func receipts() {
        let text =
            #"{"unit":"u","service_result":"signal","exit_code":"killed","exit_status":"KILL","realtime_usec":5,"#
            + #""stopping":true,"memory_peak":4096,"cpu_usec":7,"added_later":1}"#
        let receipt = Receipt(Array(text.utf8), unit: "u")
        #expect(
            receipt?.result
                == UnitResult(
                    result: "signal", exit: .killed("KILL"), ended: Timestamp(microseconds: 5), hostStopping: true,
                    cpuMicroseconds: 7, memoryPeak: 4096))
        #expect(Receipt(Array(text.utf8), unit: "other") == nil)
        let bare =
            #"{"unit":"u","service_result":"resources","exit_code":null,"exit_status":null,"#
            + #""realtime_usec":5,"stopping":false}"#
        #expect(Receipt(Array(bare.utf8), unit: "u")?.result.exit == UnitResult.Exit.none, "it had no main process")
        #expect(Receipt([], unit: "u") == nil)
        #expect(Receipt(Array("{}".utf8), unit: "u") == nil)
    }
}

import EventLoopKit
import Glibc
import PawlAPI
import PawlEngine
import PawlLanguage
import PawlModel
import Testing

@testable import PawlDaemon

@Suite("The workflows and the configuration in force")
struct WorkflowLibraryTests {
    static let good = "steps:\n  - {id: a, command: [\"true\"]}\n"
    let folder: TemporaryFolder
    let loop = EventLoop(name: "test-library")
    let library: WorkflowLibrary

    init() throws {
        folder = try TemporaryFolder()
        var paths = Paths()
        paths.workflows = [try folder.make("etc"), try folder.make("lib"), folder.path + "/missing"]
        paths.configuration = folder.path + "/config.yaml"
        paths.owner = getuid()
        _ = try folder.make("config.yaml.d")
        library = WorkflowLibrary(paths: paths, executor: loop)
    }

    @Test("A file in an earlier folder hides that of the same name in a later one")
    func precedence() async throws {
        try folder.write("etc/a.yaml", WorkflowLibraryTests.good)
        try folder.write("lib/a.yaml", WorkflowLibraryTests.good)
        try folder.write("lib/b.yaml", WorkflowLibraryTests.good)
        #expect(await library.reload().isEmpty)
        #expect(await library.list().map(\.file) == ["\(folder.path)/etc/a.yaml", "\(folder.path)/lib/b.yaml"])
    }

    @Test("A directive that came later than the systemd that runs is a fault of the file, once that is known")
    func tooNew() async throws {
        try folder.write(
            "etc/a.yaml",
            "unit: {MemoryKSM: yes, PrivateTmp: disconnected}\nsteps:\n  - {id: a, command: [\"true\"]}\n")
        #expect(await library.reload().isEmpty)
        try folder.write("etc/b.yaml", "slice: {NFTSet: \"cgroup:inet:a:${run.name}\"}\n" + WorkflowLibraryTests.good)
        await library.take(systemd: 252)
        #expect(
            await library.reload().map(\.description) == [
                "\(folder.path)/etc/b.yaml:1:9: error: 'NFTSet', written so, came with systemd 255, and 252 is running"
            ], "what is in force stays so, as it is")
        try folder.write("etc/a.yaml", "unit: {MemoryKSM: yes, PrivateTmp: disconnected}\n" + WorkflowLibraryTests.good)
        #expect(await library.reload().count == 1, "the text is the same")
        try folder.write("etc/a.yaml", "unit: {PrivateTmp: disconnected, MemoryKSM: yes}\n" + WorkflowLibraryTests.good)
        #expect(
            await library.reload().prefix(2).map(\.description) == [
                "\(folder.path)/etc/a.yaml:1:20: error: 'PrivateTmp', written so, came with systemd 257, and 252 is running",
                "\(folder.path)/etc/a.yaml:1:34: error: 'MemoryKSM', written so, came with systemd 254, and 252 is running",
            ])
        await library.take(systemd: 257)
        #expect(await library.reload().isEmpty)
    }

    @Test("A faulty file keeps its last good text and says line and column; mended, it is in force")
    func lastGoodText() async throws {
        try folder.write("etc/a.yaml", WorkflowLibraryTests.good)
        #expect(await library.reload().isEmpty)
        try folder.write("etc/a.yaml", WorkflowLibraryTests.good + "nonsense: 1\n")
        let faults = await library.reload()
        #expect(faults.map(\.line) == [3])
        #expect(faults.first?.description.hasPrefix("\(folder.path)/etc/a.yaml:3:1: error: ") == true)
        #expect(try await library.entry("a").text == WorkflowLibraryTests.good)
        #expect(await library.list().map { [$0.faulty, $0.startable] } == [[true, true]])
        try folder.write("etc/a.yaml", WorkflowLibraryTests.good + "timeout: 1h\n")
        #expect(await library.reload().isEmpty)
        #expect(try await library.entry("a").workflow.timeout == .seconds(3600))
    }

    @Test("A file that is faulty from the start is listed with its faults and cannot be started")
    func faultyFromTheStart() async throws {
        try folder.write("etc/a.yaml", "steps: 12\n")
        #expect(await library.reload().count == 1)
        #expect(await library.list().map { [$0.faulty, $0.startable] } == [[true, false]])
        do {
            _ = try await library.entry("a")
            Issue.record("a faulty workflow was handed out")
        } catch {
            #expect(error.code == .faultyWorkflow)
            #expect(error.faults.count == 1)
        }
    }

    @Test(
        "A file that others can write is refused by name, and so is what is no file", arguments: [0o664, 0o646, 0o666])
    func untrusted(mode: Int) async throws {
        try folder.write("etc/a.yaml", WorkflowLibraryTests.good, mode: mode_t(mode))
        let faults = await library.reload()
        #expect(faults.count == 1)
        #expect(faults.first?.file == "\(folder.path)/etc/a.yaml")
        #expect(faults.first?.message.contains("chmod go-w") == true)
        #expect(await library.count == 0)
    }

    @Test("A file that is gone takes its workflow along")
    func removed() async throws {
        try folder.write("etc/a.yaml", WorkflowLibraryTests.good)
        _ = await library.reload()
        unlink("\(folder.path)/etc/a.yaml")
        #expect(await library.reload().isEmpty)
        #expect(await library.list().isEmpty)
    }

    @Test("A name that no workflow bears is answered with the nearest one")
    func nearName() async throws {
        try folder.write("etc/backup.yaml", WorkflowLibraryTests.good)
        _ = await library.reload()
        do {
            _ = try await library.entry("bakcup")
            Issue.record("there is no such workflow")
        } catch {
            #expect(error.code == .noSuchWorkflow)
            #expect(error.message.contains("did you mean 'backup'?"))
        }
    }

    @Test("A text that a request brings along is checked like a file, and cannot have the name of one")
    func text() async throws {
        try folder.write("etc/a.yaml", WorkflowLibraryTests.good)
        try folder.write("etc/faulty.yaml", "steps: []")
        _ = await library.reload()
        let request = { Messages.StartRun(workflow: $0, text: $1) }
        let entry = try await library.entry(of: request("mine", WorkflowLibraryTests.good))
        #expect(entry.workflow.name == "mine" && entry.text == WorkflowLibraryTests.good)
        #expect(try await library.entry(of: Messages.StartRun(workflow: "a")).file == "\(folder.path)/etc/a.yaml")
        for (name, text, code) in [
            ("a", WorkflowLibraryTests.good, APIError.Code.conflict), ("faulty", WorkflowLibraryTests.good, .conflict),
            ("mine", "steps: []", .faultyWorkflow), ("Not One", WorkflowLibraryTests.good, .faultyWorkflow),
        ] {
            do {
                _ = try await library.entry(of: request(name, text))
                Issue.record("\(name) was taken")
            } catch {
                #expect(error.code == code)
                #expect(error.faults.isEmpty == (code == .conflict))
            }
        }
    }

    @Test("Variables are told with their bounds as they were written")
    func bounds() async throws {
        let text = """
            variables:
              wait: {type: duration, required: true, max: 5min}
              n: {type: integer, required: true, min: 1, max: 5}
              any: {type: string, required: true}
            \(WorkflowLibraryTests.good)
            """
        let variables = try await library.variables(of: Messages.StartRun(workflow: "mine", text: text))
        #expect(variables.map(\.min) == [nil, "1", nil])
        #expect(variables.map(\.max) == ["5min", "5", nil])
    }

    @Test("What steps run is held against the workflows that are there, and a run keeps the texts of all of them")
    func calls() async throws {
        try folder.write("etc/leaf.yaml", "variables: {n: 1}\noutputs: {m: \"${n}\"}\n" + WorkflowLibraryTests.good)
        try folder.write("etc/middle.yaml", "steps: [{id: a, workflow: leaf, with: {n: 2}}]")
        try folder.write("etc/top.yaml", "steps: [{id: a, workflow: middle}, {id: b, workflow: leaf}]")
        #expect(await library.reload().isEmpty)
        let children = try await library.children(of: try await library.entry("top").workflow)
        #expect(children.map(\.workflow) == ["middle", "leaf"])
        #expect(children[1].source.main.file == "\(folder.path)/etc/leaf.yaml")
        #expect(try await library.current("top").children == children)

        // With a fault the last good text goes on, and so does what is called by it.
        try folder.write("etc/middle.yaml", "steps: [{id: a, workflow: leaf, with: {m: 2}}]")
        let faults = await library.reload()
        #expect(faults.map(\.file) == ["\(folder.path)/etc/middle.yaml"])
        #expect(faults.first?.message == "workflow 'leaf' has no variable 'm'")
        #expect(try await library.children(of: try await library.entry("top").workflow) == children)

        // What is gone keeps from starting what would need it.
        unlink("\(folder.path)/etc/leaf.yaml")
        #expect(await library.reload().count == 2)
        do {
            _ = try await library.children(of: try await library.entry("top").workflow)
            Issue.record("one of its workflows is gone")
        } catch {
            #expect(error.code == .faultyWorkflow && !error.faults.isEmpty)
        }
    }

    @Test("The configuration is taken all or nothing, drop-ins after the file in the order of their names")
    func configuration() async throws {
        try folder.write("config.yaml", "max_parallel: 2\nlog_level: debug\n")
        try folder.write("config.yaml.d/20.yaml", "max_parallel: 9\n")
        try folder.write("config.yaml.d/10.yaml", "max_parallel: 5\n")
        #expect(await library.reload().isEmpty)
        #expect(await library.settings.maxParallel == 9)
        try folder.write("config.yaml.d/20.yaml", "max_parallel: 0\n")
        try folder.write("config.yaml.d/10.yaml", "max_parallel: 6\n")
        #expect(await library.reload().count == 1)
        #expect(await library.settings.maxParallel == 9, "nothing of a faulty set is taken")
    }

    @Test("A file whose name cannot be a workflow's is a fault that says so")
    func badName() async throws {
        try folder.write("etc/Not_One.yaml", WorkflowLibraryTests.good)
        #expect(await library.reload().map(\.file) == ["\(folder.path)/etc/Not_One.yaml"])
    }
}

import EventLoopKit
import Glibc
import PawlAPI
import PawlLanguage
import PawlModel
import Testing

@testable import PawlDaemon

@Suite("Workflows of several files in force")
struct CompositionTests {
    static let good = "env: {A: a}\nsteps:\n  - {id: a, command: [\"true\"]}\n"
    let folder: TemporaryFolder
    let loop = EventLoop(name: "test-parts")
    let library: WorkflowLibrary

    init() throws {
        folder = try TemporaryFolder()
        var paths = Paths()
        paths.workflows = [try folder.make("etc"), try folder.make("run"), try folder.make("lib")]
        paths.configuration = folder.path + "/config.yaml"
        paths.owner = getuid()
        for name in ["etc/a.yaml.d", "lib/a.yaml.d", "lib/parts"] { _ = try folder.make(name) }
        library = WorkflowLibrary(paths: paths, executor: loop)
    }

    private func timeout() async throws -> Duration? { try await library.entry("a").workflow.timeout }

    @Test("Drop-ins of all folders count by their names; an empty one, and a link to /dev/null, hides one")
    func dropIns() async throws {
        try folder.write("lib/a.yaml", Self.good)
        try folder.write("lib/a.yaml.d/50-time.yaml", "timeout: 1h\n")
        try folder.write("etc/a.yaml.d/10-time.yaml", "timeout: 2h\nmax_parallel: 3\n")
        try folder.write("etc/a.yaml.d/.#50-time.yaml", "nonsense: 1\n")
        #expect(await library.reload() == [])
        #expect(try await timeout() == .seconds(3600))
        #expect(try await library.entry("a").workflow.maxParallel == 3)
        try folder.write("etc/a.yaml.d/50-time.yaml", "")
        #expect(await library.reload() == [])
        #expect(try await timeout() == .seconds(7200))
        #expect(symlink("/dev/null", "\(folder.path)/etc/a.yaml.d/10-time2.yaml") == 0)
        unlink("\(folder.path)/etc/a.yaml.d/10-time.yaml")
        #expect(symlink("/dev/null", "\(folder.path)/etc/a.yaml.d/10-time.yaml") == 0)
        #expect(await library.reload() == [])
        #expect(try await timeout() == nil)
    }

    @Test("An empty file, or a link to /dev/null, takes a workflow away", arguments: [true, false])
    func masked(isLink: Bool) async throws {
        try folder.write("lib/a.yaml", Self.good)
        #expect(await library.reload() == [])
        #expect(await library.count == 1)
        let mask = "\(folder.path)/etc/a.yaml"
        if isLink { #expect(symlink("/dev/null", mask) == 0) } else { try folder.write("etc/a.yaml", "") }
        #expect(await library.reload() == [])
        #expect(await library.count == 0)
        #expect(await library.list().map { [$0.masked, $0.faulty, $0.startable] } == [[true, false, false]])
        do {
            _ = try await library.entry("a")
            Issue.record("a masked workflow was handed out")
        } catch {
            #expect(error.code == .noSuchWorkflow)
            #expect(error.message.contains("is masked by \(mask)"))
        }
        unlink(mask)
        #expect(await library.reload() == [])
        #expect(await library.count == 1)
    }

    @Test("A change of any part is noticed, and a faulty part leaves the last good texts in force")
    func changes() async throws {
        try folder.write("lib/a.yaml", "include: [parts/b.yaml]\n" + Self.good)
        try folder.write("lib/parts/b.yaml", "timeout: 1h\n")
        #expect(await library.reload() == [])
        #expect(try await timeout() == .seconds(3600))
        try folder.write("lib/parts/b.yaml", "timeout: 2h\n")
        #expect(await library.reload() == [])
        #expect(try await timeout() == .seconds(7200))
        try folder.write("lib/parts/b.yaml", "timeout: 3h\nnonsense: 1\n")
        let faults = await library.reload()
        #expect(
            faults.map(\.description).map { $0.hasPrefix("\(folder.path)/lib/parts/b.yaml:2:1: error: ") } == [true])
        #expect(try await timeout() == .seconds(7200))
        unlink("\(folder.path)/lib/parts/b.yaml")
        #expect(await library.reload().map(\.line) == [1])
        #expect(try await timeout() == .seconds(7200))
        try folder.write("lib/parts/b.yaml", "timeout: 4h\n")
        #expect(await library.reload() == [])
        #expect(try await library.entry("a").source.included.map(\.text) == ["timeout: 4h\n"])
        try folder.write("etc/a.yaml.d/x.yaml", "timeout: 5h\n")
        #expect(await library.reload() == [])
        #expect(try await timeout() == .seconds(18_000))
    }

    @Test("What is no regular file, or can be written by others, is not included, and named with its place")
    func untrusted() async throws {
        let path = folder.path
        #expect(mkfifo("\(path)/lib/fifo.part", 0o600) == 0)
        try folder.write("lib/open.part", "timeout: 1h\n", mode: 0o666)
        #expect(symlink("open.part", "\(path)/lib/link.part") == 0)
        try folder.write("lib/large.part", String(repeating: "#", count: 5 << 20))
        try folder.write("lib/binary.part", "a: \u{1}")
        let cases = [
            ("/dev/zero", "the included file /dev/zero is no regular file"),
            ("/dev/null", "the included file /dev/null is no regular file"),
            ("fifo.part", "the included file \(path)/lib/fifo.part is no regular file"),
            ("parts", "the included file \(path)/lib/parts is no regular file"),
            ("none.part", "the included file \(path)/lib/none.part cannot be read: No such file or directory"),
            ("open.part", "the included file \(path)/lib/open.part can be written by others than root"),
            ("link.part", "the included file \(path)/lib/link.part can be written by others than root"),
            ("large.part", "the included file \(path)/lib/large.part has 5242880 bytes; at most 4 MiB are read"),
        ]
        for (name, message) in cases {
            try folder.write("lib/a.yaml", "include:\n  - \(name)\n" + Self.good)
            let faults = await library.reload()
            #expect(faults.count == 1, "\(name)")
            #expect(faults.first.map { [$0.line, $0.column] } == [2, 5], "\(name)")
            #expect(faults.first?.message.hasPrefix(message) == true, "\(faults)")
            #expect(await library.count == 0)
        }
        try folder.write("lib/a.yaml", "include: [binary.part]\n" + Self.good)
        #expect(await library.reload().map(\.file) == ["\(path)/lib/binary.part"])
    }

    @Test("A file in a folder that others can write is refused: they could put another one there")
    func openFolder() async throws {
        let path = folder.path
        try folder.write("lib/parts/b.yaml", "timeout: 1h\n")
        try folder.write("lib/a.yaml", "include: [parts/b.yaml]\n" + Self.good)
        #expect(await library.reload() == [])
        #expect(chmod("\(path)/lib/parts", 0o777) == 0)
        var faults = await library.reload()
        #expect(faults.count == 1)
        #expect(
            faults.first?.message.contains("others than root can write the folder \(path)/lib/parts") == true,
            "\(faults)")
        // By way of a link it is the same folder.
        #expect(symlink("parts", "\(path)/lib/way") == 0)
        try folder.write("lib/a.yaml", "include: [way/b.yaml]\n" + Self.good)
        faults = await library.reload()
        #expect(
            faults.first?.message.contains("others than root can write the folder \(path)/lib/parts") == true,
            "\(faults)")
        #expect(chmod("\(path)/lib/parts", 0o755) == 0)
        #expect(await library.reload() == [])
        #expect(chmod("\(path)/etc/a.yaml.d", 0o777) == 0)
        try folder.write("etc/a.yaml.d/x.yaml", "timeout: 5h\n")
        #expect(await library.reload().map(\.file) == ["\(path)/etc/a.yaml.d/x.yaml"])
    }

    @Test("A text that is sent includes nothing")
    func sent() async throws {
        _ = await library.reload()
        do {
            _ = try await library.entry(
                of: Messages.StartRun(workflow: "mine", text: "include: [/etc/passwd]\n" + Self.good))
            Issue.record("it was taken")
        } catch {
            #expect(error.faults.map { [$0.line, $0.column] } == [[1, 11]])
        }
    }
}

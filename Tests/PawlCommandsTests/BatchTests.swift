import FoundationEssentials
import PawlAPI
import PawlModel
import Testing

@testable import PawlCommands

@Suite("Scripts as one run")
final class BatchTests {
    private let folder: String
    private let name = #"{"run":"batch-7k2m9qxa","id":"7k2m9qxa"}"#

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(
            path: "pawl-batch-\(UInt32.random(in: .min ... .max))")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        folder = url.path
        try write("build.sh", "#!/bin/sh\n")
        try write("test.sh", "#!/bin/sh\n# Depends on: build\n")
        try write("deploy.sh", "#!/bin/sh\nbash ./test.sh\n")
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func write(_ name: String, _ text: String, mode: Int = 0o755) throws {
        let path = "\(folder)/\(name)"
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    private var scripts: [String] { ["deploy", "build", "test"].map { "\(folder)/\($0).sh" } }

    private func run(_ manager: FakeManager, _ arguments: [String]) -> (status: Int32, output: String, errors: String) {
        let surroundings = manager.surroundings()
        let status = PawlProgram.run(arguments, surroundings)
        // Whether the tests run as root is not what they are about.
        let errors = surroundings.errors.text.split(separator: "\n").filter { !$0.contains("others than root") }
        return (status, surroundings.output.text, errors.joined(separator: "\n"))
    }

    @Test("the groups are shown, a text is sent, and the run is followed")
    func batch() throws {
        let manager = FakeManager()
        let ended = Sample.run(.succeeded, [Sample.step("build", .succeeded)], ended: 1)
        manager.on(.startRun, .answer(name))
        manager.on(.watchRun, .answer(Sample.status(ended)))
        let result = run(manager, ["batch"] + scripts + ["--max-parallel", "2", "--timeout", "300", "--fail-fast"])
        #expect(result.status == 0 && result.errors == "")
        #expect(result.output.hasPrefix("Group 1: build\nGroup 2: test\nGroup 3: deploy\netcd-7k2m9qxa succeeded\n"))
        let call = try #require(manager.calls.first)
        #expect(call.hasPrefix(#"StartRun {"text":"name: \"Batch of 3 scripts\"\nmax_parallel: 2\nfail_fast: true\n"#))
        #expect(call.contains(#"- test  # \#(folder)/deploy.sh:2: bash ./test.sh\n    timeout: \"300\"\n"#))
        #expect(call.hasSuffix(#","workflow":"batch"}"#))
    }

    @Test("--detach prints the name alone, and --name is what it begins with")
    func detach() {
        let manager = FakeManager()
        manager.on(.startRun, .answer(name))
        #expect(run(manager, ["batch"] + scripts + ["--detach", "--name", "nightly"]).output == "batch-7k2m9qxa\n")
        #expect(manager.calls.first?.hasSuffix(#","workflow":"nightly"}"#) == true)
    }

    @Test("--dry-run says where each dependency comes from and starts nothing")
    func dryRun() {
        let manager = FakeManager()
        let result = run(manager, ["batch", "--dry-run"] + scripts)
        #expect(manager.calls == [])
        #expect(
            result.output.replacing(folder, with: "F").replacing(/[ ]+/, with: " ") == """
                Group 1: build
                Group 2: test
                Group 3: deploy

                SCRIPT WAITS FOR SINCE
                deploy test F/deploy.sh:2: bash ./test.sh
                test build F/test.sh:2: # Depends on: build

                """)
        let json = run(manager, ["batch", "--dry-run", "-o", "json"] + scripts).output
        #expect(json.hasPrefix(#"{"groups":[["build"],["test"],["deploy"]],"scripts":[{"group":3,"id":"deploy","#))
    }

    @Test("a graph names the scripts, by paths from its own folder")
    func graph() throws {
        let graph =
            #"{"workflows": {"b": {"path": "build.sh"}, "t": {"path": "test.sh"}}, "dependencies": {"b": ["t"]}}"#
        try write("g.json", graph)
        let result = run(FakeManager(), ["batch", "--graph", "\(folder)/g.json", "--dry-run"])
        #expect(result.output.hasPrefix("Group 1: t\nGroup 2: b\n"))
        #expect(result.output.contains("g.json:1: \"b\": [\"t\"]"))
        try write("g.json", #"{"workflows": {"b": {"path": "gone.sh"}}}"#)
        let missing = run(FakeManager(), ["batch", "--graph", "\(folder)/g.json"])
        #expect(missing.status == 2)
        #expect(missing.errors.contains("g.json:1:30: error: the script 'gone.sh' cannot be read: No such file"))
    }

    @Test("what is wrong is said and nothing is started")
    func faults() throws {
        func refused(_ arguments: [String], _ words: String, sourceLocation: SourceLocation = #_sourceLocation) {
            let manager = FakeManager()
            let result = run(manager, ["batch"] + arguments)
            #expect(result.status == 2 && manager.calls == [], sourceLocation: sourceLocation)
            #expect(result.errors.contains(words), "\(result.errors)", sourceLocation: sourceLocation)
        }
        refused([], "scripts are missing, or a graph that names them; see 'pawl batch --help'")
        refused(["\(folder)/gone.sh"], "the script '\(folder)/gone.sh' cannot be read: No such file or directory")
        refused(scripts + ["--timeout", "soon"], "'timeout' takes a time span")
        refused(scripts + ["--max-parallel", "0"], "at least one script has to run at once")
        refused(scripts + ["--name", "A B"], "'A B' cannot be a workflow's name")
        try write("build.sh", "# Requires: deploy")
        refused(scripts, "these scripts wait for one another: deploy -> test -> build -> deploy")
        try write("build.sh", "# Requires: desploy")
        refused(scripts, "\(folder)/build.sh:1:13: error: 'desploy' is no script of this set (did you mean 'deploy'?)")
    }

    @Test("a workflow file is made of a folder's scripts, and nothing is written over")
    func imports() throws {
        let result = run(FakeManager(), ["import", folder, "--name", "site"])
        #expect(result.status == 0)
        let lines = result.output.replacing(folder, with: "F").split(separator: "\n").map { String($0) }
        #expect(lines.first == "# Made by 'pawl import' of the scripts in F.")
        #expect(
            Array(lines.dropFirst(2)) == [
                "name: site", "steps:", "  - id: build", "    command: [/usr/bin/env, \"--chdir=F\", F/build.sh]",
                "    depends_on: []", "  - id: deploy", "    command: [/usr/bin/env, \"--chdir=F\", F/deploy.sh]",
                "    depends_on:", "      - test  # F/deploy.sh:2: bash ./test.sh", "  - id: test",
                "    command: [/usr/bin/env, \"--chdir=F\", F/test.sh]", "    depends_on:",
                "      - build  # F/test.sh:2: # Depends on: build",
            ])
        #expect(run(FakeManager(), ["import", folder, "\(folder)/site.yaml", "--name", "site"]).status == 0)
        #expect(try TextFile.read("\(folder)/site.yaml").text == result.output)
        #expect(run(FakeManager(), ["import", folder, "\(folder)/site.yaml", "--name", "site"]).status == 8)
        #expect(run(FakeManager(), ["import", "\(folder)/none"]).status == 4)
        #expect(
            run(FakeManager(), ["plan", "\(folder)/site.yaml"]).output.hasPrefix("Group 1: build\nGroup 2: test\n"))
    }

    @Test("a plan in all its forms")
    func plan() throws {
        try write("w.yaml", "max_parallel: 1\nsteps:\n  - {id: a, run: x}\n  - {id: b, run: x}\n")
        func plan(_ arguments: String...) -> String {
            run(FakeManager(), ["plan", "\(folder)/w.yaml"] + arguments).output
        }
        #expect(
            plan().replacing(/[ ]+/, with: " ")
                == "Group 1: a\nGroup 2: b\n\n+---+ +---+\n| a |-->| b |\n+---+ +---+\n\nSTEP GROUP WHY\na 1 waits for nothing\nb 2 waits for a\n\nat most 1 step at once\n"
        )
        #expect(plan("-o", "dot").hasPrefix("digraph \"w\" {"))
        #expect(plan("-o", "mermaid").hasPrefix("flowchart LR"))
        #expect(plan("-o", "svg").hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\""))
        #expect(
            plan("-o", "json").replacing(folder, with: "F")
                == #"{"file":"F/w.yaml","groups":[{"group":1,"phase":"steps","steps":[{"file":"F/w.yaml","id":"a","line":3,"reason":"waits for nothing","#
                + #""waits_for":[]}]},{"group":2,"phase":"steps","steps":[{"file":"F/w.yaml","id":"b","line":4,"reason":"waits for a","waits_for":["a"]}]}],"#
                + #""max_parallel":1,"workflow":"w"}"# + "\n")
        try write("w.yaml", "steps: []\n")
        let faulty = run(FakeManager(), ["plan", "\(folder)/w.yaml"])
        #expect(faulty.status == 2 && faulty.errors.contains("w.yaml:1:8: error:"))
        #expect(run(FakeManager(), ["plan", "\(folder)/none.yaml"]).status == 4)
    }
}

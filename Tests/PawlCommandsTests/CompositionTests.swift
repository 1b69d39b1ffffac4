import FoundationEssentials
import Glibc
import PawlAPI
import PawlLanguage
import PawlModel
import Testing

@testable import PawlCommands

/// Folders for workflows as a host has them; they are gone after the test.
final class WorkflowHost {
    let path: String
    var folders: [String] { ["\(path)/etc", "\(path)/run", "\(path)/lib"] }
    let manager = FakeManager()
    /// What somebody does in the editor, one after the other: they get the text and give back another one.
    var edits: [(String) throws -> String] = []
    /// What they found in it.
    var seen: [String] = []
    /// What is on standard input.
    var input = ""

    init() throws {
        path = "/tmp/pawl-host-\(UUID().uuidString)"
        for folder in ["etc", "run", "lib", "drafts"] {
            try FileManager.default.createDirectory(atPath: "\(path)/\(folder)", withIntermediateDirectories: true)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws {
        let file = URL(filePath: "\(path)/\(name)")
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        chmod(file.path, 0o644)
    }

    func text(_ name: String) -> String? { try? TextFile.read("\(path)/\(name)").text }

    func drafts() -> [String] { WorkflowFiles.list("\(path)/drafts").filter { !$0.hasPrefix(".") } }

    func run(_ arguments: String...) -> (status: Int32, output: String, errors: String) {
        var surroundings = manager.surroundings()
        surroundings.workflowFolders = folders
        surroundings.draftFolder = "\(path)/drafts"
        surroundings.input = { () throws(CommandFailure) in self.input }
        surroundings.edit = { file throws(CommandFailure) in
            do {
                let text = try TextFile.read(file).text
                self.seen.append(text)
                guard !self.edits.isEmpty else { return }
                try Data(try self.edits.removeFirst()(text).utf8).write(to: URL(filePath: file))
            } catch {
                throw CommandFailure(.failed, "the editor has failed")
            }
        }
        let status = PawlProgram.run(arguments, surroundings)
        let shorten = { (text: String) in text.replacing(self.path, with: "") }
        return (status, shorten(surroundings.output.text), shorten(surroundings.errors.text))
    }
}

@Suite("pawl check, cat and schema of workflows of several files")
struct CompositionTests {
    private let good = "steps:\n  - id: a\n    run: echo hello\n"

    @Test("cat shows each file under its name, in the order in which they count")
    func cat() throws {
        let host = try WorkflowHost()
        try host.write("lib/a.yaml", "include: [parts/b.yaml]\n" + good)
        try host.write("lib/parts/b.yaml", "env: {A: b}")
        try host.write("run/a.yaml.d/20.yaml", "timeout: 2h\n")
        try host.write("etc/a.yaml.d/10.yaml", "timeout: 1h\n\n# a note\n")
        try host.write("etc/a.yaml.d/30.yaml", "")
        try host.write("lib/a.yaml.d/30.yaml", "timeout: 3h\n")
        let result = host.run("cat", "a")
        #expect(result.errors == "")
        #expect(result.status == 0)
        #expect(
            result.output == """
                # /lib/parts/b.yaml
                env: {A: b}

                # /lib/a.yaml
                include: [parts/b.yaml]
                steps:
                  - id: a
                    run: echo hello

                # /etc/a.yaml.d/10.yaml
                timeout: 1h

                # a note

                # /run/a.yaml.d/20.yaml
                timeout: 2h

                """)
        let json = host.run("cat", "a", "-o", "json").output
        let kinds = json.matches(of: /"kind":"([a-z-]+)"/).map { String($0.output.1) }
        #expect(kinds == ["included", "workflow", "drop-in", "drop-in"])
        #expect(host.run("cat", "b").status == 4)
        try host.write("run/a.yaml.d/20.yaml", "timeout: nonsense\n")
        let faulty = host.run("cat", "a")
        #expect(faulty.status == 0 && faulty.errors == "pawl: workflow 'a' has 1 fault; 'pawl check a' says them\n")
        #expect(faulty.output.hasSuffix("timeout: nonsense\n"))
    }

    @Test("check names the part that a fault is in, and every part that pawld will refuse")
    func check() throws {
        let host = try WorkflowHost()
        try host.write("lib/a.yaml", "include: [b.part]\n" + good)
        try host.write("lib/b.part", "nonsense: 1\n")
        try host.write("etc/a.yaml.d/10.yaml", "timeout: x\n")
        let result = host.run("check", "a")
        #expect(result.status == 2)
        #expect(result.errors.hasPrefix("pawl: workflow 'a' has 2 faults\n"))
        #expect(result.errors.contains("/lib/b.part:1:1: error: unknown key 'nonsense'"))
        #expect(result.errors.contains("/etc/a.yaml.d/10.yaml:1:10: error: "))
        try host.write("lib/b.part", "env: {A: b}\n")
        try host.write("etc/a.yaml.d/10.yaml", "timeout: 1h\n")
        chmod("\(host.path)/lib/b.part", 0o666)
        let open = host.run("check", "a")
        #expect(open.status == 0)
        #expect(open.errors.contains("/lib/b.part:1:1: warning: pawld refuses this file where it is"))
        mkfifo("\(host.path)/lib/pipe", 0o600)
        for name in ["/dev/zero", "pipe", "none"] {
            try host.write("lib/a.yaml", "include: [\(name)]\n" + good)
            #expect(host.run("check", "a").errors.contains("/lib/a.yaml:1:11: error: the included file "), "\(name)")
        }
    }

    @Test("a file elsewhere has the drop-ins beside it, and none of the host's")
    func elsewhere() throws {
        let host = try WorkflowHost()
        try host.write("home/a.yaml", good)
        try host.write("home/a.yaml.d/1.yaml", "timeout: x\n")
        try host.write("etc/a.yaml.d/2.yaml", "timeout: y\n")
        let result = host.run("check", "\(host.path)/home/a.yaml")
        #expect(result.errors.contains("/home/a.yaml.d/1.yaml:1:10: error: "))
        #expect(!result.errors.contains("/etc/"))
        try host.write("lib/a.yaml", good)
        #expect(host.run("check", "\(host.path)/lib/a.yaml").errors.contains("/etc/a.yaml.d/2.yaml:1:10: error: "))
    }

    @Test("a masked workflow is none, and says what masks it")
    func masked() throws {
        let host = try WorkflowHost()
        try host.write("lib/a.yaml", good)
        symlink("/dev/null", "\(host.path)/etc/a.yaml")
        for verb in ["check", "cat", "plan"] {
            let result = host.run(verb, "a")
            #expect(result.status == 4)
            #expect(result.errors.contains("workflow 'a' is masked by /etc/a.yaml"))
        }
        #expect(host.run("edit", "a", "--full").status == 8)
    }

    @Test("the plan says which file a step is in")
    func plan() throws {
        let host = try WorkflowHost()
        try host.write("lib/a.yaml", good)
        try host.write("etc/a.yaml.d/1.yaml", "steps: [{id: b, command: [echo]}]\n")
        let files = host.run("plan", "a", "-o", "json").output.matches(of: /"file":"([^"]+)","id":"([ab])"/)
        #expect(files.map { "\($0.output.2) \($0.output.1)" } == ["a /lib/a.yaml", "b /etc/a.yaml.d/1.yaml"])
    }

    @Test("the schema is printed as text with lines, and as one line")
    func schema() throws {
        let host = try WorkflowHost()
        #expect(host.run("schema").output == WorkflowSchema.text(isIndented: true))
        #expect(host.run("schema", "-o", "json").output == WorkflowSchema.text(isIndented: false))
    }
}

@Suite("pawl edit")
struct EditTests {
    private let good = "steps:\n  - id: a\n    run: echo hello\n"
    private let reloaded = #"{"workflows":1}"#

    @Test("what is not the admin's own gets a drop-in, below which the workflow is shown as comments")
    func dropIn() throws {
        let host = try WorkflowHost()
        try host.write("lib/a.yaml", good)
        host.manager.on(.reload, .answer(reloaded))
        host.edits = [
            { $0.replacing("becomes the drop-in\n\n", with: "becomes the drop-in\n\n\ntimeout: 1h # note\n") }
        ]
        let result = host.run("edit", "a")
        #expect(result.errors == "")
        #expect(result.output == "/etc/a.yaml.d/override.yaml: saved\n")
        #expect(host.text("etc/a.yaml.d/override.yaml") == "timeout: 1h # note\n")
        #expect(host.manager.calls == ["Reload {}"])
        #expect(host.drafts() == [])
        let lines = host.seen[0].replacing(host.path, with: "").split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.first == "### Editing /etc/a.yaml.d/override.yaml")
        #expect(
            Array(lines.suffix(7)) == [
                "", "### /lib/a.yaml", "# steps:", "#   - id: a", "#     run: echo hello", "#", "",
            ])
        // The second time it begins with what is there, and nothing changed is nothing saved.
        let again = host.run("edit", "a")
        #expect(again.status == 0 && again.output == "")
        #expect(again.errors == "pawl: nothing was saved: nothing was changed\n")
        #expect(host.seen[1].contains("becomes the drop-in\n\ntimeout: 1h # note\n"))
        var status = stat()
        stat("\(host.path)/etc/a.yaml.d/override.yaml", &status)
        #expect(status.st_mode & 0o7777 == 0o644)
    }

    @Test("a file of the admin's own is edited itself, and --full copies another one")
    func full() throws {
        let host = try WorkflowHost()
        try host.write("lib/a.yaml", good)
        host.manager.on(.reload, .answer(reloaded))
        host.edits = [{ $0 + "timeout: 1h\n" }, { $0.replacing("1h", with: "2h") }, { $0.replacing("2h", with: "3h") }]
        #expect(host.run("edit", "a", "--full").output == "/etc/a.yaml: saved\n")
        #expect(host.seen == [good])
        #expect(host.text("etc/a.yaml") == good + "timeout: 1h\n")
        #expect(host.text("lib/a.yaml") == good)
        host.manager.on(.reload, .answer(reloaded))
        #expect(host.run("edit", "a").output == "/etc/a.yaml: saved\n")
        #expect(host.text("etc/a.yaml") == good + "timeout: 2h\n")
        #expect(host.run("edit", "a", "--full", "--runtime").status == 8)
        host.manager.on(.reload, .answer(reloaded))
        host.edits = [{ _ in "max_parallel: 2\n" }]
        #expect(host.run("edit", "a", "--runtime", "--drop-in", "x").output == "/run/a.yaml.d/x.yaml: saved\n")
        #expect(host.run("edit", "a", "--drop-in", "../x").status == 2)
        #expect(host.run("edit", "a", "--drop-in", ".x").status == 2)
    }

    @Test("what is not there is made only where that is asked for")
    func force() throws {
        let host = try WorkflowHost()
        try host.write("lib/backup.yaml", good)
        let refused = host.run("edit", "bakcup")
        #expect(refused.status == 4)
        #expect(refused.errors.contains("did you mean 'backup'"))
        #expect(host.run("edit", "/etc/passwd").status == 2)
        host.manager.on(.reload, .answer(reloaded))
        host.edits = [{ _ in self.good }]
        #expect(host.run("edit", "new").errors.hasSuffix("; 'pawl edit --force new' makes it\n"))
        #expect(host.run("edit", "new", "--force").output == "/etc/new.yaml: saved\n")
        #expect(host.seen == [""])
        #expect(host.run("edit", "other", "--force", "--drop-in", "x").status == 4)
    }

    @Test("what has faults is told in its own lines, and edited again until it has none")
    func again() throws {
        let host = try WorkflowHost()
        try host.write("lib/a.yaml", good)
        host.manager.answers = ["", "y"]
        host.manager.on(.reload, .answer(reloaded))
        host.edits = [
            { $0.replacing("drop-in\n\n", with: "drop-in\n\ntimeout: x\n") },
            { $0.replacing("timeout: x", with: "timout: 1") },
            { $0.replacing("timout: 1", with: "timeout: 1") },
        ]
        let result = host.run("edit", "a")
        #expect(result.status == 0)
        #expect(result.output == "/etc/a.yaml.d/override.yaml: saved\n")
        #expect(host.manager.questions == ["Edit again? [Y/n] ", "Edit again? [Y/n] "])
        #expect(
            result.errors.contains("pawl: workflow 'a' would have 1 fault\n/etc/a.yaml.d/override.yaml:4:10: error: "))
        #expect(host.seen[1].contains("timeout: x\n"), "the text of before is what is edited again")
        #expect(host.text("etc/a.yaml.d/override.yaml") == "timeout: 1\n")
    }

    @Test("who gives up, or has no terminal, keeps the text in a file", arguments: [["n"], [], nil] as [[String]?])
    func kept(answers: [String]?) throws {
        let host = try WorkflowHost()
        try host.write("etc/a.yaml", good)
        host.manager.answers = answers
        host.edits = [{ $0 + "nonsense: 1\n" }]
        let result = host.run("edit", "a")
        #expect(result.status == 2)
        #expect(host.text("etc/a.yaml") == good)
        #expect(host.manager.calls == [])
        let draft = try #require(host.drafts().first)
        #expect(result.errors.hasSuffix("pawl: nothing was saved; your text is in /drafts/\(draft)/a.yaml\n"))
        #expect(host.text("drafts/\(draft)/a.yaml") == good + "nonsense: 1\n")
    }

    @Test("an editor that fails leaves everything as it was, and an emptied text is not saved")
    func failures() throws {
        let host = try WorkflowHost()
        try host.write("etc/a.yaml", good)
        host.edits = [{ _ in throw CommandFailure(.failed, "x") }, { _ in "\n  \n" }]
        let failed = host.run("edit", "a")
        #expect(failed.status == 1)
        #expect(host.drafts() == [])
        let emptied = host.run("edit", "a")
        #expect(emptied.status == 0 && emptied.errors == "pawl: nothing was saved: what was edited is empty\n")
        #expect(host.text("etc/a.yaml") == good)
        #expect(host.drafts() == [])
    }

    @Test("--stdin takes the text without an editor, and refuses a faulty one")
    func standardInput() throws {
        let host = try WorkflowHost()
        try host.write("lib/a.yaml", good)
        host.manager.on(.reload, .answer(reloaded))
        host.input = "timeout: 1h\n"
        #expect(
            host.run("edit", "a", "--stdin", "-o", "json").output
                == #"{"file":"/etc/a.yaml.d/override.yaml","saved":true}"# + "\n")
        #expect(host.text("etc/a.yaml.d/override.yaml") == "timeout: 1h\n")
        host.input = "timeout: x\n"
        let refused = host.run("edit", "a", "--stdin")
        #expect(refused.status == 2)
        #expect(refused.errors.contains("/etc/a.yaml.d/override.yaml:1:10: error: "))
        for nothing in ["", " \n"] {
            host.input = nothing
            let empty = host.run("edit", "a", "--stdin", "-o", "json")
            #expect(empty.status == 2 && empty.output == "")
            #expect(empty.errors == "pawl: nothing was saved: there is no text on standard input\n")
        }
        #expect(host.text("etc/a.yaml.d/override.yaml") == "timeout: 1h\n")
        #expect(host.seen == [])
    }

    @Test("what pawld says of the set is told after the text was saved")
    func reload() throws {
        let host = try WorkflowHost()
        try host.write("etc/a.yaml", good)
        let fault = Diagnostic(file: "/etc/b.yaml", line: 1, column: 2, message: "something")
        host.manager.on(.reload, .failure(.refused(APIError(.faultyWorkflow, "1 fault found", faults: [fault]))))
        host.edits = [{ $0 + "timeout: 1\n" }]
        let result = host.run("edit", "a")
        #expect(result.status == 2)
        #expect(result.output == "/etc/a.yaml: saved\n")
        #expect(result.errors == "pawl: 1 fault found\n/etc/b.yaml:1:2: error: something\n")
    }

    @Test(
        "the editor is the first one that the environment names, taken apart at blanks",
        arguments: [
            (["SYSTEMD_EDITOR": "a -b", "VISUAL": "c"], ["a", "-b"]), (["VISUAL": "c", "EDITOR": "d"], ["c"]),
            (["VISUAL": "", "EDITOR": "d $(x)"], ["d", "$(x)"]), ([:], []),
        ] as [([String: String], [String])])
    func editor(environment: [String: String], words: [String]) {
        #expect(Editor(environment: { environment[$0] }).chosen == words)
    }

    @Test("the editor is run without a shell, and its failure is told")
    func program() throws {
        let host = try WorkflowHost()
        try host.write("etc/a.yaml", "x")
        let file = "\(host.path)/etc/a.yaml"
        try Editor(environment: { _ in "/usr/bin/touch -d 2001-01-01" }).edit(file)
        var status = stat()
        stat(file, &status)
        #expect(status.st_mtim.tv_sec < 1_000_000_000)
        #expect(throws: CommandFailure.self) { try Editor(environment: { _ in "/bin/false" }).edit(file) }
    }
}

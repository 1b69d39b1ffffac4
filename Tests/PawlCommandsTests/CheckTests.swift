import FoundationEssentials
import Glibc
import PawlAPI
import PawlModel
import Testing

@testable import PawlCommands

@Suite("pawl check")
struct CheckTests {
    /// A folder that is gone after the test.
    private final class Folder {
        let path: String

        init() throws {
            path = "/tmp/pawl-check-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ name: String, _ text: String, mode: mode_t = 0o644) throws -> String {
            let file = "\(path)/\(name)"
            try Data(text.utf8).write(to: URL(filePath: file))
            chmod(file, mode)
            return file
        }
    }

    private func check(_ arguments: [String], in folder: Folder) -> (status: Int32, output: String, errors: String) {
        var surroundings = FakeManager().surroundings()
        surroundings.workflowFolders = [folder.path]
        let status = PawlProgram.run(["check"] + arguments, surroundings)
        return (status, surroundings.output.text, surroundings.errors.text)
    }

    @Test("what came later than the oldest systemd is held against the one that runs, where pawld can say which")
    func later() throws {
        let folder = try Folder()
        let file = try folder.write("a.yaml", "steps:\n  - {id: a, run: echo, unit: {PrivateTmp: disconnected}}\n")
        func check(_ systemd: String?) -> (status: Int32, errors: String, calls: [String]) {
            let manager = FakeManager()
            if let systemd {
                let answer =
                    #"{"version":"1","pid":2,"started":"t","runs_active":0,"steps_active":0,"status":"s",\#(systemd)"faults":[]}"#
                manager.on(.describe, .answer(answer))
            } else {
                manager.refusedConnections = 1
            }
            var surroundings = manager.surroundings()
            surroundings.workflowFolders = [folder.path]
            let status = PawlProgram.run(["check", file], surroundings)
            return (status, surroundings.errors.text, manager.calls)
        }
        let old = check(#""systemd":252,"#)
        #expect(old.status == 2)
        #expect(
            old.errors.contains(
                "a.yaml:2:43: error: 'PrivateTmp', written so, came with systemd 257, and 252 is running"),
            "\(old.errors)")
        #expect(check(#""systemd":257,"#).status == 0)
        #expect(check("").status == 0, "an older pawld does not say")
        #expect(check(nil).status == 0, "pawld is not needed")
        _ = try folder.write("a.yaml", "steps:\n  - {id: a, run: echo, unit: {PrivateTmp: yes}}\n")
        #expect(check(#""systemd":252,"#).calls.isEmpty, "nothing asks for a newer one")
    }

    private let good = "steps:\n  - id: a\n    run: echo hello\n"

    @Test("a file without fault is ok, by path and by name")
    func clean() throws {
        let folder = try Folder()
        let file = try folder.write("hello.yaml", good)
        for argument in [file, "hello"] {
            let result = check([argument], in: folder)
            #expect(result.output == "\(file): ok\n")
            #expect(result.status == 0)
        }
    }

    @Test("what steps run is read too, and what is not there is a fault only where pawld looks")
    func calls() throws {
        let (folder, other) = (try Folder(), try Folder())
        let text = "steps:\n  - {id: a, workflow: leaf, with: {m: 1}}\n"
        let file = try folder.write("top.yaml", text)
        #expect(check(["top"], in: folder).errors.contains("\(file):2:23: error: there is no workflow 'leaf'"))
        let elsewhere = try other.write("top.yaml", text)
        let result = check([elsewhere], in: folder)
        #expect(result.status == 0)
        #expect(result.errors.contains("\(elsewhere):2:23: warning: there is no workflow 'leaf'"))
        _ = try folder.write("leaf.yaml", "variables: {n: 1}\n" + good)
        #expect(check(["top"], in: folder).errors.contains("\(file):2:36: error: workflow 'leaf' has no variable 'm'"))
        // What is beside it counts first.
        _ = try other.write("leaf.yaml", "variables: {m: 1}\n" + good)
        let beside = check([elsewhere], in: folder)
        #expect(beside.status == 0 && beside.errors == "")
    }

    @Test("faults are said with their places on standard error, and the exit status is 2")
    func faulty() throws {
        let folder = try Folder()
        let file = try folder.write("bad.yaml", "steps:\n  - id: a\n    rnu: echo hello\n")
        let result = check([file], in: folder)
        #expect(result.status == 2)
        #expect(result.output == "")
        #expect(result.errors.hasPrefix("pawl: workflow 'bad' has "))
        #expect(result.errors.contains("\(file):3:5: error: "))
        let json = check([file, "-o", "json"], in: folder)
        #expect(json.status == 2)
        #expect(json.errors == "")
        #expect(json.output.hasPrefix(#"[{"diagnostics":[{"column":"#))
        #expect(json.output.hasSuffix(#""file":"\#(file)","ok":false}]"# + "\n"))
    }

    @Test("a name that does not exist is answered with one that does, and others are checked all the same")
    func missing() throws {
        let folder = try Folder()
        _ = try folder.write("hello.yaml", good)
        let result = check(["helo", "hello"], in: folder)
        #expect(result.status == 4)
        #expect(result.errors.contains("there is no workflow 'helo' in \(folder.path) (did you mean 'hello'?)"))
        #expect(result.output.hasSuffix("hello.yaml: ok\n"))
    }

    @Test("a file that others may write is warned of: pawld refuses it")
    func writable() throws {
        let folder = try Folder()
        let file = try folder.write("hello.yaml", good, mode: 0o664)
        let result = check([file], in: folder)
        #expect(result.errors.contains("warning: pawld refuses this file where it is: others than root may write it"))
        #expect(result.status == 0)
        #expect(WorkflowFiles.warnings(path: "/x.yaml", owner: 0, mode: 0o644) == [])
        #expect(WorkflowFiles.warnings(path: "/x.yaml", owner: 7, mode: 0o644).count == 1)
        #expect(WorkflowFiles.warnings(path: "/x.txt", owner: 7, mode: 0o666).count == 3)
    }

    @Test("a strict check names each credential that is put into the environment, and fails")
    func strict() throws {
        let folder = try Folder()
        let file = try folder.write(
            "secrets.yaml",
            """
            credentials: {token: TOKEN, key: }
            steps:
              - id: a
                run: echo hello
                credentials: {db: PGPASSWORD}
                undo: {run: echo, credentials: {other: OTHER}}
            """, mode: 0o664)
        #expect(check([file], in: folder).status == 0)
        let result = check(["--strict", file], in: folder)
        #expect(result.status == 2)
        #expect(result.output == "")
        for (place, name, variable) in [
            ("1:15", "token", "TOKEN"), ("5:19", "db", "PGPASSWORD"), ("6:37", "other", "OTHER"),
        ] {
            #expect(
                result.errors.contains(
                    "\(file):\(place): warning: credential '\(name)' is put into the environment, as '\(variable)': "))
        }
        #expect(result.errors.matches(of: /: warning: credential/).count == 3)
        #expect(check(["--strict", file, "-o", "json"], in: folder).output.contains(#""ok":false"#))
        // Who owns the file just now is no matter of the text.
        let other = try folder.write("plain.yaml", "credentials: [db]\n" + good, mode: 0o664)
        #expect(check(["--strict", other], in: folder).status == 0)
    }

    @Test("what is no regular file is not read")
    func irregular() throws {
        let folder = try Folder()
        let fifo = "\(folder.path)/pipe.yaml"
        mkfifo(fifo, 0o600)
        let result = check([fifo], in: folder)
        #expect(result.status == 2)
        #expect(result.errors.contains("it is not a regular file"))
        #expect(check(["\(folder.path)/none.yaml"], in: folder).status == 4)
    }
}

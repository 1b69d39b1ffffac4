import PawlModel
import Testing

@testable import PawlLanguage

@Suite("Sets of scripts")
struct ScriptSetTests {
    private func file(_ path: String, _ text: String, name: String? = nil) -> ScriptFile {
        ScriptFile(path: path, absolutePath: "/jobs/\(path)", text: text, isExecutable: true, name: name)
    }

    /// What waits for what, as `a<b`, in order.
    private func edges(_ files: [ScriptFile]) throws -> [String] {
        let (set, diagnostics) = ScriptSet.read(files, base: "/jobs")
        let found = try #require(set, "\(diagnostics.map(\.description))")
        return found.scripts.flatMap { script in
            script.dependencies.map { "\(script.id)<\(found.scripts[$0.script].id)" }
        }
    }

    /// What the script `a` waits for, with `b`, `c` and `lib/d` beside it.
    private func edges(of text: String) throws -> [String] {
        try edges([file("a.sh", text), file("b.sh", ""), file("c.sh", ""), file("lib/d.sh", "")])
    }

    @Test(
        "comments name scripts, with or without .sh, with commas and blanks between them",
        arguments: [
            "# Depends on: b.sh, c", "#Depends on: b c.sh", "# depends on: b,c", "# Requires: b\n# Requires: c\n",
            "#!/bin/bash\n\n  ##  Depends on: \"b\", 'c'", "echo x # Requires: b, c",
            "# Depends on: ./b.sh, /jobs/c.sh",
            "# Depends on:\tb,\tc\r\n",
        ])
    func comments(text: String) throws {
        #expect(try edges(of: text) == ["a<b", "a<c"])
    }

    @Test("a dependency that is said to be none is none")
    func none() throws {
        #expect(try edges(of: "# Depends on: none\n# Requires: None\n# Depends on:\n") == [])
    }

    @Test(
        "what is sourced or called is waited for",
        arguments: [
            "source ./b.sh", ". ./b.sh", "source b.sh", ". \"$SCRIPT_DIR/b.sh\"", "./b.sh --fast", "bash b.sh",
            "/bin/bash -e ./b.sh x", "sh -eu b.sh", "bash -o pipefail b.sh", "if ./b.sh; then true; fi",
            "if ! ./b.sh\nthen exit 1; fi", "x=1 ./b.sh", "cd /tmp && \"${SCRIPT_DIR}/b.sh\"", "/jobs/b.sh",
            "(./b.sh) &", "echo x | ./b.sh", "timeout 60 ./b.sh", "sudo ./b.sh", "exec ./b.sh",
            "nohup ./b.sh >log 2>&1 &",
            "\"$(dirname \"$0\")/b.sh\"", "$(dirname $0)/b.sh", "\"${0%/*}/b.sh\"", "\"${BASH_SOURCE%/*}/b.sh\"",
            "HERE=$(cd \"$(dirname \"${BASH_SOURCE[0]}\")\" &>/dev/null && pwd)\n\"$HERE\"/b.sh",
            "top=\"$(cd \"$(dirname \"$0\")/..\" && pwd)\"\nbash \"$top/jobs/b.sh\"", "`dirname $0`/b.sh",
            "cat <<END >x\ntext\nEND\n./b.sh", "for i in 1 2; do ./b.sh $i; done", "./b.sh \\\n  --long",
            "case $1 in\n  x) ./b.sh ;;\nesac", "time ./b.sh", "./lib/../b.sh", "run() {\n  ./b.sh\n}",
        ])
    func calls(text: String) throws {
        #expect(try edges(of: text) == ["a<b"])
    }

    @Test("a script in another folder is found from the script's own folder, and from where the set is started")
    func folders() throws {
        let files = [
            file("b.sh", ""), file("lib/d.sh", "../b.sh\nsource ./e.sh"), file("lib/e.sh", "lib/d2.sh"),
            file("lib/d2.sh", ""),
        ]
        #expect(try edges(files) == ["d<b", "d<e", "e<d2"])
    }

    @Test(
        "what is no call is not taken for one",
        arguments: [
            "echo ./b.sh", "echo \"usage: ./b.sh\"", "# ./b.sh", "cat <<END\n./b.sh\nEND\n",
            "cat <<-'E F'\n\t./b.sh\n\tE F\n",
            "x=./b.sh", "scripts=(./b.sh ./c.sh)", "for f in ./b.sh; do :; done", "bash -c ./b.sh", "b.sh",
            "ls > ./b.sh",
            "\"$OTHER/b.sh\"", "./b*.sh", "LIB=$(dirname \"$0\")/lib\n$LIB/b.sh", "printf '%s\n' './b.sh\n./b.sh'",
            "x=\"\n./b.sh\n\"", "source other.sh", "source", "bash -s <b.sh", "run ./b.sh", "[[ -x ./b.sh ]]",
            "unset HERE\n$HERE/b.sh", "./b.sh.txt", "~/b.sh", "./a.sh", "cat < <(./x \")\" ./b.sh)",
        ])
    func noCalls(text: String) throws {
        #expect(try edges(of: text) == [])
    }

    @Test("a dependency has the place and the text it came from, the first one of several")
    func places() throws {
        let files = [file("a.sh", "\n  source ./b.sh x\n# Depends on: b"), file("b.sh", "")]
        let set = try #require(ScriptSet.read(files, base: "/jobs").set)
        let dependency = try #require(set.scripts[0].dependencies.first)
        #expect(dependency.place == "a.sh:2")
        #expect(dependency.text == "source ./b.sh x")
        #expect(set.scripts[0].dependencies.count == 1)
    }

    @Test(
        "the name of a step is that of its file, without what it cannot have",
        arguments: [
            ("a.sh", "a"), ("bootstrap.vault-integration.sh", "bootstrap-vault-integration"),
            ("01-first.sh", "script-01-first"),
            ("run.sh", "script-run"), ("in", "script-in"), ("x.bash", "x"), ("x.py", "x-py"), (".sh", "sh"),
            ("--.sh", "script-"), ("größe.sh", "gr--e"),
        ])
    func names(name: String, step: String) throws {
        #expect(ScriptSet.step(name) == step)
        #expect(Names.isStep(step))
    }

    @Test("every fault has its place")
    func faults() throws {
        func faults(_ files: [ScriptFile]) -> [String] {
            let (set, diagnostics) = ScriptSet.read(files, base: "/jobs")
            #expect(set == nil)
            return diagnostics.map(\.description)
        }
        #expect(
            faults([file("a.sh", "#\n# Depends on: c, build.sh, a"), file("built.sh", "")]) == [
                "a.sh:2:15: error: 'c' is no script of this set (name it with the others, or take it out of "
                    + "'# Depends on: c, build.sh, a')",
                "a.sh:2:18: error: 'build.sh' is no script of this set (did you mean 'built.sh'?)",
                "a.sh:2:28: error: the script 'a' depends on itself",
            ])
        #expect(
            faults([file("a.sh", ""), file("./a.sh", ""), file("x/a.sh", "")]) == [
                "./a.sh:1:1: error: the script './a.sh' is in the set twice, first as 'a.sh'",
                "x/a.sh:1:1: error: the scripts 'a.sh' and 'x/a.sh' would both be the step 'a' (rename one of them)",
            ])
        #expect(
            faults([
                file("a.sh", "# Requires: b"), file("b.sh", "./c.sh"), file("c.sh", "# Depends on: a"),
                file("d.sh", ""),
            ])
                == [
                    "a.sh:1:13: error: these scripts wait for one another: a -> b -> c -> a; 'a' says '# Requires: b' here",
                    "b.sh:1:1: error: these scripts wait for one another: a -> b -> c -> a; 'b' says './c.sh' here",
                    "c.sh:1:15: error: these scripts wait for one another: a -> b -> c -> a; 'c' says '# Depends on: a' here",
                ])
        #expect(
            faults([file(String(repeating: "x", count: 70), "")]).first?.contains("cannot be a step's name") == true)
    }

    @Test("text that is meant to harm costs time with its length alone, and no stack")
    func hostile() throws {
        for piece in ["(", "$(", "\"$(", "${", "<<E", "`", "'", "\\", "$(\"", "{", "# Depends on: b "] {
            let text = String(repeating: piece, count: 20_000)
            _ = ScriptMarks(text)
        }
    }

    @Test("the workflow that is made of a set reads without a fault and says what it should")
    func workflow() throws {
        var bare = file("it's \"1\" ${x}.sh", "echo bare # Depends on: a")
        bare.isExecutable = false
        var python = file("p.py", "#! /usr/bin/python3  -u \nprint()\n# Depends on: a")
        python.isExecutable = false
        let set = try #require(ScriptSet.read([bare, file("a.sh", "#!/bin/sh\n"), python], base: "/jobs").set)
        var writer = ScriptWorkflow(title: "A: \u{1}title")
        writer.heading = ["one\ntwo"]
        (writer.maxParallel, writer.timeout, writer.failFast) = (3, "5min", true)
        let text = writer.text(of: set)
        let read = WorkflowReader.read(text, file: "w", name: "w")
        let workflow = try #require(read.workflow, "\(read.diagnostics.map(\.description))\n\(text)")
        #expect(read.diagnostics == [])
        #expect(workflow.title == "A: \u{1}title")
        #expect(workflow.maxParallel == 3 && workflow.failFast)
        #expect(workflow.steps.allSatisfy { $0.timeout == .seconds(300) })
        let commands = workflow.steps.map { step -> [String] in
            guard case .command(let templates) = step.action else { return [] }
            return templates.map { $0.constant?.text ?? "?" }
        }
        #expect(
            commands == [
                ["/usr/bin/env", "--chdir=/jobs", "/bin/bash", "/jobs/it's \"1\" ${x}.sh"],
                ["/usr/bin/env", "--chdir=/jobs", "/jobs/a.sh"],
                ["/usr/bin/env", "--chdir=/jobs", "/usr/bin/python3", "-u", "/jobs/p.py"],
            ])
        #expect(text.contains("      - a  # p.py:3: # Depends on: a\n"))
        #expect(workflow.steps.map(\.dependencies) == [[1], [], [1]])
    }

    @Test("a graph says who waits for whom, and the scripts are not asked")
    func graph() throws {
        let text = """
            {"workflows": {"one": {"path": "x/1.sh", "status": "pending"}, "two": "2.sh"},
             "dependencies": {"two": ["", "one"], "three": ["two", "x/1.sh"]}, "execution_order": []}
            """
        let graph = try #require(DependencyGraph.read(text, file: "g.json").graph)
        #expect(
            graph.scripts.map { "\($0.name) \($0.path) \($0.place.line):\($0.place.column)" } == [
                "one x/1.sh 1:32", "two 2.sh 1:71",
            ])
        let files = [
            file("x/1.sh", "# Depends on: three", name: "one"), file("2.sh", "", name: "two"),
            file("three.sh", "./2.sh"),
        ]
        let set = try #require(ScriptSet.read(files, base: "/jobs", graph: graph).set)
        let edges = set.scripts.map { $0.dependencies.map { set.scripts[$0.script].id } }
        #expect(edges == [[], ["one"], ["two", "one"]])
        #expect(set.scripts[1].dependencies[0].place == "g.json:2")
        let unknown = ScriptSet.read([files[0]], base: "/jobs", graph: graph)
        #expect(
            unknown.diagnostics.map(\.description) == [
                "g.json:2:19: error: 'two' is no script of this set (it belongs under 'workflows', with its 'path')",
                "g.json:2:39: error: 'three' is no script of this set (it belongs under 'workflows', with its 'path')",
            ])
    }

    @Test(
        "a graph that is none is refused with its place",
        arguments: [
            ("", "g:1:1: error: the file is empty; a graph has 'workflows' and 'dependencies'"),
            ("[]", "g:1:1: error: a graph is a map with 'workflows' and 'dependencies', not an empty list"),
            ("{\"workflow\": {}}", "g:1:2: error: unknown key 'workflow' (did you mean 'workflows'?)"),
            ("{\"workflows\": {\"a\": {}}}", "g:1:21: error: the script 'a' has no 'path'"),
            ("{\"dependencies\": {\"a\": \"b\"}}", "g:1:24: error: 'a' takes a list of names, not 'b'"),
            ("{\"dependencies\": {\"a\": [[]]}}", "g:1:25: error: 'a' depends on names, not on an empty list"),
        ])
    func faultyGraph(text: String, fault: String) {
        let read = DependencyGraph.read(text, file: "g")
        #expect(read.graph == nil)
        #expect(read.diagnostics.map(\.description) == [fault])
    }

    @Test("a graph may be indented with tabs")
    func tabs() {
        #expect(
            DependencyGraph.read("{\n\t\"workflows\": {\n\t\t\"a\": {\"path\": \"a.sh\"}\n\t}\n}\n", file: "g").graph
                != nil)
    }
}

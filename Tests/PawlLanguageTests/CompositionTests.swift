import PawlModel
import Testing

@testable import PawlLanguage

@Suite("Workflows of several files")
struct CompositionTests {
    /// Reads /w/a.yaml, over which the drop-ins are laid, among these files.
    static func read(
        _ files: [String: String], dropIns: [String] = []
    ) -> (workflow: Workflow?, faults: [String], source: WorkflowSource) {
        var source = WorkflowSource(
            SourceFile(file: "/w/a.yaml", text: files["/w/a.yaml"] ?? ""),
            dropIns: dropIns.enumerated().map { SourceFile(file: "/d/\($0).yaml", text: $1) })
        let read = WorkflowReader.read(&source, name: "a") { file in
            files[file].map { .success($0) } ?? .failure(IncludeFault("cannot be read: No such file or directory"))
        }
        return (read.workflow, read.diagnostics.map(\.description), source)
    }

    private static func environment(_ step: Step) -> [String] {
        step.environment.map { "\($0.name)=\($0.value.constant?.text ?? "")" }.sorted()
    }

    private static func command(_ step: Step) -> [String] {
        guard case .command(let words) = step.action else { return [] }
        return words.map { $0.constant?.text ?? "?" }
    }

    // MARK: What is included

    @Test("what is included comes first, and the file itself wins")
    func include() throws {
        let (workflow, faults, source) = Self.read([
            "/w/a.yaml": """
            include: [parts/one.yaml, /else/two.yaml]
            variables: {dir: /mine, deep: {default: b}}
            env: {B: mine}
            timeout: 1h
            steps: [{id: last, command: [echo, "${dir}"]}]
            on_exit: [{id: bye, command: [echo, bye]}]
            """,
            "/w/parts/one.yaml": """
            include: [../three.yaml]
            variables:
              dir: /one
              deep: {enum: [a, b], default: a}
            env: {A: one, B: one}
            steps: [{id: first, command: [echo, first]}]
            timeout: 2h
            """,
            "/else/two.yaml": "env: {A: two}\nmax_parallel: 7\non_exit: [{id: tidy, command: [echo, tidy]}]\n",
            "/w/three.yaml": "env: {A: three, C: three}\nsteps: [{id: zero, command: [echo, zero]}]\n",
        ])
        #expect(faults == [])
        let read = try #require(workflow)
        #expect(read.steps.map(\.id) == ["zero", "first", "last", "tidy", "bye"])
        #expect(
            read.steps.map(\.file) == [
                "/w/three.yaml", "/w/parts/one.yaml", "/w/a.yaml", "/else/two.yaml", "/w/a.yaml",
            ])
        #expect(read.steps[2].dependencies == [1])
        #expect(Self.environment(read.steps[0]) == ["A=two", "B=mine", "C=three"])
        #expect(read.timeout == .seconds(3600))
        #expect(read.maxParallel == 7)
        #expect(read.variables.map(\.defaultValue) == [.string("/mine"), .string("b")])
        // A default over a long form leaves the rest of that.
        #expect(read.variables[1].allowed == [.string("a"), .string("b")])
        #expect(source.included.map(\.file) == ["/w/parts/one.yaml", "/w/three.yaml", "/else/two.yaml"])
        #expect(
            WorkflowReader.parts(of: source).map(\.file) == [
                "/w/three.yaml", "/w/parts/one.yaml", "/else/two.yaml", "/w/a.yaml",
            ])
    }

    @Test("the files that were read are enough to read it again")
    func again() throws {
        let read = Self.read(
            ["/w/a.yaml": "include: [b.yaml]\n", "/w/b.yaml": "steps: [{id: x, command: [echo, a]}]\n"],
            dropIns: ["include: [c.yaml]\n", "steps: [{id: x, command: [echo, b]}]\n"])
        #expect(
            read.faults == [
                "/d/0.yaml:1:11: error: the included file /d/c.yaml cannot be read: No such file or directory"
            ])
        let (workflow, faults, source) = Self.read(
            [
                "/w/a.yaml": "include: [b.yaml]\n", "/w/b.yaml": "steps: [{id: x, command: [echo, a]}]\n",
                "/d/c.yaml": "timeout: 9\n",
            ],
            dropIns: ["include: [c.yaml]\n", "steps: [{id: x, command: [echo, b]}]\n"])
        #expect(faults == [])
        let again = try #require(WorkflowReader.read(source, name: "a", isAccepted: true).workflow)
        for one in [try #require(workflow), again] {
            #expect(one.timeout == .seconds(9))
            #expect(one.steps.map(Self.command) == [["echo", "b"]])
        }
    }

    @Test("a fault is told in the file that it is in, and all of them at once")
    func faultsInParts() {
        let (workflow, faults, _) = Self.read(
            [
                "/w/a.yaml":
                    "include: [b.yaml, c.yaml]\nsteps:\n  - {id: one, command: [echo, \"${nothing}\"]}\nnonsense: 1\n",
                "/w/b.yaml": "env:\n  PATH: x\nsteps:\n  - {id: one, run: \"echo ${a.b}\"}\n",
                "/w/c.yaml": "steps: [\n",
            ], dropIns: ["- a list\n", "\n\nsteps: [{id: two, depends_on: [tow], command: [echo, '${']}]\n"])
        #expect(workflow == nil)
        let expected = [
            "/w/a.yaml:3:10: error: the name 'one' is taken by the step at /w/b.yaml:4:10",
            "/w/a.yaml:3:34: error: 'nothing' is no variable and no step",
            "/w/a.yaml:4:1: error: unknown key 'nonsense'",
            "/w/b.yaml:2:3: error: 'PATH' cannot be set in 'env': it changes which programs a step runs; systemd sets PATH and HOME",
            "/w/c.yaml:2:1: error: did not find expected node content while parsing a flow node",
            "/d/0.yaml:1:1: error: a drop-in is a map of keys and values, not a list",
            "/d/1.yaml:3:32: error: step 'two' depends on 'tow', which does not exist",
            "/d/1.yaml:3:55: error: '${' has no '}' (write '$${' for the two characters)",
        ]
        #expect(faults == expected)
    }

    @Test("a character inside an expression of an included file has its place there")
    func placesInScalars() {
        let (_, faults, _) = Self.read([
            "/w/a.yaml": "# a line\n# and more\ninclude: [b.yaml]\n",
            "/w/b.yaml": "steps:\n  - id: x\n    command: [echo, \"hello ${nobody}\"]\n",
        ])
        #expect(faults.count == 1 && faults[0].hasPrefix("/w/b.yaml:3:30: error: "), "\(faults)")
    }

    @Test("files that include one another are told with their way")
    func cycle() {
        let (workflow, faults, _) = Self.read([
            "/w/a.yaml": "include: [b.yaml]\n", "/w/b.yaml": "include: [sub/../c.yaml]\n",
            "/w/c.yaml": "steps: [{id: x, command: [echo]}]\ninclude: [b.yaml]\n",
        ])
        #expect(workflow == nil)
        #expect(
            faults == ["/w/c.yaml:2:11: error: these files include one another: /w/b.yaml -> /w/c.yaml -> /w/b.yaml"])
        let own = Self.read(["/w/a.yaml": "include: [./a.yaml]\nsteps: [{id: x, command: [echo]}]\n"])
        #expect(own.faults == ["/w/a.yaml:1:11: error: these files include one another: /w/a.yaml -> /w/a.yaml"])
    }

    @Test("how many files there are, how deep and how large, is bounded")
    func bounds() {
        let step = "steps: [{id: x, command: [echo]}]\n"
        let names = (0..<1000).map { "p\($0).yaml" }
        var files = ["/w/a.yaml": "include: [\(names.joined(separator: ", "))]\n" + step]
        for name in names { files["/w/\(name)"] = "env: {A: b}\n" }
        let many = Self.read(files)
        #expect(many.faults == ["/w/a.yaml:1:641: error: a workflow includes at most 64 files; this is one more"])
        #expect(many.source.included.count == 64)
        var chain = ["/w/a.yaml": "include: [1.yaml]\n" + step]
        for number in 1..<1000 { chain["/w/\(number).yaml"] = "include: [\(number + 1).yaml]\n" }
        #expect(Self.read(chain).faults == ["/w/8.yaml:1:11: error: files are included more than 8 deep here"])
        let large = String(repeating: "# nothing\n", count: 100_000)
        var heavy = ["/w/a.yaml": "include: [1.yaml, 2.yaml, 3.yaml, 4.yaml, 5.yaml]\n" + step]
        for number in 1...5 { heavy["/w/\(number).yaml"] = large }
        #expect(Self.read(heavy).faults == ["/w/a.yaml:1:43: error: with this file the workflow is larger than 4 MiB"])
    }

    @Test("what one text may cost at most is the bound for all of them together")
    func sharedLimits() {
        let values = "env: {" + (0..<30_000).map { "A\($0): x" }.joined(separator: ", ") + "}\n"
        var files = ["/w/a.yaml": "include: [1.yaml, 2.yaml, 3.yaml, 4.yaml]\nsteps: [{id: x, command: [echo]}]\n"]
        for number in 1...4 { files["/w/\(number).yaml"] = values }
        let (workflow, faults, _) = Self.read(files)
        #expect(workflow == nil)
        #expect(faults.count == 1 && faults[0].hasPrefix("/w/4.yaml:1:"), "\(faults.prefix(2))")
    }

    @Test("a file that two others need is taken once")
    func twice() {
        let (workflow, faults, source) = Self.read([
            "/w/a.yaml": "include: [b.yaml, c.yaml]\n", "/w/b.yaml": "include: [d.yaml]\nenv: {A: b}\n",
            "/w/c.yaml": "include: [./d.yaml]\n", "/w/d.yaml": "env: {A: d}\nsteps: [{id: x, command: [echo]}]\n",
        ])
        #expect(faults == [])
        #expect(workflow.map { Self.environment($0.steps[0]) } == ["A=b"])
        #expect(source.included.map(\.file) == ["/w/b.yaml", "/w/d.yaml", "/w/c.yaml"])
    }

    @Test(
        "what 'include' cannot mean is told at its place",
        arguments: [
            ("include: b.yaml\n", "1:10: error: 'include' takes a list of files, not 'b.yaml'"),
            ("include: []\n", "1:10: error: 'include' takes a list of files, not an empty list"),
            ("include: [{a: b}]\n", "1:11: error: 'include' takes names of files, not a map"),
            ("include: [~]\n", "1:11: error: 'include' takes names of files, not nothing"),
            (
                "include: [\"${x}\"]\n",
                "1:11: error: 'include' takes names of files as they are: it is read before there are any values"
            ),
            (
                "include: [list.yaml]\n",
                "list.yaml:1:1: error: a file that is included is a map of keys and values, not a list"
            ),
            ("include: [empty.yaml]\n", nil),
        ] as [(String, String?)])
    func wrong(text: String, expected: String?) {
        let (_, faults, _) = Self.read([
            "/w/a.yaml": text + "steps: [{id: x, command: [echo]}]\n", "/w/b.yaml": "", "/w/list.yaml": "[a]",
            "/w/empty.yaml": "# nothing\n",
        ])
        let file = expected?.hasPrefix("list") == true ? "/w/" : "/w/a.yaml:"
        #expect(faults == (expected.map { [file + $0] } ?? []))
    }

    @Test(
        "names of files are those of the including file's folder",
        arguments: [
            ("b.yaml", "/w/a.yaml", "/w/b.yaml"), ("../b.yaml", "/w/x/a.yaml", "/w/b.yaml"),
            ("./x//../b.yaml", "/w/a.yaml", "/w/b.yaml"), ("/b.yaml", "/w/a.yaml", "/b.yaml"),
            ("../../../b", "/w/a.yaml", "/b"), ("b", "a", "b"), ("../b", "a", "../b"), ("../../b", "../x/a", "../../b"),
        ])
    func paths(name: String, file: String, path: String) {
        #expect(Composition.path(name, from: file) == path)
    }

    // MARK: Drop-ins

    static let base = """
        variables:
          dir: /srv
          mode: {enum: [a, b], default: a, description: How}
        env: {A: "1", B: "2"}
        timeout: 1h
        retry_policy: {max_retries: 2, max_delay: 1min}
        steps:
          - id: one
            run: echo one
            env: {C: "3"}
            unit: {MemoryMax: 1G, Nice: 5}
            timeout: 10
            done_when: {file: /x}
          - id: two
            command: [echo, two]
        on_failure:
          - {id: tell, command: [echo, failed]}
        """

    @Test("a drop-in's keys take the place of those that were there, and maps are laid over key by key")
    func dropIn() throws {
        let (workflow, faults, source) = Self.read(
            ["/w/a.yaml": Self.base],
            dropIns: [
                """
                variables: {dir: /mnt, mode: b, more: 1}
                env: {B: x, D: y}
                timeout: 2h
                retry_policy: {max_retries: 5}
                steps:
                  - id: one
                    unit: {MemoryMax: 2G}
                    env: {C: z}
                    done_when: {port: "localhost:80"}
                  - {id: three, command: [echo, three]}
                on_failure: [{id: tell, command: [echo, worse]}]
                on_exit: [{id: tidy, command: [echo, tidy]}]
                """,
                "steps: [{id: one, timeout: ~}, {id: two, run: echo two}, {id: three, depends_on: []}]\nenv: {A: }\n",
                "# nothing\n",
            ])
        #expect(faults == [])
        let read = try #require(workflow)
        #expect(read.steps.map(\.id) == ["one", "two", "three", "tell", "tidy"])
        let one = read.steps[0]
        #expect(Self.environment(one) == ["B=x", "C=z", "D=y"])
        #expect(one.unit.map { "\($0.name)=\($0.values[0].constant?.text ?? "")" } == ["MemoryMax=2G", "Nice=5"])
        #expect(one.timeout == nil)
        #expect(one.doneWhen.probes.count == 1)
        #expect(one.retry.maxRetries == 5 && one.retry.maxDelay == .seconds(60))
        #expect(one.line == 8 && one.file == "/w/a.yaml")
        #expect(WorkflowReaderTests.interpreter(read.steps[1]) != nil)
        #expect(read.steps[2].dependencies == [])
        #expect(Self.command(read.steps[3]) == ["echo", "worse"])
        #expect(read.timeout == .seconds(7200))
        #expect(read.variables.map(\.defaultValue) == [.string("/mnt"), .string("b"), .integer(1)])
        #expect(read.variables[1].description == "How")
        #expect(WorkflowReader.parts(of: source).map(\.file) == ["/w/a.yaml", "/d/0.yaml", "/d/1.yaml", "/d/2.yaml"])
    }

    @Test("a step that is there twice in one drop-in is a fault, and so is one of another list")
    func duplicates() {
        let (_, faults, _) = Self.read(
            ["/w/a.yaml": Self.base],
            dropIns: ["steps: [{id: one, timeout: 5}, {id: one, timeout: 6, command: [a]}, {id: tell, command: [a]}]\n"]
        )
        #expect(
            faults == [
                "/w/a.yaml:17:10: error: the name 'tell' is taken by the step at /d/0.yaml:1:74",
                "/d/0.yaml:1:37: error: the name 'one' is taken by the step at /w/a.yaml:8:9",
            ])
    }

    @Test("a drop-in lays over a template of the older form what a workflow says")
    func older() throws {
        let template = """
            id: t
            name: T
            variables: [{name: dir, default: /srv}]
            workflow:
              tasks:
                - {id: a, type: exec, parameters: {command: [echo, a]}}
                - {id: b, type: condition, condition: "${dir == '/srv'}", on_success: [a]}
            """
        let (workflow, faults, _) = Self.read(
            ["/w/a.yaml": template],
            dropIns: ["variables: {dir: /mnt}\nsteps: [{id: a, timeout: 5}, {id: c, command: [echo]}]\n"])
        #expect(faults == [])
        let read = try #require(workflow)
        #expect(read.steps.map(\.id) == ["a", "b", "c"])
        #expect(read.steps[0].timeout == .seconds(5))
        #expect(read.variables.first?.defaultValue == .string("/mnt"))
        let including = Self.read(["/w/a.yaml": template + "\n  include: [b.yaml]\n"])
        #expect(
            including.faults == ["/w/a.yaml:8:3: error: a template includes no files; a workflow with 'steps' does"])
    }

    @Test("a fault of the file is gone where a drop-in says it otherwise")
    func mended() {
        let (workflow, faults, _) = Self.read(
            ["/w/a.yaml": "timeout: x\nsteps: [{id: a, command: [echo]}]\n"], dropIns: ["timeout: 5\n"])
        #expect(faults == [])
        #expect(workflow?.timeout == .seconds(5))
    }

    @Test("drop-ins count by their names, and one in an earlier folder hides those of the same name")
    func order() {
        let listings = [
            (folder: "/etc", names: ["50-b.yaml", ".hidden.yaml", "x.yml", "a.yaml~"]),
            (folder: "/run", names: ["50-b.yaml", "10-a.yaml"]),
            (folder: "/lib", names: ["10-a.yaml", "Z.yaml", "ä.yaml"]),
        ]
        #expect(DropIns.order(listings) == ["/run/10-a.yaml", "/etc/50-b.yaml", "/lib/Z.yaml", "/lib/ä.yaml"])
    }
}

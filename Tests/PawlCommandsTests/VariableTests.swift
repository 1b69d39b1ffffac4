import FoundationEssentials
import PawlAPI
import PawlModel
import Testing

@testable import PawlCommands

@Suite("Where the values of variables come from")
struct VariableTests {
    private let name = #"{"run":"etcd-7k2m9qxa","id":"7k2m9qxa"}"#

    private func answer(_ variables: VariableSummary...) -> FakeManager.Reply {
        .answer((try? JSONText.line(Messages.Variables(variables: variables))) ?? "")
    }

    private func start(_ variables: String) -> String {
        "StartRun {\"variables\":{\(variables)},\"workflow\":\"etcd\"}"
    }

    /// A file with a text, for as long as the closure needs it.
    private func file(_ text: String, _ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "pawl-\(UInt64.random(in: 0 ... .max)).yaml")
            .path
        try Data(text.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    @Test("the command line wins over files, the last file over the first, and those over the environment")
    func precedence() throws {
        let manager = FakeManager()
        manager.variables = ["a": "env", "b": "env", "c": "env", "nosuch": "env"]
        manager.on(
            .describeWorkflow,
            answer(
                VariableSummary(name: "a", type: "string"), VariableSummary(name: "b", type: "string"),
                VariableSummary(name: "c", type: "string")))
        manager.on(.startRun, .answer(name))
        try file("a: first\nb: first\nd: 1.50\n") { first in
            try file("{\"b\": \"second\"}") { second in
                let result = manager.run(
                    "run", "etcd", "a=line", "--vars-file", first, "--vars-file", second, "--detach")
                #expect(result.status == 0)
                #expect(result.errors == "")
            }
        }
        #expect(manager.calls.last == start(#""a":"line","b":"second","c":"env","d":"1.50""#))
    }

    @Test(
        "an argument that is not UTF-8 is refused and never repaired, with the variable's name where it is the value of one",
        arguments: [
            ("who=\u{0}", "the value of variable 'who' is not UTF-8 text"),
            ("--key=\u{0}", "the argument '--key=\u{FFFD}' is not UTF-8 text"),
            ("\u{0}", "the argument '\u{FFFD}' is not UTF-8 text"),
        ])
    func notText(written: String, words: String) throws {
        // No literal can have the byte itself.
        let bytes = written.utf8.map { $0 == 0 ? 0xFF : $0 }
        #expect(try GivenText.arguments([GivenText(bytes: Array("ä=€".utf8))]) == ["ä=€"])
        do throws(CommandFailure) {
            _ = try GivenText.arguments([GivenText(bytes: Array("run".utf8)), GivenText(bytes: bytes)])
            Issue.record("it was taken")
        } catch {
            #expect(error.status == .usage && error.message == words)
        }
    }

    @Test("a value in the environment that is not UTF-8 is refused where the workflow declares the variable")
    func notTextInEnvironment() {
        let entries = ["PATH=/bin", "PAWL_VAR_a=1=2", "PAWL_VAR_who=\u{0}"].map { text in
            GivenText(bytes: text.utf8.map { $0 == 0 ? 0xFF : $0 })
        }
        let variables = GivenText.variables(entries)
        #expect(variables.keys.sorted() == ["a", "who"] && variables["a"]?.text == "1=2")
        for (name, status) in [("who", PawlAPI.ExitStatus.usage), ("other", .succeeded)] {
            let manager = FakeManager()
            manager.on(.describeWorkflow, answer(VariableSummary(name: name, type: "string")))
            manager.on(.startRun, .answer(self.name))
            var surroundings = manager.surroundings()
            surroundings.variables = variables
            #expect(PawlProgram.run(["run", "etcd", "--detach"], surroundings) == status.rawValue)
            let refusal = "pawl: the value of variable 'who' in the environment, PAWL_VAR_who, is not UTF-8 text\n"
            #expect(surroundings.errors.text == (status == .usage ? refusal : ""))
        }
    }

    @Test("a faulty file is told with its places, and nothing is started")
    func faultyFile() throws {
        let manager = FakeManager()
        try file("a: 1\nb-c: 2\n") { path in
            let result = manager.run("run", "etcd", "--vars-file", path)
            #expect(result.status == PawlAPI.ExitStatus.usage.rawValue)
            #expect(result.errors.contains("\(path):2:1: error: 'b-c' cannot be a variable's name"))
        }
        #expect(manager.calls == [])
    }

    @Test("what is missing is asked for on a terminal, and asked again where the answer is wrong")
    func asked() {
        let manager = FakeManager()
        manager.answers = ["", "x", "3", "prod"]
        let count = VariableSummary(name: "count", type: "integer", missing: true)
        let mode = VariableSummary(name: "mode", type: "string", description: "What to do", choices: ["a", "prod"])
        var faulty = count
        (faulty.missing, faulty.fault) = (false, "variable 'count' takes a whole number, not 'x'")
        var (given, missing) = (count, mode)
        (given.missing, missing.missing) = (false, true)
        manager.on(.describeWorkflow, answer(count, mode))
        manager.on(.describeWorkflow, answer(faulty, mode))
        // The answer to one makes the other one required.
        manager.on(.describeWorkflow, answer(given, missing))
        manager.on(.describeWorkflow, answer(given, mode))
        manager.on(.startRun, .answer(name))
        let result = manager.run("run", "etcd", "--detach")
        #expect(result.status == 0)
        #expect(
            manager.questions == [
                "count (integer): ", "count (integer): ", "count (integer): ",
                "mode (What to do)\n  1) a\n  2) prod\nmode, a number or a value: ",
            ])
        #expect(result.errors == "pawl: variable 'count' takes a whole number, not 'x'\n")
        #expect(manager.calls.last == start(#""count":"3","mode":"prod""#))
    }

    @Test("nobody is asked anything before the start where a given value is wrong or is that of no variable")
    func refusedFirst() {
        let missing = VariableSummary(name: "who", type: "string", missing: true)
        let faulty = VariableSummary(name: "n", type: "integer", fault: "variable 'n' has to be at most 5, not 7")
        for (given, variables) in [("n=7", [missing, faulty]), ("zz=1", [missing])] {
            let manager = FakeManager()
            manager.answers = ["ann"]
            manager.on(.describeWorkflow, .answer((try? JSONText.line(Messages.Variables(variables: variables))) ?? ""))
            manager.on(.startRun, .failure(.refused(APIError(.invalidVariable, "all that is wrong"))))
            let result = manager.run("run", "etcd", given)
            #expect(result.status == PawlAPI.ExitStatus.usage.rawValue)
            #expect(result.errors == "pawl: all that is wrong\n")
            #expect(manager.questions == [])
        }
    }

    @Test("a dry run refuses a name that is no variable's")
    func dryUnknown() {
        let manager = FakeManager()
        let count = VariableSummary(name: "count", type: "integer")
        manager.on(.describeWorkflow, answer(count))
        let result = manager.run("run", "etcd", "coutn=1", "--dry-run")
        #expect(result.status == PawlAPI.ExitStatus.usage.rawValue)
        #expect(
            result.errors
                == "pawl: 'etcd' would not be started: workflow 'etcd' has no variable 'coutn' (did you mean 'count'?)\n"
        )
    }

    @Test(
        "a question says what fits",
        arguments: [
            ("integer", "1", "5", "v (integer, 1 to 5): "), ("integer", "1", nil, "v (integer, at least 1): "),
            ("duration", nil, "5min", "v (duration, at most 5min): "), ("boolean", nil, nil, "v (boolean): "),
            ("string", nil, nil, "v: "), ("string", "3", "8", "v (3 to 8 characters): "),
            ("string", nil, "1", "v (at most 1 character): "), ("path", "2", "2", "v (path, exactly 2 characters): "),
            ("list", nil, nil, "v (list as JSON, such as [1, 2]): "),
            ("list", "1", nil, "v (list of at least 1 item as JSON, such as [1, 2]): "),
            ("map", "1", "3", "v (map of 1 to 3 entries as JSON, such as {\"a\": 1}): "),
        ] as [(String, String?, String?, String)])
    func wanted(type: String, least: String?, most: String?, question: String) {
        let manager = FakeManager()
        manager.answers = []
        manager.on(
            .describeWorkflow,
            answer(VariableSummary(name: "v", type: type, min: least, max: most, missing: true)))
        _ = manager.run("run", "etcd")
        #expect(manager.questions == [question])
    }

    @Test("of a few values one is chosen by its number, unless the number is one of them", arguments: ["2", "prod"])
    func chosen(said: String) {
        for (choices, meant) in [(["a", "prod"], "prod"), (["2", "prod", "3"], said)] {
            let manager = FakeManager()
            manager.answers = [said]
            var mode = VariableSummary(name: "mode", type: "string", choices: choices, missing: true)
            manager.on(.describeWorkflow, answer(mode))
            mode.missing = false
            manager.on(.describeWorkflow, answer(mode))
            manager.on(.startRun, .answer(name))
            #expect(manager.run("run", "etcd", "--detach").status == 0)
            #expect(manager.calls.last == start("\"mode\":\"\(meant)\""))
        }
    }

    @Test("who gives no answer starts nothing")
    func noAnswer() {
        let manager = FakeManager()
        manager.answers = []
        manager.on(.describeWorkflow, answer(VariableSummary(name: "v", type: "string", missing: true)))
        let result = manager.run("run", "etcd")
        #expect(result.status == PawlAPI.ExitStatus.usage.rawValue)
        #expect(result.errors == "pawl: variable 'v' is required and has no value\n")
        #expect(manager.calls.count == 1)
    }

    @Test("an end of input ends the line that the question stands on, and an answer that is no text is asked for again")
    func endOfInput() {
        var lines: [[UInt8]] = [[0xFF, 0xFE], Array("ann".utf8)]
        let errors = TextOutput()
        let question = Question(output: TextOutput(), errors: errors) { lines.isEmpty ? nil : lines.removeFirst() }
        #expect(question.ask("who: ") == "ann")
        #expect(errors.text == "who: pawl: that is not UTF-8 text\nwho: ")
        #expect(question.ask("who: ") == nil)
        #expect(errors.text.hasSuffix("\nwho: who: \n"))
    }

    @Test("a workflow that is not there is refused with its near name, also where pawld is asked first")
    func noWorkflow() {
        let manager = FakeManager()
        manager.answers = []
        manager.on(
            .describeWorkflow, .failure(.refused(APIError(.noSuchWorkflow, "there is no workflow 'etdc'"))))
        manager.on(
            .listWorkflows,
            .answer(#"{"workflows":[{"name":"etcd","file":"f","faulty":false,"startable":true,"faults":[]}]}"#))
        let result = manager.run("run", "etdc")
        #expect(result.status == PawlAPI.ExitStatus.notFound.rawValue)
        #expect(result.errors.contains("did you mean 'etcd'?"))
    }

    @Test("without a terminal and such an environment pawld is asked nothing before the start")
    func plain() {
        let manager = FakeManager()
        manager.on(.startRun, .answer(name))
        #expect(manager.run("run", "etcd", "a=1", "--detach").status == 0)
        #expect(manager.calls.count == 1)
    }
}

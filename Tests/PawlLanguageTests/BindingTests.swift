import PawlModel
import Testing

@testable import PawlLanguage

@Suite("Binding variables")
struct BindingTests {
    static let workflow = """
        variables:
          dir: /srv
          count: 3
          mode: {enum: [create, cleanup], default: create}
          cluster: {required: true, pattern: "[a-z][a-z0-9-]{3,}"}
          size: {type: size, default: 1G}
          ratio: {type: number}
          on: {type: boolean, default: true}
          members: [{name: m1}]
          settings: {type: map}
          wait: {type: duration, required: true, default: 5s}
        steps: [{id: a, run: echo}]
        """

    func bind(_ given: [String: Value]) throws -> (values: [String: Value], faults: [VariableFault]) {
        try WorkflowReaderTests.read(Self.workflow).bind(given)
    }

    @Test("what is not given has its default, or null")
    func defaults() throws {
        let (values, faults) = try bind(["cluster": "prod1"])
        #expect(faults == [])
        #expect(
            values == [
                "dir": "/srv", "count": 3, "mode": "create", "cluster": "prod1", "size": "1G", "ratio": .null,
                "on": true,
                "members": .list([.map(["name": "m1"])]), "settings": .null, "wait": "5s",
            ])
    }

    @Test("text becomes a value of the declared type")
    func typed() throws {
        let (values, faults) = try bind([
            "cluster": "prod1", "count": "7", "ratio": "0.5", "on": "false", "members": #"["a", 1]"#,
            "settings": #"{"a": null}"#,
            "wait": 90, "dir": "",
        ])
        #expect(faults == [])
        #expect(values["count"] == 7)
        #expect(values["ratio"] == .number(0.5))
        #expect(values["on"] == false)
        #expect(values["members"] == .list(["a", 1]))
        #expect(values["settings"] == .map(["a": .null]))
        #expect(values["wait"] == "90")
        #expect(values["dir"] == "")
    }

    @Test("what a run has bound is kept under another definition, checked anew, and what is new gets its own")
    func rebound() throws {
        let kept: [String: Value] = [
            "gone": 1, "same": "x", "narrowed": 9, "typed": "7", "was_null": .null, "computed": "x-1",
        ]
        let now = try WorkflowReaderTests.read(
            """
            variables:
              same: {default: other}
              narrowed: {type: integer, max: 5}
              typed: {type: integer}
              was_null: {default: now}
              fresh: {default: 3}
              needed: {required: true}
              configured: {required: true}
            steps: [{id: a, run: echo}]
            """)
        let (values, faults) = now.rebind(kept, configured: ["configured": "c", "same": "not this"])
        #expect(values["same"] == "x" && values["typed"] == 7 && values["was_null"] == "now")
        #expect(values["fresh"] == 3 && values["configured"] == "c" && values["gone"] == nil)
        #expect(faults.map(\.name) == ["narrowed", "needed"])
        #expect(
            faults.last?.message
                == "variable 'needed' is required and has no value, and the run has none since it is new")
    }

    @Test("every fault is told, each with its variable's name")
    func faults() throws {
        let (values, faults) = try bind([
            "count": "x", "mode": "delete", "size": "big", "ratio": "1,5", "on": "yes", "members": "a",
            "settings": "[]", "wait": "soon",
            "dri": "/x", "nosuch": 1,
        ])
        #expect(
            faults.map(\.message) == [
                "workflow 'w' has no variable 'dri' (did you mean 'dir'?)",
                "workflow 'w' has no variable 'nosuch'",
                "variable 'count' takes a whole number, not 'x'",
                "variable 'mode' must be one of create, cleanup, not 'delete'",
                "variable 'cluster' is required and has no value",
                "variable 'size' takes a size such as 256M, not 'big'",
                "variable 'ratio' takes a number, not '1,5'",
                "variable 'on' takes true or false, not 'yes'",
                "variable 'members' takes a list as JSON, such as [1, 2], not 'a'",
                "variable 'settings' takes a map as JSON, such as {\"a\": 1}, not '[]'",
                "variable 'wait' takes a time span such as 90s or 5min, not 'soon'",
            ])
        #expect(faults[4].name == "cluster")
        #expect(values == ["dir": "/srv"])
    }

    @Test("a pattern has to match the whole value", arguments: ["prod", "abc\nd", "Prod1", "prod1 ", ""])
    func pattern(value: String) throws {
        let faults = try bind(["cluster": .string(value)]).faults
        #expect(faults.isEmpty == (value == "prod"))
    }

    @Test("a value that no environment can carry is refused")
    func nul() throws {
        #expect(try bind(["cluster": "prod1", "dir": "/a\u{0}b"]).faults.map(\.name) == ["dir"])
    }
}

@Suite("What variables have to be")
struct VariableRuleTests {
    /// A workflow with the variables, bound to the values.
    static func bind(
        _ variables: String, _ given: [String: Value], configured: [String: Value] = [:]
    ) throws -> (values: [String: Value], faults: [String]) {
        let text = "variables:\n" + variables + "\nsteps: [{id: a, run: echo}]"
        let (values, faults) = try WorkflowReaderTests.read(text).bind(given, configured: configured)
        return (values, faults.map { String($0.message.trimmingPrefix("variable 'v' ")) })
    }

    @Test(
        "min, max and items hold for every type in its own measure",
        arguments: [
            ("{type: integer, min: 1, max: 3}", "1", nil),
            ("{type: integer, min: 1}", "0", "has to be at least 1, not 0"),
            ("{type: number, max: 0.5}", "0.6", "has to be at most 0.5, not 0.6"),
            ("{type: number, max: 0.5}", "0.5", nil),
            ("{type: duration, min: 1min, max: 2h}", "90s", nil),
            ("{type: duration, min: 1min}", "59999ms", "has to be at least 1min, not 59999ms"),
            ("{type: size, max: 1G}", "1025M", "has to be at most 1G, not 1025M"),
            ("{type: size, max: 1G}", "1024M", nil),
            ("{min: 3}", "äb", "has to have at least 3 characters, not 2"), ("{min: 3, max: 3}", "abc", nil),
            ("{type: path, max: 4}", "/a/b/c", "has to have at most 4 characters, not 6"),
            ("{type: list, min: 1}", "[]", "has to have at least 1 item, not 0"),
            ("{type: list, max: 2}", "[1, 2]", nil),
            ("{type: map, max: 1}", #"{"a": 1, "b": 2}"#, "has to have at most 1 entry, not 2"),
            ("{items: integer}", "[1, \"2\"]", nil),
            ("{items: integer}", "[1, \"x\"]", "has an item [1] that has to be a whole number, not 'x'"),
            (
                "{type: list, items: {pattern: \"[a-z]+\"}}", #"["a", "B"]"#,
                "has an item [1] that must match '[a-z]+' as a whole, which 'B' does not"
            ),
            (
                "{type: map, items: {type: integer, min: 1}}", #"{"a": 1, "b": 0}"#,
                "has an entry 'b' that has to be at least 1, not 0"
            ),
            (
                "{items: {items: {enum: [a, b]}}}", #"[["a"], ["b", "c"]]"#,
                "has an item [1] that has an item [1] that must be one of a, b, not 'c'"
            ),
            ("{type: enum, enum: [a, b]}", "c", "must be one of a, b, not 'c'"),
            ("{type: enum, enum: [1, 2]}", "2", nil),
        ] as [(String, String, String?)])
    func rules(declaration: String, value: String, expected: String?) throws {
        #expect(try Self.bind("  v: \(declaration)", ["v": .string(value)]).faults == (expected.map { [$0] } ?? []))
    }

    @Test("items of a declared type become values of it, those of a default too")
    func adopted() throws {
        #expect(try Self.bind("  v: {items: integer}", ["v": #"["1", 2]"#]).values["v"] == .list([1, 2]))
        #expect(try Self.bind("  v: {items: number, default: ['1.5']}", [:]).values["v"] == .list([.number(1.5)]))
    }

    static let conditional = """
          cluster: {required: "${mode == 'cleanup' && size > 2}"}
          mode: {enum: [create, cleanup], default: create}
          size: 3
        """

    @Test("an expression says whether a value is required, in the light of all others")
    func requiredWhen() throws {
        let variables = Self.conditional
        #expect(try Self.bind(variables, [:]).faults == [])
        #expect(try Self.bind(variables, ["mode": "cleanup", "size": "2"]).faults == [])
        #expect(try Self.bind(variables, ["mode": "cleanup", "cluster": "c"]).faults == [])
        #expect(
            try Self.bind(variables, ["mode": "cleanup"]).faults == ["variable 'cluster' is required and has no value"])
        // What cannot be said without the others is not told beside what is wrong with those.
        #expect(
            try Self.bind(variables, ["mode": "delete"]).faults
                == ["variable 'mode' must be one of create, cleanup, not 'delete'"])
        #expect(
            try Self.bind("  v: {required: '${size.x}'}\n  size: {type: map, default: {}}", [:]).faults
                == ["is required or not, which cannot be said: there is no 'x' in the map"])
        #expect(
            try Self.bind("  v: {required: '${size}'}\n  size: x", [:]).faults
                == ["is required or not: its expression has to give true or false"])
    }

    @Test("what is missing is known before anything is started, so that it can be asked for")
    func missing() throws {
        let text = "variables:\n\(Self.conditional)\n  must: {required: true}\nsteps: [{id: a, run: echo}]"
        let workflow = try WorkflowReaderTests.read(text)
        #expect(workflow.missing([:]).map(\.name) == ["must"])
        #expect(workflow.missing(["mode": "cleanup"]).map(\.name) == ["cluster", "must"])
        #expect(workflow.missing(["mode": "cleanup", "must": "x"], configured: ["cluster": "c"]).map(\.name) == [])
        // What was given wrongly is not missing.
        #expect(workflow.missing(["mode": "delete", "must": "x"]).map(\.name) == [])
    }

    @Test("a value of the run wins over one of the configuration, and that over the default")
    func configured() throws {
        let variables = "  v: {default: d, pattern: '[a-z]'}\n  n: {type: integer, default: 1}"
        #expect(try Self.bind(variables, [:], configured: ["v": "c", "nosuch": 1]).values == ["v": "c", "n": 1])
        #expect(
            try Self.bind(variables, ["v": "g", "n": .null], configured: ["v": "c", "n": "7"]).values == [
                "v": "g", "n": 7,
            ])
        #expect(
            try Self.bind(variables, [:], configured: ["n": "x"]).faults
                == ["variable 'n' takes a whole number, not 'x' (the configuration says so)"])
        #expect(
            try Self.bind(variables, [:], configured: ["v": "XX"]).faults
                == ["must match '[a-z]' as a whole, which 'XX' does not (the configuration says so)"])
    }
}

@Suite("Files of variables")
struct VariablesFileTests {
    @Test("YAML and JSON say the same")
    func forms() {
        let yaml =
            "name: x\nversion: 1.10\ncount: 3\nhex: 0x10\non: true\nnothing: null\nlist: [a, 1]\nmap: {k: [true]}\n"
        let json = """
            {
            \t"name": "x", "version": "1.10", "count": 3, "hex": 16, "on": true, "nothing": null,
            \t"list": ["a", 1], "map": {"k": [true]}
            }
            """
        let expected: [String: Value] = [
            "name": "x", "version": "1.10", "count": "3", "hex": 16, "on": "true", "nothing": .null,
            "list": .list(["a", 1]), "map": .map(["k": .list([true])]),
        ]
        #expect(VariablesFile.read(yaml, file: "v").values == expected)
        #expect(VariablesFile.read(json, file: "v").values == expected.merging(["hex": "16"]) { $1 })
        #expect(VariablesFile.read("# nothing\n", file: "v").values == [:])
    }

    @Test("every fault has its place")
    func faults() {
        let (values, diagnostics) = VariablesFile.read("a-b: 1\nc: x\nc: y\n1: 2\n", file: "v")
        #expect(values == nil)
        #expect(
            diagnostics.map { $0.description.prefix { $0 != "(" } } == [
                "v:1:1: error: 'a-b' cannot be a variable's name ",
                "v:3:1: error: the key 'c' is there twice; the first is at line 2, column 1",
                "v:4:1: error: '1' cannot be a variable's name ",
            ])
        #expect(
            VariablesFile.read("- a", file: "v").diagnostics.map(\.description)
                == ["v:1:1: error: a file of variables is a map of names to values, not a list"])
    }
}

@Suite("Configuration")
struct ConfigurationTests {
    @Test("without a file, or with comments alone, the defaults hold")
    func defaults() {
        #expect(ConfigurationReader.read([]).configuration == Configuration())
        #expect(ConfigurationReader.read([("c", ""), ("d", "# max_parallel: 9\n")]).configuration == Configuration())
        #expect(Configuration().maxParallel == 4)
        #expect(Configuration().logLevel == .info)
    }

    @Test("later files win, key by key")
    func merged() throws {
        let (configuration, diagnostics) = ConfigurationReader.read([
            ("c", "max_parallel: 8\nlog_level: debug\nvariables: {a: 1, b: x}\n"),
            ("d", "log_level: error\nvariables: {b: 2.50}\n"),
        ])
        #expect(diagnostics == [])
        #expect(configuration?.maxParallel == 8)
        #expect(configuration?.logLevel == .error)
        #expect(configuration?.variables == ["a": "1", "b": "2.50"])
    }

    @Test(
        "retention is an age, a number of runs, or both; what a later file does not say stays",
        arguments: [
            ([], .seconds(30 * 86_400), nil), (["7d"], .seconds(7 * 86_400), nil), (["forever"], nil, nil),
            (["{age: 12h, runs: 10}"], .seconds(43_200), 10), (["{runs: 10}"], .seconds(30 * 86_400), 10),
            (["{age: 12h, runs: 10}", "{age: forever}"], nil, 10),
            (["{age: 12h, runs: 10}", "1h"], .seconds(3600), 10),
        ] as [([String], Duration?, Int?)])
    func retention(_ texts: [String], age: Duration?, runs: Int?) {
        let (configuration, diagnostics) = ConfigurationReader.read(texts.map { ("c", "retention: \($0)\n") })
        #expect(diagnostics == [])
        #expect(configuration?.retention.age == age && configuration?.retention.runs == runs)
    }

    @Test("the environment says each key too, and wins over all files; its faults bear the variable's name")
    func environment() {
        let variables = [
            "PAWL_MAX_RUNS": "3", "PAWL_RETENTION": "{age: 7d, runs: 9}", "PAWL_LOG_TARGET": "file", "PATH": "/bin",
        ]
        let texts = ConfigurationReader.texts(ofEnvironment: { variables[$0] })
        #expect(texts.map(\.file) == ["$PAWL_MAX_RUNS", "$PAWL_LOG_TARGET", "$PAWL_RETENTION"])
        let read = ConfigurationReader.read([("c", "max_runs: 8\nmax_steps: 4\n")] + texts)
        #expect(read.diagnostics == [])
        #expect(read.configuration?.maxRuns == 3 && read.configuration?.maxSteps == 4)
        #expect(read.configuration?.retention.runs == 9 && read.configuration?.logTarget == .file)
        let faulty = ConfigurationReader.read(ConfigurationReader.texts { $0 == "PAWL_MAX_STEPS" ? "few" : nil })
        #expect(faulty.configuration == nil)
        #expect(
            faulty.diagnostics.map(\.description) == [
                "$PAWL_MAX_STEPS:1:12: error: 'max_steps' takes a whole number from 1 up, not 'few'"
            ])
    }

    @Test("thresholds and limits of admission are percentages, part by part, and what is none is refused")
    func resources() {
        let (configuration, _) = ConfigurationReader.read([
            ("c", "thresholds: {memory: 90%, cpu: off}\nadmission: {disk: 95%}\n"),
            ("d", "admission: {memory: 50.5%}\nmax_runs: 3\nmax_steps: 9\n"),
        ])
        let parts = ResourceLimits.parts
        #expect(parts.map { configuration?.thresholds[$0] } == [0.9, nil, 0.85, 0.85])
        #expect(parts.map { configuration?.admission[$0] } == [0.505, nil, 0.95, nil])
        #expect(configuration?.maxRuns == 3 && configuration?.maxSteps == 9)
        let faults = ConfigurationReader.read([
            ("c", "thresholds: {memory: 0%, disk: 101%, io: 5%}\nadmission: {cpu: 50%, memory: 1G}\nmax_runs: 0\n")
        ]).diagnostics.map(\.description)
        #expect(
            faults == [
                "c:1:22: error: 'memory' takes a percentage from above 0% to 100% such as 85%, or off, not '0%'",
                "c:1:32: error: 'disk' takes a percentage from above 0% to 100% such as 85%, or off, not '101%'",
                "c:1:38: error: unknown key 'io'",
                "c:2:13: error: unknown key 'cpu'",
                "c:2:31: error: 'memory' takes a percentage from above 0% to 100% such as 85%, or off, not '1G'",
                "c:3:11: error: 'max_runs' takes a whole number from 1 up, not '0'",
            ])
    }

    @Test(
        "a retention that is none is refused, with what would be one",
        arguments: [
            ("0", "c:1:12: error: 'retention' has to be above 0"),
            ("infinity", "c:1:12: error: 'retention' takes a time span or forever, not 'infinity'"),
            ("{runs: 0}", "c:1:19: error: 'runs' takes a whole number from 1 up, not '0'"),
            ("{days: 3}", "c:1:13: error: unknown key 'days'"),
            ("{age: infinity}", "c:1:18: error: 'age' takes a time span or forever, not 'infinity'"),
            ("[30d]", "c:1:12: error: 'retention' takes a time span such as 90s, 5min or 2h, not a list"),
        ])
    func faultyRetention(_ text: String, fault: String) {
        let (configuration, diagnostics) = ConfigurationReader.read([("c", "retention: \(text)\n")])
        #expect(configuration == nil)
        #expect(diagnostics.map(\.description) == [fault])
    }

    @Test("one fault anywhere and nothing is taken; all of them are told")
    func faulty() {
        let (configuration, diagnostics) = ConfigurationReader.read([
            ("c", "max_paralel: 8\nlog_level: 3\n"), ("d", "max_parallel: 2\n"), ("e", "- a\n"), ("f", "a: b: c\n"),
        ])
        #expect(configuration == nil)
        #expect(
            diagnostics.map(\.description) == [
                "c:1:1: error: unknown key 'max_paralel' (did you mean 'max_parallel'?)",
                "c:2:12: error: 'log_level' is one of debug, info, notice, warning, error, not '3'",
                "e:1:1: error: the configuration is a map of keys and values, not a list",
                "f:1:5: error: a value cannot begin here; text with ': ' in it needs quotes",
            ])
    }
}

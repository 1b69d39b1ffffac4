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
                "variable 'members' takes a list, not 'a'",
                "variable 'settings' takes a map, not '[]'",
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
            ("c", "max_parallel: 8\nlog_level: debug\n"), ("d", "log_level: error\n"),
        ])
        #expect(diagnostics == [])
        #expect(configuration?.maxParallel == 8)
        #expect(configuration?.logLevel == .error)
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

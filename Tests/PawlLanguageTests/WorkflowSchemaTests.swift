import PawlModel
import Testing
import YAMLKit

@testable import PawlLanguage

/// Holds texts against the JSON schema, by a reader of schemas of its own: only what draft 7 says counts here.
enum SchemaCheck {
    private static let schema = Value(json: WorkflowSchema.text(isIndented: true)) ?? .null

    /// What the schema has against a text; nil where the text is no YAML.
    static func faults(_ text: String) -> [String]? {
        guard let root = try? YAMLDocument(text).root else { return nil }
        return faults(value(root), schema, "")
    }

    /// A text without an error is accepted, and one with a key that is not there is not.
    static func check(_ text: String, _ diagnostics: [Diagnostic], sourceLocation: SourceLocation) {
        guard let faults = faults(text) else { return }
        let errors = diagnostics.filter { $0.severity == .error }
        let hasWrongKey = errors.contains {
            $0.message.hasPrefix("unknown key") || $0.message.hasSuffix("' is not supported by this version of pawl")
        }
        if errors.isEmpty { #expect(faults == [], "the schema refuses: \(text)", sourceLocation: sourceLocation) }
        if hasWrongKey { #expect(faults != [], "the schema accepts: \(text)", sourceLocation: sourceLocation) }
    }

    private static func value(_ node: YAMLNode) -> Value {
        switch node.content {
        case .sequence(let items): return .list(items.map(value))
        case .mapping(let entries):
            return .map(Dictionary(entries.map { ($0.key.text, value($0.value)) }) { first, _ in first })
        case .scalar(let scalar):
            switch scalar.resolved {
            case .null: return .null
            case .boolean(let truth): return .boolean(truth)
            case .integer(let number): return .integer(number)
            case .number(let number): return .number(number)
            case .string(let text): return .string(text)
            }
        }
    }

    private static func faults(_ value: Value, _ schema: Value, _ path: String) -> [String] {
        guard case .map(let words) = schema else {
            return schema == .boolean(false) ? ["\(path): nothing may be here"] : []
        }
        // Beside a reference nothing counts.
        if case .string(let reference)? = words["$ref"] {
            guard case .map(let top) = self.schema, case .map(let definitions)? = top["definitions"],
                let target = definitions[String(reference.dropFirst("#/definitions/".count))]
            else { return ["\(reference) leads nowhere"] }
            return faults(value, target, path)
        }
        var found: [String] = []
        func require(_ condition: Bool, _ what: String) { if !condition { found.append("\(path): \(what)") } }
        for (word, operand) in words {
            switch (word, operand) {
            case ("$schema", _), ("title", _), ("description", _), ("definitions", _), ("then", _), ("else", _): break
            case ("type", .string(let name)): require(types(of: value).contains(name), "is no \(name)")
            case ("type", .list(let names)):
                require(names.contains { types(of: value).contains($0.text) }, "is none of \(names.map(\.text))")
            case ("enum", .list(let values)): require(values.contains(value), "is none of \(values.map(\.text))")
            case ("const", _): require(value == operand, "is not \(operand.text)")
            case ("anyOf", .list(let schemas)):
                require(schemas.contains { faults(value, $0, path).isEmpty }, "fits none of \(schemas.count)")
            case ("if", _):
                let branch = faults(value, operand, path).isEmpty ? words["then"] : words["else"]
                if let branch { found += faults(value, branch, path) }
            case ("properties", .map(let properties)):
                guard case .map(let entries) = value else { break }
                for (key, item) in entries {
                    if let shape = properties[key] { found += faults(item, shape, "\(path)/\(key)") }
                }
            case ("propertyNames", _):
                guard case .map(let entries) = value else { break }
                for key in entries.keys { found += faults(.string(key), operand, "\(path)/\(key)") }
            case ("additionalProperties", _):
                guard case .map(let entries) = value else { break }
                var known: Set<String> = []
                if case .map(let properties)? = words["properties"] { known = Set(properties.keys) }
                for (key, item) in entries where !known.contains(key) {
                    found += faults(item, operand, "\(path)/\(key)")
                }
            case ("required", .list(let names)):
                guard case .map(let entries) = value else { break }
                for name in names { require(entries[name.text] != nil, "has no \(name.text)") }
            case ("items", _):
                guard case .list(let items) = value else { break }
                for (place, item) in items.enumerated() { found += faults(item, operand, "\(path)/\(place)") }
            case ("minItems", .integer(let least)):
                if case .list(let items) = value { require(items.count >= least, "has too few items") }
            case ("minimum", .integer(let least)):
                if case .integer(let number) = value { require(number >= least, "is below \(least)") }
                if case .number(let number) = value { require(number >= Double(least), "is below \(least)") }
            case ("maximum", .integer(let most)):
                if case .integer(let number) = value { require(number <= most, "is above \(most)") }
                if case .number(let number) = value { require(number <= Double(most), "is above \(most)") }
            case ("pattern", .string(let pattern)):
                if case .string(let text) = value {
                    require((try? Regex(pattern)).map { text.contains($0) } ?? false, "does not match \(pattern)")
                }
            default: found.append("the schema has '\(word)', which this test does not know")
            }
        }
        return found
    }

    private static func types(of value: Value) -> [String] {
        switch value {
        case .null: ["null"]
        case .boolean: ["boolean"]
        case .integer: ["integer", "number"]
        case .number: ["number"]
        case .string: ["string"]
        case .list: ["array"]
        case .map: ["object"]
        }
    }
}

@Suite("The JSON schema")
struct WorkflowSchemaTests {
    @Test("both forms of it are JSON and say the same")
    func json() throws {
        let value = try #require(Value(json: WorkflowSchema.text(isIndented: true)))
        #expect(Value(json: WorkflowSchema.text(isIndented: false)) == value)
        #expect(WorkflowSchema.text(isIndented: false).split(separator: "\n").count == 1)
    }

    @Test("every kind of value that the tables name has its shape")
    func kinds() {
        let tables = [
            Schema.workflowKeys, Schema.stepKeys, Schema.probeKeys, Schema.variableKeys, Schema.retryPolicyKeys,
            Schema.templateKeys, Schema.templateWorkflowKeys, Schema.taskKeys, Schema.execKeys,
        ]
        for key in tables.joined() where key.isSupported {
            #expect(
                WorkflowSchema.shapes[key.type] != nil,
                "'\(key.name)' takes \(key.type): give these words a shape in WorkflowSchema.shapes")
        }
    }

    @Test("it accepts every workflow of the package and every fixture without faults", arguments: Fixtures.all)
    func fixtures(name: String) throws {
        let text = try #require(Fixtures.text(name))
        let isFaulty = Fixtures.text(name, "expected.errors") != nil
        #expect((try #require(SchemaCheck.faults(text)) == []) != isFaulty)
        for file in ["hello.yaml", "examples/etcd-cluster.yaml", "examples/aws-cleanup.yaml"] {
            #expect(SchemaCheck.faults(try #require(ExampleTests.text("\(ExampleTests.folder)/\(file)"))) == [])
        }
    }

    @Test(
        "it refuses a key that is none, at every place",
        arguments: [
            "nonsense: 1\nsteps: [{id: a, run: b}]", "steps: [{id: a, rnu: b}]", "steps: [{id: a, run: b, http: {}}]",
            "steps: [{id: a, run: b, unit: {MemoryMx: 1}}]", "steps: [{id: a, done_when: {fiel: /x}}]",
            "steps: [{id: a, run: b, retry_policy: {retries: 1}}]", "steps: [{id: a, run: b, undo: {approval: x}}]",
            "variables: {a: {deflt: 1}}\nsteps: [{id: a, run: b}]",
            "on_exit: [{id: a, rnu: b}]\nsteps: [{id: b, run: b}]",
            "steps: [{id: a, run: b, depends_on: {al: [c]}}]", "steps: [{run: b}]",
            "steps: [{id: a, run: b, timeout: [1]}]",
            "steps: [{id: a, run: b, when: yes}]", "workflow: {tasks: [{id: a, typ: exec}]}",
            "tasks: [{id: a, typ: exec}]",
            "workflow: {tasks: [{id: a, type: exec, parameters: {commnd: [a]}}]}", "include: [a]\nnonsense: 1",
            "include: a\nsteps: [{id: a, run: b}]",
        ])
    func refuses(text: String) throws {
        #expect(try #require(SchemaCheck.faults(text)) != [])
    }

    @Test("parts and drop-ins are accepted too: nothing has to be there")
    func parts() {
        #expect(SchemaCheck.faults("timeout: 5\nsteps: [{id: a, timeout: 1h}]\n") == [])
        #expect(SchemaCheck.faults("env: {A: b}\n") == [])
    }
}

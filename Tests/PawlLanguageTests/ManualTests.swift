import FoundationEssentials
import PawlModel
import Testing

@testable import PawlLanguage

/// A manual page in mdoc, as far as the tests look into it.
private struct ManualPage {
    let lines: [String]

    init(_ name: String) throws {
        let top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        lines = try String(contentsOfFile: top.appending(path: "man/\(name)").path, encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false).map { "\($0)" }
    }

    /// The lines from a heading to the next one.
    func section(_ name: String) throws -> [String] {
        let start = try #require(lines.firstIndex { $0 == ".Sh \(name)" }, "the page has no section \(name)")
        return lines[(start + 1)...].prefix { !$0.hasPrefix(".Sh ") }.map { $0 }
    }

    /// An entry of a list: what stands behind the macro, and the text up to the next one.
    struct Item {
        var head: String
        var text: String
        /// `NAME Pq TYPE` taken apart.
        var name: String { String(head.prefix { $0 != " " }) }
        var type: String {
            guard let start = head.firstRange(of: " Pq ") else { return "" }
            return String(head[start.upperBound...])
        }
    }

    /// The entries of a section that begin with a macro, such as `Cm`.
    func items(_ section: String, _ macro: String) throws -> [Item] {
        var result: [Item] = []
        var isOpen = false
        for line in try self.section(section) {
            if line.hasPrefix(".It ") {
                isOpen = line.hasPrefix(".It \(macro) ")
                if isOpen { result.append(Item(head: String(line.dropFirst(".It \(macro) ".count)), text: "")) }
            } else if isOpen {
                // `.Ql info .` is read as `info.`
                let words =
                    line.hasPrefix(".") ? line.split(separator: " ").dropFirst().joined(separator: " ") : "\(line)"
                result[result.count - 1].text += " " + words.replacing(" .", with: ".")
            }
        }
        return result
    }

    /// The literal blocks whose first line is a comment that names a file.
    func examples() -> [(file: String, text: String)] {
        var result: [(file: String, text: String)] = []
        var block: [String]?
        for line in lines {
            if line.hasPrefix(".Bd -literal") {
                block = []
            } else if line == ".Ed" {
                if let block, let first = block.first, first.hasPrefix("# /") {
                    result.append((String(first.dropFirst(2)), block.joined(separator: "\n") + "\n"))
                }
                block = nil
            } else {
                block?.append(line.replacing("\\(aq", with: "'"))
            }
        }
        return result
    }
}

@Suite("The manuals pawl.workflow(5) and pawl.config(5)")
struct ManualTests {
    private let page: ManualPage
    private let configuration: ManualPage

    init() throws {
        page = try ManualPage("pawl.workflow.5")
        configuration = try ManualPage("pawl.config.5")
    }

    /// Name and type of each key, sorted.
    private func table(_ keys: [SchemaKey]) -> [String] {
        keys.filter(\.isSupported).map { "\($0.name) (\($0.type))" }.sorted()
    }

    private func table(_ items: [ManualPage.Item]) -> [String] {
        items.map { "\($0.name) (\($0.type))" }.sorted()
    }

    @Test("every supported key of a workflow and of a step has its entry with its type, and nothing else has one")
    func keys() throws {
        let both = try page.items("KEYS OF BOTH", "Cm")
        #expect(table(try page.items("WORKFLOW KEYS", "Cm") + both) == table(Schema.workflowKeys))
        #expect(table(try page.items("STEP KEYS", "Cm") + both) == table(Schema.stepKeys))
        #expect(table(try page.items("VARIABLES", "Cm")) == table(Schema.variableKeys))
        let older = Schema.templateKeys + Schema.templateWorkflowKeys.filter { $0.name == "tasks" }
        #expect(table(try page.items("OLDER TEMPLATES", "Cm")) == table(older + Schema.taskKeys + Schema.execKeys))
        #expect(table(try page.items("ATTEMPTS", "Cm")) == table(Schema.retryPolicyKeys))
        #expect(table(try page.items("EXIT STATUSES", "Cm")) == table(Schema.exitCodeKeys))
        #expect(table(try page.items("DONE WHEN", "Cm")) == table(Schema.probeKeys))
        #expect(table(try page.items("LOCKS", "Cm")) == table(Schema.lockKeys))
        #expect(try page.items("LOCKS", "Ql").map(\.head) == LockConflict.allCases.map(\.rawValue))
        #expect(table(try page.items("SCHEDULES", "Cm")) == table(Schema.scheduleKeys))
        #expect(try page.items("SCHEDULES", "Ql").map(\.head) == CatchUp.allCases.map(\.rawValue))
        #expect(table(try configuration.items("KEYS", "Cm")) == table(Schema.configurationKeys))
    }

    @Test("the defaults are those of the program")
    func defaults() throws {
        let policy = RetryPolicy()
        let told = Dictionary(uniqueKeysWithValues: try page.items("ATTEMPTS", "Cm").map { ($0.name, $0.text) })
        #expect(try #require(told["max_retries"]).contains("Default: \(policy.maxRetries)."))
        #expect(try #require(told["backoff_type"]).contains("Default: \(policy.backoff.rawValue)."))
        #expect(try #require(told["initial_delay"]).contains("Default: \(TimeSpan.text(of: policy.initialDelay))."))
        #expect(try #require(told["max_delay"]).contains("Default: \(TimeSpan.text(of: policy.maxDelay))."))
        #expect(try #require(told["jitter"]).contains("Default: 0."))
        #expect(policy.jitter == 0)
        let schedule = Dictionary(uniqueKeysWithValues: try page.items("SCHEDULES", "Cm").map { ($0.name, $0.text) })
        #expect(try #require(schedule["AccuracySec"]).contains("Default: \(TimeSpan.text(of: Schedule().accuracy)),"))
        #expect(try #require(schedule["RandomizedDelaySec"]).contains("Default: 0."))
        #expect(Schedule().randomizedDelay == .zero)
        let shared = Dictionary(uniqueKeysWithValues: try page.items("KEYS OF BOTH", "Cm").map { ($0.name, $0.text) })
        #expect(try #require(shared["shell"]).contains("Default: \(StepDraft.defaultShell.joined(separator: " ")) ,"))
        #expect(try #require(shared["interrupted"]).contains("else ask."))
        let settings = Dictionary(
            uniqueKeysWithValues: try configuration.items("KEYS", "Cm").map { ($0.name, $0.text) })
        #expect(try #require(settings["max_parallel"]).contains("Default: \(Configuration().maxParallel)."))
        let retention = try #require(settings["retention"])
        #expect(retention.contains("Default: 30d, any number.") && TimeSpan.parse("30d") == Retention().age)
        #expect(Schema.retentionKeys.allSatisfy { retention.contains(" \($0.name) ") }, "\(retention)")
        #expect(try #require(settings["log_level"]).contains("Default: \(Configuration().logLevel.rawValue)."))
    }

    @Test("every type, every function and every member has its entry")
    func words() throws {
        #expect(try page.items("VARIABLES", "Ql").map(\.head) == ValueType.allCases.map(\.rawValue))
        let entries = try page.items("EXPRESSIONS", "Cm")
        let functions = entries.filter { $0.head.contains(" Ns Pq ") }.map(\.name)
        #expect(functions == Schema.functions.map(\.name))
        for name in ["run", "workflow", "host"] {
            let members = try #require(Members.of(reserved: name)).map { "\(name).\($0)" }
            #expect(entries.contains { $0.head == members.joined(separator: " , ") }, "\(name)")
        }
        let step = try #require(try page.items("EXPRESSIONS", "Ar").first { $0.head.hasPrefix("step ") })
        for member in Members.ofStep { #expect(step.head.contains(".\(member)"), "\(member)") }
        #expect(try page.items("INTERRUPTED STEPS", "Ql").map(\.head) == ["rerun", "ask", "fail"])
    }

    @Test("every directive of the table has its entry, in its order, and nothing else has one")
    func directives() throws {
        #expect(try page.items("UNIT DIRECTIVES", "Cm").map(\.name) == Directives.all.map(\.name))
    }

    @Test("every condition has its word, in its order, and nothing else has one")
    func conditions() throws {
        let lines = try page.section("UNIT DIRECTIVES")
        let start = try #require(lines.firstIndex { $0 == "Of an absolute path:" })
        let words = lines[start...].prefix { $0 != ".Pp" }.filter { $0.hasPrefix(".Ql ") }
            .compactMap { $0.split(separator: " ").dropFirst().first.map(String.init) }
        #expect(words == UnitConditions.all.map(\.name))
    }

    @Test("what the page says is refused as a directive is refused with a reason")
    func refusedDirectives() throws {
        let named = try page.section("UNIT DIRECTIVES").filter { $0.hasPrefix(".Ql ") }
            .compactMap { line in line.split(separator: " ").first { $0.hasSuffix("=") }.map { String($0.dropLast()) } }
        #expect(named.count > 20)
        for name in named {
            let example = [
                "Exec*": "ExecStart", "Restart*": "RestartSec", "StartLimit*": "StartLimitBurst",
                "LogRateLimit*": "LogRateLimitBurst",
            ]
            let directive = example[name] ?? name
            #expect(Directives.refusal(directive) != nil, "\(directive)")
        }
    }

    @Test("what the page says a user's systemd lacks is what the table says, and nothing is missing")
    func userDirectives() throws {
        let named = try page.section("DIRECTIVES OF A USER'S OWN").filter { $0.hasPrefix(".Ql ") }
            .compactMap { $0.split(separator: " ").dropFirst().first.map(String.init) }
            .filter { name in Directives.all.contains { $0.name == name } }
        #expect(Set(named) == Set(Directives.all.filter { $0.user != .full }.map(\.name)))
    }

    @Test("what the page says is refused as a name is refused")
    func refusedNames() throws {
        for item in try page.items("NAMES", "Ev") {
            for name in item.head.split(separator: " ") where name != "," {
                #expect(Names.environmentRefusal(String(name).replacing("*", with: "X")) != nil, "\(name)")
            }
        }
        let quoted = try page.section("NAMES").filter { $0.hasPrefix(".Ql ") }.compactMap {
            $0.split(separator: " ").dropFirst().first.map(String.init)
        }
        for name in Names.reserved.union(Expression.words) { #expect(quoted.contains(name), "\(name)") }
    }

    @Test("the examples are read without a fault or a warning")
    func examples() throws {
        let examples = page.examples()
        // The drop-in is an example of its own kind: it has no steps that stand alone.
        let dropIn = examples.filter { $0.file.contains(".d/") }
        #expect(dropIn.count == 1)
        for example in dropIn { dropInFaults(example) }
        #expect(examples.count == 5)
        for (file, text) in examples where !file.contains(".d/") {
            let name = try #require(file.split(separator: "/").last?.split(separator: ".").first)
            let read = WorkflowReader.read(text, file: file, name: String(name))
            #expect(read.diagnostics.map(\.description) == [])
            #expect((read.workflow?.steps.count ?? 0) > 2)
            #expect(SchemaCheck.faults(text) == [])
        }
        let settings = configuration.examples()
        #expect(settings.count == 1)
        let read = ConfigurationReader.read(settings)
        #expect(read.diagnostics.map(\.description) == [])
        #expect(read.configuration?.maxParallel == 2)
        #expect(read.configuration?.retention.runs == 1000)
    }

    private func dropInFaults(_ example: (file: String, text: String)) {
        let base = """
            variables: {dir: {type: path, default: /srv}}
            steps: [{id: dump, run: "pg_dumpall > \\"$dir/x\\"", timeout: 1h}]
            """
        let source = WorkflowSource(
            SourceFile(file: "/usr/lib/pawl/workflows/nightly.yaml", text: base),
            dropIns: [SourceFile(file: example.file, text: example.text)])
        let read = WorkflowReader.read(source, name: "nightly")
        #expect(read.diagnostics.map(\.description) == [])
        #expect(read.workflow?.steps.map(\.id) == ["dump", "told"])
        #expect(read.workflow?.variables.first?.type == .path)
        #expect(SchemaCheck.faults(example.text) == [])
    }

    @Test("no line is too long for a diff")
    func lineLengths() {
        // The names that systemd sets stand in one entry, and mdoc has no way to break one.
        for line in page.lines + configuration.lines where !line.hasPrefix(".It Ev SERVICE_RESULT") {
            #expect(line.count <= 120, "\(line)")
        }
    }
}

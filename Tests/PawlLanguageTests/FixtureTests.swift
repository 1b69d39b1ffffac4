import FoundationEssentials
import PawlModel
import Testing

@testable import PawlLanguage

/// The files in `Tests/Fixtures/language`: `NN-name/workflow.yaml`, and `expected.errors` beside a faulty one.
enum Fixtures {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/language")

    static let all = ["01-cluster", "02-five-faults-and-a-cycle", "03-scripts", "04-anchors"]

    static func text(_ name: String, _ file: String = "workflow.yaml") -> String? {
        try? String(contentsOf: folder.appending(path: "\(name)/\(file)"), encoding: .utf8)
    }
}

@Suite("Workflow files")
struct FixtureTests {
    @Test("each file is told exactly what is written beside it", arguments: Fixtures.all)
    func fixture(name: String) throws {
        let text = try #require(Fixtures.text(name))
        let (workflow, diagnostics) = WorkflowReader.read(text, file: "workflow.yaml", name: "w")
        let expected = Fixtures.text(name, "expected.errors") ?? ""
        #expect(diagnostics.map { $0.description + "\n" }.joined() == expected)
        #expect((workflow == nil) == !expected.isEmpty)
    }

    @Test("the faulty file has at least five different faults and a cycle")
    func faulty() throws {
        let errors = try #require(Fixtures.text("02-five-faults-and-a-cycle", "expected.errors"))
        #expect(errors.split(separator: "\n").count >= 6)
        #expect(errors.contains(" -> "))
    }

    @Test("scripts keep their text, and their interpreter is found")
    func scripts() throws {
        let text = try #require(Fixtures.text("03-scripts"))
        let workflow = try #require(WorkflowReader.read(text, file: "w", name: "w").workflow)
        #expect(
            workflow.steps.map(WorkflowReaderTests.interpreter) == [
                ["/bin/bash"], ["/usr/bin/env", "-S python3 -u"], ["/bin/sh", "-eu"], ["python3"], nil,
            ])
        guard case .script(let script, _) = workflow.steps[0].action else {
            Issue.record("the first step is no script")
            return
        }
        #expect(script.hasPrefix("#!/bin/bash\necho \"${file%.txt} "))
        #expect(script.hasSuffix("<<< \"$list\"\n"))
    }

    @Test("what an anchor stands for is read as if it were written out")
    func anchors() throws {
        let text = try #require(Fixtures.text("04-anchors"))
        let workflow = try #require(WorkflowReader.read(text, file: "w", name: "w").workflow)
        let unit = workflow.steps[1].unit.map { "\($0.name)=\($0.values[0].constant?.text ?? "")" }
        #expect(unit == ["TasksMax=infinity", "Nice=-5", "MemoryMax=1G"])
    }

    @Test("a workflow of 2,000 steps is checked, near and far references among them")
    func large() throws {
        var text = "steps:\n  - {id: s0, run: echo}\n"
        for number in 1..<2000 {
            text += "  - {id: s\(number), command: [echo, \"${s\(number - 1).output} ${s0.state}\"]}\n"
        }
        let workflow = try WorkflowReaderTests.read(text)
        #expect(workflow.steps.count == 2000)
        #expect(workflow.steps[1998].isOutputRead)
        #expect(!workflow.steps[1999].isOutputRead)
        #expect(workflow.steps[1999].dependencies == [1998])
    }

    @Test("a file with more faults than anybody reads is cut, and says so")
    func many() {
        let text = "steps:\n" + String(repeating: "  - {run: echo, nosuch: 1}\n", count: 2000)
        let (workflow, diagnostics) = WorkflowReader.read(text, file: "w", name: "w")
        #expect(workflow == nil)
        #expect(diagnostics.count == 1000)
        #expect(diagnostics.last?.message == "there are 3001 more faults before and here")
    }

    @Test("a workflow's name has to be one", arguments: ["W", "", "a_b", "-a", "a.b"])
    func name(name: String) {
        let (workflow, diagnostics) = WorkflowReader.read("steps: [{id: a, run: echo}]", file: "w", name: name)
        #expect(workflow == nil)
        #expect(diagnostics.map(\.message) == ["'\(name)' cannot be a workflow's name"])
    }
}

@Suite("The table of keys")
struct SchemaTests {
    @Test("every key is there once, with its meaning")
    func unique() {
        let tables = [
            Schema.workflowKeys, Schema.stepKeys, Schema.variableKeys, Schema.retryPolicyKeys, Schema.configurationKeys,
            Schema.retentionKeys, Schema.functions,
        ]
        for keys in tables {
            #expect(Set(keys.map(\.name)).count == keys.count)
            for key in keys { #expect(!key.meaning.isEmpty && !key.type.isEmpty, "\(key.name)") }
        }
    }

    @Test("what other tools call a key leads to it")
    func aliases() {
        #expect(SchemaKey.nearest(to: "needs", in: Schema.stepKeys) == "depends_on")
        #expect(SchemaKey.nearest(to: "retries", in: Schema.stepKeys) == "retry_policy")
        #expect(SchemaKey.nearest(to: "timout", in: Schema.stepKeys) == "timeout")
        #expect(SchemaKey.nearest(to: "zzz", in: Schema.stepKeys) == nil)
    }

    @Test(
        "a key that this version does not do is refused, not unknown",
        arguments: Schema.stepKeys.filter { !$0.isSupported })
    func later(key: SchemaKey) {
        let text = "steps: [{id: a, run: echo, \(key.name): x}]"
        let diagnostics = WorkflowReader.read(text, file: "w", name: "w").diagnostics
        #expect(
            diagnostics.map(\.description) == ["w:1:28: error: '\(key.name)' is not supported by this version of pawl"])
    }
}

@Suite("Whatever is in a file")
struct FuzzTests {
    /// SplitMix64: the same bytes from the same seed, everywhere.
    struct Random {
        var state: UInt64

        mutating func next(_ bound: Int) -> Int {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
        }
    }

    static let pieces = [
        "${", "}", "$${", "a.b", "[", "]", "{", "}", "'", "\"", ": ", "- ", "\n", "\n  ", "\t", "&a ", "*a", "<<: ",
        "|", ">-", "!x ", "#",
        "#!", "depends_on", "steps", "null", "\u{0}", "ä", "\u{FEFF}", "\r\n", "-9223372036854775808", "1e999", "(",
        ")", "!", "-", "? :",
        "%", "in", "999999999999999999999", "\\", "run", "---\n",
    ]

    @Test("no mutation of a file crashes the reader, and it has a workflow or an error", arguments: Fixtures.all)
    func mutations(name: String) throws {
        let original = Array(try #require(Fixtures.text(name)).utf8)
        var random = Random(state: UInt64(original.count))
        for _ in 0..<500 {
            var bytes = original
            for _ in 0...random.next(4) {
                let place = random.next(bytes.count)
                switch random.next(4) {
                case 0: bytes[place] = UInt8(random.next(256))
                case 1: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.next(20)))
                case 2: bytes.insert(contentsOf: Array(Self.pieces[random.next(Self.pieces.count)].utf8), at: place)
                default:
                    let end = min(bytes.count, place + 1 + random.next(40))
                    bytes.insert(contentsOf: Array(bytes[place..<end]), at: random.next(bytes.count))
                }
                if bytes.isEmpty { bytes = original }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            let (workflow, diagnostics) = WorkflowReader.read(text, file: "w", name: "w")
            #expect((workflow == nil) == diagnostics.contains { $0.severity == .error }, "\(text)")
            let lines =
                text.utf8.count { $0 == 0x0A || $0 == 0x0D } + 4 + text.unicodeScalars.count { $0.value == 0x85 }
            #expect(diagnostics.allSatisfy { $0.line >= 1 && $0.column >= 1 && $0.line <= lines }, "\(text)")
        }
    }

    @Test("no mutation of an expression crashes the parser or the evaluation")
    func expressions() {
        let samples = [
            "${members[0].port + 1 > 2 ? 'a' : \"b\"}", "x ${default(snapshot.outputs.never, [1, n])} y",
            "${!(yes && n in [1, -2.5e3])}",
            "${join(split(dir, '/'), '-')} ${length(json.a)} ${map['k'] % 2}",
        ]
        var random = Random(state: 7)
        for round in 0..<4000 {
            var scalars = Array(samples[round % samples.count].unicodeScalars)
            for _ in 0...random.next(3) {
                let piece = Array(Self.pieces[random.next(Self.pieces.count)].unicodeScalars)
                let place = random.next(scalars.count)
                if random.next(2) == 0 {
                    scalars.insert(contentsOf: piece, at: place)
                } else {
                    scalars.remove(at: place)
                }
            }
            let text = String(String.UnicodeScalarView(scalars))
            do {
                _ = try Template(text).evaluate(in: DictionaryScope.example)
            } catch let fault as SyntaxFault {
                #expect(fault.offset >= 0 && fault.offset <= scalars.count, "\(text)")
            } catch {}
        }
    }
}

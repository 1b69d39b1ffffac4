import PawlModel
import Testing

@testable import PawlLanguage

@Suite("Files that mean harm, or are merely enormous")
struct BadInputTests {
    /// Everything told about a text, `LINE:COLUMN: SEVERITY: MESSAGE`, and how long that took.
    static func told(_ text: String) -> (faults: [String], workflow: Workflow?, taken: Duration) {
        var result: (workflow: Workflow?, diagnostics: [Diagnostic]) = (nil, [])
        let taken = ContinuousClock().measure { result = WorkflowReader.read(text, file: "w", name: "w") }
        return (result.diagnostics.map { String($0.description.dropFirst(2)) }, result.workflow, taken)
    }

    static func steps(_ count: Int, _ step: (Int) -> String) -> String {
        "steps:\n" + (0..<count).map { "  - {id: s\($0), \(step($0))}\n" }.joined()
    }

    /// In a debug build, and beside other tests on few processors; what is not bounded takes minutes.
    static let bound = Duration.seconds(30)

    static func list(_ count: Int, _ item: String) -> String {
        Array(repeating: item, count: count).joined(separator: ", ")
    }

    static let bad: [(name: String, text: String, fault: String)] = [
        (
            "an alias bomb",
            "variables:\n  a: &a [\(list(10, "x"))]\n"
                + (0..<6).map { level in
                    let (name, below) = (["b", "c", "d", "e", "f", "g"][level], ["a", "b", "c", "d", "e", "f"][level])
                    return "  \(name): &\(name) [\(list(10, "*" + below))]\n"
                }.joined(),
            "7:10: error: with its aliases written out the text has more than 200000 values"
        ),
        (
            "an alias bomb of bytes",
            "env:\n  A0: &a \"\(String(repeating: "$x ", count: 100_000))\"\n"
                + (1...30).map { "  A\($0): *a\n" }.joined(),
            "15:8: error: with its aliases written out the text has more than 4194304 bytes"
        ),
        (
            "lists inside lists", "steps: " + String(repeating: "[", count: 5000),
            "1:71: error: this is nested more than 64 levels deep"
        ),
        (
            "maps inside maps", (0..<100).map { String(repeating: " ", count: $0) + "a:\n" }.joined(),
            "65:65: error: this is nested more than 64 levels deep"
        ),
        ("a NUL byte", "steps:\n  - {id: a, run: \"x\u{0}\"}\n", "2:20: error: a NUL byte cannot stand in YAML"),
        (
            "a NUL by an escape", "steps:\n  - {id: a, run: \"x\\0\"}\n",
            "2:18: error: a NUL character cannot stand in a value"
        ),
        (
            "a control character", "steps:\n  - {id: a, run: x\u{7}}\n",
            "2:19: error: the control character U+0007 cannot stand in YAML"
        ),
        (
            "a key that is there twice", "steps:\n  - {id: a, run: x, id: b}\n",
            "2:21: error: the key 'id' is there twice; the first is at line 2, column 6"
        ),
        ("a key in the wrong place", "steps: [{id: a, run: x, steps: []}]\n", "1:25: error: unknown key 'steps'"),
        (
            "a second document", "steps: [{id: a, run: x}]\n--- x\n",
            "2:1: error: a second document begins here; a file holds one"
        ),
        (
            "a text that is too large", "# " + String(repeating: "x", count: 1 << 20) + "\n",
            "1:1: error: the text has 1048579 bytes; at most 1048576 are read"
        ),
        (
            "an alias to itself", "steps: &a [*a]\n", "1:12: error: the alias '*a' has no anchor '&a' before it"
        ),
    ]

    @Test("each is a fault with a place", arguments: bad.indices)
    func fault(index: Int) {
        let (name, text, fault) = Self.bad[index]
        let (faults, workflow, taken) = Self.told(text)
        #expect(faults.first == fault, "\(name)")
        #expect(workflow == nil)
        #expect(taken < Self.bound, "\(name)")
    }

    @Test("bytes that are not UTF-8 have a place")
    func notText() {
        for bad in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xC3]] as [[UInt8]] {
            guard case .failure(let fault) = SourceText.read(Array("steps:\n  ä: ".utf8) + bad, file: "w") else {
                Issue.record("\(bad) was taken")
                continue
            }
            #expect(fault.description == "w:2:6: error: this is not UTF-8 text")
        }
    }

    @Test("500 steps in a circle are one fault, at the step of them that comes first, and not all of them are named")
    func circle() {
        let (faults, _, taken) = Self.told(Self.steps(500) { "run: x, depends_on: [s\(($0 + 499) % 500)]" })
        #expect(faults.count == 1)
        #expect(faults[0].hasPrefix("2:35: error: these steps wait for one another: s0 -> s499 -> s498 -> "))
        #expect(faults[0].hasSuffix(" -> s1 -> s0"))
        #expect(faults[0].contains(" -> (478 more) -> ") && faults[0].count < 300)
        #expect(taken < Self.bound)
    }

    @Test(
        "10,000 steps are read, each waiting for the one above and reading the first, and a fault in the last is found")
    func many() {
        let text = Self.steps(10_000) { "command: [echo, \"\($0 == 0 ? "" : "${s0.output} ${s\($0 - 1).state}")\"]" }
        let (faults, workflow, taken) = Self.told(text)
        #expect(faults == [])
        #expect(workflow?.steps.count == 10_000)
        #expect(taken < Self.bound)
        let wrong = Self.told(text + "  - {id: last, run: x, depends_on: [nosuch]}\n")
        #expect(wrong.faults == ["10002:37: error: step 'last' depends on 'nosuch', which does not exist"])
    }

    @Test("who waits for whom is right for every pair, however many there are")
    func pairs() throws {
        // Each waits for every third one above it, or for none, and all read all others.
        let count = 90
        let text = Self.steps(count) { step in
            let dependencies = (0..<step).filter { step % 7 != 0 && (step - $0) % 3 == 0 }.map { "s\($0)" }
            return "run: x, depends_on: [\(dependencies.joined(separator: ", "))]"
        }
        let workflow = try WorkflowReaderTests.read(text)
        let graph = Reachability(workflow)
        let reading = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { line, text in
            guard line > 0, line <= count else { return String(text) }
            let reads = (0..<count).filter { $0 != line - 1 }.map { "${s\($0).state}" }.joined()
            return text.dropLast() + ", env: {A: \"\(reads)\"}}"
        }
        let (faults, _, _) = Self.told(reading.joined(separator: "\n"))
        // What is cut off at the end is counted.
        let wrong = count * (count - 1) - graph.pairs
        #expect(faults.count == 1000)
        #expect(faults.last?.hasSuffix("there are \(wrong - 999) more faults before and here") == true)
    }

    /// Counts who waits for whom in the simplest way.
    struct Reachability {
        var pairs = 0

        init(_ workflow: Workflow) {
            var above: [Set<Int>] = []
            for step in workflow.steps {
                above.append(step.dependencies.reduce(into: Set(step.dependencies)) { $0.formUnion(above[$1]) })
                pairs += above[step.index].count
            }
        }
    }

    @Test("regular expressions, faults and defaults cannot be made to cost more than their file is worth")
    func costs() {
        let patterns = "variables:\n" + (0..<2000).map { "  v\($0): {pattern: '(a{900}|b){4}'}\n" }.joined()
        let (many, _, first) = Self.told(patterns + "steps: [{id: a, run: x}]\n")
        #expect(many.first?.contains("the regular expressions of this file are too large together") == true)
        #expect(first < Self.bound)

        let references = String(repeating: "${nosuch}", count: 15_000)
        let (names, _, second) = Self.told("steps:\n  - {id: a, command: [echo, \"\(references)\"]}\n")
        #expect(names.count <= 1000 && names.contains("2:32: error: 'nosuch' is no variable and no step"))
        #expect(second < Self.bound)

        let value = String(repeating: "a", count: 10_000)
        let defaults =
            "variables:\n  v: {default: &v \(value)}\n"
            + (0..<150).map { "  v\($0): {pattern: '(a*b*){90}', default: *v}\n" }.joined()
        let (costs, _, third) = Self.told(defaults + "steps: [{id: a, run: x}]\n")
        #expect(costs.contains { $0.contains("is too long to be matched with") })
        #expect(third < Self.bound)
    }
}

import PawlModel
import Testing

@testable import PawlPictures

@Suite("Reports of runs")
struct ReportTests {
    private func advice(_ facts: RunFacts) -> [String] {
        Sample.report(facts).advice.map { "\($0.topic) \($0.step ?? "")" }
    }

    @Test("the sums")
    func summary() {
        let summary = Sample.report(Sample.failed).summary
        #expect((summary.total, summary.successful, summary.failed) == (4, 2, 1))
        #expect(summary.states == [.succeeded: 2, .failed: 1, .skipped: 1])
        #expect((summary.totalSeconds, summary.averageSeconds) == (10, 10.0 / 3))
        #expect((summary.attempts, summary.retries) == (4, 1))
        #expect(summary.cpuSeconds == nil)
    }

    @Test("the critical path goes back from the last one to end, over what was waited for")
    func path() {
        let report = Sample.report(Sample.failed)
        #expect(report.path.links.map { report.facts.name($0.place) } == ["dump", "send"])
        #expect(report.path.links.map(\.cause) == [.start, .dependency])
        #expect(report.path.seconds == 9)
    }

    @Test("what never ran is looked through, and a handler follows what was before it")
    func pathAround() {
        let facts = Sample.facts(
            .succeeded,
            [
                Sample.step("a", [Sample.record([Sample.attempt(0, 4, code: 0)])]),
                Sample.step("maybe", after: [0], [Sample.record(.skipped, [])]),
                Sample.step("b", after: [1], [Sample.record([Sample.attempt(4, 6, code: 0)])]),
                Sample.step("tell", [Sample.record([Sample.attempt(6, 7, code: 0)])], phase: "on_exit"),
            ], ended: 7)
        let report = Sample.report(facts)
        #expect(report.path.links.map { facts.name($0.place) } == ["a", "b", "tell"])
        #expect(report.graphs.map(\.title) == ["", "on_exit"])
        #expect(report.graphs[0].edges.map(\.isCritical) == [false, false])
    }

    @Test("a step that only room was missing for has the one before it that gave it up")
    func room() {
        let facts = Sample.facts(
            .succeeded,
            [
                Sample.step("a", [Sample.record([Sample.attempt(0, 10, code: 0)])]),
                Sample.step("b", [Sample.record([Sample.attempt(10.01, 20, code: 0)])]),
            ], ended: 20, maxParallel: 1)
        let report = Sample.report(facts)
        #expect(report.path.links.map(\.cause) == [.start, .room])
        #expect(
            advice(facts) == ["length b", "room "] || advice(facts) == ["length a", "room "]
                || advice(facts).contains("room "))
        #expect(report.advice.last?.text.contains("'max_parallel' is 1") == true)
    }

    @Test("figures that recommend something")
    func advices() {
        #expect(advice(Sample.failed) == ["failure send", "retries dump", "length dump"])
        let steps = [
            Sample.step("near", [Sample.record([Sample.attempt(0, 1, code: 0, memory: 95)])], memory: 100),
            Sample.step("far", [Sample.record([Sample.attempt(0, 1, code: 0, memory: 50)])], memory: 100),
            Sample.step(
                "killed", [Sample.record(.failed, [Sample.attempt(1, .failed, 0, 1, result: "oom-kill")])], memory: 100),
            Sample.step("slow", [Sample.record([Sample.attempt(0, 9, code: 0)])], timeout: 10),
            Sample.step("late", [Sample.record(.timedOut, [Sample.attempt(1, .timedOut, 0, 10)])], timeout: 10),
            Sample.step(
                "lost",
                [Sample.record([Sample.attempt(1, .interrupted, 0, 1), Sample.attempt(2, .succeeded, 1, 2, code: 0)])]),
            Sample.step("vain", [Sample.record(.failed, (1...3).map { Sample.attempt($0, .failed, 0, 1, code: 3) })]),
        ]
        let found = advice(Sample.facts(.failed, steps, ended: 10))
        #expect(
            Set(found).isSuperset(of: [
                "memory near", "memory killed", "timeout slow", "timeout late", "interruption lost", "retries vain",
            ]))
        #expect(!found.contains("memory far"))
        let quiet = [Sample.step("a", [Sample.record([Sample.attempt(0, 1, code: 0)])])]
        #expect(advice(Sample.facts(.succeeded, quiet, ended: 1)) == [])
    }

    @Test("as text: the sums, what failed with the end of its log, what is recommended")
    func text() {
        let text = ReportText(Sample.report(Sample.failed))
        let head = text.head { $0 }
        #expect(head[0] == "etcd-7k2m9qxa: failed")
        #expect(head.contains("     Steps: 4 in all: 2 succeeded, 1 failed, 1 skipped"))
        #expect(head.contains("  Critical: dump > send (9s)"))
        #expect(
            text.errors { $0 } == [
                "", "Errors", "", "send: failed, exit status 7: no route", "    first", "    last line",
            ])
        #expect(text.advice({ $0 }, width: 40).allSatisfy { $0.count <= 40 })
    }

    @Test("as Markdown")
    func markdown() {
        let text = ReportMarkdown.text(Sample.report(Sample.failed))
        #expect(text.hasPrefix("# Run etcd-7k2m9qxa: failed\n"))
        #expect(text.contains("| `send` *critical* | failed | 3 | 1 |  |  | `pawl logs etcd-7k2m9qxa send` |"))
        #expect(text.contains("```text\nfirst\nlast line\n```"))
        #expect(text.contains("```mermaid\nflowchart LR\n"))
    }

    @Test("as a page: well-formed, with all that there is to see")
    func page() throws {
        let page = ReportHTML.text(Sample.report(Sample.failed))
        let read = try MarkupReader(page)
        for words in ["etcd-7k2m9qxa", "2 of 4", "no route", "last line", "Recommendations", "exit status 7"] {
            #expect(read.text.contains(words), "\(words)")
        }
        #expect(read.elements.count { $0 == "svg" } == 2)
    }

    @Test("a page asks nobody for anything and runs nothing")
    func alone() throws {
        let page = ReportHTML.text(Sample.report(Sample.failed))
        for words in ["http:", "https:", "//", "url(", "@import", "<script", "<link", "<img", "<iframe", "javascript:"]
        {
            #expect(!page.contains(words), "\(words)")
        }
        let attributes = try MarkupReader(page).attributes
        #expect(attributes.isDisjoint(with: ["src", "href", "action", "data", "srcset", "poster"]))
        #expect(!attributes.contains { $0.hasPrefix("on") })
        #expect(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'\""))
    }

    @Test("a run that goes on, one without steps, and a thousand items are no reason to fall over")
    func odd() throws {
        let going = Sample.facts(
            .running, [Sample.step("a", [Sample.record(.running, [Sample.attempt(1, .running, 0, nil)])])], ended: nil)
        let empty = Sample.facts(.succeeded, [], ended: 0)
        let items = (0..<1000).map { Sample.record([Sample.attempt(Double($0), Double($0) + 2, code: 0)], item: $0) }
        let many = Sample.facts(.succeeded, [Sample.step("each", items)], ended: 1002)
        for facts in [going, empty, many] {
            let report = Sample.report(facts)
            _ = try MarkupReader(ReportHTML.text(report))
            _ = try MarkupReader(Gantt.document(report))
            _ = ReportMarkdown.text(report)
        }
        #expect(Sample.report(going).path.seconds == 100)
        let page = ReportHTML.text(Sample.report(many))
        #expect(page.contains("each ×1000"))
        #expect(page.contains("up to 2 at once"))
        #expect(page.utf8.count < 1 << 20)
    }
}

@Suite("What comes from a run is text, whatever it is")
struct HostileTests {
    static let words = [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onload='alert(1)", "]]>", "&amp;&#0;",
        "</pre></svg></style>",
        "\u{1B}[31mred\u{1B}[0m\u{7}", "a\u{0}b", "\u{202E}gnirts\u{202C}", "```\n# heading", "| a | b |", "end\n-->",
        "\\\"; }",
        "\"]; click s0 call x()", "%%{init: {}}%%", "${HOME} $(id)", "\u{FFFE}", "javascript:alert(1)",
    ]

    private func facts(_ words: String) -> RunFacts {
        var facts = Sample.failed
        facts.run = words
        facts.workflow = words
        facts.reason = words
        facts.file = words
        facts.host = words
        facts.variables = [(words, words)]
        facts.outputs = [(words, words)]
        for step in facts.steps.indices {
            facts.steps[step].id = words + "\(step)"
            facts.steps[step].note = words
            for record in facts.steps[step].records.indices {
                facts.steps[step].records[record].reason = words
                facts.steps[step].records[record].log = [words, words]
                for attempt in facts.steps[step].records[record].attempts.indices {
                    facts.steps[step].records[record].attempts[attempt].words = words
                    facts.steps[step].records[record].attempts[attempt].unit = words
                }
            }
        }
        return facts
    }

    @Test("a page and its pictures stay what they are", arguments: words)
    func page(words: String) throws {
        let report = Sample.report(facts(words))
        let plain = try MarkupReader(ReportHTML.text(Sample.report(Sample.failed)))
        let read = try MarkupReader(ReportHTML.text(report))
        #expect(
            Set(read.elements).subtracting(["b", "small"])
                == Set(plain.elements + ["details", "summary"]).subtracting(["b", "small"]))
        #expect(read.attributes.isSubset(of: plain.attributes.union(["title"])))
        let picture = try MarkupReader(SVGGraph.document(report.graphs, label: words))
        #expect(
            Set(picture.elements).isSubset(of: ["svg", "title", "style", "rect", "path", "text", "circle", "g", "line"])
        )
        _ = try MarkupReader(Gantt.document(report))
    }

    @Test("a name cannot leave its quotation marks in the languages of graphs", arguments: words)
    func languages(words: String) {
        let node = Graph.Node(id: words, note: words)
        let graph = Graph(title: words, nodes: [node, Graph.Node(id: "b")], edges: [Graph.Edge(0, 1)])
        let dot = DOTGraph.text([graph], name: words)
        for line in dot.split(separator: "\n") { #expect(DOTLine.isBalanced(line), "\(line)") }
        let mermaid = MermaidGraph.text([graph])
        #expect(mermaid.split(separator: "\n").count == 6)
        for line in mermaid.split(separator: "\n") {
            #expect(line.count { $0 == "\"" } == (line.contains("[") ? 2 : 0), "\(line)")
            #expect(!line.contains("%%") && !line.contains("<script"))
        }
    }

    @Test("in Markdown it starts no heading, no table and no markup", arguments: words)
    func markdown(words: String) {
        let text = ReportMarkdown.text(Sample.report(facts(words)))
        var fence: Substring?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if let open = fence {
                if line == open { fence = nil }
                continue
            }
            if line.hasPrefix("```") {
                fence = line.prefix { $0 == "`" }
                continue
            }
            #expect(!line.contains("<"), "\(line)")
            let isOurs = ["# Run ", "## Summary", "## Steps", "## Errors", "### ", "## Recommendations", "## Graph"]
            if line.hasPrefix("#") { #expect(isOurs.contains { line.hasPrefix($0) }, "\(line)") }
        }
        #expect(fence == nil)
    }
}

/// As much of Graphviz's language as a line of ours has.
private enum DOTLine {
    /// Whether all quotation marks that are not escaped come in pairs.
    static func isBalanced(_ line: Substring) -> Bool {
        var (isQuoted, isEscaped) = (false, false)
        for character in line {
            if isEscaped {
                isEscaped = false
            } else if character == "\\" {
                isEscaped = isQuoted
            } else if character == "\"" {
                isQuoted.toggle()
            }
        }
        return !isQuoted
    }
}

import PawlModel
import Testing

@testable import PawlPictures

@Suite("Drawings of graphs")
struct DrawingTests {
    private func lines(_ graph: Graph, width: Int? = 80, hasUnicode: Bool = true) -> String {
        (TerminalGraph.lines(graph, width: width, hasUnicode: hasUnicode) ?? ["none"]).joined(separator: "\n")
    }

    @Test("left to right with signs of Unicode")
    func unicode() {
        #expect(
            lines(Sample.cluster) == """
                               ╭──────────╮
                            ╭─▶│ member-1 ├─╮
                            │  ╰──────────╯ │
                ╭─────────╮ │  ╭──────────╮ │  ╭─────────╮   ╭──────╮   ╭────────╮
                │ prepare ├─┼─▶│ member-2 ├─┼─▶│ healthy ├──▶│ load ├──▶│ report │
                ╰─────────╯ │  ╰──────────╯ │  ╰─────────╯   ╰──────╯   ╰────────╯
                            │  ╭──────────╮ │
                            ╰─▶│ member-3 ├─╯
                               ╰──────────╯
                """)
    }

    @Test("with signs of ASCII where the locale has no others")
    func plain() {
        #expect(
            lines(Sample.diamond, hasUnicode: false) == """
                         +-------+
                      +->| left  |-+
                +---+ |  +-------+ |  +------+
                | a |-+  +-------+ +->| join |
                +---+ +->| right |-+  +------+
                         +-------+
                """)
    }

    @Test("from top to bottom where that is the way it fits")
    func down() {
        #expect(
            lines(Sample.diamond, width: 24) == """
                       ╭───╮
                       │ a │
                       ╰─┬─╯
                    ╭────┴────╮
                    ▼         ▼
                ╭──────╮  ╭───────╮
                │ left │  │ right │
                ╰───┬──╯  ╰───┬───╯
                    ╰────┬────╯
                         ▼
                     ╭──────╮
                     │ join │
                     ╰──────╯
                """)
        #expect(lines(Sample.cluster, width: 14) == "none")
    }

    @Test(
        "many at the same place are one box where there is no room for each, and no line is too long",
        arguments: [40, 80, 132])
    func fold(width: Int) throws {
        let names = (1...100).map { "load-\($0)" }
        let graph = Sample.graph([("start", [])] + names.map { ($0, ["start"]) } + [("end", names)])
        let drawing = try #require(TerminalGraph.lines(graph, width: width, hasUnicode: true))
        #expect(drawing.contains { $0.contains("load-1 … load-100 (100)") })
        #expect(drawing.allSatisfy { $0.count <= width })
    }

    @Test("in rows where one step alone leads to one step alone")
    func rows() {
        let graph = Sample.graph([("fetch", []), ("unpack", ["fetch"]), ("build", ["unpack"]), ("ship", ["build"])])
        #expect(
            lines(graph, width: 32) == """
                ╭───────╮   ╭────────╮
                │ fetch ├──▶│ unpack ├─╮
                ╰───────╯   ╰────────╯ │
                ╭──────────────────────╯
                │  ╭───────╮   ╭──────╮
                ╰─▶│ build ├──▶│ ship │
                   ╰───────╯   ╰──────╯
                """)
        for width in [40, 60, 80] {
            let chain = Sample.graph((0..<20).map { ("step-\($0)", $0 == 0 ? [] : ["step-\($0 - 1)"]) })
            let drawing = TerminalGraph.lines(chain, width: width, hasUnicode: false) ?? []
            #expect(drawing.allSatisfy { $0.count <= width })
            #expect((0..<20).allSatisfy { step in drawing.contains { $0.contains("| step-\(step) |") } })
            #expect(drawing.count < 50)
        }
    }

    @Test("what crosses another line passes over it, and is not joined with it")
    func crossing() {
        let graph = Sample.graph([
            ("a", []), ("b", []), ("c", []), ("x", ["a", "c"]), ("y", ["b", "c"]), ("z", ["a", "b"]),
        ])
        let drawing = lines(graph, width: nil)
        #expect(drawing.contains("─│─"))
    }

    @Test("conditions and items are to be seen")
    func marks() {
        let graph = Graph(
            nodes: [
                Graph.Node(id: "a", isConditional: true),
                Graph.Node(id: "b", hasItems: true, result: .init(state: .failed)),
            ], edges: [Graph.Edge(0, 1)])
        #expect(lines(graph) == "╭╌╌╌╮   ╭────────╮\n┆ a ├──▶│ ✗ b ×n │\n╰╌╌╌╯   ╰────────╯")
        #expect(lines(graph, hasUnicode: false).contains("| a ? |-->| x b xn |"))
    }

    @Test("a graph for Graphviz and one for Mermaid")
    func languages() {
        let graph = Sample.graph([("a", []), ("end", ["a"])])
        #expect(
            DOTGraph.text([graph], name: "w") == """
                digraph "w" {
                  rankdir=LR;
                  node [shape=box];
                  {rank=same; "a";}
                  {rank=same; "end";}
                  "a" -> "end";
                }
                """)
        #expect(MermaidGraph.text([graph]) == "flowchart LR\n  s0[\"a\"]\n  s1[\"end\"]\n  s0 --> s1")
    }

    @Test("handlers, kinds of waiting and conditions in both languages")
    func languagesWhole() {
        var graph = Sample.graph([("a", []), ("b", ["a"])])
        graph.nodes[1].isConditional = true
        graph.edges = [Graph.Edge(0, 1, .failed)]
        let handler = Graph(title: "on_exit", nodes: [.init(id: "tell", note: "workflow other")], edges: [])
        let dot = DOTGraph.text([graph, handler], name: "w")
        #expect(dot.contains("\"b\" [style=\"dashed\"];"))
        #expect(dot.contains("\"a\" -> \"b\" [style=dashed label=\"failed\"];"))
        #expect(
            dot.contains(
                "subgraph cluster_1 {\n    label=\"on_exit\";\n    \"tell\" [label=\"tell\\nworkflow other\"];"))
        let mermaid = MermaidGraph.text([graph, handler])
        #expect(mermaid.contains("s0 -.->|failed| s1"))
        #expect(mermaid.contains("subgraph p1[\"on_exit\"]\n    s2[\"tell<br/>workflow other\"]\n  end"))
    }

    @Test("marks of a scale are ones that a reader can count in, and few")
    func ticks() {
        #expect(Gantt.ticks(34) == [0, 5, 10, 15, 20, 25, 30])
        #expect(Gantt.ticks(3600) == [0, 600, 1200, 1800, 2400, 3000, 3600])
        for span in [0.0001, 0.9, 59, 86_399, 1e7, 1e9] { #expect((1...12).contains(Gantt.ticks(span).count)) }
    }
}

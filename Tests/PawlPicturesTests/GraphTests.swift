import PawlModel
import Testing

@testable import PawlPictures

@Suite("Graphs and where they are drawn")
struct GraphTests {
    @Test("a step is in the first group after all that it waits for")
    func groups() {
        #expect(Sample.cluster.groups == [0, 1, 1, 1, 2, 3, 4])
    }

    @Test("what follows from the rest is left out, and what asks for more is not")
    func reduced() {
        var graph = Sample.graph([("a", []), ("b", ["a"]), ("c", ["a", "b"])])
        #expect(graph.reduced.edges == [Graph.Edge(0, 1), Graph.Edge(1, 2)])
        graph.edges = [Graph.Edge(0, 1), Graph.Edge(0, 2, .failed), Graph.Edge(1, 2, .ended)]
        #expect(graph.reduced.edges == graph.edges)
    }

    @Test("steps at the same place become one, with how many they are")
    func folded() {
        let names = (1...20).map { "load-\($0)" }
        let graph = Sample.graph(
            [("start", [])] + names.map { ($0, ["start"]) } + [
                ("odd", ["start"]), ("end", names + ["odd"]), ("tail", ["odd"]),
            ])
        let folded = graph.folded(from: 4)
        #expect(folded.nodes.map(\.id) == ["start", "load-1 … load-20", "odd", "end", "tail"])
        #expect(folded.nodes.map(\.count) == [1, 20, 1, 1, 1])
        #expect(folded.edges == [(0, 1), (0, 2), (1, 3), (2, 3), (2, 4)].map { Graph.Edge($0.0, $0.1) })
        #expect(graph.folded(from: 21) == graph)
    }

    @Test("steps that three others wait for share one line with them")
    func bus() {
        let firsts = ["a", "b", "c"]
        let graph = Sample.graph(firsts.map { ($0, []) } + ["x", "y", "z"].map { ($0, firsts) })
        #expect(
            GraphLayout(graph, .init(length: Array(repeating: 5, count: 6), breadth: Array(repeating: 3, count: 6)))
                .kinds.count == 1)
    }

    @Test("no box lies on another one, no line goes through a box or along another line", arguments: 0..<60)
    func nothingMeets(seed: Int) {
        let graph = Sample.graph(seed: UInt64(seed))
        let widths = graph.nodes.map { $0.id.count + 4 }
        var across = GraphLayout.Measures(length: widths, breadth: widths.map { _ in 3 })
        (across.boxGap, across.lineGap, across.lead, across.tail) = (0, 0, 1, 2)
        var down = GraphLayout.Measures(length: widths.map { _ in 3 }, breadth: widths)
        (down.boxGap, down.lineGap, down.portGap, down.trackGap) = (2, 1, 2, 1)
        (down.lead, down.tail, down.shortest) = (0, 1, 2)
        for measures in [across, down] {
            let layout = GraphLayout(graph, measures)
            #expect(faults(layout) == [])
            #expect(layout.routes.count == graph.edges.count)
            for (edge, route) in zip(graph.edges, layout.routes) {
                let (from, to) = (layout.boxes[edge.from], layout.boxes[edge.to])
                #expect(route.first == .init(from.main + columnLength(layout, from), from.center))
                #expect(route.last?.main == to.main)
                #expect(route.last.map { $0.cross > to.cross && $0.cross < to.cross + to.breadth - 1 } == true)
                let isStraight = zip(route, route.dropFirst()).allSatisfy { $0.main == $1.main || $0.cross == $1.cross }
                #expect(isStraight)
            }
        }
    }

    /// What lies where something else is.
    private func faults(_ layout: GraphLayout) -> Set<String> {
        var faults: Set<String> = []
        var owner: [GraphLayout.Point: Int] = [:]
        for (node, box) in layout.boxes.enumerated() {
            for main in box.main..<box.main + box.length {
                for cross in box.cross..<box.cross + box.breadth {
                    if owner.updateValue(node, forKey: .init(main, cross)) != nil {
                        faults.insert("two boxes at one place")
                    }
                }
            }
        }
        var along: [GraphLayout.Point: Int] = [:]
        var over: [GraphLayout.Point: Int] = [:]
        for piece in layout.pieces {
            // The last place of one that ends at a box is the box's own edge.
            let end = piece.target == nil ? piece.to.main : piece.to.main - 1
            for main in piece.from.main..<max(end, piece.from.main) + 1 {
                for cross in piece.from.cross...piece.to.cross {
                    let point = GraphLayout.Point(main, cross)
                    if owner[point] != nil { faults.insert("a line through a box") }
                    let isAlong = piece.from.cross == piece.to.cross
                    let other =
                        isAlong
                        ? along.updateValue(piece.bus, forKey: point) : over.updateValue(piece.bus, forKey: point)
                    // The pieces of one line meet; those of two only cross.
                    if let other, other != piece.bus { faults.insert("two lines along one another") }
                }
            }
        }
        return faults
    }

    private func columnLength(_ layout: GraphLayout, _ box: GraphLayout.Box) -> Int {
        layout.columns.first { $0.main == box.main }?.length ?? -1
    }

    @Test("a circle and an empty graph are no reason to fall over")
    func odd() {
        let circle = Graph(nodes: [.init(id: "a"), .init(id: "b")], edges: [Graph.Edge(0, 1), Graph.Edge(1, 0)])
        #expect(TerminalGraph.lines(circle, width: 80, hasUnicode: true) != nil)
        #expect(TerminalGraph.lines(Graph(nodes: [], edges: []), width: 80, hasUnicode: true) == nil)
    }
}

/// A graph cut into rows, as a text is into lines: where one step alone leads to one step alone, the rest can go on below.
struct GraphRows {
    /// One row.
    struct Row {
        /// What is in it.
        var graph: Graph
        /// The step that the row before leads to.
        var first: Int
        /// The step that leads to the next row.
        var last: Int
        /// What leads there.
        var next: Graph.Edge?
    }

    /// The rows; one alone if there is no place to cut.
    private(set) var rows: [Row] = []

    /// Cuts a graph, each row as long as something fits.
    init(_ graph: Graph, fits: (Graph) -> Bool) {
        let segments = GraphRows.segments(graph)
        guard segments.count > 1 else { return }
        var taken: [Int] = []
        var bridge: Graph.Edge?
        for segment in segments {
            let longer = taken + segment.nodes
            if !taken.isEmpty, !fits(GraphRows.part(graph, longer)) {
                add(graph, taken, bridge)
                taken = segment.nodes
            } else {
                taken = longer
            }
            bridge = segment.next
        }
        add(graph, taken, nil)
    }

    private mutating func add(_ graph: Graph, _ nodes: [Int], _ next: Graph.Edge?) {
        let entry = rows.last?.next.flatMap { nodes.firstIndex(of: $0.to) } ?? 0
        let exit = next.flatMap { nodes.firstIndex(of: $0.from) } ?? 0
        rows.append(Row(graph: GraphRows.part(graph, nodes), first: entry, last: exit, next: next))
    }

    private static func part(_ graph: Graph, _ nodes: [Int]) -> Graph {
        var places: [Int: Int] = [:]
        for (place, node) in nodes.enumerated() { places[node] = place }
        var part = Graph(title: graph.title, nodes: nodes.map { graph.nodes[$0] }, edges: [])
        for edge in graph.edges {
            guard let from = places[edge.from], let to = places[edge.to] else { continue }
            var inner = edge
            (inner.from, inner.to) = (from, to)
            part.edges.append(inner)
        }
        return part
    }

    /// The pieces between which nothing but one line goes, from the only step of a group to the only one of the next.
    private static func segments(_ graph: Graph) -> [(nodes: [Int], next: Graph.Edge?)] {
        let group = graph.groups
        let count = (group.max() ?? -1) + 1
        var members: [[Int]] = Array(repeating: [], count: count)
        for (node, place) in group.enumerated() { members[place].append(node) }
        // How many lines are there between a group and the next one.
        var lines = Array(repeating: 0, count: count + 1)
        var single: [Int: Graph.Edge] = [:]
        for edge in graph.edges where group[edge.from] < group[edge.to] {
            lines[group[edge.from]] += 1
            lines[group[edge.to]] -= 1
            if group[edge.to] == group[edge.from] + 1 { single[group[edge.from]] = edge }
        }
        var result: [(nodes: [Int], next: Graph.Edge?)] = []
        var (nodes, open): ([Int], Int) = ([], 0)
        for place in 0..<count {
            nodes += members[place]
            open += lines[place]
            let isAlone = place + 1 < count && members[place].count == 1 && members[place + 1].count == 1
            if isAlone, open == 1, let edge = single[place] {
                result.append((nodes, edge))
                nodes = []
            }
        }
        return result + [(nodes, nil)]
    }
}

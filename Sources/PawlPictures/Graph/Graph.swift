package import PawlModel

/// Steps and what they wait for, as far as a picture shows it. Every edge leads from an earlier node to one that waits for it.
package struct Graph: Sendable, Equatable {
    /// One step.
    package struct Node: Sendable, Equatable {
        /// The step's name.
        package var id: String
        /// What is said of it beside its name, such as what it runs.
        package var note: String?
        /// Whether it runs only where a condition holds.
        package var isConditional: Bool
        /// Whether it runs once for each item of a list.
        package var hasItems: Bool
        /// What became of it; nil in a plan.
        package var result: Result?
        /// Whether the run would have been shorter without it.
        package var isCritical = false
        /// How many steps it stands for, where several are drawn as one.
        package var count = 1

        /// Makes a node.
        package init(
            id: String, note: String? = nil, isConditional: Bool = false, hasItems: Bool = false, result: Result? = nil
        ) {
            self.id = id
            self.note = note
            self.isConditional = isConditional
            self.hasItems = hasItems
            self.result = result
        }
    }

    /// What became of a step.
    package struct Result: Sendable, Equatable {
        /// The step's state.
        package var state: StepState
        /// How many items are in which state; empty for a step without.
        package var items: [StepState: Int]

        /// Makes a result.
        package init(state: StepState, items: [StepState: Int] = [:]) {
            self.state = state
            self.items = items
        }
    }

    /// That one step waits for another.
    package struct Edge: Sendable, Equatable, Hashable {
        /// What a step asks of the one that it waits for.
        package enum Kind: Int, Sendable {
            /// That it is done.
            case done
            /// That this or another one has succeeded.
            case any
            /// That it is over.
            case ended
            /// That it has failed.
            case failed
        }
        /// The place of the one that is waited for.
        package var from: Int
        /// The place of the one that waits.
        package var to: Int
        /// What is asked.
        package var kind: Kind
        /// Whether the run's critical path goes along it.
        package var isCritical = false

        /// Makes an edge.
        package init(_ from: Int, _ to: Int, _ kind: Kind = .done) {
            (self.from, self.to, self.kind) = (from, to, kind)
        }
    }

    /// What the part of a workflow is called that these steps are; empty for its own steps.
    package var title = ""
    /// The steps.
    package var nodes: [Node]
    /// Who waits for whom.
    package var edges: [Edge]

    /// Makes a graph.
    package init(title: String = "", nodes: [Node], edges: [Edge]) {
        (self.title, self.nodes, self.edges) = (title, nodes, edges)
    }

    /// The groups in which the steps would run if each took as long as every other, from 0: each is in the first one after all that
    /// it waits for. What waits for itself, over others or not, is in the first one.
    package var groups: [Int] {
        var group = Array(repeating: 0, count: nodes.count)
        var waiting = Array(repeating: 0, count: nodes.count)
        var dependents: [[Int]] = Array(repeating: [], count: nodes.count)
        for edge in edges {
            waiting[edge.to] += 1
            dependents[edge.from].append(edge.to)
        }
        var ready = nodes.indices.filter { waiting[$0] == 0 }
        var next = 0
        while next < ready.count {
            let node = ready[next]
            next += 1
            for dependent in dependents[node] {
                group[dependent] = max(group[dependent], group[node] + 1)
                waiting[dependent] -= 1
                if waiting[dependent] == 0 { ready.append(dependent) }
            }
        }
        return group
    }

    /// The graph without what follows from the rest: where `c` waits for `b` and `b` for `a`, that `c` waits for `a` too tells nobody
    /// more, and costs a line across the picture.
    package var reduced: Graph {
        // Each node has a bit for each other one.
        guard nodes.count <= Graph.mostReduced else { return self }
        let group = groups
        let order = nodes.indices.sorted { (group[$0], $0) < (group[$1], $1) }
        let words = (nodes.count + 63) / 64
        var before = Array(repeating: Array(repeating: UInt64(0), count: words), count: nodes.count)
        var incoming: [[Edge]] = Array(repeating: [], count: nodes.count)
        for edge in edges { incoming[edge.to].append(edge) }
        var kept: Set<Edge> = []
        for node in order {
            // What is reached over another one that this waits for as well.
            var reached = Array(repeating: UInt64(0), count: words)
            for edge in incoming[node] {
                for word in 0..<words { reached[word] |= before[edge.from][word] }
            }
            for edge in incoming[node] {
                let isReached = reached[edge.from / 64] & (1 << UInt64(edge.from % 64)) != 0
                // Only what asks for no more than the way around does.
                if !isReached || edge.kind == .failed || edge.kind == .any || edge.isCritical { kept.insert(edge) }
                reached[edge.from / 64] |= 1 << UInt64(edge.from % 64)
            }
            before[node] = reached
        }
        var result = self
        result.edges = edges.filter { kept.contains($0) }
        return result
    }

    private static let mostReduced = 3000

    /// The graph with steps as one that wait for the same ones, are waited for by the same ones, and look the same, where there are so
    /// many of them.
    package func folded(from count: Int) -> Graph {
        struct Key: Hashable {
            var before: [Edge]
            var after: [Edge]
            var state: StepState?
            var hasMarks: [Bool]
        }
        var before: [[Edge]] = Array(repeating: [], count: nodes.count)
        var after = before
        for edge in edges {
            before[edge.to].append(Edge(edge.from, 0, edge.kind))
            after[edge.from].append(Edge(0, edge.to, edge.kind))
        }
        var members: [Key: [Int]] = [:]
        for (place, node) in nodes.enumerated() {
            let key = Key(
                before: before[place].sorted { $0.from < $1.from }, after: after[place].sorted { $0.to < $1.to },
                state: node.result?.state, hasMarks: [node.isConditional, node.hasItems])
            members[key, default: []].append(place)
        }
        var standsFor = Array(nodes.indices)
        var result = self
        for group in members.values where group.count >= count {
            for place in group { standsFor[place] = group[0] }
            guard let last = group.last else { continue }
            result.nodes[group[0]].id = "\(nodes[group[0]].id) … \(nodes[last].id)"
            result.nodes[group[0]].count = group.count
            result.nodes[group[0]].note = nil
            result.nodes[group[0]].isCritical = group.contains { nodes[$0].isCritical }
        }
        var places: [Int: Int] = [:]
        var kept: [Node] = []
        for place in nodes.indices where standsFor[place] == place {
            places[place] = kept.count
            kept.append(result.nodes[place])
        }
        var edges: [Edge: Bool] = [:]
        for edge in self.edges {
            guard let from = places[standsFor[edge.from]], let to = places[standsFor[edge.to]] else { continue }
            edges[Edge(from, to, edge.kind), default: false] =
                edges[Edge(from, to, edge.kind)] == true || edge.isCritical
        }
        result.nodes = kept
        result.edges = edges.map { edge, isCritical in
            var edge = edge
            edge.isCritical = isCritical
            return edge
        }.sorted { ($0.from, $0.to, $0.kind.rawValue) < ($1.from, $1.to, $1.kind.rawValue) }
        return result
    }
}

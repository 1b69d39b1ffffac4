/// A graph cut into its groups: what stands in each, boxes and the lines that pass them, and in which order.
struct Layering {
    /// What stands in a group.
    struct Element {
        /// The node, or nil for a line that passes.
        var node: Int?
        /// The bus: the one that passes, or the one that the node feeds, if it feeds any.
        var bus: Int?
        /// The buses that end here; for a line that passes its own.
        var incoming: [Int] = []
    }

    /// Steps of one group that have the same dependents, and these.
    struct Bus {
        var kind: Graph.Edge.Kind
        var sources: [Int]
        var targets: [Int]
        /// The groups of the first and of the last of them.
        var first: Int
        var last: Int
    }

    let group: [Int]
    private(set) var buses: [Bus] = []
    /// The elements.
    private(set) var elements: [Element] = []
    /// Each group's elements in their order.
    private(set) var layers: [[Int]] = []
    /// For each group and each bus that crosses the gap behind it, the elements that it comes from and those it goes to.
    private(set) var crossings: [[(bus: Int, from: [Int], to: [Int])]] = []
    /// The elements of each line that passes groups, in their order.
    private(set) var chains: [[Int]] = []
    /// The element of each node.
    private(set) var elementOfNode: [Int] = []

    init(_ graph: Graph) {
        group = graph.groups
        makeBuses(graph)
        makeElements(graph)
    }

    private mutating func makeBuses(_ graph: Graph) {
        struct Key: Hashable {
            var group: Int
            var kind: Graph.Edge.Kind
            var targets: [Int]
        }
        var targets: [[Graph.Edge.Kind: [Int]]] = Array(repeating: [:], count: graph.nodes.count)
        for edge in graph.edges where group[edge.from] < group[edge.to] {
            targets[edge.from][edge.kind, default: []].append(edge.to)
        }
        var known: [Key: Int] = [:]
        for node in graph.nodes.indices {
            for (kind, list) in targets[node].sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                let sorted = Array(Set(list)).sorted()
                let key = Key(group: group[node], kind: kind, targets: sorted)
                if let bus = known[key] {
                    buses[bus].sources.append(node)
                } else {
                    known[key] = buses.count
                    let last = sorted.map { group[$0] }.max() ?? group[node]
                    buses.append(Bus(kind: kind, sources: [node], targets: sorted, first: group[node], last: last))
                }
            }
        }
    }

    private mutating func makeElements(_ graph: Graph) {
        layers = Array(repeating: [], count: (group.max() ?? 0) + 1)
        crossings = Array(repeating: [], count: layers.count)
        for node in graph.nodes.indices {
            elementOfNode.append(elements.count)
            layers[group[node]].append(elements.count)
            elements.append(Element(node: node))
        }
        for (number, bus) in buses.enumerated() {
            for source in bus.sources { elements[elementOfNode[source]].bus = number }
            var from = bus.sources.map { elementOfNode[$0] }
            var chain: [Int] = []
            for layer in bus.first..<bus.last {
                var to = bus.targets.filter { group[$0] == layer + 1 }.map { elementOfNode[$0] }
                for element in to { elements[element].incoming.append(number) }
                var next: [Int] = []
                if layer + 1 < bus.last {
                    next = [elements.count]
                    to.append(elements.count)
                    layers[layer + 1].append(elements.count)
                    chain.append(elements.count)
                    elements.append(Element(node: nil, bus: number, incoming: [number]))
                }
                crossings[layer].append((number, from, to))
                from = next
            }
            if !chain.isEmpty { chains.append(chain) }
        }
    }

    /// Whether an element is a line that passes.
    func isLine(_ element: Int) -> Bool { elements[element].node == nil }

    // MARK: Order

    /// Puts the elements of each group into an order in which few lines cross: each goes to the middle of those that it is joined
    /// with, back and forth, and the best that was found is kept.
    mutating func order() {
        guard layers.count > 1 else { return }
        var best = layers
        var fewest = crossingCount()
        var isStale = 0
        for round in 0..<24 where fewest > 0 && isStale < 6 {
            sweep(isForward: round % 2 == 0)
            let count = crossingCount()
            if count < fewest { (best, fewest, isStale) = (layers, count, 0) } else { isStale += 1 }
        }
        layers = best
    }

    private mutating func sweep(isForward: Bool) {
        var neighbours: [[Int]] = Array(repeating: [], count: elements.count)
        for list in crossings {
            for crossing in list {
                // An element is drawn to where the bus is as a whole.
                if isForward {
                    for element in crossing.to { neighbours[element] += crossing.from }
                } else {
                    for element in crossing.from { neighbours[element] += crossing.to }
                }
            }
        }
        var position = Array(repeating: 0.0, count: elements.count)
        func number(_ layer: [Int]) { for (place, element) in layer.enumerated() { position[element] = Double(place) } }
        layers.forEach(number)
        let indices = isForward ? Array(layers.indices.dropFirst()) : Array(layers.indices.dropLast().reversed())
        for index in indices {
            var keys: [Int: Double] = [:]
            for element in layers[index] {
                let places = neighbours[element].map { position[$0] }
                // What is joined with nothing on that side stays where it is.
                keys[element] = places.isEmpty ? position[element] : places.reduce(0, +) / Double(places.count)
            }
            layers[index] = layers[index].enumerated().sorted {
                (keys[$0.element] ?? 0, $0.offset) < (keys[$1.element] ?? 0, $1.offset)
            }.map(\.element)
            number(layers[index])
        }
    }

    /// How often lines cross, with a bus between two groups as the pairs that it joins.
    private func crossingCount() -> Int {
        var position = Array(repeating: 0, count: elements.count)
        for layer in layers { for (place, element) in layer.enumerated() { position[element] = place } }
        var total = 0
        for list in crossings {
            var pairs: [(Int, Int)] = []
            for crossing in list {
                // Of a bus that joins all with all, the outer pairs tell where it lies.
                let from = crossing.from.map { position[$0] }.sorted()
                let to = crossing.to.map { position[$0] }.sorted()
                for a in from { pairs.append((a, to[0])) }
                for b in to.dropFirst() { pairs.append((from[0], b)) }
            }
            pairs.sort { $0 < $1 }
            total += Layering.inversions(pairs.map(\.1))
        }
        return total
    }

    /// How many pairs stand in the wrong order, by a tree of counts.
    private static func inversions(_ values: [Int]) -> Int {
        guard let most = values.max(), values.count > 1 else { return 0 }
        var tree = Array(repeating: 0, count: most + 2)
        var (total, seen) = (0, 0)
        for value in values {
            var (place, upTo) = (value + 1, 0)
            while place > 0 {
                upTo += tree[place]
                place &= place - 1
            }
            total += seen - upTo
            place = value + 1
            while place < tree.count {
                tree[place] += 1
                place += place & -place
            }
            seen += 1
        }
        return total
    }
}

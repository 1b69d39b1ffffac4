/// Where the elements of a layering are across the main axis: as straight to what they are joined with as their order and the gaps
/// between them leave room for.
struct Placement {
    private let work: Layering
    private let measures: GraphLayout.Measures
    /// The size of each element.
    let breadth: [Int]
    /// Where each begins.
    private(set) var start: [Int]

    init(_ work: Layering, _ measures: GraphLayout.Measures) {
        self.work = work
        self.measures = measures
        breadth = work.elements.map { element in
            guard let node = element.node else { return 1 }
            // Each line that ends at a box has a place of its own at it.
            return max(measures.breadth[node], 3 + measures.portGap * max(0, element.incoming.count - 1))
        }
        start = Array(repeating: 0, count: work.elements.count)
    }

    /// Where lines leave an element.
    func center(_ element: Int) -> Int { start[element] + breadth[element] / 2 }

    /// Where a bus ends at an element: the lines that end there are in the order in which they come.
    func port(_ element: Int, _ bus: Int) -> Int {
        let incoming = work.elements[element].incoming
        guard incoming.count > 1 else { return center(element) }
        let layer = work.elements[element].node.map { work.group[$0] } ?? 0
        let order = incoming.sorted { (origin($0, layer), $0) < (origin($1, layer), $1) }
        let place = order.firstIndex(of: bus) ?? 0
        // Rounded down, so that the middle one of an odd number is where lines leave.
        let offset = ((2 * place - (incoming.count - 1)) * measures.portGap) >> 1
        return center(element) + offset
    }

    /// Where a bus comes from before a group, times the number of its elements there.
    private func origin(_ bus: Int, _ layer: Int) -> Double {
        guard layer > 0, let crossing = work.crossings[layer - 1].first(where: { $0.bus == bus }) else { return 0 }
        return Double(crossing.from.reduce(0) { $0 + center($1) }) / Double(crossing.from.count)
    }

    // MARK: Places

    mutating func place() {
        for layer in work.layers { stack(layer) }
        var positions = work.elements.indices.map { Double(center($0)) }
        var joined = (before: neighbours(isForward: true), after: neighbours(isForward: false))
        for round in 0..<12 {
            let isForward = round % 2 == 0
            for layer in isForward ? work.layers : work.layers.reversed() {
                settle(layer, &positions, isForward ? joined.before : joined.after)
            }
        }
        // At last by both sides, so that a box is in the middle of what it joins.
        for element in work.elements.indices { joined.before[element] += joined.after[element] }
        let known = positions
        for layer in work.layers { settle(layer, &positions, joined.before, last: known) }
        for element in work.elements.indices { start[element] = Int(positions[element]) - breadth[element] / 2 }
        for _ in 0..<2 {
            straightenLines()
            straighten()
        }
        let first = start.min() ?? 0
        for element in start.indices { start[element] -= first }
    }

    private static func rounded(_ value: Double) -> Double {
        // A little less than a half, so that what is in the middle goes the same way however the sum came about.
        let raised = value + 0.499_999
        let whole = Double(Int(raised))
        return whole > raised ? whole - 1 : whole
    }

    private func neighbours(isForward: Bool) -> [[(element: Int, weight: Double)]] {
        var result: [[(element: Int, weight: Double)]] = Array(repeating: [], count: work.elements.count)
        for list in work.crossings {
            for crossing in list {
                let (here, there) = isForward ? (crossing.to, crossing.from) : (crossing.from, crossing.to)
                for element in here {
                    for other in there {
                        // A long line is to be straight before anything else is.
                        let lines = (work.isLine(element) ? 1 : 0) + (work.isLine(other) ? 1 : 0)
                        result[element].append((other, (lines == 2 ? 8 : lines == 1 ? 2 : 1) / Double(there.count)))
                    }
                }
            }
        }
        return result
    }

    private mutating func stack(_ layer: [Int]) {
        var next = 0
        for (place, element) in layer.enumerated() {
            if place > 0 { next += gap(layer[place - 1], element) }
            start[element] = next
            next += breadth[element]
        }
        for element in layer { start[element] -= next / 2 }
    }

    /// The room between two neighbours.
    func gap(_ one: Int, _ other: Int) -> Int {
        work.isLine(one) || work.isLine(other) ? measures.lineGap : measures.boxGap
    }

    /// How far the middles of two neighbours are apart at least.
    private func distance(_ one: Int, _ other: Int) -> Int {
        breadth[one] - breadth[one] / 2 + gap(one, other) + breadth[other] / 2
    }

    /// Moves a group's elements as near to where they want to be as their order allows: the least sum of squares, found by joining
    /// neighbours that would come too near ("pool adjacent violators").
    ///
    /// - Parameter known: the last time, where all were before it: then they get whole places, and equals get the same.
    private func settle(
        _ layer: [Int], _ positions: inout [Double], _ joined: [[(element: Int, weight: Double)]],
        last known: [Double]? = nil
    ) {
        struct Block {
            var sum: Double
            var weight: Double
            var count: Int
            var mean: Double { sum / weight }
        }
        var offset = 0.0
        var offsets: [Double] = []
        var blocks: [Block] = []
        for (place, element) in layer.enumerated() {
            if place > 0 { offset += Double(distance(layer[place - 1], element)) }
            offsets.append(offset)
            let list = joined[element]
            let weight = list.reduce(0) { $0 + $1.weight }
            let wish =
                weight > 0
                ? list.reduce(0) { $0 + (known ?? positions)[$1.element] * $1.weight } / weight : positions[element]
            let own = weight > 0 ? weight : 0.01
            blocks.append(Block(sum: (wish - offset) * own, weight: own, count: 1))
            while blocks.count > 1, blocks[blocks.count - 2].mean > blocks[blocks.count - 1].mean {
                let last = blocks.removeLast()
                blocks[blocks.count - 1].sum += last.sum
                blocks[blocks.count - 1].weight += last.weight
                blocks[blocks.count - 1].count += last.count
            }
        }
        var place = 0
        for block in blocks {
            for _ in 0..<block.count {
                // Rounded before the distances are added, which are whole: so no two come nearer by it.
                positions[layer[place]] = (known == nil ? block.mean : Placement.rounded(block.mean)) + offsets[place]
                place += 1
            }
        }
    }

    /// Puts a line that passes several groups into one place in all of them, as far as there is room between what stands beside it.
    private mutating func straightenLines() {
        var bounds: [ClosedRange<Int>?] = Array(repeating: nil, count: work.elements.count)
        func room(_ place: Int, in layer: [Int]) -> ClosedRange<Int>? {
            let element = layer[place]
            let low =
                place > 0
                ? start[layer[place - 1]] + breadth[layer[place - 1]] + gap(layer[place - 1], element) : .min / 4
            let high =
                place + 1 < layer.count
                ? start[layer[place + 1]] - gap(element, layer[place + 1]) - breadth[element] : .max / 4
            return low <= high ? low...high : nil
        }
        var ranks: [Int: (layer: Int, place: Int)] = [:]
        for (index, layer) in work.layers.enumerated() {
            for (place, element) in layer.enumerated() where work.isLine(element) { ranks[element] = (index, place) }
        }
        for chain in work.chains {
            for element in chain {
                bounds[element] = ranks[element].flatMap { room($0.place, in: work.layers[$0.layer]) }
            }
            var next = 0
            while next < chain.count {
                guard var common = bounds[chain[next]] else {
                    next += 1
                    continue
                }
                var end = next + 1
                while end < chain.count, let more = bounds[chain[end]], more.overlaps(common) {
                    common = max(common.lowerBound, more.lowerBound)...min(common.upperBound, more.upperBound)
                    end += 1
                }
                let piece = chain[next..<end]
                let mean = piece.reduce(0) { $0 + start[$1] } / piece.count
                for element in piece { start[element] = min(max(mean, common.lowerBound), common.upperBound) }
                next = end
            }
        }
    }

    /// What rounding has put a little off the one line that ends at it is put back, where there is room.
    private mutating func straighten() {
        for (index, list) in work.crossings.enumerated() {
            let layer = work.layers[min(index + 1, work.layers.count - 1)]
            var rank: [Int: Int] = [:]
            for (place, element) in layer.enumerated() { rank[element] = place }
            for crossing in list where crossing.from.count == 1 && crossing.to.count == 1 {
                let element = crossing.to[0]
                guard work.elements[element].incoming.count == 1, let place = rank[element] else { continue }
                let wanted = start[element] + center(crossing.from[0]) - center(element)
                guard abs(wanted - start[element]) <= 2 else { continue }
                if place > 0 {
                    let other = layer[place - 1]
                    guard start[other] + breadth[other] + gap(other, element) <= wanted else { continue }
                }
                if place + 1 < layer.count {
                    let other = layer[place + 1]
                    guard wanted + breadth[element] + gap(element, other) <= start[other] else { continue }
                }
                start[element] = wanted
            }
        }
    }

    /// Moves an element on by one, and what is behind it in its group as far as that needs it.
    mutating func push(_ element: Int, in layer: [Int]) {
        guard let place = layer.firstIndex(of: element) else { return }
        start[element] += 1
        for next in place + 1..<max(layer.count, place + 1) {
            let (one, other) = (layer[next - 1], layer[next])
            let least = start[one] + breadth[one] + gap(one, other)
            guard start[other] < least else { break }
            start[other] = least
        }
    }
}

/// Draws the buses of a placed graph: straight along the main axis, and between two groups across it, each on a track of its own where
/// it would meet another one.
struct Router {
    private let work: Layering
    private var places: Placement
    private let measures: GraphLayout.Measures
    private(set) var boxes: [GraphLayout.Box]
    private(set) var pieces: [GraphLayout.Piece] = []
    private(set) var columns: [(main: Int, length: Int)] = []
    private(set) var size = GraphLayout.Point(0, 0)
    /// Where each bus crosses over in each gap.
    private var tracks: [[Int: Int]] = []

    init(_ work: Layering, _ places: Placement, _ measures: GraphLayout.Measures) {
        (self.work, self.places, self.measures) = (work, places, measures)
        boxes = Array(repeating: GraphLayout.Box(), count: work.elementOfNode.count)
    }

    /// A bus in one gap.
    private struct Run {
        var bus: Int
        var ins: [(element: Int, cross: Int)]
        var outs: [(element: Int, cross: Int)]
        var low: Int
        var high: Int
        var isStraight: Bool { low == high }
    }

    mutating func route() {
        var main = 0
        for (index, layer) in work.layers.enumerated() {
            let nodes = layer.compactMap { work.elements[$0].node }
            let length = nodes.map { measures.length[$0] }.max() ?? 0
            columns.append((main, length))
            main += length
            guard index + 1 < work.layers.count else { break }
            let runs = untangled(index)
            let order = ordered(runs)
            tracks.append([:])
            var count = 0
            for (bus, track) in assign(order) {
                tracks[index][bus] = main + measures.lead + track * measures.trackGap
                count = max(count, track + 1)
            }
            let room = measures.lead + max(0, count - 1) * measures.trackGap + 1 + measures.tail
            main += max(measures.shortest, count == 0 ? 0 : room)
        }
        size.main = main
        for (node, element) in work.elementOfNode.enumerated() {
            let column = columns[work.group[node]]
            boxes[node] = GraphLayout.Box(
                main: column.main, length: column.length, cross: places.start[element], breadth: places.breadth[element]
            )
        }
        size.cross = work.elements.indices.map { places.start[$0] + places.breadth[$0] }.max() ?? 0
        for index in work.layers.indices.dropLast() { draw(index) }
    }

    private func runs(_ index: Int) -> [Run] {
        work.crossings[index].map { crossing in
            let ins = crossing.from.map { ($0, places.center($0)) }
            let outs = crossing.to.map { ($0, places.port($0, crossing.bus)) }
            let all = (ins + outs).map(\.1)
            return Run(bus: crossing.bus, ins: ins, outs: outs, low: all.min() ?? 0, high: all.max() ?? 0)
        }
    }

    /// Which runs have to cross over before which: one that begins where another ends would lie upon it. Nil where they go round in a
    /// circle; then the end that is to give way.
    private func constraints(_ runs: [Run]) -> (before: [[Int]], circle: Int?) {
        var begins: [Int: [Int]] = [:]
        for (number, run) in runs.enumerated() {
            for begin in run.ins { begins[begin.cross, default: []].append(number) }
        }
        var before: [[Int]] = Array(repeating: [], count: runs.count)
        var ends: [[Int]] = Array(repeating: [], count: runs.count)
        for (number, run) in runs.enumerated() {
            for out in run.outs {
                for other in begins[out.cross] ?? [] where other != number {
                    before[number].append(other)
                    ends[number].append(out.element)
                }
            }
        }
        // 0 not seen, 1 on the way, 2 done.
        var state = Array(repeating: 0, count: runs.count)
        func circle(_ number: Int) -> Int? {
            state[number] = 1
            for (other, element) in zip(before[number], ends[number]) {
                if state[other] == 1 { return element }
                if state[other] == 0, let found = circle(other) { return found }
            }
            state[number] = 2
            return nil
        }
        for number in runs.indices where state[number] == 0 {
            if let element = circle(number) { return (before, element) }
        }
        return (before, nil)
    }

    /// The runs of a gap, with elements behind it moved on until none goes round in a circle.
    private mutating func untangled(_ index: Int) -> [Run] {
        var runs = runs(index)
        // Far enough down there is nothing that begins.
        var left = 50 * (work.layers[index + 1].count + 1)
        while left > 0, let element = constraints(runs).circle {
            places.push(element, in: work.layers[index + 1])
            runs = self.runs(index)
            left -= 1
        }
        return runs
    }

    /// The runs that need a track, in an order with few crossings that keeps to what has to be before what.
    private func ordered(_ runs: [Run]) -> (runs: [Run], before: [[Int]]) {
        let (before, _) = constraints(runs)
        let turning = runs.indices.filter { !runs[$0].isStraight }
        // What it costs if one crosses over before the other: its ends pass the other's track, the other's beginnings pass its own.
        func cost(_ one: Int, _ other: Int) -> Int {
            runs[one].outs.count { $0.cross > runs[other].low && $0.cross < runs[other].high }
                + runs[other].ins.count { $0.cross > runs[one].low && $0.cross < runs[one].high }
        }
        var waiting: [Int: Int] = [:]
        var after: [Int: [Int]] = [:]
        for number in turning {
            let firsts = Set(before[number]).filter { !runs[$0].isStraight }
            waiting[number] = firsts.count
            for first in firsts { after[first, default: []].append(number) }
        }
        var gain: [Int: Int] = [:]
        for one in turning {
            gain[one] = turning.count > 300 ? runs[one].low : turning.reduce(0) { $0 + cost(one, $1) - cost($1, one) }
        }
        var order: [Int] = []
        var rest = turning
        while !rest.isEmpty {
            let free = rest.filter { waiting[$0] == 0 }
            // Nothing is free only where a circle was left; then any order is as good.
            let next =
                (free.isEmpty ? rest : free).min {
                    (gain[$0] ?? 0, runs[$0].low, $0) < (gain[$1] ?? 0, runs[$1].low, $1)
                }
                ?? rest[0]
            order.append(next)
            rest.removeAll { $0 == next }
            for number in after[next] ?? [] { waiting[number, default: 0] -= 1 }
            if turning.count <= 300 { for one in rest { gain[one, default: 0] -= cost(one, next) - cost(next, one) } }
        }
        var numbers: [Int: Int] = [:]
        for (place, number) in order.enumerated() { numbers[number] = place }
        return (order.map { runs[$0] }, order.map { number in before[number].compactMap { numbers[$0] } })
    }

    /// The track of each: the first one that is behind all that it meets.
    private func assign(_ order: (runs: [Run], before: [[Int]])) -> [(bus: Int, track: Int)] {
        var result: [(bus: Int, track: Int)] = []
        for (place, run) in order.runs.enumerated() {
            var track = 0
            for earlier in 0..<place {
                let other = order.runs[earlier]
                // Beside one another is too near: their corners would look like one line.
                let meets = run.low <= other.high + measures.lineGap && other.low <= run.high + measures.lineGap
                if meets || order.before[place].contains(earlier) { track = max(track, result[earlier].track + 1) }
            }
            result.append((run.bus, track))
        }
        return result
    }

    private mutating func draw(_ index: Int) {
        let (begin, end) = (columns[index].main + columns[index].length, columns[index + 1].main)
        for run in runs(index) {
            let track = tracks[index][run.bus]
            for begins in run.ins {
                add(run.bus, begin, track ?? begin, begins.cross, source: work.elements[begins.element].node)
            }
            if let track {
                pieces.append(
                    GraphLayout.Piece(
                        bus: run.bus, from: GraphLayout.Point(track, run.low), to: GraphLayout.Point(track, run.high)))
            }
            for out in run.outs {
                if let node = work.elements[out.element].node {
                    add(run.bus, track ?? begin, end, out.cross, target: node)
                } else {
                    add(run.bus, track ?? begin, end + columns[index + 1].length, out.cross)
                }
            }
        }
    }

    private mutating func add(
        _ bus: Int, _ from: Int, _ to: Int, _ cross: Int, source: Int? = nil, target: Int? = nil
    ) {
        guard from < to || source != nil || target != nil else { return }
        pieces.append(
            GraphLayout.Piece(
                bus: bus, from: GraphLayout.Point(from, cross), to: GraphLayout.Point(to, cross), source: source,
                target: target))
    }

    /// The corners that each edge goes through.
    func routes(of edges: [Graph.Edge]) -> [[GraphLayout.Point]] {
        var busOf: [[Int]: Int] = [:]
        for (number, bus) in work.buses.enumerated() {
            for source in bus.sources {
                for target in bus.targets { busOf[[source, target, bus.kind.rawValue]] = number }
            }
        }
        return edges.map { edge in
            guard let bus = busOf[[edge.from, edge.to, edge.kind.rawValue]] else { return [] }
            let source = work.elementOfNode[edge.from]
            var cross = places.center(source)
            var layer = work.group[edge.from]
            var points = [GraphLayout.Point(columns[layer].main + columns[layer].length, cross)]
            while layer < work.group[edge.to] {
                guard let crossing = work.crossings[layer].first(where: { $0.bus == bus }) else { return [] }
                let isLast = layer + 1 == work.group[edge.to]
                let next = isLast ? work.elementOfNode[edge.to] : crossing.to.first(where: work.isLine) ?? source
                let port = places.port(next, bus)
                if let track = tracks[layer][bus], port != cross {
                    points.append(GraphLayout.Point(track, cross))
                    points.append(GraphLayout.Point(track, port))
                }
                cross = port
                layer += 1
            }
            points.append(GraphLayout.Point(columns[layer].main, cross))
            return points
        }
    }
}

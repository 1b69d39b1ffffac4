import PawlModel

/// A graph drawn in SVG.
package enum SVGGraph {
    /// A file of its own.
    ///
    /// - Parameter parts: the workflow's own steps first, then those of its handlers.
    package static func document(_ parts: [Graph], label: String) -> String {
        let (drawing, width, height) = draw(parts)
        return drawing.document(width: width, height: height, label: label, isAlone: true) + "\n"
    }

    /// A part of a page, whose style sheet it uses.
    static func part(_ parts: [Graph], label: String) -> String {
        let (drawing, width, height) = draw(parts)
        return drawing.document(width: width, height: height, label: label, isAlone: false)
    }

    /// What fits beside one another on a page.
    private static let page = 1120.0
    private static let margin = 20.0
    /// The height of a box, and the unit of all places across, in pixels.
    private static let unit = 8
    private static let boxUnits = 6

    private static func draw(_ parts: [Graph]) -> (Drawing, Double, Double) {
        var drawing = Drawing()
        var (width, y) = (0.0, margin)
        for part in parts where !part.nodes.isEmpty {
            if !part.title.isEmpty {
                drawing.text(part.title, margin, y + 12, style: "label note")
                y += 22
            }
            let (picture, partWidth, partHeight) = best(part.reduced)
            drawing.insert(picture, x: margin, y: y)
            width = max(width, partWidth)
            y += partHeight + margin
        }
        return (drawing, width + 2 * margin, y)
    }

    /// Left to right where there is room for it, else from top to bottom, else with steps at the same place as one.
    private static func best(_ graph: Graph) -> (Drawing, Double, Double) {
        var narrowest: (Drawing, Double, Double)?
        for threshold in [Int.max, 12, 4] {
            let folded = threshold == .max ? graph : graph.folded(from: threshold)
            if threshold != .max, folded.nodes.count == graph.nodes.count { continue }
            let across = draw(folded, isAcross: true)
            if across.1 <= page { return across }
            let rows = GraphRows(folded) { draw($0, isAcross: true).1 + 40 <= page }.rows
            for picture in (rows.count > 1 ? [draw(rows)] : []) + [draw(folded, isAcross: false)] {
                if picture.1 <= page { return picture }
                if picture.1 < narrowest?.1 ?? .infinity { narrowest = picture }
            }
        }
        return narrowest ?? (Drawing(), 0, 0)
    }

    /// Rows one below the other, with what leads from each to the next.
    private static func draw(_ rows: [GraphRows.Row]) -> (Drawing, Double, Double) {
        var drawing = Drawing()
        var (width, y) = (0.0, 0.0)
        var before: (edge: Graph.Edge, x: Double, y: Double)?
        for row in rows {
            let layout = layout(row.graph, isAcross: true)
            let (picture, rowWidth, rowHeight) = draw(row.graph, isAcross: true)
            let indent = before == nil ? 0.0 : 26
            if let before {
                let entry = y + Double(layout.boxes[row.first].center * unit)
                let points: [(Double, Double)] = [
                    (before.x, before.y), (before.x + 14, before.y), (before.x + 14, y - 16), (4, y - 16), (4, entry),
                    (indent, entry),
                ]
                draw(before.edge, points.map { (x: $0.0, y: $0.1) }, true, &drawing)
            }
            drawing.insert(picture, x: indent, y: y)
            width = max(width, indent + rowWidth + 16)
            before = row.next.map {
                (edge: $0, x: indent + rowWidth, y: y + Double(layout.boxes[row.last].center * unit))
            }
            y += rowHeight + 32
        }
        return (drawing, width, y - 32)
    }

    private static func draw(_ graph: Graph, isAcross: Bool) -> (Drawing, Double, Double) {
        let layout = layout(graph, isAcross: isAcross)
        var drawing = Drawing()
        func point(_ place: GraphLayout.Point) -> (x: Double, y: Double) {
            let (main, cross) = (Double(place.main), Double(place.cross * unit))
            return isAcross ? (main, cross) : (cross, main)
        }
        for (edge, route) in lines(graph, layout) { draw(edge, route.map(point), isAcross, &drawing) }
        for (node, box) in zip(graph.nodes, layout.boxes) {
            let (main, cross) = (Double(box.main), Double(box.cross * unit))
            let (length, breadth) = (Double(box.length), Double(box.breadth * unit))
            if isAcross {
                draw(node, main, cross, length, breadth, &drawing)
            } else {
                draw(node, cross, main, breadth, length, &drawing)
            }
        }
        let (main, cross) = (Double(layout.size.main), Double(layout.size.cross * unit))
        return isAcross ? (drawing, main, cross) : (drawing, cross, main)
    }

    private static func layout(_ graph: Graph, isAcross: Bool) -> GraphLayout {
        let widths = graph.nodes.map(width)
        var measures: GraphLayout.Measures
        if isAcross {
            measures = GraphLayout.Measures(length: widths, breadth: widths.map { _ in boxUnits })
            (measures.lead, measures.tail, measures.shortest, measures.trackGap) = (16, 26, 46, 12)
        } else {
            measures = GraphLayout.Measures(
                length: widths.map { _ in boxUnits * unit }, breadth: widths.map { ($0 + unit - 1) / unit })
            (measures.lead, measures.tail, measures.shortest, measures.trackGap) = (14, 22, 38, 12)
        }
        (measures.boxGap, measures.lineGap, measures.portGap) = (isAcross ? 2 : 3, 2, 2)
        return GraphLayout(graph, measures)
    }

    /// The routes to draw, those of the critical path last. Where many steps wait for the same many, the routes from the first and
    /// to the first one have every piece of the line that they share.
    private static func lines(_ graph: Graph, _ layout: GraphLayout) -> [(Graph.Edge, [GraphLayout.Point])] {
        struct Key: Hashable {
            var place: Int
            var kind: Graph.Edge.Kind
            var others: [Int]
        }
        var targets: [Key: [Int]] = [:]
        for edge in graph.edges {
            targets[Key(place: edge.from, kind: edge.kind, others: []), default: []].append(edge.to)
        }
        let group = graph.groups
        var first: [Key: Int] = [:]
        let all = zip(graph.edges, layout.routes).filter { edge, route in
            guard !route.isEmpty else { return false }
            let list = (targets[Key(place: edge.from, kind: edge.kind, others: [])] ?? []).sorted()
            let source = first[Key(place: group[edge.from], kind: edge.kind, others: list)] ?? edge.from
            first[Key(place: group[edge.from], kind: edge.kind, others: list)] = source
            return edge.isCritical || source == edge.from || edge.to == list.first
        }
        return all.filter { !$0.0.isCritical } + all.filter { $0.0.isCritical }
    }

    private static func draw(
        _ edge: Graph.Edge, _ points: [(x: Double, y: Double)], _ isAcross: Bool, _ drawing: inout Drawing
    ) {
        guard var last = points.last, points.count > 1 else { return }
        let end = last
        if isAcross { last.x -= 6 } else { last.y -= 6 }
        let isOther = edge.kind == .failed || edge.kind == .any
        drawing.path(
            rounded(Array(points.dropLast()) + [last]),
            style: "edge\(isOther ? " other" : "")\(edge.isCritical ? " on" : "")")
        let n = Markup.number
        let head =
            isAcross
            ? "M\(n(end.x)) \(n(end.y)) l-8 -4.5 v9 z" : "M\(n(end.x)) \(n(end.y)) l-4.5 -8 h9 z"
        drawing.path(head, style: edge.isCritical ? "head-on" : "head")
        let words: String? =
            switch edge.kind {
            case .done: nil
            case .any: "any"
            case .ended: "ended"
            case .failed: "failed"
            }
        guard let words else { return }
        if isAcross {
            drawing.text(words, end.x - 10, end.y - 4, style: "note end")
        } else {
            drawing.text(words, end.x + 7, end.y - 8, style: "note")
        }
    }

    /// A path through corners, each of them rounded as far as there is room.
    private static func rounded(_ points: [(x: Double, y: Double)]) -> String {
        let n = Markup.number
        guard let first = points.first, let last = points.last else { return "" }
        var path = "M\(n(first.x)) \(n(first.y))"
        for (index, corner) in points.enumerated().dropFirst().dropLast() {
            let (before, after) = (points[index - 1], points[index + 1])
            let room = min(length(before, corner), length(corner, after)) / 2
            let radius = min(7, room)
            let (enter, leave) = (toward(corner, before, radius), toward(corner, after, radius))
            path += "L\(n(enter.x)) \(n(enter.y))Q\(n(corner.x)) \(n(corner.y)) \(n(leave.x)) \(n(leave.y))"
        }
        return path + "L\(n(last.x)) \(n(last.y))"
    }

    private static func length(_ a: (x: Double, y: Double), _ b: (x: Double, y: Double)) -> Double {
        // Every piece goes along one axis.
        abs(a.x - b.x) + abs(a.y - b.y)
    }

    private static func toward(
        _ from: (x: Double, y: Double), _ to: (x: Double, y: Double), _ distance: Double
    ) -> (x: Double, y: Double) {
        let whole = length(from, to)
        guard whole > 0 else { return from }
        return (from.x + (to.x - from.x) * distance / whole, from.y + (to.y - from.y) * distance / whole)
    }

    // MARK: Boxes

    private static let longestName = 34
    private static let longestNote = 40

    private static func width(_ node: Graph.Node) -> Int {
        let name = Double(min(title(node).count, longestName)) * 7.9
        let note = Double(min(node.note?.count ?? 0, longestNote)) * 6.2
        let sign = node.result == nil ? 0.0 : 24
        return max(96, Int(max(name, note) + sign + 28))
    }

    private static func title(_ node: Graph.Node) -> String {
        node.id + (node.count > 1 ? " (\(node.count))" : "") + (node.hasItems ? " ×n" : "")
    }

    private static func draw(
        _ node: Graph.Node, _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ drawing: inout Drawing
    ) {
        var words = node.id
        if let result = node.result { words += ": \(result.state.rawValue)" }
        if let note = node.note { words += "\n\(note)" }
        if node.isConditional { words += "\nruns only where its condition holds" }
        if node.isCritical { drawing.rectangle(x - 3, y - 3, width + 6, height + 6, radius: 11, style: "around") }
        let style = node.result.map { "card-\(StyleSheet.word($0.state))" } ?? "card"
        drawing.rectangle(
            x, y, width, height, radius: 8, style: style + (node.isConditional ? " maybe" : ""), title: words)
        var left = x + 14
        let middle = y + height / 2
        if let result = node.result {
            sign(result.state, left + 6, middle, &drawing)
            left += 24
        }
        let name = Markup.cut(title(node), longestName)
        guard let note = node.note else {
            // Nothing else is in it, so it stands in the middle.
            let isAlone = node.result == nil
            drawing.text(
                name, isAlone ? x + width / 2 : left, middle + 4.5, style: isAlone ? "name middle" : "name")
            return
        }
        drawing.text(name, left, middle - 3, style: "name")
        drawing.text(Markup.cut(note, longestNote), left, middle + 13, style: "note")
        guard let items = node.result?.items, !items.isEmpty else { return }
        // How the items did, in proportion.
        let total = Double(items.values.reduce(0, +))
        var place = x + 8
        for state in StepState.allCases {
            guard let count = items[state], count > 0 else { continue }
            let part = (width - 16) * Double(count) / total
            drawing.rectangle(
                place, y + height - 4, max(1.5, part), 3, style: "bar-\(StyleSheet.word(state))",
                title: "\(count) \(state.rawValue)")
            place += part
        }
    }

    /// The sign of a state, so that nobody needs to tell colours apart.
    static func sign(_ state: StepState, _ x: Double, _ y: Double, _ drawing: inout Drawing) {
        drawing.circle(x, y, 8, style: "bar-\(StyleSheet.word(state))")
        let n = Markup.number
        let shape: String =
            switch state {
            case .succeeded: "M\(n(x - 3.5)) \(n(y + 0.5))l2.5 2.5l4.5 -5"
            case .failed: "M\(n(x - 3)) \(n(y - 3))l6 6m0 -6l-6 6"
            case .timedOut: "M\(n(x)) \(n(y - 4))v4.5l3 2"
            case .running: "M\(n(x - 2)) \(n(y - 3.5))l5 3.5l-5 3.5z"
            case .cancelled: "M\(n(x - 3)) \(n(y - 3))h6v6h-6z"
            case .interrupted: "M\(n(x)) \(n(y - 4))v4.5m0 3.2v.1"
            case .skipped: "M\(n(x - 3.5)) \(n(y))h7"
            case .waiting: "M\(n(x - 3.5)) \(n(y))h.1m3.4 0h.1m3.4 0h.1"
            }
        drawing.path(shape, style: "sign")
    }
}

package import PawlModel

/// A graph drawn with characters, for a terminal or a text file.
package enum TerminalGraph {
    /// The lines of the drawing that fits best: left to right if there is room for it, else from top to bottom, and at last with steps
    /// that stand at the same place as one. Nil where none fits.
    ///
    /// - Parameters:
    ///   - width: how many columns there are; nil for as many as it takes.
    ///   - hasUnicode: whether lines are drawn with Unicode's signs, or with ASCII's.
    package static func lines(_ graph: Graph, width: Int?, hasUnicode: Bool) -> [String]? {
        guard !graph.nodes.isEmpty else { return nil }
        let graph = graph.reduced
        var shortest: [String]?
        for threshold in [Int.max, 4, 2] {
            let folded = threshold == .max ? graph : graph.folded(from: threshold)
            guard folded.nodes.count <= most else { continue }
            if threshold != .max, folded.nodes.count == graph.nodes.count { continue }
            let across = draw(folded, isAcross: true, hasUnicode: hasUnicode)
            guard let width else { return across }
            let down = draw(folded, isAcross: false, hasUnicode: hasUnicode)
            // A picture that is much longer than wide is better seen the other way, as far as it fits.
            let rows = wrapped(folded, width: width, hasUnicode: hasUnicode)
            let fits = [across, down, rows].filter { !$0.isEmpty && self.width($0) <= width }
            guard let best = fits.min(by: { $0.count < $1.count }) else { continue }
            if best.count <= mostLines { return best }
            if best.count < shortest?.count ?? .max { shortest = best }
        }
        return shortest
    }

    /// More boxes are no picture.
    private static let most = 250
    /// One that is longer is drawn with fewer boxes, if that makes it shorter.
    private static let mostLines = 100

    private static func width(_ lines: [String]) -> Int { lines.map(\.count).max() ?? 0 }

    /// What stands in a box.
    static func label(_ node: Graph.Node, hasUnicode: Bool) -> String {
        var text = hasUnicode ? node.id : node.id.replacing("…", with: "..")
        if node.count > 1 { text += " (\(node.count))" }
        if node.hasItems { text += hasUnicode ? " ×n" : " xn" }
        if let result = node.result { text = "\(mark(result.state, hasUnicode: hasUnicode)) \(text)" }
        if node.isConditional, !hasUnicode { text += " ?" }
        return text
    }

    /// The graph left to right in rows, one below the other; nothing where it cannot be cut.
    private static func wrapped(_ graph: Graph, width: Int, hasUnicode: Bool) -> [String] {
        let rows = GraphRows(graph) { part in
            // Room for what leads there and on.
            self.width(draw(part, isAcross: true, hasUnicode: hasUnicode)) + 5 <= width
        }.rows
        guard rows.count > 1 else { return [] }
        let signs: [String] = hasUnicode ? ["╭", "─", "╯", "╰─▶", "│", "├─╮"] : ["+", "-", "+", "+->", "|", "|-+"]
        var result: [String] = []
        for (number, row) in rows.enumerated() {
            let layout = layout(row.graph, isAcross: true, hasUnicode: hasUnicode)
            let lines = draw(row.graph, isAcross: true, hasUnicode: hasUnicode)
            let length = layout.size.main
            let (entry, exit) = (layout.boxes[row.first].center, layout.boxes[row.last].center)
            for (place, text) in lines.enumerated() {
                var line = ""
                if number > 0 {
                    line = place == entry ? signs[3] : place < entry ? signs[4] + "  " : "   "
                }
                line += text
                if row.next != nil, place >= exit {
                    line += String(repeating: " ", count: max(0, length - text.count))
                    if place == exit { line = line.dropLast() + signs[5] } else { line += " " + signs[4] }
                }
                result.append(line)
            }
            guard row.next != nil else { continue }
            let indent = number > 0 ? 3 : 0
            result.append(signs[0] + String(repeating: signs[1], count: indent + length) + signs[2])
        }
        return result
    }

    private static func layout(_ graph: Graph, isAcross: Bool, hasUnicode: Bool) -> GraphLayout {
        let widths = graph.nodes.map { label($0, hasUnicode: hasUnicode).count + 4 }
        var measures: GraphLayout.Measures
        if isAcross {
            measures = GraphLayout.Measures(length: widths, breadth: widths.map { _ in 3 })
            (measures.boxGap, measures.lineGap, measures.portGap, measures.trackGap) = (0, 0, 1, 2)
            (measures.lead, measures.tail, measures.shortest) = (1, 2, 3)
        } else {
            measures = GraphLayout.Measures(length: widths.map { _ in 3 }, breadth: widths)
            (measures.boxGap, measures.lineGap, measures.portGap, measures.trackGap) = (2, 1, 2, 1)
            (measures.lead, measures.tail, measures.shortest) = (0, 1, 2)
        }
        return GraphLayout(graph, measures)
    }

    private static func draw(_ graph: Graph, isAcross: Bool, hasUnicode: Bool) -> [String] {
        let labels = graph.nodes.map { label($0, hasUnicode: hasUnicode) }
        let layout = layout(graph, isAcross: isAcross, hasUnicode: hasUnicode)
        let size = isAcross ? (layout.size.main, layout.size.cross) : (layout.size.cross, layout.size.main)
        var canvas = Canvas(width: size.0, height: size.1, hasUnicode: hasUnicode)
        for piece in layout.pieces { draw(piece, of: layout, isAcross, &canvas, hasUnicode) }
        for (node, box) in layout.boxes.enumerated() {
            let (x, y) = isAcross ? (box.main, box.cross) : (box.cross, box.main)
            let (width, height) = isAcross ? (box.length, box.breadth) : (box.breadth, box.length)
            frame(x, y, width, height, graph.nodes[node].isConditional, &canvas, hasUnicode)
            let row = y + height / 2
            canvas.write(labels[node], x: x + max(2, (width - labels[node].count) / 2), y: row)
        }
        for piece in layout.pieces where piece.source != nil {
            // The box opens towards its line.
            let (x, y) =
                isAcross ? (piece.from.main - 1, piece.from.cross) : (piece.from.cross, piece.from.main - 1)
            if hasUnicode {
                canvas.set(isAcross ? "├" : "┬", x: x, y: y)
            } else if !isAcross {
                canvas.set("+", x: x, y: y)
            }
        }
        return canvas.lines
    }

    private static func draw(
        _ piece: GraphLayout.Piece, of layout: GraphLayout, _ isAcross: Bool, _ canvas: inout Canvas, _ hasUnicode: Bool
    ) {
        var (from, to) = (piece.from, piece.to)
        if piece.target != nil { to.main -= 1 }
        if !isAcross {
            from = GraphLayout.Point(from.cross, from.main)
            to = GraphLayout.Point(to.cross, to.main)
        }
        canvas.line(piece.bus, fromX: from.main, fromY: from.cross, toX: to.main, toY: to.cross)
        if piece.source != nil { canvas.add(isAcross ? .left : .up, piece.bus, x: from.main, y: from.cross) }
        if piece.target != nil {
            let arrow: Character = isAcross ? (hasUnicode ? "▶" : ">") : (hasUnicode ? "▼" : "v")
            canvas.set(arrow, x: to.main, y: to.cross)
        }
    }

    private static func frame(
        _ x: Int, _ y: Int, _ width: Int, _ height: Int, _ isDashed: Bool, _ canvas: inout Canvas, _ hasUnicode: Bool
    ) {
        let across: Character = hasUnicode ? (isDashed ? "╌" : "─") : "-"
        let down: Character = hasUnicode ? (isDashed ? "┆" : "│") : "|"
        for column in x + 1..<max(x + width - 1, x + 1) {
            canvas.set(across, x: column, y: y)
            canvas.set(across, x: column, y: y + height - 1)
            for row in y + 1..<max(y + height - 1, y + 1) { canvas.set(" ", x: column, y: row) }
        }
        for row in y + 1..<max(y + height - 1, y + 1) {
            canvas.set(down, x: x, y: row)
            canvas.set(down, x: x + width - 1, y: row)
        }
        let corners: [Character] = hasUnicode ? ["╭", "╮", "╰", "╯"] : ["+", "+", "+", "+"]
        canvas.set(corners[0], x: x, y: y)
        canvas.set(corners[1], x: x + width - 1, y: y)
        canvas.set(corners[2], x: x, y: y + height - 1)
        canvas.set(corners[3], x: x + width - 1, y: y + height - 1)
    }

    /// The sign of a step's state: one character.
    package static func mark(_ state: StepState, hasUnicode: Bool) -> String {
        switch state {
        case .waiting: hasUnicode ? "·" : "."
        case .running: hasUnicode ? "●" : "*"
        case .succeeded: hasUnicode ? "✓" : "+"
        case .failed, .timedOut: hasUnicode ? "✗" : "x"
        case .cancelled: hasUnicode ? "○" : "o"
        case .skipped: "-"
        case .interrupted: "!"
        }
    }
}

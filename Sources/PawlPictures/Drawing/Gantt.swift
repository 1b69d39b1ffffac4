import PawlModel

/// When each step of a run was at work: a row for each, in the order in which they began.
package enum Gantt {
    /// A file of its own.
    package static func document(_ report: Report) -> String {
        let (drawing, width, height) = draw(report)
        return drawing.document(width: width, height: height, label: label(report), isAlone: true) + "\n"
    }

    /// A part of a page, whose style sheet it uses.
    static func part(_ report: Report) -> String {
        let (drawing, width, height) = draw(report)
        return drawing.document(width: width, height: height, label: label(report), isAlone: false)
    }

    private static func label(_ report: Report) -> String { "The steps of \(report.facts.run) over time" }

    /// One row.
    private struct Row {
        var name: String
        var step: Int
        /// One record, or all items of a step.
        var places: [RecordPlace]
        var start: Timestamp
        var end: Timestamp
        var isFolded: Bool
    }

    /// So many items of a step have rows of their own.
    private static let mostItems = 8
    private static let mostRows = 300
    private static let rowHeight = 26.0
    private static let chart = 820.0
    private static let top = 34.0

    private static func rows(_ report: Report) -> (rows: [Row], left: Int) {
        let facts = report.facts
        var rows: [Row] = []
        for (number, step) in facts.steps.enumerated() {
            let places = step.records.indices.map { RecordPlace(step: number, record: $0) }.filter {
                facts[$0].started != nil
            }
            let isFolded = step.hasItems && places.count > mostItems
            for group in isFolded ? [places] : places.map({ [$0] }) where !group.isEmpty {
                let starts = group.compactMap { facts[$0].started }
                let ends = group.map { facts[$0].ended ?? facts.end }
                guard let start = starts.min(), let end = ends.max() else { continue }
                let name = isFolded ? "\(step.id) ×\(group.count)" : facts.name(group[0])
                rows.append(
                    Row(name: name, step: number, places: group, start: start, end: max(start, end), isFolded: isFolded)
                )
            }
        }
        rows.sort { ($0.start, $0.step, $0.places[0].record) < ($1.start, $1.step, $1.places[0].record) }
        guard rows.count > mostRows else { return (rows, 0) }
        // The longest and those of the critical path are what is looked for.
        let critical = report.path.places
        let kept = rows.indices.sorted { one, two in
            let marks = [one, two].map { critical.isDisjoint(with: rows[$0].places) ? 1 : 0 }
            if marks[0] != marks[1] { return marks[0] < marks[1] }
            return rows[one].end.seconds(since: rows[one].start) > rows[two].end.seconds(since: rows[two].start)
        }.prefix(mostRows).sorted()
        return (kept.map { rows[$0] }, rows.count - kept.count)
    }

    private static func draw(_ report: Report) -> (Drawing, Double, Double) {
        let facts = report.facts
        let (rows, left) = rows(report)
        var drawing = Drawing()
        let longest = min(30, max(8, rows.map(\.name.count).max() ?? 0))
        let begin = 16 + Double(longest) * 7.3 + 14
        let width = begin + chart + 104
        let height = top + Double(rows.count) * rowHeight + (left > 0 ? 22 : 0) + 12
        let span = max(0.001, facts.elapsed)
        func x(_ time: Timestamp) -> Double {
            begin + chart * min(1, max(0, time.seconds(since: facts.started) / span))
        }
        let bottom = top + Double(rows.count) * rowHeight
        for row in stride(from: 1, to: rows.count, by: 2) {
            drawing.rectangle(0, top + Double(row) * rowHeight, width, rowHeight, style: "stripe")
        }
        for tick in ticks(span) {
            let place = begin + chart * tick / span
            drawing.line(place, top - 6, place, bottom, style: "grid")
            drawing.text(
                tick == 0 ? "0" : report.forms.duration(tick), place, top - 12, style: "note middle")
        }
        let critical = report.path.places
        var rowOf: [RecordPlace: Int] = [:]
        for (number, row) in rows.enumerated() { for place in row.places { rowOf[place] = number } }
        // What the critical path goes along, below the bars.
        for (before, link) in zip(report.path.links, report.path.links.dropFirst()) {
            guard let one = rowOf[before.place], let two = rowOf[link.place], one != two else { continue }
            let (fromX, toX) = (x(before.ended), x(link.started))
            let (fromY, toY) = (middle(one), middle(two))
            let n = Markup.number
            drawing.path("M\(n(fromX)) \(n(fromY))V\(n(toY))H\(n(max(fromX, toX)))", style: "link")
        }
        for (number, row) in rows.enumerated() {
            let y = top + Double(number) * rowHeight
            let isCritical = !critical.isDisjoint(with: row.places)
            drawing.text(
                Markup.cut(row.name, longest), begin - 14, y + 17,
                style: "label end" + (isCritical ? " path-text" : ""),
                title: row.name)
            if row.isFolded {
                area(row, report, x, y, &drawing)
            } else {
                bars(row.places[0], report, x, y, &drawing)
            }
            if isCritical {
                for place in row.places where critical.contains(place) {
                    let record = facts[place]
                    guard let start = record.started else { continue }
                    let from = x(start)
                    drawing.rectangle(
                        from, y + rowHeight - 5, max(2, x(record.ended ?? facts.end) - from), 2, style: "under")
                }
            }
            let seconds = row.end.seconds(since: row.start)
            drawing.text(report.forms.duration(seconds), x(row.end) + 8, y + 17, style: "note over")
        }
        if left > 0 {
            drawing.text(
                "and \(left) shorter step\(left == 1 ? "" : "s") and items that are not on the critical path", begin,
                bottom + 16, style: "note")
        }
        return (drawing, width, height)
    }

    private static func middle(_ row: Int) -> Double { top + Double(row) * rowHeight + rowHeight / 2 }

    /// The attempts of one record, and the pauses between them.
    private static func bars(
        _ place: RecordPlace, _ report: Report, _ x: (Timestamp) -> Double, _ y: Double, _ drawing: inout Drawing
    ) {
        let facts = report.facts
        let record = facts[place]
        var last: Double?
        for attempt in record.attempts {
            guard let start = attempt.started else { continue }
            let end = attempt.ended ?? facts.end
            let (from, to) = (x(start), max(x(end), x(start) + 2))
            if let last, from > last { drawing.line(last, y + rowHeight / 2, from, y + rowHeight / 2, style: "wait") }
            var words = "\(facts.name(place)), attempt \(attempt.number)\(attempt.isRepair ? " (repair)" : "")"
            words += "\n\(attempt.state.rawValue)" + (attempt.words.map { ": \($0)" } ?? "")
            words += "\n\(report.forms.duration(max(0, end.seconds(since: start))))"
            drawing.rectangle(
                from, y + 7, to - from, 11, radius: min(3, (to - from) / 2),
                style: "bar-\(StyleSheet.word(attempt.state))",
                title: words)
            last = to
        }
    }

    /// How many items of a step were at work at a time.
    private static func area(
        _ row: Row, _ report: Report, _ x: (Timestamp) -> Double, _ y: Double, _ drawing: inout Drawing
    ) {
        let facts = report.facts
        var changes: [(time: Timestamp, by: Int)] = []
        for place in row.places {
            for attempt in facts[place].attempts {
                guard let start = attempt.started else { continue }
                changes += [(start, 1), (max(start, attempt.ended ?? facts.end), -1)]
            }
        }
        // At the same moment one ends before the next one begins.
        changes.sort { ($0.time, $0.by) < ($1.time, $1.by) }
        var (now, most) = (0, 0)
        for change in changes {
            now += change.by
            most = max(most, now)
        }
        guard most > 0, let first = changes.first else { return }
        let n = Markup.number
        let floor = y + rowHeight - 7
        func height(_ count: Int) -> Double { floor - Double(count) / Double(most) * (rowHeight - 11) }
        var path = "M\(n(x(first.time))) \(n(floor))"
        var lastX = x(first.time)
        now = 0
        var drawn = floor
        for (place, change) in changes.enumerated() {
            now += change.by
            // Of what is nearer than half a pixel only the last one counts.
            let next = place + 1 < changes.count ? x(changes[place + 1].time) : .infinity
            if next - lastX < 0.5 { continue }
            let here = x(change.time)
            path += "L\(n(here)) \(n(drawn))L\(n(here)) \(n(height(now)))"
            (lastX, drawn) = (here, height(now))
        }
        var states: [StepState: Int] = [:]
        for place in row.places { states[facts[place].state, default: 0] += 1 }
        let words = StepState.allCases.compactMap { state in states[state].map { "\($0) \(state.rawValue)" } }
        let state = facts.steps[row.step].state
        drawing.path(
            path + "L\(n(x(row.end))) \(n(floor))z", style: "bar-\(StyleSheet.word(state))",
            title: "\(row.name): \(words.joined(separator: ", "))\nup to \(most) at once")
        for place in row.places {
            for attempt in facts[place].attempts where attempt.state == .failed || attempt.state == .timedOut {
                guard let end = attempt.ended else { continue }
                drawing.rectangle(
                    x(end) - 1, y + 4, 2, rowHeight - 11, style: "bar-bad",
                    title: "\(facts.name(place)), attempt \(attempt.number): \(attempt.words ?? attempt.state.rawValue)"
                )
            }
        }
    }

    /// Moments of a scale in seconds that a reader can count in.
    static func ticks(_ span: Double) -> [Double] {
        let steps: [Double] = [
            0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800,
            3600, 7200,
            14_400, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000,
        ]
        let step = steps.first { span / $0 <= 9 } ?? span / 5
        var result: [Double] = []
        var count = 0.0
        while count * step <= span, result.count < 12 {
            result.append(count * step)
            count += 1
        }
        return result
    }
}

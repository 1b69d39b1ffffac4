import PawlAPI
import PawlModel

/// The steps of a followed run as rows: items below their step, what they wrote below what runs or has failed, and where there is
/// no room for all of it what matters most.
struct StepRows {
    private let state: LiveState
    private let now: Timestamp
    private let style: Style
    private let rows: [StepRow]

    /// Of a step that runs no more lines are shown, and of one that has failed no more than those.
    private static let (mostOfRunning, mostOfFailed) = (3, 20)

    init(_ state: LiveState, now: Timestamp, style: Style) {
        (self.state, self.now, self.style) = (state, now, style)
        rows = StepRow.rows(of: state.status.steps)
    }

    /// The rows as lines, no more than there is room for.
    func lines(width: Int, room: Int) -> [String] {
        guard room > 0, !rows.isEmpty else { return [] }
        let (shown, hidden) = chosen(room)
        var left = room - shown.count - (hidden.isEmpty ? 0 : 1)
        let tails = tails(of: shown, &left)
        let columns = Columns(rows: shown.map { rows[$0] }, width: width, style: style)
        var lines: [String] = []
        for place in shown {
            lines.append(line(rows[place], columns, width))
            for text in tails[place] ?? [] { lines.append(tail(text, rows[place], width)) }
        }
        if !hidden.isEmpty {
            lines.append(style.paint(style.cut("  " + counts(hidden), to: width), .grey))
        }
        return lines
    }

    // MARK: What is worth a line

    /// What runs, then what has failed, then what comes next, then what ended last.
    private func chosen(_ room: Int) -> (shown: [Int], hidden: [Int]) {
        guard rows.count > room else { return (Array(rows.indices), []) }
        func rank(_ place: Int) -> (Int, Int) {
            switch rows[place].step.state {
            case .waiting where rows[place].step.waitsForPerson: (-1, place)
            case .running: (0, place)
            case .failed, .timedOut, .interrupted: (1, place)
            case .waiting: (2, place)
            case .succeeded, .cancelled, .skipped: (3, -place)
            }
        }
        let ranked = rows.indices.sorted { rank($0) < rank($1) }
        // Some lines are for what they write: a third, where there is something to show.
        let busy = ranked.prefix { rank($0).0 < 2 }
        let written = busy.reduce(0) { $0 + min(tail(of: rows[$1]).count, most(of: rows[$1])) }
        let spared = room >= 9 ? min(room / 3, written) : 0
        let count = max(0, room - 1 - spared, min(busy.count, room - 1))
        // Both what runs and what has failed is seen, however many there are of the other.
        var first = Array(ranked.prefix(count))
        let failed = ranked.filter { rank($0).0 == 1 }
        if let worst = failed.first, count >= 4, !first.contains(worst) {
            let reserved = Array(failed.prefix(count / 4))
            first = Array(first.prefix(count - reserved.count)) + reserved
        }
        let kept = Set(first)
        return (first.sorted(), rows.indices.filter { !kept.contains($0) })
    }

    private func most(of row: StepRow) -> Int { row.step.isFailure ? StepRows.mostOfFailed : StepRows.mostOfRunning }

    private func counts(_ hidden: [Int]) -> String {
        let parts = StepState.allCases.compactMap { state -> String? in
            let count = hidden.reduce(0) { $0 + (rows[$1].step.state == state ? rows[$1].steps : 0) }
            return count == 0 ? nil : "\(count) \(state.rawValue)"
        }
        return "and " + parts.joined(separator: ", ")
    }

    private func tail(of row: StepRow) -> [String] {
        row.isGroup ? [] : state.tails[row.step.name] ?? []
    }

    /// A line for each that runs, then what failed, then more of what runs.
    private func tails(of shown: [Int], _ left: inout Int) -> [Int: [String]] {
        var counts: [Int: Int] = [:]
        func give(_ place: Int, upTo most: Int, _ left: inout Int) {
            let count = min(tail(of: rows[place]).count, most)
            let more = min(left, count - (counts[place] ?? 0))
            guard more > 0 else { return }
            counts[place, default: 0] += more
            left -= more
        }
        let running = shown.filter { rows[$0].step.state == .running }
        for place in running { give(place, upTo: 1, &left) }
        for place in shown where rows[place].step.isFailure { give(place, upTo: StepRows.mostOfFailed, &left) }
        for place in running { give(place, upTo: StepRows.mostOfRunning, &left) }
        return counts.reduce(into: [:]) { $0[$1.key] = tail(of: rows[$1.key]).suffix($1.value) }
    }

    // MARK: Lines

    /// Where the columns stand; in a narrow terminal there are fewer of them.
    private struct Columns {
        var name: Int
        var bar: Int
        var time: Int

        init(rows: [StepRow], width: Int, style: Style) {
            let longest = rows.map { $0.step.name.count + $0.depth * 2 }.max() ?? 0
            name = min(longest, max(8, width / 3))
            bar = width >= 72 ? 16 : width >= 50 ? 10 : 0
            time = 8
        }
    }

    private func line(_ row: StepRow, _ columns: Columns, _ width: Int) -> String {
        let step = row.step
        let colour = Style.colour(of: step)
        let indent = String(repeating: " ", count: 2 + row.depth * 2)
        let room = columns.name - row.depth * 2
        var parts: [(text: String, colour: Style.Colour?)] = [
            (indent + style.mark(step) + " " + padded(style.cut(step.name, to: room), room), colour)
        ]
        var time = ""
        if let seconds = step.elapsed(now: now) {
            time = step.state.isEnded ? TimeForms.duration(seconds) : TimeForms.wholeSeconds(seconds)
        }
        parts.append((padded(time, columns.time), nil))
        if columns.bar > 0, let share = share(of: row) { parts.append((style.bar(share, width: columns.bar), colour)) }
        let words = words(of: row)
        if !words.isEmpty { parts.append((words, nil)) }
        return fitted(parts, width)
    }

    /// How far what runs is: by its items, by its own word, or by the time that it mostly takes.
    private func share(of row: StepRow) -> Double? {
        let step = row.step
        guard step.state == .running else { return nil }
        if let below = row.below { return below.all == 0 ? nil : Double(below.done) / Double(below.all) }
        if let progress = step.progress { return Double(progress) / 100 }
        guard let left = step.secondsLeft, let elapsed = step.elapsed(now: now) else { return nil }
        let rest = max(0, left - max(0, now.seconds(since: state.told)))
        return elapsed + rest > 0 ? elapsed / (elapsed + rest) : nil
    }

    private func words(of row: StepRow) -> String {
        let step = row.step
        var words: [String] = []
        if let below = row.below { words.append("[\(below.done)/\(below.all)]") }
        if step.state == .running, row.below == nil {
            if let progress = step.progress { words.append("\(progress) %") }
            if let left = step.secondsLeft {
                words.append("~\(TimeForms.left(left, since: state.told, now: now)) left")
            }
        }
        if let number = step.attempts.last?.number, number > 1 { words.append("attempt \(number)") }
        if let run = step.attempts.last?.run, step.state == .running { words.append("run \(run)") }
        if let reason = ExitNames.words(of: step) { words.append(reason) }
        return words.joined(separator: ", ")
    }

    /// What a step wrote, behind a bar that says whose it is.
    private func tail(_ text: String, _ row: StepRow, _ width: Int) -> String {
        let sign = style.hasUnicode ? "│" : "|"
        let line = style.cut(
            String(repeating: " ", count: 4 + row.depth * 2) + "\(sign) "
                + TerminalText.legible(text).replacing("\t", with: " "), to: width)
        return style.paint(line, .grey)
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - TerminalText.width(of: text)))
    }

    private func fitted(_ parts: [(text: String, colour: Style.Colour?)], _ width: Int) -> String {
        var line = ""
        var used = 0
        // Nothing is behind the last one that says something.
        let filled = parts.lastIndex { part in part.text.contains { $0 != " " } } ?? 0
        for (place, part) in parts.prefix(filled + 1).enumerated() {
            let gap = place == 0 ? 0 : 1
            guard used + gap < width else { break }
            var text = part.text
            if place == filled { while text.last == " " { text.removeLast() } }
            text = style.cut(text, to: width - used - gap)
            line += String(repeating: " ", count: gap) + style.paint(text, part.colour)
            used += gap + TerminalText.width(of: text)
        }
        return line
    }
}

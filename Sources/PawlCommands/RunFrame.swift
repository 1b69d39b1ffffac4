import PawlAPI
import PawlModel

/// A followed run as a picture of a given size, drawn again at every change: the run, then its steps.
struct RunFrame {
    var style: Style

    /// The lines of the picture.
    ///
    /// - Parameters:
    ///   - width: the terminal's columns; no line is longer.
    ///   - height: the terminal's lines; there are fewer lines than that, since the cursor stands on one of its own.
    ///   - remark: what else is to be said of the run, such as that pawld is waited for.
    func lines(_ status: RunStatus, now: Timestamp, width: Int, height: Int, remark: String? = nil) -> [String] {
        let room = max(1, height - 2)
        var shown = Array(status.steps.indices)
        var hidden: [Int] = []
        if shown.count > room {
            (shown, hidden) = fold(status.steps, into: room - 1)
        }
        var table = TextTable()
        for place in shown { table.add(row(status.steps[place], now: now)) }
        var lines = [heading(status, now: now, width: width, remark: remark)]
        lines += table.lines(style: style, width: width, indent: 2)
        if !hidden.isEmpty {
            lines.append(style.paint(style.cut("  " + counts(status.steps, hidden), to: width), .grey))
        }
        return lines
    }

    private func heading(_ status: RunStatus, now: Timestamp, width: Int, remark: String?) -> String {
        var rest = ""
        if let seconds = status.elapsed(now: now) { rest += " \(TimeForms.wholeSeconds(seconds))" }
        rest += ", \(status.stepsDone) of \(status.stepsTotal) steps"
        if let remark = remark ?? (status.state == .queued ? status.reason.map(Style.harmless) : nil) {
            rest += " (\(remark))"
        }
        let plain = "\(status.run) \(status.state.rawValue)\(rest)"
        guard plain.count <= width else { return style.cut(plain, to: width) }
        return style.paint(status.run, .bold) + " "
            + style.paint(status.state.rawValue, Style.colour(of: status.state)) + rest
    }

    private func row(_ step: StepStatus, now: Timestamp) -> [TextTable.Cell] {
        let colour = Style.colour(of: step.state)
        var time = ""
        if let seconds = step.elapsed(now: now) {
            time = step.state.isEnded ? TimeForms.duration(seconds) : TimeForms.wholeSeconds(seconds)
        }
        var remarks: [String] = []
        if let words = ExitNames.words(of: step) { remarks.append(words) }
        if let number = step.attempts.last?.number, number > 1 { remarks.append("attempt \(number)") }
        return [
            TextTable.Cell("\(style.mark(step.state)) \(step.name)", colour), TextTable.Cell(time),
            TextTable.Cell(remarks.joined(separator: ", ")),
        ]
    }

    /// Which steps are worth a line: what runs, then what failed, then what comes next, then what ended last.
    private func fold(_ steps: [StepStatus], into room: Int) -> (shown: [Int], hidden: [Int]) {
        func rank(_ place: Int) -> (Int, Int) {
            switch steps[place].state {
            case .running: (0, place)
            case .failed, .timedOut, .interrupted: (1, place)
            case .waiting: (2, place)
            case .succeeded, .cancelled, .skipped: (3, -place)
            }
        }
        let ranked = steps.indices.sorted { rank($0) < rank($1) }
        return (ranked.prefix(max(0, room)).sorted(), ranked.dropFirst(max(0, room)).sorted())
    }

    private func counts(_ steps: [StepStatus], _ hidden: [Int]) -> String {
        let parts = StepState.allCases.compactMap { state -> String? in
            let count = hidden.count { steps[$0].state == state }
            return count == 0 ? nil : "\(count) \(state.rawValue)"
        }
        return "and " + parts.joined(separator: ", ")
    }
}

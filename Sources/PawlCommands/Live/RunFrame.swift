import PawlAPI
import PawlModel

/// What the picture of a followed run is made of.
struct LiveState {
    /// The run with all its steps.
    var status: RunStatus
    /// When pawld told so: what it says of time left is of that moment.
    var told: Timestamp
    /// The last lines that steps wrote, by the steps' names, the newest one last.
    var tails: [String: [String]] = [:]
    /// What else is to be said of the run, such as that pawld is waited for.
    var remark: String?
    /// What is asked at the bottom.
    var question: String?
}

/// A followed run as a picture of a given size: the run, its steps with what they wrote last, and what is asked. Nothing of it
/// depends on anything but what it is given.
struct RunFrame {
    var style: Style

    /// The lines of the picture.
    ///
    /// - Parameters:
    ///   - width: the terminal's columns; no line is longer.
    ///   - height: the terminal's lines; there are fewer lines than that, since the cursor stands on one of its own.
    func lines(_ state: LiveState, now: Timestamp, width: Int, height: Int) -> [String] {
        var top = heading(state, now: now, width: width)
        var bottom: [String] = []
        if let failed = state.status.culprits.first, !state.status.state.isEnded, height > 8 {
            bottom.append(dim("  why: '\(state.status.hint(to: failed))'", width))
        }
        if let step = state.status.steps.first(where: \.waitsForPerson), !state.status.state.isEnded, height > 5 {
            bottom.append(dim("  answer: 'pawl approve \(state.status.run) \(step.name)', or reject", width))
        }
        if let question = state.question { bottom.append(style.paint(style.cut(question, to: width), .bold)) }
        let room = height - 1
        // On a terminal of a few lines what is asked comes first, then what the run does.
        if top.count + bottom.count > room {
            bottom = bottom.suffix(max(state.question == nil ? 0 : 1, room - top.count))
            top = Array(top.prefix(max(0, room - bottom.count)))
        }
        let rows = StepRows(state, now: now, style: style)
        return top + rows.lines(width: width, room: max(0, room - top.count - bottom.count)) + bottom
    }

    private func heading(_ state: LiveState, now: Timestamp, width: Int) -> [String] {
        let status = state.status
        var first = [(status.run, Style.Colour?.some(.bold)), (status.state.rawValue, Style.colour(of: status.state))]
        if let seconds = status.elapsed(now: now) { first.append((TimeForms.wholeSeconds(seconds), nil)) }
        if let words = state.remark ?? status.reason.map(Style.harmless), !words.isEmpty {
            first.append(("(\(words))", nil))
        }
        var second = [("[\(status.stepsDone)/\(status.stepsTotal)]", Style.Colour?.none)]
        if status.stepsTotal > 0 {
            let share = Double(status.stepsDone) / Double(status.stepsTotal)
            second.append(("\(Int(share * 100)) %", nil))
            if width >= 40 {
                second.append((style.bar(share, width: min(30, width / 4)), Style.colour(of: status.state)))
            }
        }
        if status.state == .running, let left = status.secondsLeft {
            second.append(("about \(TimeForms.left(left, since: state.told, now: now)) left", nil))
        }
        func line(_ parts: [(String, Style.Colour?)]) -> String {
            let plain = parts.map { $0.0 }.joined(separator: " ")
            guard TerminalText.width(of: plain) <= width else { return style.cut(plain, to: width) }
            return parts.map { style.paint($0.0, $0.1) }.joined(separator: " ")
        }
        let both = first + [("", nil)] + second
        let length = both.reduce(both.count - 1) { $0 + TerminalText.width(of: $1.0) }
        if length <= width { return [line(both)] }
        return [line(first), line(second)]
    }

    private func dim(_ text: String, _ width: Int) -> String { style.paint(style.cut(text, to: width), .grey) }
}

extension Style {
    /// A bar that is filled to a share.
    func bar(_ share: Double, width: Int) -> String {
        let inner = hasUnicode ? width : max(0, width - 2)
        let full = min(inner, max(0, Int((share * Double(inner)).rounded(.down))))
        if hasUnicode {
            return String(repeating: "█", count: full) + String(repeating: "░", count: inner - full)
        }
        return "[" + String(repeating: "#", count: full) + String(repeating: "-", count: inner - full) + "]"
    }
}

extension TimeForms {
    /// What is left of an estimate some time after it was made; at least a second, since nobody knows it that well.
    static func left(_ seconds: Double, since told: Timestamp, now: Timestamp) -> String {
        wholeSeconds(max(1, (seconds - max(0, now.seconds(since: told))).rounded()))
    }
}

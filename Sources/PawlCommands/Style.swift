import PawlAPI
import PawlModel
import PawlPictures

/// How text looks where it is shown: with colours or without, with the signs of Unicode or of ASCII.
struct Style: Equatable {
    /// The colours in use, as the codes of ECMA-48 (`man:console_codes(4)`).
    enum Colour: String {
        case red = "31"
        case green = "32"
        case yellow = "33"
        case grey = "90"
        case bold = "1"
    }

    /// Whether colours are shown.
    var hasColour = false
    /// Whether the signs of Unicode are shown.
    var hasUnicode = false

    /// No colours, no signs but ASCII's.
    static let plain = Style()

    /// Reads the environment as other programs do: `NO_COLOR` (`https://no-color.org`), `TERM` and the locale.
    init(isTerminal: Bool, environment: [String: String]) {
        let isDumb = (environment["TERM"] ?? "dumb") == "dumb"
        hasColour = isTerminal && !isDumb && (environment["NO_COLOR"] ?? "").isEmpty
        // The first one that is set and not empty decides (man:locale(7)).
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        let name = locale.lowercased()
        hasUnicode = name.hasSuffix("utf-8") || name.hasSuffix("utf8")
    }

    /// A style as it is stated.
    init(hasColour: Bool = false, hasUnicode: Bool = false) {
        self.hasColour = hasColour
        self.hasUnicode = hasUnicode
    }

    /// The text in that colour.
    func paint(_ text: String, _ colour: Colour?) -> String {
        guard hasColour, let colour, !text.isEmpty else { return text }
        return "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m"
    }

    /// The sign of a step's state: one character.
    func mark(_ state: StepState) -> String { TerminalGraph.mark(state, hasUnicode: hasUnicode) }

    /// The sign before a step: what waits for a person is not just one that waits.
    func mark(_ step: StepStatus) -> String { step.waitsForPerson ? "?" : mark(step.state) }

    /// The dot before a run's or the daemon's name, as systemctl has it.
    var dot: String { hasUnicode ? "●" : "*" }

    /// What stands beside a step that a run's length came from.
    var critical: String { hasUnicode ? "◆" : "#" }

    /// What stands where text was cut off.
    var ellipsis: String { hasUnicode ? "…" : "." }

    /// The colour of a step's state.
    static func colour(of state: StepState) -> Colour? {
        switch state {
        case .waiting, .skipped: .grey
        case .running: .yellow
        case .succeeded: .green
        case .failed, .timedOut, .interrupted: .red
        case .cancelled: nil
        }
    }

    /// The colour of a step.
    static func colour(of step: StepStatus) -> Colour? { step.waitsForPerson ? .yellow : colour(of: step.state) }

    /// The colour of a run's state.
    static func colour(of state: RunState) -> Colour? {
        switch state {
        case .queued, .paused: .grey
        case .running: .yellow
        case .succeeded: .green
        case .failed, .timedOut, .stopped: .red
        case .cancelled: nil
        }
    }

    /// The text cut to a width in columns.
    func cut(_ text: String, to width: Int) -> String { TerminalText.cut(text, to: width, ellipsis: ellipsis) }

    /// The text without what a terminal would take as orders.
    static func harmless(_ text: String) -> String { TerminalText.harmless(text) }
}

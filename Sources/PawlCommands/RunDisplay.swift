import PawlAPI
import PawlModel

/// Where a followed run is shown.
protocol RunDisplay: AnyObject {
    /// pawld told something: all that is known now, what is new in it, and the answer as it came.
    func show(_ status: RunStatus, changes: [RunChange], answer: RunStatus) throws
    /// Time went by; whether pawld is waited for.
    func tick(_ status: RunStatus, isWaiting: Bool)
    /// The run has ended or stopped.
    func end(_ status: RunStatus) throws
}

/// Lines, one for each change.
final class PlainDisplay: RunDisplay {
    private let surroundings: Surroundings
    private var isHeadingShown: Bool

    init(_ surroundings: Surroundings) {
        self.surroundings = surroundings
        isHeadingShown = false
    }

    private var text: RunText { RunText(zone: surroundings.zone, style: surroundings.style) }

    func show(_ status: RunStatus, changes: [RunChange], answer: RunStatus) {
        if !isHeadingShown { surroundings.output.line(text.heading(status)) }
        isHeadingShown = true
        for change in changes {
            guard let line = text.line(change, now: surroundings.now()) else { continue }
            surroundings.output.line(line)
        }
        surroundings.output.flush()
    }

    func tick(_ status: RunStatus, isWaiting: Bool) {}

    func end(_ status: RunStatus) throws {
        for line in text.outcome(status, now: surroundings.now()) { surroundings.output.line(line) }
    }
}

/// A picture that is drawn again in place.
final class LiveDisplay: RunDisplay {
    private let surroundings: Surroundings
    private var drawn = 0

    init(_ surroundings: Surroundings) {
        self.surroundings = surroundings
    }

    func show(_ status: RunStatus, changes: [RunChange], answer: RunStatus) { draw(status) }

    func tick(_ status: RunStatus, isWaiting: Bool) {
        draw(status, remark: isWaiting ? "waiting for pawld" : nil)
    }

    func end(_ status: RunStatus) throws {
        let text = RunText(zone: surroundings.zone, style: surroundings.style)
        for line in text.outcome(status, now: surroundings.now()) { surroundings.output.line(line) }
    }

    private func draw(_ status: RunStatus, remark: String? = nil) {
        // Asked each time: the window may have been made smaller.
        let size = surroundings.screenSize() ?? (80, 24)
        let frame = RunFrame(style: surroundings.style)
        let lines = frame.lines(
            status, now: surroundings.now(), width: size.width, height: size.height, remark: remark)
        // Up to the picture's first line; each line clears its rest, the last one what an earlier picture had below
        // (man:console_codes(4): CUU, EL, ED).
        var picture = drawn > 0 ? "\u{1B}[\(drawn)A\r" : ""
        for line in lines { picture += line + "\u{1B}[K\n" }
        surroundings.output.write(picture + "\u{1B}[J")
        surroundings.output.flush()
        drawn = lines.count
    }
}

/// One JSON object a line: the run as pawld told it, first whole, then with the steps that changed.
final class JSONDisplay: RunDisplay {
    private let surroundings: Surroundings
    private var isFirst = true
    private var last: RunStatus?

    init(_ surroundings: Surroundings) {
        self.surroundings = surroundings
    }

    func show(_ status: RunStatus, changes: [RunChange], answer: RunStatus) throws {
        // The first answer after a restart of pawld is the whole run again; it is said only if it says something new.
        guard status != last else { return }
        last = status
        surroundings.output.line(try JSONText.line(answer))
        surroundings.output.flush()
    }

    func tick(_ status: RunStatus, isWaiting: Bool) {}
    func end(_ status: RunStatus) throws {}
}

/// Nothing until the end, then the outcome.
final class FinalDisplay: RunDisplay {
    private let surroundings: Surroundings
    private let format: OutputFormat

    init(_ surroundings: Surroundings, format: OutputFormat) {
        self.surroundings = surroundings
        self.format = format
    }

    func show(_ status: RunStatus, changes: [RunChange], answer: RunStatus) {}
    func tick(_ status: RunStatus, isWaiting: Bool) {}

    func end(_ status: RunStatus) throws {
        switch format {
        case .json:
            try surroundings.print(json: status)
        case .text:
            let text = RunText(zone: surroundings.zone, style: surroundings.style)
            for line in text.outcome(status, now: surroundings.now()) { surroundings.output.line(line) }
        }
    }
}

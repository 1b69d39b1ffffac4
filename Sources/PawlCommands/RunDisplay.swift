import PawlAPI
import PawlModel

/// Where a followed run is shown.
protocol RunDisplay: AnyObject {
    /// pawld told something: all that is known now, what is new in it, and the answer as it came.
    func show(_ status: RunStatus, changes: [RunChange], answer: RunStatus) throws
    /// Time went by; whether pawld is waited for.
    ///
    /// - Throws: `FollowerLeft` when whoever looks on has seen enough.
    func tick(_ status: RunStatus, isWaiting: Bool) throws
    /// The run has ended or stopped.
    func end(_ status: RunStatus) throws
    /// Nothing more is shown, for whatever reason.
    func close()
}

extension RunDisplay {
    func close() {}
}

/// Whoever followed a run does not any more, and it goes on.
struct FollowerLeft: Error {
    /// What is said about it.
    var message: String
    /// What shells report for a program that SIGINT ended.
    static let exitStatus: Int32 = 130
    /// What the manual says of it.
    static let meaning = "Interrupted with ^C, or left at its question; the run goes on."
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
        let start = isHeadingShown ? nil : status.started.moment
        if !isHeadingShown { surroundings.output.line(text.heading(status)) }
        isHeadingShown = true
        for (change, time) in RunHistory(changes, of: status, since: start).entries {
            guard let line = text.line(change, now: time ?? surroundings.now()) else { continue }
            surroundings.output.line(line)
        }
        surroundings.output.flush()
    }

    func tick(_ status: RunStatus, isWaiting: Bool) {}

    func end(_ status: RunStatus) throws {
        for line in text.outcome(status, now: surroundings.now()) { surroundings.output.line(line) }
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
        var compared = status
        compared.secondsLeft = nil
        for place in compared.steps.indices { compared.steps[place].secondsLeft = nil }
        guard compared != last else { return }
        last = compared
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
            let lines = text.outcome(status, now: surroundings.now())
            if !surroundings.isQuiet {
                for line in lines { surroundings.output.line(line) }
            } else if status.state != .succeeded {
                // What a timer or cron runs is to be heard of when it has failed, and only then.
                surroundings.warn(lines: lines)
            }
        }
    }
}

import PawlAPI
import PawlModel

/// One line of a log as text.
struct LogPrinter {
    var zone: Zone
    /// Whether a person's terminal reads it, which must not take orders from what a step wrote.
    var isTerminal: Bool

    /// How a time is written.
    enum Time {
        case short, precise, iso
    }

    /// The line with its time and its step.
    func line(_ entry: Messages.LogEntry, _ form: Time = .short) -> String {
        let write: (Timestamp) -> String =
            switch form {
            case .short: zone.journal
            case .precise: zone.precise
            case .iso: zone.iso
            }
        let time = Optional(entry.time).moment.map(write) ?? entry.time
        return "\(time) \(entry.name ?? "pawld"): \(message(entry))"
    }

    /// What was written, alone.
    func message(_ entry: Messages.LogEntry) -> String {
        isTerminal ? TerminalText.legible(entry.message) : entry.message
    }
}

/// Knows which lines of a log were printed, so that after a break the log can be read from its beginning again and go
/// on where it was.
struct LogPosition {
    private var count = 0
    private var lastTime = ""
    private var countAtLastTime = 0
    /// Whether the first reading had only the last lines: then lines cannot be counted from the log's beginning.
    let isTail: Bool

    private var toSkip = 0
    private var skippedAtLastTime = 0
    private var isBehind = false

    init(isTail: Bool) {
        self.isTail = isTail
    }

    /// Whether anything was printed.
    var hasBegun: Bool { count > 0 }

    /// The log is read from its beginning again.
    mutating func rewind() {
        toSkip = isTail ? 0 : count
        isBehind = isTail && count > 0
        skippedAtLastTime = 0
    }

    /// Whether the entry, the next one in the log's order, has not been printed yet.
    mutating func isNew(_ entry: Messages.LogEntry) -> Bool {
        if toSkip > 0 {
            toSkip -= 1
            return false
        }
        // Times are RFC 3339 in UTC of one form: their order is that of the text.
        if isBehind {
            if entry.time < lastTime { return false }
            if entry.time == lastTime, skippedAtLastTime < countAtLastTime {
                skippedAtLastTime += 1
                return false
            }
            isBehind = false
        }
        count += 1
        if entry.time == lastTime { countAtLastTime += 1 } else { (lastTime, countAtLastTime) = (entry.time, 1) }
        return true
    }
}

import EventLoopKit
import PawlAPI
import PawlModel
import SystemdKit
import VarlinkKit

/// Reads what a run's steps wrote, from the journal. Group `pawl` cannot read the system journal, so pawld does it for
/// them, filtered by run.
struct LogReader: Sendable {
    private static let fields = [
        "MESSAGE", "PRIORITY", "PAWL_STEP", "PAWL_ITEM", "PAWL_ATTEMPT", "MESSAGE_ID", "_TRANSPORT", "PAWL_RUN",
        "SYSLOG_IDENTIFIER",
    ]
    private static let journald = "/run/systemd/journal/io.systemd.journal"

    /// The thread on which the journal is read.
    let executor: EventLoop
    /// Whose units the steps are.
    var scope = RuntimeScope.system

    /// Which lines are wanted.
    struct Selection: Sendable {
        /// The run.
        var run: RunID
        /// Its full name.
        var name: String
        /// When it was started: nothing of it is before that.
        var started: Timestamp?
        /// One step alone.
        var step: String?
        /// One item of it alone.
        var item: Int?
        /// None before it.
        var since: Timestamp?
        /// None after it.
        var until: Timestamp?
        /// None that is less important, as syslog counts.
        var priority: Int?
    }

    /// Opens the log of a run, or of one of its steps.
    ///
    /// - Parameter position: where to begin.
    func open(_ selection: Selection, at position: JournalPosition) async throws -> OpenLog {
        // What the run's processes wrote before this moment is to be in what is read: journald takes it in first.
        await synchronize()
        var matches = scope.isUser ? userMatches(selection) : systemMatches(selection)
        // Several of one field stand for one or the other (`man:sd_journal_add_match(3)`).
        if let priority = selection.priority, priority < 7 {
            matches += (0...max(priority, 0)).map { .field("PRIORITY", String($0)) }
        }
        let reader = JournalReader(loop: executor, fields: LogReader.fields + [scope.unitField])
        var position = position
        if case .head = position, let since = selection.since ?? (scope.isUser ? selection.started : nil) {
            position = .since(realtime: UInt64(clamping: since.microseconds))
        }
        try await reader.open(matches: matches, at: position)
        return OpenLog(
            reader: reader, unitPrefix: "\(AttemptName.unitPrefix)\(selection.run).", selection: selection, scope: scope
        )
    }

    private func systemMatches(_ selection: Selection) -> [JournalMatch] {
        [.field("PAWL_RUN", selection.name)] + (selection.step.map { [.field("PAWL_STEP", $0)] } ?? [])
            + (selection.item.map { [.field("PAWL_ITEM", String($0))] } ?? [])
    }

    /// journald reads the further fields of a unit's output from files that a user's manager does not write. So all output of the
    /// user's processes is looked through for the name that the run's steps give theirs, as `RuntimeScope.logName` has it.
    private func userMatches(_ selection: Selection) -> [JournalMatch] {
        [
            .field("_UID", String(scope.owner)), .field("_TRANSPORT", "stdout"), .disjunction,
            .field("_UID", String(scope.owner)), .field("PAWL_RUN", selection.name), .conjunction,
        ]
    }

    /// Asks journald to write out all that it was sent (`man:journalctl(1)`, --sync). Where that is not to be had the log
    /// is a moment late, and that is all.
    func synchronize() async {
        await Synchronizer(executor: executor).synchronize(LogReader.journald)
    }

    private actor Synchronizer {
        let executor: EventLoop
        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
        init(executor: EventLoop) { self.executor = executor }

        func synchronize(_ path: String) {
            guard let client = try? Client(path: path) else { return }
            _ = try? client.call("io.systemd.Journal.Synchronize")
        }
    }
}

/// A log that is being read.
struct OpenLog: Sendable {
    let reader: JournalReader
    let unitPrefix: String
    let selection: LogReader.Selection
    let scope: RuntimeScope

    /// The next lines; nil at the end of what there is.
    func next() async throws -> Batch? { batch(try await reader.read()) }

    /// The next lines, waiting for the first; nil once the log was closed.
    func follow() async throws -> Batch? { batch(try await reader.follow()) }

    /// Some lines, and the place after them.
    struct Batch: Sendable {
        /// The lines; none if all there was belonged to others.
        var lines: [Messages.LogEntry]
        /// The place of the last entry that was read.
        var cursor: String
        /// How many entries were read.
        var count: Int
    }

    private func batch(_ entries: [JournalEntry]) -> Batch? {
        entries.last.map { Batch(lines: entries.compactMap(line), cursor: $0.cursor, count: entries.count) }
    }

    /// Ends a `follow` that waits.
    func close() async { await reader.close() }

    private func line(_ entry: JournalEntry) -> Messages.LogEntry? {
        if let place = output(entry) { return line(entry, place) }
        // What a user's process has printed under another name is none of the run's.
        if scope.isUser, entry["PAWL_RUN"] != selection.name { return nil }
        // Any process may write PAWL_RUN= into the journal. The unit is set by journald itself.
        // And whoever writes to stdout cannot give a field: there it can only be the unit's own, as a service of a step's has.
        guard let unit = entry[scope.unitField],
            unit.hasPrefix(unitPrefix) || unit == "pawld.service" || entry["_TRANSPORT"] == "stdout"
        else { return nil }
        // What pawld says about a step is not what the step wrote.
        let isOwn = unit == "pawld.service" && entry["MESSAGE_ID"] != nil
        if isOwn, selection.step != nil { return nil }
        let number = { (name: String) in entry[name].flatMap { Int($0) } }
        return line(
            entry,
            Place(
                step: isOwn ? nil : entry["PAWL_STEP"], item: isOwn ? nil : number("PAWL_ITEM"),
                attempt: number("PAWL_ATTEMPT")))
    }

    /// Whose a line is.
    private struct Place {
        var step: String?
        var item: Int?
        var attempt: Int?
    }

    /// The step and the attempt of what a user's step has printed, told by its name alone.
    private func output(_ entry: JournalEntry) -> Place? {
        guard scope.isUser, entry["_TRANSPORT"] == "stdout", let name = entry["SYSLOG_IDENTIFIER"],
            name.hasPrefix(unitPrefix), let attempt = AttemptName(unit: name + ".service")
        else { return nil }
        return Place(step: attempt.step, item: attempt.item, attempt: attempt.number)
    }

    private func line(_ entry: JournalEntry, _ place: Place) -> Messages.LogEntry? {
        if let wanted = selection.step, wanted != place.step { return nil }
        if let wanted = selection.item, wanted != place.item { return nil }
        // A clock that was set leaves entries whose order is not that of their times: each is looked at.
        let time = Int64(clamping: entry.realtime)
        if let since = selection.since, time < since.microseconds { return nil }
        if let until = selection.until, time > until.microseconds { return nil }
        return Messages.LogEntry(
            time: TimeText.text(of: Timestamp(microseconds: time)),
            step: place.step, item: place.item, attempt: place.attempt,
            priority: entry["PRIORITY"].flatMap { Int($0) }, message: entry["MESSAGE"] ?? "")
    }
}

import FoundationEssentials
package import PawlEngine
package import PawlModel
import SQLiteKit

/// The events of all runs, and what is read from them, in one SQLite file. It has one owner, who calls it from one
/// thread; what it returns from `record` is durable (WAL with synchronous=FULL, https://sqlite.org/pragma.html).
package final class Store {
    let connection: Connection
    private let encoder: JSONEncoder
    private let decoder = JSONDecoder()
    /// Run numbers by ID: the key of the events' table is small.
    private var numbers: [RunID: Int64] = [:]
    private let mark: StoreMark?

    /// Opens the store, makes it if it is missing, and brings it up to this version.
    package init(path: String) throws {
        connection = try Connection(path: path)
        mark = StoreMark(of: path)
        encoder = JSONEncoder()
        // The same event is the same text, so that stores can be compared.
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try connection.enableWriteAheadLog()
        // A quarter of SQLite's own default, in KiB: runs are written once and read seldom, and pawld idles most of the
        // time.
        try connection.execute("PRAGMA cache_size = -512")
        try Migrations.migrate(connection)
    }

    /// Records what happened to some runs in one transaction. When this returns, it survives a power cut.
    package func record(_ changes: [RunChange]) throws {
        try connection.transaction {
            for change in changes { try record(change) }
        }
        if let last = changes.last, let event = last.events.last {
            mark?.write(StoreMark.Content(run: last.summary.id, sequence: event.sequence))
        }
    }

    private func record(_ change: RunChange) throws {
        let summary = change.summary
        let number: Int64
        if let known = try self.number(of: summary.id) {
            number = known
            // Only of runs that go on, and only once they are committed: a number that was rolled back is given anew.
            numbers[summary.id] = known
            try connection.run(
                "UPDATE runs SET state = ?, ended = ?, steps_done = ?, steps_total = ? WHERE number = ?",
                [
                    .text(summary.state.rawValue), .init(summary.ended?.microseconds), .init(summary.stepsDone),
                    .init(summary.stepsTotal), .integer(number),
                ])
        } else {
            try connection.run(
                """
                INSERT INTO runs (id, workflow, state, started, ended, steps_done, steps_total, parent, key)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(summary.id.rawValue), .text(summary.workflow), .text(summary.state.rawValue),
                    .integer(summary.started.microseconds), .init(summary.ended?.microseconds),
                    .init(summary.stepsDone), .init(summary.stepsTotal), .init(summary.parent?.rawValue),
                    .init(summary.key),
                ])
            number = connection.lastInsertRowID
        }
        for entry in change.events {
            try connection.run(
                "INSERT INTO events (run, sequence, time, kind, body) VALUES (?, ?, ?, ?, ?)",
                [
                    .integer(number), .init(entry.sequence), .integer(entry.time.microseconds),
                    .text(entry.event.kind.rawValue), .text(try text(of: entry.event.body)),
                ])
        }
        if !change.times.isEmpty { try record(change.times, of: number, summary.workflow, steps: change.steps) }
        if summary.ended != nil { numbers[summary.id] = nil }
    }

    /// The events of a run, the first one first; empty for a run that is not there.
    package func events(of id: RunID) throws -> [RecordedEvent] {
        guard let number = try number(of: id) else { return [] }
        var events: [RecordedEvent] = []
        try connection.each(
            "SELECT sequence, time, kind, body FROM events WHERE run = ? ORDER BY sequence", [.integer(number)]
        ) { row in
            let sequence: Int = try row.get(0)
            let kind: String = try row.get(2)
            let body: String = try row.get(3)
            events.append(
                RecordedEvent(
                    sequence: sequence, time: Timestamp(microseconds: try row.get(1)),
                    event: try event(kind: kind, body: body, run: id, sequence: sequence)))
        }
        return events
    }

    /// The run as its events have left it; nil if it is not there.
    package func run(_ id: RunID) throws -> Run? {
        let events = try events(of: id)
        guard let first = events.first, case .runCreated(let created) = first.event else { return nil }
        var run = try Run(id: id, created: created, at: first.time)
        for entry in events.dropFirst() { try run.apply(recorded: entry.event, at: entry.time) }
        return run
    }

    /// Of a run's events those that tell which locks it holds, the first one first.
    package func lockEvents(of id: RunID) throws -> [Event] {
        guard let number = try number(of: id) else { return [] }
        let kinds = HeldLocks.kinds.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")
        var events: [Event] = []
        try connection.each(
            "SELECT sequence, kind, body FROM events WHERE run = ? AND kind IN (\(kinds)) ORDER BY sequence",
            [.integer(number)]
        ) { row in
            let (kind, body): (String, String) = (try row.get(1), try row.get(2))
            events.append(try event(kind: kind, body: body, run: id, sequence: try row.get(0)))
        }
        return events
    }

    /// The runs that have not ended, the first one first.
    package func openRuns() throws -> [RunSummaryRow] {
        try connection.rows("\(Self.select) WHERE ended IS NULL ORDER BY number").map(Self.summary)
    }

    /// All runs, the newest first.
    package func allRuns() throws -> [RunSummaryRow] {
        try connection.rows("\(Self.select) ORDER BY number DESC").map(Self.summary)
    }

    /// The newest run of a workflow.
    package func newestRun(of workflow: String) throws -> RunSummaryRow? {
        try rows("workflow = ? ORDER BY number DESC LIMIT 1", [.text(workflow)]).first
    }

    /// The newest run that was started with a key.
    package func run(ofKey key: String) throws -> RunSummaryRow? {
        try rows("key = ? ORDER BY number DESC LIMIT 1", [.text(key)]).first
    }

    /// What the mark says is known and said by now.
    func forgetMark() { mark?.forget() }

    /// What the mark says of a run is no sign of a loss any more.
    func forgetMark(of run: RunID) { mark?.forget(run) }

    /// What the store lacks of what was committed last, in words; nil if nothing.
    func lack() throws -> String? {
        guard let last = StoreMark.read(of: connection.path) else { return nil }
        let number = try number(of: last.run)
        let count: Int64 =
            try number.flatMap {
                try connection.first("SELECT max(sequence) FROM events WHERE run = ?", [.integer($0)])?.get(0)
            } ?? 0
        guard count < last.sequence else { return nil }
        return "the last commits are missing: run \(last.run) had \(last.sequence) events, and "
            + (number == nil ? "the store does not know it" : "\(count) of them are left")
    }

    /// What is wrong with the file; empty if nothing is. All of it is read.
    func faults() throws -> [String] {
        var faults = try connection.integrityCheck()
        // What SQLite finds in order and cannot be ours: keys that the damage has made into other keys.
        for (sql, words) in Store.rules where try connection.first(sql) != nil { faults.append(words) }
        return faults
    }

    private static let rules = [
        ("SELECT 1 FROM events WHERE run NOT IN (SELECT number FROM runs) LIMIT 1", "there are events of no run"),
        ("SELECT 1 FROM runs WHERE number NOT IN (SELECT run FROM events) LIMIT 1", "there is a run without events"),
        (
            "SELECT 1 FROM events GROUP BY run HAVING min(sequence) <> 1 OR max(sequence) <> count(*) LIMIT 1",
            "a run has a gap in its events"
        ),
        (
            """
            SELECT 1 FROM runs WHERE (ended IS NOT NULL) <> ((SELECT kind FROM events WHERE run = number
                AND kind <> 'run-undone' ORDER BY sequence DESC LIMIT 1) = 'run-ended') LIMIT 1
            """, "a run has ended, and its last event says otherwise"
        ),
    ]

    /// Whether a run of that ID was ever recorded.
    package func knows(_ id: RunID) throws -> Bool { try number(of: id) != nil }

    /// Finds runs by a name, an ID, a prefix of either, or `@last`; at most three, since two are too many already.
    package func find(_ text: String) throws -> [RunSummaryRow] {
        if text == "@last" {
            // One that somebody has started.
            return try connection.rows("\(Self.select) WHERE parent IS NULL ORDER BY number DESC LIMIT 1").map(
                Self.summary)
        }
        if let id = RunID(rawValue: text) ?? Self.id(inName: text) {
            let rows = try connection.rows("\(Self.select) WHERE id = ?", [.text(id.rawValue)]).map(Self.summary)
            if let row = rows.first, text == id.rawValue || row.id.name(of: row.workflow) == text { return [row] }
        }
        guard !text.isEmpty, text.utf8.count <= Names.longest + 1 + RunID.length else { return [] }
        var rows: [RunSummaryRow] = []
        for (condition, values) in Self.conditions(text) { rows += try self.rows("\(condition) LIMIT 3", values) }
        // A run may have been found by its ID and by its workflow.
        var found: Set<RunID> = []
        return Array(rows.filter { found.insert($0.id).inserted }.prefix(3))
    }

    /// The newest three runs that begin with a text, and how many there are: for somebody who has to choose.
    package func candidates(_ text: String) throws -> (newest: [RunSummaryRow], count: Int) {
        let conditions = Self.conditions(text)
        let values = conditions.flatMap(\.values)
        // A run may be found in more than one way, and UNION takes it once.
        let numbers = conditions.map { "SELECT number FROM runs WHERE \($0.sql)" }.joined(separator: " UNION ")
        var count = 0
        try connection.each("SELECT count(*) FROM (\(numbers))", values) { count = try $0.get(0) }
        let newest = "number IN (SELECT number FROM (\(numbers)) ORDER BY number DESC LIMIT 3) ORDER BY number DESC"
        return (try rows(newest, values), count)
    }

    /// In which ways a text may be the beginning of a run's name or ID. Each is a range of an index: with a million runs a look
    /// at every row would take a quarter of a second.
    private static func conditions(_ text: String) -> [(sql: String, values: [SQLiteKit.Value])] {
        var conditions = [
            ("id >= ? AND id < ?", range(text)), ("workflow >= ? AND workflow < ?", range(text)),
        ]
        for dash in text.indices where text[dash] == "-" {
            // A workflow's name may have dashes too, so each may be the one before the ID.
            let workflow = SQLiteKit.Value.text(String(text[..<dash]))
            let id = range(String(text[text.index(after: dash)...]))
            conditions.append(("workflow = ? AND id >= ? AND id < ?", [workflow] + id))
        }
        return conditions
    }

    /// How often in a row pawld did not survive taking a run up.
    package func recoveries() throws -> [RunID: Int] {
        var counts: [RunID: Int] = [:]
        // CROSS, so that SQLite goes through the few marks and not through all runs there ever were
        // (https://sqlite.org/optoverview.html, "Manual Control Of Query Plans").
        try connection.each("SELECT id, count FROM recoveries CROSS JOIN runs ON number = run", []) { row in
            let id: String = try row.get(0)
            if let id = RunID(rawValue: id) { counts[id] = try row.get(1) }
        }
        return counts
    }

    /// Marks some runs as being taken up, all or none.
    package func markRecovery(of runs: [RunID]) throws {
        try connection.transaction {
            for id in runs {
                try connection.run(
                    """
                    INSERT INTO recoveries (run, count) SELECT number, 1 FROM runs WHERE id = ?
                    ON CONFLICT (run) DO UPDATE SET count = count + 1
                    """, [.text(id.rawValue)])
            }
        }
    }

    /// Some runs were taken up, and pawld lives.
    package func clearRecovery(of runs: [RunID]) throws {
        try connection.transaction {
            for id in runs {
                try connection.run(
                    "DELETE FROM recoveries WHERE run = (SELECT number FROM runs WHERE id = ?)", [.text(id.rawValue)])
            }
        }
    }

    /// The runs for which something holds.
    func rows(_ condition: String, _ values: [SQLiteKit.Value]) throws -> [RunSummaryRow] {
        try connection.rows("\(Self.select) WHERE \(condition)", values).map(Self.summary)
    }

    /// From a text to what no text that begins with it comes after: SQLite compares bytes, and no name has this character.
    private static func range(_ text: String) -> [SQLiteKit.Value] { [.text(text), .text(text + "\u{10FFFF}")] }

    private static let select =
        "SELECT id, workflow, state, started, ended, steps_done, steps_total, parent, key FROM runs"

    private static func id(inName text: String) -> RunID? {
        guard let dash = text.lastIndex(of: "-") else { return nil }
        return RunID(rawValue: String(text[text.index(after: dash)...]))
    }

    private static func summary(_ row: Row) throws -> RunSummaryRow {
        let id: String = try row.get("id")
        let state: String = try row.get("state")
        guard let id = RunID(rawValue: id), let state = RunState(rawValue: state) else {
            throw StoreError.unreadable(run: id, sequence: 0, cause: "its row has an unknown state '\(state)'")
        }
        let ended: Int64? = try row.get("ended")
        let parent: String? = try row.get("parent")
        return RunSummaryRow(
            id: id, workflow: try row.get("workflow"), state: state,
            started: Timestamp(microseconds: try row.get("started")),
            ended: ended.map { Timestamp(microseconds: $0) }, stepsDone: try row.get("steps_done"),
            stepsTotal: try row.get("steps_total"), parent: parent.flatMap { RunID(rawValue: $0) },
            key: try row.get("key"))
    }

    func number(of id: RunID) throws -> Int64? {
        if let number = numbers[id] { return number }
        return try connection.first("SELECT number FROM runs WHERE id = ?", [.text(id.rawValue)])?.get(0)
    }

    private func text(of body: some Encodable) throws -> String {
        String(decoding: try encoder.encode(body), as: UTF8.self)
    }

    private func event(kind: String, body: String, run: RunID, sequence: Int) throws -> Event {
        guard let known = Event.Kind(rawValue: kind) else { throw UnreadableEvent(kind: kind) }
        do {
            return try Event(kind: known) { type in try decoder.decode(type, from: Data(body.utf8)) }
        } catch {
            throw StoreError.unreadable(run: run.rawValue, sequence: sequence, cause: "\(error)")
        }
    }
}

@available(*, unavailable, message: "a store belongs to the actor that opened it")
extension Store: Sendable {}

/// An event with its place and its time.
package struct RecordedEvent: Sendable, Equatable {
    /// Its place among the run's events, from 1.
    package var sequence: Int
    /// When it was decided.
    package var time: Timestamp
    /// What happened.
    package var event: Event

    /// Makes an entry.
    package init(sequence: Int, time: Timestamp, event: Event) {
        self.sequence = sequence
        self.time = time
        self.event = event
    }
}

/// What is to be recorded of one run.
package struct RunChange: Sendable {
    /// The run as it is after the events.
    package var summary: RunSummaryRow
    /// The events, in order.
    package var events: [RecordedEvent]
    /// How long its steps took, once it has ended.
    package var times: [String: StepTimes] = [:]
    /// The steps of its workflow: what is known of others of that name is of no use any more.
    package var steps: [String] = []

    /// Makes a change.
    package init(run: Run, events: [RecordedEvent]) {
        if run.ended != nil { (times, steps) = (run.times, run.stepNames) }
        summary = RunSummaryRow(
            id: run.id, workflow: run.created.workflow, state: run.state, started: run.started, ended: run.ended,
            stepsDone: run.stepsDone, stepsTotal: run.steps.count, parent: run.created.parent?.run, key: run.created.key
        )
        self.events = events
    }
}

/// One run in a list.
package struct RunSummaryRow: Sendable, Equatable {
    /// The ID.
    package var id: RunID
    /// The workflow's name.
    package var workflow: String
    /// What it is doing or how it ended.
    package var state: RunState
    /// When it was started.
    package var started: Timestamp
    /// When it ended.
    package var ended: Timestamp?
    /// How many of its steps have ended.
    package var stepsDone: Int
    /// How many steps it has.
    package var stepsTotal: Int
    /// The run that it is a step of, if it is that of another one.
    package var parent: RunID?
    /// What whoever started it calls it by.
    package var key: String?
}

import FoundationEssentials
package import PawlModel
import SQLiteKit

/// An event as it is on record: of a kind that this version may not know.
package struct WrittenEvent: Sendable, Equatable {
    /// Its place among the run's events, from 1.
    package var sequence: Int
    /// When it was decided.
    package var time: Timestamp
    /// The kind.
    package var kind: String
    /// What it carries.
    package var body: PawlModel.Value

    /// Makes an entry.
    package init(sequence: Int, time: Timestamp, kind: String, body: PawlModel.Value) {
        (self.sequence, self.time, self.kind, self.body) = (sequence, time, kind, body)
    }
}

extension Store {
    /// So many events and bytes are read at once: what a step wrote is in them.
    private static let eventsAtOnce = 256
    private static let bytesAtOnce = 1 << 20

    /// Some of a run's events as they were written, behind a place, the first one first; none at the end.
    package func writtenEvents(of id: RunID, after sequence: Int) throws -> [WrittenEvent] {
        guard let number = try number(of: id) else { return [] }
        let decoder = JSONDecoder()
        var (events, bytes): ([WrittenEvent], Int) = ([], 0)
        // The length first, so that of many large ones no more are read than are told.
        var last = sequence
        try connection.each(
            "SELECT sequence, length(body) FROM events WHERE run = ? AND sequence > ? ORDER BY sequence LIMIT ?",
            [.integer(number), .init(sequence), .init(Self.eventsAtOnce)]
        ) { row in
            let size: Int = try row.get(1)
            if bytes == 0 || bytes + size <= Self.bytesAtOnce {
                bytes += size
                last = try row.get(0)
            } else {
                bytes = .max / 2
            }
        }
        try connection.each(
            "SELECT sequence, time, kind, body FROM events WHERE run = ? AND sequence > ? AND sequence <= ? ORDER BY sequence",
            [.integer(number), .init(sequence), .init(last)]
        ) { row in
            let body: String = try row.get(3)
            let place: Int = try row.get(0)
            do {
                events.append(
                    WrittenEvent(
                        sequence: place, time: Timestamp(microseconds: try row.get(1)), kind: try row.get(2),
                        body: try decoder.decode(PawlModel.Value.self, from: Data(body.utf8))))
            } catch {
                throw StoreError.unreadable(run: id.rawValue, sequence: place, cause: "\(error)")
            }
        }
        return events
    }
}

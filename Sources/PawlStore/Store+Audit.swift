package import PawlModel
import SQLiteKit

extension Store {
    /// Writes down what was asked, before it is done. When this returns, it survives a power cut.
    ///
    /// - Returns: the record's number, for `end`.
    package func begin(audit record: AuditRecord) throws -> Int64 {
        let caller = record.caller
        try connection.run(
            """
            INSERT INTO audit (time, uid, pid, user, login, terminal, host, unit, action, target, detail, outcome, reason)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .integer(record.time.microseconds), .integer(Int64(caller.uid)), .integer(Int64(caller.pid)),
                .init(caller.user), .init(caller.login), .init(caller.terminal), .init(caller.host), .init(caller.unit),
                .text(record.action), .init(record.target), .init(record.detail), .text(record.outcome.rawValue),
                .init(record.reason),
            ])
        return connection.lastInsertRowID
    }

    /// Writes down what became of it.
    package func end(audit number: Int64, _ outcome: AuditRecord.Outcome, target: String?, reason: String?) throws {
        try connection.run(
            "UPDATE audit SET outcome = ?, target = coalesce(?, target), reason = ? WHERE number = ?",
            [.text(outcome.rawValue), .init(target), .init(reason), .integer(number)])
    }

    /// The records that are wanted, the first one first.
    package func audits(_ filter: AuditFilter) throws -> [AuditRecord] {
        var conditions: [String] = []
        var values: [SQLiteKit.Value] = []
        func demand(_ condition: String, _ value: SQLiteKit.Value?) {
            guard let value else { return }
            conditions.append(condition)
            values.append(value)
        }
        demand("time >= ?", filter.since.map { .integer($0.microseconds) })
        demand("time <= ?", filter.until.map { .integer($0.microseconds) })
        demand("uid = ?", filter.uid.map { .integer(Int64($0)) })
        demand("outcome = ?", filter.outcome.map { .text($0.rawValue) })
        let condition = conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND "))"
        // By number: a clock that was set back does not change the order in which things were asked.
        return try connection.rows(
            """
            SELECT time, uid, pid, user, login, terminal, host, unit, action, target, detail, outcome, reason
            FROM audit \(condition) ORDER BY number DESC LIMIT ?
            """, values + [.init(filter.limit)]
        ).map(Self.audit).reversed()
    }

    /// Removes records from before a moment, so many at most. Returns how many that were.
    package func removeAudits(before: Timestamp, limit: Int) throws -> Int {
        try connection.run(
            "DELETE FROM audit WHERE number IN (SELECT number FROM audit WHERE time < ? ORDER BY time LIMIT ?)",
            [.integer(before.microseconds), .init(limit)])
    }

    private static func audit(_ row: Row) throws -> AuditRecord {
        let uid: Int64 = try row.get("uid")
        let pid: Int64 = try row.get("pid")
        var caller = AuditCaller(uid: UInt32(truncatingIfNeeded: uid), pid: Int32(truncatingIfNeeded: pid))
        caller.user = try row.get("user")
        caller.login = try row.get("login")
        caller.terminal = try row.get("terminal")
        caller.host = try row.get("host")
        caller.unit = try row.get("unit")
        var record = AuditRecord(
            time: Timestamp(microseconds: try row.get("time")), caller: caller, action: try row.get("action"),
            target: try row.get("target"), detail: try row.get("detail"))
        let outcome: String = try row.get("outcome")
        record.outcome = AuditRecord.Outcome(rawValue: outcome) ?? .asked
        record.reason = try row.get("reason")
        return record
    }
}

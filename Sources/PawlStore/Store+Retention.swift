package import PawlModel
import SQLiteKit

extension Store {
    /// Runs that ended before a moment, and those that ended longest ago beyond so many; the oldest first. Those that are steps
    /// of others go with them, and are neither counted nor told of.
    package func expired(before: Timestamp?, beyond count: Int?, limit: Int) throws -> [RunSummaryRow] {
        var number = 0
        if let before {
            number = try self.count("ended < ? AND parent IS NULL", [.integer(before.microseconds)])
        }
        if let count { number = max(number, try self.count("ended IS NOT NULL AND parent IS NULL", []) - count) }
        guard number > 0 else { return [] }
        return try rows(
            "ended IS NOT NULL AND parent IS NULL ORDER BY ended, number LIMIT ?", [.init(min(number, limit))])
    }

    /// The runs that are steps of a run, those of their steps included.
    package func children(of run: RunID) throws -> [RunSummaryRow] {
        var (found, left) = ([RunSummaryRow](), [run])
        while let next = left.popLast() {
            let rows = try rows("parent = ?", [.text(next.rawValue)])
            found += rows
            left += rows.map(\.id)
        }
        return found
    }

    /// Removes some runs that have ended, all or none. Their space in the file is used again; nothing is moved about in it.
    package func remove(_ runs: [RunID]) throws {
        // Else a store without them would look like one that has lost commits.
        for run in runs { forgetMark(of: run) }
        try connection.transaction {
            for run in runs {
                guard let number = try number(of: run) else { continue }
                try connection.run("DELETE FROM events WHERE run = ?", [.integer(number)])
                try connection.run("DELETE FROM recoveries WHERE run = ?", [.integer(number)])
                try connection.run("DELETE FROM runs WHERE number = ?", [.integer(number)])
            }
        }
    }

    private func count(_ condition: String, _ values: [SQLiteKit.Value]) throws -> Int {
        try connection.first("SELECT count(*) FROM runs WHERE \(condition)", values)?.get(0) ?? 0
    }
}

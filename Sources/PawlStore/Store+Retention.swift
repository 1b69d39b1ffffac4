package import PawlModel
import SQLiteKit

extension Store {
    /// Runs that ended before a moment, and those that ended longest ago beyond so many; the oldest first. Those that are steps
    /// of others go with them, and are neither counted nor told of.
    package func expired(before: Timestamp?, beyond count: Int?, limit: Int) throws -> [RunSummaryRow] {
        let number = try expired(before: before, beyond: count)
        guard number > 0 else { return [] }
        return try rows(
            "ended IS NOT NULL AND parent IS NULL ORDER BY ended, number LIMIT ?", [.init(min(number, limit))])
    }

    /// How many runs these are, with those that are steps of them.
    package func expiredCount(before: Timestamp?, beyond count: Int?) throws -> Int {
        let number = try expired(before: before, beyond: count)
        guard number > 0 else { return 0 }
        return try connection.first(
            """
            WITH RECURSIVE gone (id) AS (
              SELECT id FROM (
                SELECT id FROM runs WHERE ended IS NOT NULL AND parent IS NULL ORDER BY ended, number LIMIT ?)
              UNION ALL SELECT runs.id FROM gone CROSS JOIN runs ON runs.parent = gone.id)
            SELECT count(*) FROM gone
            """, [.init(number)])?.get(0) ?? 0
    }

    private func expired(before: Timestamp?, beyond count: Int?) throws -> Int {
        var number = 0
        if let before {
            number = try self.count("ended < ? AND parent IS NULL", [.integer(before.microseconds)])
        }
        if let count { number = max(number, try self.count("ended IS NOT NULL AND parent IS NULL", []) - count) }
        return number
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
            var workflows: Set<String> = []
            for run in runs {
                guard let number = try number(of: run) else { continue }
                if let name: String = try connection.first(
                    "SELECT workflow FROM runs WHERE number = ?", [.integer(number)])?
                    .get(0)
                {
                    workflows.insert(name)
                }
                try connection.run("DELETE FROM events WHERE run = ?", [.integer(number)])
                try connection.run("DELETE FROM recoveries WHERE run = ?", [.integer(number)])
                try connection.run("DELETE FROM runs WHERE number = ?", [.integer(number)])
            }
            try forgetTimes(of: workflows)
        }
    }

    private func count(_ condition: String, _ values: [SQLiteKit.Value]) throws -> Int {
        try connection.first("SELECT count(*) FROM runs WHERE \(condition)", values)?.get(0) ?? 0
    }
}

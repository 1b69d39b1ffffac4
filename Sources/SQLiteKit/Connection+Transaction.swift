/// When a transaction takes its locks (https://sqlite.org/lang_transaction.html).
package enum TransactionMode: String, Sendable {
    /// With the first statement; a later write may meet SQLITE_BUSY that no waiting can solve.
    case deferred = "DEFERRED"
    /// The write lock at once: the mode for whatever writes.
    case immediate = "IMMEDIATE"
    /// As `immediate`; outside WAL readers are kept away too.
    case exclusive = "EXCLUSIVE"
}

extension Connection {
    /// Runs `body` in a transaction: committed when it returns, rolled back when it throws.
    ///
    /// The error is that of `body`, or of COMMIT, or RollbackFailure with both if the rollback fails as well. One inside
    /// another is refused with SQLITE_MISUSE: whoever is called inside cannot know what would be rolled back.
    @discardableResult
    package func transaction<Result>(
        _ mode: TransactionMode = .immediate, _ body: () throws -> Result
    ) throws -> Result {
        let begin = "BEGIN \(mode.rawValue)"
        guard !isInTransaction else {
            throw SQLiteError(
                .SQLITE_MISUSE,
                message: "a transaction is already open on this connection, and there are none within another",
                sql: begin, path: path)
        }
        try run(begin)
        do {
            let result = try body()
            // If SQLite gave the transaction up inside and `body` went on regardless, COMMIT says so here.
            try run("COMMIT")
            return result
        } catch {
            // After SQLITE_FULL, IOERR, NOMEM and some BUSY there is nothing left to roll back: SQLite has done it, and a
            // second ROLLBACK would hide the first error behind "no transaction is active".
            guard isInTransaction else { throw error }
            do {
                try run("ROLLBACK")
            } catch let rollback {
                throw RollbackFailure(cause: error, rollback: rollback)
            }
            throw error
        }
    }
}

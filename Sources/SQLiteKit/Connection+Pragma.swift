extension Connection {
    /// Asks for a PRAGMA; nil if SQLite answers with no row, which is how it treats an unknown one.
    package func pragma(_ name: String) throws(SQLiteError) -> Value? {
        try first("PRAGMA \(checked(name))")?[0]
    }

    /// Sets a PRAGMA to a word or a number and returns SQLite's answer, if it gives one.
    ///
    /// SQLite may keep the old setting without an error: look at the answer, or ask again.
    @discardableResult
    package func setPragma(_ name: String, _ value: String) throws(SQLiteError) -> Value? {
        try first("PRAGMA \(checked(name)) = \(checked(value))")?[0]
    }

    /// The number an application keeps in the file's head for its migrations. Setting it is part of the transaction.
    package var userVersion: Int {
        get throws(SQLiteError) {
            guard let row = try first("PRAGMA user_version") else { return 0 }
            return try row.get(0)
        }
    }

    /// Sets `userVersion`; a 32 bit number is what the file's head has room for.
    package func setUserVersion(_ version: Int32) throws(SQLiteError) {
        try setPragma("user_version", String(version))
    }

    /// Switches to write-ahead logging with `synchronous=FULL`: a commit that returned survives a power cut.
    ///
    /// The answers are read back, because SQLite keeps the old mode without an error where WAL is not possible.
    package func enableWriteAheadLog() throws(SQLiteError) {
        guard try setPragma("journal_mode", "wal") == .text("wal") else {
            throw SQLiteError(
                .SQLITE_CANTOPEN, message: "the write-ahead log cannot be used on this file system",
                sql: "PRAGMA journal_mode = wal", path: path)
        }
        try setPragma("synchronous", "full")
        guard try pragma("synchronous") == .integer(2) else {
            throw SQLiteError(
                .SQLITE_ERROR, message: "synchronous=FULL was not taken", sql: "PRAGMA synchronous = full", path: path)
        }
    }

    /// Looks the whole file over, and its indices against their tables; the faults, or none (SQLite reports at
    /// most 100). A file that is no database at all throws SQLITE_NOTADB instead.
    package func integrityCheck() throws(SQLiteError) -> [String] {
        let sql = "PRAGMA integrity_check"
        var faults: [String] = []
        do {
            try each(sql) { row in
                let line: String = try row.get(0)
                if line != "ok" { faults.append(line) }
            }
        } catch let error as SQLiteError {
            // Where the check itself stumbles over the damage, that is a fault too, after those it found before.
            guard error.resultCode == .SQLITE_CORRUPT else { throw error }
            faults.append(error.message)
        } catch {
            throw SQLiteError(.SQLITE_INTERNAL, message: "\(error)", sql: sql, path: path)
        }
        return faults
    }

    /// A PRAGMA takes no parameters, so its words go into the SQL: only such as can do no harm there.
    private func checked(_ word: String) -> String {
        precondition(
            !word.isEmpty
                && word.utf8.allSatisfy {
                    (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
                        || $0 == 0x5f || $0 == 0x2d || $0 == 0x2e
                }, "no word for a PRAGMA: \(word)")
        return word
    }
}

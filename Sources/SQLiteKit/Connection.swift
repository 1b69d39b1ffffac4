internal import CSQLite

/// A connection to one SQLite database, closed when its owner lets it go.
///
/// It is opened with SQLITE_OPEN_NOMUTEX. The rule relied on is sqlite.org/threadsafe.html, Multi-thread: "SQLite can
/// be safely used by multiple threads provided that no single database connection nor any object derived from database
/// connection, such as a prepared statement, is used in two or more threads at the same time." So the connection has
/// one owner, an actor or a thread, and is not Sendable. Every call blocks on the disk: keep it off Swift's pool.
package final class Connection {
    /// The database file.
    package let path: String
    private let handle: OpaquePointer
    /// The prepared statements that nobody uses right now, with the time of their last use.
    private var idle: [String: (statement: Statement, used: UInt64)] = [:]
    private var clock: UInt64 = 0
    /// How many prepared statements are kept; the one that rested longest goes first.
    private static let cacheLimit = 128

    /// How a database is opened.
    package struct OpenFlags: OptionSet, Sendable {
        /// SQLITE_OPEN_ values.
        package let rawValue: Int32
        /// Takes SQLITE_OPEN_ values.
        package init(rawValue: Int32) { self.rawValue = rawValue }
        /// Only read; the file must exist.
        package static let readOnly = OpenFlags(rawValue: SQLITE_OPEN_READONLY)
        /// Read and write; the file must exist.
        package static let readWrite = OpenFlags(rawValue: SQLITE_OPEN_READWRITE)
        /// Read and write; a missing file is made, with the mode 0644 less the umask.
        package static let create = OpenFlags(rawValue: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
        /// No part of the path may be a symbolic link.
        package static let noFollow = OpenFlags(rawValue: SQLITE_OPEN_NOFOLLOW)
    }

    /// Opens a database. SQLite reads the file only at the first statement, so a damaged one is noticed then.
    ///
    /// `busyTimeout` is how long a statement waits for another connection's lock before SQLITE_BUSY.
    package init(
        path: String, flags: OpenFlags = .create, busyTimeout: Duration = .seconds(5)
    ) throws(SQLiteError) {
        guard sqlite3_threadsafe() != 0 else {
            throw SQLiteError(.SQLITE_MISUSE, message: "this libsqlite3 was built without threads", path: path)
        }
        guard !path.utf8.contains(0) else {
            throw SQLiteError(.SQLITE_CANTOPEN, message: "a NUL byte in the path", path: path)
        }
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(
            path, &opened, flags.rawValue | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard code == SQLITE_OK, let opened else {
            let message = String(cString: opened.map { sqlite3_errmsg($0) } ?? sqlite3_errstr(code))
            // A failed open leaves a handle that holds the message and must be closed.
            sqlite3_close(opened)
            throw SQLiteError(ResultCode(rawValue: code), message: message, path: path)
        }
        handle = opened
        self.path = path
        let (seconds, attoseconds) = busyTimeout.components
        sqlite3_busy_timeout(opened, Int32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000))
    }

    deinit {
        // sqlite3_close refuses while a statement lives. None is lent out here: each call that lends one keeps self.
        for (statement, _) in idle.values { statement.finalise() }
        let code = sqlite3_close(handle)
        assert(code == SQLITE_OK, "a statement outlived its connection")
    }

    // MARK: Statements

    /// Runs one statement to its end; rows it gives are dropped. Returns the number of rows it changed.
    @discardableResult
    package func run(_ sql: String, _ values: [Value] = []) throws(SQLiteError) -> Int {
        let before = sqlite3_total_changes64(handle)
        let statement = try take(sql, values)
        defer { give(statement) }
        while try statement.step() {}
        return Int(sqlite3_total_changes64(handle) - before)
    }

    /// All rows of a statement, copied.
    package func rows(_ sql: String, _ values: [Value] = []) throws(SQLiteError) -> [Row] {
        let statement = try take(sql, values)
        defer { give(statement) }
        var rows: [Row] = []
        while try statement.step() {
            if rows.isEmpty { statement.readColumns() }
            rows.append(CurrentRow(statement).copy())
        }
        return rows
    }

    /// The first row of a statement, or nil. The statement is not run to its end, so it is for reading.
    package func first(_ sql: String, _ values: [Value] = []) throws(SQLiteError) -> Row? {
        let statement = try take(sql, values)
        defer { give(statement) }
        guard try statement.step() else { return nil }
        statement.readColumns()
        return CurrentRow(statement).copy()
    }

    /// Lends every row of a statement to `body`, one after the other; an error of `body` ends it.
    ///
    /// `body` may use the connection, but must not change the table it reads: SQLite leaves open what it would see.
    package func each(
        _ sql: String, _ values: [Value] = [], _ body: (borrowing CurrentRow) throws -> Void
    ) throws {
        let statement = try take(sql, values)
        defer { give(statement) }
        var isFirst = true
        while try statement.step() {
            if isFirst {
                statement.readColumns()
                isFirst = false
            }
            try body(CurrentRow(statement))
        }
    }

    /// Runs a script of several statements without values, for example a migration. It is no transaction by itself.
    package func execute(_ script: String) throws(SQLiteError) {
        guard !script.utf8.contains(0) else {
            throw SQLiteError(.SQLITE_MISUSE, message: "a NUL byte in the script", sql: script, path: path)
        }
        let code = sqlite3_exec(handle, script, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code, sql: script) }
    }

    /// Lends a statement out with its values bound. It leaves the cache for that time, so a nested use of the same SQL
    /// gets its own.
    private func take(_ sql: String, _ values: [Value]) throws(SQLiteError) -> Statement {
        let statement =
            if let (cached, _) = idle.removeValue(forKey: sql) {
                cached
            } else {
                try Statement(sql: sql, database: handle, path: path)
            }
        do {
            try statement.bind(values)
        } catch {
            give(statement)
            throw error
        }
        return statement
    }

    private func give(_ statement: Statement) {
        statement.reset()
        clock += 1
        if let (older, _) = idle.updateValue((statement, clock), forKey: statement.sql) { older.finalise() }
        if idle.count > Self.cacheLimit, let oldest = idle.min(by: { $0.value.used < $1.value.used }) {
            idle.removeValue(forKey: oldest.key)
            oldest.value.statement.finalise()
        }
    }

    /// How many prepared statements rest in the cache.
    var cachedStatements: Int { idle.count }

    // MARK: State

    /// The rowid of the last row that was inserted over this connection; 0 if none was.
    package var lastInsertRowID: Int64 { sqlite3_last_insert_rowid(handle) }

    /// How many rows the last INSERT, UPDATE or DELETE changed, without triggers.
    package var changes: Int { Int(sqlite3_changes64(handle)) }

    /// True between BEGIN and COMMIT or ROLLBACK, also one that SQLite made by itself after an error.
    package var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// An error of this connection's last call.
    func failure(_ code: Int32, sql: String? = nil) -> SQLiteError {
        SQLiteError(ResultCode(rawValue: code), message: String(cString: sqlite3_errmsg(handle)), sql: sql, path: path)
    }

    /// Copies the write-ahead log into the database file.
    ///
    /// SQLITE_BUSY if a reader or writer of another connection stands in the way (not with `.passive`).
    @discardableResult
    package func checkpoint(_ mode: CheckpointMode = .passive) throws(SQLiteError) -> CheckpointResult {
        var frames: Int32 = 0
        var copied: Int32 = 0
        let code = sqlite3_wal_checkpoint_v2(handle, nil, mode.rawValue, &frames, &copied)
        guard code == SQLITE_OK else { throw failure(code) }
        return CheckpointResult(frames: Int(frames), copied: Int(copied))
    }
}

/// A connection has one owner, see above.
@available(*, unavailable) extension Connection: Sendable {}

/// How much a checkpoint insists (https://sqlite.org/c3ref/wal_checkpoint_v2.html).
package enum CheckpointMode: Int32, Sendable {
    /// What is possible without waiting for anybody.
    case passive = 0
    /// Waits for writers, then copies all.
    case full = 1
    /// As `full`, and the next writer starts the log anew.
    case restart = 2
    /// As `restart`, and the log file is cut to zero bytes.
    case truncate = 3
}

/// What a checkpoint did. Both are -1 for a database that is not in WAL mode.
package struct CheckpointResult: Hashable, Sendable {
    /// Frames in the log.
    package let frames: Int
    /// Frames of it that are in the database file.
    package let copied: Int
}

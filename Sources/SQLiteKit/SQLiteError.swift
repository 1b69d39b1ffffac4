internal import CSQLite

/// A result code of SQLite, spelled as in C so that it can be searched for (https://sqlite.org/rescode.html).
///
/// The set is open: a later libsqlite3 may answer with codes that are not named here.
package struct ResultCode: RawRepresentable, Hashable, Sendable {
    /// The number SQLite gave, primary or extended.
    package let rawValue: Int32

    /// Takes the number as SQLite gave it.
    package init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// The low byte of an extended code: what kind of failure it is.
    package var primary: ResultCode { ResultCode(rawValue: rawValue & 0xff) }

    /// Generic error: faulty SQL, or a statement that does not fit the schema.
    package static let SQLITE_ERROR = ResultCode(rawValue: 1)
    /// SQLite itself is broken.
    package static let SQLITE_INTERNAL = ResultCode(rawValue: 2)
    /// The file's permissions forbid it.
    package static let SQLITE_PERM = ResultCode(rawValue: 3)
    /// The operation was given up, for example by a rollback in between.
    package static let SQLITE_ABORT = ResultCode(rawValue: 4)
    /// Another connection holds a lock, and the busy timeout is over.
    package static let SQLITE_BUSY = ResultCode(rawValue: 5)
    /// A conflict within this connection, for example a table dropped while it is read.
    package static let SQLITE_LOCKED = ResultCode(rawValue: 6)
    /// Out of memory.
    package static let SQLITE_NOMEM = ResultCode(rawValue: 7)
    /// The database may only be read.
    package static let SQLITE_READONLY = ResultCode(rawValue: 8)
    /// Interrupted.
    package static let SQLITE_INTERRUPT = ResultCode(rawValue: 9)
    /// The operating system reported an input or output error; the extended code says where.
    package static let SQLITE_IOERR = ResultCode(rawValue: 10)
    /// The file ends within a page: an extended code of SQLITE_IOERR.
    package static let SQLITE_IOERR_SHORT_READ = ResultCode(rawValue: 522)
    /// The file is damaged.
    package static let SQLITE_CORRUPT = ResultCode(rawValue: 11)
    /// The disk is full, or the database has reached `max_page_count`.
    package static let SQLITE_FULL = ResultCode(rawValue: 13)
    /// The file cannot be opened or created.
    package static let SQLITE_CANTOPEN = ResultCode(rawValue: 14)
    /// The locking protocol of WAL gave up.
    package static let SQLITE_PROTOCOL = ResultCode(rawValue: 15)
    /// The schema changed under a prepared statement, more often than SQLite retries.
    package static let SQLITE_SCHEMA = ResultCode(rawValue: 17)
    /// A text or blob is over SQLite's limit.
    package static let SQLITE_TOOBIG = ResultCode(rawValue: 18)
    /// A constraint of the schema is hurt; the extended code says which kind.
    package static let SQLITE_CONSTRAINT = ResultCode(rawValue: 19)
    /// A value has a type that does not fit.
    package static let SQLITE_MISMATCH = ResultCode(rawValue: 20)
    /// The library is used in a way that it does not allow.
    package static let SQLITE_MISUSE = ResultCode(rawValue: 21)
    /// The file is larger than the file system can hold.
    package static let SQLITE_NOLFS = ResultCode(rawValue: 22)
    /// A column or a parameter that does not exist.
    package static let SQLITE_RANGE = ResultCode(rawValue: 25)
    /// The file is no SQLite database.
    package static let SQLITE_NOTADB = ResultCode(rawValue: 26)
    /// Extended: a UNIQUE constraint is hurt.
    package static let SQLITE_CONSTRAINT_UNIQUE = ResultCode(rawValue: 19 | 8 << 8)
    /// Extended: a PRIMARY KEY is hurt.
    package static let SQLITE_CONSTRAINT_PRIMARYKEY = ResultCode(rawValue: 19 | 6 << 8)
    /// Extended: a FOREIGN KEY is hurt.
    package static let SQLITE_CONSTRAINT_FOREIGNKEY = ResultCode(rawValue: 19 | 3 << 8)
    /// Extended: a NOT NULL constraint is hurt.
    package static let SQLITE_CONSTRAINT_NOTNULL = ResultCode(rawValue: 19 | 5 << 8)

    /// The names of the primary codes, for `description`.
    private static let names: [Int32: String] = [
        1: "SQLITE_ERROR", 2: "SQLITE_INTERNAL", 3: "SQLITE_PERM", 4: "SQLITE_ABORT", 5: "SQLITE_BUSY",
        6: "SQLITE_LOCKED", 7: "SQLITE_NOMEM", 8: "SQLITE_READONLY", 9: "SQLITE_INTERRUPT", 10: "SQLITE_IOERR",
        11: "SQLITE_CORRUPT", 13: "SQLITE_FULL", 14: "SQLITE_CANTOPEN", 15: "SQLITE_PROTOCOL", 17: "SQLITE_SCHEMA",
        18: "SQLITE_TOOBIG", 19: "SQLITE_CONSTRAINT", 20: "SQLITE_MISMATCH", 21: "SQLITE_MISUSE", 22: "SQLITE_NOLFS",
        25: "SQLITE_RANGE", 26: "SQLITE_NOTADB",
    ]
}

extension ResultCode: CustomStringConvertible {
    /// `SQLITE_BUSY`, or `SQLITE_IOERR (2570)` for an extended code.
    package var description: String {
        guard let name = Self.names[primary.rawValue] else { return "SQLite code \(rawValue)" }
        return rawValue == primary.rawValue ? name : "\(name) (\(rawValue))"
    }
}

/// What SQLite refused. Bound values are never part of it, since they may be secret.
package struct SQLiteError: Error, Hashable, Sendable {
    /// The kind of failure: what code decides on.
    package let resultCode: ResultCode
    /// The same with its detail, for example which IOERR.
    package let extendedResultCode: ResultCode
    /// SQLite's own words.
    package let message: String
    /// The statement with its placeholders, where one was involved.
    package let sql: String?
    /// The database file.
    package let path: String

    /// An error with an extended code; the primary one is taken from it.
    package init(_ code: ResultCode, message: String, sql: String? = nil, path: String) {
        resultCode = code.primary
        extendedResultCode = code
        self.message = message
        self.sql = sql
        self.path = path
    }
}

extension SQLiteError: CustomStringConvertible {
    /// `/var/lib/x/x.db: SQLITE_FULL: database or disk is full, in: INSERT INTO …`.
    package var description: String {
        let place = sql.map { ", in: \($0)" } ?? ""
        return "\(path): \(extendedResultCode): \(message)\(place)"
    }
}

/// A transaction failed and could not be rolled back either: the connection's state is unknown, so drop it and open
/// the database again.
package struct RollbackFailure: Error, CustomStringConvertible {
    /// Why the transaction was to be rolled back.
    package let cause: any Error
    /// Why it could not be.
    package let rollback: SQLiteError

    /// Both reasons in one line.
    package var description: String {
        "the transaction failed (\(cause)) and could not be rolled back (\(rollback)); reopen the database"
    }
}

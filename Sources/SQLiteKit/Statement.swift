internal import CSQLite

/// A prepared statement. One user at a time: the connection lends it out and takes it back.
final class Statement {
    let sql: String
    let path: String
    /// The statement; the connection calls `finalise` before it closes, as SQLite demands.
    private var handle: OpaquePointer?
    /// The connection it belongs to, only for `sqlite3_errmsg`; it outlives every statement.
    private let database: OpaquePointer
    /// The names of the result's columns. Read anew for each execution: a changed schema may change them.
    private(set) var columns: Columns = Columns(names: [])

    init(sql: String, database: OpaquePointer, path: String) throws(SQLiteError) {
        self.sql = sql
        self.path = path
        self.database = database
        var text = sql
        // With the length given, a NUL byte in the SQL is an error of the parser and no silent end of the statement.
        let (code, rest): (Int32, Int) = text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                var tail: UnsafePointer<CChar>?
                let code = sqlite3_prepare_v3(
                    database, characters.baseAddress, Int32(clamping: characters.count),
                    UInt32(SQLITE_PREPARE_PERSISTENT), &handle, &tail)
                guard let tail, let start = characters.baseAddress else { return (code, 0) }
                // What follows the first statement would never run: only blanks may.
                let after = characters[(tail - start)...]
                let words = after.filter { $0 != 0x20 && $0 != 0x0a && $0 != 0x0d && $0 != 0x09 && $0 != 0x3b }
                return (code, words.count)
            }
        }
        guard code == SQLITE_OK else { throw failure(code) }
        guard handle != nil else {
            throw SQLiteError(.SQLITE_MISUSE, message: "there is no statement in the text", sql: sql, path: path)
        }
        guard rest == 0 else {
            finalise()
            throw SQLiteError(
                .SQLITE_MISUSE, message: "more than one statement in the text; use execute(_:) for scripts", sql: sql,
                path: path)
        }
    }

    deinit {
        finalise()
    }

    /// Gives the statement back to SQLite. Its result only repeats the error of the last step, which was thrown then.
    func finalise() {
        sqlite3_finalize(handle)
        handle = nil
    }

    /// Makes it ready for the next user; the result repeats the last step's error, as with `finalise`.
    func reset() {
        sqlite3_reset(handle)
        // Bound values are dropped at once, so that no large or secret value lives on in the cache.
        sqlite3_clear_bindings(handle)
    }

    func bind(_ values: [Value]) throws(SQLiteError) {
        let wanted = Int(sqlite3_bind_parameter_count(handle))
        guard values.count == wanted else {
            throw SQLiteError(
                .SQLITE_RANGE, message: "the statement has \(wanted) parameters, \(values.count) values were given",
                sql: sql, path: path)
        }
        for (position, value) in values.enumerated() {
            let code = bind(value, at: Int32(position + 1))
            guard code == SQLITE_OK else { throw failure(code) }
        }
    }

    private func bind(_ value: Value, at index: Int32) -> Int32 {
        // SQLITE_TRANSIENT, a cast that Swift does not import: SQLite copies before the call returns.
        let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        switch value {
        case .null: return sqlite3_bind_null(handle, index)
        case .integer(let number): return sqlite3_bind_int64(handle, index, number)
        case .real(let number): return sqlite3_bind_double(handle, index, number)
        case .text(var text):
            return text.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) { characters in
                    // A null pointer would bind NULL, so the empty text needs an address.
                    guard let start = characters.baseAddress else {
                        return sqlite3_bind_text64(handle, index, "", 0, transient, UInt8(SQLITE_UTF8))
                    }
                    return sqlite3_bind_text64(
                        handle, index, start, UInt64(characters.count), transient, UInt8(SQLITE_UTF8))
                }
            }
        case .blob(let bytes):
            return bytes.withUnsafeBytes { buffer in
                guard let start = buffer.baseAddress, !buffer.isEmpty else {
                    return sqlite3_bind_zeroblob(handle, index, 0)
                }
                return sqlite3_bind_blob64(handle, index, start, UInt64(buffer.count), transient)
            }
        }
    }

    /// One step: true if there is a row.
    func step() throws(SQLiteError) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw failure(code)
        }
    }

    /// Reads the columns' names; after the first step, which is when a changed schema is noticed.
    func readColumns() {
        let count = sqlite3_column_count(handle)
        let names = (0..<count).map { sqlite3_column_name(handle, $0).map { String(cString: $0) } ?? "" }
        if names != columns.names { columns = Columns(names: names) }
    }

    func value(at index: Int) -> Value {
        let column = Int32(index)
        switch sqlite3_column_type(handle, column) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(handle, column))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(handle, column))
        case SQLITE_TEXT:
            // The pointer first, then the length: the order sqlite.org/c3ref/column_blob.html asks for.
            guard let start = sqlite3_column_text(handle, column) else { return .text("") }
            let length = Int(sqlite3_column_bytes(handle, column))
            return .text(String(decoding: UnsafeBufferPointer(start: start, count: length), as: UTF8.self))
        case SQLITE_BLOB: return withBytes(at: index) { .blob(Array($0)) }
        default: return .null
        }
    }

    func withBytes<Result, Failure: Error>(
        at index: Int, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let start = sqlite3_column_blob(handle, Int32(index))
        let length = Int(sqlite3_column_bytes(handle, Int32(index)))
        return try body(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : length))
    }

    private func failure(_ code: Int32) -> SQLiteError {
        SQLiteError(
            ResultCode(rawValue: code), message: String(cString: sqlite3_errmsg(database)), sql: sql, path: path)
    }
}

/// C handles have one owner: the connection, on one thread at a time.
@available(*, unavailable) extension Statement: Sendable {}

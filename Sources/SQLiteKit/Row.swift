/// The names of a result's columns, shared by its rows.
final class Columns: Sendable {
    let names: [String]
    private let positions: [String: Int]

    init(names: [String]) {
        self.names = names
        // Two columns of one name: the first one wins, as in SQLite's own rules for ORDER BY.
        positions = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }

    func position(_ name: String) -> Int? { positions[name] }

    func convert<Result: ValueConvertible>(
        _ value: Value, at index: Int, as type: Result.Type, statement: Statement
    ) throws(SQLiteError) -> Result {
        try convert(value, at: index, as: type, sql: statement.sql, path: statement.path)
    }

    func convert<Result: ValueConvertible>(
        _ value: Value, at index: Int, as type: Result.Type, sql: String, path: String
    ) throws(SQLiteError) -> Result {
        guard let result = Result(sqliteValue: value) else {
            throw SQLiteError(
                .SQLITE_MISMATCH,
                message: "column '\(names[index])' holds \(value.typeName), not \(Result.sqliteTypeName)", sql: sql,
                path: path)
        }
        return result
    }

    func require(_ name: String, sql: String, path: String) throws(SQLiteError) -> Int {
        guard let position = position(name) else {
            throw SQLiteError(
                .SQLITE_RANGE,
                message: "no column '\(name)' in the result; there are: \(names.joined(separator: ", "))", sql: sql,
                path: path)
        }
        return position
    }
}

/// A row that was copied out of SQLite.
package struct Row: Sendable {
    /// The values in the order of the columns.
    package let values: [Value]
    private let shared: Columns
    private let sql: String
    private let path: String

    init(values: [Value], columns: Columns, sql: String, path: String) {
        self.values = values
        shared = columns
        self.sql = sql
        self.path = path
    }

    /// The names of the columns, in order.
    package var columns: [String] { shared.names }

    /// The value at a position, counted from 0.
    package subscript(_ index: Int) -> Value { values[index] }

    /// The value of a column, or nil if the result has no such column.
    package subscript(_ name: String) -> Value? { shared.position(name).map { values[$0] } }

    /// A column as a Swift type; SQLITE_RANGE without such a column, SQLITE_MISMATCH if the type does not fit.
    package func get<Result: ValueConvertible>(
        _ name: String, as type: Result.Type = Result.self
    ) throws(SQLiteError) -> Result {
        let index = try shared.require(name, sql: sql, path: path)
        return try shared.convert(values[index], at: index, as: type, sql: sql, path: path)
    }

    /// A column by its position from 0 as a Swift type; SQLITE_MISMATCH if the type does not fit.
    package func get<Result: ValueConvertible>(
        _ index: Int, as type: Result.Type = Result.self
    ) throws(SQLiteError) -> Result {
        try shared.convert(values[index], at: index, as: type, sql: sql, path: path)
    }
}

/// The row SQLite stands at: nothing is copied until a column is asked for. It cannot outlive the closure it is lent
/// to, which is why it is not copyable.
package struct CurrentRow: ~Copyable {
    private let statement: Statement

    init(_ statement: Statement) {
        self.statement = statement
    }

    /// The names of the columns, in order.
    package var columns: [String] { statement.columns.names }

    /// A column as a Swift type; SQLITE_RANGE without such a column, SQLITE_MISMATCH if the type does not fit.
    package borrowing func get<Result: ValueConvertible>(
        _ name: String, as type: Result.Type = Result.self
    ) throws(SQLiteError) -> Result {
        let index = try statement.columns.require(name, sql: statement.sql, path: statement.path)
        return try statement.columns.convert(statement.value(at: index), at: index, as: type, statement: statement)
    }

    /// A column by its position from 0 as a Swift type; SQLITE_MISMATCH if the type does not fit.
    package borrowing func get<Result: ValueConvertible>(
        _ index: Int, as type: Result.Type = Result.self
    ) throws(SQLiteError) -> Result {
        precondition(columns.indices.contains(index), "no column \(index) in: \(statement.sql)")
        return try statement.columns.convert(statement.value(at: index), at: index, as: type, statement: statement)
    }

    /// The bytes of a text or blob where they lie; they are gone when `body` returns.
    package borrowing func withBytes<Result, Failure: Error>(
        _ index: Int, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(columns.indices.contains(index), "no column \(index) in: \(statement.sql)")
        return try statement.withBytes(at: index, body)
    }

    /// The whole row, copied.
    package borrowing func copy() -> Row {
        Row(
            values: columns.indices.map { statement.value(at: $0) }, columns: statement.columns, sql: statement.sql,
            path: statement.path)
    }
}

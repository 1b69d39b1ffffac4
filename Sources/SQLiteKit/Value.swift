/// A value as SQLite stores it (https://sqlite.org/datatype3.html).
package enum Value: Hashable, Sendable {
    /// NULL.
    case null
    /// A signed number of 64 bits.
    case integer(Int64)
    /// A double. SQLite stores NaN as NULL.
    case real(Double)
    /// Text. NUL bytes inside are kept.
    case text(String)
    /// Bytes.
    case blob([UInt8])

    /// The name of the type, for messages that must not show the value.
    package var typeName: String {
        switch self {
        case .null: "null"
        case .integer: "integer"
        case .real: "real"
        case .text: "text"
        case .blob: "blob"
        }
    }
}

extension Value: ExpressibleByNilLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByStringLiteral
{
    /// `nil` is NULL.
    package init(nilLiteral: ()) { self = .null }
    /// A whole number.
    package init(integerLiteral value: Int64) { self = .integer(value) }
    /// A number with a fraction.
    package init(floatLiteral value: Double) { self = .real(value) }
    /// Text.
    package init(stringLiteral value: String) { self = .text(value) }
}

/// A Swift type that is stored in one column.
package protocol ValueConvertible {
    /// What is bound.
    var sqliteValue: Value { get }
    /// What is read, or nil if the stored value has another type: SQLite converts silently, this never does.
    init?(sqliteValue: Value)
    /// What the type is called in an error message.
    static var sqliteTypeName: String { get }
}

extension Value {
    /// Any convertible value, for the lists that `run` and `rows` take.
    package init(_ value: some ValueConvertible) { self = value.sqliteValue }
}

extension Value: ValueConvertible {
    /// Itself.
    package var sqliteValue: Value { self }
    /// Itself.
    package init?(sqliteValue: Value) { self = sqliteValue }
    /// Any type does.
    package static var sqliteTypeName: String { "any value" }
}

extension Int64: ValueConvertible {
    /// Stored as an integer.
    package var sqliteValue: Value { .integer(self) }
    /// Read from an integer only.
    package init?(sqliteValue: Value) {
        guard case .integer(let number) = sqliteValue else { return nil }
        self = number
    }
    /// An integer.
    package static var sqliteTypeName: String { "an integer" }
}

extension Int: ValueConvertible {
    /// Stored as an integer.
    package var sqliteValue: Value { .integer(Int64(self)) }
    /// Read from an integer only.
    package init?(sqliteValue: Value) {
        guard case .integer(let number) = sqliteValue else { return nil }
        self.init(exactly: number)
    }
    /// An integer.
    package static var sqliteTypeName: String { "an integer" }
}

extension Bool: ValueConvertible {
    /// Stored as 0 or 1.
    package var sqliteValue: Value { .integer(self ? 1 : 0) }
    /// Read from 0 or 1 only.
    package init?(sqliteValue: Value) {
        switch sqliteValue {
        case .integer(0): self = false
        case .integer(1): self = true
        default: return nil
        }
    }
    /// 0 or 1.
    package static var sqliteTypeName: String { "0 or 1" }
}

extension Double: ValueConvertible {
    /// Stored as a real.
    package var sqliteValue: Value { .real(self) }
    /// Read from a real, or from an integer, which is how SQLite stores 1.0 in a column of numeric affinity.
    package init?(sqliteValue: Value) {
        switch sqliteValue {
        case .real(let number): self = number
        case .integer(let number): self = Double(number)
        default: return nil
        }
    }
    /// A number.
    package static var sqliteTypeName: String { "a number" }
}

extension String: ValueConvertible {
    /// Stored as text.
    package var sqliteValue: Value { .text(self) }
    /// Read from text only.
    package init?(sqliteValue: Value) {
        guard case .text(let text) = sqliteValue else { return nil }
        self = text
    }
    /// Text.
    package static var sqliteTypeName: String { "text" }
}

extension [UInt8]: ValueConvertible {
    /// Stored as a blob.
    package var sqliteValue: Value { .blob(self) }
    /// Read from a blob only.
    package init?(sqliteValue: Value) {
        guard case .blob(let bytes) = sqliteValue else { return nil }
        self = bytes
    }
    /// A blob.
    package static var sqliteTypeName: String { "a blob" }
}

extension Optional: ValueConvertible where Wrapped: ValueConvertible {
    /// Nil is NULL.
    package var sqliteValue: Value { self?.sqliteValue ?? .null }
    /// NULL is nil; anything else must fit the wrapped type.
    package init?(sqliteValue: Value) {
        if case .null = sqliteValue {
            self = .none
        } else if let wrapped = Wrapped(sqliteValue: sqliteValue) {
            self = .some(wrapped)
        } else {
            return nil
        }
    }
    /// The wrapped type, or null.
    package static var sqliteTypeName: String { "\(Wrapped.sqliteTypeName) or null" }
}

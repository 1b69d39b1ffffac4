internal import CSystemd
internal import Glibc

/// Writing to the journal.
package enum Journal {
    /// Writes one entry, man:sd_journal_sendv(3): `MESSAGE`, `PRIORITY`, `MESSAGE_ID` and fields of one's own. Callable
    /// from any thread; a datagram, not waited for. Without a journal (a chroot, an early boot) it is dropped.
    /// - Throws: EINVAL if a field's name is not of capital letters, digits and `_`, begins with one of the last two, or
    ///   has more than 64: journald would drop such a field without a word.
    package static func write(fields: [(name: String, value: String)]) throws(SystemdError) {
        for field in fields where !isFieldName(field.name) {
            throw SystemdError(operation: "Writing the field '\(field.name)' to the journal", errno: EINVAL)
        }
        let lines = fields.map { Array("\($0.name)=\($0.value)".utf8) }
        // One block for all of them, so that the pointers stay valid together.
        let result = lines.flatMap { $0 }.withUnsafeBytes { bytes in
            var offset = 0
            let vectors = lines.map { line in
                defer { offset += line.count }
                return iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress.map { $0 + offset }),
                    iov_len: line.count)
            }
            return sd_journal_sendv(vectors, CInt(vectors.count))
        }
        try SystemdError.check(result, "sd_journal_sendv")
    }

    private static func isFieldName(_ name: String) -> Bool {
        guard let first = name.utf8.first, name.utf8.count <= 64, isCapital(first) else { return false }
        return name.utf8.allSatisfy { byte in
            isCapital(byte) || byte == UInt8(ascii: "_") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
    }

    private static func isCapital(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}

/// A part of a filter, as man:sd_journal_add_match(3) has them: fields that follow each other have all to hold, of
/// several values of one field any is enough; `.disjunction` begins an alternative, `.conjunction` a further demand on
/// all that was said before.
package enum JournalMatch: Sendable, Equatable {
    case field(String, String)
    case disjunction
    case conjunction
}

/// Where reading begins.
package enum JournalPosition: Sendable, Equatable {
    /// The oldest entry.
    case head
    /// So many of the last entries; 0: only what comes from now on.
    case tail(Int)
    /// The first entry at or after a time, in microseconds since 1970.
    case since(realtime: UInt64)
    /// The entry after the one with this cursor; or, if that is gone, the next one there is.
    case after(cursor: String)
}

/// One entry of the journal.
package struct JournalEntry: Sendable, Equatable {
    /// Microseconds since 1970.
    package let realtime: UInt64
    /// The fields that were asked for and that it has, the first value of each.
    package let fields: [String: String]
    /// Its place, for `JournalPosition.after`.
    package let cursor: String

    /// A field that was asked for.
    package subscript(field: String) -> String? { fields[field] }
}

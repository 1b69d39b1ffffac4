/// A moment of the wall clock, in microseconds since 1970 (UTC), as systemd's `…Timestamp` properties have it.
package struct Timestamp: Sendable, Hashable, Comparable, Codable {
    /// Microseconds since 1970-01-01 00:00 UTC.
    package var microseconds: Int64

    /// Makes a moment.
    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    package init(from decoder: any Decoder) throws {
        microseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(microseconds)
    }

    /// The earlier one comes first.
    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }

    /// The moment that many seconds later.
    package func adding(seconds: Double) -> Timestamp {
        let added = (seconds * 1_000_000).rounded()
        // A pause of years is bounded long before; this keeps the conversion from trapping on nonsense.
        guard added.isFinite, abs(added) < 9e15 else { return Timestamp(microseconds: .max / 2) }
        return Timestamp(microseconds: microseconds + Int64(added))
    }

    /// Seconds from another moment to this one.
    package func seconds(since other: Timestamp) -> Double {
        Double(microseconds - other.microseconds) / 1_000_000
    }
}

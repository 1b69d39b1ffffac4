import FoundationEssentials

/// How moments are written in answers: RFC 3339 in UTC with milliseconds.
package enum TimeText {
    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    /// The moment as text, such as `2026-11-21T03:00:00.250Z`.
    package static func text(of time: Timestamp) -> String {
        Date(timeIntervalSince1970: Double(time.microseconds) / 1_000_000).formatted(style)
    }

    /// Reads such a text back; nil if it is none.
    package static func timestamp(of text: String) -> Timestamp? {
        guard let date = try? style.parse(text) else { return nil }
        return Timestamp(microseconds: Int64((date.timeIntervalSince1970 * 1_000_000).rounded()))
    }
}

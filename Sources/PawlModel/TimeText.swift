/// How moments are written in answers: RFC 3339 in UTC with milliseconds.
package enum TimeText {
    /// The moment as text, such as `2026-11-21T03:00:00.250Z`.
    package static func text(of time: Timestamp) -> String {
        let (days, rest) = CivilDate.divided(time.microseconds, by: 86_400_000_000)
        let date = CivilDate(number: days)
        let seconds = rest / 1_000_000
        return
            "\(padded(Int64(date.year), 4))-\(padded(Int64(date.month)))-\(padded(Int64(date.day)))T\(padded(seconds / 3600)):\(padded(seconds / 60 % 60))"
            + ":\(padded(seconds % 60)).\(padded(rest / 1000 % 1000, 3))Z"
    }

    /// Reads such a text back; nil if it is none.
    package static func timestamp(of text: String) -> Timestamp? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z"), bytes[10] == UInt8(ascii: "T"),
            bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"), bytes[13] == UInt8(ascii: ":"),
            bytes[16] == UInt8(ascii: ":"), let year = number(bytes[0..<4]), let month = number(bytes[5..<7]),
            let day = number(bytes[8..<10]), let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]),
            let second = number(bytes[17..<19]),
            let date = CivilDate(year: Int(year), month: Int(month), day: Int(day)), hour < 24, minute < 60, second < 60
        else { return nil }
        var fraction: Int64 = 0
        if bytes.count > 20 {
            let digits = bytes[20..<(bytes.count - 1)]
            guard bytes[19] == UInt8(ascii: "."), !digits.isEmpty, digits.count <= 6, let value = number(digits) else {
                return nil
            }
            fraction = (digits.count..<6).reduce(value) { value, _ in value * 10 }
        }
        let seconds = date.number * 86_400 + hour * 3600 + minute * 60 + second
        return Timestamp(microseconds: seconds * 1_000_000 + fraction)
    }

    private static func padded(_ number: Int64, _ count: Int = 2) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, count - digits.count)) + digits
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        digits.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } ? digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) } : nil
    }
}

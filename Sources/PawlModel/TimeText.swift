/// How moments are written in answers: RFC 3339 in UTC with milliseconds. By hand, since Foundation for it alone would be half
/// of `pawl-step`.
package enum TimeText {
    /// The moment as text, such as `2026-11-21T03:00:00.250Z`.
    package static func text(of time: Timestamp) -> String {
        let (days, rest) = divided(time.microseconds, by: 86_400_000_000)
        let (year, month, day) = date(ofDay: days)
        let seconds = rest / 1_000_000
        return
            "\(padded(year, 4))-\(padded(month))-\(padded(day))T\(padded(seconds / 3600)):\(padded(seconds / 60 % 60))"
            + ":\(padded(seconds % 60)).\(padded(rest / 1000 % 1000, 3))Z"
    }

    /// Reads such a text back; nil if it is none.
    package static func timestamp(of text: String) -> Timestamp? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z"), bytes[10] == UInt8(ascii: "T"),
            bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"), bytes[13] == UInt8(ascii: ":"),
            bytes[16] == UInt8(ascii: ":"), let year = number(bytes[0..<4]), let month = number(bytes[5..<7]),
            let day = number(bytes[8..<10]), let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]),
            let second = number(bytes[17..<19]), 1...12 ~= month, 1...31 ~= day, hour < 24, minute < 60, second < 60
        else { return nil }
        var fraction: Int64 = 0
        if bytes.count > 20 {
            let digits = bytes[20..<(bytes.count - 1)]
            guard bytes[19] == UInt8(ascii: "."), !digits.isEmpty, digits.count <= 6, let value = number(digits) else {
                return nil
            }
            fraction = (digits.count..<6).reduce(value) { value, _ in value * 10 }
        }
        let seconds = self.day(ofDate: year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
        return Timestamp(microseconds: seconds * 1_000_000 + fraction)
    }

    private static func divided(_ value: Int64, by divisor: Int64) -> (Int64, Int64) {
        let rest = value % divisor
        return rest < 0 ? (value / divisor - 1, rest + divisor) : (value / divisor, rest)
    }

    private static func padded(_ number: Int64, _ count: Int = 2) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, count - digits.count)) + digits
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        digits.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } ? digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) } : nil
    }

    // Years are counted from March, so that the day that leap years add is the last one of a year; 146097 days are 400 years.

    private static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, ofEra) = divided(day + 719_468, by: 146_097)
        let year = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * year + year / 4 - year / 100)
        let month = (5 * ofYear + 2) / 153
        return (
            year + era * 400 + (month >= 10 ? 1 : 0), month < 10 ? month + 3 : month - 9,
            ofYear - (153 * month + 2) / 5 + 1
        )
    }

    private static func day(ofDate year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let (era, ofEra) = divided(month <= 2 ? year - 1 : year, by: 400)
        let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }
}

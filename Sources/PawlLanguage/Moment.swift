import PawlModel

/// A moment in UTC, to the second, as a date and a time of the day.
struct Moment {
    /// Seconds since 1970.
    let seconds: Int64
    private let date: CivilDate
    /// Seconds since the day began.
    private let second: Int

    /// The years that have four digits.
    private static let span: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    /// Seconds since 1970, or text as RFC 3339 has it: `2026-11-21T03:00:00.250Z`, also with an offset, or the day alone.
    init?(_ value: Value) {
        switch value {
        case .integer(let seconds): self.init(seconds: seconds)
        case .number(let seconds):
            guard abs(seconds) < 1e12 else { return nil }
            self.init(seconds: Int64(seconds) - (seconds < Double(Int64(seconds)) ? 1 : 0))
        case .string(let text):
            if let number = Value.number(in: text) { self.init(number) } else { self.init(text: text) }
        default: return nil
        }
    }

    private init?(seconds: Int64) {
        guard Moment.span.contains(seconds) else { return nil }
        self.seconds = seconds
        let (days, rest) = CivilDate.divided(seconds, by: 86_400)
        (date, second) = (CivilDate(number: days), Int(rest))
    }

    private init?(text: String) {
        let bytes = Array(text.utf8)
        var index = 0
        func digits(_ count: Int) -> Int? {
            guard index + count <= bytes.count else { return nil }
            var value = 0
            for byte in bytes[index..<(index + count)] {
                guard byte >= 0x30, byte <= 0x39 else { return nil }
                value = value * 10 + Int(byte - 0x30)
            }
            index += count
            return value
        }
        func take(_ characters: String) -> UInt8? {
            guard index < bytes.count, characters.utf8.contains(bytes[index]) else { return nil }
            index += 1
            return bytes[index - 1]
        }
        guard let year = digits(4), take("-") != nil, let month = digits(2), take("-") != nil, let day = digits(2),
            year >= 1, let date = CivilDate(year: year, month: month, day: day)
        else { return nil }
        var seconds = date.number * 86_400
        if index < bytes.count {
            guard take("Tt ") != nil, let hour = digits(2), take(":") != nil, let minute = digits(2), take(":") != nil,
                let second = digits(2), hour < 24, minute < 60, second <= 60
            else { return nil }
            seconds += Int64(hour * 3600 + minute * 60 + second)
            if take(".") != nil {
                guard digits(1) != nil else { return nil }
                while digits(1) != nil {}
            }
            if let sign = take("+-") {
                guard let hours = digits(2), take(":") != nil, let minutes = digits(2), hours < 24, minutes < 60 else {
                    return nil
                }
                seconds += Int64(hours * 3600 + minutes * 60) * (sign == UInt8(ascii: "-") ? 1 : -1)
            } else if take("Zz") == nil {
                return nil
            }
            guard index == bytes.count else { return nil }
        }
        self.init(seconds: seconds)
    }

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    /// The letters that mean something behind a `%`, in the order of the manual.
    static let letters = "YmdHMSjabABuFTs%"

    /// The moment as a format says, with the letters of `man:strftime(3)` that need no locale.
    func text(_ format: String) throws(FunctionFault) -> String {
        var result = ""
        var scalars = format.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            guard scalar == "%" else {
                result.unicodeScalars.append(scalar)
                continue
            }
            guard let letter = scalars.next(), let part = part(letter) else {
                throw FunctionFault(
                    message: "a format_time() format knows '%' before one of "
                        + Moment.letters.map(String.init).joined(separator: " ") + " only")
            }
            result += part
        }
        return result
    }

    private func part(_ letter: Unicode.Scalar) -> String? {
        func padded(_ number: Int, _ count: Int = 2) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, count - digits.count)) + digits
        }
        // 1970-01-01 was a Thursday.
        let weekday = Int(CivilDate.divided(date.number + 4, by: 7).rest)
        switch letter {
        case "Y": return padded(date.year, 4)
        case "m": return padded(date.month)
        case "d": return padded(date.day)
        case "H": return padded(second / 3600)
        case "M": return padded(second / 60 % 60)
        case "S": return padded(second % 60)
        case "j": return padded(dayOfYear, 3)
        case "a": return String(Moment.weekdays[weekday].prefix(3))
        case "A": return Moment.weekdays[weekday]
        case "b": return String(Moment.months[date.month - 1].prefix(3))
        case "B": return Moment.months[date.month - 1]
        case "u": return String(weekday == 0 ? 7 : weekday)
        case "F": return "\(padded(date.year, 4))-\(padded(date.month))-\(padded(date.day))"
        case "T": return "\(padded(second / 3600)):\(padded(second / 60 % 60)):\(padded(second % 60))"
        case "s": return String(seconds)
        case "%": return "%"
        default: return nil
        }
    }

    /// From 1.
    private var dayOfYear: Int {
        let first = CivilDate(year: date.year, month: 1, day: 1)
        return Int(date.number - (first?.number ?? date.number)) + 1
    }
}

/// Time spans in systemd's syntax, `man:systemd.time(7)`, to the microsecond.
package enum TimeSpan {
    private static let units: [(names: [String], microseconds: UInt64)] = [
        (["us", "usec", "µs", "μs"], 1),
        (["ms", "msec"], 1000),
        (["s", "sec", "second", "seconds", ""], 1_000_000),
        (["m", "min", "minute", "minutes"], 60_000_000),
        (["h", "hr", "hour", "hours"], 3_600_000_000),
        (["d", "day", "days"], 86_400_000_000),
        (["w", "week", "weeks"], 604_800_000_000),
        (["M", "month", "months"], 2_629_800_000_000),
        (["y", "year", "years"], 31_557_600_000_000),
    ]

    private static let microseconds: [String: UInt64] = {
        var result: [String: UInt64] = [:]
        for unit in units { for name in unit.names { result[name] = unit.microseconds } }
        return result
    }()

    /// The span of a text such as `5min 20s`, `1h30m`, `1.5h` or `90` (seconds); nil where it is none, and for
    /// `infinity`, which is no span.
    package static func parse(_ text: String) -> Duration? {
        let scalars = Array(text.unicodeScalars)
        var (index, total, isEmpty) = (0, UInt64(0), true)
        func skipBlanks() {
            while index < scalars.count, scalars[index] == " " || scalars[index] == "\t" { index += 1 }
        }
        func take(_ isWanted: (Unicode.Scalar) -> Bool) -> String {
            let start = index
            while index < scalars.count, isWanted(scalars[index]) { index += 1 }
            return String(String.UnicodeScalarView(scalars[start..<index]))
        }
        while true {
            skipBlanks()
            guard index < scalars.count else { break }
            let whole = take { $0 >= "0" && $0 <= "9" }
            var fraction = ""
            if index < scalars.count, scalars[index] == "." {
                index += 1
                fraction = take { $0 >= "0" && $0 <= "9" }
                guard !fraction.isEmpty else { return nil }
            }
            guard !whole.isEmpty || !fraction.isEmpty else { return nil }
            skipBlanks()
            let unit = take { $0 >= "a" && $0 <= "z" || $0 >= "A" && $0 <= "Z" || $0 == "µ" || $0 == "μ" }
            guard let factor = microseconds[unit], let number = whole.isEmpty ? 0 : UInt64(whole) else { return nil }
            var (part, overflow) = number.multipliedReportingOverflow(by: factor)
            guard !overflow else { return nil }
            var weight = factor
            for digit in fraction.utf8 {
                weight /= 10
                (part, overflow) = part.addingReportingOverflow(weight * UInt64(digit - 0x30))
                guard !overflow else { return nil }
            }
            (total, overflow) = total.addingReportingOverflow(part)
            guard !overflow, total <= UInt64(Int64.max) else { return nil }
            isEmpty = false
        }
        return isEmpty ? nil : .microseconds(Int64(total))
    }

    /// A span as systemd writes it: `1h 30min`, `2d`, `100ms`, `0`; what is below a microsecond is left out.
    package static func text(of span: Duration) -> String {
        let (seconds, attoseconds) = span.components
        guard seconds >= 0, attoseconds >= 0 else { return "0" }
        var rest = (UInt64(attoseconds) / 1_000_000_000_000)
        var parts: [String] = []
        var left = UInt64(seconds)
        let names = [
            ("y", 31_557_600), ("month", 2_629_800), ("w", 604_800), ("d", 86_400), ("h", 3600), ("min", 60), ("s", 1),
        ]
        for (name, size) in names where left >= size {
            parts.append("\(left / UInt64(size))\(name)")
            left %= UInt64(size)
        }
        if rest >= 1000 {
            parts.append("\(rest / 1000)ms")
            rest %= 1000
        }
        if rest > 0 { parts.append("\(rest)us") }
        return parts.isEmpty ? "0" : parts.joined(separator: " ")
    }
}

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
        var (rest, total, isEmpty) = (text.utf8[...], UInt64(0), true)
        func skipBlanks() { rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") } }
        func take(_ isWanted: (UInt8) -> Bool) -> Substring.UTF8View {
            let taken = rest.prefix(while: isWanted)
            rest = rest[taken.endIndex...]
            return taken
        }
        func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
        while true {
            skipBlanks()
            guard !rest.isEmpty else { break }
            let whole = take(isDigit)
            var fraction = rest[..<rest.startIndex]
            if rest.first == UInt8(ascii: ".") {
                rest = rest.dropFirst()
                fraction = take(isDigit)
                guard !fraction.isEmpty else { return nil }
            }
            guard !whole.isEmpty || !fraction.isEmpty else { return nil }
            skipBlanks()
            // What is no ASCII can only be a letter of the two ways to write a microsecond.
            let unit = take { $0 | 0x20 >= UInt8(ascii: "a") && $0 | 0x20 <= UInt8(ascii: "z") || $0 >= 0x80 }
            guard let factor = microseconds[String(Substring(unit))],
                let number = whole.isEmpty ? 0 : Size.decimal(whole)
            else { return nil }
            var (part, overflow) = number.multipliedReportingOverflow(by: factor)
            guard !overflow else { return nil }
            var weight = factor
            for digit in fraction {
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

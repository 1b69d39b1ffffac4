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

    /// The units by their names, each as a number: none has more than eight bytes.
    private static let microseconds: [(name: UInt64, factor: UInt64)] = units.flatMap { unit in
        unit.names.map { ($0.utf8.reduce(0, packed), unit.microseconds) }
    }

    private static func packed(_ name: UInt64, _ byte: UInt8) -> UInt64 { name << 8 | UInt64(byte) }

    /// The span of a text such as `5min 20s`, `1h30m`, `1.5h` or `90` (seconds); nil where it is none, and for
    /// `infinity`, which is no span.
    package static func parse(_ text: String) -> Duration? {
        let bytes = Array(text.utf8)
        var (index, total, isEmpty) = (0, UInt64(0), true)
        func skipBlanks() {
            while index < bytes.count, bytes[index] == UInt8(ascii: " ") || bytes[index] == UInt8(ascii: "\t") {
                index += 1
            }
        }
        func takeDigits() -> ArraySlice<UInt8> {
            let start = index
            while index < bytes.count, bytes[index] >= UInt8(ascii: "0"), bytes[index] <= UInt8(ascii: "9") {
                index += 1
            }
            return bytes[start..<index]
        }
        while true {
            skipBlanks()
            guard index < bytes.count else { break }
            let whole = takeDigits()
            var fraction = bytes[..<0]
            if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
                index += 1
                fraction = takeDigits()
                guard !fraction.isEmpty else { return nil }
            }
            guard !whole.isEmpty || !fraction.isEmpty else { return nil }
            skipBlanks()
            var (unit, length) = (UInt64(0), 0)
            // What is no ASCII can only be a letter of the two ways to write a microsecond.
            while index < bytes.count, isLetter(bytes[index]) || bytes[index] >= 0x80 {
                unit = packed(unit, bytes[index])
                (index, length) = (index + 1, length + 1)
            }
            guard length <= 8, let factor = microseconds.first(where: { $0.name == unit })?.factor,
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

    private static func isLetter(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") || byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
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

/// Sizes and shares in systemd's syntax.
enum Size {
    /// The bytes of a size such as `256M`, `1.5G` or `1G 512M`, to the base 1024; nil where it is none.
    static func parse(_ text: String) -> UInt64? {
        var (total, least, rest) = (UInt64(0), UInt64.max, text[...])
        repeat {
            let end = rest.firstIndex { !$0.isNumber && $0 != "." } ?? rest.endIndex
            var next = rest[end...].drop { $0 == " " }
            if let first = next.first, first.isLetter { next = next.dropFirst() }
            let part = rest[..<next.startIndex]
            guard let (bytes, factor) = single(part), factor < least else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(bytes)
            guard !overflow else { return nil }
            // Units fall from left to right, so that a slip such as `1M 2G` is not taken for a sum.
            (total, least, rest) = (sum, factor, next.drop { $0 == " " })
        } while !rest.isEmpty
        return total
    }

    private static func single(_ text: Substring) -> (bytes: UInt64, factor: UInt64)? {
        let suffixes = ["B": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6]
        var (digits, factor) = (text, UInt64(1))
        if let last = text.last, let power = suffixes[String(last)] {
            factor = 1 << UInt64(10 * power)
            digits = digits.dropLast()
        }
        while digits.last == " " { digits = digits.dropLast() }
        let parts = digits.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = decimal(parts[0]) else { return nil }
        var (result, overflow) = whole.multipliedReportingOverflow(by: factor)
        guard !overflow else { return nil }
        if parts.count == 2 {
            // The fraction of the factor, digit by digit, so that nothing passes through floating point.
            guard let fraction = decimal(parts[1]), parts[1].utf8.count <= 6 else { return nil }
            var scale: UInt64 = 1
            for _ in parts[1].utf8 { scale *= 10 }
            let (high, low) = factor.multipliedFullWidth(by: fraction)
            guard high < scale else { return nil }
            (result, overflow) = result.addingReportingOverflow(scale.dividingFullWidth((high, low)).quotient)
            guard !overflow else { return nil }
        }
        return (result, factor)
    }

    /// Ten-thousandths of a text such as `50%` or `12.25%`; nil where it is none.
    static func parseShare(_ text: String) -> UInt64? {
        guard text.hasSuffix("%") else { return nil }
        let parts = text.dropLast().split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = decimal(parts[0]), whole <= 10_000_000 else { return nil }
        guard parts.count == 2 else { return whole * 100 }
        guard let fraction = decimal(parts[1]), parts[1].utf8.count <= 2 else { return nil }
        return whole * 100 + (parts[1].utf8.count == 1 ? fraction * 10 : fraction)
    }

    /// A number of nothing but digits.
    static func decimal(_ text: some StringProtocol) -> UInt64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        return UInt64(text)
    }
}

/// Sizes and shares in systemd's syntax.
enum Size {
    /// The bytes of a size such as `256M`, `1.5G` or `1G 512M`, to the base 1024 or another; nil where it is none.
    static func parse(_ text: String, base: UInt64 = 1024) -> UInt64? {
        let (blank, point) = (UInt8(ascii: " "), UInt8(ascii: "."))
        var (total, least, rest) = (UInt64(0), UInt64.max, text.utf8[...])
        repeat {
            let end = rest.firstIndex { !isDigit($0) && $0 != point } ?? rest.endIndex
            var next = rest[end...].drop { $0 == blank }
            if let first = next.first, isLetter(first) { next = next.dropFirst() }
            let part = rest[..<next.startIndex]
            guard let (bytes, factor) = single(part, base), factor < least else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(bytes)
            guard !overflow else { return nil }
            // Units fall from left to right, so that a slip such as `1M 2G` is not taken for a sum.
            (total, least, rest) = (sum, factor, next.drop { $0 == blank })
        } while !rest.isEmpty
        return total
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private static func isLetter(_ byte: UInt8) -> Bool {
        let lower = byte | 0x20
        return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z")
    }

    /// The letters behind a number, each for a power of the base.
    private static let suffixes = Array("BKMGTPE".utf8)

    private static func single(_ text: Substring.UTF8View, _ base: UInt64) -> (bytes: UInt64, factor: UInt64)? {
        var (digits, factor) = (text, UInt64(1))
        if let last = text.last, let power = suffixes.firstIndex(of: last) {
            for _ in 0..<power { factor *= base }
            digits = digits.dropLast()
        }
        while digits.last == UInt8(ascii: " ") { digits = digits.dropLast() }
        let point = digits.firstIndex(of: UInt8(ascii: "."))
        guard let whole = decimal(digits[..<(point ?? digits.endIndex)]) else { return nil }
        var (result, overflow) = whole.multipliedReportingOverflow(by: factor)
        guard !overflow else { return nil }
        if let point {
            // The fraction of the factor, digit by digit, so that nothing passes through floating point.
            let behind = digits[point...].dropFirst()
            guard let fraction = decimal(behind), behind.count <= 6 else { return nil }
            var scale: UInt64 = 1
            for _ in behind { scale *= 10 }
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
    static func decimal(_ text: some StringProtocol) -> UInt64? { decimal(text.utf8) }

    /// The same of its bytes.
    static func decimal(_ digits: some Collection<UInt8>) -> UInt64? {
        guard !digits.isEmpty else { return nil }
        var result: UInt64 = 0
        for digit in digits {
            guard isDigit(digit) else { return nil }
            var overflow = false
            (result, overflow) = result.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            (result, overflow) = result.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
            guard !overflow else { return nil }
        }
        return result
    }
}

/// The bytes of a document and where its lines and long stretches of lines begin, so that a place inside a scalar can be found again.
struct YAMLSource: Sendable {
    let bytes: [UInt8]
    /// The offset of each line's first byte, and of a character every so often in a line that is long: a file may be a
    /// single line, and a thousand faults in it are looked up one by one.
    private let stops: [Stop]
    private static let stride = 512

    /// A place and the offset of its byte. Texts are far smaller than four gigabytes, and lines are many.
    private struct Stop {
        private let shortLine: UInt32
        private let shortColumn: UInt32
        private let shortOffset: UInt32

        init(_ mark: YAMLMark, _ offset: Int) {
            (shortLine, shortColumn) = (UInt32(clamping: mark.line), UInt32(clamping: mark.column))
            shortOffset = UInt32(clamping: offset)
        }

        var mark: YAMLMark { YAMLMark(line: Int(shortLine), column: Int(shortColumn)) }
        var offset: Int { Int(shortOffset) }
    }

    /// Takes the bytes, without a byte order mark, if libyaml will be able to read them: it reports what it cannot
    /// read by a byte offset alone, so such bytes are found here, with their line and column.
    init(_ input: [UInt8], maximumBytes: Int) throws(YAMLError) {
        let start = YAMLMark(line: 1, column: 1)
        guard input.count <= maximumBytes else {
            throw YAMLError(start, "the text has \(input.count) bytes; at most \(maximumBytes) are read")
        }
        let bytes = input.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(input.dropFirst(3)) : input
        var (stops, mark, index) = ([Stop(start, 0)], start, 0)
        // As many as there are in most texts, so that they need not be moved.
        stops.reserveCapacity(bytes.count / 24)
        while index < bytes.count {
            // A run of ASCII that can be read: what most of a text is.
            let run = YAMLSource.plain(
                bytes, from: index, upTo: YAMLSource.stride - mark.column % YAMLSource.stride - 1)
            index += run
            mark.column += run
            guard index < bytes.count else { break }
            let (scalar, length) = YAMLSource.decode(bytes, at: index)
            guard let scalar else { throw YAMLError(mark, "this is not UTF-8 text") }
            if let refusal = YAMLSource.refusal(scalar) { throw YAMLError(mark, refusal) }
            index += length
            let isPair = scalar == "\r" && index < bytes.count && bytes[index] == 0x0A
            if YAMLSource.isBreak(scalar), !isPair {
                mark = YAMLMark(line: mark.line + 1, column: 1)
                stops.append(Stop(mark, index))
            } else {
                mark.column += 1
                if mark.column % YAMLSource.stride == 0 { stops.append(Stop(mark, index)) }
            }
        }
        (self.bytes, self.stops) = (bytes, stops)
    }

    /// The offset of a mark; behind the end for one that is in no line.
    func offset(of mark: YAMLMark) -> Int {
        // The last stop that is not behind the mark.
        var (low, high) = (0, stops.count)
        while low < high {
            let middle = (low + high) / 2
            if mark < stops[middle].mark { high = middle } else { low = middle + 1 }
        }
        guard low > 0, stops[low - 1].mark.line == mark.line else { return bytes.count }
        var (column, index) = (stops[low - 1].mark.column, stops[low - 1].offset)
        while column < mark.column, index < bytes.count {
            index += YAMLSource.decode(bytes, at: index).length
            column += 1
        }
        return index
    }

    /// The character at a mark, or nil behind the end.
    func character(at mark: YAMLMark) -> Unicode.Scalar? {
        let offset = offset(of: mark)
        return offset < bytes.count ? YAMLSource.decode(bytes, at: offset).scalar : nil
    }

    /// How many characters from an offset on are ASCII, can be read and end no line; at most so many.
    private static func plain(_ bytes: [UInt8], from start: Int, upTo most: Int) -> Int {
        let end = min(bytes.count, start + most)
        var index = start
        while index < end, bytes[index] >= 0x20 && bytes[index] < 0x7F || bytes[index] == 0x09 { index += 1 }
        return index - start
    }

    /// The scalar at an offset and its length in bytes; no scalar where the bytes are not UTF-8.
    static func decode(_ bytes: [UInt8], at index: Int) -> (scalar: Unicode.Scalar?, length: Int) {
        let first = bytes[index]
        if first < 0x80 { return (Unicode.Scalar(first), 1) }
        let (length, least): (Int, UInt32) =
            switch first {
            case 0xC2...0xDF: (2, 0x80)
            case 0xE0...0xEF: (3, 0x800)
            case 0xF0...0xF4: (4, 0x10000)
            default: (0, 0)
            }
        guard length > 0, index + length <= bytes.count else { return (nil, 1) }
        var value = UInt32(first) & (0x7F >> UInt32(length))
        for byte in bytes[(index + 1)..<(index + length)] {
            guard byte & 0xC0 == 0x80 else { return (nil, 1) }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        guard value >= least, let scalar = Unicode.Scalar(value) else { return (nil, 1) }
        return (scalar, length)
    }

    /// What libyaml takes for the end of a line.
    static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0A, 0x0D, 0x85, 0x2028, 0x2029: true
        default: false
        }
    }

    /// Blanks and the ends of lines: folding adds, removes and replaces only these.
    static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        scalar == " " || scalar == "\t" || isBreak(scalar)
    }

    private static func refusal(_ scalar: Unicode.Scalar) -> String? {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D, 0x20...0x7E, 0x85, 0xA0...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF:
            return nil
        case 0: return "a NUL byte cannot stand in YAML"
        default:
            let digits = String(scalar.value, radix: 16, uppercase: true)
            let padded = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            return "the control character U+\(padded) cannot stand in YAML"
        }
    }
}

extension YAMLSource {
    /// Where a character of a scalar's text stands in the source.
    ///
    /// Quoting, escapes and folding change blanks and the ends of lines only, and keep the order of everything else:
    /// so the character is found by counting the non-blank ones before it, in the text and in the source.
    ///
    /// - Parameters:
    ///   - offset: how many characters (Unicode scalars) of the text stand before it.
    func mark(ofCharacter offset: Int, in scalar: YAMLScalar, at start: YAMLMark) -> YAMLMark {
        let text = scalar.text.unicodeScalars
        let end = text.index(text.startIndex, offsetBy: offset, limitedBy: text.endIndex) ?? text.endIndex
        let isBlank = end == text.endIndex || YAMLSource.isBlank(text[end])
        let before = text[..<end].reduce(0) { YAMLSource.isBlank($1) ? $0 : $0 + 1 }
        if !isBlank { return mark(ofVisible: before, style: scalar.style, at: start) }
        // A blank has no certain place of its own: it is counted from the last character before it that has one.
        guard before > 0 else { return start }
        var mark = mark(ofVisible: before - 1, style: scalar.style, at: start)
        mark.column += text[..<end].reversed().prefix(while: YAMLSource.isBlank).count + 1
        return mark
    }

    private func mark(ofVisible wanted: Int, style: YAMLScalar.Style, at start: YAMLMark) -> YAMLMark {
        var (index, mark, seen) = (offset(of: start), start, 0)
        func skip(_ length: Int, _ scalar: Unicode.Scalar) {
            index += length
            let isPair = scalar == "\r" && index < bytes.count && bytes[index] == 0x0A
            if YAMLSource.isBreak(scalar), !isPair {
                mark = YAMLMark(line: mark.line + 1, column: 1)
            } else {
                mark.column += 1
            }
        }
        switch style {
        case .plain: break
        case .singleQuoted, .doubleQuoted: if index < bytes.count { skip(1, "\"") }
        case .literal, .folded:
            while index < bytes.count {
                let (scalar, length) = YAMLSource.decode(bytes, at: index)
                guard let scalar else { break }
                skip(length, scalar)
                if mark.line > start.line { break }
            }
        }
        while index < bytes.count {
            let here = mark
            let (scalar, length) = YAMLSource.decode(bytes, at: index)
            guard var scalar else { break }
            skip(length, scalar)
            let isPair = style == .singleQuoted && scalar == "'" || style == .doubleQuoted && scalar == "\\"
            if isPair, index < bytes.count {
                let (second, length) = YAMLSource.decode(bytes, at: index)
                guard let second else { break }
                skip(length, second)
                if style == .doubleQuoted {
                    var digits: UInt32 = 0
                    let count = second == "x" ? 2 : second == "u" ? 4 : second == "U" ? 8 : 0
                    for _ in 0..<count where index < bytes.count {
                        digits = digits &* 16 &+ UInt32(Character(Unicode.Scalar(bytes[index])).hexDigitValue ?? 0)
                        skip(1, "0")
                    }
                    scalar = count > 0 ? Unicode.Scalar(digits) ?? "?" : YAMLSource.isBlankEscape(second) ? " " : "?"
                }
            }
            if YAMLSource.isBlank(scalar) { continue }
            if seen == wanted { return here }
            seen += 1
        }
        return start
    }

    /// Whether a backslash and this character make a blank: tab, line ends, a blank, or nothing at all.
    private static func isBlankEscape(_ scalar: Unicode.Scalar) -> Bool {
        isBlank(scalar) || ["t", "n", "r", "N", "L", "P"].contains(scalar)
    }
}

import CLinux
import Glibc

/// What a terminal makes of text: how much room it takes, and what in it would be an order.
enum TerminalText {
    /// The columns that a text takes. Most characters take one, those of East Asia and most symbols in colour two, and what is set
    /// upon another none: glibc has the tables (`man:wcwidth(3)`), and terminals use them or the like.
    static func width(of text: String) -> Int {
        guard !text.utf8.allSatisfy({ $0 < 0x80 }) else { return text.utf8.count }
        return text.unicodeScalars.reduce(0) { $0 + width(of: $1) }
    }

    private static func width(of scalar: Unicode.Scalar) -> Int {
        guard scalar.value >= 0x80, hasTables else { return 1 }
        let known = clinux_width(scalar.value)
        // What is unknown is drawn as a box.
        return known < 0 ? 1 : Int(known)
    }

    /// The tables are those of a locale, and the C one has none (`man:locale(7)`). This one is in every glibc.
    private static let hasTables = setlocale(LC_CTYPE, "C.UTF-8") != nil

    /// The text as far as it fits into some columns, the last of them the sign that there was more.
    static func cut(_ text: String, to columns: Int, ellipsis: String) -> String {
        guard width(of: text) > columns else { return text }
        guard columns > 0 else { return "" }
        var (result, used) = ("", 0)
        for character in text {
            let more = width(of: String(character))
            guard used + more < columns else { break }
            result.append(character)
            used += more
        }
        return result + ellipsis
    }

    /// The text without what a terminal would take as orders: what others wrote must not move the cursor, set the title, answer in
    /// the reader's name, or turn the order of what is read. That there was something is seen.
    static func harmless(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isOrder) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { result.append(isOrder(scalar) ? "?" : scalar) }
        return String(result)
    }

    /// A line that a program wrote for a terminal, as harmless and as one would have seen it there: without colours and the like, and
    /// of what was written over again and again, as bars of progress are, what it was at last.
    static func legible(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isOrder) else { return text }
        let scalars = Array(text.unicodeScalars)
        let last = scalars.lastIndex { $0 != "\r" } ?? 0
        let start = scalars[..<last].lastIndex(of: "\r").map { $0 + 1 } ?? 0
        var result = String.UnicodeScalarView()
        // Behind the last of them no title ends: looked for once, or a line of nothing but beginnings would take minutes.
        let lastEnd = scalars.lastIndex { $0 == "\u{07}" || $0 == "\u{9C}" || $0 == "\\" } ?? -1
        var next = start
        while next < scalars.count {
            let scalar = scalars[next]
            if let end = endOfSequence(scalars, at: next, lastEnd) {
                next = end
            } else {
                if scalar != "\r" { result.append(isOrder(scalar) ? "?" : scalar) }
                next += 1
            }
        }
        return String(result)
    }

    /// Where a control sequence ends that begins here (ECMA-48, 5.4 and 8.3.89); nil where there is none, or it has no end.
    private static func endOfSequence(_ scalars: [Unicode.Scalar], at start: Int, _ lastEnd: Int) -> Int? {
        var next = start + 1
        switch scalars[start] {
        case "\u{1B}":
            guard next < scalars.count else { return nil }
            switch scalars[next] {
            case "[": return endOfControl(scalars, at: next + 1)
            case "]", "P", "X", "^", "_": return endOfString(scalars, at: next + 1, lastEnd)
            default:
                while next < scalars.count, (0x20...0x2F).contains(scalars[next].value) { next += 1 }
                return next < scalars.count && (0x30...0x7E).contains(scalars[next].value) ? next + 1 : nil
            }
        case "\u{9B}": return endOfControl(scalars, at: next)
        case "\u{9D}", "\u{90}": return endOfString(scalars, at: next, lastEnd)
        default: return nil
        }
    }

    private static func endOfControl(_ scalars: [Unicode.Scalar], at start: Int) -> Int? {
        var next = start
        while next < scalars.count, (0x20...0x3F).contains(scalars[next].value) { next += 1 }
        return next < scalars.count && (0x40...0x7E).contains(scalars[next].value) ? next + 1 : nil
    }

    /// A title and the like end with BEL or ST.
    private static func endOfString(_ scalars: [Unicode.Scalar], at start: Int, _ lastEnd: Int) -> Int? {
        guard start <= lastEnd else { return nil }
        for next in start...lastEnd {
            switch scalars[next] {
            case "\u{07}", "\u{9C}": return next + 1
            case "\\" where scalars[next - 1] == "\u{1B}": return next + 1
            // Another one begins, which this one would take along.
            case "\u{1B}" where next + 1 < scalars.count && scalars[next + 1] != "\\": return nil
            default: continue
            }
        }
        return nil
    }

    /// Control characters but for the tab; separators of lines; what turns the direction of text, or is not seen at all.
    private static func isOrder(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09: false
        case 0..<0x20, 0x7F..<0xA0: true
        case 0x061C, 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xE0000...0xE007F: true
        default: false
        }
    }
}

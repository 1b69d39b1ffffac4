/// Reads a regular expression into a tree.
struct PatternParser {
    /// A part of a pattern.
    indirect enum Node {
        case empty
        case scalar(Unicode.Scalar)
        case any(inLine: Bool)
        case set(Pattern.CharacterSet)
        case at(Pattern.Place)
        case sequence([Node])
        case either([Node])
        case repeated(Node, Int, Int?)
    }

    /// What `(?i)` and its likes switch on.
    private struct Flags {
        var ignoresCase = false
        var dotTakesLines = false
        var isByLine = false
    }

    private let scalars: [Unicode.Scalar]
    private var index = 0
    private var depth = 0
    private var flags = Flags()

    private static let deepest = 32
    private static let mostRepeats = 1000

    static func parse(_ text: String) throws(SyntaxFault) -> Node {
        var parser = PatternParser(scalars: Array(text.unicodeScalars))
        guard parser.scalars.count <= Pattern.longest else {
            throw SyntaxFault(
                message: "a regular expression has at most \(Pattern.longest) characters", offset: Pattern.longest)
        }
        let node = try parser.either()
        guard parser.current == nil else {
            throw parser.fault("this ')' closes nothing", hint: "write '\\)' for itself")
        }
        return node
    }

    private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

    private var current: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard current == scalar else { return false }
        index += 1
        return true
    }

    private func fault(_ message: String, at offset: Int? = nil, hint: String? = nil) -> SyntaxFault {
        SyntaxFault(message: message, offset: min(offset ?? index, scalars.count), hint: hint)
    }

    private mutating func either() throws(SyntaxFault) -> Node {
        depth += 1
        defer { depth -= 1 }
        guard depth <= PatternParser.deepest else {
            throw fault("this regular expression is nested more than \(PatternParser.deepest) levels deep")
        }
        // Flags that are set inside a group end with it.
        let outer = flags
        defer { flags = outer }
        var nodes = [try sequence()]
        while take("|") { nodes.append(try sequence()) }
        return nodes.count == 1 ? nodes[0] : .either(nodes)
    }

    private mutating func sequence() throws(SyntaxFault) -> Node {
        var nodes: [Node] = []
        while let scalar = current, scalar != "|", scalar != ")" {
            let start = index
            let node = try atom()
            nodes.append(try repeated(node, from: start))
        }
        return nodes.count == 1 ? nodes[0] : nodes.isEmpty ? .empty : .sequence(nodes)
    }

    private mutating func repeated(_ node: Node, from start: Int) throws(SyntaxFault) -> Node {
        guard let (least, most) = try count() else { return node }
        if case .at = node { throw fault("there is nothing to repeat before this", at: index - 1) }
        // The shortest match and the longest one are the same to who asks only whether there is one.
        _ = take("?")
        if let scalar = current, scalar == "*" || scalar == "?" || scalar == "+" {
            throw fault("'\(scalar)' repeats what is repeated already", hint: "put it in (?:...)")
        }
        return .repeated(node, least, most)
    }

    /// `*`, `+`, `?`, `{2}`, `{2,}` or `{2,5}`; a brace that begins none of these stands for itself.
    private mutating func count() throws(SyntaxFault) -> (Int, Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        let start = index
        guard take("{"), let least = number() else {
            index = start
            return nil
        }
        var most: Int? = least
        if take(",") { most = number() }
        guard take("}") else {
            index = start
            return nil
        }
        guard least <= PatternParser.mostRepeats, most ?? 0 <= PatternParser.mostRepeats else {
            throw fault("at most \(PatternParser.mostRepeats) times can be asked for", at: start)
        }
        if let most, most < least { throw fault("'{\(least),\(most)}' has its numbers the wrong way round", at: start) }
        return (least, most)
    }

    private mutating func number() -> Int? {
        let start = index
        var value = 0
        while let scalar = current, ExpressionLexer.isDigit(scalar) {
            value = min(value * 10 + Int(scalar.value - 0x30), 1_000_000)
            index += 1
        }
        return index > start ? value : nil
    }

    private mutating func atom() throws(SyntaxFault) -> Node {
        guard let scalar = current else { return .empty }
        let start = index
        index += 1
        switch scalar {
        case "(": return try group(from: start)
        case "[": return .set(try bracketed(from: start))
        case ".": return .any(inLine: !flags.dotTakesLines)
        case "^": return .at(flags.isByLine ? .lineStart : .start)
        case "$": return .at(flags.isByLine ? .lineEnd : .end)
        case "*", "+", "?":
            throw fault(
                "there is nothing to repeat before '\(scalar)'", at: start, hint: "write '\\\(scalar)' for itself")
        case "\\": return try escaped(from: start)
        default: return letter(scalar)
        }
    }

    private func letter(_ scalar: Unicode.Scalar) -> Node {
        guard flags.ignoresCase, !Pattern.cases(of: scalar).isEmpty else { return .scalar(scalar) }
        return .set(Pattern.CharacterSet(ranges: [scalar.value...scalar.value], ignoresCase: true))
    }

    private mutating func group(from start: Int) throws(SyntaxFault) -> Node {
        guard take("?") else { return try closed(start) }
        if take(":") { return try closed(start) }
        let isNamed = current == "<" && index + 1 < scalars.count && ExpressionLexer.isNameStart(scalars[index + 1])
        if isNamed || current == "P" && index + 1 < scalars.count && scalars[index + 1] == "<" {
            while let scalar = current, scalar != ">" { index += scalar == ")" ? scalars.count : 1 }
            guard take(">") else { throw fault("this group's name has no '>'", at: start) }
            return try closed(start)
        }
        if let scalar = current, "=!<>".unicodeScalars.contains(scalar) {
            throw fault(
                "a regular expression cannot look around here", at: start,
                hint: "matching takes no longer than the text is long, so '(?\(scalar)' is not there")
        }
        let outer = flags
        var isOn = true
        while let scalar = current, scalar != ")", scalar != ":" {
            switch scalar {
            case "-": isOn = false
            case "i": flags.ignoresCase = isOn
            case "s": flags.dotTakesLines = isOn
            case "m": flags.isByLine = isOn
            default: throw fault("'(?\(scalar)' is not known here", at: start, hint: "there are i, s and m")
            }
            index += 1
        }
        if take(":") {
            defer { flags = outer }
            return try closed(start)
        }
        guard take(")") else { throw fault("this '(' has no ')'", at: start) }
        return .empty
    }

    private mutating func closed(_ start: Int) throws(SyntaxFault) -> Node {
        let node = try either()
        guard take(")") else { throw fault("this '(' has no ')'", at: start, hint: "write '\\(' for itself") }
        // A group of a single place, such as (^), may be repeated: it is no longer that place alone.
        if case .at = node { return .sequence([node]) }
        return node
    }

    private mutating func escaped(from start: Int) throws(SyntaxFault) -> Node {
        guard let scalar = current else { throw fault("there is nothing after this '\\'", at: start) }
        switch scalar {
        case "b", "B", "A", "z", "Z":
            index += 1
            switch scalar {
            case "b": return .at(.wordEdge)
            case "B": return .at(.insideWord)
            case "A": return .at(.start)
            case "z": return .at(.veryEnd)
            default: return .at(.end)
            }
        default:
            if let set = PatternParser.classes[scalar] {
                index += 1
                return .set(set)
            }
            return letter(try character(from: start))
        }
    }

    /// The character that an escape stands for; the backslash is taken already.
    private mutating func character(from start: Int) throws(SyntaxFault) -> Unicode.Scalar {
        guard let scalar = current else { throw fault("there is nothing after this '\\'", at: start) }
        index += 1
        switch scalar {
        case "n": return "\n"
        case "t": return "\t"
        case "r": return "\r"
        case "f": return "\u{C}"
        case "v": return "\u{B}"
        case "x", "u":
            let isBraced = take("{")
            let from = index
            while let digit = current, digit.properties.isASCIIHexDigit,
                index - from < (isBraced ? 6 : scalar == "x" ? 2 : 4)
            {
                index += 1
            }
            let digits = String(String.UnicodeScalarView(scalars[from..<index]))
            guard !isBraced || take("}"), let value = UInt32(digits, radix: 16), let result = Unicode.Scalar(value)
            else {
                throw fault("'\\\(scalar)' needs the number of a character", at: start, hint: "as in \\x41 or \\x{e4}")
            }
            return result
        case "1"..."9", "k":
            throw fault(
                "a regular expression cannot refer to its groups here", at: start,
                hint: "matching takes no longer than the text is long, so '\\\(scalar)' is not there")
        case _ where scalar.isASCII && Pattern.isWord(scalar):
            throw fault("'\\\(scalar)' means nothing in a regular expression here", at: start)
        default: return scalar
        }
    }

    private mutating func bracketed(from start: Int) throws(SyntaxFault) -> Pattern.CharacterSet {
        var set = Pattern.CharacterSet(ignoresCase: flags.ignoresCase)
        set.isNegated = take("^")
        var isFirst = true
        while let scalar = current, scalar != "]" || isFirst {
            isFirst = false
            let place = index
            guard let low = try member(of: &set) else { continue }
            // A dash at the end stands for itself, as does one behind a class.
            guard current == "-", index + 1 < scalars.count, scalars[index + 1] != "]" else {
                set.ranges.append(low.value...low.value)
                continue
            }
            index += 1
            guard let high = try member(of: &set), high.value >= low.value else {
                throw fault("this range has no characters in it", at: place)
            }
            set.ranges.append(low.value...high.value)
        }
        guard take("]") else { throw fault("this '[' has no ']'", at: start, hint: "write '\\[' for itself") }
        return set
    }

    /// A character between brackets; nil for a class, whose characters are taken in at once.
    private mutating func member(of set: inout Pattern.CharacterSet) throws(SyntaxFault) -> Unicode.Scalar? {
        let start = index
        guard let scalar = current else { return nil }
        index += 1
        if scalar == "[", current == ":" {
            let name = String(String.UnicodeScalarView(scalars[(index + 1)...].prefix { $0 != ":" && $0 != "]" }))
            guard let ranges = PatternParser.named[name] else {
                throw fault("there is no class '[:\(name):]'", at: start)
            }
            index += name.unicodeScalars.count + 1
            guard take(":"), take("]") else { throw fault("this class has no ':]'", at: start) }
            set.ranges += ranges
            return nil
        }
        guard scalar == "\\" else { return scalar }
        if let escaped = current, let known = PatternParser.classes[escaped] {
            index += 1
            set.ranges += known.isNegated ? PatternParser.rest(of: known.ranges) : known.ranges
            return nil
        }
        return try character(from: start)
    }

    /// All characters that are in none of the ranges, which are sorted and apart.
    private static func rest(of ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        var (result, next) = ([ClosedRange<UInt32>](), UInt32(0))
        for range in ranges {
            if range.lowerBound > next { result.append(next...(range.lowerBound - 1)) }
            next = range.upperBound + 1
        }
        return result + [next...0x10FFFF]
    }

    private static let digits: [ClosedRange<UInt32>] = [0x30...0x39]
    private static let words: [ClosedRange<UInt32>] = [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A]
    private static let blanks: [ClosedRange<UInt32>] = [0x09...0x0D, 0x20...0x20]

    private static let classes: [Unicode.Scalar: Pattern.CharacterSet] = [
        "d": Pattern.CharacterSet(ranges: digits), "D": Pattern.CharacterSet(ranges: digits, isNegated: true),
        "w": Pattern.CharacterSet(ranges: words), "W": Pattern.CharacterSet(ranges: words, isNegated: true),
        "s": Pattern.CharacterSet(ranges: blanks), "S": Pattern.CharacterSet(ranges: blanks, isNegated: true),
    ]

    /// POSIX's classes, as far as they are ASCII (`man:regex(7)`).
    private static let named: [String: [ClosedRange<UInt32>]] = [
        "alnum": [0x30...0x39, 0x41...0x5A, 0x61...0x7A], "alpha": [0x41...0x5A, 0x61...0x7A],
        "blank": [0x09...0x09, 0x20...0x20], "digit": digits, "lower": [0x61...0x7A], "upper": [0x41...0x5A],
        "punct": [0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E], "space": blanks, "word": words,
        "xdigit": [0x30...0x39, 0x41...0x46, 0x61...0x66],
    ]
}

/// Cuts an expression into its words.
struct ExpressionLexer {
    /// A word of the language.
    enum Token: Hashable {
        case integer(Int64)
        case number(Double)
        case string(String)
        case name(String)
        case symbol(Symbol)
        case end
    }

    /// What is neither a word nor a value.
    enum Symbol: String {
        case plus = "+", minus = "-", times = "*", divide = "/", remainder = "%", less = "<", greater = ">", not = "!"
        case question = "?", colon = ":", point = ".", comma = ",", open = "(", close = ")"
        case openList = "[", closeList = "]", brace = "}"
        case equal = "==", notEqual = "!=", lessOrEqual = "<=", greaterOrEqual = ">=", and = "&&", or = "||"

        /// The one of a single character.
        init?(_ scalar: Unicode.Scalar) {
            switch scalar {
            case "+": self = .plus
            case "-": self = .minus
            case "*": self = .times
            case "/": self = .divide
            case "%": self = .remainder
            case "<": self = .less
            case ">": self = .greater
            case "!": self = .not
            case "?": self = .question
            case ":": self = .colon
            case ".": self = .point
            case ",": self = .comma
            case "(": self = .open
            case ")": self = .close
            case "[": self = .openList
            case "]": self = .closeList
            case "}": self = .brace
            default: return nil
            }
        }

        /// The one of two characters.
        init?(_ first: Unicode.Scalar, _ second: Unicode.Scalar) {
            switch (first, second) {
            case ("=", "="): self = .equal
            case ("!", "="): self = .notEqual
            case ("<", "="): self = .lessOrEqual
            case (">", "="): self = .greaterOrEqual
            case ("&", "&"): self = .and
            case ("|", "|"): self = .or
            default: return nil
            }
        }
    }

    private let scalars: [Unicode.Scalar]
    /// Where the next word is looked for.
    private(set) var position: Int

    init(_ scalars: [Unicode.Scalar], from position: Int) {
        (self.scalars, self.position) = (scalars, position)
    }

    /// The next word and where it begins. The end of the string is a word too, and stays the next one.
    mutating func next() throws(SyntaxFault) -> (token: Token, offset: Int) {
        while position < scalars.count, Self.isBlank(scalars[position]) { position += 1 }
        let start = position
        guard position < scalars.count else { return (.end, start) }
        let first = scalars[position]
        if Self.isNameStart(first) {
            // A dash without blanks belongs to the name: steps may have them.
            while position < scalars.count, Self.isName(scalars[position]) { position += 1 }
            return (.name(text(start)), start)
        }
        if Self.isDigit(first) { return (try number(), start) }
        if first == "'" || first == "\"" { return (.string(try string(first)), start) }
        if position + 1 < scalars.count {
            if let pair = Symbol(first, scalars[position + 1]) {
                position += 2
                return (.symbol(pair), start)
            }
        }
        position += 1
        if let symbol = Symbol(first) { return (.symbol(symbol), start) }
        let symbol = String(Character(first))
        let hint: String? =
            switch first {
            case "=": "compare with '=='"
            case "&", "|": "write '\(symbol)\(symbol)'"
            default: nil
            }
        throw SyntaxFault(message: "'\(symbol)' means nothing in an expression", offset: start, hint: hint)
    }

    private mutating func number() throws(SyntaxFault) -> Token {
        let start = position
        func skipDigits(_ position: inout Int) {
            while position < scalars.count, Self.isDigit(scalars[position]) { position += 1 }
        }
        skipDigits(&position)
        var isWhole = true
        if position + 1 < scalars.count, scalars[position] == ".", Self.isDigit(scalars[position + 1]) {
            isWhole = false
            position += 1
            skipDigits(&position)
        }
        if position < scalars.count, scalars[position] == "e" || scalars[position] == "E" {
            var ahead = position + 1
            if ahead < scalars.count, scalars[ahead] == "+" || scalars[ahead] == "-" { ahead += 1 }
            if ahead < scalars.count, Self.isDigit(scalars[ahead]) {
                isWhole = false
                skipDigits(&ahead)
                position = ahead
            }
        }
        let text = text(start)
        if position < scalars.count, Self.isNameStart(scalars[position]) {
            throw SyntaxFault(message: "a name cannot begin with a digit", offset: start, hint: nil)
        }
        if isWhole {
            guard let value = Int64(text) else {
                throw SyntaxFault(message: "the number \(text) is too large", offset: start, hint: nil)
            }
            return .integer(value)
        }
        guard let value = Double(text), value.isFinite else {
            throw SyntaxFault(message: "the number \(text) is too large", offset: start, hint: nil)
        }
        return .number(value)
    }

    private mutating func string(_ quote: Unicode.Scalar) throws(SyntaxFault) -> String {
        let start = position
        position += 1
        var result = String.UnicodeScalarView()
        while position < scalars.count {
            let scalar = scalars[position]
            position += 1
            if scalar == quote { return String(result) }
            // Inside single quotes everything stands for itself, as in a shell.
            guard scalar == "\\", quote == "\"" else {
                result.append(scalar)
                continue
            }
            guard position < scalars.count else { break }
            switch scalars[position] {
            case "n": result.append("\n")
            case "t": result.append("\t")
            case "\\", "\"": result.append(scalars[position])
            default:
                throw SyntaxFault(
                    message: "'\\\(scalars[position])' means nothing in a string", offset: position - 1,
                    hint: "write '\\\\' for a backslash")
            }
            position += 1
        }
        throw SyntaxFault(message: "this string has no end", offset: start, hint: nil)
    }

    /// What was read since a place: names and numbers, which are ASCII.
    private func text(_ start: Int) -> String {
        String(unsafeUninitializedCapacity: position - start) { buffer in
            for (index, scalar) in scalars[start..<position].enumerated() {
                buffer[index] = UInt8(truncatingIfNeeded: scalar.value)
            }
            return position - start
        }
    }

    static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r"
    }
    static func isDigit(_ scalar: Unicode.Scalar) -> Bool { scalar >= "0" && scalar <= "9" }
    static func isNameStart(_ scalar: Unicode.Scalar) -> Bool {
        scalar >= "a" && scalar <= "z" || scalar >= "A" && scalar <= "Z" || scalar == "_"
    }
    static func isName(_ scalar: Unicode.Scalar) -> Bool { isNameStart(scalar) || isDigit(scalar) || scalar == "-" }
}

import PawlModel

/// Reads one expression by recursive descent, one function for each level of precedence, the loosest first.
struct ExpressionParser {
    private var lexer: ExpressionLexer
    private var token: ExpressionLexer.Token = .end
    private var offset = 0
    private var depth = 0
    private var nodes = 0
    /// Where the `${` stands.
    private let start: Int

    /// Reads the expression that begins at the position and ends with a `}`; gives back where that ends.
    static func parse(
        _ scalars: [Unicode.Scalar], from position: Int
    ) throws(SyntaxFault) -> (expression: Expression, end: Int) {
        var parser = ExpressionParser(lexer: ExpressionLexer(scalars, from: position), start: position - 2)
        try parser.advance()
        if parser.token == .symbol(.brace) {
            throw SyntaxFault(message: "there is no expression in '${}'", offset: position - 2, hint: nil)
        }
        let expression = try parser.conditional()
        guard parser.token == .symbol(.brace) else { throw parser.unexpected() }
        return (expression, parser.lexer.position)
    }

    private init(lexer: ExpressionLexer, start: Int) { (self.lexer, self.start) = (lexer, start) }

    private mutating func advance() throws(SyntaxFault) { (token, offset) = try lexer.next() }

    private mutating func take(_ symbol: ExpressionLexer.Symbol) throws(SyntaxFault) -> Bool {
        guard token == .symbol(symbol) else { return false }
        try advance()
        return true
    }

    private mutating func expect(_ symbol: ExpressionLexer.Symbol) throws(SyntaxFault) {
        if try !take(symbol) { throw unexpected("'\(symbol.rawValue)'") }
    }

    private func unexpected(_ wanted: String? = nil) -> SyntaxFault {
        if token == .end {
            return SyntaxFault(
                message: "'${' has no '}'", offset: start, hint: "write '$${' for the two characters")
        }
        let found =
            switch token {
            case .integer(let value): "'\(value)'"
            case .number(let value): "'\(value)'"
            case .string: "a string"
            case .name(let name): "'\(name)'"
            case .symbol(let symbol): "'\(symbol.rawValue)'"
            case .end: "the end"
            }
        let message = wanted.map { "\(found) stands where \($0) belongs" } ?? "\(found) cannot stand here"
        return SyntaxFault(message: message, offset: offset, hint: nil)
    }

    private mutating func node(_ kind: Expression.Kind, at offset: Int) throws(SyntaxFault) -> Expression {
        nodes += 1
        guard nodes <= Expression.mostNodes else {
            throw SyntaxFault(
                message: "this expression is too large; compute it in a step", offset: offset, hint: nil)
        }
        return Expression(kind: kind, offset: offset)
    }

    private mutating func deeper() throws(SyntaxFault) {
        depth += 1
        guard depth <= Expression.deepest else {
            throw SyntaxFault(
                message: "this is nested more than \(Expression.deepest) levels deep", offset: offset, hint: nil)
        }
    }

    private mutating func conditional() throws(SyntaxFault) -> Expression {
        try deeper()
        defer { depth -= 1 }
        let condition = try either()
        let place = offset
        guard try take(.question) else { return condition }
        let first = try conditional()
        try expect(.colon)
        let second = try conditional()
        return try node(.conditional(condition, first, second), at: place)
    }

    private mutating func either() throws(SyntaxFault) -> Expression {
        var left = try both()
        while token == .symbol(.or) {
            left = try binary(.or, left) { parser throws(SyntaxFault) in try parser.both() }
        }
        return left
    }

    private mutating func both() throws(SyntaxFault) -> Expression {
        var left = try comparison()
        while token == .symbol(.and) {
            left = try binary(.and, left) { parser throws(SyntaxFault) in try parser.comparison() }
        }
        return left
    }

    private var comparisonOperator: Expression.Operator? {
        switch token {
        case .symbol(.equal): .equal
        case .symbol(.notEqual): .notEqual
        case .symbol(.less): .less
        case .symbol(.lessOrEqual): .lessOrEqual
        case .symbol(.greater): .greater
        case .symbol(.greaterOrEqual): .greaterOrEqual
        case .name("in"): .contained
        default: nil
        }
    }

    private mutating func comparison() throws(SyntaxFault) -> Expression {
        let left = try sum()
        guard let sign = comparisonOperator else { return left }
        let result = try binary(sign, left) { parser throws(SyntaxFault) in try parser.sum() }
        if comparisonOperator != nil {
            throw SyntaxFault(
                message: "comparisons cannot be chained", offset: offset, hint: "join two of them with '&&'")
        }
        return result
    }

    private mutating func sum() throws(SyntaxFault) -> Expression {
        var left = try product()
        while case .symbol(let symbol) = token, symbol == .plus || symbol == .minus {
            left = try binary(symbol == .plus ? .add : .subtract, left) { parser throws(SyntaxFault) in
                try parser.product()
            }
        }
        return left
    }

    private var productOperator: Expression.Operator? {
        switch token {
        case .symbol(.times): .multiply
        case .symbol(.divide): .divide
        case .symbol(.remainder): .remainder
        default: nil
        }
    }

    private mutating func product() throws(SyntaxFault) -> Expression {
        var left = try prefixed()
        while let sign = productOperator {
            left = try binary(sign, left) { parser throws(SyntaxFault) in try parser.prefixed() }
        }
        return left
    }

    private mutating func binary(
        _ sign: Expression.Operator, _ left: Expression,
        _ operand: (inout ExpressionParser) throws(SyntaxFault) -> Expression
    ) throws(SyntaxFault) -> Expression {
        let place = offset
        try advance()
        let right = try operand(&self)
        return try node(.binary(sign, left, right), at: place)
    }

    private mutating func prefixed() throws(SyntaxFault) -> Expression {
        let place = offset
        guard token == .symbol(.not) || token == .symbol(.minus) else { return try postfixed() }
        let isNot = token == .symbol(.not)
        try advance()
        try deeper()
        defer { depth -= 1 }
        let operand = try prefixed()
        if !isNot {
            // A literal below zero is a literal, so that it is a constant for the checks.
            if case .literal(.integer(let value)) = operand.kind {
                return Expression(kind: .literal(.integer(-value)), offset: place)
            }
            if case .literal(.number(let value)) = operand.kind {
                return Expression(kind: .literal(.number(-value)), offset: place)
            }
        }
        return try node(isNot ? .not(operand) : .negative(operand), at: place)
    }

    private mutating func postfixed() throws(SyntaxFault) -> Expression {
        var base = try primary()
        while true {
            let place = offset
            if try take(.point) {
                guard case .name(let member) = token else { throw unexpected("a member's name") }
                try advance()
                base = try node(.member(base, member), at: base.leftmost)
            } else if try take(.openList) {
                let index = try conditional()
                try expect(.closeList)
                // `a['b']` is `a.b`: what checks members need not know both.
                if case .literal(.string(let member)) = index.kind {
                    base = try node(.member(base, member), at: base.leftmost)
                } else {
                    base = try node(.index(base, index), at: place)
                }
            } else {
                return base
            }
        }
    }

    private mutating func primary() throws(SyntaxFault) -> Expression {
        let place = offset
        switch token {
        case .integer(let value):
            try advance()
            return try node(.literal(.integer(value)), at: place)
        case .number(let value):
            try advance()
            return try node(.literal(.number(value)), at: place)
        case .string(let value):
            try advance()
            return try node(.literal(.string(value)), at: place)
        case .name(let name):
            if name == "in" { throw unexpected("a value") }
            try advance()
            switch name {
            case "true": return try node(.literal(.boolean(true)), at: place)
            case "false": return try node(.literal(.boolean(false)), at: place)
            case "null": return try node(.literal(.null), at: place)
            default: return try take(.open) ? try call(name, at: place) : try node(.name(name), at: place)
            }
        case .symbol(.open):
            try advance()
            let inner = try conditional()
            try expect(.close)
            return inner
        case .symbol(.openList):
            try advance()
            return try node(.list(try items(until: .closeList)), at: place)
        default: throw unexpected("a value")
        }
    }

    private mutating func items(until end: ExpressionLexer.Symbol) throws(SyntaxFault) -> [Expression] {
        var items: [Expression] = []
        while try !take(end) {
            if !items.isEmpty, try !take(.comma) { throw unexpected("',' or '\(end.rawValue)'") }
            items.append(try conditional())
        }
        return items
    }

    private mutating func call(_ name: String, at place: Int) throws(SyntaxFault) -> Expression {
        guard let function = Function(rawValue: name) else {
            let near = Suggestion.nearest(to: name, in: Function.allCases.map(\.rawValue))
            throw SyntaxFault(
                message: "there is no function '\(name)'", offset: place, hint: near.map(Suggestion.didYouMean))
        }
        let arguments = try items(until: .close)
        guard function.arity.contains(arguments.count) else {
            let (least, most) = (function.arity.lowerBound, function.arity.upperBound)
            let count = least == most ? "\(least)" : "\(least) or \(most)"
            throw SyntaxFault(
                message: "\(name)() takes \(count) argument\(most == 1 ? "" : "s"), not \(arguments.count)",
                offset: place, hint: nil)
        }
        return try node(.call(function, arguments), at: place)
    }
}

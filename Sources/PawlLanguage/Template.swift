package import PawlModel

/// Text with `${...}` in it, or a value that needs no evaluation. `$${` stands for the two characters `${`.
package struct Template: Sendable {
    enum Part: Sendable {
        case text(String)
        case expression(Expression)
    }

    /// The value, where there is no expression in it.
    package let constant: Value?
    let parts: [Part]

    /// A template that always has this value.
    package init(constant: Value) {
        self.constant = constant
        parts = []
    }

    /// Reads a text.
    init(_ text: String) throws(SyntaxFault) {
        guard text.utf8.contains(UInt8(ascii: "$")) else {
            self.init(constant: .string(text))
            return
        }
        // Then a place is an offset of bytes too, and what stands between two is taken as it is.
        let isASCII = text.utf8.allSatisfy { $0 < 0x80 }
        let scalars = isASCII ? text.utf8.map { Unicode.Scalar($0) } : Array(text.unicodeScalars)
        var (parts, literal, index) = ([Part](), "", 0)
        parts.reserveCapacity(2)
        while index < scalars.count {
            let isDollar = scalars[index] == "$"
            if isDollar, index + 2 < scalars.count, scalars[index + 1] == "$", scalars[index + 2] == "{" {
                literal += "${"
                index += 3
            } else if isDollar, index + 1 < scalars.count, scalars[index + 1] == "{" {
                if !literal.isEmpty { parts.append(.text(literal)) }
                literal = ""
                let (expression, end) = try ExpressionParser.parse(scalars, from: index + 2)
                parts.append(.expression(expression))
                index = end
            } else {
                let next = scalars[(index + 1)...].firstIndex(of: "$") ?? scalars.count
                if isASCII {
                    let start = text.utf8.index(text.startIndex, offsetBy: index)
                    let piece = text[start..<text.utf8.index(start, offsetBy: next - index)]
                    if literal.isEmpty { literal = String(piece) } else { literal += piece }
                } else {
                    for scalar in scalars[index..<next] { literal.unicodeScalars.append(scalar) }
                }
                index = next
            }
        }
        if parts.isEmpty {
            self.init(constant: .string(literal))
        } else {
            if !literal.isEmpty { parts.append(.text(literal)) }
            self.init(parts: parts)
        }
    }

    private init(parts: [Part]) {
        constant = nil
        self.parts = parts
    }

    /// Whether it is one expression and nothing else, so that its value keeps its type.
    var isExpression: Bool {
        if parts.count == 1, case .expression = parts[0] { true } else { false }
    }

    /// The expressions in it, in the order written.
    var expressions: [Expression] {
        parts.compactMap { if case .expression(let expression) = $0 { expression } else { nil } }
    }

    /// All names it reads, in the order written.
    package var references: [Reference] {
        var result: [Reference] = []
        for part in parts { if case .expression(let expression) = part { expression.collect(into: &result) } }
        return result
    }

    /// The value: a string that is one expression keeps its type, in a longer string every value is text.
    package func evaluate(in scope: any Scope) throws(EvaluationFault) -> Value {
        if let constant { return constant }
        var work = Work()
        if parts.count == 1, case .expression(let expression) = parts[0] {
            return try expression.evaluate(in: scope, &work)
        }
        var result = ""
        for part in parts {
            switch part {
            case .text(let text): result += text
            case .expression(let expression):
                let value = try expression.evaluate(in: scope, &work)
                do throws(FunctionFault) {
                    result += try work.spend(text: try value.text(&work))
                } catch {
                    throw EvaluationFault(message: error.message, offset: expression.leftmost)
                }
            }
        }
        return .string(result)
    }
}

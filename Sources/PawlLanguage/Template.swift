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
        let scalars = Array(text.unicodeScalars)
        var (parts, literal, index) = ([Part](), String.UnicodeScalarView(), 0)
        while index < scalars.count {
            let isDollar = scalars[index] == "$"
            if isDollar, index + 2 < scalars.count, scalars[index + 1] == "$", scalars[index + 2] == "{" {
                literal.append(contentsOf: ["$", "{"])
                index += 3
            } else if isDollar, index + 1 < scalars.count, scalars[index + 1] == "{" {
                if !literal.isEmpty { parts.append(.text(String(literal))) }
                literal = String.UnicodeScalarView()
                let (expression, end) = try ExpressionParser.parse(scalars, from: index + 2)
                parts.append(.expression(expression))
                index = end
            } else {
                literal.append(scalars[index])
                index += 1
            }
        }
        if parts.isEmpty {
            self.init(constant: .string(String(literal)))
        } else {
            if !literal.isEmpty { parts.append(.text(String(literal))) }
            self.init(parts: parts)
        }
    }

    private init(parts: [Part]) {
        constant = nil
        self.parts = parts
    }

    /// Whether it is one expression and nothing else, so that its value keeps its type.
    var isExpression: Bool { parts.count == 1 && !expressions.isEmpty }

    /// The expressions in it, in the order written.
    var expressions: [Expression] {
        parts.compactMap { if case .expression(let expression) = $0 { expression } else { nil } }
    }

    /// All names it reads, in the order written.
    package var references: [Reference] { expressions.flatMap(\.references) }

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

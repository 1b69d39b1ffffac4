package import PawlModel

/// An expression: a tree whose every node knows where it stands in its string.
package struct Expression: Sendable {
    /// What a node does.
    indirect enum Kind: Sendable {
        case literal(Value)
        case name(String)
        case member(Expression, String)
        case index(Expression, Expression)
        case list([Expression])
        case not(Expression)
        case negative(Expression)
        case binary(Operator, Expression, Expression)
        case conditional(Expression, Expression, Expression)
        case call(Function, [Expression])
    }

    /// What stands between two operands.
    enum Operator: String, Sendable {
        case equal = "==", notEqual = "!=", less = "<", lessOrEqual = "<=", greater = ">", greaterOrEqual = ">="
        case and = "&&", or = "||", add = "+", subtract = "-", multiply = "*", divide = "/", remainder = "%"
        case contained = "in"
    }

    /// What it does.
    var kind: Kind
    /// How many characters (Unicode scalars) of the string stand before it; for an operator, before the operator.
    var offset: Int

    /// How large one expression may be: what evaluates it calls itself as deeply as it is nested, on a thread's stack.
    static let mostNodes = 256
    /// How deeply parentheses, brackets and conditions may stand inside one another.
    static let deepest = 32

    /// Words that mean something of their own, so that nothing can bear them as a name.
    static let words: Set<String> = ["true", "false", "null", "in"]
}

/// What an expression names: a variable, a step or one of the reserved names, and the members read from it.
package struct Reference: Sendable, Hashable {
    /// The name at the root.
    package var name: String
    /// The members named after it, as far as they are fixed: `["outputs", "bytes"]` for `snapshot.outputs.bytes`.
    package var members: [String]
    /// How many characters (Unicode scalars) of the string stand before the name.
    package var offset: Int
}

/// What expressions read. Whoever runs a workflow answers for its variables, its steps and what `run`, `workflow` and
/// `host` hold.
package protocol Scope {
    /// The value of a name; nil where the name is not known. A step is a map of `state`, `exit_code`, `output`,
    /// `outputs` (a map) and `attempts`.
    func value(of name: String) -> Value?
    /// Whether a result that a step has not given is a fault, and not null, which would be empty in a longer text.
    var needsResults: Bool { get }
}

extension Scope {
    /// It is null elsewhere.
    package var needsResults: Bool { false }
}

/// Why an expression has no value.
package struct EvaluationFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, as a sentence without its full stop.
    package var message: String
    /// How many characters (Unicode scalars) of the string stand before the place.
    package var offset: Int
    /// Whether something was looked for and not there, which `default` makes up for.
    var isMissing = false

    /// The sentence.
    package var description: String { message }
}

/// Why a string is no expression.
struct SyntaxFault: Error, Hashable {
    var message: String
    var offset: Int
    var hint: String?
}

extension Expression {
    /// All names it reads, in the order written.
    var references: [Reference] {
        var result: [Reference] = []
        collect(into: &result)
        return result
    }

    /// Adds all names it reads.
    func collect(into result: inout [Reference]) {
        switch kind {
        case .literal: break
        case .name, .member:
            if let reference {
                result.append(reference)
            } else if case .member(let base, _) = kind {
                base.collect(into: &result)
            }
        case .index(let base, let index):
            base.collect(into: &result)
            index.collect(into: &result)
        case .not(let operand), .negative(let operand): operand.collect(into: &result)
        case .binary(_, let left, let right):
            left.collect(into: &result)
            right.collect(into: &result)
        case .conditional(let condition, let first, let second):
            condition.collect(into: &result)
            first.collect(into: &result)
            second.collect(into: &result)
        case .list(let items), .call(_, let items):
            for item in items { item.collect(into: &result) }
        }
    }

    /// The reference that this node is, where it is a name with members and nothing else.
    var reference: Reference? {
        switch kind {
        case .name(let name): return Reference(name: name, members: [], offset: offset)
        case .member(let base, let member):
            guard var reference = base.reference else { return nil }
            reference.members.append(member)
            return reference
        default: return nil
        }
    }
}

import PawlModel

extension Expression {
    /// The value in a scope.
    func evaluate(in scope: any Scope) throws(EvaluationFault) -> Value {
        switch kind {
        case .literal(let value): return value
        case .name(let name):
            guard let value = scope.value(of: name) else { throw fault("'\(name)' is not known here") }
            return value
        case .member(let base, let member): return try self.member(member, of: base, in: scope)
        case .index(let base, let index):
            return try element(of: try base.evaluate(in: scope), at: try index.evaluate(in: scope))
        case .list(let items): return .list(try values(items, in: scope))
        case .not(let operand): return .boolean(try !operand.condition(in: scope, for: "'!'"))
        case .negative(let operand):
            switch try operand.evaluate(in: scope).asNumber {
            case .integer(let value)?:
                guard value != .min else { throw fault("the result is too large") }
                return .integer(-value)
            case .number(let value)?: return .number(-value)
            default: throw fault("'-' needs a number")
            }
        case .conditional(let condition, let first, let second):
            return try (try condition.condition(in: scope, for: "'?'") ? first : second).evaluate(in: scope)
        case .binary(.and, let left, let right):
            guard try left.condition(in: scope, for: "'&&'") else { return false }
            return .boolean(try right.condition(in: scope, for: "'&&'"))
        case .binary(.or, let left, let right):
            if try left.condition(in: scope, for: "'||'") { return true }
            return .boolean(try right.condition(in: scope, for: "'||'"))
        case .binary(let sign, let left, let right):
            return try apply(sign, try left.evaluate(in: scope), try right.evaluate(in: scope))
        case .call(.default, let arguments):
            // What is missing on the way to the value is what `default` is for.
            if let value = try? arguments[0].evaluate(in: scope), value != .null { return value }
            return try arguments[1].evaluate(in: scope)
        case .call(let function, let arguments):
            let values = try values(arguments, in: scope)
            do throws(FunctionFault) { return try function.apply(to: values) } catch { throw fault(error.message) }
        }
    }

    /// The value as a condition. Outputs are text, so the words `true` and `false` count as what they say.
    private func condition(in scope: any Scope, for sign: String) throws(EvaluationFault) -> Bool {
        let value = try evaluate(in: scope)
        guard case .boolean(let result)? = value.asBoolean else {
            throw fault("\(sign) needs true or false, not \(value.kindName)")
        }
        return result
    }

    private func values(_ items: [Expression], in scope: any Scope) throws(EvaluationFault) -> [Value] {
        var result: [Value] = []
        for item in items { result.append(try item.evaluate(in: scope)) }
        return result
    }

    func fault(_ message: String) -> EvaluationFault { EvaluationFault(message: message, offset: offset) }

    private func member(
        _ name: String, of base: Expression, in scope: any Scope
    ) throws(EvaluationFault) -> Value {
        let value = try base.evaluate(in: scope)
        // An output that was never written is no value, and so is what a scope leaves out of a step.
        let mayBeMissing = reference.map { Members.mayBeMissing($0) } ?? false
        guard case .map(let entries) = value.structured else {
            if mayBeMissing, value == .null { return .null }
            throw fault("'.\(name)' needs a map, not \(value.kindName)")
        }
        if let value = entries[name] { return value }
        if mayBeMissing { return .null }
        let near = Suggestion.nearest(to: name, in: entries.keys.sorted())
        throw fault("there is no '\(name)' in the map" + (near.map { " (\(Suggestion.didYouMean($0)))" } ?? ""))
    }

    private func element(of base: Value, at index: Value) throws(EvaluationFault) -> Value {
        switch base.structured {
        case .list(let items):
            guard case .integer(let number)? = index.asNumber else {
                throw fault("a place in a list is a whole number, not \(index.kindName)")
            }
            guard number >= 0, number < items.count else {
                throw fault("the list has \(items.count) items, counted from 0; there is no [\(number)]")
            }
            return items[Int(number)]
        case .map(let entries):
            guard case .string(let key) = index else { throw fault("a key is text, not \(index.kindName)") }
            guard let value = entries[key] else { throw fault("there is no '\(key)' in the map") }
            return value
        default: throw fault("'[...]' needs a list or a map, not \(base.kindName)")
        }
    }

    private func apply(_ sign: Operator, _ left: Value, _ right: Value) throws(EvaluationFault) -> Value {
        switch sign {
        case .equal: return .boolean(left.equals(right))
        case .notEqual: return .boolean(!left.equals(right))
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            guard let order = left.order(before: right) else {
                throw fault("'\(sign.rawValue)' cannot compare \(left.kindName) with \(right.kindName)")
            }
            switch sign {
            case .less: return .boolean(order.less)
            case .lessOrEqual: return .boolean(order.less || order.equal)
            case .greater: return .boolean(order.greater)
            default: return .boolean(order.greater || order.equal)
            }
        case .contained:
            switch (left, right.structured) {
            case (_, .list(let items)): return .boolean(items.contains { $0.equals(left) })
            case (.string(let key), .map(let entries)): return .boolean(entries[key] != nil)
            case (.string(let part), .string(let text)): return .boolean(Function.isPart(part, of: text))
            default: throw fault("'in' cannot look for \(left.kindName) in \(right.kindName)")
            }
        case .add, .subtract, .multiply, .divide, .remainder: return try calculate(sign, left, right)
        case .and, .or: return .null
        }
    }

    private func calculate(_ sign: Operator, _ left: Value, _ right: Value) throws(EvaluationFault) -> Value {
        guard let first = left.asNumber, let second = right.asNumber else {
            let hint = sign == .add ? "; texts are joined by writing them side by side" : ""
            throw fault("'\(sign.rawValue)' needs two numbers, not \(left.kindName) and \(right.kindName)\(hint)")
        }
        if case .integer(let first) = first, case .integer(let second) = second {
            if sign == .divide || sign == .remainder, second == 0 { throw fault("this divides by zero") }
            let result: (partialValue: Int64, overflow: Bool)? =
                switch sign {
                case .add: first.addingReportingOverflow(second)
                case .subtract: first.subtractingReportingOverflow(second)
                case .multiply: first.multipliedReportingOverflow(by: second)
                case .remainder: first.remainderReportingOverflow(dividingBy: second)
                // 7 / 2 is 3.5: a quotient that silently lost its rest would be the greater surprise.
                default:
                    first.remainderReportingOverflow(dividingBy: second).partialValue == 0
                        ? first.dividedReportingOverflow(by: second) : nil
                }
            if let result {
                guard !result.overflow else { throw fault("the result is too large") }
                return .integer(result.partialValue)
            }
        }
        let (one, two) = (first.double, second.double)
        switch sign {
        case .add: return .number(one + two)
        case .subtract: return .number(one - two)
        case .multiply: return .number(one * two)
        case .divide:
            guard two != 0 else { throw fault("this divides by zero") }
            return .number(one / two)
        default: throw fault("'%' needs two whole numbers")
        }
    }
}

extension Value {
    /// What it is, for a sentence.
    var kindName: String {
        switch self {
        case .null: "no value"
        case .boolean: "true or false"
        case .integer, .number: "a number"
        case .string: "text"
        case .list: "a list"
        case .map: "a map"
        }
    }

    /// The number it is, or that its text wholly is.
    var asNumber: Value? {
        switch self {
        case .integer, .number: self
        case .string(let text): Value.number(in: text)
        default: nil
        }
    }

    /// The truth it is, or that its text says.
    var asBoolean: Value? {
        switch self {
        case .boolean: self
        case .string("true"): true
        case .string("false"): false
        default: nil
        }
    }

    /// A list or map that its text holds as JSON, or itself.
    var structured: Value {
        guard case .string(let text) = self, let first = text.utf8.first(where: { $0 > 0x20 }),
            first == UInt8(ascii: "{") || first == UInt8(ascii: "["), let value = JSON.parse(text)
        else { return self }
        return value
    }

    /// As a floating point number; only for numbers.
    var double: Double {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: .nan
        }
    }

    /// The number that a text wholly is: digits with a sign, a fraction or an exponent, and nothing around them.
    static func number(in text: String) -> Value? {
        guard let last = text.utf8.last, last >= 0x30, last <= 0x39, let first = text.utf8.first,
            first == 0x2B || first == 0x2D || first == 0x2E || first >= 0x30 && first <= 0x39,
            // Swift's parser would take hexadecimal floats and names of infinity too.
            text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains($0) })
        else { return nil }
        if let whole = Int64(text) { return .integer(whole) }
        return Double(text).flatMap { $0.isFinite ? .number($0) : nil }
    }

    /// Whether two values are the same. Text compared with a number counts as one where it wholly is one.
    func equals(_ other: Value) -> Bool {
        switch (self, other) {
        case (.integer(let left), .integer(let right)): return left == right
        case (.string(let left), .string(let right)): return left == right
        case (.list(let left), .list(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { $0.equals($1) }
        case (.map(let left), .map(let right)):
            return left.count == right.count
                && left.allSatisfy { entry in right[entry.key]?.equals(entry.value) ?? false }
        case (.integer, _), (.number, _), (_, .integer), (_, .number):
            guard let left = asNumber, let right = other.asNumber else { return false }
            if case .integer(let left) = left, case .integer(let right) = right { return left == right }
            return left.double == right.double
        case (.boolean, _), (_, .boolean):
            guard case .boolean(let left)? = asBoolean, case .boolean(let right)? = other.asBoolean else {
                return false
            }
            return left == right
        default: return self == other
        }
    }

    /// How two values stand to one another, or nil where they have no order: numbers have one, and texts have one.
    func order(before other: Value) -> (less: Bool, equal: Bool, greater: Bool)? {
        if case .string(let left) = self, case .string(let right) = other {
            return (left < right, left == right, left > right)
        }
        guard let left = asNumber, let right = other.asNumber else { return nil }
        if case .integer(let left) = left, case .integer(let right) = right {
            return (left < right, left == right, left > right)
        }
        return (left.double < right.double, left.double == right.double, left.double > right.double)
    }
}

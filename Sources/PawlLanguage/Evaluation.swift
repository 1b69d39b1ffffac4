import PawlModel

extension Expression {
    /// The value in a scope. What it costs is taken from `work`, which is counted for a whole text.
    func evaluate(in scope: any Scope, _ work: inout Work) throws(EvaluationFault) -> Value {
        try spend(1, &work)
        switch kind {
        case .literal(let value): return value
        case .name(let name):
            guard let value = scope.value(of: name) else { throw fault("'\(name)' is not known here") }
            return value
        case .member(let base, let member): return try self.member(member, of: base, in: scope, &work)
        case .index(let base, let index):
            return try element(of: try base.evaluate(in: scope, &work), at: try index.evaluate(in: scope, &work), &work)
        case .list(let items): return .list(try values(items, in: scope, &work))
        case .not(let operand): return .boolean(try !operand.condition(in: scope, &work, for: "'!'"))
        case .negative(let operand):
            switch try operand.evaluate(in: scope, &work).asNumber {
            case .integer(let value)?:
                guard value != .min else { throw fault("the result is too large") }
                return .integer(-value)
            case .number(let value)?: return .number(-value)
            default: throw fault("'-' needs a number")
            }
        case .conditional(let condition, let first, let second):
            return try (try condition.condition(in: scope, &work, for: "'?'") ? first : second).evaluate(
                in: scope, &work)
        case .binary(.and, let left, let right):
            guard try left.condition(in: scope, &work, for: "'&&'") else { return false }
            return .boolean(try right.condition(in: scope, &work, for: "'&&'"))
        case .binary(.or, let left, let right):
            if try left.condition(in: scope, &work, for: "'||'") { return true }
            return .boolean(try right.condition(in: scope, &work, for: "'||'"))
        case .binary(let sign, let left, let right):
            return try apply(sign, try left.evaluate(in: scope, &work), try right.evaluate(in: scope, &work), &work)
        case .call(.default, let arguments):
            // What is missing on the way to the value is what `default` is for; any other fault stays one.
            do throws(EvaluationFault) {
                let value = try arguments[0].evaluate(in: scope, &work)
                if value != .null { return value }
            } catch { guard error.isMissing else { throw error } }
            return try arguments[1].evaluate(in: scope, &work)
        case .call(let function, let arguments):
            let values = try values(arguments, in: scope, &work)
            return try told(&work) { work throws(FunctionFault) in try function.apply(to: values, &work) }
        }
    }

    /// The value as a condition. Outputs are text, so the words `true` and `false` count as what they say.
    private func condition(in scope: any Scope, _ work: inout Work, for sign: String) throws(EvaluationFault) -> Bool {
        let value = try evaluate(in: scope, &work)
        guard case .boolean(let result)? = value.asBoolean else {
            throw fault("\(sign) needs true or false, not \(value.kindName)")
        }
        return result
    }

    private func values(
        _ items: [Expression], in scope: any Scope, _ work: inout Work
    ) throws(EvaluationFault) -> [Value] {
        var result: [Value] = []
        for item in items { result.append(try item.evaluate(in: scope, &work)) }
        return result
    }

    private func fault(_ message: String, isMissing: Bool = false) -> EvaluationFault {
        EvaluationFault(message: message, offset: offset, isMissing: isMissing)
    }

    private func spend(_ units: Int, _ work: inout Work) throws(EvaluationFault) {
        try told(&work) { work throws(FunctionFault) in try work.spend(units) }
    }

    /// Gives a fault of a function or an operator the place of this node.
    private func told<Result>(
        _ work: inout Work, _ body: (inout Work) throws(FunctionFault) -> Result
    ) throws(EvaluationFault) -> Result {
        do throws(FunctionFault) { return try body(&work) } catch { throw fault(error.message) }
    }

    /// The list or map that a value is or holds as JSON.
    private func structured(_ value: Value, _ work: inout Work) throws(EvaluationFault) -> Value {
        try told(&work) { work throws(FunctionFault) in try value.structured(&work) }
    }

    private func member(
        _ name: String, of base: Expression, in scope: any Scope, _ work: inout Work
    ) throws(EvaluationFault) -> Value {
        let value = try base.evaluate(in: scope, &work)
        // An output that was never written is no value, and so is what a scope leaves out of a step.
        let mayBeMissing = reference.map { Members.mayBeMissing($0) } ?? false
        guard case .map(let entries) = try structured(value, &work) else {
            if mayBeMissing, value == .null { return .null }
            throw fault("'.\(name)' needs a map, not \(value.kindName)", isMissing: value == .null)
        }
        if let value = entries[name], value != .null || !mayBeMissing || !scope.needsResults { return value }
        if mayBeMissing {
            guard scope.needsResults else { return .null }
            throw fault("the step has given no '\(name)'", isMissing: true)
        }
        let near = Suggestion.nearest(to: name, in: entries.keys.sorted())
        throw fault(
            "there is no '\(name)' in the map" + (near.map { " (\(Suggestion.didYouMean($0)))" } ?? ""),
            isMissing: true)
    }

    private func element(
        of base: Value, at index: Value, _ work: inout Work
    ) throws(EvaluationFault) -> Value {
        switch try structured(base, &work) {
        case .list(let items):
            guard case .integer(let number)? = index.asNumber else {
                throw fault("a place in a list is a whole number, not \(index.kindName)")
            }
            guard number >= 0, number < items.count else {
                throw fault(
                    "the list has \(items.count) items, counted from 0; there is no [\(number)]", isMissing: true)
            }
            return items[Int(number)]
        case .map(let entries):
            guard case .string(let key) = index else { throw fault("a key is text, not \(index.kindName)") }
            guard let value = entries[key] else { throw fault("there is no '\(key)' in the map", isMissing: true) }
            return value
        default: throw fault("'[...]' needs a list or a map, not \(base.kindName)", isMissing: base == .null)
        }
    }

    private func apply(
        _ sign: Operator, _ left: Value, _ right: Value, _ work: inout Work
    ) throws(EvaluationFault) -> Value {
        switch sign {
        case .equal: return .boolean(try equals(left, right, &work))
        case .notEqual: return .boolean(try !equals(left, right, &work))
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            if case .string(let text) = left { try spend(text.utf8.count, &work) }
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
            switch (left, try structured(right, &work)) {
            case (_, .list), (.string, .map), (.string, .string):
                return try told(&work) { work throws(FunctionFault) in try Function.contains(right, left, &work) }
            default: throw fault("'in' cannot look for \(left.kindName) in \(right.kindName)")
            }
        case .add, .subtract, .multiply, .divide, .remainder: return try calculate(sign, left, right)
        case .and, .or: return .null
        }
    }

    private func equals(_ left: Value, _ right: Value, _ work: inout Work) throws(EvaluationFault) -> Bool {
        try told(&work) { work throws(FunctionFault) in try left.equals(right, &work) }
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

import PawlModel

/// Finds what cannot work whatever the values are.
struct TypeChecker {
    /// What is known of a value before there is one.
    enum Kind {
        case any, null, boolean, number, text, list, map

        var name: String {
            switch self {
            case .any: "a value"
            case .null: "no value"
            case .boolean: "true or false"
            case .number: "a number"
            case .text: "text"
            case .list: "a list"
            case .map: "a map"
            }
        }

        init(_ type: ValueType) {
            switch type {
            case .string, .duration, .size, .path: self = .text
            case .integer, .number: self = .number
            case .boolean: self = .boolean
            case .list: self = .list
            case .map: self = .map
            }
        }

        init(_ value: Value) { self = value == .null ? .null : Kind(ValueType.of(value)) }
    }

    let names: NameTable
    let drafts: [StepDraft]

    /// What an expression gives, as far as that is known; throws the first thing in it that cannot be.
    func type(of expression: Expression) throws(SyntaxFault) -> Kind {
        switch expression.kind {
        case .literal(let value): return Kind(value)
        case .name, .member:
            if let reference = expression.reference { return try type(of: reference) }
            guard case .member(let base, let member) = expression.kind else { return .any }
            try need(base, [.map, .text], "'.\(member)' needs a map", at: base.leftmost)
            return .any
        case .index(let base, let index):
            try need(base, [.list, .map, .text], "'[...]' needs a list or a map", at: expression.offset)
            try need(index, [.number, .text], "'[...]' needs a number or a key", at: expression.offset + 1)
            return .any
        case .list(let items):
            for item in items { _ = try type(of: item) }
            return .list
        case .not(let operand):
            try need(operand, [.boolean, .text], "'!' needs true or false", at: expression.offset)
            return .boolean
        case .negative(let operand):
            try need(operand, [.number, .text], "'-' needs a number", at: expression.offset)
            return .number
        case .conditional(let condition, let first, let second):
            try need(condition, [.boolean, .text], "'?' needs true or false before it", at: expression.offset)
            let (one, two) = (try type(of: first), try type(of: second))
            return one == two ? one : .any
        case .binary(let sign, let left, let right): return try type(of: sign, left, right, at: expression.offset)
        case .call(let function, let arguments):
            return try type(of: function, arguments, at: expression.offset)
        }
    }

    private func type(
        of function: Function, _ arguments: [Expression], at offset: Int
    ) throws(SyntaxFault) -> Kind {
        let name = function.rawValue
        let texts: [Kind] = [.text, .number, .boolean]
        switch function {
        case .default:
            let (first, second) = (try type(of: arguments[0]), try type(of: arguments[1]))
            return first == second ? first : .any
        case .length:
            try need(arguments[0], [.text, .list, .map], "length() needs text, a list or a map", at: offset)
            return .number
        case .lower, .upper, .trim, .basename, .dirname, .matches, .split, .lines:
            for argument in arguments { try need(argument, texts, "\(name)() needs text", at: offset) }
            if function == .matches { try checkPattern(arguments[1]) }
            return function == .matches ? .boolean : function == .split || function == .lines ? .list : .text
        case .formatTime:
            try need(arguments[0], [.text, .number], "\(name)() needs a time", at: offset)
            try need(arguments[1], texts, "\(name)() needs a format that is text", at: offset)
            try checkFormat(arguments[1])
            return .text
        case .json:
            _ = try type(of: arguments[0])
            return .text
        case .contains:
            try need(
                arguments[0], [.text, .number, .boolean, .list, .map], "contains() needs a list, a map or text",
                at: offset)
            _ = try type(of: arguments[1])
            return .boolean
        case .join:
            try need(arguments[0], [.list, .text], "join() needs a list", at: offset)
            if arguments.count > 1 {
                try need(arguments[1], texts, "join() needs a separator that is text", at: offset)
            }
            return .text
        case .min, .max:
            let kinds: [Kind] = arguments.count == 1 ? [.list, .text] : [.number, .text]
            let message = arguments.count == 1 ? "needs a list or several numbers" : "needs numbers"
            for argument in arguments { try need(argument, kinds, "\(name)() \(message)", at: offset) }
            return .number
        }
    }

    /// A pattern that is written out can be read before there is a value, and its fault has a place inside it.
    private func checkPattern(_ expression: Expression) throws(SyntaxFault) {
        guard case .literal(.string(let text)) = expression.kind else { return }
        do throws(SyntaxFault) { _ = try Pattern(text) } catch {
            var fault = error
            fault.message = "this is no regular expression: \(error.message)"
            fault.offset = expression.offset
            throw fault
        }
    }

    /// A format that is written out is the same for every moment.
    private func checkFormat(_ expression: Expression) throws(SyntaxFault) {
        guard case .literal(.string(let text)) = expression.kind else { return }
        do throws(FunctionFault) { _ = try Moment(.integer(0))?.text(text) } catch {
            throw SyntaxFault(message: error.message, offset: expression.offset)
        }
    }

    private func need(
        _ expression: Expression, _ kinds: [Kind], _ message: String, at offset: Int
    ) throws(SyntaxFault) {
        let kind = try type(of: expression)
        guard kind != .any, !kinds.contains(kind) else { return }
        throw SyntaxFault(message: "\(message), not \(kind.name)", offset: offset, hint: nil)
    }

    private func type(
        of sign: Expression.Operator, _ left: Expression, _ right: Expression, at offset: Int
    ) throws(SyntaxFault) -> Kind {
        let needed: (kinds: [Kind], message: String)
        switch sign {
        case .and, .or: needed = ([.boolean, .text], "'\(sign.rawValue)' needs true or false")
        case .add, .subtract, .multiply, .divide, .remainder:
            needed = ([.number, .text], "'\(sign.rawValue)' needs two numbers")
        case .contained:
            _ = try type(of: left)
            try need(right, [.list, .map, .text], "'in' needs a list, a map or text after it", at: offset)
            return .boolean
        default:
            let (one, two) = (try type(of: left), try type(of: right))
            if !isComparable(one, two, inOrder: sign != .equal && sign != .notEqual) {
                throw SyntaxFault(
                    message: "'\(sign.rawValue)' cannot compare \(one.name) with \(two.name)", offset: offset, hint: nil
                )
            }
            return .boolean
        }
        try need(left, needed.kinds, needed.message, at: offset)
        try need(right, needed.kinds, needed.message, at: offset)
        return needed.kinds.contains(.boolean) ? .boolean : .number
    }

    private func isComparable(_ one: Kind, _ two: Kind, inOrder: Bool) -> Bool {
        if inOrder { return [one, two].allSatisfy { $0 == .any || $0 == .number || $0 == .text } }
        // Text may hold a number or a truth value; whether there is a value at all can always be asked.
        let isOpen = [one, two].contains { $0 == .any || $0 == .null }
        let isText = [one, two].contains { $0 == .text } && ![one, two].contains { $0 == .list || $0 == .map }
        return isOpen || isText || one == two
    }

    private func type(of reference: Reference) throws(SyntaxFault) -> Kind {
        let members = reference.members
        if let type = names.variables[reference.name] {
            let kind = Kind(type)
            guard let member = members.first else { return kind }
            guard kind == .map || kind == .text else {
                throw SyntaxFault(
                    message: "'.\(member)' needs a map, not \(kind.name)", offset: reference.offset, hint: nil)
            }
            return .any
        }
        if reference.name == "index" {
            try needScalar(
                Reference(name: reference.name, members: ["index"] + members, offset: reference.offset), .number)
            return .number
        }
        if let place = names.steps[reference.name] {
            let draft = drafts[place]
            // One that runs once for each of several items has lists for results.
            if draft.foreach != nil { return try type(ofForeach: reference) }
            switch members.first {
            case "state"?, "output"?: return members.count == 1 ? .text : .any
            case "exit_code"?, "attempts"?:
                try needScalar(reference, .number)
                return .number
            case "outputs"?:
                guard members.count > 1 else { return .map }
                // The outputs of a workflow that it runs have types of their own.
                guard members.count == 2, draft.call == nil else { return .any }
                return draft.outputs[members[1]].map(Kind.init) ?? .text
            default: return .any
            }
        }
        switch (reference.name, members.first) {
        case ("host", "cpus"?), ("host", "memory"?):
            try needScalar(reference, .number)
            return .number
        case ("run", "failed_steps"?): return .any
        default:
            let isKnown = members.first.map { Members.of(reserved: reference.name)?.contains($0) ?? false } ?? false
            if isKnown { try needScalar(reference, .text) }
            return .any
        }
    }

    /// The results of a step with `foreach` are lists in the order of the items.
    private func type(ofForeach reference: Reference) throws(SyntaxFault) -> Kind {
        let members = reference.members
        switch members.first {
        case "state"?: return members.count == 1 ? .text : .any
        case "attempts"?:
            try needScalar(reference, .number)
            return .number
        case "output"?, "exit_code"?:
            try needScalar(reference, .list)
            return .list
        case "outputs"?: return members.count == 1 ? .map : members.count == 2 ? .list : .any
        default: return .any
        }
    }

    /// Refuses a member of what is no map.
    private func needScalar(_ reference: Reference, _ kind: Kind) throws(SyntaxFault) {
        guard reference.members.count > 1 else { return }
        throw SyntaxFault(
            message: "'.\(reference.members[1])' needs a map, not \(kind.name)", offset: reference.offset, hint: nil)
    }
}

import PawlModel

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
    func structured(_ work: inout Work) throws(FunctionFault) -> Value {
        guard case .string(let text) = self, let first = text.utf8.first(where: { $0 > 0x20 }),
            first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        else { return self }
        // Values take more room than the bytes they are read from.
        try work.spend(3 * text.utf8.count)
        return JSON.parse(text) ?? self
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
    func equals(_ other: Value, _ work: inout Work) throws(FunctionFault) -> Bool {
        try work.spend(1)
        switch (self, other) {
        case (.integer(let left), .integer(let right)): return left == right
        case (.string(let left), .string(let right)):
            try work.spend(min(left.utf8.count, right.utf8.count))
            return left == right
        case (.list(let left), .list(let right)):
            guard left.count == right.count else { return false }
            for (one, two) in zip(left, right) where try !one.equals(two, &work) { return false }
            return true
        case (.map(let left), .map(let right)):
            guard left.count == right.count else { return false }
            for (key, one) in left {
                guard let two = right[key], try one.equals(two, &work) else { return false }
            }
            return true
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

    /// Its text, where that is no more than an expression may make.
    func text(_ work: inout Work) throws(FunctionFault) -> String {
        switch self {
        case .list, .map: return try work.spend(text: try json(&work))
        default:
            let text = text
            try work.spend(text.utf8.count)
            return text
        }
    }

    /// Its JSON; refused before it is made where it would be too long.
    func json(_ work: inout Work) throws(FunctionFault) -> String {
        var room = Work.longestText
        weigh(&room)
        guard room >= 0 else {
            throw FunctionFault(message: "the text that this makes has more than \(Work.longestText >> 20) MiB")
        }
        return json
    }

    /// Takes its bytes from what there is room for, and stops where there is none left.
    private func weigh(_ room: inout Int) {
        room -= 1
        switch self {
        case .string(let text): room -= text.utf8.count
        case .list(let items): for item in items where room >= 0 { item.weigh(&room) }
        case .map(let entries):
            for (key, item) in entries where room >= 0 {
                room -= key.utf8.count
                item.weigh(&room)
            }
        default: break
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

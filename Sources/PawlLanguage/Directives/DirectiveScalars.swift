import FoundationEssentials

/// One value of a directive.
struct DirectiveValue {
    let entry: Directives.Entry
    let text: String

    var name: String { entry.name }

    /// What is said of a value that is none.
    func refuse(_ wanted: String? = nil, hint: String? = nil) -> DirectiveFault {
        DirectiveFault("'\(name)' takes \(wanted ?? entry.kind.form), not '\(text)'", hint: hint)
    }

    /// The value, or the fault that it is none.
    private func require<Value>(_ value: Value?) throws(DirectiveFault) -> Value {
        guard let value else { throw refuse() }
        return value
    }

    private func one(_ value: SettingValue) -> [UnitSetting] { [UnitSetting(name: entry.property, value: value)] }

    /// The properties that a single value stands for.
    func settings() throws(DirectiveFault) -> [UnitSetting] {
        switch entry.kind {
        case .boolean: return one(.boolean(try require(Directives.boolean(text))))
        case .booleanOr(let words):
            if words.contains(text) { return one(.string(text)) }
            return one(.string(try require(Directives.boolean(text)) ? "yes" : "no"))
        case .widened(let words):
            if words.contains(text) { return [UnitSetting(name: name + "Ex", value: .string(text))] }
            return one(.boolean(try require(Directives.boolean(text))))
        case .word(let words):
            guard words.contains(text) else { throw refuse() }
            return one(.string(text))
        case .account:
            guard Directives.isAccount(text) else { throw refuse("the name or number of a \(name.lowercased())") }
            return one(.string(text))
        case .text:
            guard !text.isEmpty, text.utf8.count < 4096 else { throw refuse() }
            return one(.string(text))
        case .path:
            try Directives.checkPath(text, of: name)
            guard text.utf8.contains(where: { $0 != UInt8(ascii: "/") }) else {
                throw refuse(name.hasPrefix("Root") ? "another root than the host's" : nil)
            }
            return one(.string(text))
        case .mode:
            guard let value = UInt32(text, radix: 8), value <= 0o7777, Size.decimal(text) != nil else {
                throw refuse()
            }
            return one(.unsigned32(value))
        case .number(let range):
            guard let value = Int32(text), range.contains(value) else { throw refuse() }
            return one(.signed32(value))
        case .count:
            guard let value = Size.decimal(text), value <= UInt64(UInt32.max) else { throw refuse() }
            return one(.unsigned32(UInt32(value)))
        case .named(let list): return one(.signed32(try require(list.number(text))))
        case .errorNumber: return one(.signed32(try require(Directives.errorNumber(text))))
        case .signal: return one(.signed32(try require(Directives.signal(text))))
        case .span: return one(.unsigned64(try require(microseconds(text))))
        case .nanoseconds: return one(.unsigned64(try require(nanoseconds(text))))
        case .memory(let least): return try size(from: least)
        case .tasks: return try size(from: 1)
        case .share:
            guard let share = Size.parseShare(text), share <= 10_000 else { throw refuse() }
            return one(.unsigned32(scaled(share)))
        case .quota:
            guard let share = Size.parseShare(text), share > 0 else { throw refuse() }
            return one(.unsigned64(share * 100))
        case .weight(let range, let idle):
            // In cgroups zero stands for the weight that only gets what nobody else wants.
            if idle, text == "idle" { return one(.unsigned64(0)) }
            guard let weight = Size.decimal(text), range.contains(weight) else { throw refuse() }
            return one(.unsigned64(weight))
        case .limit(let limit): return try limits(limit)
        case .label:
            let label = text.hasPrefix("-") ? String(text.dropFirst()) : text
            guard !label.isEmpty else { throw refuse() }
            return one(.structure([.boolean(text.hasPrefix("-")), .string(label)]))
        case .mountFlags:
            let flags: [String: UInt64] = ["shared": 1 << 20, "slave": 1 << 19, "private": 1 << 18]
            return one(.unsigned64(try require(flags[text])))
        case .rootHash: return try rootHash()
        case .rootHashSignature: return try rootHashSignature()
        case .delegate: return try delegate()
        default: return try list()
        }
    }

    // MARK: Sizes and times

    /// A limit: a percentage is a part of 2^32 - 1 under a property of its own.
    private func size(from least: UInt64) throws(DirectiveFault) -> [UnitSetting] {
        if text == "infinity" { return one(.unsigned64(.max)) }
        if text.hasSuffix("%") {
            guard let share = Size.parseShare(text), share >= least, share <= 10_000 else {
                let above = least > 0 ? "above 0% and up to" : "up to"
                throw refuse("a percentage \(above) 100%")
            }
            return [UnitSetting(name: name + "Scale", value: .unsigned32(scaled(share)))]
        }
        let number = entry.kind == .tasks ? Size.decimal(text) : Size.parse(text)
        guard let number, number >= least, number < .max else { throw refuse() }
        return one(.unsigned64(number))
    }

    private func scaled(_ share: UInt64) -> UInt32 { UInt32((share * UInt64(UInt32.max) + 5000) / 10_000) }

    func microseconds(_ text: some StringProtocol) -> UInt64? {
        if text == "infinity" { return .max }
        return TimeSpan.parse(String(text)).map { UInt64($0 / .microseconds(1)) }
    }

    private func nanoseconds(_ text: String) -> UInt64? {
        if let number = Size.decimal(text) { return number }
        for unit in ["nsec", "ns"] where text.hasSuffix(unit) {
            var digits = text.dropLast(unit.count)
            while digits.last == " " { digits = digits.dropLast() }
            if let number = Size.decimal(digits) { return number }
        }
        guard let spans = microseconds(text) else { return nil }
        let (product, overflow) = spans.multipliedReportingOverflow(by: 1000)
        return spans == .max || overflow ? .max : product
    }

    // MARK: Limits of processes

    private func limits(_ limit: Directives.Limit) throws(DirectiveFault) -> [UnitSetting] {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let values = parts.map { self.limit(limit, String($0)) }
        guard let soft = values[0], let hard = values[values.count - 1] else { throw refuse() }
        guard soft <= hard else { throw refuse("a soft limit that is not above the hard one") }
        return one(.unsigned64(hard)) + [UnitSetting(name: name + "Soft", value: .unsigned64(soft))]
    }

    private func limit(_ limit: Directives.Limit, _ text: String) -> UInt64? {
        if text == "infinity" { return .max }
        switch limit {
        case .bytes: return Size.parse(text)
        case .number: return Size.decimal(text)
        case .seconds: return microseconds(text).map { ($0 + 999_999) / 1_000_000 }
        // Here, and only here, a bare number is microseconds.
        case .microseconds: return Size.decimal(text) ?? microseconds(text)
        case .nice:
            guard text.hasPrefix("+") || text.hasPrefix("-") else {
                return Size.decimal(text).flatMap { $0 <= 40 ? $0 : nil }
            }
            return Int(text).flatMap { (-20...19).contains($0) ? UInt64(20 - $0) : nil }
        }
    }

    // MARK: Others

    private func rootHash() throws(DirectiveFault) -> [UnitSetting] {
        if text.hasPrefix("/") {
            try Directives.checkPath(text, of: name)
            return [UnitSetting(name: name + "Path", value: .string(text))]
        }
        var (bytes, rest) = ([UInt8](), text[...])
        while let byte = UInt8(rest.prefix(2), radix: 16), rest.count > 1, rest.first?.isHexDigit == true {
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        guard rest.isEmpty, bytes.count >= 16 else { throw refuse() }
        return one(.bytes(bytes))
    }

    private func rootHashSignature() throws(DirectiveFault) -> [UnitSetting] {
        if text.hasPrefix("/") {
            try Directives.checkPath(text, of: name)
            return [UnitSetting(name: name + "Path", value: .string(text))]
        }
        let mark = "base64:"
        guard text.hasPrefix(mark), let data = Data(base64Encoded: String(text.dropFirst(mark.count))), !data.isEmpty
        else { throw refuse() }
        return one(.bytes(Array(data)))
    }

    private func delegate() throws(DirectiveFault) -> [UnitSetting] {
        if let truth = Directives.boolean(text) { return one(.boolean(truth)) }
        let words = Directives.split(text) ?? []
        guard !words.isEmpty, words.allSatisfy(Directives.controllers.contains) else { throw refuse() }
        return [UnitSetting(name: name + "Controllers", value: .strings(words))]
    }
}

extension Directives {
    static func boolean(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "1", "yes", "y", "true", "t", "on": true
        case "0", "no", "n", "false", "f", "off": false
        default: nil
        }
    }

    /// What systemd takes for a user's or group's name in its relaxed reading, or a number that is not one of the two
    /// that the kernel keeps for "none".
    static func isAccount(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 255 else { return false }
        if text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) {
            return UInt32(text).map { $0 != 65535 && $0 != .max } ?? false
        }
        guard first != UInt8(ascii: "-"), text != ".", text != ".." else { return false }
        return text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: "/") }
    }

    static func checkPath(_ path: String, of name: String) throws(DirectiveFault) {
        guard path.hasPrefix("/") else { throw DirectiveFault("'\(name)' takes absolute paths, not '\(path)'") }
        guard path.utf8.count < 4096, !path.split(separator: "/").contains("..") else {
            throw DirectiveFault("'\(name)' takes paths without '..', not '\(path)'")
        }
    }

    static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    /// `TimeoutSec` as the bus has it: `TimeoutUSec`.
    static func withMicroseconds(_ name: String) -> String {
        name.hasSuffix("Sec") ? name.dropLast(3) + "USec" : name
    }
}

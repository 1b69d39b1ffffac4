/// systemd's directives that a step's unit may have, under systemd's names and in systemd's syntax.
package enum Directives {
    /// How a directive's value is written and read.
    package enum Kind: Sendable, Hashable {
        /// `yes`, `no`, `true`, `false`, `on`, `off`, `1`, `0`.
        case boolean
        /// A user's or group's name or number.
        case account
        /// -20 to 19.
        case nice
        /// An octal mask.
        case mask
        /// Bytes with K, M, G, T, a percentage of the host's memory, or `infinity`.
        case memory
        /// A number, a percentage of what the host may have, or `infinity`.
        case tasks
        /// A percentage of one CPU.
        case quota
        /// 1 to 10000; `idle` where it is said.
        case weight(idle: Bool)
        /// A truth value or one of these words.
        case booleanOr([String])
        /// Absolute paths, each perhaps after `-` or `+`.
        case paths
        /// One absolute path.
        case path
        /// What has to hold before the step starts.
        case condition(UnitConditions.Kind)

        /// Whether there may be several values.
        package var takesList: Bool {
            switch self {
            case .paths, .condition: true
            default: false
            }
        }
    }

    /// What kind of unit directives are for.
    enum Unit {
        /// That of a step, a service.
        case step
        /// The slice of a run, which runs nothing itself and only bounds what is in it.
        case slice
    }

    /// A directive of the table.
    package struct Entry: Sendable {
        /// The name, as systemd spells it.
        package var name: String
        /// How its value is written.
        package var kind: Kind
        /// The D-Bus properties it may become.
        package var properties: [String]
        /// One line for the manual, with the page that has the rest.
        package var meaning: String

        /// Whether it is about resources, so that a slice can have it (`man:systemd.resource-control(5)`).
        package var isResource: Bool {
            switch kind {
            case .memory, .tasks, .quota, .weight: true
            default: false
            }
        }
    }

    /// All that are supported, in the manual's order.
    package static let all: [Entry] = [
        entry("User", .account, "the user a step runs as, man:systemd.exec(5)"),
        entry("Group", .account, "the group a step runs as, man:systemd.exec(5)"),
        entry("DynamicUser", .boolean, "a user that exists only while the step runs, man:systemd.exec(5)"),
        entry("Nice", .nice, "the priority on the CPU, from -20 to 19, man:systemd.exec(5)"),
        entry("UMask", .mask, "the mask for new files, in octal, man:systemd.exec(5)"),
        entry("MemoryMax", .memory, "more memory is never given, man:systemd.resource-control(5)", scale: true),
        entry("MemoryHigh", .memory, "above it a step is slowed down, man:systemd.resource-control(5)", scale: true),
        entry("TasksMax", .tasks, "how many processes and threads, man:systemd.resource-control(5)", scale: true),
        Entry(
            name: "CPUQuota", kind: .quota, properties: ["CPUQuotaPerSecUSec"],
            meaning: "how much of one CPU, man:systemd.resource-control(5)"),
        entry("CPUWeight", .weight(idle: true), "the share of busy CPUs, man:systemd.resource-control(5)"),
        entry("IOWeight", .weight(idle: false), "the share of busy disks, man:systemd.resource-control(5)"),
        entry("PrivateTmp", .boolean, "a /tmp of its own, man:systemd.exec(5)"),
        entry("ProtectSystem", .booleanOr(["full", "strict"]), "the system read-only, man:systemd.exec(5)"),
        entry("ProtectHome", .booleanOr(["read-only", "tmpfs"]), "homes out of reach, man:systemd.exec(5)"),
        entry("NoNewPrivileges", .boolean, "no privileges by exec, man:systemd.exec(5)"),
        entry("ReadWritePaths", .paths, "what stays writable, man:systemd.exec(5)"),
        entry("RootDirectory", .path, "the folder that the step has for a root, man:systemd.exec(5)"),
        entry("RootImage", .path, "the disk image that the step has for a root, man:systemd.exec(5)"),
    ]

    private static let entries = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    private static func entry(_ name: String, _ kind: Kind, _ meaning: String, scale: Bool = false) -> Entry {
        Entry(name: name, kind: kind, properties: scale ? [name, name + "Scale"] : [name], meaning: meaning)
    }

    /// Finds a directive's entry, or says why there is none.
    static func find(_ name: String, for unit: Unit = .step) throws(DirectiveFault) -> Entry {
        if let entry = entries[name] ?? UnitConditions.entry(name) {
            guard unit == .step || entry.isResource else {
                throw DirectiveFault(
                    "'\(name)' cannot be set for a slice: it limits no resource", hint: "set it under 'unit'")
            }
            return entry
        }
        if unit == .slice, refusal(name) != nil {
            throw DirectiveFault("'\(name)' cannot be set for a slice: it limits no resource")
        }
        if let reason = refusal(name) { throw DirectiveFault("'\(name)' cannot be set for a step: \(reason)") }
        if known.contains(name) { throw DirectiveFault("'\(name)' is not supported by this version of pawl") }
        let near = Suggestion.nearest(to: name, in: all.map(\.name) + UnitConditions.names + known)
        throw DirectiveFault("systemd has no directive '\(name)'", hint: near.map(Suggestion.didYouMean))
    }

    /// Checks a directive's values and gives the properties of the unit that they stand for.
    ///
    /// - Parameters:
    ///   - name: the directive, as systemd spells it.
    ///   - values: its value as written; several for a directive that takes a list.
    package static func resolve(_ name: String, _ values: [String]) throws(DirectiveFault) -> [UnitSetting] {
        let entry = try find(name)
        if case .paths = entry.kind {
            for path in values {
                var rest = path[...]
                if rest.hasPrefix("-") { rest = rest.dropFirst() }
                if rest.hasPrefix("+") { rest = rest.dropFirst() }
                try checkPath(String(rest), of: name)
            }
            return [UnitSetting(name: name, value: .strings(values))]
        }
        if case .condition(let kind) = entry.kind {
            var settings: [UnitSetting] = []
            for value in values { settings.append(try UnitConditions.setting(name, value, kind)) }
            return settings
        }
        guard values.count == 1, let text = values.first else { throw DirectiveFault("'\(name)' takes one value") }
        return [try setting(entry, text)]
    }

    /// The property that a directive of one value stands for.
    static func setting(_ entry: Entry, _ text: String) throws(DirectiveFault) -> UnitSetting {
        let name = entry.name
        func refuse(_ wanted: String) -> DirectiveFault { DirectiveFault("'\(name)' takes \(wanted), not '\(text)'") }
        switch entry.kind {
        case .boolean:
            guard let value = boolean(text) else { throw refuse("yes or no") }
            return UnitSetting(name: name, value: .boolean(value))
        case .account:
            guard isAccount(text) else { throw refuse("the name or number of a \(name.lowercased())") }
            return UnitSetting(name: name, value: .string(text))
        case .nice:
            guard let value = Int32(text), (-20...19).contains(value) else { throw refuse("a number from -20 to 19") }
            return UnitSetting(name: name, value: .signed32(value))
        case .mask:
            guard let value = UInt32(text, radix: 8), value <= 0o7777, Size.decimal(text) != nil else {
                throw refuse("an octal mask such as 0077")
            }
            return UnitSetting(name: name, value: .unsigned32(value))
        case .memory:
            if let setting = try limit(name, text) { return setting }
            guard let bytes = Size.parse(text), bytes > 0, bytes < .max else {
                throw refuse("a size such as 256M, a percentage or infinity")
            }
            return UnitSetting(name: name, value: .unsigned64(bytes))
        case .tasks:
            if let setting = try limit(name, text) { return setting }
            guard let count = Size.decimal(text), count > 0, count < .max else {
                throw refuse("a number above 0, a percentage or infinity")
            }
            return UnitSetting(name: name, value: .unsigned64(count))
        case .quota:
            guard let share = Size.parseShare(text), share > 0 else {
                throw refuse("a percentage above 0% such as 50%")
            }
            return UnitSetting(name: "CPUQuotaPerSecUSec", value: .unsigned64(share * 100))
        case .weight(let idle):
            // In cgroups zero stands for the weight that only gets what nobody else wants.
            if idle, text == "idle" { return UnitSetting(name: name, value: .unsigned64(0)) }
            guard let weight = Size.decimal(text), (1...10000).contains(weight) else {
                throw refuse("a number from 1 to 10000" + (idle ? " or idle" : ""))
            }
            return UnitSetting(name: name, value: .unsigned64(weight))
        case .booleanOr(let words):
            if words.contains(text) { return UnitSetting(name: name, value: .string(text)) }
            guard let value = boolean(text) else {
                throw refuse("yes, no, \(words.dropLast().map { $0 + ", " }.joined())\(words.last ?? "")")
            }
            return UnitSetting(name: name, value: .string(value ? "yes" : "no"))
        case .path:
            try checkPath(text, of: name)
            guard !text.hasSuffix("\\") else { throw refuse("a path without a '\\' at its end") }
            guard text.utf8.contains(where: { $0 != UInt8(ascii: "/") }) else {
                throw refuse("another root than the host's")
            }
            return UnitSetting(name: name, value: .string(text))
        case .paths, .condition: throw refuse("paths")
        }
    }

    /// `infinity` or a percentage, which systemd takes as a part of 2^32 - 1 under a property of its own.
    private static func limit(_ name: String, _ text: String) throws(DirectiveFault) -> UnitSetting? {
        if text == "infinity" { return UnitSetting(name: name, value: .unsigned64(.max)) }
        guard text.hasSuffix("%") else { return nil }
        guard let share = Size.parseShare(text), share > 0, share <= 10_000 else {
            throw DirectiveFault("'\(name)' takes a percentage above 0% and up to 100%, not '\(text)'")
        }
        let scaled = (share * UInt64(UInt32.max) + 5000) / 10_000
        return UnitSetting(name: name + "Scale", value: .unsigned32(UInt32(scaled)))
    }

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
        guard path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw DirectiveFault("'\(name)' takes paths without control characters")
        }
        guard path.utf8.count < 4096, !path.split(separator: "/").contains("..") else {
            throw DirectiveFault("'\(name)' takes paths without '..', not '\(path)'")
        }
    }

    /// A value as it stands in a unit file: a path with a blank in it is one path.
    package static func quoted(_ name: String, _ text: String) -> String {
        guard entries[name]?.kind == .paths, text.utf8.contains(where: { $0 <= 0x20 || #"'"\"#.utf8.contains($0) })
        else { return text }
        return "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
    }

    /// Splits a list as systemd does in a unit file: at blanks, except inside quotes. Nil where a quote is left open.
    static func split(_ text: String) -> [String]? {
        var (words, word, quote) = ([String](), String?.none, Character?.none)
        for character in text {
            if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "\"" || character == "'" {
                quote = character
                word = word ?? ""
            } else if character == " " || character == "\t" || character == "\n" {
                if let word { words.append(word) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        guard quote == nil else { return nil }
        return words + (word.map { [$0] } ?? [])
    }
}

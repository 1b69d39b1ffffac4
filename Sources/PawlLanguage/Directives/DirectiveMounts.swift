extension DirectiveValue {
    private func items(_ signature: String, _ values: [SettingValue]) -> [UnitSetting] {
        values.isEmpty ? [] : [UnitSetting(name: entry.property, value: .array(of: signature, values))]
    }

    /// The parts between colons; `\:` is one that is meant.
    static func parts(_ text: String) -> [String] {
        var (parts, isEscaped) = ([""], false)
        for character in text {
            if isEscaped {
                parts[parts.count - 1] += character == ":" || character == "\\" ? String(character) : "\\\(character)"
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == ":" {
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
        }
        if isEscaped { parts[parts.count - 1] += "\\" }
        return parts
    }

    func binds() throws(DirectiveFault) -> [UnitSetting] {
        var parts = Self.parts(text)
        let ignoresMissing = parts[0].hasPrefix("-")
        if ignoresMissing { parts[0].removeFirst() }
        guard parts.count <= 3 else { throw refuse(nil) }
        let destination = parts.count > 1 ? parts[1] : parts[0]
        try Directives.checkPath(parts[0], of: name)
        try Directives.checkPath(destination, of: name)
        // The flag is that of mount(2), MS_REC.
        let flags: [String: UInt64] = ["": 16384, "rbind": 16384, "norbind": 0]
        guard let flag = flags[parts.count > 2 ? parts[2] : ""] else {
            throw refuse("rbind or norbind for its options")
        }
        return items(
            "(ssbt)",
            [.structure([.string(parts[0]), .string(destination), .boolean(ignoresMissing), .unsigned64(flag)])])
    }

    func folders(_ links: Bool) throws(DirectiveFault) -> [UnitSetting] {
        var (plain, linked) = ([SettingValue](), [SettingValue]())
        for word in try words(text) {
            let parts = word.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard parts.count <= (links ? 2 : 1), parts.allSatisfy(isRelative) else { throw refuse(word: word) }
            if parts.count == 1 {
                plain.append(.string(parts[0]))
            } else {
                linked.append(.structure([.string(parts[0]), .string(parts[1]), .unsigned64(0)]))
            }
        }
        return items("s", plain)
            + (linked.isEmpty ? [] : [UnitSetting(name: name + "Symlink", value: .array(of: "(sst)", linked))])
    }

    private func isRelative(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return path.utf8.count < 4096 && parts[0] != "private" && parts.allSatisfy { !["", ".", ".."].contains($0) }
    }

    func imageOptions() throws(DirectiveFault) -> [UnitSetting] {
        var values: [SettingValue] = []
        for word in try words(text) {
            let parts = word.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let pair = parts.count > 1 ? (parts[0], parts[1]) : ("root", parts[0])
            guard Self.partitions.contains(pair.0), !pair.1.isEmpty else { throw refuse(word: word) }
            values.append(.structure([.string(pair.0), .string(pair.1)]))
        }
        return items("(ss)", values)
    }

    func images(hasDestination: Bool) throws(DirectiveFault) -> [UnitSetting] {
        var parts = Self.parts(text)
        let ignoresMissing = parts[0].hasPrefix("-")
        if ignoresMissing { parts[0].removeFirst() }
        try Directives.checkPath(parts[0], of: name)
        var fields: [SettingValue] = [.string(parts.removeFirst())]
        if hasDestination {
            guard let destination = parts.first, !destination.isEmpty else { throw refuse(nil) }
            try Directives.checkPath(destination, of: name)
            fields.append(.string(parts.removeFirst()))
        }
        var options: [SettingValue] = []
        if parts.count == 1 {
            options = [.structure([.string("root"), .string(parts[0])])]
        } else {
            guard parts.count % 2 == 0 else { throw refuse(nil) }
            for place in stride(from: 0, to: parts.count, by: 2) {
                guard Self.partitions.contains(parts[place]) else { throw refuse(nil) }
                options.append(.structure([.string(parts[place]), .string(parts[place + 1])]))
            }
        }
        fields += [.boolean(ignoresMissing), .array(of: "(ss)", options)]
        return items(hasDestination ? "(ssba(ss))" : "(sba(ss))", [.structure(fields)])
    }

    private static let partitions: Set<String> = Set(
        Directives.words(
            """
            root usr home srv esp xbootldr swap root-verity usr-verity root-verity-sig usr-verity-sig tmp var
            """))

    func openFiles() throws(DirectiveFault) -> [UnitSetting] {
        let parts = Self.parts(text)
        try Directives.checkPath(parts[0], of: name)
        let flags: [String: UInt64] = ["read-only": 1, "append": 2, "truncate": 4, "graceful": 8]
        var flag: UInt64 = 0
        for option in parts.dropFirst(2).joined().split(separator: ",") {
            guard let bit = flags[String(option)] else { throw refuse(nil) }
            flag |= bit
        }
        let given = parts.count > 1 && !parts[1].isEmpty ? parts[1] : nil
        let label = given ?? String(parts[0].split(separator: "/").last ?? "")
        guard parts.count <= 3, !label.isEmpty, [0, 1, 2, 4].contains(flag & 7) else { throw refuse(nil) }
        return items("(sst)", [.structure([.string(parts[0]), .string(label), .unsigned64(flag)])])
    }
}

/// Directives whose values, though there may be several, are one number or one mask in the end.
extension Directives {
    static func combined(_ entry: Entry, _ values: [String]) throws(DirectiveFault) -> [UnitSetting]? {
        switch entry.kind {
        case .processors(let word): try processors(entry, values, word)
        case .capabilities: try capabilities(entry, values)
        case .namespaces: try namespaces(entry, values)
        case .secureBits: try secureBits(entry, values)
        case .coredumpFilter: try coredumpFilter(entry, values)
        default: nil
        }
    }

    private static func processors(
        _ entry: Entry, _ values: [String], _ word: String?
    ) throws(DirectiveFault) -> [UnitSetting] {
        if let word, values == [word] {
            return [UnitSetting(name: entry.name + "FromNUMA", value: .boolean(true))]
        }
        var bytes: [UInt8] = []
        for value in values {
            for range in value.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "," }) {
                let ends = range.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map(Size.decimal)
                guard let low = ends[0], let high = ends[ends.count - 1], low <= high, high < 8192 else {
                    throw DirectiveValue(entry: entry, text: String(range)).refuse()
                }
                // As long as whole words of the machine.
                let length = Int(high / 64 + 1) * 8
                if bytes.count < length { bytes += [UInt8](repeating: 0, count: length - bytes.count) }
                for number in low...high { bytes[Int(number / 8)] |= 1 << UInt8(number % 8) }
            }
        }
        guard !bytes.isEmpty else { throw DirectiveValue(entry: entry, text: values.last ?? "").refuse() }
        return [UnitSetting(name: entry.name, value: .bytes(bytes))]
    }

    /// The first says what there is, further ones add to it or take away from it, as lines of a unit file do.
    private static func merged(_ mask: UInt64?, _ bits: UInt64, isInverted: Bool, all: UInt64 = .max) -> UInt64 {
        guard let mask else { return isInverted ? ~bits & all : bits }
        return isInverted ? mask & ~bits : mask | bits
    }

    private static func capabilities(_ entry: Entry, _ values: [String]) throws(DirectiveFault) -> [UnitSetting] {
        var mask: UInt64?
        for text in values {
            let value = DirectiveValue(entry: entry, text: text)
            let isInverted = text.hasPrefix("~")
            var bits: UInt64 = 0
            for word in Directives.split(isInverted ? String(text.dropFirst()) : text) ?? [text] {
                let name = word.uppercased()
                if let place = capabilities.firstIndex(of: name) {
                    bits |= 1 << UInt64(place)
                } else if let number = Size.decimal(word), number < 63 {
                    bits |= 1 << number
                } else {
                    let near = Suggestion.nearest(to: name, in: capabilities)
                    throw DirectiveFault(value.refuse(word: word).message, hint: near.map(Suggestion.didYouMean))
                }
            }
            // Nothing at all is none of them, and `~` alone all.
            mask = text.isEmpty || text == "~" ? (isInverted ? .max : 0) : merged(mask, bits, isInverted: isInverted)
        }
        return [UnitSetting(name: entry.name, value: .unsigned64(mask ?? 0))]
    }

    private static func namespaces(_ entry: Entry, _ values: [String]) throws(DirectiveFault) -> [UnitSetting] {
        let all = namespaces.values.reduce(0, |)
        var mask: UInt64?
        for text in values {
            if let truth = boolean(text) {
                mask = truth ? 0 : all
                continue
            }
            let value = DirectiveValue(entry: entry, text: text)
            let isInverted = text.hasPrefix("~")
            var bits: UInt64 = 0
            for word in try value.words(isInverted ? String(text.dropFirst()) : text) {
                guard let bit = namespaces[word] else { throw value.refuse(word: word) }
                bits |= bit
            }
            mask = merged(mask, bits, isInverted: isInverted, all: all)
        }
        return [UnitSetting(name: entry.name, value: .unsigned64(mask ?? all))]
    }

    private static func secureBits(_ entry: Entry, _ values: [String]) throws(DirectiveFault) -> [UnitSetting] {
        var bits: Int32 = 0
        for text in values {
            let value = DirectiveValue(entry: entry, text: text)
            for word in try value.words(text) {
                guard let bit = secureBits[word] else { throw value.refuse(word: word) }
                bits |= bit
            }
        }
        return [UnitSetting(name: entry.name, value: .signed32(bits))]
    }

    private static func coredumpFilter(_ entry: Entry, _ values: [String]) throws(DirectiveFault) -> [UnitSetting] {
        var bits: UInt64 = 0
        for text in values {
            let value = DirectiveValue(entry: entry, text: text)
            for word in try value.words(text) {
                let digits = word.hasPrefix("0x") ? String(word.dropFirst(2)) : word
                if let place = coredumpBits.firstIndex(of: word) {
                    bits |= 1 << UInt64(place)
                } else if word == "default" {
                    bits |= 0x33
                } else if word == "all" {
                    bits |= UInt64(UInt32.max)
                } else if let mask = UInt64(digits, radix: 16), !digits.hasPrefix("+") {
                    bits |= mask
                } else {
                    throw value.refuse(word: word)
                }
            }
        }
        return [UnitSetting(name: entry.name, value: .unsigned64(bits))]
    }
}

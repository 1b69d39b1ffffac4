import FoundationEssentials
import Glibc

extension DirectiveValue {
    /// The properties that one of several values stands for; systemd puts those of a list behind one another.
    func list() throws(DirectiveFault) -> [UnitSetting] {
        switch entry.kind {
        case .paths(let prefixes):
            var rest = text[...]
            // Each of them once, in this order.
            for prefix in prefixes where rest.first == prefix { rest = rest.dropFirst() }
            try Directives.checkPath(String(rest), of: name)
            return items("s", [.string(text)])
        case .words(let kind):
            let words = try self.words(text)
            if let bad = words.first(where: { !isWord($0, kind) }) { throw refuse(word: bad) }
            return items("s", words.map { .string($0) })
        case .filter(let kind): return try filter(kind)
        case .binds: return try binds()
        case .fileSystems:
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            try Directives.checkPath(parts[0], of: name)
            return items("(ss)", [.structure([.string(parts[0]), .string(parts.count > 1 ? parts[1] : "")])])
        case .devices: return try devices()
        case .deviceLimits(let limit): return try deviceLimits(limit)
        case .addresses: return try addresses()
        case .filterPaths:
            try Directives.checkPath(text, of: name)
            return items("s", [.string(text)])
        case .programs:
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, Directives.programTypes.contains(parts[0]) else { throw refuse() }
            try Directives.checkPath(parts[1], of: name)
            return items("(ss)", [.structure([.string(parts[0]), .string(parts[1])])])
        case .sockets: return try sockets()
        case .folders(let links): return try folders(links)
        case .imageOptions: return try imageOptions()
        case .mountImages: return try images(hasDestination: true)
        case .extensionImages: return try images(hasDestination: false)
        case .inputText: return bytes(Array(try unescaped(text).utf8) + [UInt8(ascii: "\n")])
        case .inputData:
            guard let data = Data(base64Encoded: text) else { throw refuse() }
            return bytes(Array(data))
        case .logPatterns:
            let isDenied = text.hasPrefix("~")
            let pattern = isDenied ? String(text.dropFirst()) : text
            guard !pattern.isEmpty else { throw refuse() }
            return items("(bs)", [.structure([.boolean(!isDenied), .string(pattern)])])
        case .openFiles: return try openFiles()
        case .filterSets: return try filterSets()
        case .condition(let kind): return [try UnitConditions.setting(name, text, kind)]
        default: throw refuse()
        }
    }

    private func items(_ signature: String, _ values: [SettingValue]) -> [UnitSetting] {
        [UnitSetting(name: entry.property, value: .array(of: signature, values))]
    }

    private func bytes(_ bytes: [UInt8]) -> [UnitSetting] { [UnitSetting(name: entry.property, value: .bytes(bytes))] }

    func refuse(word: String) -> DirectiveFault {
        DirectiveFault("'\(name)' takes \(entry.kind.form), not '\(word)'")
    }

    // MARK: Words

    /// The words of a text, at least one.
    func words(_ text: String) throws(DirectiveFault) -> [String] {
        guard let words = Directives.split(text) else { throw DirectiveFault("'\(name)' has a quote without its end") }
        guard !words.isEmpty else { throw refuse(nil) }
        return words
    }

    private func isWord(_ word: String, _ kind: Directives.Word) -> Bool {
        switch kind {
        case .units: Self.isUnit(word)
        case .groups: Directives.isAccount(word)
        case .controllers: Directives.controllers.contains(word)
        case .architectures: Directives.architectures.contains(word)
        }
    }

    private static func isUnit(_ name: String) -> Bool {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex, name.utf8.count <= 255,
            Directives.unitTypes.contains(String(name[name.index(after: dot)...]))
        else { return false }
        let stem = name[..<dot]
        let isClean = stem.utf8.allSatisfy {
            switch $0 {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: #":-_.\@"#.utf8.contains($0)
            }
        }
        // A template without its instance is no unit that could be started.
        return isClean && stem.first != "@" && stem.last != "@"
    }

    private func filter(_ kind: Directives.Filter) throws(DirectiveFault) -> [UnitSetting] {
        let isDenied = text.hasPrefix("~")
        let rest = isDenied ? String(text.dropFirst()) : text
        guard let words = Directives.split(rest) else {
            throw DirectiveFault("'\(name)' has a quote without its end")
        }
        // `~` alone is all of them; nothing at all is nothing to say.
        guard isDenied || !words.isEmpty else { throw refuse(nil) }
        var listed = words
        if kind == .addressFamilies, words == ["none"], !isDenied {
            listed = []
        } else {
            for word in words { try check(word, kind) }
        }
        return [UnitSetting(name: name, value: .structure([.boolean(!isDenied), .strings(listed)]))]
    }

    private func check(_ word: String, _ kind: Directives.Filter) throws(DirectiveFault) {
        switch kind {
        case .calls, .loggedCalls:
            let parts = word.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            if parts.count > 1, kind == .loggedCalls || Directives.errorNumber(parts[1]) == nil {
                throw refuse(word: word)
            }
            if parts[0].hasPrefix("@") { return try checkGroup(parts[0], Directives.callGroups) }
            guard isName(parts[0], more: "_") else { throw refuse(word: word) }
        case .fileSystems:
            if word.hasPrefix("@") { return try checkGroup(word, Directives.fileSystemGroups) }
            guard isName(word, more: "_-.") else { throw refuse(word: word) }
        case .addressFamilies:
            guard Directives.addressFamilies.contains(word) else {
                let near = Suggestion.nearest(to: word, in: Directives.addressFamilies.sorted())
                throw DirectiveFault(refuse(word: word).message, hint: near.map(Suggestion.didYouMean))
            }
        case .interfaces:
            guard (1...127).contains(word.utf8.count), word != ".", word != "..",
                word.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !":/%".utf8.contains($0) })
            else { throw refuse(word: word) }
        }
    }

    private func checkGroup(_ group: String, _ groups: Set<String>) throws(DirectiveFault) {
        guard !groups.contains(group) else { return }
        let near = Suggestion.nearest(to: group, in: groups.sorted())
        throw DirectiveFault("'\(name)': systemd has no group '\(group)'", hint: near.map(Suggestion.didYouMean))
    }

    private func isName(_ word: String, more: String) -> Bool {
        !word.isEmpty
            && word.utf8.allSatisfy {
                $0 >= 0x30 && $0 <= 0x39 || $0 >= 0x41 && $0 <= 0x5A || $0 >= 0x61 && $0 <= 0x7A
                    || more.utf8.contains($0)
            }
    }

    // MARK: Devices

    /// The two words of a device and what is said of it.
    private func pair() -> (device: String, rest: String) {
        guard let blank = text.firstIndex(where: { $0 == " " || $0 == "\t" }) else { return (text, "") }
        return (String(text[..<blank]), String(text[blank...].drop { $0 == " " || $0 == "\t" }))
    }

    private func devices() throws(DirectiveFault) -> [UnitSetting] {
        let (device, access) = pair()
        let isGroup = device.hasPrefix("char-") || device.hasPrefix("block-")
        let isNode = device.hasPrefix("/dev/") || device.hasPrefix("/run/systemd/inaccessible/")
        guard isGroup || isNode, access.allSatisfy({ "rwm".contains($0) }) else { throw refuse(nil) }
        if isNode { try Directives.checkPath(device, of: name) }
        return items("(ss)", [.structure([.string(device), .string(access)])])
    }

    private func deviceLimits(_ limit: Directives.DeviceLimit) throws(DirectiveFault) -> [UnitSetting] {
        let (device, rest) = pair()
        let value: UInt64? =
            switch limit {
            case .rate: rest == "infinity" ? .max : Size.parse(rest, base: 1000)
            case .weight(let range): Size.decimal(rest).flatMap { range.contains($0) ? $0 : nil }
            case .span: microseconds(rest)
            }
        guard let value, !rest.isEmpty else { throw refuse(nil) }
        try Directives.checkPath(device, of: name)
        return items("(st)", [.structure([.string(device), .unsigned64(value)])])
    }

    // MARK: The network

    private func addresses() throws(DirectiveFault) -> [UnitSetting] {
        var values: [SettingValue] = []
        for word in try words(text) {
            let listed = Self.known(word) ?? [Self.address(word)].compactMap { $0 }
            guard !listed.isEmpty else { throw refuse(word: word) }
            values += listed
        }
        return items("(iayu)", values)
    }

    private static func known(_ word: String) -> [SettingValue]? {
        let pair: (String, String)
        switch word {
        case "any": pair = ("0.0.0.0/0", "::/0")
        case "localhost": pair = ("127.0.0.0/8", "::1/128")
        case "link-local": pair = ("169.254.0.0/16", "fe80::/64")
        case "multicast": pair = ("224.0.0.0/4", "ff00::/8")
        default: return nil
        }
        return [address(pair.0), address(pair.1)].compactMap { $0 }
    }

    private static func address(_ text: String) -> SettingValue? {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        for (family, length) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: length)
            guard inet_pton(family, parts[0], &bytes) == 1 else { continue }
            var prefix = UInt64(8 * length)
            if parts.count > 1 {
                guard let given = Size.decimal(parts[1]), given <= prefix else { return nil }
                prefix = given
            }
            return .structure([.signed32(family), .bytes(bytes), .unsigned32(UInt32(prefix))])
        }
        return nil
    }

    private func sockets() throws(DirectiveFault) -> [UnitSetting] {
        var parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        var (family, proto, count, first) = (Int32(0), Int32(0), UInt16(0), UInt16(0))
        if parts == ["any"] { parts = [] }
        guard text == "any" || !text.isEmpty else { throw refuse(nil) }
        if let found = ["ipv4": AF_INET, "ipv6": AF_INET6][parts.first ?? ""] {
            family = found
            parts.removeFirst()
        }
        if let found = ["tcp": Int32(6), "udp": Int32(17)][parts.first ?? ""] {
            proto = found
            parts.removeFirst()
        }
        if let ports = parts.first {
            let ends = ports.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
                .map { Size.decimal($0).flatMap { UInt16(exactly: $0) } ?? 0 }
            guard let low = ends.first, let high = ends.last, low > 0, low <= high, parts.count == 1 else {
                throw refuse(nil)
            }
            (first, count) = (low, high - low + 1)
        }
        return items(
            "(iiqq)", [.structure([.signed32(family), .signed32(proto), .unsigned16(count), .unsigned16(first)])])
    }

    private func filterSets() throws(DirectiveFault) -> [UnitSetting] {
        let sources: [String: Int32] = ["cgroup": 3, "user": 4, "group": 5]
        let families: [String: Int32] = ["arp": 3, "bridge": 7, "inet": 1, "ip": 2, "ip6": 10, "netdev": 5]
        var values: [SettingValue] = []
        for word in try words(text) {
            let parts = word.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 4, let source = sources[parts[0]], let family = families[parts[1]],
                !parts[2].isEmpty, !parts[3].isEmpty
            else { throw refuse(word: word) }
            values.append(.structure([.signed32(source), .signed32(family), .string(parts[2]), .string(parts[3])]))
        }
        return items("(iiss)", values)
    }

    // MARK: Text

    /// A text whose escapes stand for what they are in C.
    private func unescaped(_ text: String) throws(DirectiveFault) -> String {
        let known: [Character: Character] = [
            "n": "\n", "t": "\t", "r": "\r", "s": " ", "\\": "\\", "\"": "\"", "'": "'",
        ]
        var (result, rest) = ("", text[...])
        while let character = rest.popFirst() {
            guard character == "\\" else {
                result.append(character)
                continue
            }
            guard let next = rest.popFirst(), let meant = known[next] else {
                throw DirectiveFault(
                    "'\(name)' has a '\\' with nothing that it could mean behind it", hint: #"write '\\' for one of it"#
                )
            }
            result.append(meant)
        }
        return result
    }
}

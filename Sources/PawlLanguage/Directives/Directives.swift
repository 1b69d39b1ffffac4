import PawlModel

/// systemd's directives that a step's unit may have, under systemd's names and in systemd's syntax.
package enum Directives {
    /// What kind of unit directives are for.
    package enum Unit: Sendable {
        /// That of a step, a service.
        case step
        /// The slice of a run, which runs nothing itself and only bounds what is in it.
        case slice
    }

    /// The manual page that has a directive.
    package enum Page: String, Sendable, CaseIterable {
        /// Who and where, sandboxes, limits of processes.
        case exec = "systemd.exec"
        /// Limits of control groups.
        case resources = "systemd.resource-control"
        /// How a process is ended.
        case kill = "systemd.kill"
        /// Services.
        case service = "systemd.service"
        /// Units of all kinds.
        case unit = "systemd.unit"
    }

    /// A directive of the table.
    package struct Entry: Sendable {
        /// The name, as systemd spells it.
        package let name: String
        /// How its value is written.
        package let kind: Kind
        /// The version of systemd that it came with, as its manual says; 0 where that is older than what the manual tells.
        package let since: Int
        /// One line for the manual.
        package let summary: String
        /// The manual page that has the rest.
        package let page: Page
        /// The D-Bus properties that it may become.
        package let properties: [String]
        /// Whether a step that has it is given its script, its output file and the run's folder by other paths, since it may not
        /// see the real ones.
        package let isBinding: Bool
        /// What a user's manager makes of it.
        package let user: UserSupport

        /// One line for the manual, with the page that has the rest.
        package var meaning: String { "\(summary), man:\(page.rawValue)(5)" }

        /// The one that it usually becomes.
        package var property: String { properties[0] }

        /// Whether it is about resources, so that a slice can have it (`man:systemd.resource-control(5)`).
        package var isResource: Bool {
            // A slice has no processes of its own that it could leave the rest to.
            page == .resources && !["Delegate", "DelegateSubgroup"].contains(name)
        }

        init(
            _ name: String, _ kind: Kind, _ summary: String, since: Int = 0, page: Page, property: String? = nil,
            binds: Bool = false, user: UserSupport = .full
        ) {
            (self.name, self.kind, self.summary, self.since, self.page) = (name, kind, summary, since, page)
            properties = property.map { [$0] } ?? kind.properties(of: name)
            isBinding = binds
            self.user = user
        }
    }

    /// All that are supported, in the manual's order; conditions and assertions are a table of their own.
    package static let all: [Entry] = identity + sandbox + execution + resources + ending

    private static let entries: [String: Entry] = Dictionary(
        uniqueKeysWithValues: (all + UnitConditions.names.compactMap(UnitConditions.entry)).map { ($0.name, $0) })

    /// The versions of systemd that properties came with, where that is not the oldest that pawl runs on.
    private static let newer: [String: (directive: String, since: Int)] = {
        var result: [String: (directive: String, since: Int)] = [:]
        for entry in all {
            for property in entry.properties where entry.since > oldest { result[property] = (entry.name, entry.since) }
            // Where a truth value has become one of several words.
            if case .widened(let words) = entry.kind, !words.isEmpty {
                result[entry.name + "Ex"] = (entry.name, widened)
            }
        }
        return result
    }()

    private static let binding = Set(all.filter(\.isBinding).map(\.property))

    private static let names = entries.keys.sorted()

    /// The version of systemd in which truth values became one of several words.
    private static let widened = 257

    /// The oldest version of systemd that pawl runs on.
    package static let oldest = 252

    /// The directive and version of systemd that a property came with, if it is newer than the oldest that pawl runs on.
    package static func newer(_ property: String) -> (directive: String, since: Int)? { newer[property] }

    /// That of all of them which came last.
    package static func newest(_ settings: [UnitSetting]) -> (directive: String, since: Int)? {
        settings.compactMap { newer[$0.name] }.max { $0.since < $1.since }
    }

    /// That a directive came later than the systemd that is there.
    package static func tooNew(_ name: String, since: Int, on running: Int) -> String {
        "'\(name)', written so, came with systemd \(since), and \(running) is running"
    }

    /// The version of systemd that a directive with these values needs.
    static func needed(_ directive: Directive) -> Int {
        guard let entry = entries[directive.name] else { return oldest }
        let isWord = { (value: Template) in value.constant.map { boolean($0.text) == nil } ?? false }
        if case .widened = entry.kind, directive.values.contains(where: isWord) { return widened }
        return max(entry.since, oldest)
    }

    /// Whether a step with this property could not see the folders of its run where they are.
    package static func needsBinding(_ setting: UnitSetting) -> Bool {
        guard binding.contains(setting.name) else { return false }
        return setting.value != .boolean(false) && setting.value != .string("no")
    }

    /// Finds a directive's entry, or says why there is none.
    static func find(_ name: String, for unit: Unit = .step) throws(DirectiveFault) -> Entry {
        if let entry = entries[name] {
            guard unit == .step || entry.isResource else {
                throw DirectiveFault(
                    "'\(name)' cannot be set for a slice: it limits no resource", hint: "set it under 'unit'")
            }
            return entry
        }
        guard let reason = refusal(name) else {
            let near = Suggestion.nearest(to: name, in: names)
            throw DirectiveFault("systemd has no directive '\(name)'", hint: near.map(Suggestion.didYouMean))
        }
        if unit == .slice { throw DirectiveFault("'\(name)' cannot be set for a slice: it limits no resource") }
        throw DirectiveFault("'\(name)' cannot be set for a step: \(reason)")
    }

    /// Checks a directive's values and gives the properties of the unit that they stand for.
    ///
    /// - Parameters:
    ///   - name: the directive, as systemd spells it.
    ///   - values: its value as written; several for a directive that takes a list, and none where it is not set.
    package static func resolve(_ name: String, _ values: [String]) throws(DirectiveFault) -> [UnitSetting] {
        try resolve(try find(name), values)
    }

    /// Checks a directive and its values without giving them to anything.
    package static func check(_ name: String, _ values: [String], for unit: Unit) throws(DirectiveFault) {
        _ = try resolve(try find(name, for: unit), values)
    }

    /// As `resolve`, of a directive that was found already.
    static func resolve(_ entry: Entry, _ values: [String]) throws(DirectiveFault) -> [UnitSetting] {
        guard !values.isEmpty else { return [] }
        for value in values { try checkText(value, of: entry) }
        if let settings = try combined(entry, values) { return settings }
        guard entry.kind.takesList else {
            guard values.count == 1 else { throw DirectiveFault("'\(entry.name)' takes one value") }
            return try DirectiveValue(entry: entry, text: values[0]).settings()
        }
        var settings: [UnitSetting] = []
        for value in values {
            for setting in try DirectiveValue(entry: entry, text: value).list() { append(setting, to: &settings) }
        }
        return settings
    }

    /// One property for the elements of all lines.
    private static func append(_ setting: UnitSetting, to settings: inout [UnitSetting]) {
        if let last = settings.last, last.name == setting.name, case .array(let signature, let first) = last.value,
            case .array(_, let more) = setting.value
        {
            settings[settings.count - 1].value = .array(of: signature, first + more)
        } else {
            settings.append(setting)
        }
    }

    /// systemd keeps a transient unit in a file of lines, which it reads again at each daemon-reload.
    private static func checkText(_ text: String, of entry: Entry) throws(DirectiveFault) {
        // What goes to a program's standard input is kept in base64.
        if entry.kind == .inputText { return }
        guard text.utf8.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == UInt8(ascii: "\t") }), !text.hasSuffix("\\")
        else { throw DirectiveFault("'\(entry.name)' takes no control characters, and no '\\' at its end") }
    }

    /// The assignments that `systemd-run -p` takes for the same.
    package static func assignments(_ name: String, _ values: [String]) throws(DirectiveFault) -> [String] {
        let settings = try resolve(name, values)
        guard let entry = entries[name] else { return [] }
        switch entry.kind {
        case .inputText, .inputData:
            return settings.compactMap { setting in
                guard case .bytes(let bytes) = setting.value else { return nil }
                return "StandardInputData=" + base64(bytes)
            }
        // It takes a word such as `any` only alone.
        case .addresses: return values.flatMap { split($0) ?? [] }.map { "\(name)=\($0)" }
        case .filter(.addressFamilies): return values.map { $0 == "none" ? "\(name)=" : "\(name)=\($0)" }
        case .widened:
            return settings.map { setting in "\(setting.name)=\(values[0])" }
        // Each part in quotes of its own.
        case .binds:
            return values.map { value in
                "\(name)=" + DirectiveValue.parts(value).map { quoted($0, escaping: #"\":"#) }.joined(separator: ":")
            }
        // In there a '\' stands before a colon, and is read after the quotes.
        case .mountImages, .extensionImages:
            return values.map { $0.contains(" ") ? "\(name)=\"\($0)\"" : "\(name)=\($0)" }
        default: return values.map { "\(name)=\(entry.kind.isSplit ? quoted($0) : $0)" }
        }
    }

    /// A value as it stands in a unit file: a path with a blank in it is one path.
    private static func quoted(_ text: String, escaping special: String = #"\""#) -> String {
        let escaped = text.map { special.contains($0) ? "\\\($0)" : String($0) }.joined()
        return text.utf8.contains { $0 <= 0x20 || $0 == UInt8(ascii: "'") } ? "\"\(escaped)\"" : escaped
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

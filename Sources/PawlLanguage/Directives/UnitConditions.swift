/// systemd's conditions and assertions of a unit, as systemd 252 has them (`man:systemd.unit(5)`, "Conditions and Asserts").
/// PID 1 asks them before anything of a step runs; pawl asks none of them itself.
package enum UnitConditions {
    /// What a condition is asked about, after its operators.
    package enum Kind: Sendable, Hashable {
        /// An absolute path.
        case path
        /// A truth value.
        case truth
        /// Text that systemd reads.
        case text
    }

    /// All of them in the manual's order, without the `Condition` or `Assert` before them.
    package static let all: [(name: String, kind: Kind)] = [
        ("PathExists", .path), ("PathExistsGlob", .path), ("PathIsDirectory", .path), ("PathIsSymbolicLink", .path),
        ("PathIsMountPoint", .path), ("PathIsReadWrite", .path), ("PathIsEncrypted", .path),
        ("DirectoryNotEmpty", .path), ("FileNotEmpty", .path), ("FileIsExecutable", .path), ("NeedsUpdate", .path),
        ("ACPower", .truth), ("FirstBoot", .truth), ("Architecture", .text), ("Capability", .text),
        ("ControlGroupController", .text), ("CPUFeature", .text), ("CPUPressure", .text), ("CPUs", .text),
        ("Credential", .text), ("Environment", .text), ("Firmware", .text), ("Group", .text), ("Host", .text),
        ("IOPressure", .text), ("KernelCommandLine", .text), ("KernelVersion", .text), ("Memory", .text),
        ("MemoryPressure", .text), ("OSRelease", .text), ("Security", .text), ("User", .text),
        ("Virtualization", .text),
    ]

    /// The directives: each as a condition and as an assertion.
    package static let names: [String] = ["Condition", "Assert"].flatMap { kind in all.map { kind + $0.name } }

    private static let kinds: [String: Kind] = Dictionary(
        uniqueKeysWithValues: ["Condition", "Assert"].flatMap { kind in all.map { (kind + $0.name, $0.kind) } })

    /// Whether a directive is a condition or an assertion.
    package static func contains(_ directive: String) -> Bool { kinds[directive] != nil }

    /// The table's entry of one of them.
    static func entry(_ name: String) -> Directives.Entry? {
        guard let kind = kinds[name] else { return nil }
        let isAssertion = name.hasPrefix("Assert")
        return Directives.Entry(
            name, .condition(kind), "what has to hold before a step starts", since: isAssertion ? 218 : 201,
            page: .unit,
            property: isAssertion ? "Asserts" : "Conditions")
    }

    /// Reads one value: `|` makes it one of several of which one is enough, `!` turns it round, in this order.
    static func setting(_ name: String, _ text: String, _ kind: Kind) throws(DirectiveFault) -> UnitSetting {
        var rest = text[...]
        func take(_ sign: String) -> Bool {
            guard rest.hasPrefix(sign) else { return false }
            rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
            return true
        }
        let isTrigger = take("|")
        let isNegated = take("!")
        let parameter = String(rest)
        func refuse(_ wanted: String) -> DirectiveFault {
            DirectiveFault("'\(name)' takes \(wanted), perhaps after '|' or '!', not '\(text)'")
        }
        switch kind {
        case .path:
            guard parameter.hasPrefix("/") else { throw refuse("an absolute path") }
            try Directives.checkPath(parameter, of: name)
        case .truth:
            guard Directives.boolean(parameter) != nil else { throw refuse("yes or no") }
        case .text:
            guard !parameter.isEmpty, parameter.utf8.count < 4096 else { throw refuse("text") }
        }
        // systemd keeps them in a file of lines, which it reads again at each daemon-reload.
        guard parameter.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }), !parameter.hasSuffix("\\") else {
            throw DirectiveFault("'\(name)' takes no control characters, and no '\\' at its end")
        }
        return UnitSetting(
            name: name.hasPrefix("Assert") ? "Asserts" : "Conditions",
            value: .condition(
                ConditionSetting(type: name, parameter: parameter, isNegated: isNegated, isTrigger: isTrigger)))
    }
}

/// One condition or assertion of a unit.
package struct ConditionSetting: Sendable, Hashable {
    /// The directive, such as `ConditionPathExists`.
    package var type: String
    /// What is asked about.
    package var parameter: String
    /// Whether it is met when it does not hold.
    package var isNegated: Bool
    /// Whether it is enough that one of those which have this is met.
    package var isTrigger: Bool

    /// Makes a condition.
    package init(type: String, parameter: String, isNegated: Bool = false, isTrigger: Bool = false) {
        (self.type, self.parameter) = (type, parameter)
        (self.isNegated, self.isTrigger) = (isNegated, isTrigger)
    }

    /// As a unit file has it.
    package var text: String { "\(type)=\(isTrigger ? "|" : "")\(isNegated ? "!" : "")\(parameter)" }
}

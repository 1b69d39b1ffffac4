/// What may be used as a name, and the names that are made from others.
package enum Names {
    /// How long a workflow's, step's or variable's name may be, in characters.
    package static let longest = 64

    /// A step as people name it, and as they may name it to us: `ca`, or `load.3` for an item of it.
    package static func step(_ id: String, item: Int?) -> String { item.map { "\(id).\($0)" } ?? id }

    /// Names that expressions use themselves, so no step or variable may bear them.
    package static let reserved: Set<String> = ["run", "workflow", "host", "item", "index"]

    /// Whether the text can be a workflow's name: `[a-z0-9][a-z0-9-]*`.
    package static func isWorkflow(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= longest, isLower(first) || isDigit(first) else {
            return false
        }
        return text.utf8.allSatisfy { isLower($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
    }

    /// Whether the text can be a step's name: `[A-Za-z_][A-Za-z0-9_-]*`.
    package static func isStep(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= longest else { return false }
        guard isLower(first) || isUpper(first) || first == UInt8(ascii: "_") else { return false }
        return text.utf8.allSatisfy {
            isLower($0) || isUpper($0) || isDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
        }
    }

    /// Whether the text can be a variable's name: `[A-Za-z_][A-Za-z0-9_]*`.
    package static func isVariable(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= longest, !isDigit(first) else { return false }
        return text.utf8.allSatisfy { isLower($0) || isUpper($0) || isDigit($0) || $0 == UInt8(ascii: "_") }
    }

    private static let refusedPrograms: Set<String> = ["PATH", "HOME", "IFS", "ENV", "BASH_ENV"]
    private static let ofSystemd: Set<String> = [
        "SERVICE_RESULT", "EXIT_CODE", "EXIT_STATUS", "INVOCATION_ID", "MAINPID", "NOTIFY_SOCKET",
        "CREDENTIALS_DIRECTORY",
    ]

    /// Why a name may not stand in a step's environment, or nil where it may.
    ///
    /// The recorder runs with the step's environment as root, after the step: a name that systemd sets for it would
    /// forge the receipt, one that the dynamic linker reads would run code (`man:systemd.exec(5)`, `man:ld.so(8)`).
    package static func environmentRefusal(_ name: String) -> String? {
        if refusedPrograms.contains(name) {
            return "it changes which programs a step runs; systemd sets PATH and HOME"
        }
        if name.hasPrefix("LD_") || name == "GLIBC_TUNABLES" { return "the dynamic linker reads it" }
        if name.hasPrefix("PAWL_") { return "names that begin with PAWL_ are set by pawl" }
        if ["ORCHESTRATION_CONTEXT", "BOOTSTRAP_WORKFLOW_ID", "BOOTSTRAP_WORKFLOW_START_TIME"].contains(name) {
            return "pawl sets it for scripts of an older convention"
        }
        if ofSystemd.contains(name) || ["WATCHDOG_", "LISTEN_", "MONITOR_"].contains(where: name.hasPrefix) {
            return "systemd sets it for the step and for the program that records its result"
        }
        return nil
    }

    static func isLower(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") }
    static func isUpper(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") }
    static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
}

/// Eight characters of Crockford base32 in lower case that name a run for ever.
package struct RunID: Sendable, Hashable, Codable, RawRepresentable, CustomStringConvertible {
    /// The eight characters.
    package let rawValue: String

    /// The characters an ID is made of: digits and letters without i, l, o and u.
    package static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    /// How many characters an ID has.
    package static let length = 8

    /// Takes the text if it is an ID.
    package init?(rawValue: String) {
        guard rawValue.utf8.count == RunID.length, rawValue.utf8.allSatisfy({ RunID.alphabet.contains($0) }) else {
            return nil
        }
        self.rawValue = rawValue
    }

    /// Makes an ID of 40 random bits; whether it was ever used is for the caller to find out.
    package init(random bits: UInt64) {
        var rest = bits
        var bytes: [UInt8] = []
        for _ in 0..<RunID.length {
            bytes.append(RunID.alphabet[Int(rest & 31)])
            rest >>= 5
        }
        rawValue = String(decoding: bytes, as: UTF8.self)
    }

    /// The eight characters.
    package var description: String { rawValue }

    /// The run's slice, below `pawl.slice`: each dash in a slice's name is a level of the tree.
    package var slice: String { "pawl-\(rawValue).slice" }

    /// The run's full name: `WORKFLOW-ID`.
    package func name(of workflow: String) -> String { "\(workflow)-\(rawValue)" }
}

/// Names one attempt of one step of one run, and with it the unit and the folder of that attempt.
package struct AttemptName: Sendable, Hashable, CustomStringConvertible {
    /// The run.
    package let run: RunID
    /// The step's name.
    package let step: String
    /// The number of the foreach item, from 0; nil for a plain step.
    package let item: Int?
    /// The attempt's number, from 1.
    package let number: Int

    /// What every unit of a step begins with; the drop-in with the recorder hangs on it.
    package static let unitPrefix = "pawl-step-"

    /// Names an attempt.
    package init(run: RunID, step: String, item: Int? = nil, number: Int) {
        (self.run, self.step, self.item, self.number) = (run, step, item, number)
    }

    /// Reads a unit's name back; nil if it is none of ours.
    package init?(unit: String) {
        guard unit.hasPrefix(AttemptName.unitPrefix), unit.hasSuffix(".service") else { return nil }
        let parts = unit.dropFirst(AttemptName.unitPrefix.count).dropLast(".service".count)
            .split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 || parts.count == 4, let run = RunID(rawValue: String(parts[0])),
            Names.isStep(String(parts[1])), let number = Int(parts[parts.count - 1]), number > 0
        else { return nil }
        var item: Int?
        if parts.count == 4 {
            guard let number = Int(parts[2]), number >= 0 else { return nil }
            item = number
        }
        self.init(run: run, step: String(parts[1]), item: item, number: number)
        // "1" and "01" would name the same attempt by two units.
        guard self.unit == unit else { return nil }
    }

    /// The attempt's folder below the run's: `STEP.NUMBER` or `STEP.ITEM.NUMBER`.
    package var folder: String { item.map { "\(step).\($0).\(number)" } ?? "\(step).\(number)" }

    /// The attempt's unit: found again by its name alone.
    package var unit: String { "\(AttemptName.unitPrefix)\(run).\(folder).service" }

    /// The unit's name.
    package var description: String { unit }
}

package import PawlModel
import YAMLKit

/// What `/etc/pawl/config.yaml` and its drop-ins say.
package struct Configuration: Sendable, Hashable {
    /// How much pawld says in the journal.
    package enum LogLevel: String, Sendable, CaseIterable {
        case debug, info, notice, warning, error
    }

    /// Where pawld says it.
    package enum LogTarget: String, Sendable, CaseIterable {
        case journal, file
    }

    /// What the lines of a file are.
    package enum LogFormat: String, Sendable, CaseIterable {
        case plain, json
    }

    /// How many steps of a run go at once, where the workflow does not say.
    package var maxParallel = 4
    /// How many runs go on at once on this host; nil: any number.
    package var maxRuns: Int?
    /// How many steps run at once on this host; nil: any number.
    package var maxSteps: Int?
    /// From which use of a part of the host on it is said in the journal.
    package var thresholds = ResourceLimits(all: 0.85)
    /// From which use of a part of the host on no further step starts.
    package var admission = ResourceLimits()
    /// How much pawld says in the journal.
    package var logLevel = LogLevel.info
    /// Where pawld says it.
    package var logTarget = LogTarget.journal
    /// What the lines are, where that is a file.
    package var logFormat = LogFormat.plain
    /// Values of variables for every workflow that declares them; a run's own win.
    package var variables: [String: Value] = [:]
    /// Which ended runs are kept.
    package var retention = Retention()
    /// How long it is kept who asked for what; nil for ever.
    package var auditAge: Duration? = .seconds(365 * 86_400)

    /// What holds where no file says anything.
    package init() {}
}

/// Bounds on the use of parts of the host, each from 0 to 1; one that is not there has none.
package struct ResourceLimits: Sendable, Hashable {
    /// The parts: `memory`, `cpu`, `disk` and `pressure`.
    package static let parts = ["memory", "cpu", "disk", "pressure"]

    private var limits: [String: Double] = [:]

    /// No bound at all.
    package init() {}

    /// The same bound for each part.
    package init(all limit: Double) {
        for part in ResourceLimits.parts { limits[part] = limit }
    }

    /// The bound of a part.
    package subscript(part: String) -> Double? {
        get { limits[part] }
        set { limits[part] = newValue }
    }

    /// Whether there is none.
    package var isEmpty: Bool { limits.isEmpty }
}

/// Which of the runs that have ended are kept. A run that has not is always kept.
package struct Retention: Sendable, Hashable {
    /// How long after its end; nil for ever.
    package var age: Duration? = .seconds(30 * 86_400)
    /// How many at most; nil for any number.
    package var runs: Int?

    /// What holds where no file says anything.
    package init() {}
}

/// Reads the configuration.
package enum ConfigurationReader {
    /// Reads the main file and its drop-ins, the later ones winning key by key. All or nothing.
    ///
    /// - Parameters:
    ///   - texts: each file with its text, in the order in which they count; a file may be empty.
    /// - Returns: the configuration, nil exactly where there is an error; and all errors and warnings.
    package static func read(
        _ texts: [(file: String, text: String)]
    ) -> (configuration: Configuration?, diagnostics: [Diagnostic]) {
        var configuration = Configuration()
        var diagnostics: [Diagnostic] = []
        for (file, text) in texts {
            let faults = Faults(file: file)
            if let root = faults.root(of: text), !root.isEmpty,
                let entries = faults.entries(root, of: "the configuration", keys: Schema.configurationKeys)
            {
                if let value = entries["max_parallel"].flatMap({ faults.integer($0, from: 1) }) {
                    configuration.maxParallel = value
                }
                if let value = entries["max_runs"].flatMap({ faults.integer($0, from: 1) }) {
                    configuration.maxRuns = value
                }
                if let value = entries["max_steps"].flatMap({ faults.integer($0, from: 1) }) {
                    configuration.maxSteps = value
                }
                if let entry = entries["thresholds"] {
                    read(entry, Schema.thresholdKeys, into: &configuration.thresholds, faults)
                }
                if let entry = entries["admission"] {
                    read(entry, Schema.admissionKeys, into: &configuration.admission, faults)
                }
                if let value = entries["log_level"].flatMap({ faults.choice($0, of: Configuration.LogLevel.self) }) {
                    configuration.logLevel = value
                }
                if let value = entries["log_target"].flatMap({ faults.choice($0, of: Configuration.LogTarget.self) }) {
                    configuration.logTarget = value
                }
                if let value = entries["log_format"].flatMap({ faults.choice($0, of: Configuration.LogFormat.self) }) {
                    configuration.logFormat = value
                }
                if let entry = entries["variables"], !entry.value.isEmpty {
                    let values = faults.givenValues(entry.value, of: "'variables'")
                    configuration.variables.merge(values) { _, later in later }
                }
                if let entry = entries["retention"] { read(entry, into: &configuration.retention, faults) }
                if let entry = entries["audit_retention"] { readAge(entry, into: &configuration.auditAge, faults) }
            }
            diagnostics += faults.sorted
        }
        let isFaulty = diagnostics.contains { $0.severity == .error }
        return (isFaulty ? nil : configuration, diagnostics)
    }

    /// What the environment says: for each key `KEY` its variable `PAWL_KEY`, whose value is YAML as it would stand in the file. Each
    /// is a text of its own, named after its variable, and wins over all files.
    ///
    /// - Parameter value: the value of an environment variable.
    package static func texts(ofEnvironment value: (String) -> String?) -> [(file: String, text: String)] {
        Schema.configurationKeys.compactMap { key in
            let name = "PAWL_" + key.name.uppercased()
            return value(name).map { (file: "$" + name, text: "\(key.name): \($0)\n") }
        }
    }

    private static func read(
        _ entry: YAMLEntry, _ keys: [SchemaKey], into limits: inout ResourceLimits, _ faults: Faults
    ) {
        guard let entries = faults.entries(entry.value, of: "'\(entry.key.text)'", keys: keys) else { return }
        for key in keys {
            guard let entry = entries[key.name] else { continue }
            let text = entry.value.scalar?.text
            if text == "off" || entry.value.scalar?.resolved == .boolean(false) {
                limits[key.name] = nil
            } else if let share = text.flatMap(Size.parseShare), share > 0, share <= 10_000 {
                limits[key.name] = Double(share) / 10_000
            } else {
                faults.refuse(entry, "a percentage from above 0% to 100% such as 85%, or off")
            }
        }
    }

    /// A time span alone is the age.
    private static func read(_ entry: YAMLEntry, into retention: inout Retention, _ faults: Faults) {
        guard entry.value.mapping != nil else { return readAge(entry, into: &retention.age, faults) }
        guard let entries = faults.entries(entry.value, of: "'retention'", keys: Schema.retentionKeys) else { return }
        if let age = entries["age"] { readAge(age, into: &retention.age, faults) }
        if let runs = entries["runs"].flatMap({ faults.integer($0, from: 1) }) { retention.runs = runs }
    }

    private static func readAge(_ entry: YAMLEntry, into age: inout Duration?, _ faults: Faults) {
        let text = entry.value.scalar?.text
        if text == "forever" {
            age = nil
        } else if text == "infinity" {
            faults.error(entry.place, "'\(entry.key.text)' takes a time span or forever, not 'infinity'")
        } else if let span = faults.duration(entry) {
            age = span
        }
    }
}

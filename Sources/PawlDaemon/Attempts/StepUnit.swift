import PawlEngine
import PawlLanguage
import PawlModel

/// One attempt as systemd is asked for it: plain values under the names of `man:systemd.exec(5)` and its neighbours, as
/// StartTransientUnit takes them.
struct StepUnit: Sendable {
    /// A value of a property, named after what it is on the bus.
    enum Value: Sendable, Equatable {
        case boolean(Bool)
        case string(String)
        case strings([String])
        case unsigned32(UInt32)
        case signed32(Int32)
        case unsigned64(UInt64)
        /// `LogExtraFields=`: a list of byte strings.
        case byteStrings([String])
        /// `ExecStart=`: the program and its arguments.
        case command(path: String, arguments: [String])
        /// `BindPaths=` and `BindReadOnlyPaths=`: source and destination.
        case binds([Bind])
        /// `Condition*=` or `Assert*=`, all of the unit.
        case conditions([ConditionSetting])
        /// `LoadCredential=` and `LoadCredentialEncrypted=`.
        case credentials([FoundCredential])
        /// What a directive says that is of no simple type.
        case setting(SettingValue)
    }

    /// The slice of a run.
    struct Slice: Sendable {
        /// Its name.
        var name: String
        /// What `systemctl status` shows.
        var description: String
        /// Its limits; none: it is there to hold the run's steps together.
        var settings: [UnitSetting]

        /// The run whose it is.
        var run: RunID
        /// Its limits as they are on the bus.
        var limits: [(name: String, value: Value)] {
            settings.compactMap { limit in Value(limit.value).map { (limit.name, $0) } }
        }
        /// The directive among the limits that came last, with the version of systemd it came with.
        var newest: (directive: String, since: Int)? { Directives.newest(settings) }

        /// That of a run.
        init(_ run: Run, limits: [UnitSetting]) { self.init(run.slice, of: run.id, run.created.workflow, limits) }

        private init(_ name: String, of run: RunID, _ workflow: String, _ limits: [UnitSetting]) {
            (self.name, self.run) = (name, run)
            description = "Run \(run.name(of: workflow)) of pawl"
            settings = limits
        }

        /// The slice that an attempt runs in, and before it those that it is below.
        static func all(of command: StepCommand) -> [Slice] {
            command.above.map { Slice($0.name, of: $0.run, $0.workflow, $0.limits) }
                + [Slice(command.slice, of: command.name.run, command.workflow, command.limits)]
        }
    }

    /// A bind mount.
    struct Bind: Sendable, Equatable {
        /// What is bound.
        var source: String
        /// Where the step sees it.
        var destination: String
    }

    /// The unit's name.
    var name: String
    /// The slice of its run.
    var slice: String
    /// Its properties.
    var properties: [(name: String, value: Value)]
    /// The directive that came last, with the version of systemd it came with.
    var newest: (directive: String, since: Int)?

    /// For how long a step may run, in microseconds; nil for ever.
    static func runtimeMax(_ command: StepCommand) -> UInt64? {
        command.timeout.map { timeout in
            let microseconds = timeout / .microseconds(1)
            return microseconds < 1e18 ? UInt64(microseconds) : .max
        }
    }

    /// Makes the unit of an attempt.
    init(_ command: StepCommand, credentials: [FoundCredential] = []) {
        name = command.name.unit
        slice = command.slice
        newest = command.newest
        let folder = command.attemptFolder
        var properties: [(name: String, value: Value)] = [
            ("Description", .string(command.description)),
            ("Slice", .string(slice)),
            // exec and not oneshot: RuntimeMaxSec= does nothing for the latter, and a failed exec is seen at once.
            ("Type", .string("exec")),
            // A unit that failed stays until it was harvested; one that did well is gone with its receipt on disk.
            ("CollectMode", .string("inactive")),
            // With the receipt there the attempt is over: asking again must not start it again.
            (
                "Conditions",
                .conditions([StepUnit.unless(folder + "/" + Receipt.fileName)] + command.conditions(.condition))
            ),
            (
                "ExecStart",
                .command(
                    path: command.arguments[0],
                    // systemd expands $ in arguments, and only there.
                    arguments: command.arguments.map { StepUnit.escape($0) })
            ),
            ("Environment", .strings(command.environment.map { "\($0.name)=\($0.value)" })),
            // The leading dash: a step may remove its folder, and the recorder, which starts in it too, must not fail.
            ("WorkingDirectory", .string("-" + (command.isBound ? BoundPath.work : command.workFolder))),
            ("SyslogIdentifier", .string(command.scope.logName(of: command.name))),
            (
                "LogExtraFields",
                .byteStrings(
                    [
                        "PAWL_WORKFLOW=\(command.workflow)",
                        "PAWL_RUN=\(command.name.run.name(of: command.workflow))",
                        "PAWL_STEP=\(command.name.step)", "PAWL_ATTEMPT=\(command.name.number)",
                    ] + (command.name.item.map { ["PAWL_ITEM=\($0)"] } ?? []))
            ),
            // An interval of 0 on the unit does not switch journald's limit off; a burst beyond all bounds does.
            ("LogRateLimitIntervalUSec", .unsigned64(1_000_000)),
            ("LogRateLimitBurst", .unsigned32(.max)),
            ("CPUAccounting", .boolean(true)),
            ("MemoryAccounting", .boolean(true)),
            ("IOAccounting", .boolean(true)),
            ("TasksAccounting", .boolean(true)),
        ]
        if let most = StepUnit.runtimeMax(command) { properties.append(("RuntimeMaxUSec", .unsigned64(most))) }
        if command.keepsOutput {
            // Not to be truncated: PID 1 opens it once more for the recorder, which runs after the step. And what goes to
            // stderr is no output: without a word about it systemd would send it the same way.
            properties += [
                ("StandardOutputFileToAppend", .string(folder + "/" + AttemptFolders.stdoutName)),
                ("StandardError", .string("journal")),
            ]
        }
        let assertions = command.conditions(.assertion)
        if !assertions.isEmpty { properties.append(("Asserts", .conditions(assertions))) }
        for (name, isEncrypted) in [("LoadCredential", false), ("LoadCredentialEncrypted", true)] {
            let some = credentials.filter { $0.isEncrypted == isEncrypted }
            if !some.isEmpty { properties.append((name, .credentials(some))) }
        }
        for setting in command.settings {
            // Conditions are there already, all in one.
            guard let value = Value(setting.value) else { continue }
            properties.append((setting.name, value))
        }
        if command.isBound {
            properties.append(
                (
                    "BindPaths",
                    .binds([
                        Bind(source: command.workFolder, destination: BoundPath.work),
                        Bind(source: folder + "/io", destination: BoundPath.io),
                    ])
                ))
            var readOnly: [Bind] = []
            if command.script != nil {
                readOnly.append(Bind(source: folder + "/script", destination: BoundPath.script))
            }
            if command.plan != nil { readOnly.append(Bind(source: folder + "/plan", destination: BoundPath.plan)) }
            if !readOnly.isEmpty { properties.append(("BindReadOnlyPaths", .binds(readOnly))) }
        }
        self.properties = properties
    }

    /// `ConditionPathExists=!PATH`.
    static func unless(_ path: String) -> ConditionSetting {
        ConditionSetting(type: "ConditionPathExists", parameter: path, isNegated: true)
    }

    private static func escape(_ argument: String) -> String {
        guard argument.utf8.contains(UInt8(ascii: "$")) else { return argument }
        return argument.split(separator: "$", omittingEmptySubsequences: false).joined(separator: "$$")
    }
}

extension StepUnit.Value {
    /// The value of a directive; nil for a condition, of which all are one property.
    init?(_ value: SettingValue) {
        switch value {
        case .boolean(let value): self = .boolean(value)
        case .string(let value): self = .string(value)
        case .unsigned16, .bytes, .array, .structure: self = .setting(value)
        case .unsigned32(let value): self = .unsigned32(value)
        case .signed32(let value): self = .signed32(value)
        case .unsigned64(let value): self = .unsigned64(value)
        case .condition: return nil
        }
    }
}

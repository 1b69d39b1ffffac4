/// A property that a transient unit is made with, as systemd's bus interface wants it (man:org.freedesktop.systemd1(5)).
/// Its names differ from those of unit files where time is concerned: `RuntimeMaxUSec` is `RuntimeMaxSec=`.
package struct UnitProperty: Sendable, Equatable {
    package let name: String
    package let value: BusValue

    /// Any property with any value.
    package init(_ name: String, _ value: BusValue) {
        self.name = name
        self.value = value
    }

    var asStructure: BusValue { .structure([.string(name), .variant(value)]) }
}

// One function for each type that systemd 252 takes.
extension UnitProperty {
    /// `s`, such as Description, User, Slice, Type, CollectMode, ProtectSystem, StandardOutputFile.
    package static func string(_ name: String, _ value: String) -> UnitProperty { .init(name, .string(value)) }

    /// `b`, such as PrivateTmp, NoNewPrivileges, CPUAccounting.
    package static func boolean(_ name: String, _ value: Bool) -> UnitProperty { .init(name, .boolean(value)) }

    /// `i`, such as Nice, OOMScoreAdjust, KillSignal.
    package static func int32(_ name: String, _ value: Int32) -> UnitProperty { .init(name, .int32(value)) }

    /// `u`, such as UMask, LogRateLimitBurst.
    package static func uint32(_ name: String, _ value: UInt32) -> UnitProperty { .init(name, .uint32(value)) }

    /// `t`, such as MemoryMax, TasksMax, LimitNOFILE, IOWeight; nil is `infinity`.
    package static func uint64(_ name: String, _ value: UInt64?) -> UnitProperty {
        .init(name, .uint64(value ?? .max))
    }

    /// `t` in microseconds, such as RuntimeMaxUSec, TimeoutStartUSec, TimeoutStopUSec; nil is `infinity`.
    package static func duration(_ name: String, _ value: Duration?) -> UnitProperty {
        .init(name, .uint64(value?.microseconds ?? .max))
    }

    /// `as`, such as ReadWritePaths, SupplementaryGroups, After.
    package static func strings(_ name: String, _ values: [String]) -> UnitProperty { .init(name, .strings(values)) }

    /// `a(ss)`, such as TemporaryFileSystem, DeviceAllow, LoadCredential.
    package static func pairs(_ name: String, _ pairs: [(String, String)]) -> UnitProperty {
        .init(name, .array(of: "(ss)", pairs.map { .structure([.string($0.0), .string($0.1)]) }))
    }

    /// `(bas)`: a list of what is allowed, or of what is not; SystemCallFilter, RestrictAddressFamilies.
    package static func filter(_ name: String, allows: Bool, _ values: [String]) -> UnitProperty {
        .init(name, .structure([.boolean(allows), .strings(values)]))
    }

    /// `CPUQuotaPerSecUSec`: the share of one processor, 1 for all of it, 0.5 for half, 2 for two of them; nil is none.
    package static func cpuQuota(_ processors: Double?) -> UnitProperty {
        guard let processors, processors.isFinite, processors > 0, processors < 1e9 else {
            return .uint64("CPUQuotaPerSecUSec", nil)
        }
        return .uint64("CPUQuotaPerSecUSec", UInt64((processors * 1_000_000).rounded(.up)))
    }

    /// `Environment`, `as` of NAME=VALUE.
    package static func environment(_ variables: [(name: String, value: String)]) -> UnitProperty {
        .strings("Environment", variables.map { "\($0.name)=\($0.value)" })
    }

    /// `LogExtraFields`, `aay` of FIELD=value.
    package static func logExtraFields(_ fields: [(name: String, value: String)]) -> UnitProperty {
        .init("LogExtraFields", .array(of: "ay", fields.map { .bytes(Array("\($0.name)=\($0.value)".utf8)) }))
    }

    /// `LoadCredential`, `a(ss)` of name and path.
    package static func loadCredential(_ credentials: [(name: String, path: String)]) -> UnitProperty {
        .pairs("LoadCredential", credentials.map { ($0.name, $0.path) })
    }

    /// `LoadCredentialEncrypted`, `a(ss)` of name and path.
    package static func loadCredentialEncrypted(_ credentials: [(name: String, path: String)]) -> UnitProperty {
        .pairs("LoadCredentialEncrypted", credentials.map { ($0.name, $0.path) })
    }

    /// `SetCredential`, `a(say)` of name and content.
    package static func setCredential(_ credentials: [(name: String, content: [UInt8])]) -> UnitProperty {
        .init(
            "SetCredential",
            .array(of: "(say)", credentials.map { .structure([.string($0.name), .bytes($0.content)]) }))
    }
}

/// A command of a unit, plain (`a(sasb)`). Never one of the `Ex` kind: systemd 252 writes those to disk in a form that
/// it cannot read back after the next daemon-reload.
package struct UnitCommand: Sendable, Equatable {
    /// The program, by its absolute path.
    package var path: String
    /// All arguments with the program's own name first, as they are: systemd expands `$` in them, so double it.
    package var arguments: [String]
    /// Whether its failure does not count (`-` in a unit file).
    package var ignoresFailure: Bool

    package init(path: String, arguments: [String], ignoresFailure: Bool = false) {
        self.path = path
        self.arguments = arguments
        self.ignoresFailure = ignoresFailure
    }
}

/// A bind mount (`a(ssbt)`).
package struct UnitBindPath: Sendable, Equatable {
    package var source: String
    package var destination: String
    /// Whether a missing source is passed over.
    package var ignoresMissing: Bool
    /// Whether mounts below the source come along.
    package var isRecursive: Bool

    package init(source: String, destination: String, ignoresMissing: Bool = false, isRecursive: Bool = true) {
        self.source = source
        self.destination = destination
        self.ignoresMissing = ignoresMissing
        self.isRecursive = isRecursive
    }
}

/// A condition of a unit (`a(sbbs)`).
package struct UnitCondition: Sendable, Equatable {
    /// The directive, such as `ConditionPathExists`.
    package var type: String
    /// Whether one of the triggering conditions is enough (`|` in a unit file).
    package var isTrigger: Bool
    /// Whether it is met when it does not hold (`!` in a unit file).
    package var isNegated: Bool
    package var parameter: String

    package init(_ type: String, _ parameter: String, isNegated: Bool = false, isTrigger: Bool = false) {
        self.type = type
        self.parameter = parameter
        self.isNegated = isNegated
        self.isTrigger = isTrigger
    }
}

extension UnitProperty {
    /// `ExecStart`.
    package static func execStart(_ commands: [UnitCommand]) -> UnitProperty { .commands("ExecStart", commands) }

    /// Any directive of commands by its name, such as `ExecStartPre`.
    package static func commands(_ name: String, _ commands: [UnitCommand]) -> UnitProperty {
        .init(
            name,
            .array(
                of: "(sasb)",
                commands.map {
                    .structure([.string($0.path), .strings($0.arguments), .boolean($0.ignoresFailure)])
                }))
    }

    /// `BindPaths`.
    package static func bindPaths(_ paths: [UnitBindPath]) -> UnitProperty { binds("BindPaths", paths) }

    /// `BindReadOnlyPaths`.
    package static func bindReadOnlyPaths(_ paths: [UnitBindPath]) -> UnitProperty { binds("BindReadOnlyPaths", paths) }

    /// `Conditions`, all of them.
    package static func conditions(_ conditions: [UnitCondition]) -> UnitProperty {
        self.conditions("Conditions", conditions)
    }

    /// `Asserts`, all of them: as conditions, only that the start job fails where one is not met.
    package static func assertions(_ assertions: [UnitCondition]) -> UnitProperty { conditions("Asserts", assertions) }

    private static func conditions(_ name: String, _ conditions: [UnitCondition]) -> UnitProperty {
        .init(
            name,
            .array(
                of: "(sbbs)",
                conditions.map {
                    .structure([
                        .string($0.type), .boolean($0.isTrigger), .boolean($0.isNegated), .string($0.parameter),
                    ])
                }))
    }

    private static func binds(_ name: String, _ paths: [UnitBindPath]) -> UnitProperty {
        // The flags are those of mount(2): MS_REC or none.
        .init(
            name,
            .array(
                of: "(ssbt)",
                paths.map {
                    .structure([
                        .string($0.source), .string($0.destination), .boolean($0.ignoresMissing),
                        .uint64($0.isRecursive ? 16_384 : 0),
                    ])
                }))
    }
}

extension Directives {
    /// The key beside the directives that stands for several of them.
    static let presetKey = "preset"

    /// What `preset` may be.
    package enum Preset: String, Sendable, CaseIterable {
        /// As little as a program needs that computes something.
        case strict
        /// Nothing: it takes back what the workflow's preset says.
        case none

        /// The directives that it stands for; without a value one is not set.
        package var directives: [(name: String, values: [String])] {
            switch self {
            case .strict: Directives.strict
            case .none: Directives.strict.map { ($0.name, []) }
            }
        }
    }

    private static let strict: [(name: String, values: [String])] = [
        ("DynamicUser", ["yes"]),
        ("ProtectSystem", ["strict"]),
        ("ProtectHome", ["yes"]),
        ("PrivateTmp", ["yes"]),
        ("PrivateDevices", ["yes"]),
        ("PrivateNetwork", ["yes"]),
        ("PrivateUsers", ["yes"]),
        ("PrivateIPC", ["yes"]),
        ("ProtectClock", ["yes"]),
        ("ProtectHostname", ["yes"]),
        ("ProtectControlGroups", ["yes"]),
        ("ProtectKernelLogs", ["yes"]),
        ("ProtectKernelModules", ["yes"]),
        ("ProtectKernelTunables", ["yes"]),
        ("ProtectProc", ["invisible"]),
        ("ProcSubset", ["pid"]),
        ("NoNewPrivileges", ["yes"]),
        // None at all.
        ("CapabilityBoundingSet", [""]),
        // The journal and the system's name services are asked over such sockets.
        ("RestrictAddressFamilies", ["AF_UNIX"]),
        ("RestrictNamespaces", ["yes"]),
        ("RestrictRealtime", ["yes"]),
        ("RestrictSUIDSGID", ["yes"]),
        ("LockPersonality", ["yes"]),
        ("MemoryDenyWriteExecute", ["yes"]),
        ("RemoveIPC", ["yes"]),
        ("KeyringMode", ["private"]),
        ("DevicePolicy", ["closed"]),
        ("SystemCallArchitectures", ["native"]),
        ("SystemCallFilter", ["@system-service", "~@privileged @resources"]),
        // A program is told that it may not, and is not killed.
        ("SystemCallErrorNumber", ["EPERM"]),
    ]
}

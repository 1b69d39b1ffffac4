extension Directives {
    private static func exec(
        _ name: String, _ kind: Kind, _ summary: String, since: Int = 0, binds: Bool = false,
        user: UserSupport = .full
    ) -> Entry {
        Entry(name, kind, summary, since: since, page: .exec, binds: binds, user: user)
    }

    /// Who a step is, and what root it has.
    static let identity: [Entry] = [
        exec("User", .account, "the user a step runs as", binds: true, user: .ownUser),
        exec("Group", .account, "the group a step runs as", binds: true, user: .ownUser),
        exec(
            "DynamicUser", .boolean, "a user that exists only while the step runs", since: 232, binds: true,
            user: .never("only root can make a user")),
        exec("SupplementaryGroups", .words(.groups), "further groups of the user", user: .ownUser),
        exec("SetLoginEnvironment", .boolean, "HOME, LOGNAME and SHELL of the user", since: 255),
        exec("RootDirectory", .path, "the folder that the step has for a root", binds: true, user: .withPrivateUsers),
        exec("RootImage", .path, "the disk image that the step has for a root", since: 233, binds: true, user: .images),
        exec("RootImageOptions", .imageOptions, "how that image is mounted", since: 247, user: .images),
        exec("RootImagePolicy", .text, "what has to be in that image", since: 254, user: .images),
        exec(
            "RootEphemeral", .boolean, "a copy of the root that goes with the step", since: 254, user: .withPrivateUsers
        ),
        exec("RootHash", .rootHash, "the hash that the image has to have", since: 246, user: .images),
        exec("RootHashSignature", .rootHashSignature, "who has signed that hash", since: 246, user: .images),
        exec("RootVerity", .path, "the file with the image's hashes", since: 246, user: .images),
        exec("MountAPIVFS", .boolean, "/proc, /sys and /dev in a root of its own", since: 233, user: .withPrivateUsers),
        exec("MountImages", .mountImages, "disk images mounted for the step", since: 247, binds: true, user: .images),
        exec("MountImagePolicy", .text, "what has to be in those images", since: 254, user: .images),
        exec("ExtensionImages", .extensionImages, "disk images laid over /usr and /opt", since: 248, user: .images),
        exec(
            "ExtensionDirectories", .paths(prefixes: "-"), "folders laid over /usr and /opt", since: 251,
            user: .withPrivateUsers),
        exec("ExtensionImagePolicy", .text, "what has to be in those images", since: 254, user: .images),
        exec("BindPaths", .binds, "paths seen elsewhere", since: 233, binds: true, user: .withPrivateUsers),
        exec(
            "BindReadOnlyPaths", .binds, "paths seen elsewhere, read-only", since: 233, binds: true,
            user: .withPrivateUsers),
        exec(
            "TemporaryFileSystem", .fileSystems, "empty file systems in memory", since: 238, binds: true,
            user: .withPrivateUsers),
        exec("StateDirectory", .folders(links: true), "folders below /var/lib", since: 211),
        exec("StateDirectoryMode", .mode, "their mode", since: 234),
        exec("CacheDirectory", .folders(links: true), "folders below /var/cache", since: 211),
        exec("CacheDirectoryMode", .mode, "their mode", since: 234),
        exec("LogsDirectory", .folders(links: true), "folders below /var/log", since: 211),
        exec("LogsDirectoryMode", .mode, "their mode", since: 234),
        exec("ConfigurationDirectory", .folders(links: false), "folders below /etc", since: 211),
        exec("ConfigurationDirectoryMode", .mode, "their mode", since: 234),
        exec("UMask", .mode, "the mask for new files, in octal"),
    ]

    /// What a step must not do or see.
    static let sandbox: [Entry] = [
        exec("PrivateTmp", .widened(["disconnected"]), "a /tmp of its own", binds: true, user: .withPrivateUsers),
        exec("PrivateDevices", .boolean, "no devices but /dev/null and its like", since: 209, user: .withPrivateUsers),
        exec("PrivateNetwork", .boolean, "no network but a loopback of its own", user: .withPrivateUsers),
        exec(
            "NetworkNamespacePath", .path, "the network of a file such as /run/netns/NAME", since: 242,
            user: .never("only root can enter it")),
        exec("PrivateUsers", .widened(["self", "identity", "full"]), "users of its own", since: 232),
        exec("PrivateIPC", .boolean, "queues and shared memory of its own", since: 248, user: .withPrivateUsers),
        exec(
            "IPCNamespacePath", .path, "the queues and shared memory of a file", since: 248,
            user: .never("only root can enter it")),
        exec("PrivatePIDs", .booleanOr([]), "processes of its own", since: 257, user: .withPrivateUsers),
        exec("PrivateMounts", .boolean, "what it mounts only it sees", since: 239, user: .withPrivateUsers),
        exec("MountFlags", .mountFlags, "how mounts spread to it and from it", user: .withPrivateUsers),
        exec("BindLogSockets", .boolean, "the sockets of the journal in its sandbox", since: 257),
        exec(
            "ProtectSystem", .booleanOr(["full", "strict"]), "the system read-only", since: 214, binds: true,
            user: .withPrivateUsers),
        exec(
            "ProtectHome", .booleanOr(["read-only", "tmpfs"]), "homes out of reach", since: 214, binds: true,
            user: .withPrivateUsers),
        exec(
            "ReadWritePaths", .paths(prefixes: "-+"), "what stays writable", since: 231, binds: true,
            user: .withPrivateUsers),
        exec(
            "ReadOnlyPaths", .paths(prefixes: "-+"), "what is read-only", since: 231, binds: true,
            user: .withPrivateUsers),
        exec(
            "InaccessiblePaths", .paths(prefixes: "-+"), "what is out of reach", since: 231, binds: true,
            user: .withPrivateUsers),
        exec(
            "ExecPaths", .paths(prefixes: "-+"), "where programs may be executed", since: 231, binds: true,
            user: .withPrivateUsers),
        exec(
            "NoExecPaths", .paths(prefixes: "-+"), "where no program may be executed", since: 231, binds: true,
            user: .withPrivateUsers),
        exec(
            "ReadWriteDirectories", .paths(prefixes: "-+"), "the older name of ReadWritePaths",
            binds: true, user: .withPrivateUsers),
        exec(
            "ReadOnlyDirectories", .paths(prefixes: "-+"), "the older name of ReadOnlyPaths",
            binds: true, user: .withPrivateUsers),
        exec(
            "InaccessibleDirectories", .paths(prefixes: "-+"), "the older name of InaccessiblePaths",
            binds: true, user: .withPrivateUsers),
        exec("ProtectClock", .boolean, "the clock cannot be set", since: 245, user: .withPrivateUsers),
        exec("ProtectHostname", .boolean, "the host's name cannot be set", since: 242, user: .withPrivateUsers),
        exec(
            "ProtectControlGroups", .widened(["private", "strict"]), "control groups cannot be changed",
            since: 232, user: .withPrivateUsers),
        exec("ProtectKernelLogs", .boolean, "the kernel's log out of reach", since: 244, user: .withPrivateUsers),
        exec("ProtectKernelModules", .boolean, "no modules are loaded", since: 232, user: .withPrivateUsers),
        exec(
            "ProtectKernelTunables", .boolean, "/proc/sys and its like read-only", since: 232, user: .withPrivateUsers),
        exec(
            "ProtectProc", .word(["noaccess", "invisible", "ptraceable", "default"]), "which processes it sees",
            since: 247, user: .never("only root can mount /proc")),
        exec(
            "ProcSubset", .word(["all", "pid"]), "what else /proc shows", since: 247,
            user: .never("only root can mount /proc")),
        exec("NoNewPrivileges", .boolean, "no privileges by exec", since: 187),
        exec("CapabilityBoundingSet", .capabilities, "the capabilities it can ever have", user: .withPrivateUsers),
        exec(
            "AmbientCapabilities", .capabilities, "the capabilities it has without being root", since: 229,
            user: .withPrivateUsers),
        exec(
            "SecureBits", .secureBits, "how root and capabilities go together",
            user: .withPrivateUsers),
        exec("RestrictAddressFamilies", .filter(.addressFamilies), "the kinds of sockets it opens", since: 211),
        exec(
            "RestrictFileSystems", .filter(.fileSystems), "the file systems it opens files on", since: 250,
            user: .kernel),
        exec("RestrictNamespaces", .namespaces, "the namespaces it makes", since: 233),
        exec("RestrictRealtime", .boolean, "no realtime scheduling", since: 231),
        exec("RestrictSUIDSGID", .boolean, "no setuid or setgid files are made", since: 242),
        exec("LockPersonality", .boolean, "the personality stays", since: 235),
        exec("MemoryDenyWriteExecute", .boolean, "no memory is written and executed", since: 231),
        exec(
            "RemoveIPC", .boolean, "its user's queues and shared memory go with it", since: 232,
            user: .never("it is about units with a user of their own")),
        exec("SystemCallFilter", .filter(.calls), "the system calls it makes", since: 187),
        exec("SystemCallErrorNumber", .errorNumber, "what other calls give", since: 209),
        exec("SystemCallArchitectures", .words(.architectures), "whose system calls it makes", since: 209),
        exec("SystemCallLog", .filter(.loggedCalls), "the system calls that are logged", since: 247),
        exec("KeyringMode", .word(["inherit", "private", "shared"]), "the kernel's keyring", since: 235),
        exec("AppArmorProfile", .label, "the profile of AppArmor", since: 210),
        exec("SELinuxContext", .text, "the context of SELinux", since: 209),
        exec("SmackProcessLabel", .label, "the label of SMACK", since: 218, user: .never("only root can set it")),
    ]

    /// How a step is executed.
    static let execution: [Entry] = [
        exec(
            "Nice", .number(-20...19), "the priority on the CPU, from -20 to 19",
            user: .from(0, "only root can raise the priority")),
        exec(
            "CPUSchedulingPolicy", .named(.processorPolicy), "how CPUs are shared out",
            user: .without(["fifo", "rr"], "only root can have realtime")),
        exec("CPUSchedulingPriority", .number(0...99), "the priority of fifo and rr"),
        exec("CPUSchedulingResetOnFork", .boolean, "children are scheduled as usual"),
        exec("CPUAffinity", .processors(word: "numa"), "the CPUs it runs on"),
        exec("NUMAPolicy", .named(.memoryPolicy), "where its memory is", since: 243),
        exec("NUMAMask", .processors(word: nil), "on which nodes", since: 243),
        exec(
            "IOSchedulingClass", .named(.ioClass), "how disks are shared out",
            user: .without(["realtime", "1"], "only root can have realtime")),
        exec("IOSchedulingPriority", .number(0...7), "the priority in there, 0 the highest"),
        exec("TimerSlackNSec", .nanoseconds, "how late its timers may be"),
        exec(
            "OOMScoreAdjust", .number(-1000...1000), "who is killed first without memory",
            user: .from(100, "only root can go below 100, which users' managers have")),
        exec("Personality", .word(personalities), "what uname(2) says", since: 209),
        exec("IgnoreSIGPIPE", .boolean, "a pipe without a reader is an error, and no signal"),
        exec("CoredumpFilter", .coredumpFilter, "what goes into a core dump", since: 246),
        exec("CoredumpReceive", .boolean, "it is given the core dumps of its containers", since: 255),
        exec("ExecSearchPath", .paths(prefixes: ""), "where programs are looked for", since: 250),
        exec("LimitCPU", .limit(.seconds), "seconds of CPU time"),
        exec("LimitFSIZE", .limit(.bytes), "bytes of a file"),
        exec("LimitDATA", .limit(.bytes), "bytes of data"),
        exec("LimitSTACK", .limit(.bytes), "bytes of a stack"),
        exec("LimitCORE", .limit(.bytes), "bytes of a core dump"),
        exec("LimitRSS", .limit(.bytes), "nothing any more"),
        exec("LimitNOFILE", .limit(.number), "open files"),
        exec("LimitAS", .limit(.bytes), "bytes of addresses"),
        exec("LimitNPROC", .limit(.number), "processes of the user"),
        exec("LimitMEMLOCK", .limit(.bytes), "bytes kept in memory"),
        exec("LimitLOCKS", .limit(.number), "file locks"),
        exec("LimitSIGPENDING", .limit(.number), "signals that wait"),
        exec("LimitMSGQUEUE", .limit(.bytes), "bytes of message queues"),
        exec("LimitNICE", .limit(.nice), "the highest priority"),
        exec("LimitRTPRIO", .limit(.number), "the highest realtime priority"),
        exec("LimitRTTIME", .limit(.microseconds), "realtime CPU time without a pause"),
        exec("StandardInputText", .inputText, "lines that it reads", since: 236),
        exec("StandardInputData", .inputData, "what it reads", since: 236),
        exec("SyslogFacility", .named(.logFacility), "the facility of its output"),
        exec("SyslogLevel", .named(.logLevel), "the level of its output"),
        exec("SyslogLevelPrefix", .boolean, "<3> before a line is its level"),
        exec(
            "LogLevelMax", .named(.logLevel), "what is less important is not logged", since: 236,
            user: .never("journald asks only PID 1 for it")),
        exec("LogFilterPatterns", .logPatterns, "what is logged", since: 253),
        exec("TTYPath", .path, "its terminal"),
        exec("TTYReset", .boolean, "it is reset"),
        exec("TTYVHangup", .boolean, "everybody else is cut off from it"),
        exec("TTYVTDisallocate", .boolean, "it is cleared", since: 247),
        exec("TTYRows", .count, "its rows", since: 250),
        exec("TTYColumns", .count, "its columns", since: 250),
        exec("UtmpIdentifier", .text, "its entry in utmp", user: .never("only root can write utmp")),
        exec(
            "UtmpMode", .word(["init", "login", "user"]), "what kind of entry", since: 225,
            user: .never("only root can write utmp")),
    ]

    private static let personalities = words(
        """
        x86 x86-64 ppc ppc-le ppc64 ppc64-le s390 s390x arm64 arm arm64-be arm-be
        """)
}

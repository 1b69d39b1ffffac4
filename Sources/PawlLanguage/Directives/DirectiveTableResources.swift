extension Directives {
    private static func limit(
        _ name: String, _ kind: Kind, _ summary: String, since: Int = 0, user: UserSupport = .full
    ) -> Entry {
        Entry(name, kind, summary, since: since, page: .resources, user: user)
    }

    private static func kill(_ name: String, _ kind: Kind, _ summary: String, since: Int = 0) -> Entry {
        Entry(name, kind, summary, since: since, page: .kill)
    }

    private static func service(_ name: String, _ kind: Kind, _ summary: String, since: Int = 0) -> Entry {
        Entry(name, kind, summary, since: since, page: .service)
    }

    private static func unit(_ name: String, _ kind: Kind, _ summary: String, since: Int = 0) -> Entry {
        Entry(name, kind, summary, since: since, page: .unit)
    }

    private static let weights: ClosedRange<UInt64> = 1...10000
    private static let shares: ClosedRange<UInt64> = 2...262_144
    private static let blockWeights: ClosedRange<UInt64> = 10...1000

    /// What a step is given of the host.
    static let resources: [Entry] = [
        limit("MemoryMax", .memory(from: 1), "more memory is never given", since: 231, user: .controller("memory")),
        limit(
            "MemoryHigh", .memory(from: 1), "above it a step is slowed down", since: 231, user: .controller("memory")),
        limit("MemoryLow", .memory(from: 0), "so much is taken away last", since: 231, user: .controller("memory")),
        limit("MemoryMin", .memory(from: 0), "so much is never taken away", since: 240, user: .controller("memory")),
        limit(
            "DefaultMemoryLow", .memory(from: 0), "MemoryLow of what is below it", since: 242,
            user: .controller("memory")),
        limit(
            "DefaultMemoryMin", .memory(from: 0), "MemoryMin of what is below it", since: 242,
            user: .controller("memory")),
        limit("MemorySwapMax", .memory(from: 0), "more swap is never given", since: 232, user: .controller("memory")),
        limit(
            "MemoryZSwapMax", .memory(from: 0), "more compressed swap is never given", since: 253,
            user: .controller("memory")),
        limit(
            "MemoryZSwapWriteback", .boolean, "whether that goes on to the disk", since: 256,
            user: .controller("memory")),
        limit("MemoryLimit", .memory(from: 1), "MemoryMax of older control groups", user: .controller("memory")),
        limit(
            "MemoryPressureWatch", .word(["auto", "on", "off", "skip"]), "it is told when memory is short", since: 254),
        limit("MemoryPressureThresholdSec", .span, "from what on", since: 254),
        service("MemoryKSM", .boolean, "equal pages are shared", since: 254),
        limit("TasksMax", .tasks, "how many processes and threads", since: 227, user: .controller("pids")),
        limit("CPUQuota", .quota, "how much of one CPU; 200% is two of them", since: 213, user: .controller("cpu")),
        limit("CPUQuotaPeriodSec", .span, "how often that is measured", since: 242, user: .controller("cpu")),
        limit(
            "CPUWeight", .weight(weights, idle: true), "the share of busy CPUs", since: 232, user: .controller("cpu")),
        limit(
            "StartupCPUWeight", .weight(weights, idle: true), "the same while the host boots", since: 232,
            user: .controller("cpu")),
        limit("CPUShares", .weight(shares, idle: false), "CPUWeight of older control groups", user: .controller("cpu")),
        limit(
            "StartupCPUShares", .weight(shares, idle: false), "the same while the host boots", user: .controller("cpu")),
        limit("AllowedCPUs", .processors(word: nil), "the CPUs it may have", since: 244, user: .controller("cpuset")),
        limit(
            "StartupAllowedCPUs", .processors(word: nil), "the same while the host boots", since: 244,
            user: .controller("cpuset")),
        limit(
            "AllowedMemoryNodes", .processors(word: nil), "the memory nodes it may have", since: 244,
            user: .controller("cpuset")),
        limit(
            "StartupAllowedMemoryNodes", .processors(word: nil), "the same while the host boots", since: 244,
            user: .controller("cpuset")),
        limit(
            "IOWeight", .weight(weights, idle: false), "the share of busy disks", since: 230, user: .controller("io")),
        limit(
            "StartupIOWeight", .weight(weights, idle: false), "the same while the host boots", since: 230,
            user: .controller("io")),
        limit(
            "IODeviceWeight", .deviceLimits(.weight(weights)), "the share of one disk", since: 230,
            user: .controller("io")),
        limit(
            "IOReadBandwidthMax", .deviceLimits(.rate), "bytes read from a disk a second", since: 230,
            user: .controller("io")),
        limit(
            "IOWriteBandwidthMax", .deviceLimits(.rate), "bytes written to a disk a second", since: 230,
            user: .controller("io")),
        limit("IOReadIOPSMax", .deviceLimits(.rate), "reads from a disk a second", since: 230, user: .controller("io")),
        limit("IOWriteIOPSMax", .deviceLimits(.rate), "writes to a disk a second", since: 230, user: .controller("io")),
        limit(
            "IODeviceLatencyTargetSec", .deviceLimits(.span), "how long a disk may take", since: 240,
            user: .controller("io")),
        limit(
            "BlockIOWeight", .weight(blockWeights, idle: false), "IOWeight of older control groups",
            user: .controller("io")),
        limit(
            "StartupBlockIOWeight", .weight(blockWeights, idle: false), "the same while the host boots",
            user: .controller("io")),
        limit(
            "BlockIODeviceWeight", .deviceLimits(.weight(blockWeights)), "IODeviceWeight of older control groups",
            user: .controller("io")),
        limit(
            "BlockIOReadBandwidth", .deviceLimits(.rate), "IOReadBandwidthMax of older control groups",
            user: .controller("io")),
        limit(
            "BlockIOWriteBandwidth", .deviceLimits(.rate), "IOWriteBandwidthMax of older control groups",
            user: .controller("io")),
        limit("IPAccounting", .boolean, "bytes over the network are counted", since: 235, user: .kernel),
        limit("IPAddressAllow", .addresses, "whom it talks to", since: 235, user: .kernel),
        limit("IPAddressDeny", .addresses, "whom it does not talk to", since: 235, user: .kernel),
        limit("IPIngressFilterPath", .filterPaths, "the program that sees what comes in", since: 243, user: .kernel),
        limit("IPEgressFilterPath", .filterPaths, "the program that sees what goes out", since: 243, user: .kernel),
        limit("BPFProgram", .programs, "other programs of the kernel's", since: 249, user: .kernel),
        limit("SocketBindAllow", .sockets, "the ports it listens on", since: 249, user: .kernel),
        limit("SocketBindDeny", .sockets, "the ports it does not listen on", since: 249, user: .kernel),
        limit(
            "RestrictNetworkInterfaces", .filter(.interfaces), "the network interfaces it uses", since: 250,
            user: .kernel),
        limit("NFTSet", .filterSets, "sets of the firewall that it is in", since: 255, user: .kernel),
        limit("DevicePolicy", .word(["auto", "closed", "strict"]), "which devices it uses", since: 208, user: .kernel),
        limit("DeviceAllow", .devices, "and which besides", since: 208, user: .kernel),
        limit("Delegate", .delegate, "it makes control groups of its own", since: 218),
        limit("DelegateSubgroup", .text, "it starts in such a one", since: 254),
        limit("DisableControllers", .words(.controllers), "what is not counted below it", since: 240),
        limit("ManagedOOMSwap", .word(["auto", "kill"]), "it is ended when swap is short", since: 247),
        limit("ManagedOOMMemoryPressure", .word(["auto", "kill"]), "it is ended when memory is short", since: 247),
        limit("ManagedOOMMemoryPressureLimit", .share, "from what on", since: 247),
        limit("ManagedOOMMemoryPressureDurationSec", .span, "after how long", since: 257),
        limit(
            "ManagedOOMPreference", .word(["none", "avoid", "omit"]), "whether it is ended before others", since: 248),
    ]

    /// How a step is ended, and what it has to do with other units.
    static let ending: [Entry] = [
        kill("KillSignal", .signal, "the signal that asks it to end", since: 187),
        kill("SendSIGHUP", .boolean, "SIGHUP besides", since: 207),
        kill("WatchdogSignal", .signal, "the signal after a silence", since: 240),
        service("WatchdogSec", .span, "how long it may be silent, man:sd_notify(3)"),
        service(
            "OOMPolicy", .word(["continue", "stop", "kill"]), "when one of its processes had no memory", since: 243),
        service("OpenFile", .openFiles, "files that it is given open", since: 253),
        unit("After", .words(.units), "what has to be up if it starts too", since: 201),
        unit("Before", .words(.units), "what waits for it", since: 201),
        unit("Wants", .words(.units), "what is started with it", since: 201),
        unit("Requires", .words(.units), "what has to be started with it", since: 201),
        unit("Requisite", .words(.units), "what has to be up already", since: 201),
        unit("BindsTo", .words(.units), "what it ends with", since: 201),
        unit("PartOf", .words(.units), "what it is stopped with", since: 201),
        unit("StopPropagatedFrom", .words(.units), "what it is stopped with", since: 249),
        unit("Upholds", .words(.units), "what is kept up meanwhile", since: 249),
        unit("JoinsNamespaceOf", .words(.units), "whose /tmp and network it shares", since: 209),
        unit("RequiresMountsFor", .paths(prefixes: ""), "the paths that have to be mounted", since: 201),
        unit("WantsMountsFor", .paths(prefixes: ""), "the paths that are mounted if possible", since: 256),
        unit("IgnoreOnIsolate", .boolean, "systemctl isolate leaves it alone", since: 201),
    ]
}

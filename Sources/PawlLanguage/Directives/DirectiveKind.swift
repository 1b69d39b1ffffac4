extension Directives {
    /// How a directive's value is written and read.
    package enum Kind: Sendable, Hashable {
        // MARK: One value

        /// `yes`, `no`, `true`, `false`, `on`, `off`, `1`, `0`.
        case boolean
        /// A truth value or one of these words.
        case booleanOr([String])
        /// A truth value; or one of these words, which newer versions take under a property of its own.
        case widened([String])
        /// One of these words.
        case word([String])
        /// A user's or group's name or number.
        case account
        /// Text that systemd reads.
        case text
        /// One absolute path.
        case path
        /// An octal mode or mask.
        case mode
        /// A whole number with a sign.
        case number(ClosedRange<Int32>)
        /// A whole number from 0.
        case count
        /// A name or number of a list of systemd's.
        case named(NameList)
        /// A system call's error: a name, a number or `kill`.
        case errorNumber
        /// A signal by name or number.
        case signal
        /// A time span or `infinity`.
        case span
        /// A time span of which a bare number is nanoseconds.
        case nanoseconds
        /// Bytes with K, M, G, T, a percentage of the host's memory, or `infinity`; from so many bytes.
        case memory(from: UInt64)
        /// A number, a percentage of what the host may have, or `infinity`.
        case tasks
        /// A percentage up to 100%.
        case share
        /// A percentage of one CPU.
        case quota
        /// A number in this range; `idle` where it is said.
        case weight(ClosedRange<UInt64>, idle: Bool)
        /// What a process may use of a resource: one limit, or a soft and a hard one.
        case limit(Limit)
        /// A security label, perhaps after `-`.
        case label
        /// How mounts spread.
        case mountFlags
        /// A hash in hexadecimal, or the path of a file with it.
        case rootHash
        /// A signature in base64, or the path of a file with it.
        case rootHashSignature
        /// A truth value or a list of controllers.
        case delegate

        // MARK: Several values

        /// Absolute paths, each perhaps after one of these characters.
        case paths(prefixes: String)
        /// Words with blanks between them.
        case words(Word)
        /// Words of which only these are allowed, or none of these after `~`.
        case filter(Filter)
        /// Numbers and ranges of CPUs or memory nodes, or this word.
        case processors(word: String?)
        /// Capabilities.
        case capabilities
        /// Kinds of namespaces, or a truth value.
        case namespaces
        /// `prctl(2)`'s secure bits.
        case secureBits
        /// What goes into a core dump.
        case coredumpFilter
        /// `SOURCE:DESTINATION:OPTIONS`.
        case binds
        /// `PATH:OPTIONS`.
        case fileSystems
        /// A device and what may be done with it.
        case devices
        /// A device and something that it is given.
        case deviceLimits(DeviceLimit)
        /// IP addresses, with the length of their prefix.
        case addresses
        /// Paths of BPF programs.
        case filterPaths
        /// `TYPE:PATH` of BPF programs.
        case programs
        /// `FAMILY:PROTOCOL:PORTS`.
        case sockets
        /// Folders below one of systemd's; perhaps with links to them.
        case folders(links: Bool)
        /// `PARTITION:OPTIONS`.
        case imageOptions
        /// `IMAGE:DESTINATION:PARTITION:OPTIONS`.
        case mountImages
        /// `IMAGE:PARTITION:OPTIONS`.
        case extensionImages
        /// Text with escapes.
        case inputText
        /// Data in base64.
        case inputData
        /// Regular expressions, perhaps after `~`.
        case logPatterns
        /// `PATH:NAME:OPTIONS`.
        case openFiles
        /// `SOURCE:FAMILY:TABLE:SET`.
        case filterSets
        /// What has to hold before the step starts.
        case condition(UnitConditions.Kind)

        /// Whether there may be several values.
        package var takesList: Bool {
            switch self {
            case .boolean, .booleanOr, .widened, .word, .account, .text, .path, .mode, .number, .count, .named,
                .errorNumber, .signal, .span, .nanoseconds, .memory, .tasks, .share, .quota, .weight, .limit, .label,
                .mountFlags, .rootHash, .rootHashSignature, .delegate:
                false
            default: true
            }
        }

        /// Whether each value is one thing, with its blanks, so that a text with several is split as in a unit file.
        package var isSplit: Bool {
            switch self {
            case .paths, .binds, .fileSystems, .mountImages, .extensionImages: true
            default: false
            }
        }

        /// Whether it is paths and nothing else.
        var isPaths: Bool { if case .paths = self { true } else { false } }

        /// Whether an empty text says something of its own, instead of taking back what was said.
        var takesEmpty: Bool {
            switch self {
            case .capabilities, .condition: true
            default: false
            }
        }

        /// The D-Bus properties that a directive of this kind may become.
        func properties(of name: String) -> [String] {
            switch self {
            case .span, .deviceLimits(.span): [Directives.withMicroseconds(name)]
            case .memory, .tasks: [name, name + "Scale"]
            case .quota: ["CPUQuotaPerSecUSec"]
            case .limit: [name, name + "Soft"]
            case .widened: [name, name + "Ex"]
            case .folders(links: true): [name, name + "Symlink"]
            case .rootHash, .rootHashSignature: [name, name + "Path"]
            case .processors("numa"): [name, name + "FromNUMA"]
            case .delegate: [name, name + "Controllers"]
            case .inputText: ["StandardInputData"]
            default: [name]
            }
        }
    }

    /// What a device is given.
    package enum DeviceLimit: Sendable, Hashable {
        /// Bytes or operations a second, to the base 1000.
        case rate
        /// A weight.
        case weight(ClosedRange<UInt64>)
        /// A time span.
        case span
    }

    /// What a limit of `setrlimit(2)` counts.
    package enum Limit: Sendable, Hashable {
        /// Seconds of CPU time.
        case seconds
        /// Microseconds of CPU time.
        case microseconds
        /// Bytes.
        case bytes
        /// Anything else.
        case number
        /// A nice level, as 20 minus it.
        case nice
    }

    /// What the words of a list are.
    package enum Word: Sendable, Hashable {
        case units, groups, controllers, architectures
    }

    /// What the words of a filter are.
    package enum Filter: Sendable, Hashable {
        case calls, loggedCalls, addressFamilies, fileSystems, interfaces
    }
}

extension Directives.Kind {
    /// What it takes, for a sentence and for the manual.
    package var form: String {
        switch self {
        case .boolean: "yes or no"
        case .booleanOr([]): "yes or no"
        case .booleanOr(let words): "yes, no, " + words.joined(separator: ", ")
        case .widened(let words): "yes or no, from systemd 257 on also " + words.joined(separator: ", ")
        case .word(let words): words.joined(separator: ", ")
        case .account: "a name or number"
        case .text: "text"
        case .path: "an absolute path"
        case .mode: "an octal mask such as 0077"
        case .number(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
        case .count: "a number from 0"
        case .named(.logFacility): "a facility such as daemon or local0"
        case .named(let list): list.names.map(\.name).joined(separator: ", ")
        case .errorNumber: "an error such as EPERM, a number up to 4095, or kill"
        case .signal: "a signal such as SIGTERM"
        case .span: "a time span such as 5min or infinity"
        case .nanoseconds: "a time span such as 50us"
        case .memory: "a size such as 256M, a percentage or infinity"
        case .tasks: "a number above 0, a percentage or infinity"
        case .share: "a percentage up to 100%"
        case .quota: "a percentage above 0% such as 50%"
        case .weight(let range, let idle):
            "a number from \(range.lowerBound) to \(range.upperBound)" + (idle ? " or idle" : "")
        case .limit(let limit): limit.form
        case .label: "a label, perhaps after '-'"
        case .mountFlags: "shared, slave or private"
        case .rootHash: "a hash in hexadecimal or a path"
        case .rootHashSignature: "base64: with a signature, or a path"
        case .delegate: "yes, no or controllers"
        case .paths(let prefixes): prefixes.isEmpty ? "paths" : "paths, perhaps after \(Self.quoted(prefixes))"
        case .words(.units): "names of units"
        case .words(.groups): "names or numbers of groups"
        case .words(.controllers): "controllers such as cpu or memory"
        case .words(.architectures): "architectures such as native or x86-64"
        case .filter(.calls): "system calls and @groups, each perhaps with :ERROR; all others after '~'"
        case .filter(.loggedCalls): "system calls and @groups; all others after '~'"
        case .filter(.addressFamilies): "address families such as AF_UNIX, all others after '~', or none"
        case .filter(.fileSystems): "types of file systems and @groups; all others after '~'"
        case .filter(.interfaces): "network interfaces; all others after '~'"
        case .processors(let word): "numbers and ranges such as 0-3" + (word.map { ", or \($0)" } ?? "")
        case .capabilities: "capabilities such as CAP_CHOWN; all others after '~'"
        case .namespaces: "yes, no, or cgroup, ipc, net, mnt, pid, user, uts; all others after '~'"
        case .secureBits: "keep-caps, no-setuid-fixup, noroot, each also with -locked"
        case .coredumpFilter: "kinds of memory such as private-anonymous, default, all, or a mask"
        case .binds: "SOURCE:DESTINATION:OPTIONS, perhaps after '-'"
        case .fileSystems: "PATH:OPTIONS"
        case .devices: "a device, and of 'rwm' what may be done with it"
        case .deviceLimits(.rate): "a path, and a number such as 5M or infinity"
        case .deviceLimits(.weight(let range)):
            "a path, and a number from \(range.lowerBound) to \(range.upperBound)"
        case .deviceLimits(.span): "a path, and a time span such as 25ms"
        case .addresses: "addresses such as 10.0.0.0/8, any, localhost, link-local or multicast"
        case .filterPaths: "absolute paths"
        case .programs: "TYPE:PATH"
        case .sockets: "any, or FAMILY:PROTOCOL:PORTS such as ipv4:tcp:80-90"
        case .folders(let links): links ? "relative paths, each perhaps with :LINK" : "relative paths"
        case .imageOptions: "OPTIONS or PARTITION:OPTIONS"
        case .mountImages: "IMAGE:DESTINATION:PARTITION:OPTIONS, perhaps after '-'"
        case .extensionImages: "IMAGE:PARTITION:OPTIONS, perhaps after '-'"
        case .inputText: "text"
        case .inputData: "data in base64"
        case .logPatterns: "regular expressions, perhaps after '~'"
        case .openFiles: "PATH:NAME:OPTIONS"
        case .filterSets: "SOURCE:FAMILY:TABLE:SET"
        case .condition(.path): "an absolute path"
        case .condition(.truth): "yes or no"
        case .condition(.text): "text"
        }
    }

    private static func quoted(_ characters: String) -> String {
        characters.map { "'\($0)'" }.joined(separator: " or ")
    }
}

extension Directives.Limit {
    fileprivate var form: String {
        let one =
            switch self {
            case .seconds, .microseconds: "a time span"
            case .bytes: "a size such as 8M"
            case .number: "a number"
            case .nice: "a nice level such as +5 or a number up to 40"
            }
        return one + " or infinity, or two of them as SOFT:HARD"
    }
}

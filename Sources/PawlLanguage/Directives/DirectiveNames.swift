extension Directives {
    /// Names that systemd has for numbers of the kernel's.
    package enum NameList: Sendable, Hashable {
        case logLevel, logFacility, processorPolicy, ioClass, memoryPolicy

        /// The names with their numbers.
        package var names: [(name: String, number: Int32)] {
            switch self {
            case .logLevel: Self.levels
            case .logFacility: Self.facilities
            case .processorPolicy: [("other", 0), ("batch", 3), ("idle", 5), ("fifo", 1), ("rr", 2)]
            case .ioClass: [("none", 0), ("realtime", 1), ("best-effort", 2), ("idle", 3)]
            case .memoryPolicy: [("default", 0), ("preferred", 1), ("bind", 2), ("interleave", 3), ("local", 4)]
            }
        }

        /// The number of a name, or of a number that has one.
        func number(_ text: String) -> Int32? {
            if let found = names.first(where: { $0.name == text }) { return found.number }
            // systemd takes no numbers for this one.
            guard self != .memoryPolicy, let number = Size.decimal(text) else { return nil }
            return names.first { $0.number == Int64(clamping: number) }?.number
        }

        private static let levels: [(name: String, number: Int32)] = numbered(
            "emerg alert crit err warning notice info debug")
        private static let facilities: [(name: String, number: Int32)] =
            numbered("kern user mail daemon auth syslog lpr news uucp cron authpriv ftp")
            + (0..<8).map { ("local\($0)", 16 + $0) }

        private static func numbered(_ names: String) -> [(name: String, number: Int32)] {
            names.split(separator: " ").enumerated().map { (String($1), Int32($0)) }
        }
    }

    /// `capabilities(7)`, by their numbers.
    static let capabilities = words(
        """
        CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE \
        NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT \
        SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP \
        MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE
        """
    ).map { "CAP_" + $0 }

    /// `signal(7)`, from 1 on.
    private static let signals = words(
        """
        HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG \
        XCPU XFSZ VTALRM PROF WINCH IO PWR SYS
        """)

    /// The number of a signal, by its name with or without `SIG`.
    static func signal(_ text: String) -> Int32? {
        if let number = Size.decimal(text) { return (1...64).contains(number) ? Int32(number) : nil }
        let name = text.hasPrefix("SIG") ? String(text.dropFirst(3)) : text
        if let place = signals.firstIndex(of: name) { return Int32(place + 1) }
        // Those for real time, as glibc leaves them to programs.
        let (first, last) = (Int32(34), Int32(64))
        if name == "RTMIN" { return first }
        if name == "RTMAX" { return last }
        guard name.hasPrefix("RTMIN+") || name.hasPrefix("RTMAX-"), let step = Size.decimal(name.dropFirst(6)),
            step <= UInt64(last - first)
        else { return nil }
        return name.hasPrefix("RTMIN+") ? first + Int32(step) : last - Int32(step)
    }

    /// `errno(3)`, as the kernel has them from 1 on where `-` is none.
    private static let errors = words(
        """
        EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST \
        EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM \
        ERANGE EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP - ENOMSG EIDRM ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG \
        EUNATCH ENOCSI EL2HLT EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT - EBFONT ENOSTR ENODATA ETIME ENOSR ENONET \
        ENOPKG EREMOTE ENOLINK EADV ESRMNT ECOMM EPROTO EMULTIHOP EDOTDOT EBADMSG EOVERFLOW ENOTUNIQ EBADFD EREMCHG \
        ELIBACC ELIBBAD ELIBSCN ELIBMAX ELIBEXEC EILSEQ ERESTART ESTRPIPE EUSERS ENOTSOCK EDESTADDRREQ EMSGSIZE \
        EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT ESOCKTNOSUPPORT EOPNOTSUPP EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE \
        EADDRNOTAVAIL ENETDOWN ENETUNREACH ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN ESHUTDOWN \
        ETOOMANYREFS ETIMEDOUT ECONNREFUSED EHOSTDOWN EHOSTUNREACH EALREADY EINPROGRESS ESTALE EUCLEAN ENOTNAM ENAVAIL \
        EISNAM EREMOTEIO EDQUOT ENOMEDIUM EMEDIUMTYPE ECANCELED ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED EOWNERDEAD \
        ENOTRECOVERABLE ERFKILL EHWPOISON
        """)

    /// The number of an error, or systemd's own for `kill`.
    static func errorNumber(_ text: String) -> Int32? {
        if text == "kill" { return .max - 1 }
        if let number = Size.decimal(text) { return (1...4095).contains(number) ? Int32(number) : nil }
        if text == "EWOULDBLOCK" { return 11 }
        if text == "ENOTSUP" { return 95 }
        return text == "-" ? nil : errors.firstIndex(of: text).map { Int32($0 + 1) }
    }

    /// `namespaces(7)` with their flags of `clone(2)`.
    static let namespaces: [String: UInt64] = [
        "cgroup": 0x0200_0000, "ipc": 0x0800_0000, "net": 0x4000_0000, "mnt": 0x0002_0000, "pid": 0x2000_0000,
        "user": 0x1000_0000, "uts": 0x0400_0000,
    ]

    static let secureBits: [String: Int32] = [
        "noroot": 1, "noroot-locked": 2, "no-setuid-fixup": 4, "no-setuid-fixup-locked": 8, "keep-caps": 16,
        "keep-caps-locked": 32,
    ]

    /// `core(5)`, by their bits.
    static let coredumpBits = words(
        """
        private-anonymous shared-anonymous private-file-backed shared-file-backed elf-headers private-huge shared-huge \
        private-dax shared-dax
        """)

    /// The groups of system calls, as the oldest systemd has them: it passes over one that it does not know.
    static let callGroups: Set<String> = Set(
        words(
            """
            @aio @basic-io @chown @clock @cpu-emulation @debug @default @file-system @io-event @ipc @keyring @known @memlock \
            @module @mount @network-io @obsolete @pkey @privileged @process @raw-io @reboot @resources @setuid \
            @signal @swap @sync @system-service @timer
            """))

    /// The groups of file systems.
    static let fileSystemGroups: Set<String> = Set(
        words(
            """
            @anonymous @application @auxiliary-api @basic-api @common-block @historical-block @known @network \
            @privileged-api @security @temporary
            """))

    /// `address_families(7)`.
    static let addressFamilies: Set<String> = Set(
        words(
            """
            UNIX LOCAL FILE INET AX25 IPX APPLETALK NETROM BRIDGE ATMPVC X25 INET6 ROSE DECnet NETBEUI SECURITY KEY \
            NETLINK ROUTE PACKET ASH ECONET ATMSVC RDS SNA IRDA PPPOX WANPIPE LLC IB MPLS CAN TIPC BLUETOOTH IUCV RXRPC ISDN \
            PHONET IEEE802154 CAIF ALG NFC VSOCK KCM QIPCRTR SMC XDP MCTP
            """
        ).map { "AF_" + $0 })

    /// The architectures that seccomp knows.
    static let architectures: Set<String> = Set(
        words(
            """
            native x86 x86-64 x32 arm arm64 mips mips-le mips64 mips64-le mips64-n32 mips64-le-n32 parisc \
            parisc64 ppc ppc64 ppc64-le riscv64 s390 s390x
            """))

    /// The controllers of control groups.
    static let controllers: Set<String> = Set(
        words(
            """
            cpu cpuacct cpuset io blkio memory devices pids bpf-firewall bpf-devices bpf-foreign bpf-socket-bind \
            bpf-restrict-network-interfaces
            """))

    /// What BPF programs of a control group attach to.
    static let programTypes: Set<String> = Set(
        words(
            """
            egress ingress sock_create sock_ops device bind4 bind6 connect4 connect6 post_bind4 post_bind6 sendmsg4 sendmsg6 \
            sysctl recvmsg4 recvmsg6 getsockopt setsockopt
            """))

    /// The ends of units' names.
    static let unitTypes = words("service socket device mount automount swap target path timer slice scope")

    static func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
}

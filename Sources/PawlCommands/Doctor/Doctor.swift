import PawlAPI
import PawlModel

/// Looks for what on this host keeps pawl from its promises. Each check looks at one thing and changes nothing.
struct Doctor {
    let host: HostView
    /// What pawld says of itself; nil where it cannot be reached or does not answer whoever asks.
    let daemon: Messages.Daemon?
    /// Whose pawl it is about.
    var scope = RuntimeScope.system

    /// The oldest systemd that pawl runs with.
    static let oldestSystemd = 252

    /// All checks, in the order of what rests on what.
    func findings() -> [DoctorFinding] {
        guard let user = scope.user else {
            return [
                systemd(), controlGroups(), pressure(), machineID(), clock(), journal(), units(), stepUnits(),
                recorder(),
                socketGroup(), pawld(), state(), disk(), store(), workflows(), credentials(),
            ]
        }
        return [
            systemd(), bus(of: user), controllers(), pressure(), linger(of: user), clock(), journal(), units(of: user),
            stepUnits(of: user), recorder(), pawld(), state(of: user), disk(), store(), workflows(), credentials(),
        ]
    }

    // MARK: The host

    private func systemd() -> DoctorFinding {
        guard
            let text = host.output(
                ["systemctl"] + scope.managerOptions + ["show", "--property", "Version", "--value"]),
            let version = Int(text.prefix { $0.isNumber })
        else {
            return DoctorFinding(
                "systemd", .error, "systemd does not answer: every step is a unit of its, so that nothing can be run",
                mend: "\(scope.systemctl) is-system-running")
        }
        guard version >= Doctor.oldestSystemd else {
            return DoctorFinding(
                "systemd", .error,
                "systemd \(version) is older than \(Doctor.oldestSystemd): that a step runs once and its result is kept does not "
                    + "hold", mend: "apt install systemd/bookworm-backports")
        }
        return DoctorFinding("systemd", .ok, "version \(version)")
    }

    private func controlGroups() -> DoctorFinding {
        if host.look("/sys/fs/cgroup/cgroup.controllers") != nil {
            return DoctorFinding("cgroups", .ok, "version 2")
        }
        return DoctorFinding(
            "cgroups", .warning,
            "control groups of version 1: a step that runs out of memory is said to have been killed by a signal, 'pause' and "
                + "CPUQuota= are weaker, and IOWeight= does little",
            mend:
                #"sed -i 's/^GRUB_CMDLINE_LINUX="/&systemd.unified_cgroup_hierarchy=1 /' /etc/default/grub && update-grub && "#
                + "systemctl reboot")
    }

    private func pressure() -> DoctorFinding {
        host.look("/proc/pressure/memory") != nil
            ? DoctorFinding("pressure", .ok, "the kernel tells of pressure on CPU, memory and disks")
            : DoctorFinding(
                "pressure", .warning, "the kernel does not tell of pressure on CPU, memory and disks (PSI)",
                mend: #"sed -i 's/^GRUB_CMDLINE_LINUX="/&psi=1 /' /etc/default/grub && update-grub && systemctl reboot"#
            )
    }

    private func machineID() -> DoctorFinding {
        let text = host.text("/etc/machine-id")?.prefix { $0 != "\n" } ?? ""
        let isID = text.count == 32 && text.allSatisfy { $0.isHexDigit && !$0.isUppercase }
        guard isID, text != "00000000000000000000000000000000" else {
            return DoctorFinding(
                "machine-id", .error,
                "/etc/machine-id has no ID: the journal of the boot before is not found again, and what expressions read as "
                    + "host.machine_id is empty", mend: "systemd-machine-id-setup && systemctl reboot")
        }
        let mounts = host.text("/proc/self/mountinfo") ?? ""
        guard
            !mounts.split(separator: "\n").contains(where: {
                $0.split(separator: " ").dropFirst(4).first == "/etc/machine-id"
            })
        else {
            return DoctorFinding(
                "machine-id", .error,
                "/etc/machine-id is only there until the host is rebooted (something is mounted over it)",
                mend: "systemd-machine-id-setup --commit")
        }
        return DoctorFinding("machine-id", .ok, "kept over boots")
    }

    private func clock() -> DoctorFinding {
        switch host.output(["timedatectl", "show", "--property", "NTPSynchronized", "--value"]) {
        case "yes": DoctorFinding("clock", .ok, "in step with others")
        case "no":
            DoctorFinding(
                "clock", .warning,
                "the clock is not in step with others: pauses and timeouts are right all the same, times in logs and schedules are "
                    + "as wrong as it is", mend: "apt install systemd-timesyncd && timedatectl set-ntp true")
        default:
            DoctorFinding(
                "clock", .unknown, "whether the clock is in step with others cannot be told: there is no timedatectl")
        }
    }

    // MARK: The journal

    private func journal() -> DoctorFinding {
        var storage = "auto"
        for (_, text) in configuration("journald.conf") {
            for line in text.split(separator: "\n") where line.hasPrefix("Storage=") {
                storage = String(line.dropFirst("Storage=".count))
            }
        }
        if storage == "none" {
            return DoctorFinding(
                "journal", .error, "the journal keeps nothing (Storage=none): what steps write is lost",
                mend: "mkdir -p /etc/systemd/journald.conf.d && printf '[Journal]\\nStorage=persistent\\n' "
                    + ">/etc/systemd/journald.conf.d/zz-persistent.conf && systemctl restart systemd-journald")
        }
        if storage == "volatile" {
            return DoctorFinding(
                "journal", .warning,
                "the journal is in memory alone (Storage=volatile): logs of runs are gone with the next boot",
                mend: "mkdir -p /etc/systemd/journald.conf.d && printf '[Journal]\\nStorage=persistent\\n' "
                    + ">/etc/systemd/journald.conf.d/zz-persistent.conf && systemctl restart systemd-journald")
        }
        if storage != "persistent", host.look("/var/log/journal") == nil {
            return DoctorFinding(
                "journal", .warning,
                "the journal is in memory alone, since there is no /var/log/journal: logs of runs are gone with the next boot",
                mend: "mkdir /var/log/journal && systemd-tmpfiles --create --prefix /var/log/journal && "
                    + "journalctl --flush")
        }
        return DoctorFinding("journal", .ok, "kept on disk")
    }

    /// A configuration of systemd's with its drop-ins, in the order in which they count.
    private func configuration(_ name: String) -> [(path: String, text: String)] {
        var parts = host.text("/etc/systemd/\(name)").map { [("/etc/systemd/\(name)", $0)] } ?? []
        var drops: [String: String] = [:]
        for folder in ["/usr/lib/systemd", "/run/systemd", "/etc/systemd"] {
            for file in host.names(in: "\(folder)/\(name).d") where file.hasSuffix(".conf") {
                drops[file] = "\(folder)/\(name).d/\(file)"
            }
        }
        for (_, path) in drops.sorted(by: { $0.key < $1.key }) {
            if let text = host.text(path) { parts.append((path, text)) }
        }
        return parts
    }

    // MARK: What the package brings

    private func units() -> DoctorFinding {
        guard
            let states = host.output(["systemctl", "is-enabled", "pawld.service", "pawld.socket"])?.split(
                separator: "\n")
        else {
            return DoctorFinding(
                "units", .error, "systemd does not know pawld.service and pawld.socket",
                mend: "apt install --reinstall pawl")
        }
        guard states.count == 2, states.allSatisfy({ $0 == "enabled" }) else {
            return DoctorFinding(
                "units", .error,
                "pawld is not started with the host (\(states.joined(separator: ", "))): runs do not go on after a boot, and "
                    + "schedules are not kept",
                mend: "systemctl unmask pawld.service pawld.socket; systemctl enable --now pawld.socket pawld.service")
        }
        return DoctorFinding("units", .ok, "pawld is started with the host")
    }

    /// Drop-ins apply to every step whose unit's name begins as theirs: one of somebody else's can take the recorder away.
    private func stepUnits() -> DoctorFinding {
        stepUnits(in: [
            "/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/lib/systemd/system",
        ])
    }

    /// - Parameter folders: where units' files are, that of packages last.
    func stepUnits(in folders: [String]) -> DoctorFinding {
        let own = "pawl-step-.service.d/10-record.conf"
        guard let first = folders.first(where: { host.look("\($0)/\(own)") != nil }) else {
            return DoctorFinding(
                "step-units", .error, "\(own) is missing: no step leaves a receipt",
                mend: "apt install --reinstall pawl")
        }
        guard first == folders.last, host.text("\(first)/\(own)")?.contains("ExecStopPost=") == true else {
            return DoctorFinding(
                "step-units", .error, "\(first)/\(own) hides the one of the package: no step may leave a receipt",
                mend: "rm \(first)/\(own) && \(scope.systemctl) daemon-reload")
        }
        for folder in folders {
            for kind in ["service.d", "pawl-.service.d", "pawl-step-.service.d"] {
                for file in host.names(in: "\(folder)/\(kind)") where file.hasSuffix(".conf") {
                    let path = "\(folder)/\(kind)/\(file)"
                    guard path != "\(first)/\(own)", let text = host.text(path),
                        let line = text.split(separator: "\n").first(where: Doctor.breaksSteps)
                    else { continue }
                    return DoctorFinding(
                        "step-units", .error,
                        "\(path) says '\(line)' for every step too: what becomes of a step may be lost by it",
                        mend: "editor \(path) && \(scope.systemctl) daemon-reload")
                }
            }
        }
        return DoctorFinding("step-units", .ok, "every step leaves a receipt")
    }

    private static func breaksSteps(_ line: Substring) -> Bool {
        [
            "ExecStopPost=", "KillMode=none", "KillMode=process", "Restart=", "RemainAfterExit=", "CollectMode=",
            "Type=",
            "SendSIGKILL=no", "SendSIGKILL=false", "Slice=", "RuntimeDirectory=", "RuntimeDirectoryPreserve=",
        ].contains { line.hasPrefix($0) }
    }

    private func recorder() -> DoctorFinding {
        let path = "/usr/libexec/pawl/pawl-record"
        guard let file = host.look(path) else {
            return DoctorFinding(
                "recorder", .error, "\(path) is missing: no step leaves a receipt", mend: "apt install --reinstall pawl"
            )
        }
        guard file.mode & 0o111 != 0, file.uid == 0, file.mode & 0o022 == 0 else {
            return DoctorFinding(
                "recorder", .error,
                "\(path) has owner \(file.uid) and mode \(String(file.mode, radix: 8)), and runs as root",
                mend: "chown root: \(path) && chmod 0755 \(path)")
        }
        return DoctorFinding("recorder", .ok, "in its place")
    }

    private func socketGroup() -> DoctorFinding {
        let groups = (host.text("/etc/group") ?? "").split(separator: "\n").map { $0.prefix { $0 != ":" } }
        let missing = ["pawl", "pawl-viewers"].filter { !groups.contains($0[...]) }
        guard missing.isEmpty else {
            return DoctorFinding(
                "groups", .warning,
                "there is no group \(missing.joined(separator: " and ")) in /etc/group: only root may ask, unless a name service has "
                    + "it", mend: "systemd-sysusers pawl.conf")
        }
        return DoctorFinding("groups", .ok, "pawl and pawl-viewers are there")
    }

    // MARK: pawld and what it keeps

    private func pawld() -> DoctorFinding {
        guard let daemon else {
            return DoctorFinding(
                "pawld", .error, "pawld does not answer: runs stand still, and what steps did is not yet recorded",
                mend: "\(scope.systemctl) restart pawld.socket pawld.service; \(scope.journalctl) -u pawld -n 20")
        }
        guard daemon.version == ManagerInterface.version else {
            return DoctorFinding(
                "pawld", .warning, "pawld \(daemon.version) still runs, and \(ManagerInterface.version) is installed",
                mend: "\(scope.systemctl) restart pawld")
        }
        guard daemon.faults.isEmpty else {
            return DoctorFinding(
                "pawld", .warning,
                "files have faults, and what was in force before stays: \(daemon.faults[0].description)",
                mend: "\(scope.pawl) reload")
        }
        return DoctorFinding("pawld", .ok, "answers, version \(daemon.version)")
    }

    private func state() -> DoctorFinding {
        for (path, wanted) in [("/var/lib/pawl", 0o711), ("/var/lib/pawl/runs", 0o711), ("/run/pawl", 0o755)]
            as [(String, UInt32)]
        {
            guard let file = host.look(path) else {
                return DoctorFinding("state", .error, "\(path) is missing", mend: "systemd-tmpfiles --create pawl.conf")
            }
            guard file.uid == 0, file.mode & 0o022 == 0, file.mode & wanted == file.mode else {
                return DoctorFinding(
                    "state", .error,
                    "\(path) has owner \(file.uid) and mode \(String(file.mode, radix: 8)): others than root may change or read what "
                        + "steps left", mend: "chown root: \(path) && chmod \(String(wanted, radix: 8)) \(path)")
            }
        }
        if let file = host.look("/var/lib/pawl/pawl.db"), file.uid != 0 || file.mode & 0o077 != 0 {
            return DoctorFinding(
                "state", .error, "/var/lib/pawl/pawl.db has owner \(file.uid) and mode \(String(file.mode, radix: 8))",
                mend: "chown root: /var/lib/pawl/pawl.db* && chmod 0600 /var/lib/pawl/pawl.db*")
        }
        return DoctorFinding("state", .ok, "root's alone")
    }

    /// Kinds of file systems that do not keep what was written, or whose locks and syncs are for others to keep.
    private static let passing: Set<String> = ["tmpfs", "ramfs", "overlay"]
    private static let remote: Set<String> = ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse", "ceph", "glusterfs"]

    private var findmnt: String {
        "findmnt --target \(scope.state); put a file system on a disk of this host there"
    }

    private func disk() -> DoctorFinding {
        let type = host.fileSystem(of: scope.state) ?? "?"
        if Doctor.passing.contains(type) {
            return DoctorFinding(
                "disk", type == "overlay" ? .warning : .error,
                "\(scope.state) is on \(type): what was recorded may be gone with the next boot", mend: findmnt)
        }
        if Doctor.remote.contains(type) || type.hasPrefix("fuse.") {
            return DoctorFinding(
                "disk", .warning,
                "\(scope.state) is on \(type): whether what was recorded survives a power cut is for its server to say",
                mend: findmnt)
        }
        guard let free = host.free(scope.state) else {
            return DoctorFinding("disk", .unknown, "how full \(scope.state) is cannot be told")
        }
        let words = "\(Int((free * 100).rounded(.down))) % of the disk of \(scope.state) is free"
        guard free >= 0.05 else {
            return DoctorFinding(
                "disk", .error, "\(words): when it is full nothing can be recorded, and runs stand still",
                mend: "du -xhd1 \(scope.runs) | sort -h | tail; \(scope.pawl) ps --all")
        }
        return DoctorFinding("disk", .ok, words)
    }

    private func store() -> DoctorFinding {
        let canLook = host.isRoot || scope.isUser
        let left = host.names(in: scope.state).filter { $0.hasPrefix("pawl.db.damaged") }
        if let file = left.first {
            return DoctorFinding(
                "store", .warning,
                "a damaged store was set aside as \(scope.state)/\(file): runs that are in it alone are not known any more",
                mend:
                    "\(scope.journalctl) -u pawld MESSAGE_ID=7a5c3e0b9d0f4c52a1f26c3b88e4d917 -x; look, then remove the file"
            )
        }
        return DoctorFinding(
            "store", canLook ? .ok : .unknown, canLook ? "no damaged one was set aside" : "only root can look")
    }

    private func workflows() -> DoctorFinding {
        let whose = scope.isUser ? "yours" : "root's"
        for folder in scope.workflows + [
            scope.configuration, scope.configurationFile + ".d", scope.unitVariables,
        ] {
            guard let file = host.look(folder) else { continue }
            let paths =
                [(folder, file)]
                + host.names(in: folder).compactMap { name in
                    host.look("\(folder)/\(name)").map { ("\(folder)/\(name)", $0) }
                }
            for (path, file) in paths where ![0, scope.owner].contains(file.uid) || file.mode & 0o022 != 0 {
                return DoctorFinding(
                    "workflows", .error,
                    "\(path) has owner \(file.uid) and mode \(String(file.mode, radix: 8)): who can write it "
                        + (scope.isUser ? "can act as you" : "is root") + ", so pawld does not read it",
                    mend: "chown \(scope.isUser ? "$USER" : "root"): \(path) && chmod go-w \(path)")
            }
        }
        return DoctorFinding("workflows", .ok, "\(whose) alone")
    }

    private func credentials() -> DoctorFinding {
        for folder in [scope.credentialStores[0], scope.credentialStores[0] + ".encrypted"] {
            guard let file = host.look(folder), file.uid != scope.owner || file.mode & 0o077 != 0 else { continue }
            return DoctorFinding(
                "credentials", .error,
                "\(folder) has owner \(file.uid) and mode \(String(file.mode, radix: 8)): others than "
                    + "\(scope.isUser ? "you" : "root") may read secrets",
                mend: "chown \(scope.isUser ? "$USER" : "root"): \(folder) && chmod 0700 \(folder)")
        }
        return DoctorFinding("credentials", .ok, scope.isUser ? "yours alone" : "root's alone")
    }
}

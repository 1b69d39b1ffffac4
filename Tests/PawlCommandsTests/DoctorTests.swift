import FoundationEssentials
import Glibc
import PawlAPI
import PawlModel
import Testing

@testable import PawlCommands

/// A host in a folder, on which nothing is wrong until a test makes it so.
private final class HostFolder {
    let root: String
    var outputs: [String: String] = [
        "systemctl show --property Version --value": "252.39-1~deb12u1",
        "systemctl is-enabled pawld.service pawld.socket": "enabled\nenabled",
        "timedatectl show --property NTPSynchronized --value": "yes",
    ]
    var free = 0.4

    init() throws {
        var template = Array("/tmp/pawl-doctor-XXXXXX".utf8CString)
        let made = try #require(mkdtemp(&template))
        root = String(cString: made)
        try write("/sys/fs/cgroup/cgroup.controllers", "cpu")
        try write("/proc/pressure/memory", "")
        try write(
            "/proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 22 0:20 / /run rw - tmpfs tmpfs rw\n")
        try write("/etc/machine-id", "0123456789abcdef0123456789abcdef\n")
        try write("/etc/group", "root:x:0:\npawl:x:998:alice\npawl-viewers:x:997:\n")
        try write("/var/log/journal/x", "")
        try write(
            "/lib/systemd/system/pawl-step-.service.d/10-record.conf", "[Service]\nExecStopPost=+/usr/libexec/x\n")
        try write("/usr/libexec/pawl/pawl-record", "")
        for (folder, mode) in [("/var/lib/pawl", 0o711), ("/var/lib/pawl/runs", 0o711), ("/run/pawl", 0o755)] {
            try FileManager.default.createDirectory(atPath: root + folder, withIntermediateDirectories: true)
            chmod(root + folder, mode_t(mode))
        }
        chmod(root + "/usr/libexec/pawl/pawl-record", 0o755)
        try write("/etc/pawl/workflows/hello.yaml", "steps: []")
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    func write(_ path: String, _ text: String) throws {
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        try FileManager.default.createDirectory(atPath: root + folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: root + path))
    }

    func findings(_ daemon: Messages.Daemon?) -> [DoctorFinding] {
        var view = HostView()
        view.root = root
        view.output = { [outputs] in outputs[$0.joined(separator: " ")] }
        view.free = { [free] _ in free }
        return Doctor(host: view, daemon: daemon).findings()
    }

    /// What is not in order.
    func faults(_ daemon: Messages.Daemon? = HostFolder.daemon()) -> [DoctorFinding] {
        // The tests do not have to run as root.
        findings(daemon).filter { $0.state != .ok && !($0.check == "store" && $0.state == .unknown) }
    }

    static func daemon(version: String = ManagerInterface.version, faults: [Diagnostic] = []) -> Messages.Daemon {
        Messages.Daemon(
            version: version, pid: 1, started: "2026-11-21T03:00:00.000Z", runsActive: 0, stepsActive: 0, status: "",
            faults: faults)
    }
}

@Suite("What pawl doctor finds", .enabled(if: geteuid() == 0, "only root can make files that are root's"))
struct DoctorTests {
    @Test("nothing, on a host where nothing is wrong, and each check looks at one thing")
    func good() throws {
        let host = try HostFolder()
        #expect(host.faults() == [])
        let checks = host.findings(HostFolder.daemon()).map(\.check)
        #expect(Set(checks).count == checks.count)
    }

    /// One thing that is wrong each, and the check that has to find it and no other.
    private static let mistakes:
        [(check: String, state: DoctorFinding.State, make: @Sendable (HostFolder) throws -> Void)] = [
            ("systemd", .error, { $0.outputs["systemctl show --property Version --value"] = "247.3" }),
            ("systemd", .error, { $0.outputs["systemctl show --property Version --value"] = nil }),
            ("cgroups", .warning, { unlink($0.root + "/sys/fs/cgroup/cgroup.controllers") }),
            ("pressure", .warning, { unlink($0.root + "/proc/pressure/memory") }),
            ("machine-id", .error, { try $0.write("/etc/machine-id", "uninitialized\n") }),
            ("machine-id", .error, { try $0.write("/etc/machine-id", "") }),
            (
                "machine-id", .error,
                {
                    try $0.write(
                        "/proc/self/mountinfo",
                        "9 1 0:2 /x /etc/machine-id ro - tmpfs tmpfs rw\n1 0 8:1 / / rw - ext4 x rw\n")
                }
            ),
            ("clock", .warning, { $0.outputs["timedatectl show --property NTPSynchronized --value"] = "no" }),
            ("clock", .unknown, { $0.outputs["timedatectl show --property NTPSynchronized --value"] = nil }),
            ("journal", .warning, { try FileManager.default.removeItem(atPath: $0.root + "/var/log/journal") }),
            ("journal", .error, { try $0.write("/etc/systemd/journald.conf.d/x.conf", "[Journal]\nStorage=none\n") }),
            ("journal", .warning, { try $0.write("/etc/systemd/journald.conf", "[Journal]\nStorage=volatile\n") }),
            ("units", .error, { $0.outputs["systemctl is-enabled pawld.service pawld.socket"] = "disabled\nenabled" }),
            ("units", .error, { $0.outputs["systemctl is-enabled pawld.service pawld.socket"] = "enabled\nmasked" }),
            ("step-units", .error, { unlink($0.root + "/lib/systemd/system/pawl-step-.service.d/10-record.conf") }),
            ("step-units", .error, { try $0.write("/etc/systemd/system/pawl-step-.service.d/10-record.conf", "") }),
            (
                "step-units", .error,
                { try $0.write("/etc/systemd/system/service.d/x.conf", "[Service]\nKillMode=process\n") }
            ),
            (
                "step-units", .error,
                { try $0.write("/run/systemd/system/pawl-.service.d/x.conf", "[Service]\nExecStopPost=\n") }
            ),
            ("recorder", .error, { unlink($0.root + "/usr/libexec/pawl/pawl-record") }),
            ("recorder", .error, { chmod($0.root + "/usr/libexec/pawl/pawl-record", 0o777) }),
            ("groups", .warning, { try $0.write("/etc/group", "root:x:0:\npawl:x:998:\n") }),
            ("state", .error, { chmod($0.root + "/var/lib/pawl", 0o777) }),
            ("state", .error, { rmdir($0.root + "/var/lib/pawl/runs") }),
            (
                "state", .error,
                { host in
                    try host.write("/var/lib/pawl/pawl.db", "")
                    chmod(host.root + "/var/lib/pawl/pawl.db", 0o644)
                }
            ),
            ("disk", .error, { $0.free = 0.01 }),
            (
                "disk", .error,
                {
                    try $0.write(
                        "/proc/self/mountinfo", "1 0 8:1 / / rw - ext4 x rw\n2 1 0:3 / /var/lib rw - tmpfs t rw\n")
                }
            ),
            (
                "disk", .warning,
                {
                    try $0.write(
                        "/proc/self/mountinfo", "1 0 8:1 / / rw - ext4 x rw\n2 1 0:3 / /var rw shared:1 - nfs4 t rw\n")
                }
            ),
            ("store", .warning, { try $0.write("/var/lib/pawl/pawl.db.damaged-1", "") }),
            ("workflows", .error, { chmod($0.root + "/etc/pawl/workflows/hello.yaml", 0o666) }),
            ("workflows", .error, { chown($0.root + "/etc/pawl", 1234, 0) }),
            (
                "credentials", .error,
                { host in
                    try host.write("/etc/credstore/x", "")
                    chmod(host.root + "/etc/credstore", 0o755)
                }
            ),
        ]

    @Test("each mistake, by its own check alone, with what mends it", arguments: mistakes.indices)
    func mistake(index: Int) throws {
        let (check, state, make) = DoctorTests.mistakes[index]
        let host = try HostFolder()
        try make(host)
        let faults = host.faults()
        #expect(faults.map(\.check) == [check])
        #expect(faults.map(\.state) == [state])
        #expect((faults.first?.mend != nil) == (state != .unknown), "\(faults)")
    }

    @Test("a pawld that does not answer, is an older one, or has faults")
    func daemon() throws {
        let host = try HostFolder()
        #expect(host.faults(nil).map(\.state) == [.error])
        #expect(host.faults(HostFolder.daemon(version: "0.0.1")).map(\.check) == ["pawld"])
        let fault = Diagnostic(file: "/x.yaml", line: 1, column: 2, message: "bad")
        #expect(
            host.faults(HostFolder.daemon(faults: [fault])).first?.message.contains("/x.yaml:1:2: error: bad") == true)
    }
}

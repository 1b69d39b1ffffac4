import FoundationEssentials
import Glibc
import PawlAPI
import PawlLanguage
import PawlModel
import Testing

@testable import PawlCommands

@Suite("pawl --user")
struct UserScopeTests {
    private let root: String
    private let scope: RuntimeScope

    init() throws {
        var template = Array("/tmp/pawl-user-XXXXXX".utf8CString)
        root = String(cString: try #require(mkdtemp(&template)))
        scope = .user(
            UserFolders(
                uid: getuid(), home: "/home/a", configuration: "/home/a/.config", state: "/home/a/.local/state",
                runtime: "/run/user/1000"))
    }

    private func write(_ path: String, _ text: String = "") throws {
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        try FileManager.default.createDirectory(atPath: root + folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: root + path))
    }

    private func view() -> HostView {
        var view = HostView()
        view.root = root
        view.userName = { _ in "alice" }
        view.free = { _ in 0.5 }
        view.output = { words in
            switch words.joined(separator: " ") {
            case "systemctl --user show --property Version --value": "252.39"
            case "systemctl --user is-enabled pawld.socket pawl-boot.service": "enabled\nenabled"
            case "timedatectl show --property NTPSynchronized --value": "yes"
            default: nil
            }
        }
        return view
    }

    /// The program with a pawld that has one workflow with a schedule.
    private func list(_ arguments: String...) -> (status: Int32, errors: String) {
        let manager = FakeManager()
        manager.on(
            .listWorkflows,
            .answer(
                #"{"workflows":[{"name":"a","file":"/a","faulty":false,"startable":true,"faults":[],"#
                    + #""schedule":{"expressions":["daily"],"catch_up":"one","state":"enabled"}}]}"#))
        var surroundings = manager.surroundings()
        surroundings.scope = scope
        surroundings.host = view()
        return (PawlProgram.run(arguments, surroundings), surroundings.errors.text)
    }

    @Test("the option stands before the verb or behind it")
    func places() {
        for arguments in [["--user", "list"], ["list", "--user"]] {
            let answer = arguments[0] == "list" ? list("list", "--user") : list("--user", "list")
            #expect(answer.status == 0, "\(arguments): \(answer.errors)")
        }
        #expect(list("--user", "lsit").errors.contains("did you mean 'list'"))
        #expect(throws: Never.self) { try #expect(PawlProgram.scope(of: ["run", "x", "--", "--user"]) == .system) }
    }

    @Test("schedules say that they need linger, as long as it is off")
    func schedules() throws {
        #expect(list("list").errors.contains("loginctl enable-linger"))
        try write("/var/lib/systemd/linger/alice")
        #expect(list("list").errors == "")
    }

    @Test("a pawld that cannot be reached is one of the user's")
    func unreachable() {
        let error = ManagerError.unreachable(path: "/x", reason: "none")
        #expect(error.message(in: scope).contains("'systemctl --user start pawld.socket'"))
        #expect(error.message(in: .system).contains("'systemctl start pawld.socket'"))
    }

    @Test("doctor tells of linger, of controllers and of the bus")
    func doctor() throws {
        try write("/sys/fs/cgroup/cgroup.controllers", "cpu io memory pids\n")
        try write("/sys/fs/cgroup\(scope.controlGroup)/cgroup.controllers", "memory pids\n")
        func find(_ check: String) -> DoctorFinding? {
            Doctor(host: view(), daemon: nil, scope: scope).findings().first { $0.check == check }
        }
        #expect(find("linger")?.state == .warning && find("linger")?.mend == "loginctl enable-linger")
        #expect(find("cgroups")?.state == .warning && find("cgroups")?.message.contains("cpu, io") == true)
        #expect(find("bus")?.state == .error && find("bus")?.mend?.contains("dbus-user-session") == true)
        #expect(find("units")?.state == .ok)
        #expect(find("pawld")?.mend?.hasPrefix("systemctl --user restart") == true)
        try write("/var/lib/systemd/linger/alice")
        try write("/run/user/1000/bus")
        try write("/sys/fs/cgroup\(scope.controlGroup)/cgroup.controllers", "memory pids cpu io\n")
        #expect(find("linger")?.state == .ok && find("bus")?.state == .ok && find("cgroups")?.state == .ok)
        let checks = Doctor(host: view(), daemon: nil, scope: scope).findings().map(\.check)
        #expect(Set(checks).count == checks.count)
    }

    @Test("a file may be the user's own, and no third one's")
    func owner() {
        #expect(WorkflowFiles.warnings(path: "/x.yaml", owner: 7, mode: 0o644, wanted: 7) == [])
        #expect(WorkflowFiles.warnings(path: "/x.yaml", owner: 0, mode: 0o644, wanted: 7) == [])
        #expect(WorkflowFiles.warnings(path: "/x.yaml", owner: 8, mode: 0o644, wanted: 7).count == 1)
    }
}

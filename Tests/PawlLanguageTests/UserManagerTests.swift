import PawlModel
import Testing

@testable import PawlLanguage

@Suite("What a user's manager lacks")
struct UserManagerTests {
    private static let all = UserManager(ofHost: "cpu io memory pids", ofManager: "cpu io memory pids cpuset\n")

    private func faults(_ text: String, _ manager: UserManager? = all) -> [String] {
        var source = WorkflowSource(SourceFile(file: "x.yaml", text: text))
        let read = WorkflowReader.read(&source, name: "x", manager: ManagerTraits(user: manager)) { _ in
            .failure(IncludeFault("is not there"))
        }
        return read.diagnostics.filter { $0.severity == .error }.map(\.description)
    }

    private func faults(unit: String, _ manager: UserManager? = all) -> [String] {
        faults("steps:\n  - id: a\n    command: [\"true\"]\n    unit: {\(unit)}\n", manager)
    }

    @Test(
        "is refused by name and with the reason, and not by the host's manager",
        arguments: [
            ("User: alice", "'User'", "the one user whose manager it is"),
            ("DynamicUser: yes", "'DynamicUser'", "only root can make a user"),
            ("IPAddressDeny: any", "'IPAddressDeny'", "load the program"),
            ("RootImage: /a.raw", "'RootImage'", "only root can mount images"),
            ("Nice: -5", "'Nice'", "only root can raise the priority"),
            ("CPUSchedulingPolicy: fifo", "'CPUSchedulingPolicy'", "realtime"),
            ("LogLevelMax: info", "'LogLevelMax'", "journald"),
            ("preset: strict", "the preset 'strict'", "only root can make a user"),
            ("ProtectSystem: strict", "'ProtectSystem'", "without 'PrivateUsers'"),
        ])
    func refused(unit: String, name: String, reason: String) {
        let found = faults(unit: unit)
        #expect(found.count == 1 && found[0].contains(name) && found[0].contains(reason), "\(found)")
        #expect(faults(unit: unit, nil) == [])
    }

    @Test(
        "and what it has is not",
        arguments: [
            "Nice: 5", "NoNewPrivileges: yes", "SystemCallFilter: \"@system-service\"", "DynamicUser: no",
            "PrivateUsers: yes, ProtectSystem: strict, PrivateTmp: yes", "ProtectHome: no", "MemoryMax: 1G",
            "CPUQuota: 50%", "preset: none", "LimitNOFILE: 100", "CPUSchedulingPolicy: batch",
        ])
    func taken(unit: String) { #expect(faults(unit: unit) == []) }

    @Test("a limit whose controller is not left to users is refused, and says how it could be")
    func controllers() {
        let some = UserManager(ofHost: "cpu io memory pids", ofManager: "memory pids\n")
        #expect(faults(unit: "MemoryMax: 1G", some) == [])
        let fault = faults(unit: "CPUQuota: 50%", some)
        #expect(
            fault.count == 1 && fault[0].contains("the controller 'cpu'")
                && fault[0].contains("Delegate=cpu memory pids"))
        let slice = faults("slice: {IOWeight: 10}\nsteps: [{id: a, command: [\"true\"]}]\n", some)
        #expect(slice.count == 1 && slice[0].contains("the controller 'io'"))
        #expect(
            faults(unit: "MemoryMax: 1G", UserManager(ofHost: nil, ofManager: nil)).first?.contains("version 1") == true
        )
        #expect(faults(unit: "MemoryMax: 1G", UserManager(ofHost: "memory", ofManager: nil)) == [], "nobody knows")
    }

    @Test("what the workflow says for all steps is looked at where it comes to hold")
    func shared() {
        let text = "unit: {ProtectHome: yes}\nsteps:\n  - {id: a, command: [\"true\"], unit: {PrivateUsers: yes}}\n"
        #expect(faults(text) == [])
        #expect(faults(text + "  - {id: b, command: [\"true\"]}\n").map { $0.contains("step 'b'") } == [true])
    }

    @Test("credentials do not lie where the step's own sandbox hides them")
    func credentials() {
        func text(_ home: String) -> String {
            "steps: [{id: a, command: [\"true\"], credentials: [c], unit: {PrivateUsers: yes, ProtectHome: \(home)}}]\n"
        }
        #expect(faults(text("yes")).map { $0.contains("ProtectHome: tmpfs") } == [true])
        #expect(faults(text("tmpfs")) == [])
    }

    @Test("a user does not reboot the host")
    func reboot() {
        let found = faults("steps: [{id: a, reboot: true}]\n")
        #expect(found.count == 1 && found[0].contains("'reboot'"))
    }

    @Test("a value that only the run knows is looked at then")
    func late() throws {
        #expect(throws: DirectiveFault.self) { try Directives.checkUser("Nice", ["-1"], UserManager()) }
        try Directives.checkUser("Nice", ["1"], UserManager())
    }
}

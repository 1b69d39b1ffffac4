import Testing

@testable import PawlModel

@Suite("Whose pawl it is")
struct RuntimeScopeTests {
    private func folders(_ environment: [String: String]) throws(ScopeFault) -> UserFolders {
        try UserFolders(uid: 1000) { environment[$0] }
    }

    @Test("the host's pawl is where it has always been")
    func system() {
        let scope = RuntimeScope.system
        #expect(scope.owner == 0 && !scope.isUser && scope.stateLink == nil)
        #expect(scope.socket == "/run/pawl/pawl.sock" && scope.database == "/var/lib/pawl/pawl.db")
        #expect(scope.workflows == ["/etc/pawl/workflows", "/run/pawl/workflows", "/usr/lib/pawl/workflows"])
        #expect(scope.services == "/run/pawl/services" && scope.transientUnits == "/run/systemd/transient/")
        #expect(scope.managerOptions.isEmpty && scope.systemctl == "systemctl")
        #expect(scope.logName(of: AttemptName(run: RunID(rawValue: "7k2m9qxa")!, step: "dump", number: 1)) == "dump")
    }

    @Test("a user's is below the folders that the environment names, or their defaults below the home")
    func user() throws {
        let plain = RuntimeScope.user(try folders(["HOME": "/home/a", "XDG_RUNTIME_DIR": "/run/user/1000"]))
        #expect(plain.owner == 1000 && plain.isUser)
        #expect(plain.state == "/home/a/.local/state/pawl" && plain.runtime == "/run/user/1000/pawl")
        #expect(
            plain.workflows == [
                "/home/a/.config/pawl/workflows", "/run/user/1000/pawl/workflows", "/usr/lib/pawl/workflows",
            ])
        #expect(plain.log == "/home/a/.local/state/pawl/pawld.log" && plain.stepHome == "/home/a")
        #expect(plain.controlGroup == "/user.slice/user-1000.slice/user@1000.service")
        #expect(plain.systemctl == "systemctl --user" && plain.serviceSlice == "app.slice")
        let name = AttemptName(run: RunID(rawValue: "7k2m9qxa")!, step: "dump", number: 2)
        #expect(plain.logName(of: name) == "pawl-step-7k2m9qxa.dump.2")
        let other = RuntimeScope.user(
            try folders([
                "HOME": "/home/a", "XDG_RUNTIME_DIR": "/run/user/1000", "XDG_CONFIG_HOME": "/conf/",
                "XDG_STATE_HOME": "relative",
            ]))
        #expect(other.configurationFile == "/conf/pawl/config.yaml")
        #expect(other.state == "/home/a/.local/state/pawl", "what is no absolute path does not count")
    }

    @Test("without a manager to speak to it is said what is missing")
    func missing() {
        #expect { try folders(["HOME": "/home/a"]) } throws: { "\($0)".contains("XDG_RUNTIME_DIR is not set") }
        #expect { try folders(["XDG_RUNTIME_DIR": "/run/user/1000"]) } throws: { "\($0)".contains("HOME") }
    }

    @Test("a step's plan keeps it, and one of before is the host's")
    func plan() throws {
        let scope = RuntimeScope.user(try folders(["HOME": "/home/a", "XDG_RUNTIME_DIR": "/run/user/1000"]))
        #expect(StepPlan(StepPlan(report: "/r", scope: scope).value)?.scope == scope)
        guard case .map(var entries) = StepPlan(report: "/r").value else { return #expect(Bool(false)) }
        entries["user"] = nil
        #expect(StepPlan(.map(entries))?.scope == .system)
    }
}

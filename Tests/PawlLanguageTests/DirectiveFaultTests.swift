import PawlModel
import Testing

@testable import PawlLanguage

@Suite("Values of directives that systemd would refuse")
struct DirectiveFaultTests {
    @Test(
        "each is told with what would be right",
        arguments: [
            ("MountAPIVFS", "maybe", "takes yes or no, not 'maybe'"),
            ("PrivatePIDs", "x", "takes yes or no, not 'x'"),
            ("PrivateUsers", "root", "takes yes or no, from systemd 257 on also self, identity, full, not 'root'"),
            ("ProtectProc", "pid", "takes noaccess, invisible, ptraceable, default, not 'pid'"),
            ("DevicePolicy", "open", "takes auto, closed, strict, not 'open'"),
            ("SELinuxContext", "", "takes text, not ''"),
            ("RootVerity", "x", "takes absolute paths, not 'x'"),
            ("NetworkNamespacePath", "/", "takes an absolute path, not '/'"),
            ("TTYPath", "/dev/../x", "takes paths without '..', not '/dev/../x'"),
            ("StateDirectoryMode", "0o755", "takes an octal mask such as 0077, not '0o755'"),
            ("StateDirectoryMode", "10000", "takes an octal mask such as 0077, not '10000'"),
            ("OOMScoreAdjust", "-1001", "takes a number from -1000 to 1000, not '-1001'"),
            ("CPUSchedulingPriority", "x", "takes a number from 0 to 99, not 'x'"),
            ("IOSchedulingPriority", "8", "takes a number from 0 to 7, not '8'"),
            ("TTYRows", "-1", "takes a number from 0, not '-1'"),
            ("SyslogLevel", "error", "takes emerg, alert, crit, err, warning, notice, info, debug, not 'error'"),
            ("CPUSchedulingPolicy", "9", "takes other, batch, idle, fifo, rr, not '9'"),
            ("NUMAPolicy", "2", "takes default, preferred, bind, interleave, local, not '2'"),
            ("SystemCallErrorNumber", "4096", "takes an error such as EPERM, a number up to 4095, or kill, not '4096'"),
            ("SystemCallErrorNumber", "-", "takes an error such as EPERM, a number up to 4095, or kill, not '-'"),
            ("KillSignal", "term", "takes a signal such as SIGTERM, not 'term'"),
            ("KillSignal", "0", "takes a signal such as SIGTERM, not '0'"),
            ("KillSignal", "RTMIN+31", "takes a signal such as SIGTERM, not 'RTMIN+31'"),
            ("WatchdogSec", "soon", "takes a time span such as 5min or infinity, not 'soon'"),
            ("TimerSlackNSec", "1 parsec", "takes a time span such as 50us, not '1 parsec'"),
            ("MemoryLow", "101%", "takes a percentage up to 100%, not '101%'"),
            ("MemoryMin", "1m", "takes a size such as 256M, a percentage or infinity, not '1m'"),
            ("ManagedOOMMemoryPressureLimit", "5", "takes a percentage up to 100%, not '5'"),
            ("CPUShares", "1", "takes a number from 2 to 262144, not '1'"),
            ("StartupCPUWeight", "0", "takes a number from 1 to 10000 or idle, not '0'"),
            ("BlockIOWeight", "1001", "takes a number from 10 to 1000, not '1001'"),
            ("LimitCPU", "x", "takes a time span or infinity, or two of them as SOFT:HARD, not 'x'"),
            ("LimitSTACK", "1m", "takes a size such as 8M or infinity, or two of them as SOFT:HARD, not '1m'"),
            ("LimitNOFILE", "1K", "takes a number or infinity, or two of them as SOFT:HARD, not '1K'"),
            ("LimitNOFILE", "5:", "takes a number or infinity, or two of them as SOFT:HARD, not '5:'"),
            ("LimitNOFILE", "2:1", "takes a soft limit that is not above the hard one, not '2:1'"),
            (
                "LimitNICE", "+20",
                "takes a nice level such as +5 or a number up to 40 or infinity, or two of them as SOFT:HARD, not '+20'"
            ),
            ("AppArmorProfile", "-", "takes a label, perhaps after '-', not '-'"),
            ("MountFlags", "rslave", "takes shared, slave or private, not 'rslave'"),
            ("RootHash", "0123", "takes a hash in hexadecimal or a path, not '0123'"),
            (
                "RootHash", "+123456789abcdef0123456789abcdef",
                "takes a hash in hexadecimal or a path, not '+123456789abcdef0123456789abcdef'"
            ),
            ("RootHashSignature", "aGk=", "takes base64: with a signature, or a path, not 'aGk='"),
            ("Delegate", "gpu", "takes yes, no or controllers, not 'gpu'"),
            ("ExecSearchPath", "-/usr", "takes absolute paths, not '-/usr'"),
            ("ExecPaths", "+-/usr", "takes absolute paths, not '-/usr'"),
            ("After", "basic", "takes names of units, not 'basic'"),
            ("After", "a.service b@.service", "takes names of units, not 'b@.service'"),
            ("After", "", "takes names of units, not ''"),
            ("SupplementaryGroups", "adm a:b", "takes names or numbers of groups, not 'a:b'"),
            ("DisableControllers", "cpu gpu", "takes controllers such as cpu or memory, not 'gpu'"),
            ("SystemCallArchitectures", "amd64", "takes architectures such as native or x86-64, not 'amd64'"),
            (
                "SystemCallFilter", "~chown:EPRM",
                "takes system calls and @groups, each perhaps with :ERROR; all others after '~', not 'chown:EPRM'"
            ),
            ("SystemCallFilter", "@sandbox", ": systemd has no group '@sandbox'"),
            ("SystemCallLog", "chown:EPERM", "takes system calls and @groups; all others after '~', not 'chown:EPERM'"),
            ("SystemCallFilter", "'a", "has a quote without its end"),
            (
                "RestrictAddressFamilies", "AF_INET AF_UNX",
                "takes address families such as AF_UNIX, all others after '~', or none, not 'AF_UNX' (did you mean 'AF_UNIX'?)"
            ),
            (
                "RestrictFileSystems", "ext4 a/b",
                "takes types of file systems and @groups; all others after '~', not 'a/b'"
            ),
            ("RestrictNetworkInterfaces", "a/b", "takes network interfaces; all others after '~', not 'a/b'"),
            ("AllowedCPUs", "3-1", "takes numbers and ranges such as 0-3, not '3-1'"),
            ("AllowedCPUs", "8192", "takes numbers and ranges such as 0-3, not '8192'"),
            ("CPUAffinity", "all", "takes numbers and ranges such as 0-3, or numa, not 'all'"),
            ("NUMAMask", "", "takes numbers and ranges such as 0-3, not ''"),
            (
                "AmbientCapabilities", "CAP_CHWN",
                "takes capabilities such as CAP_CHOWN; all others after '~', not 'CAP_CHWN' (did you mean 'CAP_CHOWN'?)"
            ),
            (
                "RestrictNamespaces", "network",
                "takes yes, no, or cgroup, ipc, net, mnt, pid, user, uts; all others after '~', not 'network'"
            ),
            ("SecureBits", "keep", "takes keep-caps, no-setuid-fixup, noroot, each also with -locked, not 'keep'"),
            (
                "CoredumpFilter", "heap",
                "takes kinds of memory such as private-anonymous, default, all, or a mask, not 'heap'"
            ),
            ("BindPaths", "srv", "takes absolute paths, not 'srv'"),
            ("BindPaths", "/a:b", "takes absolute paths, not 'b'"),
            ("BindPaths", "/a:/b:ro", "takes rbind or norbind for its options, not '/a:/b:ro'"),
            ("BindPaths", "/a:/b::", "takes SOURCE:DESTINATION:OPTIONS, perhaps after '-', not '/a:/b::'"),
            ("TemporaryFileSystem", "tmp:ro", "takes absolute paths, not 'tmp'"),
            ("DeviceAllow", "null", "takes a device, and of 'rwm' what may be done with it, not 'null'"),
            ("DeviceAllow", "/dev/null x", "takes a device, and of 'rwm' what may be done with it, not '/dev/null x'"),
            ("IOReadIOPSMax", "/dev/sda", "takes a path, and a number such as 5M or infinity, not '/dev/sda'"),
            ("IODeviceWeight", "/dev/sda 0", "takes a path, and a number from 1 to 10000, not '/dev/sda 0'"),
            ("IODeviceLatencyTargetSec", "/dev/sda x", "takes a path, and a time span such as 25ms, not '/dev/sda x'"),
            (
                "IPAddressAllow", "10.0.0.1/33",
                "takes addresses such as 10.0.0.0/8, any, localhost, link-local or multicast, not '10.0.0.1/33'"
            ),
            (
                "IPAddressDeny", "localhost fe80::1%eth0",
                "takes addresses such as 10.0.0.0/8, any, localhost, link-local or multicast, not 'fe80::1%eth0'"
            ),
            ("IPEgressFilterPath", "out", "takes absolute paths, not 'out'"),
            ("BPFProgram", "eggress:/x", "takes TYPE:PATH, not 'eggress:/x'"),
            ("SocketBindAllow", "0", "takes any, or FAMILY:PROTOCOL:PORTS such as ipv4:tcp:80-90, not '0'"),
            ("SocketBindDeny", "9-5", "takes any, or FAMILY:PROTOCOL:PORTS such as ipv4:tcp:80-90, not '9-5'"),
            ("SocketBindDeny", "icmp:5", "takes any, or FAMILY:PROTOCOL:PORTS such as ipv4:tcp:80-90, not 'icmp:5'"),
            ("StateDirectory", "/a", "takes relative paths, each perhaps with :LINK, not '/a'"),
            ("StateDirectory", "private/a", "takes relative paths, each perhaps with :LINK, not 'private/a'"),
            ("ConfigurationDirectory", "a:b", "takes relative paths, not 'a:b'"),
            ("RootImageOptions", "boot:ro", "takes OPTIONS or PARTITION:OPTIONS, not 'boot:ro'"),
            ("MountImages", "/a", "takes IMAGE:DESTINATION:PARTITION:OPTIONS, perhaps after '-', not '/a'"),
            ("ExtensionImages", "/a:boot:ro", "takes IMAGE:PARTITION:OPTIONS, perhaps after '-', not '/a:boot:ro'"),
            (
                "StandardInputText", "a\\q",
                "has a '\\' with nothing that it could mean behind it (write '\\\\' for one of it)"
            ),
            ("StandardInputData", "%", "takes data in base64, not '%'"),
            ("LogFilterPatterns", "~", "takes regular expressions, perhaps after '~', not '~'"),
            ("OpenFile", "/a:b:write", "takes PATH:NAME:OPTIONS, not '/a:b:write'"),
            ("OpenFile", "/a:b:append,truncate", "takes PATH:NAME:OPTIONS, not '/a:b:append,truncate'"),
            ("NFTSet", "cgroup:inet:filter", "takes SOURCE:FAMILY:TABLE:SET, not 'cgroup:inet:filter'"),
            ("UtmpIdentifier", "a\nUser=root", "takes no control characters, and no '\\' at its end"),
            ("RootImagePolicy", "a\\", "takes no control characters, and no '\\' at its end"),
        ])
    func refused(name: String, value: String, message: String) {
        do throws(DirectiveFault) {
            let settings = try Directives.resolve(name, [value])
            Issue.record("\(name)=\(value) was taken: \(settings)")
        } catch {
            let whole = error.description
            #expect(whole == "'\(name)'" + (message.hasPrefix(":") ? "" : " ") + message)
        }
    }

    @Test("one value is one")
    func several() {
        #expect(throws: DirectiveFault.self) { try Directives.resolve("Nice", ["1", "2"]) }
    }

    @Test(
        "what is refused is refused with its reason, whatever its value",
        arguments: [
            ("Type", "how pawl sees a step's end hangs on it"), ("KillMode", "nothing of a step may outlive it"),
            ("FinalKillSignal", "nothing of a step may outlive it"),
            ("Conflicts", "a step must not stop other units"),
            ("StopWhenUnneeded", "no unit needs a step, and it would be stopped at once"),
            ("JobTimeoutSec", "a start that is given up leaves no result"),
            ("RuntimeDirectory", "pawl marks a step that was started by it; make the folder in the script"),
            ("PAMName", "its session would hold what the step starts, and that would outlive it"),
            ("RestartKillSignal", "the step's own 'retry_policy' says when it runs again"),
        ])
    func refusedByName(name: String, reason: String) {
        #expect(throws: DirectiveFault("'\(name)' cannot be set for a step: \(reason)")) {
            try Directives.resolve(name, ["x"])
        }
    }
}

@Suite("The presets of unit:")
struct PresetTests {
    private func unit(_ workflow: String, step: String) throws -> [String: [String]] {
        let text = "unit: {\(workflow)}\nsteps:\n  - {id: a, run: echo, unit: {\(step)}}\n"
        let read = WorkflowReader.read(text, file: "w", name: "w")
        #expect(read.diagnostics.map(\.description) == [])
        let unit = try #require(read.workflow?.steps.first).unit
        return Dictionary(uniqueKeysWithValues: unit.map { ($0.name, $0.values.compactMap { $0.constant?.text }) })
    }

    @Test("strict stands for directives of the table, each with a value that it takes")
    func strict() throws {
        let unit = try unit("preset: strict", step: "")
        #expect(unit.count > 25)
        for directive in Directives.Preset.strict.directives {
            #expect(unit[directive.name] == directive.values)
            #expect(try Directives.resolve(directive.name, directive.values).count >= 1)
            #expect(Directives.all.first { $0.name == directive.name }?.since ?? 999 <= Directives.oldest)
        }
    }

    @Test("what is said beside it wins, in the same place and in a step")
    func overridden() throws {
        let beside = try unit("preset: strict, PrivateNetwork: no, ProtectHome: \"\"", step: "")
        #expect(beside["PrivateNetwork"] == ["no"])
        #expect(beside["ProtectHome"] == nil)
        #expect(beside["ProtectSystem"] == ["strict"])
        let below = try unit("preset: strict", step: "SystemCallFilter: \"\", User: nobody")
        #expect(below["SystemCallFilter"] == nil)
        #expect(below["User"] == ["nobody"])
        #expect(below["DynamicUser"] == ["yes"])
        let above = try unit("ProtectSystem: full", step: "preset: strict")
        #expect(above["ProtectSystem"] == ["strict"])
    }

    @Test("none takes it back, and nothing else")
    func none() throws {
        #expect(try unit("preset: strict, Nice: 5", step: "preset: none") == ["Nice": ["5"]])
        #expect(try unit("preset: strict", step: "preset: none, ProtectSystem: full") == ["ProtectSystem": ["full"]])
    }

    @Test("an empty text takes back what the workflow says, and of capabilities it is none at all")
    func empty() throws {
        let unit = try unit(
            "MemoryMax: 1G, After: [a.service], AmbientCapabilities: CAP_CHOWN",
            step: "MemoryMax: \"\", After: [b.service, \"\", c.service], AmbientCapabilities: \"\"")
        #expect(unit == ["After": ["c.service"], "AmbientCapabilities": [""]])
    }
}

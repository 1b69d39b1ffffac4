import Testing

@testable import PawlLanguage

@Suite("systemd's syntax")
struct SystemdSyntaxTests {
    @Test(
        "time spans are read as man:systemd.time(7) says",
        arguments: [
            ("90", 90_000_000), ("90s", 90_000_000), ("5min 20s", 320_000_000), ("5min20s", 320_000_000),
            ("1h30m", 5_400_000_000),
            ("2d", 172_800_000_000), ("100ms", 100_000), ("1.5h", 5_400_000_000), ("0.25", 250_000), (".5s", 500_000),
            ("1w", 604_800_000_000),
            ("1M", 2_629_800_000_000), ("1y", 31_557_600_000_000), ("3 hours", 10_800_000_000), ("7us", 7), ("7µs", 7),
            ("0", 0), (" 1 s ", 1_000_000), ("1.0000001s", 1_000_000),
        ] as [(String, Int64)])
    func timeSpan(text: String, microseconds: Int64) {
        #expect(TimeSpan.parse(text) == .microseconds(microseconds))
    }

    @Test(
        "what is no time span is refused",
        arguments: [
            "", " ", "s", "soon", "-1s", "1x", "1 2 q", "infinity", "1.s", "1..5s", "999999999999999999999s",
            "9999999999999y", "1s-", "1e3",
        ])
    func noTimeSpan(text: String) { #expect(TimeSpan.parse(text) == nil) }

    @Test(
        "time spans are written as systemd writes them",
        arguments: [
            (.zero, "0"), (.seconds(5400), "1h 30min"), (.seconds(172_800), "2d"), (.milliseconds(100), "100ms"),
            (.microseconds(1_000_001), "1s 1us"), (.seconds(320), "5min 20s"), (.seconds(-1), "0"),
            (.nanoseconds(5), "0"),
        ] as [(Duration, String)])
    func written(span: Duration, expected: String) {
        #expect(TimeSpan.text(of: span) == expected)
        if span >= .microseconds(1) { #expect(TimeSpan.parse(expected) == span) }
    }

    @Test(
        "directives become the properties that StartTransientUnit takes",
        arguments: [
            ("User", ["etcd"], UnitSetting(name: "User", value: .string("etcd"))),
            ("Group", ["1000"], UnitSetting(name: "Group", value: .string("1000"))),
            ("DynamicUser", ["on"], UnitSetting(name: "DynamicUser", value: .boolean(true))),
            ("PrivateTmp", ["False"], UnitSetting(name: "PrivateTmp", value: .boolean(false))),
            ("NoNewPrivileges", ["1"], UnitSetting(name: "NoNewPrivileges", value: .boolean(true))),
            ("Nice", ["-20"], UnitSetting(name: "Nice", value: .signed32(-20))),
            ("UMask", ["0077"], UnitSetting(name: "UMask", value: .unsigned32(0o77))),
            ("MemoryMax", ["256M"], UnitSetting(name: "MemoryMax", value: .unsigned64(256 << 20))),
            ("MemoryMax", ["1.5G"], UnitSetting(name: "MemoryMax", value: .unsigned64(3 << 29))),
            ("MemoryMax", ["1G512M"], UnitSetting(name: "MemoryMax", value: .unsigned64(3 << 29))),
            ("MemoryMax", ["1 G 1"], UnitSetting(name: "MemoryMax", value: .unsigned64((1 << 30) + 1))),
            ("MemoryMax", ["infinity"], UnitSetting(name: "MemoryMax", value: .unsigned64(.max))),
            ("MemoryHigh", ["50%"], UnitSetting(name: "MemoryHighScale", value: .unsigned32(2_147_483_648))),
            ("MemoryHigh", ["100%"], UnitSetting(name: "MemoryHighScale", value: .unsigned32(.max))),
            ("TasksMax", ["10"], UnitSetting(name: "TasksMax", value: .unsigned64(10))),
            ("TasksMax", ["12.5%"], UnitSetting(name: "TasksMaxScale", value: .unsigned32(536_870_912))),
            ("CPUQuota", ["50%"], UnitSetting(name: "CPUQuotaPerSecUSec", value: .unsigned64(500_000))),
            ("CPUQuota", ["250.5%"], UnitSetting(name: "CPUQuotaPerSecUSec", value: .unsigned64(2_505_000))),
            ("CPUWeight", ["10000"], UnitSetting(name: "CPUWeight", value: .unsigned64(10000))),
            ("CPUWeight", ["idle"], UnitSetting(name: "CPUWeight", value: .unsigned64(0))),
            ("IOWeight", ["1"], UnitSetting(name: "IOWeight", value: .unsigned64(1))),
            ("ProtectSystem", ["strict"], UnitSetting(name: "ProtectSystem", value: .string("strict"))),
            ("ProtectHome", ["true"], UnitSetting(name: "ProtectHome", value: .string("yes"))),
            ("ProtectHome", ["tmpfs"], UnitSetting(name: "ProtectHome", value: .string("tmpfs"))),
            (
                "ReadWritePaths", ["/a", "-+/b c"],
                UnitSetting(name: "ReadWritePaths", value: .strings(["/a", "-+/b c"]))
            ),
        ] as [(String, [String], UnitSetting)])
    func resolved(name: String, values: [String], expected: UnitSetting) throws {
        #expect(try Directives.resolve(name, values) == [expected])
        let entry = try #require(Directives.all.first { $0.name == name })
        #expect(entry.properties.contains(expected.name))
    }

    @Test(
        "values that systemd would refuse are refused",
        arguments: [
            ("User", ""), ("User", "-x"), ("User", "a:b"), ("User", "65535"), ("User", "4294967295"), ("User", "a\nb"),
            ("Nice", "1.5"),
            ("UMask", "0o77"), ("UMask", "+7"), ("UMask", "77777"), ("MemoryMax", "-1"), ("MemoryMax", "0%"),
            ("MemoryMax", "101%"),
            ("MemoryMax", "99999999T"), ("MemoryMax", "1.5" + "5555555G"), ("MemoryMax", "1m"), ("MemoryMax", "1M2G"),
            ("MemoryMax", "M"), ("MemoryMax", ""), ("MemoryMax", "1 2"),
            ("MemoryMax", "1.2.3"), ("MemoryMax", "²"), ("MemoryMax", "1GG"), ("TasksMax", "0"),
            ("TasksMax", "1K"),
            ("CPUQuota", "0%"), ("CPUQuota", "infinity"), ("Nice", ""), ("CPUQuota", "1.555%"), ("CPUWeight", "10001"),
            ("PrivateTmp", ""),
            ("ProtectSystem", "read-only"), ("ReadWritePaths", "a"), ("ReadWritePaths", "+-/a"),
            ("ReadWritePaths", "/a/../b"),
            ("ReadWritePaths", "/a\nUser=root"),
        ])
    func refused(name: String, value: String) {
        #expect(throws: DirectiveFault.self) { try Directives.resolve(name, [value]) }
    }

    @Test("directives that would break the scheme are refused with their reason")
    func refusedByName() {
        let names = [
            "Type", "Restart", "RestartSec", "RemainAfterExit", "ExitType", "KillMode", "ExecStopPost", "ExecStart",
            "Slice",
            "CollectMode", "RefuseManualStart", "OnFailure", "OnSuccess", "FailureAction", "SuccessAction",
            "StartLimitBurst",
            "LogNamespace", "LogExtraFields", "NotifyAccess", "SendSIGKILL", "DefaultDependencies", "Environment",
            "WorkingDirectory", "RootDirectoryStartOnly",
        ]
        for name in names {
            #expect(Directives.refusal(name) != nil, "\(name)")
            #expect(throws: DirectiveFault.self, "\(name)") { try Directives.resolve(name, ["x"]) }
        }
        for name in Directives.all.map(\.name) + UnitConditions.names {
            #expect(Directives.refusal(name) == nil, "\(name)")
        }
    }

    @Test(
        "conditions and assertions keep systemd's operators",
        arguments: [
            ("ConditionPathExists", "/x", ConditionSetting(type: "ConditionPathExists", parameter: "/x")),
            (
                "ConditionPathExists", "| ! /a b",
                ConditionSetting(type: "ConditionPathExists", parameter: "/a b", isNegated: true, isTrigger: true)
            ),
            (
                "AssertFileNotEmpty", "!/x",
                ConditionSetting(type: "AssertFileNotEmpty", parameter: "/x", isNegated: true)
            ),
            ("ConditionACPower", "false", ConditionSetting(type: "ConditionACPower", parameter: "false")),
            ("ConditionCPUs", ">= 2", ConditionSetting(type: "ConditionCPUs", parameter: ">= 2")),
            (
                "AssertVirtualization", "!container",
                ConditionSetting(type: "AssertVirtualization", parameter: "container", isNegated: true)
            ),
        ] as [(String, String, ConditionSetting)])
    func condition(name: String, value: String, expected: ConditionSetting) throws {
        let property = name.hasPrefix("Assert") ? "Asserts" : "Conditions"
        #expect(try Directives.resolve(name, [value]) == [UnitSetting(name: property, value: .condition(expected))])
        #expect(try Directives.resolve(name, [value, value]).count == 2)
        #expect(try Directives.resolve(name, []) == [])
        // Written as in a unit file it is read as the same.
        let text = String(expected.text.dropFirst(name.count + 1))
        #expect(try Directives.resolve(name, [text]) == Directives.resolve(name, [value]))
    }

    @Test("conditions that systemd would refuse, or could not read again, are refused")
    func noCondition() {
        let cases = [
            ("ConditionPathExists", "x"), ("ConditionPathExists", ""), ("ConditionPathExists", "!"),
            ("ConditionPathExists", "!|/x"), ("ConditionPathExists", "-/x"), ("ConditionPathExists", "/a/../b"),
            ("ConditionPathExists", "/a\n/b"), ("ConditionPathExists", "/a\\"), ("AssertFirstBoot", "maybe"),
            ("ConditionHost", ""), ("ConditionHost", "|"), ("ConditionHost", "a\tb"), ("ConditionNull", "x"),
            ("ConditionResult", "yes"), ("RootDirectory", "x"), ("RootDirectory", "-/x"), ("RootImage", "/a\\"),
            ("RootDirectory", "/"),
        ]
        for (name, value) in cases {
            #expect(throws: DirectiveFault.self, "\(name)=\(value)") { try Directives.resolve(name, [value]) }
        }
    }

    @Test("lists are split as in a unit file")
    func split() {
        #expect(Directives.split("/a  '/b c'\t\"/d\"e ''") == ["/a", "/b c", "/de", ""])
        #expect(Directives.split("") == [])
        #expect(Directives.split("'a") == nil)
    }
}

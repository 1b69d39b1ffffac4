import FoundationEssentials
import PawlModel
import Testing

@testable import PawlLanguage

/// What systemd 252 said of itself, see `Tests/Fixtures/systemd/ask`.
private func asked(_ file: String) throws -> [String] {
    let top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let path = top.appending(path: "Fixtures/systemd/\(file)").path
    return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
}

extension SettingValue {
    /// As `ask` writes it.
    fileprivate var json: String {
        switch self {
        case .boolean(let value): value ? "true" : "false"
        case .string(let value): Value.string(value).json
        case .unsigned16(let value): "\(value)"
        case .unsigned32(let value): "\(value)"
        case .signed32(let value): "\(value)"
        case .unsigned64(let value): "\(value)"
        case .bytes(let bytes): "[\(bytes.map(String.init).joined(separator: ","))]"
        case .array(_, let values), .structure(let values): "[\(values.map(\.json).joined(separator: ","))]"
        case .condition(let value):
            "[[\(Value.string(value.type).json),\(value.isTrigger),\(value.isNegated),\(Value.string(value.parameter).json)]]"
        }
    }

    fileprivate var signature: String {
        switch self {
        case .boolean: "b"
        case .string: "s"
        case .unsigned16: "q"
        case .unsigned32: "u"
        case .signed32: "i"
        case .unsigned64: "t"
        case .bytes: "ay"
        case .array(let element, let values): "a" + (values.first?.signature ?? element)
        case .structure(let values): "(\(values.map(\.signature).joined()))"
        case .condition: "a(sbbs)"
        }
    }
}

@Suite("The vocabulary of unit:, held against systemd's own")
struct DirectiveTests {
    private static let taken = Directives.all.map(\.name) + UnitConditions.names

    @Test("what is accepted and what is refused are all that systemd-run -p takes")
    func vocabulary() throws {
        let names = Set(try asked("names-252"))
        #expect(names.count > 350)
        let (taken, refused) = (Set(Self.taken), Set(Directives.refusedNames))
        #expect(taken.isDisjoint(with: refused), "\(taken.intersection(refused))")
        #expect(
            names.subtracting(taken).subtracting(refused).isEmpty, "\(names.subtracting(taken).subtracting(refused))")
        // And nothing is made up: what 252 does not take says in which version it came.
        let old = Directives.all.filter { $0.since <= Directives.oldest }.map(\.name) + UnitConditions.names
        #expect(Set(old).isSubset(of: names), "\(Set(old).subtracting(names))")
        let new = Directives.all.filter { $0.since > Directives.oldest }
        #expect(!new.isEmpty && new.allSatisfy { !names.contains($0.name) })
        #expect(Set(Self.taken).count == Self.taken.count)
    }

    private static func read(_ line: String) -> (name: String, values: [String]) {
        let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let kind = Directives.all.first { $0.name == parts[0] }?.kind
        return (parts[0], kind?.isSplit == true ? Directives.split(parts[1]) ?? [] : [parts[1]])
    }

    @Test("each of them becomes what systemd-run -p sends")
    func assignments() throws {
        var seen: Set<String> = []
        for line in try asked("assignments-252") {
            let parts = line.split(separator: "\t").map(String.init)
            let (name, values) = Self.read(parts[0])
            seen.insert(name)
            let settings = try Directives.resolve(name, values)
            let json = settings.map { "[\(Value.string($0.name).json),[\"\($0.value.signature)\",\($0.value.json)]]" }
            // A property of systemd-run's own, which PID 1 does not know.
            let wanted = parts[1].replacing("\"StandardInputText\"", with: "\"StandardInputData\"")
            #expect("[\(json.joined(separator: ","))]" == wanted, "\(parts[0])")
            #expect(
                settings.allSatisfy { setting in
                    Directives.all.first { $0.name == name }?.properties.contains(setting.name) ?? true
                }, "\(name)")
            // The service of a step is started by systemd-run itself.
            var again: [(name: String, values: [String])] = []
            for assignment in try Directives.assignments(name, values) {
                let (name, values) = Self.read(assignment)
                if again.last?.name == name {
                    again[again.count - 1].values += values
                } else {
                    again.append((name, values))
                }
            }
            #expect(try again.flatMap { try Directives.resolve($0.name, $0.values) } == settings, "\(parts[0])")
        }
        let old = Directives.all.filter { $0.since <= Directives.oldest }.map(\.name) + UnitConditions.names
        #expect(Set(old).subtracting(seen).isEmpty, "\(Set(old).subtracting(seen).sorted())")
    }

    @Test(
        "directives of newer versions become what systemd 257 takes",
        arguments: [
            ("LogFilterPatterns", "~foo.*", "LogFilterPatterns", "a(bs)", "[[false,\"foo.*\"]]"),
            ("OpenFile", "/etc/x:name:read-only,graceful", "OpenFile", "a(sst)", "[[\"/etc/x\",\"name\",9]]"),
            ("OpenFile", "/etc/x", "OpenFile", "a(sst)", "[[\"/etc/x\",\"x\",0]]"),
            (
                "NFTSet", "cgroup:inet:filter:s user:ip6:t:s", "NFTSet", "a(iiss)",
                "[[3,1,\"filter\",\"s\"],[4,10,\"t\",\"s\"]]"
            ),
            ("MemoryPressureWatch", "auto", "MemoryPressureWatch", "s", "\"auto\""),
            ("MemoryPressureThresholdSec", "5ms", "MemoryPressureThresholdUSec", "t", "5000"),
            ("MemoryZSwapMax", "50%", "MemoryZSwapMaxScale", "u", "2147483648"),
            ("ManagedOOMMemoryPressureDurationSec", "5s", "ManagedOOMMemoryPressureDurationUSec", "t", "5000000"),
            ("PrivatePIDs", "yes", "PrivatePIDs", "s", "\"yes\""),
            ("PrivateTmp", "disconnected", "PrivateTmpEx", "s", "\"disconnected\""),
            ("PrivateUsers", "self", "PrivateUsersEx", "s", "\"self\""),
            ("ProtectControlGroups", "private", "ProtectControlGroupsEx", "s", "\"private\""),
            ("RootImagePolicy", "root=verity", "RootImagePolicy", "s", "\"root=verity\""),
            ("WantsMountsFor", "/a", "WantsMountsFor", "as", "[\"/a\"]"),
            ("RootEphemeral", "yes", "RootEphemeral", "b", "true"),
        ])
    func newer(name: String, value: String, property: String, signature: String, json: String) throws {
        let setting = try #require(try Directives.resolve(name, [value]).first)
        #expect(setting.name == property && setting.value.signature == signature && setting.value.json == json)
        let found = try #require(Directives.newer(setting.name))
        #expect(found.directive == name && found.since > 252)
    }

    @Test("of a property that every systemd has nothing is told")
    func older() {
        #expect(Directives.newer("MemoryMax") == nil)
        #expect(Directives.newer("PrivateTmp") == nil)
    }

    @Test(
        "lines behind one another are put together as in a unit file",
        arguments: [
            ("CapabilityBoundingSet", ["CAP_CHOWN", "CAP_KILL"], "33"),
            ("CapabilityBoundingSet", ["~CAP_CHOWN", "~CAP_KILL"], "18446744073709551582"),
            ("CapabilityBoundingSet", ["CAP_CHOWN CAP_KILL", "~CAP_KILL"], "1"),
            ("CapabilityBoundingSet", ["CAP_CHOWN", "", "CAP_KILL"], "32"),
            ("RestrictNamespaces", ["net", "user"], "1342177280"),
            ("RestrictNamespaces", ["yes", "user"], "268435456"),
            ("CPUAffinity", ["0", "1 2"], "[7,0,0,0,0,0,0,0]"),
            ("SecureBits", ["noroot", "keep-caps"], "17"),
            ("CoredumpFilter", ["private-anonymous", "elf-headers"], "17"),
        ])
    func together(name: String, values: [String], json: String) throws {
        #expect(try Directives.resolve(name, values).map(\.value.json) == [json])
    }

    @Test("what 'none' is for address families, and what nothing is")
    func nothing() throws {
        let none = try Directives.resolve("RestrictAddressFamilies", ["none"])
        #expect(none.map(\.value) == [.structure([.boolean(true), .strings([])])])
        #expect(try Directives.assignments("RestrictAddressFamilies", ["none"]) == ["RestrictAddressFamilies="])
        #expect(try Directives.resolve("MemoryMax", []) == [])
        #expect(try Directives.assignments("MemoryMax", []) == [])
    }

    @Test("what systemd-run needs in quotes, one by one or in base64 it is given so")
    func assignmentText() throws {
        #expect(
            try Directives.assignments("ReadOnlyPaths", ["/a b", "/c"]) == [
                "ReadOnlyPaths=\"/a b\"", "ReadOnlyPaths=/c",
            ])
        #expect(
            try Directives.assignments("BindPaths", ["/a b:/c\\:d:norbind"]) == ["BindPaths=\"/a b\":/c\\:d:norbind"])
        #expect(
            try Directives.assignments("IPAddressAllow", ["localhost 10.0.0.1"])
                == ["IPAddressAllow=localhost", "IPAddressAllow=10.0.0.1"])
        #expect(try Directives.assignments("StandardInputText", ["a"]) == ["StandardInputData=YQo="])
        #expect(try Directives.assignments("PrivateTmp", ["disconnected"]) == ["PrivateTmpEx=disconnected"])
        #expect(try Directives.assignments("MountImages", ["/a b:/c"]) == ["MountImages=\"/a b:/c\""])
    }
}

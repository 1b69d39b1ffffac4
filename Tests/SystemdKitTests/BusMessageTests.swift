import CSystemd
import Glibc
import Testing

@testable import SystemdKit

/// Encodes values into a message of a bus that nobody answers on, and decodes them again.
private func roundTrip(_ values: [BusValue]) throws -> (signature: String, values: [BusValue]) {
    var ends: [CInt] = [-1, -1]
    try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
    defer { close(ends[1]) }
    var bus: OpaquePointer?
    try #require(sd_bus_new(&bus) >= 0)
    // The bus closes its end itself.
    try #require(sd_bus_set_fd(bus, ends[0], ends[0]) >= 0 && sd_bus_start(bus) >= 0)
    defer { sd_bus_close_unref(bus) }
    let message = try BusMessage(
        methodCall: "Member", on: "a.b", of: "/", at: "a.b", bus: try #require(bus))
    for value in values { try message.append(value) }
    try #require(sd_bus_message_seal(message.pointer, 1, 0) >= 0)
    try #require(sd_bus_message_rewind(message.pointer, 1) >= 0)
    let signature = String(cString: sd_bus_message_get_signature(message.pointer, 1))
    return (signature, try message.values())
}

@Suite("BusMessage")
struct BusMessageTests {
    @Test("every type comes back as it was sent")
    func everyType() throws {
        let values: [BusValue] = [
            .string("größer"), .objectPath("/a/b"), .signature("a{sv}"), .boolean(true), .boolean(false), .byte(255),
            .int16(.min), .uint16(.max), .int32(.min), .uint32(.max), .int64(.min), .uint64(.max), .double(0.25),
            .bytes([0, 1, 255]), .bytes([]), .strings([]), .strings(["a", ""]),
            .structure([.string("x"), .structure([.int32(1), .strings(["y"])])]),
            .array(of: "(sv)", [.structure([.string("k"), .variant(.array(of: "ay", [.bytes([7])]))])]),
            .array(of: "{sv}", [.entry(.string("k"), .variant(.uint64(3)))]), .array(of: "{sv}", []),
            .variant(.variant(.boolean(true))),
        ]
        let result = try roundTrip(values)
        #expect(result.values == values)
        #expect(result.signature == values.map(\.signature).joined())
    }

    @Test("a text with a NUL byte is refused, not cut")
    func nulByte() {
        #expect(throws: BusError.self) { try roundTrip([.string("a\0b")]) }
    }

    @Test("a value that does not fit its array is refused")
    func wrongElement() {
        #expect(throws: BusError.self) { try roundTrip([.array(of: "s", [.int32(1)])]) }
    }

    @Test("dictionaries and lists are read as such")
    func views() {
        let dictionary = BusValue.array(
            of: "{sv}", [.entry(.string("a"), .variant(.uint32(1))), .entry(.string("b"), .variant(.string("x")))])
        #expect(dictionary.asDictionary == ["a": .uint32(1), "b": .string("x")])
        #expect(BusValue.strings(["a", "b"]).asStrings == ["a", "b"])
        #expect(BusValue.array(of: "u", [.uint32(1)]).asStrings == nil)
        #expect(BusValue.uint64(.max).asInteger == nil)
    }
}

@Suite("UnitProperty")
struct UnitPropertyTests {
    static let properties: [(UnitProperty, String)] = [
        (.string("Description", "x"), "s"),
        (.boolean("PrivateTmp", true), "b"),
        (.int32("Nice", -5), "i"),
        (.uint32("UMask", 0o22), "u"),
        (.uint64("MemoryMax", 1), "t"),
        (.duration("RuntimeMaxUSec", .seconds(1)), "t"),
        (.cpuQuota(0.5), "t"),
        (.strings("ReadWritePaths", ["/var"]), "as"),
        (.pairs("TemporaryFileSystem", [("/tmp", "ro")]), "a(ss)"),
        (.pairs("TemporaryFileSystem", []), "a(ss)"),
        (.filter("SystemCallFilter", allows: false, ["@mount"]), "(bas)"),
        (.environment([("A", "b=c")]), "as"),
        (.logExtraFields([("FIELD", "v")]), "aay"),
        (.loadCredential([("n", "/p")]), "a(ss)"),
        (.setCredential([("n", [1])]), "a(say)"),
        (.execStart([UnitCommand(path: "/bin/true", arguments: ["true"])]), "a(sasb)"),
        (.commands("ExecStopPost", []), "a(sasb)"),
        (.bindPaths([UnitBindPath(source: "/a", destination: "/b")]), "a(ssbt)"),
        (.bindReadOnlyPaths([UnitBindPath(source: "/a", destination: "/b", isRecursive: false)]), "a(ssbt)"),
        (.conditions([UnitCondition("ConditionPathExists", "/x", isNegated: true)]), "a(sbbs)"),
    ]

    @Test("has the type that systemd wants, also over the wire", arguments: properties.indices)
    func types(index: Int) throws {
        let (property, signature) = UnitPropertyTests.properties[index]
        #expect(property.value.signature == signature)
        let result = try roundTrip([property.asStructure])
        #expect(result.signature == "(sv)")
        #expect(result.values == [property.asStructure])
    }

    @Test("durations are microseconds, rounded up, and infinity is all bits")
    func durations() {
        #expect(UnitProperty.duration("T", .milliseconds(1_500)).value == .uint64(1_500_000))
        #expect(UnitProperty.duration("T", .nanoseconds(1)).value == .uint64(1))
        #expect(UnitProperty.duration("T", .seconds(-1)).value == .uint64(0))
        #expect(UnitProperty.duration("T", .seconds(Int64.max)).value == .uint64(.max))
        #expect(UnitProperty.duration("T", nil).value == .uint64(.max))
        #expect(UnitProperty.cpuQuota(1.5).value == .uint64(1_500_000))
        #expect(UnitProperty.cpuQuota(nil).value == .uint64(.max))
        #expect(UnitProperty.cpuQuota(.nan).value == .uint64(.max))
    }

    @Test("flags and order are those of the interface")
    func layout() {
        #expect(
            UnitProperty.conditions([UnitCondition("ConditionPathExists", "/x", isNegated: true)]).value
                == .array(
                    of: "(sbbs)",
                    [.structure([.string("ConditionPathExists"), .boolean(false), .boolean(true), .string("/x")])]))
        #expect(
            UnitProperty.bindPaths([UnitBindPath(source: "/a", destination: "/b", ignoresMissing: true)]).value
                == .array(
                    of: "(ssbt)", [.structure([.string("/a"), .string("/b"), .boolean(true), .uint64(0x4000)])]))
    }
}

@Suite("ManagerSignal")
struct ManagerSignalTests {
    @Test("is read from the bus's signals")
    func decoding() {
        func signal(_ member: String, _ arguments: [BusValue], path: String = "/") -> ManagerSignal? {
            ManagerSignal(Bus.Signal(path: path, interface: "i", member: member, arguments: arguments))
        }
        #expect(signal("UnitNew", [.string("a.service"), .objectPath("/x")]) == .unitNew(unit: "a.service"))
        #expect(signal("UnitRemoved", [.string("a.service"), .objectPath("/x")]) == .unitRemoved(unit: "a.service"))
        #expect(
            signal("JobRemoved", [.uint32(7), .objectPath("/j/7"), .string("a.service"), .string("done")])
                == .jobRemoved(id: 7, path: "/j/7", unit: "a.service", result: "done"))
        #expect(signal("Reloading", [.boolean(true)]) == .reloading(active: true))
        #expect(signal("StartupFinished", [BusValue](repeating: .uint64(1), count: 6)) == .startupFinished)
        let changed = BusValue.array(of: "{sv}", [.entry(.string("ActiveState"), .variant(.string("failed")))])
        #expect(
            signal(
                "PropertiesChanged", [.string("if"), changed, .strings(["Conditions"])],
                path: UnitPath.path(ofUnit: "a-b.service"))
                == .propertiesChanged(
                    unit: "a-b.service", interface: "if", properties: ["ActiveState": .string("failed")]))
        #expect(signal("JobRemoved", [.uint32(7)]) == nil)
        #expect(signal("UnitFilesChanged", []) == nil)
    }

    @Test("a service whose job runs between two answers does not read as one that has ended")
    func statusOrder() {
        let names = ServiceStatus.properties.map(\.name)
        // PID 1 has made the unit and starts it after so many answers: before that the unit is inactive and has no
        // invocation, after that it has one and is active.
        for answers in 0...names.count {
            let isStarted = { (name: String) in names.firstIndex(of: name).map { $0 >= answers } ?? false }
            #expect(isStarted("ActiveState") || !isStarted("InvocationID"), "started after \(answers) answers")
        }
        // Once it says 'ended', what is read later is final; and a stand-in for a released unit shows at the end.
        #expect(names.prefix(2) == ["InvocationID", "ActiveState"])
        #expect(names.last == "LoadState")
    }

    @Test("a service's status is refused if a property is missing or of another type")
    func status() throws {
        var values: [String: BusValue] = [
            "LoadState": .string("loaded"), "ActiveState": .string("failed"), "SubState": .string("failed"),
            "Result": .string("exit-code"), "ExecMainCode": .int32(1), "ExecMainStatus": .int32(3),
            "ExecMainPID": .uint32(42), "MainPID": .uint32(0), "ConditionResult": .boolean(true),
            "InvocationID": .bytes([0x0a, 0xff]), "ControlGroup": .string(""), "ExecMainStartTimestamp": .uint64(1),
            "ExecMainExitTimestamp": .uint64(2), "Slice": .string("system.slice"),
        ]
        let status = try ServiceStatus(values)
        #expect(status.invocationID == "0aff")
        #expect(status.execMainStatus == 3)
        values["Result"] = .int32(1)
        #expect(throws: BusError.self) { try ServiceStatus(values) }
    }
}

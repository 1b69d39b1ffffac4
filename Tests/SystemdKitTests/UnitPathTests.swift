import SystemdKit
import Testing

@Suite("Unit names in object paths")
struct UnitPathTests {
    @Test(
        "are escaped as systemd does",
        arguments: [
            ("dbus.service", "dbus_2eservice"),
            ("a-b@c.service", "a_2db_40c_2eservice"),
            ("1password.service", "_31password_2eservice"),
            ("x1.slice", "x1_2eslice"),
            ("a_b.timer", "a_5fb_2etimer"),
            ("dev-disk-by\\x2duuid.mount", "dev_2ddisk_2dby_5cx2duuid_2emount"),
            ("ü.service", "_c3_bc_2eservice"),
            ("", "_"),
        ])
    func escaping(unit: String, escaped: String) {
        #expect(UnitPath.path(ofUnit: unit) == "/org/freedesktop/systemd1/unit/\(escaped)")
        #expect(UnitPath.unit(ofPath: "/org/freedesktop/systemd1/unit/\(escaped)") == unit)
    }

    @Test(
        "that are none are refused",
        arguments: [
            "/org/freedesktop/systemd1/unit", "/org/freedesktop/systemd1/unit/", "/org/freedesktop/systemd1/job/12",
            "/org/freedesktop/systemd1/unit/a/b", "/org/freedesktop/systemd1/unit/a_2",
            "/org/freedesktop/systemd1/unit/a_zz", "/org/freedesktop/systemd1/unit/a_ff",
            "/org/freedesktop/systemd1/units", "",
        ])
    func noUnit(path: String) {
        #expect(UnitPath.unit(ofPath: path) == nil)
    }
}

@Suite("BusError")
struct BusErrorTests {
    @Test("keeps the D-Bus name and knows its errno")
    func name() {
        let error = BusError(name: "org.freedesktop.DBus.Error.AccessDenied", message: "No")
        #expect(error.name == "org.freedesktop.DBus.Error.AccessDenied")
        #expect(error.errno == 13)
        #expect(error.description == "No (org.freedesktop.DBus.Error.AccessDenied)")
        #expect(!error.isUnknownOutcome)
    }

    @Test("of a local failure is named after its errno", arguments: [2, -2] as [Int32])
    func errno(_ errno: Int32) {
        let error = BusError(errno: errno, message: "Connecting")
        #expect(error.errno == 2)
        #expect(error.message == "Connecting: No such file or directory")
    }

    @Test("tells an unknown outcome from a call that was not made")
    func outcomes() {
        for name in ["NoReply", "Timeout", "TimedOut", "Disconnected"] {
            let error = BusError(name: "org.freedesktop.DBus.Error.\(name)", message: "")
            #expect(error.isUnknownOutcome && !error.isUnavailable)
        }
        for name in ["NameHasNoOwner", "ServiceUnknown"] {
            let error = BusError(name: "org.freedesktop.DBus.Error.\(name)", message: "")
            #expect(error.isUnavailable && !error.isUnknownOutcome)
        }
        #expect(BusError(name: "org.freedesktop.systemd1.UnitExists", message: "").isUnitExists)
        #expect(BusError(name: "org.freedesktop.systemd1.NoSuchUnit", message: "").isNoSuchUnit)
    }
}

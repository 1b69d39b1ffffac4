import EventLoopKit
import Glibc
import SystemdKit
import Testing

extension SystemTests {
    @Suite("UnitManager", .enabled(if: SystemTests.hasSystemd))
    struct UnitManagerTests {
        @Test("a unit has the properties it was made with")
        func properties() async throws {
            try await SystemFixture.with { fixture in
                let credential = "/tmp/systemdkit-credential"
                close(open(credential, O_CREAT | O_WRONLY, 0o600))
                let unit = try await fixture.start(
                    "exec sleep 1000",
                    [
                        .environment([("A", "1"), ("B", "x y")]), .duration("RuntimeMaxUSec", .seconds(500)),
                        .uint64("TasksMax", 50), .int32("Nice", 3), .uint32("UMask", 0o27),
                        .boolean("NoNewPrivileges", true), .strings("ReadWritePaths", ["/var/tmp"]),
                        .bindReadOnlyPaths([UnitBindPath(source: "/etc", destination: "/tmp/etc")]),
                        .bindPaths([UnitBindPath(source: "/nowhere", destination: "/y", ignoresMissing: true)]),
                        .logExtraFields([("TEST_FIELD", "v")]), .loadCredential([("c", credential)]),
                        .setCredential([("d", [65])]), .filter("SystemCallFilter", allows: false, ["@reboot"]),
                        .conditions([UnitCondition("ConditionPathExists", "/nonexistent", isNegated: true)]),
                        .cpuQuota(0.5), .string("CollectMode", "inactive"),
                        .pairs("TemporaryFileSystem", [("/mnt", "")]),
                        .string("StandardOutputFile", "/tmp/systemdkit-output"),
                        .uint32("LogRateLimitBurst", .max),
                    ])
                let status = try await fixture.status(of: unit, once: "active")
                #expect(status.loadState == "loaded" && status.mainPID > 0 && status.execMainPID == status.mainPID)
                #expect(status.invocationID.utf8.count == 32 && status.conditionResult)
                #expect(status.controlGroup.hasSuffix(unit) && status.slice == "system.slice")
                let service = "org.freedesktop.systemd1.Service"
                #expect(try await fixture.manager.property(unit, service, "Environment").asStrings == ["A=1", "B=x y"])
                #expect(try await fixture.manager.property(unit, service, "RuntimeMaxUSec") == .uint64(500_000_000))
                #expect(try await fixture.manager.property(unit, service, "TasksMax") == .uint64(50))
                #expect(try await fixture.manager.property(unit, service, "CPUQuotaPerSecUSec") == .uint64(500_000))
                try await fixture.manager.setUnitProperties(unit, [.uint64("TasksMax", 60)])
                #expect(try await fixture.manager.property(unit, service, "TasksMax") == .uint64(60))
                let listed = try await fixture.manager.listUnits(patterns: ["\(SystemFixture.prefix)*"])
                #expect(listed.first { $0.name == unit }?.activeState == "active")
                #expect(listed.first { $0.name == unit }?.description == "A unit of a test")
                #expect(try await fixture.manager.listUnits(patterns: [unit], states: ["failed"]).isEmpty)
                try await fixture.manager.stopUnit(unit)
            }
        }

        @Test(
            "the result of a unit that failed is there until it is released",
            arguments: [
                ("exit 3", "exit-code", 1, 3), ("kill -KILL $$$$", "signal", 2, 9),
                ("exec sleep 1000", "timeout", 2, 15),
            ] as [(String, String, Int32, Int32)])
        func failure(script: String, result: String, code: Int32, exitStatus: Int32) async throws {
            try await SystemFixture.with { fixture in
                let unit = try await fixture.start(script, [.duration("RuntimeMaxUSec", .milliseconds(500))])
                let status = try await fixture.status(of: unit, once: "failed")
                #expect(status.result == result)
                #expect(status.execMainCode == code && status.execMainStatus == exitStatus)
                #expect(status.execMainExitTimestamp >= status.execMainStartTimestamp)
                try await fixture.manager.resetFailedUnit(unit)
                #expect(try await fixture.manager.serviceStatus(unit) == nil)
                let error = await #expect(throws: BusError.self) { try await fixture.manager.resetFailedUnit(unit) }
                #expect(error?.isNoSuchUnit == true)
            }
        }

        @Test("a name that is taken is refused as UnitExists")
        func unitExists() async throws {
            try await SystemFixture.with { fixture in
                let unit = try await fixture.start("exec sleep 1000")
                let properties = [UnitProperty.execStart([UnitCommand(path: "/bin/true", arguments: ["true"])])]
                let error = await #expect(throws: BusError.self) {
                    try await fixture.manager.startTransientService(unit, properties: properties)
                }
                #expect(error?.name == "org.freedesktop.systemd1.UnitExists")
                #expect(error?.isUnitExists == true && error?.isUnknownOutcome == false)
                // Before its job has run there is nothing to kill.
                _ = try await fixture.status(of: unit, once: "active")
                try await fixture.manager.killUnit(unit, signal: SIGKILL)
                #expect(try await fixture.status(of: unit, once: "failed").result == "signal")
                try await fixture.manager.resetFailedUnit(unit)
            }
        }

        @Test("signals come in order: new, job done, stopped, removed")
        func signals() async throws {
            try await SystemFixture.with { fixture in
                let signals = await fixture.manager.signals()
                try await fixture.manager.subscribe()
                let unit = try await fixture.start("exec sleep 1000")
                var events: [String] = []
                for await signal in signals {
                    switch signal {
                    case .appeared: events.append("appeared")
                    case .unitNew(unit): events.append("new")
                    case .jobRemoved(_, _, unit, let result):
                        events.append("job \(result)")
                        if events.count == 3 { try await fixture.manager.stopUnit(unit) }
                    case .propertiesChanged(unit, _, let properties):
                        if properties["ActiveState"] == .string("deactivating") { events.append("deactivating") }
                    case .unitRemoved(unit): events.append("removed")
                    case .unitNew(let other), .unitRemoved(let other), .propertiesChanged(let other, _, _):
                        #expect(other.hasPrefix(SystemFixture.prefix), "others are filtered")
                    default: break
                    }
                    if events.last == "removed" { break }
                }
                #expect(events.first == "appeared" && events.last == "removed")
                // UnitNew may come twice: PID 1 tells it for the stand-in that it makes while it looks the name up.
                let order = events.filter { $0 != "deactivating" }.reduce(into: [String]()) { order, event in
                    if order.last != event { order.append(event) }
                }
                #expect(order == ["appeared", "new", "job done", "removed"])
                #expect(events.contains("deactivating"))
            }
        }

        @Test("signals of other units are not told, and the stream ends with the bus")
        func filter() async throws {
            try await SystemFixture.with { fixture in
                let signals = await fixture.manager.signals()
                try await fixture.manager.subscribe()
                let other = "other-\(fixture.unit())"
                let command = UnitProperty.execStart([UnitCommand(path: "/bin/true", arguments: ["true"])])
                try await fixture.manager.startTransientService(other, properties: [command])
                var seen: [ManagerSignal] = []
                for await signal in signals {
                    seen.append(signal)
                    // The job's end is told for every unit; closing the bus ends this loop.
                    if case .jobRemoved(_, _, other, let result) = signal {
                        #expect(result == "done")
                        await fixture.bus.close()
                    }
                }
                #expect(seen.first == .appeared && seen.last == .disappeared)
                for signal in seen {
                    switch signal {
                    case .unitNew(let unit), .unitRemoved(let unit), .propertiesChanged(let unit, _, _):
                        #expect(unit.hasPrefix(SystemFixture.prefix))
                    default: break
                    }
                }
                await #expect(throws: BusError.self) { try await fixture.bus.connect() }
            }
        }

        @Test("a slice is made, its limit changed, and stopped")
        func slice() async throws {
            try await SystemFixture.with { fixture in
                let slice = "systemdkittest\(UInt32.random(in: 0 ... .max)).slice"
                try await fixture.manager.startTransientSlice(slice, properties: [.uint64("TasksMax", 100)])
                let unit = try await fixture.start("exec sleep 1000", [.string("Slice", slice)])
                #expect(try await fixture.status(of: unit, once: "active").slice == slice)
                let tasks = try await fixture.manager.property(slice, "org.freedesktop.systemd1.Slice", "TasksMax")
                #expect(tasks == .uint64(100))
                try await fixture.manager.stopUnit(slice)
            }
        }

        @Test("the manager tells its state, version and the start of user space")
        func manager() async throws {
            try await SystemFixture.with { fixture in
                let state = try await fixture.manager.systemState()
                let start = try await fixture.manager.userspaceTimestampMonotonic()
                let version = try await fixture.manager.version()
                #expect(["running", "degraded", "starting"].contains(state))
                #expect(start > 0)
                #expect(version.utf8.first.map { (0x30...0x39).contains($0) } == true)
            }
        }

        @Test(
            "after the bus or the manager was started anew, signals come again and calls succeed",
            arguments: ["dbus restart", "daemon-reexec", "daemon-reload"])
        func reconnection(what: String) async throws {
            try await SystemFixture.with { fixture in
                let manager = fixture.manager
                var signals = await manager.signals().makeAsyncIterator()
                try await manager.subscribe()
                #expect(await signals.next() == .appeared)
                let timestamp = try await manager.userspaceTimestampMonotonic()
                let unit = try await fixture.start("exec sleep 1000")
                _ = try await fixture.status(of: unit, once: "active")

                let restart = Bus.Call(
                    destination: "org.freedesktop.systemd1", path: "/org/freedesktop/systemd1",
                    interface: "org.freedesktop.systemd1.Manager",
                    member: ["dbus restart": "RestartUnit", "daemon-reexec": "Reexecute"][what] ?? "Reload",
                    arguments: what == "dbus restart" ? [.string("dbus.service"), .string("replace")] : [])
                do {
                    _ = try await fixture.bus.call(restart)
                } catch let error as BusError {
                    #expect(error.isUnknownOutcome, "\(error)")
                }
                if what != "daemon-reload" {
                    while let signal = await signals.next(), signal != .disappeared {}
                    while let signal = await signals.next(), signal != .appeared {}
                }
                #expect(try await manager.userspaceTimestampMonotonic() == timestamp)
                #expect(try await manager.serviceStatus(unit)?.activeState == "active")
                try await manager.stopUnit(unit)
                while let signal = await signals.next() {
                    if case .jobRemoved(_, _, unit, let result) = signal {
                        #expect(result == "done")
                        break
                    }
                }
            }
        }
    }
}

import EventLoopKit
import Glibc
import SystemdKit
import Testing

/// What needs a real systemd, and what changes the process: one test after the other.
@Suite("SystemdKit", .serialized, .timeLimit(.minutes(1)))
enum SystemTests {
    /// Whether there is a systemd to be tested against.
    static let hasSystemd =
        access("/run/systemd/system", F_OK) == 0 && access("/run/dbus/system_bus_socket", F_OK) == 0 && getuid() == 0
}

/// A loop, a bus and a manager for one test.
final class SystemFixture: Sendable {
    static let prefix = "systemdkit-test-"

    let loop = EventLoop(name: "test-bus")
    let bus: Bus
    let manager: UnitManager

    init() async throws {
        bus = Bus(loop: loop)
        manager = UnitManager(bus: bus, prefixes: [SystemFixture.prefix])
        try await bus.connect()
    }

    static func with(_ body: (SystemFixture) async throws -> Void) async throws {
        let fixture = try await SystemFixture()
        do {
            try await body(fixture)
        } catch {
            await fixture.end()
            throw error
        }
        await fixture.end()
    }

    private func end() async {
        await bus.close()
        loop.stop()
    }

    /// A name that no unit had before.
    func unit(_ suffix: String = "service") -> String {
        "\(SystemFixture.prefix)\(UInt64.random(in: 0 ... .max)).\(suffix)"
    }

    /// Starts a shell script as a unit that stays loaded if it fails.
    func start(_ script: String, _ more: [UnitProperty] = []) async throws -> String {
        let unit = unit()
        try await manager.startTransientService(
            unit,
            properties: [
                .string("Description", "A unit of a test"), .string("Type", "exec"),
                .execStart([UnitCommand(path: "/bin/sh", arguments: ["sh", "-c", script])]),
            ] + more)
        return unit
    }

    /// The unit's status once it is in `state`.
    func status(of unit: String, once state: String) async throws -> ServiceStatus {
        let signals = await manager.signals()
        try await manager.subscribe()
        for await _ in signals {
            if let status = try await manager.serviceStatus(unit), status.activeState == state { return status }
        }
        throw CancellationError()
    }
}

extension SystemTests {
    @Suite("Notify")
    struct NotifyTests {
        @Test("without a manager that wants to know, nothing is sent")
        func nobody() throws {
            #expect(try Notify.send("READY=1") == false)
            #expect(try Notify.watchdogInterval() == nil)
            #expect(try ListenDescriptors().descriptors.isEmpty)
        }

        @Test("the state arrives as one datagram, and the watchdog's interval is read")
        func state() throws {
            let path = "/tmp/systemdkit-notify-\(getpid())"
            let socket = Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)
            defer {
                close(socket)
                unlink(path)
                for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC"] { unsetenv(name) }
            }
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let bound = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(bound == 0)
            setenv("NOTIFY_SOCKET", path, 1)
            setenv("WATCHDOG_USEC", "3000000", 1)
            #expect(try Notify.send("READY=1\nSTATUS=Ready") == true)
            var buffer = [UInt8](repeating: 0, count: 100)
            let count = recv(socket, &buffer, buffer.count, 0)
            #expect(String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self) == "READY=1\nSTATUS=Ready")
            #expect(try Notify.watchdogInterval() == .seconds(3))
        }
    }
}

import EventLoopKit
import SystemdKit
import Testing

extension SystemTests {
    @Suite("Bus", .enabled(if: SystemTests.hasSystemd))
    struct BusTests {
        static func ping(timeout: Duration = .seconds(25)) -> Bus.Call {
            Bus.Call(
                destination: "org.freedesktop.systemd1", path: "/org/freedesktop/systemd1",
                interface: "org.freedesktop.DBus.Peer", member: "Ping", timeout: timeout)
        }

        @Test("five hundred calls one after the other")
        func sequential() async throws {
            try await SystemFixture.with { fixture in
                for _ in 0..<500 {
                    let reply = try await fixture.bus.call(BusTests.ping())
                    #expect(reply.isEmpty)
                }
            }
        }

        @Test("sixty-four calls at once")
        func concurrent() async throws {
            try await SystemFixture.with { fixture in
                let bus = fixture.bus
                let replies = try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<64 { group.addTask { try await bus.call(BusTests.ping()).count } }
                    return try await group.reduce(into: 0) { count, _ in count += 1 }
                }
                #expect(replies == 64)
            }
        }

        @Test("a burst of more calls than the bus allows is sent bit by bit, cancelled ones among it")
        func burst() async throws {
            try await SystemFixture.with { fixture in
                let bus = fixture.bus
                let cancelled = Task { await bus.results(of: Array(repeating: BusTests.ping(), count: 1_000)) }
                await Task.yield()
                cancelled.cancel()
                let results = await bus.results(of: Array(repeating: BusTests.ping(), count: 1_000))
                #expect(results.count == 1_000 && results.allSatisfy { $0 == .success([]) })
                for case .failure(let error) in await cancelled.value { #expect(error.isCancelled) }
                // Calls in the queue, too, end with the connection.
                let closed = Task { await bus.results(of: Array(repeating: BusTests.ping(), count: 1_000)) }
                await Task.yield()
                await bus.close()
                #expect(await closed.value.count == 1_000)
            }
        }

        @Test("no reply in time is an unknown outcome")
        func timeout() async throws {
            try await SystemFixture.with { fixture in
                let error = await #expect(throws: BusError.self) {
                    try await fixture.bus.call(BusTests.ping(timeout: .microseconds(1)))
                }
                #expect(error?.isUnknownOutcome == true)
                // The late reply does no harm.
                _ = try await fixture.bus.call(BusTests.ping())
            }
        }

        @Test("a cancelled call ends once, with its reply or as cancelled")
        func cancellation() async throws {
            try await SystemFixture.with { fixture in
                let bus = fixture.bus
                var cancelled = 0
                for round in 0..<200 {
                    let call = Task { try await bus.call(BusTests.ping()) }
                    if round.isMultiple(of: 2) { await Task.yield() }
                    call.cancel()
                    switch await call.result {
                    case .success(let reply): #expect(reply.isEmpty)
                    case .failure(let error):
                        #expect((error as? BusError)?.isCancelled == true)
                        cancelled += 1
                    }
                }
                #expect(cancelled > 0)
                _ = try await bus.call(BusTests.ping())
            }
        }

        @Test("the peer's errors keep their names")
        func errorName() async throws {
            try await SystemFixture.with { fixture in
                var call = BusTests.ping()
                call.member = "Pong"
                let error = await #expect(throws: BusError.self) { try await fixture.bus.call(call) }
                #expect(error?.name == "org.freedesktop.DBus.Error.UnknownMethod")
                call.destination = "org.example.Nobody"
                let nobody = await #expect(throws: BusError.self) { try await fixture.bus.call(call) }
                #expect(nobody?.isUnavailable == true)
            }
        }

        @Test("a closed bus fails calls and ends streams")
        func closed() async throws {
            try await SystemFixture.with { fixture in
                let states = await fixture.bus.connectionStates()
                let signals = try await fixture.bus.signals(matching: "type='signal'")
                _ = try await fixture.bus.call(BusTests.ping())
                await fixture.bus.close()
                for await _ in signals {}
                var seen: [Bus.ConnectionState] = []
                for await state in states { seen.append(state) }
                // The bus may have answered before the states were asked for.
                #expect(seen.suffix(2) == [.connected, .disconnected] && seen.count <= 3)
                let error = await #expect(throws: BusError.self) { try await fixture.bus.call(BusTests.ping()) }
                #expect(error?.isUnavailable == true)
            }
        }
    }
}

@Suite("Bus without a bus")
struct MissingBusTests {
    @Test("connecting to no bus tells why, and a call then is one that was not made")
    func missing() async throws {
        let loop = EventLoop(name: "test-missing")
        defer { loop.stop() }
        let bus = Bus(loop: loop, address: .address("unix:path=/nonexistent/bus"))
        let error = await #expect(throws: BusError.self) { try await bus.connect() }
        #expect(error?.errno == 2)
        let call = Bus.Call(destination: "a.b", path: "/", interface: "a.b", member: "M")
        let unavailable = await #expect(throws: BusError.self) { try await bus.call(call) }
        #expect(unavailable?.isUnavailable == true)
        await bus.close()
    }
}

import EventLoopKit
import Glibc
import Testing
import VarlinkKit

private typealias Text = ExampleService.Text

@Suite("Varlink clients that misbehave")
struct HostileClientTests {
    let thread = ClientThread()

    private func isServed(_ service: ExampleService) async throws -> Bool {
        try await thread.run {
            try Client(path: service.path).call("org.example.test.Echo", Text(text: "ok")).decode(Text.self).text
                == "ok"
        }
    }

    @Test("garbage gets an error and harms nobody else", arguments: Garbage.all)
    func garbage(_ garbage: Garbage) async throws {
        try await ExampleService.with { service in
            let error = try await thread.run {
                let client = try Client(path: service.path)
                let isTaken = client.sendRaw(garbage.bytes)
                let error = try client.nextError()
                // Whoever still sends when the server closes may lose the answer by the reset.
                return isTaken ? error : error ?? "org.varlink.service.InvalidParameter"
            }
            #expect(error == "org.varlink.service.InvalidParameter")
            #expect(try await isServed(service))
        }
    }

    @Test("parameters of a wrong type are named, and the connection goes on")
    func wrongTypes() async throws {
        try await ExampleService.with { service in
            try await thread.run {
                let client = try Client(path: service.path)
                let cases = [
                    (#"{"text":7}"#, "text"), (#"{"text":null}"#, "text"), (#""x""#, "parameters"), ("null", "text"),
                ]
                for (parameters, name) in cases {
                    client.sendRaw(
                        Array(#"{"method":"org.example.test.Echo","parameters":\#(parameters)}"#.utf8) + [0])
                    let error = #expect(throws: VarlinkError.self) { try client.next(timeout: patience) }
                    #expect(error?.name == "org.varlink.service.InvalidParameter")
                    #expect(error?.decode([String: String].self) == ["parameter": name])
                }
                #expect(try client.call("org.example.test.Echo", Text(text: "on")).decode(Text.self).text == "on")
            }
        }
    }

    @Test("a client that does not read holds up nobody else, and its handler ends when it goes")
    func doesNotRead() async throws {
        try await ExampleService.with { service in
            let lazy = try await thread.run {
                let client = try Client(path: service.path)
                try client.send("org.example.test.Flood", ExampleService.Nothing(), more: true)
                // The first answer is there, the others fill the socket.
                _ = try #require(try client.next(timeout: patience))
                return dup(client.descriptor)
            }
            for _ in 0..<20 { #expect(try await isServed(service)) }
            close(lazy)
            let note = try #require(await service.notes.next())
            // What was sent is what the kernel holds, not what the handler could make in that time.
            let sent = try #require(Int(note.split(separator: " ").last ?? ""))
            #expect(note.hasPrefix("flood ended after "))
            #expect(sent < 100)
        }
    }

    @Test("a half-closed connection whose call takes long costs no time of the loop")
    func halfClosed() async throws {
        try await ExampleService.with { service in
            let descriptor = try await thread.run {
                let client = try Client(path: service.path)
                try client.send("org.example.test.Hold", ExampleService.Nothing(), more: false)
                shutdown(client.descriptor, Int32(SHUT_WR))
                return dup(client.descriptor)
            }
            #expect(await service.notes.next() == "held")
            let before = await service.processorTime()
            try await service.loop.sleep(for: .milliseconds(200))
            let used = await service.processorTime() - before
            #expect(used < .milliseconds(50))
            close(descriptor)
        }
    }

    @Test("a message that is begun and not ended in time closes the connection, an idle one stays")
    func slowMessage() async throws {
        var limits = Server.Limits()
        limits.messageTime = .milliseconds(50)
        try await ExampleService.with(limits: limits) { service in
            try await thread.run {
                let idle = try Client(path: service.path)
                _ = try idle.call("org.varlink.service.GetInfo")
                let slow = try Client(path: service.path)
                slow.sendRaw(Array(#"{"method":"#.utf8))
                #expect(throws: Client.Fault.self) { try slow.next(timeout: patience) }
                _ = try idle.call("org.varlink.service.GetInfo")
            }
        }
    }
}

/// What is no call, by a name for the test's report: some of it is megabytes long.
struct Garbage: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]

    init(_ name: String, _ text: String) {
        testDescription = name
        bytes = Array(text.utf8) + [0]
    }

    init(_ name: String, bytes: [UInt8]) {
        testDescription = name
        self.bytes = bytes
    }

    static let all = [
        Garbage("no JSON", "GET / HTTP/1.1"),
        Garbage("half of an object", #"{"method":"org.example"#),
        Garbage("no method", #"{"parameters":{}}"#),
        Garbage("a method that is no text", #"{"method":7}"#),
        Garbage("more that is no boolean", #"{"method":"org.example.test.Echo","more":"yes"}"#),
        Garbage("an array", "[]"),
        Garbage("no UTF-8", bytes: [0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d, 0]),
        Garbage("a flood of NUL bytes", bytes: [UInt8](repeating: 0, count: 1 << 20)),
        Garbage("depth", String(repeating: "[", count: 1 << 20)),
        Garbage(
            "deep parameters",
            #"{"method":"org.example.test.Echo","parameters":"# + String(repeating: "[", count: 1 << 18)),
        Garbage("a message that does not end", bytes: [UInt8](repeating: UInt8(ascii: "x"), count: 5 << 20)),
    ]
}

extension ExampleService {
    /// The processor time that the server's thread has used.
    func processorTime() async -> Duration {
        await withCheckedContinuation { continuation in
            loop.perform {
                var time = timespec()
                clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
                continuation.resume(returning: .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec))
            }
        }
    }
}

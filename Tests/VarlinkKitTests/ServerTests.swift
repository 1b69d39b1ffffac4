import EventLoopKit
import Glibc
import Testing

@testable import VarlinkKit

@Suite("A Varlink service and its clients")
struct ServerTests {
    typealias Echo = TestService.Echo

    private func with(
        _ limits: Server.Limits = Server.Limits(), _ body: (TestService) async throws -> Void
    ) async throws {
        let service = try TestService(limits: limits)
        do {
            try await body(service)
        } catch {
            await service.stop()
            throw error
        }
        await service.stop()
    }

    @Test("A call is answered with what it brought")
    func echo() async throws {
        try await with { service in
            let path = service.path
            let answer = try await TestService.blocking {
                let client = try Client(path: path)
                let first = try client.call("io.example.test.Echo", Echo(text: "zwölf \n \" \\ 12", count: 3))
                    .decode(Echo.self)
                // The connection is good for more than one.
                let second = try client.call("io.example.test.Echo", Echo(text: String(repeating: "y", count: 1 << 20)))
                    .decode(Echo.self)
                return (first, second.text.utf8.count)
            }
            #expect(answer.0 == Echo(text: "zwölf \n \" \\ 12", count: 3))
            #expect(answer.1 == 1 << 20)
        }
    }

    @Test("Several answers come in order, and the last one says that it is")
    func stream() async throws {
        try await with { service in
            let path = service.path
            let answers = try await TestService.blocking {
                let client = try Client(path: path)
                try client.send("io.example.test.Repeat", Echo(text: "a", count: 500), more: true)
                var answers: [(Int?, Bool)] = []
                while answers.last?.1 != false {
                    guard let reply = try client.next(timeout: patience) else { break }
                    answers.append((try reply.decode(Echo.self).count, reply.continues))
                }
                return answers.map { "\($0.0 ?? -1) \($0.1)" }
            }
            #expect(answers == (1...500).map { "\($0) \($0 < 500)" })
        }
    }

    @Test("An error has its name and its parameters")
    func error() async throws {
        try await with { service in
            let path = service.path
            let error = try await TestService.blocking { () -> VarlinkError? in
                do {
                    _ = try Client(path: path).call("io.example.test.Fail", Echo(text: "why"))
                    return nil
                } catch let error as VarlinkError {
                    return error
                }
            }
            #expect(error?.name == "io.example.test.Failed")
            #expect(error?.decode(Echo.self)?.text == "why")
        }
    }

    @Test(
        "What is not there, or does not fit, is refused by name",
        arguments: [
            ("io.example.test.Nope", "org.varlink.service.MethodNotFound"),
            ("io.example.nope.Echo", "org.varlink.service.InterfaceNotFound"),
            ("nonsense", "org.varlink.service.InterfaceNotFound"),
            ("io.example.test.Echo", "org.varlink.service.InvalidParameter"),
        ])
    func refused(method: String, expected: String) async throws {
        try await with { service in
            let path = service.path
            let text = try await TestService.blocking { () -> String in
                do {
                    _ = try Client(path: path).call(method, ["text": 12])
                    return "answered"
                } catch let error as VarlinkError {
                    return error.description
                }
            }
            #expect(text.hasPrefix(expected))
            if expected.hasSuffix("InvalidParameter") { #expect(text.contains("text"), "it names the parameter") }
        }
    }

    @Test(
        "Garbage is answered with an error, and nobody else is harmed",
        arguments: [
            "nonsense\0", "{}\0", "[]\0", "{\"method\":12}\0", "\0\0\0", "{\"method\":\"a.b\",\"parameters\":7}\0",
            String(repeating: "[", count: 100_000) + "\0",
        ])
    func garbage(text: String) async throws {
        try await with { service in
            let path = service.path
            let (answer, echo) = try await TestService.blocking {
                let other = try Client(path: path)
                let answer = try ServerTests.raw(path, Array(text.utf8))
                return (answer, try other.call("io.example.test.Echo", Echo(text: "still here")).decode(Echo.self))
            }
            #expect(answer.contains("org.varlink.service."))
            #expect(echo.text == "still here")
        }
    }

    @Test("A message without an end is cut off at the limit")
    func endless() async throws {
        try await with { service in
            let path = service.path
            let answer = try await TestService.blocking {
                try ServerTests.raw(path, [UInt8](repeating: 0x20, count: Message.limit + (1 << 17)))
            }
            #expect(answer.contains("org.varlink.service.InvalidParameter") || answer.isEmpty)
        }
    }

    @Test("Calls that come at once are answered one after the other, also when the client has finished asking")
    func pipeline() async throws {
        try await with { service in
            let path = service.path
            let answer = try await TestService.blocking {
                let calls = (1...20).map {
                    #"{"method":"io.example.test.Echo","parameters":{"text":"t\#($0)"}}"# + "\0"
                }
                return try ServerTests.raw(path, Array(calls.joined().utf8))
            }
            let texts = answer.split(separator: "\0").map { String($0) }
            #expect(texts == (1...20).map { #"{"parameters":{"text":"t\#($0)"}}"# })
        }
    }

    @Test("A client that does not read holds nobody else up, and its handler ends with it")
    func backPressure() async throws {
        try await with { service in
            let path = service.path
            try await TestService.blocking {
                let deaf = try Client(path: path)
                try deaf.send("io.example.test.Flood", Message.Empty(), more: true)
                _ = try deaf.next(timeout: patience)
                let other = try Client(path: path)
                for number in 0..<50 {
                    let echo = try other.call("io.example.test.Echo", Echo(text: "x", count: number)).decode(Echo.self)
                    #expect(echo.count == number)
                }
            }
            var cancellations = service.cancellations.makeAsyncIterator()
            #expect(await cancellations.next() == "Flood")
        }
    }

    @Test("A handler that waits is cancelled when its client goes")
    func disconnect() async throws {
        try await with { service in
            let path = service.path
            try await TestService.blocking {
                let client = try Client(path: path)
                try client.send("io.example.test.Wait", Message.Empty(), more: false)
            }
            var cancellations = service.cancellations.makeAsyncIterator()
            #expect(await cancellations.next() == "Wait")
        }
    }

    @Test("A user has so many connections and no more, and they come back")
    func limit() async throws {
        var limits = Server.Limits()
        limits.connectionsPerUser = 3
        limits.connectionsOfRoot = 3
        try await with(limits) { service in
            let path = service.path
            let (refused, again) = try await TestService.blocking {
                var clients = try (0..<3).map { _ in try Client(path: path) }
                // Each is taken in before the next: a call tells that it was.
                for client in clients { _ = try client.call("io.example.test.Echo", Echo(text: "x")) }
                var refused = ""
                do {
                    _ = try Client(path: path).call("io.example.test.Echo", Echo(text: "x"))
                } catch {
                    refused = "\(error)"
                }
                clients.removeLast()
                // The server notices the end of the third in its own time; until then it refuses.
                var again = "never"
                for _ in 0..<10_000 where again == "never" {
                    if let echo = try? Client(path: path).call("io.example.test.Echo", Echo(text: "in")).decode(
                        Echo.self)
                    {
                        again = echo.text
                    }
                }
                return (refused, again)
            }
            #expect(refused.contains("PermissionDenied") || refused.contains("connection"))
            #expect(again == "in")
        }
    }

    @Test("A socket that is not there is said to be unreachable, with its path")
    func unreachable() async throws {
        let text = try await TestService.blocking { () -> String in
            do {
                _ = try Client(path: "/nonexistent/socket")
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(text == "/nonexistent/socket: No such file or directory")
    }

    /// Sends bytes, finishes asking, and reads until the other side closes.
    private static func raw(_ path: String, _ bytes: [UInt8]) throws -> String {
        let client = try Client(path: path)
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(client.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count <= 0 { break }
            rest = rest.dropFirst(count)
        }
        shutdown(client.descriptor, Int32(SHUT_WR))
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(client.descriptor, &chunk, chunk.count)
            if count <= 0 { break }
            answer += chunk[..<count]
        }
        return String(decoding: answer, as: UTF8.self)
    }
}

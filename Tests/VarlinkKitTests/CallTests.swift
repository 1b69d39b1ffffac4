import Glibc
import Testing
import VarlinkKit

private typealias Text = ExampleService.Text

@Suite("Varlink calls")
struct CallTests {
    let thread = ClientThread()

    @Test("nothing within the time is nil, and the answer can still come")
    func timeout() async throws {
        try await ExampleService.with { service in
            try await thread.run {
                let client = try Client(path: service.path)
                #expect(try client.next(timeout: .milliseconds(1)) == nil)
                #expect(try client.next(timeout: .zero) == nil)
                #expect(try client.call("org.example.test.Echo", Text(text: "a")).decode(Text.self).text == "a")
            }
        }
    }

    @Test(
        "errors have the names of the standard and say what they are about",
        arguments: [
            ("org.example.test.Missing", "org.varlink.service.MethodNotFound", "org.example.test.Missing"),
            ("org.example.missing.Echo", "org.varlink.service.InterfaceNotFound", "org.example.missing"),
            ("Echo", "org.varlink.service.InterfaceNotFound", "Echo"),
            ("", "org.varlink.service.InterfaceNotFound", ""),
            ("org.example.test.Echo", "org.varlink.service.InvalidParameter", "text"),
            ("org.example.test.Count", "org.varlink.service.ExpectedMore", nil),
            ("org.example.test.Break", "org.example.test.InternalError", "the disk is full"),
        ])
    func errors(method: String, name: String, about: String?) async throws {
        try await ExampleService.with { service in
            try await thread.run {
                let client = try Client(path: service.path)
                let error = #expect(throws: VarlinkError.self) { try client.call(method) }
                #expect(error?.name == name)
                #expect(error?.decode([String: String].self)?.values.first == about)
                #expect(try client.call("org.example.test.Echo", Text(text: "on")).decode(Text.self).text == "on")
            }
        }
    }

    @Test("a one-way call is carried out and gets no answer, not even an error")
    func oneway() async throws {
        try await ExampleService.with { service in
            try await thread.run {
                let client = try Client(path: service.path)
                client.sendRaw(
                    Array(#"{"method":"org.example.test.Note","parameters":{"text":"done"},"oneway":true}"#.utf8) + [0])
                client.sendRaw(Array(#"{"method":"org.example.test.Missing","oneway":true}"#.utf8) + [0])
                #expect(try client.call("org.example.test.Echo", Text(text: "x")).decode(Text.self).text == "x")
            }
            #expect(await service.notes.next() == "done")
        }
    }

    @Test("the server knows who calls")
    func peer() async throws {
        try await ExampleService.with { service in
            let who = try await thread.run {
                try Client(path: service.path).call("org.example.test.WhoAmI").decode(ExampleService.Who.self)
            }
            #expect(who.pid == getpid())
            #expect(who.uid == getuid() && who.gid == getgid())
            var groups = [gid_t](repeating: 0, count: 1 << 16)
            let count = getgroups(CInt(groups.count), &groups)
            #expect(who.groups.sorted() == groups.prefix(Int(count)).sorted())
        }
    }

    @Test("when the server ends, its clients see the end and no hang")
    func serverEnds() async throws {
        try await ExampleService.with { service in
            try await thread.run {
                let client = try Client(path: service.path)
                try client.send("org.example.test.Hold", ExampleService.Nothing(), more: false)
            }
            #expect(await service.notes.next() == "held")
            // `with` cancels the server now, and returns only once the handler that holds has ended.
        }
    }
}

import EventLoopKit
import FoundationEssentials
import Glibc
import Testing
import VarlinkKit

/// PyPI's `varlink`, an implementation that shares nothing with this one.
private enum IndependentClient {
    /// The Python that has it: the one that `make check` prepares, or the machine's own.
    static let python: String? = {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return ["/\(root)/.build/venv/bin/python3", "/usr/bin/python3", "/usr/local/bin/python3"].first {
            run([$0, "-c", "import varlink"]).status == 0
        }
    }()

    static func run(_ arguments: [String]) -> (status: Int32, output: String) {
        var pipe: [CInt] = [0, 0]
        guard Glibc.pipe(&pipe) == 0 else { return (-1, "") }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, pipe[1], 1)
        posix_spawn_file_actions_adddup2(&actions, pipe[1], 2)
        posix_spawn_file_actions_addclose(&actions, pipe[0])
        posix_spawn_file_actions_addclose(&actions, pipe[1])
        defer { posix_spawn_file_actions_destroy(&actions) }
        var process: pid_t = 0
        let words = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        let spawned = posix_spawn(&process, arguments[0], &actions, nil, words, environ)
        close(pipe[1])
        defer { close(pipe[0]) }
        guard spawned == 0 else { return (-1, "") }
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(pipe[0], &chunk, chunk.count)
            if count <= 0 { break }
            output += chunk[..<count]
        }
        var status: Int32 = 0
        waitpid(process, &status, 0)
        return (status, String(decoding: output, as: UTF8.self))
    }
}

@Suite("An independent client is served")
struct IndependentClientTests {
    @Test(
        "PyPI's varlink gets information, a definition, an answer, several answers and an error",
        .enabled(if: IndependentClient.python != nil, "no Python with the package varlink: 'make check' prepares one"))
    func python() async throws {
        let service = try TestService()
        let path = service.path
        let script = """
            import sys, varlink
            client = varlink.Client(address="unix:" + sys.argv[1])
            with client.open("org.varlink.service") as service:
                info = service.GetInfo()
                print(info["product"], sorted(info["interfaces"]))
                for name in info["interfaces"]:
                    # Its parser is the judge of the definitions.
                    text = service.GetInterfaceDescription(name)["description"]
                    assert varlink.Interface(text).name == name
                try:
                    service.GetInterfaceDescription("io.example.missing")
                except varlink.InterfaceNotFound:
                    print("not found")
            with client.open("io.example.test") as test:
                print(test.Echo("hello", 3))
                print([r["count"] for r in test.Repeat("x", 4, _more=True)])
                try:
                    test.Fail("why", None)
                except varlink.VarlinkError as error:
                    print(error.error(), error.parameters()["text"])
            """
        let result = try await TestService.blocking {
            IndependentClient.run([IndependentClient.python ?? "", "-c", script, path])
        }
        await service.stop()
        #expect(
            result.output == """
                test ['io.example.test', 'org.varlink.service']
                not found
                {'text': 'hello', 'count': 3}
                [1, 2, 3, 4]
                io.example.test.Failed why

                """)
    }
}

import EventLoopKit
import Glibc
import VarlinkKit

/// A service of a few methods on a socket of its own.
final class TestService: Sendable {
    let path: String
    private let folder: String
    private let task: Task<Void, Never>
    private let loop: EventLoop
    /// Every handler that was cancelled says so here.
    let cancellations: AsyncStream<String>

    struct Echo: Codable, Sendable, Equatable {
        var text: String
        var count: Int?
    }

    static let description = """
        # For tests
        interface io.example.test

        method Echo(text: string, count: ?int) -> (text: string, count: ?int)

        # Answers COUNT times, with `more`
        method Repeat(text: string, count: ?int) -> (text: string, count: ?int)

        # Answers for ever
        method Flood() -> (text: string, count: ?int)

        method Fail(text: string, count: ?int) -> ()

        # Answers when the client is gone
        method Wait() -> ()

        error Failed (text: string)
        """

    init(limits: Server.Limits = Server.Limits()) throws {
        var template = Array("/tmp/pawl-varlink-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Client.Fault.lost("no folder") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        path = folder + "/socket"
        let listener = try TestService.listen(path)
        let loop = EventLoop(name: "test-varlink")
        self.loop = loop
        let (stream, continuation) = AsyncStream<String>.makeStream()
        cancellations = stream
        let server = Server(
            loop: loop, listener: listener,
            information: ServiceInformation(
                vendor: "Example", product: "test", version: "1", url: "https://example.org"),
            interfaces: [
                Interface(
                    name: "io.example.test", description: TestService.description,
                    methods: [
                        "Echo": { call in try await call.reply(try call.decode(Echo.self)) },
                        "Repeat": { call in
                            let echo = try call.decode(Echo.self)
                            let count = echo.count ?? 1
                            for number in 1...count {
                                try await call.reply(
                                    Echo(text: echo.text, count: number), continues: number < count)
                            }
                        },
                        "Flood": { call in
                            let text = String(repeating: "x", count: 1 << 16)
                            do {
                                while true { try await call.reply(Echo(text: text), continues: true) }
                            } catch {
                                continuation.yield("Flood")
                                throw error
                            }
                        },
                        "Fail": { call in
                            throw try VarlinkError("io.example.test.Failed", encoding: try call.decode(Echo.self))
                        },
                        "Wait": { call in
                            do {
                                try await loop.sleep(for: .seconds(3600))
                            } catch {
                                continuation.yield("Wait")
                                throw error
                            }
                        },
                    ])
            ], limits: limits)
        task = Task { await server.run() }
    }

    func stop() async {
        task.cancel()
        await task.value
        loop.stop()
        unlink(path)
        rmdir(folder)
    }

    private static func listen(_ path: String) throws -> CInt {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0, Glibc.listen(descriptor, 64) == 0 else { throw Client.Fault.lost("cannot listen") }
        return descriptor
    }

    /// Runs what blocks, such as a client, on a thread of its own: Swift's pool is not for that.
    static func blocking<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        let loop = EventLoop(name: "test-client")
        defer { loop.stop() }
        return try await withCheckedThrowingContinuation { continuation in
            loop.perform {
                continuation.resume(with: Swift.Result { try work() })
            }
        }
    }
}

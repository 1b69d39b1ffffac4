import EventLoopKit
import FoundationEssentials
import Glibc
import Testing
import VarlinkKit

/// What the handlers of a test tell it.
final class Notes: Sendable {
    private let stream: AsyncStream<String>
    private let continuation: AsyncStream<String>.Continuation

    init() { (stream, continuation) = AsyncStream<String>.makeStream() }

    func add(_ note: String) { continuation.yield(note) }

    /// The next note; nil if the test was cancelled.
    func next() async -> String? {
        var iterator = stream.makeAsyncIterator()
        return await iterator.next()
    }
}

/// After so long an answer does not come any more. The server's handlers run on Swift's pool, in turn with all other tests.
let patience = Duration.seconds(120)

/// A thread for the client, which blocks it: Swift's own pool must not be.
actor ClientThread {
    private let loop = EventLoop(name: "client")

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    deinit { loop.stop() }

    func run<Result: Sendable>(_ body: @Sendable () throws -> Result) throws -> Result { try body() }
}

/// A server with the interface `org.example.test` on a socket in a folder of its own.
struct ExampleService: Sendable {
    struct Text: Codable, Sendable { var text: String }
    struct Number: Codable, Sendable { var number: Int }
    struct Nothing: Codable, Sendable {}
    struct Unforeseen: Error, CustomStringConvertible { let description = "the disk is full" }

    static let description = """
        # For tests
        interface org.example.test

        method Echo(text: string) -> (text: string)
        method Count(number: int) -> (number: int)
        method Flood() -> (text: string)
        method Hold() -> ()
        method Note(text: string) -> ()
        method WhoAmI() -> (pid: int, uid: int, gid: int, groups: []int)
        method Refuse(text: string) -> ()
        method Break() -> ()

        error Refused (text: string)
        error InternalError (reason: string)
        """

    let path: String
    let loop: EventLoop
    let notes: Notes

    /// Serves while `body` runs.
    static func with(
        limits: Server.Limits = Server.Limits(), _ body: (ExampleService) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/pawl-varlink-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let service = ExampleService(path: folder + "/socket", loop: EventLoop(name: "server"), notes: Notes())
        let server = Server(
            loop: service.loop, listener: try listen(service.path),
            information: ServiceInformation(
                vendor: "Example", product: "test", version: "1.2", url: "https://example.org"),
            interfaces: [service.interface], limits: limits)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await server.run() }
            // Also when `body` throws: the group would wait for the server for ever.
            defer { group.cancelAll() }
            try await body(service)
        }
        service.loop.stop()
    }

    private var interface: Interface {
        let notes = notes
        return Interface(
            name: "org.example.test", description: Self.description,
            methods: [
                "Echo": { call in try await call.reply(try call.decode(Text.self)) },
                "Count": { call in
                    guard call.more else { throw VarlinkError.expectedMore }
                    let last = try call.decode(Number.self).number
                    for number in 1...last { try await call.reply(Number(number: number), continues: number < last) }
                },
                "Flood": { call in
                    let text = Text(text: String(repeating: "x", count: 64 << 10))
                    var sent = 0
                    defer { notes.add("flood ended after \(sent)") }
                    while true {
                        try await call.reply(text, continues: true)
                        sent += 1
                    }
                },
                "Hold": { call in
                    notes.add("held")
                    await withTaskCancellationHandler {
                        let (stream, continuation) = AsyncStream<Never>.makeStream()
                        for await _ in stream {}
                        _ = continuation
                    } onCancel: {
                        notes.add("cancelled")
                    }
                },
                "Note": { call in
                    notes.add(try call.decode(Text.self).text)
                    try await call.reply(Nothing())
                },
                "WhoAmI": { call in try await call.reply(Who(call.peer)) },
                "Refuse": { call in
                    throw try VarlinkError("org.example.test.Refused", encoding: try call.decode(Text.self))
                },
                "Break": { _ in throw Unforeseen() },
            ])
    }

    struct Who: Codable, Sendable, Equatable {
        var pid: Int32
        var uid: UInt32
        var gid: UInt32
        var groups: [UInt32]

        init(_ peer: Peer) { (pid, uid, gid, groups) = (peer.pid, peer.uid, peer.gid, peer.groups) }
    }

    private static func listen(_ path: String) throws -> CInt {
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        try #require(path.utf8.count < MemoryLayout.size(ofValue: address.sun_path))
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        try #require(Glibc.listen(listener, 128) == 0)
        return listener
    }
}

extension Client {
    /// Sends bytes as they are. False if the server has closed already.
    @discardableResult
    func sendRaw(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count <= 0 { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// The name of the error that is answered next; nil if the connection ends without one.
    func nextError() throws -> String? {
        do {
            _ = try next(timeout: patience)
            return "an answer that is no error"
        } catch let error as VarlinkError {
            return error.name
        } catch is Client.Fault {
            return nil
        }
    }
}

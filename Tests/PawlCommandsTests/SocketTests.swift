import FoundationEssentials
import Glibc
import PawlAPI
import PawlModel
import Testing

@testable import PawlCommands

@Suite("The connection to the socket")
struct SocketTests {
    /// The other end. One thread is enough for both: a connection is made before it is accepted, and what is written
    /// waits in the socket until it is read.
    private final class Peer {
        let path = "/tmp/pawl-\(UUID().uuidString).sock"
        private let listener: Int32
        private var connection: Int32 = -1

        init() throws {
            listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
            let bound = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(bound == 0)
            try #require(listen(listener, 4) == 0)
        }

        deinit {
            hangUp()
            close(listener)
            unlink(path)
        }

        func accept() throws {
            connection = Glibc.accept(listener, nil, nil)
            try #require(connection >= 0)
        }

        func write(_ text: String) { _ = Glibc.write(connection, text, text.utf8.count) }

        func say(_ message: String) { write(message + "\0") }

        func heard() throws -> [String: Value] {
            var bytes = [UInt8](repeating: 0, count: 65_536)
            let count = Glibc.read(connection, &bytes, bytes.count)
            try #require(count > 0)
            try #require(bytes[count - 1] == 0)
            return try JSONDecoder().decode([String: Value].self, from: Data(bytes[..<(count - 1)]))
        }

        func hangUp() {
            if connection >= 0 { close(connection) }
            connection = -1
        }
    }

    private func connected() throws -> (peer: Peer, client: SocketConnection) {
        let peer = try Peer()
        let client = try SocketConnection(path: peer.path)
        try peer.accept()
        return (peer, client)
    }

    @Test("a call is one object with a NUL after it, and so is its answer")
    func call() throws {
        let (peer, client) = try connected()
        peer.say(#"{"parameters":{"run":"a-7k2m9qxa","id":"7k2m9qxa"}}"#)
        let name = try client.call(.resumeRun, Messages.Run(run: "@last"), as: Messages.RunName.self)
        #expect(name.run == "a-7k2m9qxa")
        #expect(try peer.heard() == ["method": "io.pawl.Manager.ResumeRun", "parameters": .map(["run": "@last"])])
    }

    @Test("a stream goes on until an answer does not say that it continues, in pieces of any size")
    func stream() throws {
        let (peer, client) = try connected()
        try client.open(.readLogs, Messages.ReadLogs(run: "x"))
        #expect(try peer.heard()["more"] == true)
        guard case .nothingYet = try client.next(as: Messages.Log.self, within: 0) else {
            Issue.record("there was nothing to be read")
            return
        }
        peer.write(#"{"parameters":{"entries":[{"time":"t","message":"#)
        guard case .nothingYet = try client.next(as: Messages.Log.self, within: 0) else {
            Issue.record("half an answer is none")
            return
        }
        peer.write("\"one\"}]},\"continues\":true}\0{\"parameters\":{\"entries\":[]}}\0")
        guard case .answer(let first, false) = try client.next(as: Messages.Log.self, within: 5) else {
            Issue.record("the first answer is not the last")
            return
        }
        #expect(first.entries.map(\.message) == ["one"])
        guard case .answer(let last, true) = try client.next(as: Messages.Log.self, within: nil) else {
            Issue.record("the second answer is the last")
            return
        }
        #expect(last.entries.isEmpty)
        peer.say(#"{"parameters":{"workflows":3}}"#)
        #expect(try client.call(.reload, Messages.Empty(), as: Messages.Reloaded.self).workflows == 3)
    }

    @Test("an error of the interface comes with its message and its faults", arguments: APIError.Code.allCases)
    func refusals(code: APIError.Code) throws {
        let (peer, client) = try connected()
        let error = APIError(
            code, "it went wrong", faults: [Diagnostic(file: "f", line: 1, column: 2, message: "unknown key")])
        peer.say(#"{"error":"\#(code.wireName)","parameters":\#(try JSONText.line(error.parameters))}"#)
        #expect {
            try client.call(.reload, Messages.Empty(), as: Messages.Reloaded.self)
        } throws: { thrown in
            guard case .refused(let refusal) = thrown as? ManagerError else { return false }
            return refusal.code == code && refusal.message == error.message && refusal.faults == error.faults
        }
    }

    @Test(
        "what is no answer is said to be none",
        arguments: [
            #"{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"x"}}"#, "garbage", "{}", "[]",
            #"{"parameters":{"workflows":"many"}}"#,
        ])
    func unintelligible(answer: String) throws {
        let (peer, client) = try connected()
        peer.say(answer)
        #expect {
            try client.call(.reload, Messages.Empty(), as: Messages.Reloaded.self)
        } throws: { thrown in
            if case .unintelligible = thrown as? ManagerError { return true }
            return false
        }
    }

    @Test("a peer that hangs up before its answer leaves it open what was done")
    func lost() throws {
        let (peer, client) = try connected()
        try client.open(.watchRun, Messages.Run(run: "x"))
        peer.hangUp()
        #expect {
            _ = try client.next(as: Messages.Status.self, within: nil)
        } throws: { thrown in
            if case .lost = thrown as? ManagerError { return true }
            return false
        }
    }

    @Test(
        "where nobody listens nothing was sent",
        arguments: ["/nonexistent/pawl.sock", "/" + String(repeating: "x", count: 200)])
    func unreachable(path: String) {
        #expect {
            _ = try SocketConnection(path: path)
        } throws: { thrown in
            if case .unreachable(path, _) = thrown as? ManagerError { return true }
            return false
        }
    }
}

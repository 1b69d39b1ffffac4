import Glibc
import PawlLanguage
import PawlModel
import Testing

@testable import PawlSteps

// One after the other: libcurl is set up by its first use, which only one thread may make.
@Suite("Probes", .serialized)
struct ProbeTests {
    private func ask(_ probes: Probe...) throws -> ProbeAsker.Answer {
        var plan = StepPlan(report: "/dev/null")
        plan.probes = probes
        return try ProbeAsker(plan).askAll()
    }

    @Test("A command holds when it exits with 0, and says its last line when it does not")
    func command() throws {
        #expect(try ask(Probe(.command(["true"]))).holds)
        let answer = try ask(Probe(.command(["sh", "-c", "echo one; echo two >&2; exit 3"])))
        #expect(
            answer
                == ProbeAsker.Answer(
                    holds: false, text: "command 'sh -c echo one; echo two >&2; exit 3' exited with 3: two"))
        #expect(try ask(Probe(.command(["/nonexistent/program"]))).text.contains("No such file"))
        #expect(try ask(Probe(.command(["sh", "-c", "kill -9 $$"]))).text.contains("killed by signal 9"))
    }

    @Test("A script reaches its interpreter as a file, and its output can be matched")
    func script() throws {
        let script = Probe(
            .script(text: "#!/bin/sh\nfalse || echo \"state: ready\"\n", interpreter: ["/bin/sh"]), matches: "rea.y")
        #expect(try ask(script).holds)
        let other = Probe(.script(text: "echo no", interpreter: ["/bin/sh"]), matches: "^yes$")
        #expect(try ask(other).text == "its script: what it says does not match '^yes$'")
    }

    @Test("A file holds when it is there, with what it is to say")
    func file() throws {
        #expect(try ask(Probe(.file("/etc/passwd"))).holds)
        #expect(try ask(Probe(.file("/etc/passwd"), matches: "^noroot:")).holds == false)
        #expect(try ask(Probe(.file("/etc/passwd"), matches: "root:")).holds)
        #expect(try ask(Probe(.file("/nonexistent"))).text == "file /nonexistent: No such file or directory")
    }

    @Test("All have to hold, and the first that does not is named")
    func all() throws {
        let answer = try ask(Probe(.file("/etc/passwd")), Probe(.file("/nonexistent")), Probe(.command(["false"])))
        #expect(answer.text == "file /nonexistent: No such file or directory")
        #expect(
            try ask(Probe(.file("/etc/passwd")), Probe(.command(["true"]))).text
                == "file /etc/passwd is there, command 'true' has succeeded")
    }

    @Test("A port holds when somebody listens", arguments: ["127.0.0.1", "[::1]", "localhost"])
    func port(_ host: String) throws {
        let isSix = host.contains("::")
        let server = try Listener(isSix: isSix)
        #expect(try ask(Probe(.port("\(host):\(server.port)"))).holds)
        let port = server.port
        server.end()
        #expect(try ask(Probe(.port("\(host):\(port)"))).text == "port \(host):\(port) is not open: Connection refused")
        // A name that nobody knows would be asked for from the network, for as long as that takes.
        #expect(try ask(Probe(.port("127.0.0.1:nosuch-service"))).holds == false)
    }

    @Test(
        "A URL holds when its answer has a status from 200 to 299 and the body matches",
        arguments: [(200, true), (204, true), (404, false), (500, false)])
    func url(_ status: Int, _ holds: Bool) throws {
        let server = try Listener(
            isSix: false, answer: "HTTP/1.1 \(status) X\r\nContent-Length: 5\r\nConnection: close\r\n\r\nready")
        let answer = try ask(Probe(.url("http://127.0.0.1:\(server.port)/"), matches: status == 204 ? nil : "ready"))
        #expect(answer.holds == holds)
        if !holds { #expect(answer.text == "http://127.0.0.1:\(server.port)/ answers with status \(status)") }
        server.end()
    }

    @Test("A plan comes back as it was written")
    func plan() throws {
        var plan = StepPlan(report: "/a \"b\"")
        plan.probes = [
            Probe(.command(["a", "b c"]), matches: "x"),
            Probe(.script(text: "line\nline", interpreter: ["/bin/sh", "-e"])),
            Probe(.file("/x")), Probe(.port("a:1")), Probe(.url("http://x")), Probe(.unit("x.service")),
        ]
        (plan.interval, plan.consecutive, plan.asksOnly) = (0.25, 3, true)
        #expect(StepPlan(try #require(Value(json: plan.value.json))) == plan)
        plan.interval = 2
        plan.credentials = [Credential(name: "a.b c", variable: "A"), Credential(name: "z")]
        #expect(StepPlan(try #require(Value(json: plan.value.json))) == plan)
        // One that an older pawld has written.
        #expect(
            StepPlan(.map(["probes": .list([]), "report": "x", "interval": 1, "consecutive": 1, "asks_only": false]))
                == StepPlan(report: "x"))
        #expect(StepPlan(.map(["probes": .list([.map(["nosuch": 1])]), "report": "x"])) == nil)
    }

    @Test("A report comes back as it was written, and what is none is none")
    func report() {
        let report = StepReport(.open, "port 1:2 is not open:\nrefused")
        #expect(StepReport(report.line) == StepReport(.open, "port 1:2 is not open: refused"))
        #expect(StepReport("nonsense x") == nil)
        #expect(StepReport("") == nil)
        #expect(StepReport(.open, String(repeating: "x", count: 10_000)).line.utf8.count <= StepReport.limit)
    }
}

/// A server on loopback that gives everybody the same answer.
private final class Listener {
    let port: UInt16
    private let socket: Int32
    private var thread = pthread_t()
    private let context: Context

    private final class Context: @unchecked Sendable {
        // SAFETY: set before the thread begins.
        let socket: Int32
        let answer: String
        init(_ socket: Int32, _ answer: String) { (self.socket, self.answer) = (socket, answer) }
    }

    init(isSix: Bool, answer: String = "") throws {
        let socket = Glibc.socket(isSix ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var four = sockaddr_in()
        four.sin_family = sa_family_t(AF_INET)
        four.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var six = sockaddr_in6()
        six.sin6_family = sa_family_t(AF_INET6)
        six.sin6_addr = in6addr_loopback
        let bound =
            isSix
            ? withUnsafeBytes(of: &six) {
                Glibc.bind(socket, $0.assumingMemoryBound(to: sockaddr.self).baseAddress!, socklen_t($0.count))
            }
            : withUnsafeBytes(of: &four) {
                Glibc.bind(socket, $0.assumingMemoryBound(to: sockaddr.self).baseAddress!, socklen_t($0.count))
            }
        try #require(bound == 0 && listen(socket, 8) == 0)
        var name = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        _ = withUnsafeMutableBytes(of: &name) {
            getsockname(socket, $0.assumingMemoryBound(to: sockaddr.self).baseAddress!, &size)
        }
        // The port has the same place in both.
        port = UInt16(bigEndian: name.sin6_port)
        self.socket = socket
        context = Context(socket, answer)
        pthread_create(
            &thread, nil,
            { raw in
                let context = Unmanaged<Context>.fromOpaque(raw!).takeUnretainedValue()
                while true {
                    let peer = accept(context.socket, nil, nil)
                    guard peer >= 0 else { return nil }
                    if !context.answer.isEmpty {
                        var bytes = [UInt8](repeating: 0, count: 4096)
                        _ = read(peer, &bytes, bytes.count)
                        _ = context.answer.withCString { write(peer, $0, strlen($0)) }
                    }
                    close(peer)
                }
            }, Unmanaged.passUnretained(context).toOpaque())
    }

    /// Nobody listens any more.
    func end() {
        shutdown(socket, Int32(SHUT_RDWR))
        pthread_join(thread, nil)
        close(socket)
    }
}

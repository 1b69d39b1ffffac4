import PawlModel
import Testing

@testable import PawlEngine

@Suite("What a unit's end means for its step")
struct UnitResultTests {
    static let early = Timestamp(microseconds: 1_000_000)
    static let late = Timestamp(microseconds: 2_000_000)

    private func outcome(
        _ result: String, _ exit: UnitResult.Exit, stopping: Bool = false, cancelled: Timestamp? = nil
    ) -> AttemptOutcome {
        UnitResult(result: result, exit: exit, ended: UnitResultTests.late, hostStopping: stopping)
            .outcome(cancelled: cancelled, timeout: "5s", program: "/no/such")
    }

    @Test("Success is success and exited and 0 together")
    func success() {
        #expect(outcome("success", .exited(0)).state == .succeeded)
        #expect(outcome("success", .killed("TERM")).state == .failed)
        #expect(outcome("exit-code", .exited(3)).exitCode == 3)
        #expect(outcome("exit-code", .exited(3)).reason == "exit status 3")
    }

    @Test("A program that cannot be executed is named with systemd's own word")
    func noSuchProgram() {
        #expect(outcome("exit-code", .exited(203)).reason == "203/EXEC: '/no/such' cannot be executed")
    }

    @Test("A user that does not exist is named")
    func noSuchUser() {
        let ended = UnitResult(result: "exit-code", exit: .exited(217), ended: nil)
        let outcome = ended.outcome(cancelled: nil, timeout: nil, program: "true", user: "user 'etcd'")
        #expect(outcome.reason == "217/USER: there is no user 'etcd'")
    }

    @Test("Timeouts, signals and memory have words of their own")
    func words() {
        #expect(outcome("timeout", .killed("TERM")).state == .timedOut)
        #expect(outcome("timeout", .exited(0)).reason == "timed out after 5s")
        #expect(outcome("signal", .killed("SEGV")).reason == "killed by signal SEGV")
        #expect(outcome("oom-kill", .killed("KILL")).reason == "killed, out of memory")
        #expect(outcome("core-dump", .dumped("ABRT")).signal == "ABRT")
        #expect(
            outcome("watchdog", .dumped("ABRT")).reason == "killed, since it was silent for longer than 'WatchdogSec'")
        #expect(
            outcome("core-dump", .dumped("SYS")).reason
                == "killed by signal SYS: it made a system call that its unit does not allow")
    }

    @Test("Where the kernel has killed for want of memory that is said, though systemd knows of a signal alone")
    func memoryLimit() {
        func reason(_ exit: UnitResult.Exit, _ result: String = "signal", kills: Int64 = 1) -> String? {
            var ended = UnitResult(result: result, exit: exit, ended: nil)
            ended.oomKills = kills
            return ended.outcome(cancelled: nil, timeout: nil, program: "x").reason
        }
        #expect(reason(.killed("KILL")) == "killed, memory limit reached")
        #expect(reason(.killed("KILL"), kills: 0) == "killed by signal KILL")
        #expect(reason(.killed("KILL"), "oom-kill") == "killed, out of memory")
        #expect(
            reason(.exited(137), "exit-code")
                == "exit status 137, after a process of it was killed: memory limit reached")
        #expect(reason(.exited(0), "success") == nil)
    }

    @Test("What ended before the cancellation keeps its true result, what ended after it was cancelled")
    func cancellation() {
        let before = UnitResult(result: "success", exit: .exited(0), ended: UnitResultTests.early)
            .outcome(cancelled: UnitResultTests.late, timeout: nil, program: "x")
        #expect(before.state == .succeeded)
        #expect(outcome("success", .exited(0), cancelled: UnitResultTests.early).state == .cancelled)
        #expect(outcome("success", .killed("TERM"), cancelled: UnitResultTests.early).state == .cancelled)
    }

    @Test(
        "A unit that ends while the host goes down was interrupted, whatever its status, unless it was cancelled before"
    )
    func shutdown() {
        #expect(outcome("success", .exited(0), stopping: true).state == .interrupted)
        #expect(outcome("success", .killed("TERM"), stopping: true).state == .interrupted)
        #expect(
            outcome("success", .killed("TERM"), stopping: true, cancelled: UnitResultTests.early).state == .cancelled)
    }
}

@Suite("What a step writes to $PAWL_OUTPUT")
struct OutputFileTests {
    @Test("Lines and blocks are read, the last one of a name wins")
    func forms() throws {
        let text = "a=1\nb<<END\none=1\ntwo\nEND\n\na=2=3\n"
        #expect(try OutputFile.parse(text, declared: [:]) == ["a": "2=3", "b": "one=1\ntwo"])
    }

    @Test("A declared type is checked")
    func types() throws {
        let declared: [String: ValueType] = ["n": .integer, "b": .boolean, "f": .number]
        #expect(
            try OutputFile.parse("n=12\nb=true\nf=0.5", declared: declared)
                == ["n": 12, "b": true, "f": .number(0.5)])
        #expect(throws: OutputFault.self) { try OutputFile.parse("n=twelve", declared: declared) }
    }

    @Test(
        "What is neither form is a fault that names the line", arguments: ["a=1\nnonsense", "a<<END\nx", "=1", "a b=1"])
    func faults(text: String) {
        #expect(throws: OutputFault.self) { try OutputFile.parse(text, declared: [:]) }
    }
}

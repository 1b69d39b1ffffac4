import PawlModel
import Testing

@testable import PawlEngine

@Suite("A wall clock that is set in the middle of a run")
struct ClockTests {
    static let text = """
        timeout: 1h
        steps:
          - {id: a, command: ["true"], retry_policy: {max_retries: 3, initial_delay: 10s}}
        """
    static let day = 86_400.0

    @Test("A pause that was recorded by a later clock lasts no longer than it is long", arguments: [-day, -7.0])
    func setBackUnseen(_ jump: Double) throws {
        var harness = try RunHarness(ClockTests.text)
        harness.end("a", .failed, code: 1)
        harness.wait(jump)
        #expect(harness.running == [])
        #expect(harness.run.wakeTime == harness.now.adding(seconds: 10))
        harness.wait(9)
        #expect(harness.running == [])
        harness.wait(1)
        #expect(harness.running == ["a"])
    }

    @Test("A timeout that began by a later clock lasts no longer than it is long")
    func timeoutSetBackUnseen() throws {
        var harness = try RunHarness(ClockTests.text)
        harness.wait(-ClockTests.day)
        harness.wait(3599)
        #expect(harness.run.cancel == nil)
        harness.wait(1)
        #expect(harness.run.cancel?.request.cause == .timeout)
    }

    @Test("A jump that was seen moves pause, timeout and cancellation along", arguments: [-day, day])
    func seen(_ jump: Double) throws {
        var harness = try RunHarness(ClockTests.text)
        harness.end("a", .failed, code: 1)
        harness.wait(4)
        harness.setClock(by: jump)
        #expect(harness.running == [])
        #expect(harness.run.cancel == nil)
        #expect(harness.run.wakeTime == harness.now.adding(seconds: 6))
        harness.wait(6)
        #expect(harness.running == ["a"])
        harness.submit(.cancelRequested(CancelRequested(cause: .person)))
        let cancelled = harness.now
        harness.setClock(by: jump)
        #expect(harness.run.cancel?.time == cancelled.adding(seconds: jump))
    }
}

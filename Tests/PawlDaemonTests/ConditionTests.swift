import PawlAPI
import PawlEngine
import PawlModel
import PawlStore
import Synchronization
import Testing

@testable import PawlDaemon

/// Units that PID 1 does not start, since a condition of the step's own does not hold. They are gone at once and leave nothing.
@Suite("Conditions of a step's own unit")
struct ConditionTests {
    private let folder: TemporaryFolder
    private let manager = FakeServiceManager()

    init() throws {
        folder = try TemporaryFolder()
        _ = try folder.make("runs")
    }

    private static func workflow(_ unit: String, _ more: String = "") -> String {
        "steps:\n  - {id: a, command: [\"true\"], unit: {\(unit)}\(more)}\n  - {id: b, command: [\"true\"], unit: {}}\n"
    }

    /// PID 1 passes over a unit.
    private func pass(over unit: String, _ unmet: UnmetCondition, _ daemon: borrowing Daemonette) {
        manager.state.withLock { $0.units[unit] = nil }
        daemon.signs.give(unit, unmet: unmet)
    }

    private var started: [String] { manager.state.withLock { $0.started } }

    @Test("A step whose condition does not hold is skipped with that reason, and what comes after it runs")
    func condition() async throws {
        var starts = manager.starts.makeAsyncIterator()
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        let id = try await daemon.start(ConditionTests.workflow("ConditionPathExists: \"!/x\""))
        let unit = try #require(await starts.next())
        pass(over: unit, .condition, daemon)
        let second = try #require(await starts.next())
        #expect(second == "pawl-step-\(id).b.1.service")
        try daemon.end(second, status: 0)
        let status = try await daemon.ended(id)
        #expect(status.state == .succeeded)
        #expect(status.steps.map(\.state) == [.skipped, .succeeded])
        #expect(status.steps[0].reason == "condition of its unit not met: ConditionPathExists=!/x")
        #expect(started == [unit, second])
        await daemon.kill()
    }

    @Test("A step whose assertion does not hold has failed, and is tried again as any other")
    func assertion() async throws {
        var starts = manager.starts.makeAsyncIterator()
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        let id = try await daemon.start(
            ConditionTests.workflow(
                "AssertPathExists: [/x, /y]", ", retry_policy: {max_retries: 1, initial_delay: 0s}"))
        for number in 1...2 {
            let unit = try #require(await starts.next())
            #expect(unit == "pawl-step-\(id).a.\(number).service")
            pass(over: unit, .assertion, daemon)
        }
        let status = try await daemon.ended(id)
        #expect(status.state == .failed)
        #expect(status.steps.map(\.state) == [.failed, .skipped])
        #expect(
            status.steps[0].reason == "assertion of its unit not met, one of AssertPathExists=/x, AssertPathExists=/y; "
                + "'journalctl -u pawl-step-\(id).a.2.service' tells which")
        await daemon.kill()
    }

    @Test(
        "A pawld that was killed before it saw the sign asks PID 1 once more, and loses nothing",
        arguments: [true, false])
    func killedBefore(holds: Bool) async throws {
        var starts = manager.starts.makeAsyncIterator()
        let first = try Daemonette(folder, manager)
        try await first.conductor.recover(epoch: "boot.1")
        let id = try await first.start(ConditionTests.workflow("ConditionPathExists: /x"))
        let unit = try #require(await starts.next())
        await first.kill()
        manager.state.withLock { $0.units[unit] = nil }
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        #expect(await starts.next() == unit)
        if holds { try daemon.end(unit, status: 0) } else { pass(over: unit, .condition, daemon) }
        let second = try #require(await starts.next())
        try daemon.end(second, status: 0)
        let status = try await daemon.ended(id)
        #expect(status.steps.map(\.state) == [holds ? .succeeded : .skipped, .succeeded])
        #expect(status.steps[0].attempts.count == 1)
        #expect(started == [unit, unit, second])
        await daemon.kill()
    }

    @Test("A receipt tells, though the receipt was the condition that did not hold")
    func receipt() async throws {
        var starts = manager.starts.makeAsyncIterator()
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        let id = try await daemon.start(ConditionTests.workflow("ConditionPathExists: /x"))
        let unit = try #require(await starts.next())
        daemon.signs.give(unit, unmet: .condition)
        try daemon.end(unit, status: 0)
        let second = try #require(await starts.next())
        try daemon.end(second, status: 0)
        #expect(try await daemon.ended(id).steps.map(\.state) == [.succeeded, .succeeded])
        await daemon.kill()
    }

    @Test("A mark of a start tells that the step was run, whatever condition another start of it has met")
    func mark() async throws {
        var starts = manager.starts.makeAsyncIterator()
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        let id = try await daemon.start(ConditionTests.workflow("ConditionPathExists: /x", ", interrupted: fail"))
        let unit = try #require(await starts.next())
        _ = try folder.make("started")
        _ = try folder.make("started/" + unit.dropLast(".service".count))
        pass(over: unit, .condition, daemon)
        #expect(try await daemon.ended(id).steps[0].state == .interrupted)
        await daemon.kill()
    }

    @Test("A step without conditions of its own is not skipped for one: it is asked for again")
    func noneOfItsOwn() async throws {
        var starts = manager.starts.makeAsyncIterator()
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        let id = try await daemon.start(ConditionTests.workflow("AssertPathExists: /x"))
        let unit = try #require(await starts.next())
        pass(over: unit, .condition, daemon)
        #expect(await starts.next() == unit)
        try daemon.end(unit, status: 0)
        let second = try #require(await starts.next())
        try daemon.end(second, status: 0)
        #expect(try await daemon.ended(id).steps.map(\.state) == [.succeeded, .succeeded])
        await daemon.kill()
    }
}

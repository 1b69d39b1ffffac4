import PawlLanguage
import PawlModel
import Testing

@testable import PawlEngine

@Suite("Taking a run back")
struct UndoTests {
    private static let text = """
        variables: {dir: /srv}
        steps:
          - id: net
            command: [make, net]
            env: {REGION: eu}
            undo: {command: [drop, "${net.outputs.id}", "${dir}"], env: {FORCE: "1"}}
          - id: disk
            depends_on: [net]
            foreach: [a, b]
            max_parallel: 1
            command: [make, disk, "${item}"]
            undo: {command: [drop, "${item}", "${index}"], timeout: 1min}
          - {id: plain, command: [look]}
          - id: late
            command: [make, late]
            undo: {command: [drop, "${late.outputs.id}"]}
        on_exit: [{id: tell, command: [x]}]
        """

    private func ended(late: StepState) throws -> RunHarness {
        var harness = try RunHarness(UndoTests.text, variables: ["dir": "/srv"])
        harness.give("net", outputs: ["id": "n-1"])
        harness.wait(1)
        harness.give("disk", item: 0)
        harness.wait(1)
        harness.give("disk", item: 1)
        harness.wait(1)
        harness.give("plain")
        harness.wait(1)
        harness.give("late", late)
        harness.give("tell")
        return harness
    }

    private func undo(_ harness: RunHarness) throws -> RunHarness {
        var created = harness.run.created
        created.undo = harness.run.undoPlan()
        created.folder = "/var/lib/pawl/runs/0000000b"
        return try RunHarness(created)
    }

    @Test("What has run is taken back in reverse, with the results of the run, in its folder, and without its handlers")
    func reverse() throws {
        var harness = try undo(try ended(late: .failed))
        #expect(harness.run.workflow.steps.map(\.id) == ["late", "disk-1", "disk-0", "net"])
        #expect(harness.run.steps[0].state == .skipped, "it never had an id")
        #expect(harness.run.steps[0].reason?.contains("had not succeeded") == true)
        #expect(harness.running == ["disk-1"])
        let disk = try harness.run.render(1, number: 1)
        #expect(disk.arguments == ["drop", "b", "1"])
        #expect(disk.timeout == .seconds(60))
        #expect(disk.workFolder == "/var/lib/pawl/runs/0000000a/work")
        #expect(disk.attemptFolder == "/var/lib/pawl/runs/0000000b/disk-1.1")
        #expect(disk.environment.contains { $0 == ("item", "b") })
        harness.end("disk-1", .succeeded)
        harness.end("disk-0", .succeeded)
        let net = try harness.run.render(3, number: 1)
        #expect(net.arguments == ["drop", "n-1", "/srv"])
        #expect(net.environment.contains { $0 == ("REGION", "eu") })
        #expect(net.environment.contains { $0 == ("FORCE", "1") })
        harness.end("net", .succeeded)
        #expect(harness.run.state == .succeeded)
        #expect(try harness.replayed().state == .succeeded)
    }

    @Test("Where one cannot be taken back, what was there before it stays, and a retry goes on there")
    func failure() throws {
        var harness = try undo(try ended(late: .failed))
        harness.end("disk-1", .failed, code: 1)
        #expect(harness.run.state == .failed)
        #expect(harness.states["net"] == .skipped)
        harness.submit(.runResumed(RunResumed(retry: true, requester: Requester(uid: 0))))
        #expect(harness.running == ["disk-1"])
    }

    @Test("An undo of a step that had succeeded and that cannot be made is a failure")
    func missing() throws {
        let harness = try undo(try ended(late: .succeeded))
        #expect(harness.states["late"] == .failed)
        #expect(harness.run.state == .failed)
    }

    @Test("A run that was taken back is not opened again, nor taken back twice")
    func once() throws {
        var harness = try ended(late: .succeeded)
        let undone = Event.runUndone(RunUndone(by: "demo-0000000b", requester: Requester(uid: 0)))
        #expect(harness.run.refusal(of: undone) == nil)
        harness.take(undone)
        for event in [undone, .runResumed(RunResumed(retry: true, requester: Requester(uid: 0)))] {
            #expect(harness.run.refusal(of: event)?.contains("was taken back by 'demo-0000000b'") == true)
        }
        #expect(try RunHarness(UndoTests.text, variables: ["dir": "/srv"]).run.refusal(of: undone) != nil)
    }
}

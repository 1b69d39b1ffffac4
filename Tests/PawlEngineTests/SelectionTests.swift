import PawlModel
import Testing

@testable import PawlEngine

@Suite("Steps that are left out of a run")
struct SelectionTests {
    private func harness(_ leftOut: [String], _ text: String) throws -> RunHarness {
        var created = RunCreated(
            workflow: "demo", file: "/w/demo.yaml", text: text, variables: [:], requester: Requester(uid: 7),
            folder: "/var/lib/pawl/runs/0000000a", maxParallel: 4, host: RunHarness.host, epoch: "boot-1")
        created.leftOut = leftOut
        return try RunHarness(created)
    }

    @Test("They are skipped in their turn and say why, so that what depends on them waits for what they would wait for")
    func skipped() throws {
        var harness = try harness(
            ["a", "c", "d"],
            """
            steps:
              - {id: a, command: [x]}
              - {id: b, command: [x]}
              - {id: c, command: [x]}
              - {id: d, foreach: [1, 2], command: [x]}
              - {id: e, command: [x]}
            on_exit:
              - {id: bye, command: [x]}
            """)
        #expect(harness.run.steps.map(\.state) == [.skipped, .running, .waiting, .waiting, .waiting, .waiting])
        harness.end("b", .succeeded)
        #expect(harness.run.steps.map(\.state) == [.skipped, .succeeded, .skipped, .skipped, .running, .waiting])
        #expect([0, 2, 3].allSatisfy { harness.run.steps[$0].reason == "it was left out" })
        harness.end("e", .succeeded)
        #expect(harness.run.steps[5].state == .running)
    }

    @Test("One that needs the failure of one that is left out is skipped, and the run can do without any of its steps")
    func failed() throws {
        let text = """
            steps:
              - {id: a, command: [x]}
              - {id: repair, depends_on: {failed: [a]}, command: [x]}
            """
        let harness = try harness(["a"], text)
        #expect(harness.run.steps.map(\.state) == [.skipped, .skipped])
        #expect(harness.run.steps[1].reason == "step 'a' did not fail")
        #expect(harness.run.state == .succeeded)
    }
}

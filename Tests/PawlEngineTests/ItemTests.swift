import PawlModel
import Testing

@testable import PawlEngine

@Suite("A step for each item")
struct ItemTests {
    private func end(
        _ harness: inout RunHarness, _ item: Int, _ state: StepState, output: String? = nil,
        outputs: [String: Value]? = nil
    ) {
        var outcome = AttemptOutcome(state: state, exitCode: state == .succeeded ? 0 : 1, ended: harness.now)
        (outcome.output, outcome.outputs) = (output, outputs)
        let number = harness.run[Place(0, item: item)].attempts.last?.number ?? 0
        harness.submit(.attemptEnded(AttemptEnded(step: "each", item: item, number: number, outcome: outcome)))
    }

    private func items(_ harness: RunHarness) -> [StepState] { harness.run.steps[0].items.map(\.state) }

    private static let text = """
        max_parallel: 3
        steps:
          - {id: each, foreach: "${names}", max_parallel: 2, command: [x, "${item}", "${index}"]}
          - {id: sum, command: [y, "${join(each.outputs.n, '+')}", "${each.output[1]}", "${length(each.exit_code)}"]}
        """
    private static let names: [String: Value] = ["names": .list(["a", "b", "c"])]

    private func harness() throws -> RunHarness {
        try RunHarness("variables: {names: [a]}\n" + ItemTests.text, variables: ItemTests.names)
    }

    @Test("Items run in their order, as many at once as both bounds allow, and their results are lists")
    func order() throws {
        var harness = try harness()
        #expect(items(harness) == [.running, .running, .waiting])
        let command = try harness.run.render(Place(0, item: 1), number: 1)
        #expect(command.arguments == ["x", "b", "1"])
        #expect(command.name.unit == "pawl-step-0000000a.each.1.1.service")
        #expect(command.environment.contains { $0 == ("item", "b") })
        #expect(command.environment.contains { $0 == ("index", "1") })
        end(&harness, 1, .succeeded, output: "two", outputs: ["n": "2"])
        #expect(items(harness) == [.running, .succeeded, .running])
        end(&harness, 2, .succeeded, outputs: ["n": "3"])
        #expect(harness.states["sum"] == .waiting)
        end(&harness, 0, .succeeded, outputs: ["n": "1"])
        #expect(harness.states == ["each": .succeeded, "sum": .running])
        #expect(try harness.run.render(1, number: 1).arguments == ["y", "1+2+3", "two", "3"])
        #expect(try harness.replayed().running == harness.run.running)
    }

    @Test("A failed item does not keep the others from running, and a retry opens it alone")
    func failure() throws {
        var harness = try harness()
        end(&harness, 0, .failed)
        #expect(items(harness) == [.failed, .running, .running])
        end(&harness, 1, .succeeded, outputs: ["n": "2"])
        end(&harness, 2, .succeeded, outputs: ["n": "3"])
        #expect(harness.run.state == .failed)
        #expect(harness.run.steps[0].reason == "1 of 3 items failed: 0")
        harness.submit(.runResumed(RunResumed(retry: true, requester: Requester(uid: 0))))
        #expect(items(harness) == [.running, .succeeded, .succeeded])
        #expect(harness.run[Place(0, item: 0)].attempts.map(\.number) == [1, 2])
        #expect(try harness.replayed().running == harness.run.running)
        end(&harness, 0, .succeeded, output: "o", outputs: ["n": "1"])
        #expect(harness.states == ["each": .succeeded, "sum": .running])
    }

    @Test("A retry that opens what it waits for too lets it wait")
    func retryWaits() throws {
        var harness = try RunHarness(
            """
            steps:
              - {id: each, foreach: [1, 2], depends_on: {ended: [first]}, command: [x]}
              - {id: first, depends_on: [], command: [x]}
            """)
        harness.end("first", .failed, code: 1)
        end(&harness, 0, .succeeded)
        end(&harness, 1, .failed)
        harness.submit(.runResumed(RunResumed(retry: true, requester: Requester(uid: 0))))
        #expect(harness.states == ["each": .waiting, "first": .running])
        harness.end("first", .succeeded)
        #expect(items(harness) == [.succeeded, .running])
        #expect(try harness.replayed().running == harness.run.running)
        end(&harness, 1, .succeeded)
        #expect(harness.run.state == .succeeded)
    }

    @Test("A retry from the step asks for its items anew, and their attempts' numbers go on")
    func retryFrom() throws {
        var harness = try harness()
        for item in 0..<3 { end(&harness, item, .succeeded, outputs: ["n": "1"]) }
        harness.end("sum", .succeeded)
        harness.submit(.runResumed(RunResumed(retry: true, from: "each", requester: Requester(uid: 0))))
        #expect(items(harness) == [.running, .running, .waiting])
        #expect(harness.run[Place(0, item: 0)].attempts.map(\.number) == [1, 2])
    }

    @Test("Items pause and are tried again by themselves, without a slot meanwhile")
    func retries() throws {
        var harness = try RunHarness(
            """
            steps:
              - id: each
                foreach: [1, 2]
                max_parallel: 1
                command: [x]
                retry_policy: {max_retries: 1, initial_delay: 10s}
            """)
        end(&harness, 0, .failed)
        #expect(items(harness) == [.waiting, .running])
        harness.wait(10)
        #expect(items(harness) == [.waiting, .running], "there is one slot")
        end(&harness, 1, .succeeded)
        #expect(items(harness) == [.running, .succeeded])
        end(&harness, 0, .failed)
        #expect(harness.run.state == .failed)
    }

    @Test("'when' is asked for each item, and a map gives its entries in the order of the keys")
    func whenAndMap() throws {
        var harness = try RunHarness(
            """
            steps:
              - {id: each, foreach: {b: 2, a: 1}, when: "${item.value > 1}", command: [x, "${item.key}"]}
            """)
        #expect(items(harness) == [.skipped, .running])
        #expect(try harness.run.render(Place(0, item: 1), number: 1).arguments == ["x", "b"])
        end(&harness, 1, .succeeded)
        #expect(harness.run.state == .succeeded)
    }

    @Test("'batch' takes several items together")
    func batch() throws {
        let harness = try RunHarness(
            "steps: [{id: each, foreach: [1, 2, 3], batch: 2, command: [x, \"${item}\", \"${length(item)}\"]}]")
        #expect(items(harness) == [.running, .running])
        #expect(try harness.run.render(Place(0, item: 1), number: 1).arguments == ["x", "[3]", "1"])
    }

    @Test("No items is a success, and what is no list fails the step with that reason")
    func odd() throws {
        let none = try RunHarness("steps: [{id: each, foreach: [], command: [x]}]")
        #expect(none.run.state == .succeeded)
        #expect(none.run.steps[0].reason == "there are no items")
        let text = try RunHarness(
            "variables: {a: hello}\nsteps: [{id: each, foreach: \"${a}\", command: [x]}]", variables: ["a": "hello"])
        #expect(text.run.steps[0].reason == "foreach: 'foreach' needs a list or a map, not text")
        let many = try RunHarness(
            "variables: {a: [1]}\nsteps: [{id: each, foreach: \"${a}\", command: [x]}]",
            variables: ["a": .list(Array(repeating: 1, count: 10_001))])
        #expect(many.run.steps[0].reason?.contains("10001 items") == true)
    }

    @Test("An item that was lost with the host asks, and goes on where the person says so")
    func interrupted() throws {
        var harness = try harness()
        end(&harness, 0, .interrupted)
        #expect(harness.run.state == .stopped)
        end(&harness, 1, .succeeded)
        harness.submit(.runResumed(RunResumed(retry: false, requester: Requester(uid: 0))))
        #expect(items(harness) == [.running, .succeeded, .running])
        #expect(try harness.replayed().running == harness.run.running)
    }
}

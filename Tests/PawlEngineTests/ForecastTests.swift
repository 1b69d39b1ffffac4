import PawlLanguage
import PawlModel
import Testing

@testable import PawlEngine

@Suite("How long what is left will take")
struct ForecastTests {
    private func left(_ steps: [Forecast.Step], maxParallel: Int = 4) -> Double? {
        Forecast(steps: steps, maxParallel: maxParallel).left()
    }

    @Test("steps that wait for one another take the sum of their medians, others the longest way")
    func path() {
        #expect(left([]) == 0)
        #expect(left([.init(former: [1, 9, 2])]) == 2)
        #expect(left([.init(former: [1, 2])]) == 1.5)
        #expect(left([.init(former: [3]), .init(needs: [0], former: [4])]) == 7)
        #expect(
            left([
                .init(former: [3]), .init(former: [10]), .init(needs: [0], former: [5]),
                .init(needs: [1, 2], former: [1]),
            ]) == 11)
    }

    @Test("what there is no room for waits, in the order written")
    func room() {
        let four = Array(repeating: Forecast.Step(former: [10]), count: 4)
        #expect(left(four, maxParallel: 4) == 10)
        #expect(left(four, maxParallel: 3) == 20)
        #expect(left(four, maxParallel: 1) == 40)
    }

    @Test("items run as many at once as their step allows")
    func items() {
        #expect(left([.init(parts: Array(repeating: .waiting, count: 5), former: [10])], maxParallel: 8) == 10)
        #expect(
            left([.init(parts: Array(repeating: .waiting, count: 5), atOnce: 2, former: [10])], maxParallel: 8) == 30)
        // One of the two that may run at once goes on already.
        let parts: [Forecast.Part] = [.running(seconds: 4, share: nil), .waiting, .waiting]
        #expect(left([.init(parts: parts, atOnce: 2, former: [10]), .init(needs: [0], former: [1])]) == 17)
        #expect(left([.init(parts: [], former: nil), .init(needs: [0], former: [3])]) == 3)
    }

    @Test("of what goes on only former ones count that took longer, and its own word more than those")
    func running() {
        #expect(Forecast.left([10, 20, 30], after: 5) == 15)
        #expect(Forecast.left([10, 20, 30], after: 12) == 13)
        #expect(Forecast.left([10, 20, 30], after: 25) == 5)
        #expect(Forecast.left([10, 20, 30], after: 40) == 4)
        #expect(Forecast.left([10, 20, 30], after: 30, share: 0.75) == 10)
        #expect(Forecast.left([10, 20, 30], after: 5, share: 0.01) == 15)
        #expect(Forecast.left([], after: 5, share: 0.5) == 5)
        #expect(Forecast.left([], after: 5) == nil)
    }

    @Test("where something is left that nothing is known of, nothing is said")
    func unknown() {
        #expect(left([.init(former: [1]), .init(needs: [0], former: nil)]) == nil)
        #expect(left([.init(former: [1]), .init(former: [])]) == nil)
        // They wait for one another.
        #expect(left([.init(needs: [1], former: [1]), .init(needs: [0], former: [1])]) == nil)
    }

    @Test("one of several is enough for a step that asks for no more")
    func alternatives() {
        #expect(
            left([.init(former: [3]), .init(former: [10]), .init(needsOneOf: [0, 1], former: [4])]) == 10)
    }

    /// Durations by a seed: the same ones, for ever (SplitMix64).
    private struct Seeded: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    /// What becomes of steps of known length, by the rule that the engine has: in the order written, as many at once as may.
    private func played(_ needs: [[Int]], _ seconds: [Double], maxParallel: Int) -> [(start: Double, end: Double)] {
        var times = Array(repeating: (start: Double.infinity, end: Double.infinity), count: needs.count)
        var now = 0.0
        while true {
            for step in needs.indices where times[step].start == .infinity {
                let busy = times.count { $0.start <= now && $0.end > now }
                guard busy < maxParallel, needs[step].allSatisfy({ times[$0].end <= now }) else { continue }
                times[step] = (now, now + seconds[step])
            }
            guard let next = times.map(\.end).filter({ $0 > now && $0 < .infinity }).min() else { return times }
            now = next
        }
    }

    @Test(
        "at half time of 30 steps that take now more and now less time, 18 of 20 times at least it is right by a fifth",
        arguments: 1...10)
    func halfTime(seed: UInt64) {
        var chance = Seeded(state: seed)
        let needs = (0..<30).map { step in
            Array(
                Set(
                    (0..<Int.random(in: 0...3, using: &chance)).compactMap { _ in
                        (0..<step).randomElement(using: &chance)
                    }))
        }
        let usual = needs.map { _ in Double.random(in: 2...60, using: &chance) }
        func run() -> [Double] { usual.map { $0 * Double.random(in: 0.7...1.3, using: &chance) } }
        var former = usual.map { _ in [Double]() }
        func learn(_ seconds: [Double]) {
            for step in seconds.indices { former[step] = (former[step] + [seconds[step]]).suffix(20) }
        }
        for _ in 0..<20 { learn(run()) }
        var right = 0
        for _ in 0..<20 {
            let seconds = run()
            let times = played(needs, seconds, maxParallel: 4)
            let half = (times.map(\.end).max() ?? 0) / 2
            let open = needs.indices.filter { times[$0].end > half }
            let places = Dictionary(uniqueKeysWithValues: open.enumerated().map { ($0.element, $0.offset) })
            let forecast = Forecast(
                steps: open.map { step in
                    Forecast.Step(
                        needs: needs[step].compactMap { places[$0] },
                        parts: [
                            times[step].start < half
                                ? .running(seconds: half - times[step].start, share: nil) : .waiting
                        ],
                        former: former[step])
                }, maxParallel: 4)
            if let left = forecast.left(), abs(left - half) <= 0.2 * half { right += 1 }
            learn(seconds)
        }
        #expect(right >= 18)
    }

    // MARK: Of a run

    private let chain = """
        steps:
          - {id: a, command: ["true"]}
          - {id: b, command: ["true"]}
          - {id: c, command: ["true"], foreach: [1, 2, 3], max_parallel: 1}
        on_exit:
          - {id: last, command: ["true"]}
        """
    private let times: [String: StepTimes] = [
        "a": .init(seconds: [10]), "b": .init(seconds: [20]), "c": .init(items: 3, seconds: [1, 1, 1]),
        "last": .init(seconds: [5]),
    ]

    @Test("a run is played through with its handlers, and less is left as it goes on")
    func run() throws {
        var harness = try RunHarness(chain)
        func left() -> Double? { harness.run.forecast(times, at: harness.now, progress: [:])?.left() }
        #expect(left() == 38)
        harness.wait(4)
        #expect(left() == 34)
        harness.end("a", .succeeded)
        #expect(left() == 28)
        #expect(harness.run.forecast(times, at: harness.now, progress: [Place(1): 50])?.left() == 28)
        harness.wait(10)
        #expect(harness.run.forecast(times, at: harness.now, progress: [Place(1): 25])?.left() == 38)
        #expect(harness.run.timeLeft(of: Place(1), times, at: harness.now, progress: [Place(1): 25]) == 30)
        #expect(harness.run.timeLeft(of: Place(1), times, at: harness.now, progress: [:]) == 10)
        harness.end("b", .succeeded)
        for item in 0..<3 {
            #expect(left() == Double(8 - item))
            harness.give("c", item: item)
        }
        #expect(left() == 5)
        harness.end("last", .succeeded)
        #expect(harness.run.state == .succeeded)
        #expect(harness.run.forecast(times, at: harness.now, progress: [:]) == nil)
        #expect(harness.run.times["b"] == StepTimes(seconds: [10]))
        #expect(harness.run.times["c"] == StepTimes(items: 3, seconds: [0, 0, 0]))
    }

    @Test("a step that was never seen, and a question to a person, have no end that could be told")
    func noEnd() throws {
        let harness = try RunHarness(chain)
        var known = times
        known["b"] = nil
        #expect(harness.run.forecast(known, at: harness.now, progress: [:])?.left() == nil)
        #expect(harness.run.forecast([:], at: harness.now, progress: [:]) == nil)
        let asked = try RunHarness(
            """
            steps:
              - {id: a, command: ["true"]}
              - {id: b, approval: "go?"}
            """)
        #expect(asked.run.forecast(times, at: asked.now, progress: [:]) == nil)
    }

    @Test(
        "of what a run tells of its steps' times a failure, a step that was left out, and what was before a retry are no part"
    )
    func told() throws {
        var harness = try RunHarness(
            """
            steps:
              - {id: a, command: ["true"]}
              - {id: b, command: ["true"], when: "${1 > 2}"}
              - {id: c, command: ["true"]}
            """)
        harness.wait(3)
        harness.end("a", .succeeded)
        harness.wait(2)
        harness.end("c", .failed, code: 1)
        #expect(harness.run.times == ["a": .init(seconds: [3]), "b": .init(seconds: [0])])
        harness.wait(100)
        harness.submit(.runResumed(RunResumed(retry: true, requester: Requester(uid: 0), epoch: harness.epoch)))
        harness.wait(4)
        harness.end("c", .succeeded)
        #expect(harness.run.times["c"] == .init(seconds: [4]))
        #expect(harness.run.times["a"] == .init(seconds: [3]))
    }

    @Test("what a step says of how far it is, is its last whole line of that kind")
    func progress() {
        #expect(OutputFile.progress("", isWhole: true) == nil)
        #expect(OutputFile.progress("progress=40\n", isWhole: true) == 40)
        #expect(OutputFile.progress("progress=40\nbytes=7\nprogress=41.9\nprogress=5", isWhole: true) == 41)
        #expect(OutputFile.progress("progress=40\nprogress=many\n", isWhole: true) == 40)
        #expect(OutputFile.progress("progress=400\n", isWhole: true) == 100)
        #expect(OutputFile.progress("progress=4\nx=1\n", isWhole: false) == nil)
    }
}

import PawlModel

@testable import PawlPictures

/// Graphs and runs that tests draw.
enum Sample {
    /// A graph of names, each with what it waits for.
    static func graph(_ steps: [(id: String, waitsFor: [String])]) -> Graph {
        var places: [String: Int] = [:]
        for (place, step) in steps.enumerated() { places[step.id] = place }
        return Graph(
            nodes: steps.map { Graph.Node(id: $0.id) },
            edges: steps.enumerated().flatMap { place, step in
                step.waitsFor.compactMap { places[$0] }.map { Graph.Edge($0, place) }
            })
    }

    static let diamond = graph([("a", []), ("left", ["a"]), ("right", ["a"]), ("join", ["left", "right"])])

    static let cluster = graph([
        ("prepare", []), ("member-1", ["prepare"]), ("member-2", ["prepare"]), ("member-3", ["prepare"]),
        ("healthy", ["member-1", "member-2", "member-3"]), ("load", ["healthy"]), ("report", ["load"]),
    ])

    /// Numbers that look like chance and are the same each time.
    struct Numbers {
        private var state: UInt64
        init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

        mutating func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % max(1, bound)
        }
    }

    /// A graph of so many steps, each of which waits for some of those before it.
    static func graph(seed: UInt64) -> Graph {
        var numbers = Numbers(seed)
        let count = 2 + numbers.next(40)
        var edges: Set<Graph.Edge> = []
        for node in 1..<count {
            for _ in 0..<numbers.next(4) {
                // Mostly near, sometimes far.
                let reach = numbers.next(3) == 0 ? node : min(node, 6)
                edges.insert(Graph.Edge(node - 1 - numbers.next(reach), node))
            }
        }
        return Graph(
            nodes: (0..<count).map { Graph.Node(id: "step-\($0)" + String(repeating: "x", count: numbers.next(9))) },
            edges: edges.sorted { ($0.to, $0.from) < ($1.to, $1.from) })
    }

    static let start = Timestamp(microseconds: 1_795_230_184_000_000)

    static func time(_ seconds: Double) -> Timestamp { start.adding(seconds: seconds) }

    static func attempt(
        _ number: Int, _ state: StepState, _ from: Double, _ to: Double?, code: Int? = nil,
        result: String? = nil, cpu: Double? = nil, memory: Int64? = nil
    ) -> RunFacts.Attempt {
        var attempt = RunFacts.Attempt(
            number: number, unit: "pawl-step-7k2m9qxa.x.\(number).service", state: state,
            words: code.flatMap { $0 == 0 ? nil : "exit status \($0)" }, exitCode: code, result: result,
            started: time(from), ended: to.map(time))
        (attempt.cpuSeconds, attempt.memoryPeak) = (cpu, memory)
        return attempt
    }

    static func record(
        _ state: StepState, _ attempts: [RunFacts.Attempt], item: Int? = nil, reason: String? = nil,
        log: [String] = []
    ) -> RunFacts.Record {
        RunFacts.Record(
            item: item, state: state, reason: reason, exitCode: attempts.last?.exitCode, attempts: attempts, log: log)
    }

    /// The only attempt of a step that did well.
    static func attempt(_ from: Double, _ to: Double, code: Int, memory: Int64? = nil) -> RunFacts.Attempt {
        attempt(1, .succeeded, from, to, code: code, memory: memory)
    }

    /// A step that did well.
    static func record(_ attempts: [RunFacts.Attempt], item: Int? = nil) -> RunFacts.Record {
        record(.succeeded, attempts, item: item)
    }

    static func step(
        _ id: String, after: [Int] = [], _ records: [RunFacts.Record], memory: Int64? = nil, timeout: Double? = nil,
        phase: String = ""
    ) -> RunFacts.Step {
        RunFacts.Step(
            id: id, phase: phase, hasItems: records.contains { $0.item != nil },
            waitsFor: after.map { (step: $0, kind: .done) }, memoryLimit: memory, timeout: timeout,
            state: records.first { $0.isFailure }?.state ?? records.first?.state ?? .waiting, records: records)
    }

    static func facts(_ state: RunState, _ steps: [RunFacts.Step], ended: Double?, maxParallel: Int? = nil) -> RunFacts
    {
        var facts = RunFacts(
            run: "etcd-7k2m9qxa", id: "7k2m9qxa", workflow: "etcd", state: state, started: start,
            ended: ended.map(time), now: time(100), file: "/etc/pawl/workflows/etcd.yaml", host: "db1",
            maxParallel: maxParallel)
        facts.steps = steps
        return facts
    }

    static let forms = Report.Forms(
        duration: { "\(Markup.number($0))s" }, size: { "\($0)B" }, moment: { TimeText.text(of: $0) })

    static func report(_ facts: RunFacts) -> Report { Report(facts, forms: forms) }

    /// A run with a retry, a failure and what was skipped for it.
    static let failed = facts(
        .failed,
        [
            step(
                "dump",
                [record(.succeeded, [attempt(1, .failed, 0, 2, code: 1), attempt(2, .succeeded, 3, 6, code: 0)])]),
            step("check", [record([attempt(0, 1, code: 0)])]),
            step(
                "send", after: [0, 1],
                [
                    record(
                        .failed, [attempt(1, .failed, 6, 9, code: 7)], reason: "no route", log: ["first", "last line"])
                ]),
            step("tell", after: [2], [record(.skipped, [], reason: "'send' has failed")]),
        ], ended: 9.5)
}

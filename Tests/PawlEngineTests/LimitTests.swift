import PawlLanguage
import PawlModel
import Testing

@testable import PawlEngine

@Suite("Limits of a run's slice that somebody sets")
struct LimitTests {
    private typealias Limit = ParentRun.Above.Limit

    private static let text = """
        slice: {MemoryMax: "${run.id == 'x' ? '2G' : '1G'}", CPUWeight: 50}
        steps:
          - {id: a, command: [x]}
        """

    private func run() throws -> Run {
        try RunHarness(LimitTests.text).run
    }

    private func set(_ run: inout Run, _ assignments: String...) throws {
        let body = RunLimited(limits: try LimitText.read(assignments), requester: Requester(uid: 0))
        #expect(run.refusal(of: .runLimited(body)) == nil)
        run.apply(.runLimited(body), at: run.started)
    }

    private func texts(_ run: Run) throws -> [String] {
        try run.limits().flatMap(\.assignments)
    }

    @Test("They stand over those of the workflow, directive by directive, and reach the slice of every attempt")
    func over() throws {
        var run = try run()
        #expect(try texts(run) == ["MemoryMax=1G", "CPUWeight=50"])
        #expect(!run.hasSetLimits)
        try set(&run, "MemoryMax=3G", "TasksMax=7")
        #expect(try texts(run) == ["CPUWeight=50", "MemoryMax=3G", "TasksMax=7"])
        #expect(run.hasSetLimits)
        try set(&run, "MemoryMax=4G")
        #expect(try texts(run) == ["CPUWeight=50", "MemoryMax=4G", "TasksMax=7"])
        let settings = try run.sliceLimits()
        #expect(settings.contains(UnitSetting(name: "MemoryMax", value: .unsigned64(4 << 30))))
        #expect(try run.render(0, number: 1).limits == settings)
    }

    @Test("What a step may use of memory is known in bytes, as far as it is the same for all its items")
    func memory() throws {
        let run = try RunHarness(
            """
            variables: {most: 2G}
            steps:
              - {id: a, command: [x], unit: {MemoryMax: "${most}"}}
              - {id: b, command: [x], unit: {MemoryMax: 50%}}
              - {id: c, command: [x], unit: {MemoryMax: infinity}}
              - {id: d, command: [x], foreach: [1M, 2M], unit: {MemoryMax: "${item}"}}
              - {id: e, command: [x]}
            """, variables: ["most": "2G"]
        ).run
        #expect((0..<5).map { run.memoryMax(ofStep: $0) } == [2 << 30, 1 << 29, nil, nil, nil])
    }

    @Test("Several of one directive are its values")
    func list() throws {
        let limits = try LimitText.read(["IOReadBandwidthMax=/dev/a 1M", "TasksMax=1", "IOReadBandwidthMax=/dev/b 2M"])
        #expect(limits.map(\.name) == ["IOReadBandwidthMax", "TasksMax"])
        #expect(limits[0].values == ["/dev/a 1M", "/dev/b 2M"])
    }

    @Test("What takes a setting back leaves what was there before")
    func before() throws {
        var run = try run()
        try set(&run, "TasksMax=7")
        let body = RunLimited(limits: try LimitText.read(["TasksMax=8", "MemoryMax=3G"]), requester: Requester(uid: 0))
        let back = run.limits(before: body)
        run.apply(.runLimited(body), at: run.started)
        run.apply(.runLimited(back), at: run.started)
        #expect(try texts(run) == ["MemoryMax=1G", "CPUWeight=50", "TasksMax=7"])
    }

    @Test(
        "A faulty assignment is named, with what is wrong with it",
        arguments: [
            ("MemoryMax", "'MemoryMax' is no assignment such as MemoryMax=2G"), ("=2G", "'=2G' is no assignment"),
            ("MemoryMux=2G", "(did you mean 'MemoryMax'?)"), ("MemoryMax=lots", "MemoryMax=lots: "),
            ("PrivateTmp=yes", "'PrivateTmp' cannot be set for a slice: it limits no resource"),
            ("TasksMax=1\n[Service]", "takes no control characters"),
        ])
    func faults(assignment: String, words: String) throws {
        let fault = #expect(throws: RenderFault.self) { try LimitText.read(["CPUWeight=1", assignment]) }
        #expect(fault?.description.contains(words) == true, "\(fault?.description ?? "")")
    }

    @Test("A run that has ended takes none; one that is retried keeps those that it had")
    func ended() throws {
        var run = try run()
        try set(&run, "TasksMax=7")
        run.apply(.runEnded(RunEnded(state: .failed)), at: run.started)
        let body = RunLimited(limits: try LimitText.read(["TasksMax=8"]), requester: Requester(uid: 0))
        #expect(run.refusal(of: .runLimited(body))?.contains("has failed already") == true)
        run.apply(.runResumed(RunResumed(retry: true, requester: Requester(uid: 0), epoch: "boot-1")), at: run.started)
        #expect(try texts(run).last == "TasksMax=7")
    }
}

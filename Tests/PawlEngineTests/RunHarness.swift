import PawlLanguage
import PawlModel

@testable import PawlEngine

/// A run with a clock of its own, driven by what a test says its steps do.
struct RunHarness {
    private(set) var run: Run
    private(set) var events: [Event]
    private(set) var times: [Timestamp]
    var now = Timestamp(microseconds: 1_700_000_000_000_000)
    var epoch = "boot-1"

    static let host = HostFacts(
        name: "host", machineID: "0123", arch: "x86_64", cpus: 2, memory: 1 << 30, osVersion: "12")

    init(_ text: String, variables: [String: Value] = [:], maxParallel: Int = 4) throws {
        let created = RunCreated(
            workflow: "demo", file: "/etc/pawl/workflows/demo.yaml", text: text, variables: variables,
            requester: Requester(uid: 0),
            folder: "/var/lib/pawl/runs/0000000a", maxParallel: maxParallel, host: RunHarness.host)
        try self.init(created)
    }

    init(_ created: RunCreated) throws {
        run = try Run(id: RunID(rawValue: "0000000a")!, created: created, at: now)
        events = [.runCreated(created)]
        times = [now]
        decide()
    }

    /// Takes every decision there is.
    mutating func decide() {
        let context = DecisionContext(now: now, epoch: epoch, random: { 0 })
        while let event = run.nextDecision(context) { take(event) }
    }

    /// Applies an event without deciding upon it.
    mutating func take(_ event: Event) {
        run.apply(event, at: now)
        events.append(event)
        times.append(now)
    }

    /// Applies an event and decides.
    mutating func submit(_ event: Event) {
        take(event)
        decide()
    }

    /// Ends the running attempt of a step.
    mutating func end(_ step: String, _ state: StepState, code: Int? = nil, output: String? = nil) {
        var outcome = AttemptOutcome(state: state, exitCode: code ?? (state == .succeeded ? 0 : nil), ended: now)
        outcome.output = output
        if state != .succeeded { outcome.reason = code.map { "exit status \($0)" } }
        let number = run.steps[run.index(of: step)!].attempts.last?.number ?? 0
        submit(.attemptEnded(AttemptEnded(step: step, number: number, outcome: outcome)))
    }

    /// Ends the running attempt of a step or item with what it gave.
    mutating func give(
        _ step: String, item: Int? = nil, _ state: StepState = .succeeded, outputs: [String: Value]? = nil
    ) {
        var outcome = AttemptOutcome(state: state, exitCode: state == .succeeded ? 0 : 1, ended: now)
        outcome.outputs = outputs
        let number = run[run.place(of: step, item: item)!].attempts.last?.number ?? 0
        submit(.attemptEnded(AttemptEnded(step: step, item: item, number: number, outcome: outcome)))
    }

    /// Lets time pass.
    mutating func wait(_ seconds: Double) {
        now = now.adding(seconds: seconds)
        decide()
    }

    /// Somebody sets the clock, and whoever carries the run on has seen it.
    mutating func setClock(by seconds: Double) {
        now = now.adding(seconds: seconds)
        run.clockWasSet(by: seconds)
        decide()
    }

    /// What each step is doing.
    var states: [String: StepState] {
        Dictionary(uniqueKeysWithValues: run.workflow.steps.map { ($0.id, run.steps[$0.index].state) })
    }

    /// The steps that run, in the order written.
    var running: [String] { run.running.sorted().map { run.workflow.steps[$0.step].id } }

    /// The same run, made again from its events.
    func replayed() throws -> Run {
        var again = try Run(id: run.id, created: run.created, at: times[0])
        for (event, time) in zip(events, times).dropFirst() { again.apply(event, at: time) }
        return again
    }
}

import PawlLanguage
import PawlModel
import Testing

@testable import PawlEngine

/// Several runs and the table of their locks, carried on as the conductor does it.
struct LockHarness {
    private(set) var runs: [RunID: Run] = [:]
    private(set) var events: [RunID: [(event: Event, time: Timestamp)]] = [:]
    private(set) var table = LockTable()
    /// What happened about locks, in its order: `a1 s waits k`, `a1 s has k`, `a1 s refused`, `a1 s failed`, `a1 cancelled`.
    private(set) var log: [String] = []
    private var aside: Set<RunID> = []
    var now = Timestamp(microseconds: 1_700_000_000_000_000)
    var epoch = "boot-1"

    /// The ID of a run with a short name.
    static func id(_ name: String) -> RunID { RunID(rawValue: "000000" + name)! }

    mutating func start(
        _ name: String, _ text: String, variables: [String: Value] = [:], maxParallel: Int = 4, undo: UndoPlan? = nil
    ) throws {
        var created = RunCreated(
            workflow: "demo", file: "/demo.yaml", text: text, variables: variables, requester: Requester(uid: 0),
            folder: "/r",
            maxParallel: maxParallel, host: RunHarness.host, epoch: epoch)
        created.undo = undo
        let id = LockHarness.id(name)
        runs[id] = try Run(id: id, created: created, at: now)
        events[id] = [(.runCreated(created), now)]
        note(id)
        decide([id])
    }

    subscript(name: String) -> Run { runs[LockHarness.id(name)]! }

    mutating func submit(_ name: String, _ event: Event) {
        let id = LockHarness.id(name)
        take(event, id)
        decide([id])
    }

    mutating func end(_ name: String, _ step: String, item: Int? = nil, _ state: StepState = .succeeded) {
        let run = self[name]
        let number = run[run.place(of: step, item: item)!].attempts.last?.number ?? 0
        let outcome = AttemptOutcome(state: state, exitCode: state == .succeeded ? 0 : 1, ended: now)
        submit(name, .attemptEnded(AttemptEnded(step: step, item: item, number: number, outcome: outcome)))
    }

    mutating func wait(_ seconds: Double) {
        now = now.adding(seconds: seconds)
        decide(runs.keys.sorted { $0.rawValue < $1.rawValue })
    }

    /// pawld is killed and starts anew: all that it knows is what is on disk. Nothing is decided yet.
    mutating func forget(decides: Bool = true) throws {
        table = LockTable()
        for (id, events) in events {
            guard case .runCreated(let created) = events[0].event else { continue }
            var run = try Run(id: id, created: created, at: events[0].time)
            for entry in events.dropFirst() { try run.apply(recorded: entry.event, at: entry.time) }
            _ = run.takeLockChanges()
            runs[id] = run
            table.replace(run.lockClaims, of: id, named: String(id.rawValue.suffix(2)))
            table.set(run.lockStanding, of: id)
        }
        table.isSuspect = true
        if decides { decide(runs.keys.sorted { $0.rawValue < $1.rawValue }) }
    }

    /// Of a run that is not read it is only known what it holds.
    mutating func setAside(_ name: String) {
        let id = LockHarness.id(name)
        aside.insert(id)
        let held = HeldLocks((events[id] ?? []).map(\.event).filter { HeldLocks.kinds.contains($0.kind) })
        table.replace(held.claims, of: id, named: name)
        table.set(.none, of: id)
    }

    /// It is read after all.
    mutating func takeUp(_ name: String) {
        let id = LockHarness.id(name)
        aside.remove(id)
        table.replace(self[name].lockClaims, of: id, named: name)
        table.set(self[name].lockStanding, of: id)
        table.isSuspect = true
        decide([id])
    }

    private mutating func take(_ event: Event, _ id: RunID) {
        runs[id]?.apply(event, at: now)
        events[id]?.append((event, now))
        let name = id.rawValue.suffix(2)
        switch event {
        case .lockWanted(let body): log.append("\(name) \(place(body.step, body.item)) waits \(body.key)")
        case .lockGranted(let body): log.append("\(name) \(place(body.step, body.item)) has \(body.key)")
        case .lockRefused(let body): log.append("\(name) \(place(body.step, body.item)) refused")
        case .cancelRequested: log.append("\(name) cancelled")
        case .stepEnded(let body) where body.state == .failed:
            log.append("\(name) \(place(body.step, body.item)) failed")
        default: break
        }
        note(id)
    }

    private func place(_ step: String?, _ item: Int?) -> String {
        (step ?? "-") + (item.map { ".\($0)" } ?? "")
    }

    private mutating func note(_ id: RunID) {
        if let changes = runs[id]?.takeLockChanges() {
            table.apply(changes, of: id, named: String(id.rawValue.suffix(2)))
        }
        if let run = runs[id] { table.set(run.lockStanding, of: id) }
        check()
    }

    private mutating func decide(_ ids: [RunID]) {
        var due = ids
        while !due.isEmpty {
            var hasDecided = false
            for id in due where !aside.contains(id) {
                let context = DecisionContext(now: now, epoch: epoch, random: { 0 })
                while let event = runs[id]?.nextDecision(context, table) {
                    take(event, id)
                    hasDecided = true
                }
            }
            due = hasDecided ? table.pending : []
        }
        table.isSuspect = false
    }

    /// Never have two one lock, and the table has what the runs have.
    private func check() {
        var holders: [String: RunID] = [:]
        var steps: [String: Int] = [:]
        for (id, run) in runs {
            if !aside.contains(id) { #expect(table.claims(of: id) == run.lockClaims) }
            for (seat, claim) in run.lockClaims where claim.isHeld {
                #expect(holders[claim.key] == nil || holders[claim.key] == id, "\(claim.key)")
                holders[claim.key] = id
                if seat != .run { steps[claim.key, default: 0] += 1 }
            }
        }
        #expect(steps.allSatisfy { $0.value == 1 }, "\(steps)")
    }

    /// The steps of a run that have an attempt under way.
    func running(_ name: String) -> [String] {
        let run = self[name]
        return run.running.sorted().map {
            run.workflow.steps[$0.step].id + ($0.item.map { ".\($0)" } ?? "")
        }
    }

    func wait(_ name: String, _ step: String? = nil, item: Int? = nil) -> String? {
        table.wait(of: LockOwner(LockHarness.id(name), LockSeat(step: step, item: item)))
    }
}

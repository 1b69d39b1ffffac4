import PawlEngine
import PawlLanguage
import PawlModel
import PawlStore

/// What is on the disk of a store: it stays over kills and boots.
// SAFETY: as for `Schedule`.
final class SimulatedDisk: @unchecked Sendable {
    struct Entry {
        var summary: RunSummaryRow
        var created: RunCreated
        var events: [RecordedEvent]
    }

    var runs: [RunID: Entry] = [:]
    var order: [RunID] = []
    var workflows: [String: Workflow] = [:]
    var recoveries: [RunID: Int] = [:]
    /// A commit that failed when it was already in the log: nobody sees it, the next commit takes its place, and whoever
    /// opens the store before that one finds it done.
    fileprivate var ghost: [RunChange] = []

    /// The run as its events have left it.
    func run(_ id: RunID) -> Run? {
        guard let entry = runs[id], let workflow = workflows[entry.created.text] else { return nil }
        var run = Run(id: id, created: entry.created, workflow: workflow, at: entry.events[0].time)
        for event in entry.events.dropFirst() { run.apply(event.event, at: event.time) }
        return run
    }
}

/// The store of one pawld: what is on the disk, by the rules of SQLite. A commit is whole or not there, what was committed
/// stays, and one that failed may be there all the same.
// SAFETY: as for `Schedule`.
final class SimulatedStore: RunRecords, @unchecked Sendable {
    struct Failure: Error {}

    private let disk: SimulatedDisk
    private let faults: Faults
    private let schedule: Schedule
    private let check: ([RunChange]) -> Void
    private let checkCommit: () -> Void
    var isCut = false

    init(
        disk: SimulatedDisk, faults: Faults, schedule: Schedule, check: @escaping ([RunChange]) -> Void,
        checkCommit: @escaping () -> Void
    ) {
        (self.disk, self.faults, self.schedule) = (disk, faults, schedule)
        (self.check, self.checkCommit) = (check, checkCommit)
        let ghost = disk.ghost
        disk.ghost = []
        write(ghost)
    }

    func record(_ changes: [RunChange]) throws {
        if isCut { throw Failure() }
        if faults.failingCommits > 0 {
            faults.failingCommits -= 1
            disk.ghost = schedule.chance.once(in: 2) ? changes : []
            throw Failure()
        }
        disk.ghost = []
        write(changes)
    }

    private func write(_ changes: [RunChange]) {
        check(changes)
        for change in changes {
            if disk.runs[change.summary.id] == nil {
                guard case .runCreated(let created)? = change.events.first?.event else { continue }
                disk.runs[change.summary.id] = .init(summary: change.summary, created: created, events: [])
                disk.order.append(change.summary.id)
            }
            disk.runs[change.summary.id]?.summary = change.summary
            disk.runs[change.summary.id]?.events += change.events
        }
        if !changes.isEmpty { checkCommit() }
    }

    private func read() throws { if isCut { throw Failure() } }

    func run(_ id: RunID) throws -> Run? {
        try read()
        return disk.run(id)
    }

    /// Nobody asks for what the events carry here.
    func writtenEvents(of id: RunID, after sequence: Int) throws -> [WrittenEvent] {
        try read()
        return (disk.runs[id]?.events ?? []).filter { $0.sequence > sequence }.map {
            WrittenEvent(sequence: $0.sequence, time: $0.time, kind: $0.event.kind.rawValue, body: .null)
        }
    }

    func lockEvents(of id: RunID) throws -> [Event] {
        try read()
        return (disk.runs[id]?.events ?? []).map(\.event).filter { HeldLocks.kinds.contains($0.kind) }
    }

    func openRuns() throws -> [RunSummaryRow] {
        try read()
        return disk.order.compactMap { disk.runs[$0]?.summary }.filter { $0.ended == nil }
    }

    func allRuns() throws -> [RunSummaryRow] {
        try read()
        return disk.order.reversed().compactMap { disk.runs[$0]?.summary }
    }

    func newestRun(of workflow: String) throws -> RunSummaryRow? {
        try allRuns().first { $0.workflow == workflow }
    }

    func run(ofKey key: String) throws -> RunSummaryRow? { try allRuns().first { $0.key == key } }

    // Nobody is told how long a run will take.
    func times(of workflow: String) throws -> [String: StepTimes] { [:] }

    func knows(_ id: RunID) throws -> Bool {
        try read()
        return disk.runs[id] != nil
    }

    func recoveries() throws -> [RunID: Int] {
        try read()
        return disk.recoveries
    }

    /// A commit of something else than runs: what failed before is nowhere after it.
    private func commit() throws {
        if isCut { throw Failure() }
        guard faults.failingCommits == 0 else {
            faults.failingCommits -= 1
            throw Failure()
        }
        disk.ghost = []
    }

    func markRecovery(of runs: [RunID]) throws {
        try commit()
        for id in runs { disk.recoveries[id, default: 0] += 1 }
    }

    func clearRecovery(of runs: [RunID]) throws {
        try commit()
        for id in runs { disk.recoveries[id] = nil }
    }

    func find(_ text: String) throws -> [RunSummaryRow] {
        try allRuns().filter { $0.id.rawValue == text }
    }

    // Nobody writes half a name here.
    func candidates(_ text: String) throws -> (newest: [RunSummaryRow], count: Int) { ([], 0) }

    func children(of run: RunID) throws -> [RunSummaryRow] {
        try read()
        return disk.order.compactMap { disk.runs[$0]?.summary }.filter { $0.parent == run }
    }

    func expired(before: Timestamp?, beyond count: Int?, limit: Int) throws -> [RunSummaryRow] { [] }
    func expiredCount(before: Timestamp?, beyond count: Int?) throws -> Int { 0 }
    func remove(_ runs: [RunID]) throws {}

    // Nobody asks over a socket here, so there is nothing to write down.
    func begin(audit record: AuditRecord) throws -> Int64 { 0 }
    func end(audit number: Int64, _ outcome: AuditRecord.Outcome, target: String?, reason: String?) throws {}
    func audits(_ filter: AuditFilter) throws -> [AuditRecord] { [] }
    func removeAudits(before: Timestamp, limit: Int) throws -> Int { 0 }
}

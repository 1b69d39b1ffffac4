import PawlModel
import PawlStore

/// The audit is in the store, which only the conductor touches.
extension Conductor {
    /// Records go in parts, so that no commit of a run has to wait for long.
    private static let auditsAtOnce = 1000

    /// Writes down what was asked.
    func begin(audit record: AuditRecord) throws -> Int64 { try store.begin(audit: record) }

    /// Writes down what became of it.
    func end(audit number: Int64, _ outcome: AuditRecord.Outcome, target: String?, reason: String?) throws {
        try store.end(audit: number, outcome, target: target, reason: reason)
    }

    /// What was asked, the first one first.
    func audits(_ filter: AuditFilter) throws -> [AuditRecord] { try store.audits(filter) }

    /// Removes some of the records whose time is over. Returns whether there are more.
    func removeAudits(olderThan age: Duration) throws -> Bool {
        guard !world.isHostStopping() else { return false }
        let before = world.now().adding(seconds: -(age / .seconds(1)))
        return try store.removeAudits(before: before, limit: Conductor.auditsAtOnce) == Conductor.auditsAtOnce
    }

    /// The workflows of a run and of those that it is a step of, the run's own first.
    func workflows(of row: RunSummaryRow) throws -> [String] {
        var (names, next) = ([row.workflow], row.parent)
        while let id = next, let parent = try store.find(id.rawValue).first {
            names.append(parent.workflow)
            next = parent.parent
        }
        return names
    }
}

package import PawlEngine
package import PawlModel

/// What the daemon asks of a store. `Store` keeps it in SQLite; a simulation keeps it in memory, and fails when it likes.
///
/// It has one owner, who calls it from one thread.
package protocol RunRecords: AnyObject {
    /// Records what happened to some runs, all of it or nothing. When this returns, it survives a power cut. When it
    /// throws, only a look at the runs tells whether it did.
    func record(_ changes: [RunChange]) throws
    /// The run as its events have left it; nil if it is not there.
    func run(_ id: RunID) throws -> Run?
    /// Some of a run's events as they were written, behind a place, the first one first; none at the end. They can be read where the
    /// run as a whole cannot, or must not be.
    func writtenEvents(of id: RunID, after sequence: Int) throws -> [WrittenEvent]
    /// Of a run's events those that tell which locks it holds, the first one first. They can be read where the run as a whole
    /// cannot, or must not be.
    func lockEvents(of id: RunID) throws -> [Event]
    /// The runs that have not ended, the first one first.
    func openRuns() throws -> [RunSummaryRow]
    /// All runs, the newest first.
    func allRuns() throws -> [RunSummaryRow]
    /// The newest run of a workflow.
    func newestRun(of workflow: String) throws -> RunSummaryRow?
    /// The newest run that was started with a key.
    func run(ofKey key: String) throws -> RunSummaryRow?
    /// How long the steps of a workflow took in its last runs, by their names.
    func times(of workflow: String) throws -> [String: StepTimes]
    /// Whether a run of that ID was ever recorded.
    func knows(_ id: RunID) throws -> Bool
    /// Finds runs by a name, an ID, a prefix of either, or `@last`; at most three, since two are too many already.
    func find(_ text: String) throws -> [RunSummaryRow]
    /// The newest three runs that begin with a text, and how many there are: for somebody who has to choose.
    func candidates(_ text: String) throws -> (newest: [RunSummaryRow], count: Int)
    /// How often in a row pawld did not survive taking a run up; runs that are not there have no such mark.
    func recoveries() throws -> [RunID: Int]
    /// Marks some runs as being taken up, all or none: each is counted once more.
    func markRecovery(of runs: [RunID]) throws
    /// Some runs were taken up, and pawld lives: nothing is counted any more.
    func clearRecovery(of runs: [RunID]) throws
    /// Runs that ended before a moment, and those that ended longest ago beyond so many; the oldest first. Those that are steps
    /// of others go with them, and are neither counted nor told of.
    func expired(before: Timestamp?, beyond count: Int?, limit: Int) throws -> [RunSummaryRow]
    /// How many runs these are, with those that are steps of them.
    func expiredCount(before: Timestamp?, beyond count: Int?) throws -> Int
    /// The runs that are steps of a run, those of their steps included.
    func children(of run: RunID) throws -> [RunSummaryRow]
    /// Removes some runs that have ended, all or none; one that is not there is fine.
    func remove(_ runs: [RunID]) throws
    /// Writes down what was asked, before it is done, and returns the record's number. When this returns, it survives a
    /// power cut.
    func begin(audit record: AuditRecord) throws -> Int64
    /// Writes down what became of what was asked.
    func end(audit number: Int64, _ outcome: AuditRecord.Outcome, target: String?, reason: String?) throws
    /// The records of what was asked, the first one first.
    func audits(_ filter: AuditFilter) throws -> [AuditRecord]
    /// Removes records from before a moment, so many at most. Returns how many that were.
    func removeAudits(before: Timestamp, limit: Int) throws -> Int
}

extension Store: RunRecords {}

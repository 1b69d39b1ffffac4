import PawlEngine
import PawlModel

/// The files of attempts, as the daemon sees them. `AttemptFolders` has them on the disk; a simulation has them in memory.
protocol AttemptFiles: Sendable {
    /// Makes what an attempt needs. Doing it twice is fine: what is there already stays. Returns whether the attempt had a
    /// folder before.
    func prepare(_ command: StepCommand) async throws(FolderFault) -> Bool
    /// Finds an attempt's credentials by name.
    func credentials(of command: StepCommand) async throws(CredentialFault) -> [FoundCredential]
    /// The receipt of an attempt; nil while there is none.
    func receipt(of name: AttemptName) async throws(FolderFault) -> Receipt?
    /// What a step wrote to `$PAWL_OUTPUT`, or nil if it took the file away.
    func output(of name: AttemptName) async throws(FolderFault) -> [UInt8]?
    /// Follows what an attempt of an earlier pawld says of how far it is; a new one is followed when it is prepared, and each
    /// until its output is asked for.
    func watchProgress(of name: AttemptName) async
    /// Nobody asks any more how far an attempt is.
    func forgetProgress(of name: AttemptName) async
    /// What `pawl-step` has found, where there was something to ask.
    func report(of name: AttemptName) async throws(FolderFault) -> StepReport?
    /// What a step wrote to stdout, where that is kept.
    func stdout(of name: AttemptName) async throws(FolderFault) -> [UInt8]?
    /// Lays a drop-in over the unit of an attempt until the next boot, or takes it away. systemd reads it with a reload.
    func setDropIn(_ text: String?, of name: AttemptName) async throws(FolderFault)
    /// The drop-in that was laid over the unit of an attempt.
    func dropIn(of name: AttemptName) async -> String?
    /// Whether an attempt's program was started in this boot and has left no receipt since.
    func hasStarted(_ name: AttemptName) async -> Bool
    /// Whether a run's folder was ever made: an ID with one is not given out again, even after the store was lost.
    func exists(run: RunID) async -> Bool
    /// Writes lines of a step's kept stdout to the journal with the step's fields.
    func toJournal(_ lines: [String], of command: StepCommand, _ journal: RunJournal) async
}

extension AttemptFiles {
    func watchProgress(of name: AttemptName) async {}
    func forgetProgress(of name: AttemptName) async {}
}

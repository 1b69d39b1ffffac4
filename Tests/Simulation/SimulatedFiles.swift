import PawlEngine
import PawlModel

@testable import PawlDaemon

/// The files of attempts as one pawld sees them.
// SAFETY: as for `Schedule`.
final class SimulatedFiles: AttemptFiles, @unchecked Sendable {
    private let host: SimulatedHost
    private let thread: SimulatedThread
    /// Set when pawld was killed.
    var isCut = false

    init(host: SimulatedHost, thread: SimulatedThread) {
        self.host = host
        self.thread = thread
    }

    /// What is done with a file is done on its thread: everything else goes on meanwhile.
    private func onThread<Answer: Sendable>(_ work: @escaping @Sendable () -> Answer) async -> Answer {
        await withCheckedContinuation { continuation in
            thread.perform { continuation.resume(returning: work()) }
        }
    }

    func prepare(_ command: StepCommand) async throws(FolderFault) -> Bool {
        let (fault, hadFolder): (FolderFault?, Bool) = await onThread { [self] in
            if isCut { return (FolderFault(description: "killed", code: 0), false) }
            if host.faults.fillsDisk, host.schedule.chance.once(in: 20) {
                return (FolderFault(description: "no room", code: 28), false)
            }
            host.folders.insert(command.name.run)
            host.work.prepare(command)
            return (nil, !host.attemptFolders.insert(command.name).inserted)
        }
        if let fault { throw fault }
        return hadFolder
    }

    func credentials(of command: StepCommand) async throws(CredentialFault) -> [FoundCredential] { [] }

    func receipt(of name: AttemptName) async throws(FolderFault) -> Receipt? {
        await onThread { [self] in isCut ? nil : host.receipts[name]?.receipt }
    }

    func output(of name: AttemptName) async throws(FolderFault) -> [UInt8]? { await onThread { nil } }
    func report(of name: AttemptName) async throws(FolderFault) -> StepReport? {
        await onThread { [self] in isCut ? nil : host.work.reports[name] }
    }
    func stdout(of name: AttemptName) async throws(FolderFault) -> [UInt8]? { await onThread { nil } }
    func hasStarted(_ name: AttemptName) async -> Bool { await onThread { [self] in host.marks.contains(name) } }
    func exists(run: RunID) async -> Bool { await onThread { [self] in host.folders.contains(run) } }
    func setDropIn(_ text: String?, of name: AttemptName) async throws(FolderFault) {
        await onThread { [self] in if !isCut { host.dropIns[name] = text } }
    }
    func dropIn(of name: AttemptName) async -> String? { await onThread { [self] in host.dropIns[name] } }
    func toJournal(_ lines: [String], of command: StepCommand, _ journal: RunJournal) async {}
}

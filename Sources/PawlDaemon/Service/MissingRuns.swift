import PawlModel

/// Looks, once pawld is ready, for runs that have a folder and are not in the store. SQLite drops the end of a log that was cut
/// off without a word, and an empty file is an empty database: a run that was lost so is told by its folder.
struct MissingRuns: Sendable {
    let conductor: Conductor
    let folders: AttemptFolders
    let journal: RunJournal
    let runs: String

    /// So many are looked for at once, so that whoever else needs the store waits for milliseconds.
    private static let portion = 500

    /// Tells of each in the journal. Returns how many there are.
    func tell() async -> Int {
        var count = 0
        let all = await folders.runsWithFolders()
        for start in stride(from: 0, to: all.count, by: MissingRuns.portion) {
            let portion = all[start..<min(start + MissingRuns.portion, all.count)]
            // A store that cannot be read is told of by whoever needs it.
            guard !Task.isCancelled, let unknown = try? await conductor.unknown(portion) else { return count }
            for run in unknown {
                count += 1
                journal.missing(
                    run: run, folder: "\(runs)/\(run)", attempts: await folders.attemptsWithReceipts(of: run))
            }
        }
        return count
    }
}

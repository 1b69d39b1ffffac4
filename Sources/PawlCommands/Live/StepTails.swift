import PawlAPI

/// The last lines that the steps of a followed run wrote, over a connection of its own. They are only a help to the eye: what cannot
/// be had is not shown, and nothing is said about it.
final class StepTails {
    private let surroundings: Surroundings
    private var client: ManagerClient?
    private var isRefused = false
    private var lastTry = -Double.infinity

    /// The last lines by the steps' names, the newest one last.
    private(set) var lines: [String: [String]] = [:]

    /// So many lines of a step are kept: what is shown of one that has failed.
    static let most = 20
    /// With so many of all steps it begins.
    private static let atFirst = 500
    /// No more are taken at once, or a step that writes without end would keep the picture from being drawn.
    private static let batches = 20
    private static let pause = 1.0

    init(_ surroundings: Surroundings) { self.surroundings = surroundings }

    /// Takes what has come in meanwhile.
    func take(of status: RunStatus) {
        guard !isRefused else { return }
        do throws(ManagerError) {
            let client = try opened(status.run)
            for _ in 0..<StepTails.batches {
                guard case .answer(let batch, let isLast)? = try client?.next(as: Messages.Log.self, within: 0) else {
                    return
                }
                for entry in batch.entries { add(entry) }
                if isLast { isRefused = true }
            }
        } catch {
            client = nil
            switch error {
            case .unreachable, .lost: break
            case .refused, .unintelligible: isRefused = true
            }
        }
    }

    /// The run is over: what its failed steps wrote last is fetched whole, since what follows the journal may be behind.
    func finish(_ status: RunStatus) {
        client = nil
        let client = surroundings.client
        for step in status.culprits.filter({ !$0.attempts.isEmpty }).prefix(3) {
            guard let entries = try? client.lastLines(of: status.run, step: step.name, count: StepTails.most) else {
                return
            }
            lines[step.name] = entries.map(\.message)
        }
    }

    private func opened(_ run: String) throws(ManagerError) -> ManagerClient? {
        if let client { return client }
        let now = surroundings.monotonic()
        guard now - lastTry >= StepTails.pause else { return nil }
        lastTry = now
        lines = [:]
        let client = surroundings.client
        try client.open(.readLogs, Messages.ReadLogs(run: run, follow: true, lines: StepTails.atFirst))
        self.client = client
        return client
    }

    private func add(_ entry: Messages.LogEntry) {
        guard let step = entry.name else { return }
        var known = lines[step] ?? []
        known.append(entry.message)
        lines[step] = known.suffix(StepTails.most)
    }
}

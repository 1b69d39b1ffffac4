import PawlAPI
import PawlModel

/// What pawld keeps of a run: what it goes by, what happened, and what its steps wrote.
extension ManagerClient {
    /// What a run goes by.
    func definition(of run: String) throws(ManagerError) -> RunDefinition {
        let answer: Messages.Definition = try ask(.describeDefinition, Messages.Run(run: run))
        return answer.definition
    }

    /// Hands over each event of a run, the first one first.
    func events<Failure: Error>(of run: String, handle: (EventEntry) throws(Failure) -> Void) throws {
        try open(.readEvents, Messages.Run(run: run))
        while true {
            guard case .answer(let batch, let isLast) = try next(as: Messages.Events.self, within: nil) else {
                continue
            }
            for event in batch.events { try handle(event) }
            if isLast { return }
        }
    }

    /// Hands over each line that the steps of a run wrote, in the order of the journal.
    func log<Failure: Error>(_ request: Messages.ReadLogs, handle: (Messages.LogEntry) throws(Failure) -> Void) throws {
        try open(.readLogs, request)
        while true {
            guard case .answer(let batch, let isLast) = try next(as: Messages.Log.self, within: nil) else { continue }
            for entry in batch.entries { try handle(entry) }
            if isLast { return }
        }
    }

    /// The last lines that a step, or one of its items, wrote in its last attempt.
    func logEnd(of run: String, _ step: StepStatus, count: Int) throws -> [String] {
        guard count > 0, let last = step.attempts.last else { return [] }
        guard let item = step.item else {
            return try lastLines(of: run, step: step.id, count: count).map(\.message)
        }
        // Items write side by side: what is this one's is known line by line.
        var request = Messages.ReadLogs(run: run, step: step.id)
        request.since = last.started
        request.until = last.ended.moment.map { TimeText.text(of: $0.adding(seconds: 1)) }
        var lines: [String] = []
        try log(request) { entry in
            guard entry.item == item, entry.attempt == last.number else { return }
            lines.append(entry.message)
            // The few that are wanted, without moving all of them at each line.
            if lines.count >= 2 * count { lines.removeFirst(lines.count - count) }
        }
        return lines.suffix(count)
    }
}

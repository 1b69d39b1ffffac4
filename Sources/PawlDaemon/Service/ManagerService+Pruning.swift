import PawlAPI
import PawlLanguage
import VarlinkKit

extension ManagerService {
    /// So many runs are named that would be removed.
    private static let mostNamed = 1000

    /// Removes runs that have ended, as the retention does each hour, for whoever asks for it now.
    func pruneRuns(_ call: Call, _ rights: Authorization.Rights) async throws {
        let request = try call.decode(Messages.PruneRuns.self)
        let bounds = [
            request.olderThan.map { "older than \(TimeSpan.text(of: .seconds($0)))" },
            request.keep.map { "beyond \($0)" },
        ].compactMap(\.self)
        let detail = bounds.isEmpty ? "as configured" : bounds.joined(separator: ", ")
        if request.dryRun == true {
            try requireOperating(rights, call)
            let (count, names) = try await conductor.expired(try await bound(request), naming: ManagerService.mostNamed)
            return try await call.reply(Messages.Pruned(count: count, runs: names))
        }
        try await act("prune", on: nil, detail: detail, call) { () async throws(APIError) in
            try requireOperating(rights, call)
        } body: { _ in
            try await call.reply(Messages.Pruned(count: await retention.run(try await bound(request))))
            return nil
        }
    }

    private func bound(_ request: Messages.PruneRuns) async throws(APIError) -> Retention {
        var retention = await library.settings.retention
        guard request.olderThan != nil || request.keep != nil else { return retention }
        (retention.age, retention.runs) = (nil, nil)
        if let seconds = request.olderThan {
            guard seconds >= 0, seconds < 1e10 else {
                throw APIError(.invalidVariable, "nothing was removed: \(seconds) is no age in seconds")
            }
            retention.age = .seconds(seconds)
        }
        if let keep = request.keep {
            guard keep >= 0 else {
                throw APIError(.invalidVariable, "nothing was removed: \(keep) runs cannot be kept")
            }
            retention.runs = keep
        }
        return retention
    }
}

import PawlAPI
import PawlModel
import PawlStore
import VarlinkKit

extension ManagerService {
    /// Pauses a run; answers once its steps stand still.
    func pauseRun(_ call: Call, _ rights: Authorization.Rights) async throws {
        try await settle("pause", call, rights, PauseFault.notFrozen) { row, requester in
            for (run, steps) in try await conductor.pause(row.id, by: requester) {
                try await freezer.freeze(run, steps.map(\.command))
            }
        }
    }

    /// Lets a paused run go on; answers once its steps do.
    func unpauseRun(_ call: Call, _ rights: Authorization.Rights) async throws {
        try await settle("unpause", call, rights, PauseFault.notThawed) { row, requester in
            for (run, steps) in try await conductor.unpause(row.id, by: requester) {
                try await freezer.thaw(run, steps)
            }
        }
    }

    /// Does the one or the other, and says where the run is then.
    private func settle(
        _ action: String, _ call: Call, _ rights: Authorization.Rights, _ words: @Sendable (String) -> PauseFault.Words,
        _ body: @Sendable (RunSummaryRow, Requester) async throws -> Void
    ) async throws {
        let request = try call.decode(Messages.Run.self)
        try await act(action, onRun: request.run, rights, call) { row, requester in
            do {
                try await body(row, requester)
            } catch let fault as PauseFault {
                throw APIError(.internalError, words(row.name).sentence(fault))
            }
            let (status, _) = try await conductor.status(of: row.id)
            try await call.reply(Messages.Status(status: status))
        }
    }
}

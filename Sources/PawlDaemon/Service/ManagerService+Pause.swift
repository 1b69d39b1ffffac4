import PawlAPI
import PawlModel
import PawlStore
import VarlinkKit

extension ManagerService {
    /// Pauses a run; answers once its steps stand still.
    func pauseRun(_ call: Call, _ rights: Authorization.Rights) async throws {
        let request = try call.decode(Messages.Run.self)
        try await act("pause", onRun: request.run, rights, call) { row in
            for (run, steps) in try await conductor.pause(row.id, by: call.peer.uid) {
                do throws(PauseFault) { try await freezer.freeze(run, steps.map(\.command)) } catch {
                    throw APIError(
                        .internalError,
                        "the run is paused and starts nothing, but not all of its steps stand still"
                            + (error.isPassing
                                ? " yet: \(error)" : ": \(error); 'pawl pause \(row.name)' tries it again"))
                }
            }
            let (status, _) = try await conductor.status(of: row.id)
            try await call.reply(Messages.Status(status: status))
        }
    }

    /// Lets a paused run go on; answers once its steps do.
    func unpauseRun(_ call: Call, _ rights: Authorization.Rights) async throws {
        let request = try call.decode(Messages.Run.self)
        try await act("unpause", onRun: request.run, rights, call) { row in
            for (run, steps) in try await conductor.unpause(row.id, by: call.peer.uid) {
                do throws(PauseFault) { try await freezer.thaw(run, steps) } catch {
                    throw APIError(
                        .internalError,
                        "the run goes on, but not all of its steps do"
                            + (error.isPassing
                                ? " yet: \(error)"
                                : ": \(error); 'pawl pause \(row.name)' and then 'pawl unpause \(row.name)' try it again")
                    )
                }
            }
            let (status, _) = try await conductor.status(of: row.id)
            try await call.reply(Messages.Status(status: status))
        }
    }
}

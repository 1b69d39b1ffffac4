import PawlAPI
import PawlModel

/// Starts a run of a text that is in no file, and follows it.
struct RunStarter {
    let client: ManagerClient
    let surroundings: Surroundings

    /// Starts the run; what is left to do with it is what `pawl run` does.
    func start(_ name: String, text: String, detach: Bool, format: OutputFormat) throws -> ExitStatus {
        let run: Messages.RunName
        do {
            run = try client.start(name, variables: [:], text: text)
        } catch {
            throw RunStarter.explain(error)
        }
        guard detach else {
            return try RunFollower(client: client, surroundings: surroundings).followNew(run.run, format: format)
        }
        if format == .json { try surroundings.print(json: run) } else { surroundings.output.line(run.run) }
        return .succeeded
    }

    /// What a start ends with that was not answered: a second one would make a second run.
    static func explain(_ error: ManagerError) -> any Error {
        guard case .lost(let reason) = error else { return error }
        return CommandFailure(
            .unreachable,
            "the connection to pawld was lost before it answered (\(reason)), so the run may have been "
                + "started: look with 'pawl ps --all' before starting it again")
    }
}

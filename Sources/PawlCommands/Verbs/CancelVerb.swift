import ArgumentParser
import PawlAPI
import PawlModel

/// `pawl cancel`.
struct CancelVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Cancel a run; returns once it has ended.",
        discussion: """
            The steps that run are stopped with all their processes.

            Examples:
              pawl cancel @last
              pawl cancel etcd-cluster-7k2m9qxa
            """)

    @OptionGroup var target: RunArgument
    @OptionGroup var format: OutputOption

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        let status = try cancel(surroundings)
        if format.output == .json {
            try surroundings.print(json: status)
        } else {
            let text = RunText(zone: surroundings.zone, style: surroundings.style)
            surroundings.output.line(text.outcome(status, now: surroundings.now())[0])
        }
        guard status.state == .cancelled else {
            throw CommandFailure(.conflict, "run \(status.run) was not cancelled: it had \(status.state.rawValue)")
        }
        return .succeeded
    }

    /// Cancelling twice does no harm, so a lost connection is no reason to give up: pawld is asked again, and a run
    /// that has ended meanwhile is the answer.
    private func cancel(_ surroundings: Surroundings) throws -> RunStatus {
        let client = surroundings.client
        var name = target.run
        var isAskedBefore = false
        var wasLost = false
        let clock = surroundings.monotonic
        var silentSince: Double?
        while true {
            do {
                if isAskedBefore || name.hasPrefix("@") {
                    // `@last` may be another run by the time it is asked again.
                    let status = try client.status(of: name)
                    name = status.run
                    silentSince = nil
                    if isAskedBefore, status.state.isEnded { return status }
                }
                isAskedBefore = true
                return try client.cancel(name)
            } catch {
                // An order whose answer was lost was carried out, and the run ended after its status was asked for.
                if wasLost, case .refused(let refusal) = error, refusal.code == .invalidState { continue }
                guard error.passes(wasReached: silentSince != nil) else { throw error }
                wasLost = true
                let since = silentSince ?? clock()
                silentSince = since
                client.disconnect()
                guard clock() - since < PersistentStream.patience else { throw error }
                surroundings.pause(PersistentStream.step)
            }
        }
    }
}

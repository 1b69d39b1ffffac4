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
        let status = try Cancellation(surroundings).cancel(target.run)
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
}

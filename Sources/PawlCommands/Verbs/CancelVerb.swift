import ArgumentParser
import PawlAPI
import PawlModel

/// `pawl cancel`.
struct CancelVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Cancel a run; returns once it has ended.",
        discussion: """
            The steps that run are stopped with all their processes: they are asked to
            end, and killed after their TimeoutStopSec. With --force they are killed at
            once; the run's handlers have their turn all the same, and a second time
            ends these too.

            Examples:
              pawl cancel @last
              pawl cancel etcd-cluster-7k2m9qxa --force
            """)

    @OptionGroup var target: RunArgument
    @Flag(help: "Kill what runs of it, instead of asking it to end.") var force = false
    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        let status = try Cancellation(surroundings).cancel(target.run, isForced: force)
        if format.output == .json {
            try surroundings.print(json: status)
        } else {
            let text = RunText(zone: surroundings.zone, style: surroundings.style)
            surroundings.tell(text.outcome(status, now: surroundings.now())[0])
        }
        guard status.state == .cancelled else {
            throw CommandFailure(.conflict, "run \(status.run) was not cancelled: it had \(status.state.rawValue)")
        }
        return .succeeded
    }
}

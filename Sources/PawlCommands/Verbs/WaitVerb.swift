import ArgumentParser
import PawlAPI

/// `pawl wait`.
struct WaitVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Wait until a run has ended or stopped.",
        discussion: """
            The exit status is the run's outcome.

            Examples:
              pawl wait @last
              pawl wait etcd-cluster-7k2m9qxa -o json
            """)

    @OptionGroup var target: RunArgument
    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        let display = FinalDisplay(surroundings, format: format.output)
        let follower = RunFollower(client: surroundings.client, surroundings: surroundings)
        return try follower.follow(target.run, known: false, display: display, ticks: false)
    }
}

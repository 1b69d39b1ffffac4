import ArgumentParser
import PawlAPI

/// `pawl attach`.
struct AttachVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "attach", abstract: "Follow a run that goes on, as 'pawl run' does.",
        discussion: """
            On a terminal ^C asks what to do, elsewhere it leaves the run as it is. The
            exit status is the run's outcome.

            Examples:
              pawl attach @last
              pawl attach etcd-cluster-7k2m9qxa
            """)

    @OptionGroup var target: RunArgument
    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        // Under its full name: `@last` may be another run by the time that ^C says how to go on.
        let run = try surroundings.client.status(of: target.run).run
        return try RunFollower(client: surroundings.client, surroundings: surroundings)
            .followNew(run, format: format.output)
    }
}

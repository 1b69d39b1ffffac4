import ArgumentParser
import PawlAPI

/// `pawl retry`.
struct RetryVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Open an ended run again and follow it.",
        usage: """
            pawl retry <run> [--from <step>] [--with-current] [--detach]
                       [--output <format>]
            """,
        discussion: """
            Failed, cancelled and skipped steps run again, in the same run; what has
            succeeded stays done. With --from that step runs again and everything that
            depends on it, though they have succeeded. The run keeps its variables, its
            folder, and its workflow as it was when it started; with --with-current it
            goes on with the workflow as it is now, if what has run fits that.

            Examples:
              pawl retry @last
              pawl retry etcd-cluster-7k2m9qxa --detach
              pawl retry @last --from configure
              pawl retry @last --with-current
            """)

    @OptionGroup var target: RunArgument

    @Option(help: ArgumentHelp("Run this step again too, and all that depends on it.", valueName: "step"))
    var from: String?

    @OptionGroup var current: CurrentOption

    @Flag(help: "Print the run's name and return at once.")
    var detach = false

    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        try Reopening(run: target.run, detach: detach, format: format.output, what: "opened again")
            .perform(surroundings) { client throws(ManagerError) in
                try client.retry(target.run, from: from, withCurrent: current.withCurrent)
            }
    }
}

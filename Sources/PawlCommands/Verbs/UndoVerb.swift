import ArgumentParser
import PawlAPI

/// `pawl undo`.
struct UndoVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "undo", abstract: "Take back what an ended run has done and follow it.",
        discussion: """
            A run of its own goes through the 'undo' of the steps that have run, the last
            one first. It is recorded, resumed and retried like any other.

            Examples:
              pawl undo @last
              pawl undo etcd-cluster-7k2m9qxa --detach
            """)

    @OptionGroup var target: RunArgument

    @Flag(help: "Print the new run's name and return at once.")
    var detach = false

    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        try Reopening(run: target.run, detach: detach, format: format.output, what: "taken back")
            .perform(surroundings) { client throws(ManagerError) in try client.undo(target.run) }
    }
}

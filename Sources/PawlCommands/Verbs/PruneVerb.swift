import ArgumentParser
import PawlAPI
import PawlLanguage

/// `pawl prune`.
struct PruneVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove ended runs.",
        usage: """
            pawl prune [--older-than <age>] [--keep <count>] [--dry-run]
                       [--output <format>]
            """,
        discussion: """
            Their history and their folders go; what steps wrote to the journal stays.
            Without an option, what is over by 'retention' in pawl.config(5). A run that
            has not ended, or that a unit is left of, stays.

            Examples:
              pawl prune --older-than 7d
              pawl prune --keep 100 --dry-run
            """)

    @Option(parsing: .unconditional, help: ArgumentHelp("Runs that ended longer ago than this.", valueName: "age"))
    var olderThan: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("The oldest, beyond so many.", valueName: "count"))
    var keep: Int?

    @Flag(help: "Name them, and remove nothing.")
    var dryRun = false

    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        var request = Messages.PruneRuns(keep: keep, dryRun: dryRun ? true : nil)
        if let olderThan {
            guard let span = TimeSpan.parse(olderThan) else {
                throw CommandFailure(.usage, "'\(olderThan)' is no time span such as 12h or 7d")
            }
            request.olderThan = span / .seconds(1)
        }
        if let keep, keep < 0 { throw CommandFailure(.usage, "the number of runs to keep cannot be negative") }
        let answer = try surroundings.client.prune(request)
        if format.output == .json {
            try surroundings.print(json: answer)
            return .succeeded
        }
        // To be shown what would go is what was asked for.
        let say = dryRun ? surroundings.output.line : surroundings.tell
        for run in answer.runs ?? [] { say(run) }
        let more = answer.count - (answer.runs?.count ?? answer.count)
        if more > 0 { say("and \(more) more") }
        let runs = answer.count == 1 ? "1 run" : "\(answer.count) runs"
        say(dryRun ? "\(runs) would be removed" : "\(runs) removed")
        return .succeeded
    }
}

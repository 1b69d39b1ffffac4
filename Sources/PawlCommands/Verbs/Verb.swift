import ArgumentParser
import PawlAPI

/// What every verb is: parsed by the argument parser, carried out in surroundings that a test can replace.
protocol Verb: ParsableCommand {
    /// Does what was asked and says what the program exits with.
    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus
}

/// How a verb prints.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}

/// The option that every verb which prints has.
struct OutputOption: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("How to print.", valueName: "format"))
    var output = OutputFormat.text
}

/// The option that every verb has: whose pawl is meant. It may stand before the verb too, so it is looked for before anything is
/// parsed; here it has its help and its completion.
struct ScopeOption: ParsableArguments {
    @Flag(help: "Speak to your own pawld, on your own manager.")
    var user = false
}

/// The run that a verb is about.
struct RunArgument: ParsableArguments {
    @Argument(
        help: "The run: its name, its ID, a unique prefix of either, or @last.", completion: Completions.allRuns)
    var run: String
}

import ArgumentParser
import PawlAPI

/// What every verb is: parsed by the argument parser, carried out in surroundings that a test can replace.
protocol Verb: ParsableCommand {
    /// What every verb can be told.
    var common: CommonOptions { get }
    /// Does what was asked and says what the program exits with.
    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus
}

extension NameSpecification {
    /// The long name, and a letter that a value may stand right behind: `-n3`, as hands that know journalctl and tail
    /// write it.
    static func letter(_ letter: Character) -> NameSpecification {
        [.customShort(letter, allowingJoined: true), .long]
    }
}

/// How a verb prints.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}

/// The option that every verb which prints has.
struct OutputOption: ParsableArguments {
    @Option(name: .letter("o"), help: ArgumentHelp("How to print.", valueName: "format"))
    var output = OutputFormat.text
}

/// The options that every verb has.
struct CommonOptions: ParsableArguments {
    /// Whose pawl is meant. It may stand before the verb too, so it is looked for before anything is parsed; here it has its help and
    /// its completion.
    @Flag(help: "Speak to your own pawld, on your own manager.")
    var user = false

    /// What only tells somebody that all is well has no place in a script; what was asked for has.
    @Flag(name: .shortAndLong, help: "Print errors and what was asked for, no more.")
    var quiet = false
}

/// The option of verbs that print tables: a terminal cuts them else.
struct FullOption: ParsableArguments {
    @Flag(name: [.customShort("l"), .long], help: "Do not cut lines to the terminal's width.")
    var full = false

    /// Where lines end.
    func width(_ surroundings: Surroundings) -> Int? { full ? nil : surroundings.tableWidth }
}

/// The run that a verb is about.
struct RunArgument: ParsableArguments {
    @Argument(
        help: "The run: its name, its ID, a unique prefix of either, or @last.", completion: Completions.allRuns)
    var run: String
}

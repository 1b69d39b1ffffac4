import ArgumentParser
import PawlAPI

/// `pawl approve`.
struct ApproveVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Say yes to a step that waits for approval.",
        discussion: """
            Examples:
              pawl approve @last release
              pawl approve rollout-7k2m9qxa release.3 --comment "checked with Ada"
            """)

    @OptionGroup var target: RunArgument
    @OptionGroup var step: ApprovalArgument
    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        try step.answer(target.run, isApproved: true, format.output, surroundings)
    }
}

/// `pawl reject`.
struct RejectVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "reject", abstract: "Say no to a step that waits for approval: it fails.",
        discussion: """
            Examples:
              pawl reject @last release --comment "the disks are full"
            """)

    @OptionGroup var target: RunArgument
    @OptionGroup var step: ApprovalArgument
    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        try step.answer(target.run, isApproved: false, format.output, surroundings)
    }
}

/// The step that a yes or no is about.
struct ApprovalArgument: ParsableArguments {
    @Argument(
        help: "The step's name; of an item of a step with 'foreach' NAME.ITEM.", completion: Completions.steps)
    var step: String

    @Option(help: ArgumentHelp("What is kept with the answer, and shown as its reason.", valueName: "text"))
    var comment: String?

    func answer(
        _ run: String, isApproved: Bool, _ format: OutputFormat, _ surroundings: Surroundings
    ) throws -> PawlAPI.ExitStatus {
        let name = try surroundings.client.answer(
            run, step: step, isApproved: isApproved, comment: comment)
        if format == .json {
            try surroundings.print(json: name)
            return .succeeded
        }
        surroundings.tell("step '\(step)' of \(name.run) \(isApproved ? "approved" : "rejected")")
        return .succeeded
    }
}

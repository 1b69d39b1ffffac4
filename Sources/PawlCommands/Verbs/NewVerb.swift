import ArgumentParser
import PawlAPI
import PawlModel

/// `pawl new`.
struct NewVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Make a workflow from an example with comments.",
        usage: "pawl new <workflow> [--example <example>] [--stdout] [--output <format>]",
        discussion: """
            The file is made in the first folder of the workflows, /etc/pawl/workflows; one
            that is there is left alone. 'pawl edit' changes it, and 'pawl reload' puts it
            into force. The examples: steps (order, variables, outputs), parallel (items,
            limits, retries), service (a program that goes on, and its way back).

            Examples:
              pawl new backup
              pawl new site --example parallel
              pawl new etcd --example service --stdout
            """)

    @Argument(help: "The workflow's name.") var workflow: String

    @Option(help: ArgumentHelp("Which example: steps, parallel or service.", valueName: "example"))
    var example = WorkflowExample.steps

    @Flag(help: "Print it, and make no file.")
    var stdout = false

    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        guard Names.isWorkflow(workflow) else {
            throw CommandFailure(
                .usage, "'\(workflow)' is no name of a workflow: small letters, digits and '-', at most 64 of them")
        }
        let text = example.text(named: workflow)
        guard !stdout else {
            try MadeWorkflow(workflow: workflow, file: nil, text: text).deliver(format.output, surroundings) { $0 }
            return .succeeded
        }
        guard let folder = surroundings.workflowFolders.first else {
            throw CommandFailure(.usage, "there is no folder for workflows")
        }
        let file = "\(folder)/\(workflow).yaml"
        // Of a user's folders none need be there.
        if surroundings.scope.isUser, let failed = WorkflowFiles.makeFolders(above: file) {
            throw CommandFailure(number: failed.number, "'\(failed.path)' cannot be made")
        }
        try MadeWorkflow(workflow: workflow, file: file, text: text).deliver(format.output, surroundings) {
            "\($0); 'pawl edit \(workflow)' changes it, 'pawl reload' puts it into force"
        }
        return .succeeded
    }
}

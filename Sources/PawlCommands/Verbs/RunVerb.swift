import ArgumentParser
import PawlAPI
import PawlLanguage
import PawlModel

/// `pawl run`.
struct RunVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Start a run of a workflow and follow it.",
        usage: """
            pawl run <workflow> [<name=value> ...] [--vars-file <file> ...]
                     [--only <step> ...] [--from <step> ...] [--skip <step> ...]
                     [--detach] [--key <key>] [--dry-run] [--output <format>]
            """,
        discussion: """
            On a terminal the steps are shown as they go, with how long the run will
            still take where its workflow has run before; ^C asks whether to leave it
            running, to cancel it, or to go on, and a second ^C leaves it running.
            Elsewhere each change is a line, the first one begins with the run's name,
            and ^C leaves the run as it is. The exit status is the run's outcome.
            Variables that are required and have no value are asked for on a terminal.

            Examples:
              pawl run hello
              pawl run etcd-cluster members=5 --vars-file site.yaml
              PAWL_VAR_members=5 pawl run etcd-cluster
              pawl wait $(pawl run hello --detach)
              pawl run backup --key "backup of $(date +%F)"
              pawl run etcd-cluster --from start --skip smoke-test --dry-run
            """)

    @Argument(help: "The workflow's name.", completion: Completions.workflows)
    var workflow: String

    @Argument(help: ArgumentHelp("Values for its variables.", valueName: "name=value"))
    var variables: [String] = []

    @Option(
        help: ArgumentHelp("Values from a YAML or JSON file; the last wins.", valueName: "file"), completion: .file())
    var varsFile: [String] = []

    @Flag(help: "Print the run's name and return at once.")
    var detach = false

    @Option(help: "A name of your own: asked twice, the same run is meant.")
    var key: String?

    @Option(
        parsing: .singleValue, help: ArgumentHelp("Run this step alone; may be repeated.", valueName: "step"))
    var only: [String] = []

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("Run this step and all that depends on it.", valueName: "step"))
    var from: [String] = []

    @Option(parsing: .singleValue, help: ArgumentHelp("Leave this step out.", valueName: "step"))
    var skip: [String] = []

    @Flag(help: "Show what would run, and start nothing.")
    var dryRun = false

    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    private var selection: StepSelection { StepSelection(only: only, from: from, skip: skip) }

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        let given = try VariableArguments.read(variables, files: varsFile)
        let client = surroundings.client
        let values: [String: Value]
        do {
            values = try VariableArguments.complete(given, of: workflow, client, surroundings)
            if dryRun {
                return try DryRun(workflow: workflow, selection: selection, format: format.output)
                    .show(values, client, surroundings)
            }
        } catch ManagerError.refused(let refusal) {
            throw ManagerError.refused(suggesting(refusal, client))
        }
        let name = try start(client, values)
        if detach {
            if format.output == .json { try surroundings.print(json: name) } else { surroundings.output.line(name.run) }
            return .succeeded
        }
        return try RunFollower(client: client, surroundings: surroundings).followNew(name.run, format: format.output)
    }

    private func start(_ client: ManagerClient, _ values: [String: Value]) throws -> Messages.RunName {
        do {
            return try client.start(workflow, variables: values, key: key, selection: selection)
        } catch {
            if case .refused(let refusal) = error { throw ManagerError.refused(suggesting(refusal, client)) }
            throw RunStarter.explain(error)
        }
    }

    /// Asks for the workflows that there are, to say which one was meant. The refusal is what counts: where the list
    /// cannot be had it is reported as it is.
    private func suggesting(_ refusal: APIError, _ client: ManagerClient) -> APIError {
        guard refusal.code == .noSuchWorkflow else { return refusal }
        var refusal = refusal
        let name = WorkflowFiles.name(of: workflow)
        guard name == workflow else {
            // pawld runs what it has read and found without fault, and no file that somebody shows it.
            refusal.message =
                "'\(workflow)' names a file, and a run is started by its workflow's name, without folder and '.yaml': 'pawl run "
                + "\(name)', once 'pawl list' shows it"
            return refusal
        }
        guard !refusal.message.contains("did you mean"), let known = try? client.workflows() else { return refusal }
        refusal.message += Suggestion.question(for: workflow, among: known.map(\.name))
        return refusal
    }
}

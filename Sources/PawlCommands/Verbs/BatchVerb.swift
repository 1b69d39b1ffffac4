import ArgumentParser
import PawlAPI
import PawlLanguage
import PawlModel

/// `pawl batch`.
struct BatchVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "batch", abstract: "Run a set of scripts as one run, in the order they ask for.",
        usage: """
            pawl batch <script> ... [--graph <file>] [--max-parallel <count>]
                       [--timeout <time>] [--fail-fast] [--directory <folder>]
                       [--name <name>] [--dry-run] [--detach] [--output <format>]
            """,
        discussion: """
            A script waits for those that it names in a line '# Depends on:' or
            '# Requires:', and for those of the set that it sources or calls. With
            --graph the graph alone says who waits for whom. The scripts run as root.

            Examples:
              pawl batch jobs/*.sh --max-parallel 4 --timeout 300 --fail-fast
              pawl batch jobs/*.sh --dry-run
              pawl batch --graph dependencies.json
            """)

    @Argument(help: "Scripts.", completion: .file())
    var scripts: [String] = []

    @Option(help: ArgumentHelp("A dependency graph in JSON.", valueName: "file"), completion: .file())
    var graph: String?

    @Option(help: ArgumentHelp("How many scripts at once; 4.", valueName: "count"))
    var maxParallel = 4

    @Option(help: ArgumentHelp("How long each script may take.", valueName: "time"))
    var timeout: String?

    @Flag(help: "Let the first failure end the run.")
    var failFast = false

    @Option(help: ArgumentHelp("Run all in this folder, not each in its own.", valueName: "folder"))
    var directory: String?

    @Option(help: ArgumentHelp("What the run's name begins with; batch.", valueName: "name"))
    var name = "batch"

    @Flag(help: "Show the groups and why they are so, and start nothing.")
    var dryRun = false

    @Flag(help: "Print the run's name and return at once.")
    var detach = false

    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if scripts.isEmpty, graph == nil { throw ValidationError("scripts are missing, or a graph that names them") }
        if maxParallel < 1 { throw ValidationError("at least one script has to run at once") }
        if !Names.isWorkflow(name) {
            throw ValidationError("'\(name)' cannot be a workflow's name: lower-case letters, digits and dashes")
        }
    }

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        let set = try ScriptFiles.read(scripts, graph: graph, surroundings)
        let count = set.scripts.count
        var writer = ScriptWorkflow(title: "Batch of \(count) script\(count == 1 ? "" : "s")")
        writer.maxParallel = maxParallel
        writer.timeout = timeout
        writer.failFast = failFast
        writer.folder = directory.map(ScriptFiles.absolute)
        let text = writer.text(of: set)
        let read = WorkflowReader.read(text, file: "\(name).yaml", name: name)
        guard let workflow = read.workflow else {
            throw CommandFailure(.usage, "no workflow can be made of the scripts", faults: read.diagnostics)
        }
        let plan = WorkflowPlan(workflow)
        if dryRun {
            try show(plan, set, surroundings)
            return .succeeded
        }
        if format.output == .text, !detach {
            for line in plan.lines { surroundings.tell(line) }
            surroundings.output.flush()
        }
        return try RunStarter(client: surroundings.client, surroundings: surroundings).start(
            name, text: text, detach: detach, format: format.output)
    }

    /// The plan as JSON.
    private struct Document: Encodable {
        struct Reason: Encodable {
            var script: String
            var place: String
            var text: String
        }
        struct Script: Encodable {
            var id: String
            var path: String
            var group: Int
            var waits_for: [Reason]
        }
        var groups: [[String]]
        var scripts: [Script]
    }

    private func show(_ plan: WorkflowPlan, _ set: ScriptSet, _ surroundings: Surroundings) throws {
        func reasons(_ script: ScriptSet.Script) -> [Document.Reason] {
            script.dependencies.map {
                Document.Reason(script: set.scripts[$0.script].id, place: $0.place, text: $0.text)
            }
        }
        if format.output == .json {
            let scripts = zip(set.scripts, plan.entries).map {
                Document.Script(id: $0.id, path: $0.file.absolutePath, group: $1.group, waits_for: reasons($0))
            }
            try surroundings.print(json: Document(groups: plan.groups.map { $0.map(\.id) }, scripts: scripts))
            return
        }
        for line in plan.lines { surroundings.output.line(line) }
        var table = TextTable(heading: ["SCRIPT", "WAITS FOR", "SINCE"])
        var isEmpty = true
        for script in set.scripts {
            for reason in reasons(script) {
                isEmpty = false
                table.add([
                    TextTable.Cell(script.id), TextTable.Cell(reason.script),
                    TextTable.Cell(Style.harmless("\(reason.place): \(reason.text)")),
                ])
            }
        }
        guard !isEmpty else { return }
        surroundings.output.line("")
        for line in table.lines(style: surroundings.style, width: surroundings.tableWidth) {
            surroundings.output.line(line)
        }
    }
}

import ArgumentParser
import PawlAPI
import PawlLanguage
import PawlModel
import PawlPictures

/// `pawl plan`.
struct PlanVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show the order in which steps would run; pawld is not needed.",
        discussion: """
            Names the groups of steps that can run side by side, if 'max_parallel' lets
            them, draws what waits for what, and says why each step is where it is.
            dot is Graphviz's language; svg is a picture for a browser, light and dark.

            Examples:
              pawl plan etcd-cluster
              pawl plan ./site.yaml -o svg > site.svg
            """)

    @Argument(
        help: ArgumentHelp("A file or the name of a workflow.", valueName: "file|workflow"),
        completion: Completions.workflows)
    var workflow: String

    /// How a plan is printed.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json, dot, mermaid, svg
    }

    @Option(
        name: .letter("o"),
        help: ArgumentHelp("How to print: text, json, dot, mermaid or svg.", valueName: "format"))
    var output = Format.text

    /// What a drawing may take where no terminal says it.
    static let pipeWidth = 120

    /// The plan as JSON.
    struct Document: Encodable {
        /// A step.
        struct Step: Encodable {
            var id: String
            var file: String
            var line: Int
            var waits_for: [String]
            var reason: String
        }
        /// A group, counted from 1 among those of the steps or of a handler.
        struct Group: Encodable {
            var phase: String
            var group: Int
            var steps: [Step]
        }

        var workflow: String
        var file: String
        var max_parallel: Int?
        var groups: [Group]

        private enum CodingKeys: CodingKey { case workflow, file, max_parallel, groups }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(workflow, forKey: .workflow)
            try container.encode(file, forKey: .file)
            try container.encode(max_parallel, forKey: .max_parallel)
            try container.encode(groups, forKey: .groups)
        }
    }

    @OptionGroup var common: CommonOptions

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        let read = try LocalWorkflow.read(
            workflow, in: surroundings.workflowFolders, scope: surroundings.scope, manager: surroundings.manager)
        let (path, name) = (read.file, read.name)
        guard let workflow = read.workflow else {
            throw CommandFailure(.usage, "workflow '\(name)' has \(read.count)", faults: read.diagnostics)
        }
        let plan = WorkflowPlan(workflow)
        switch output {
        case .text: Self.show(plan, of: workflow, surroundings)
        case .dot: surroundings.output.line(DOTGraph.text(Graph.parts(of: workflow), name: name))
        case .mermaid: surroundings.output.line(MermaidGraph.text(Graph.parts(of: workflow)))
        case .svg: surroundings.output.write(SVGGraph.document(Graph.parts(of: workflow), label: "The plan of \(name)"))
        case .json:
            let phases = [(phase: StepPhase.main, groups: plan.groups)] + plan.handlers
            let groups = phases.flatMap { phase, groups in
                groups.enumerated().map { number, entries in
                    Document.Group(
                        phase: phase.rawValue, group: number + 1,
                        steps: entries.map {
                            Document.Step(
                                id: $0.id, file: $0.file, line: $0.line, waits_for: $0.waitsFor, reason: $0.reason)
                        })
                }
            }
            try surroundings.print(
                json: Document(workflow: name, file: path, max_parallel: workflow.maxParallel, groups: groups))
        }
        return .succeeded
    }

    /// The graph, where there is more than one step and room for it.
    private static func draw(_ workflow: Workflow, _ surroundings: Surroundings) {
        let width = surroundings.tableWidth ?? pipeWidth
        for graph in Graph.parts(of: workflow) where graph.nodes.count > 1 {
            if !graph.title.isEmpty { surroundings.output.line(graph.title) }
            let drawing = TerminalGraph.lines(graph, width: width, hasUnicode: surroundings.style.hasUnicode)
            for line in drawing ?? ["The graph does not fit into \(width) columns; '-o svg' draws it."] {
                surroundings.output.line(line)
            }
            surroundings.output.line("")
        }
    }

    /// The groups, the graph, and why each step is where it is.
    static func show(_ plan: WorkflowPlan, of workflow: Workflow, _ surroundings: Surroundings) {
        for line in plan.lines { surroundings.output.line(line) }
        surroundings.output.line("")
        draw(workflow, surroundings)
        var table = TextTable(heading: ["STEP", "GROUP", "WHY"])
        for entry in (plan.groups + plan.handlers.flatMap(\.groups)).joined() {
            let group = entry.phase == .main ? "\(entry.group)" : entry.phase.rawValue
            table.add([TextTable.Cell(entry.id), TextTable.Cell(group), TextTable.Cell(entry.reason)])
        }
        for line in table.lines(style: surroundings.style, width: surroundings.tableWidth) {
            surroundings.output.line(line)
        }
        if let most = workflow.maxParallel {
            surroundings.output.line("")
            surroundings.output.line("at most \(most) step\(most == 1 ? "" : "s") at once")
        }
    }
}

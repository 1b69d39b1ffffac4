package import PawlModel
import YAMLKit

/// Reads workflow files.
package enum WorkflowReader {
    /// Reads and checks a workflow.
    ///
    /// - Parameters:
    ///   - text: the file's text.
    ///   - file: how the diagnostics name the file.
    ///   - name: the workflow's name, that of the file without `.yaml`.
    ///   - isAccepted: whether a run was started from the text. Then what only later versions refuse is a warning.
    /// - Returns: the workflow, nil exactly where there is an error; and all errors and warnings, in the order of the
    ///   text.
    package static func read(
        _ text: String, file: String, name: String, isAccepted: Bool = false
    ) -> (workflow: Workflow?, diagnostics: [Diagnostic]) {
        let faults = Faults(file: file, isAccepted: isAccepted)
        let start = YAMLMark(line: 1, column: 1)
        if !Names.isWorkflow(name) {
            faults.error(
                start, "'\(name)' cannot be a workflow's name",
                hint: "lower-case letters, digits and '-', at most \(Names.longest)")
        }
        var workflow = Workflow(name: name)
        if let root = faults.root(of: text) {
            read(root, into: &workflow, faults)
        } else if !faults.hasErrors {
            faults.error(start, "the file is empty; a workflow has at least 'steps'")
        }
        return (faults.hasErrors ? nil : workflow, faults.sorted)
    }

    private static func read(_ given: YAMLNode, into workflow: inout Workflow, _ faults: Faults) {
        var template = OlderTemplate(faults: faults)
        let root = OlderTemplate.isOne(given) ? template.translate(given) : given
        guard let entries = faults.entries(root, of: "a workflow", keys: Schema.workflowKeys) else { return }
        workflow.title = entries["name"].flatMap(faults.text)
        workflow.description = entries["description"].flatMap(faults.text)
        workflow.version = entries["version"].flatMap(faults.text)
        workflow.timeout = entries["timeout"].flatMap { faults.duration($0) }
        workflow.maxParallel = entries["max_parallel"].flatMap { faults.integer($0, from: 1) }
        workflow.recovery = entries["recovery"].flatMap { faults.choice($0, of: RecoveryPolicy.self) } ?? .resume
        workflow.failFast = entries["fail_fast"].flatMap(faults.boolean) ?? false
        var variableReader = VariableReader(faults: faults)
        var variables = entries["variables"].map { variableReader.read($0) } ?? []
        let computed = variableReader.read(computed: template.computed, into: &variables)
        workflow.variables = variables.map(\.declaration)

        let stepReader = StepReader(faults: faults, idle: template.idle)
        let shared = stepReader.settings(entries)
        var drafts: [StepDraft] = []
        if let steps = entries["steps"] {
            if let nodes = steps.value.sequence, !nodes.isEmpty {
                drafts = nodes.enumerated().compactMap { stepReader.read($1, index: $0) }
            } else {
                faults.refuse(steps, "a list of at least one step")
            }
            for phase in StepPhase.handlers {
                guard let handlers = entries[phase.rawValue] else { continue }
                guard let nodes = handlers.value.sequence, !nodes.isEmpty else {
                    faults.refuse(handlers, "a list of at least one step")
                    continue
                }
                let first = (drafts.last?.index ?? -1) + 1
                drafts += nodes.enumerated().compactMap { stepReader.read($1, index: first + $0, phase: phase) }
            }
        } else if !OlderTemplate.isOne(given) {
            faults.error(root.mark, "there are no 'steps'")
        }

        let names = NameTable(variables: variables, drafts: drafts, faults)
        let graph = StepGraph(drafts, names, faults)
        var checker = ReferenceChecker(names: names, drafts: drafts, faults: faults)
        checker.check(required: variableReader.conditions)
        checker.check(computed: computed, given: variables.map(\.declaration))
        checker.check(shared: shared.uses)
        checker.check(steps: graph)
        for draft in drafts {
            for script in [draft.script].compactMap({ $0 }) + draft.undo.compactMap(\.script) + draft.probeScripts {
                ScriptChecker(names: names, faults: faults).check(script)
            }
        }
        // A step whose action could not be read leaves a hole that its errors have told of.
        guard !faults.hasErrors else { return }
        for (index, draft) in drafts.enumerated() {
            guard
                let step = draft.step(
                    shared: shared, graph: graph, place: index, isOutputRead: checker.readOutputs.contains(index))
            else {
                faults.error(draft.mark, "step '\(draft.id)' cannot be read")
                continue
            }
            workflow.steps.append(step)
        }
        workflow.addServiceStop()
    }
}

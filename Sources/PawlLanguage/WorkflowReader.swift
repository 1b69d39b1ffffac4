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
    ///   - isStrict: whether what is allowed and better avoided is warned of too.
    /// - Returns: the workflow, nil exactly where there is an error; and all errors and warnings, in the order of the
    ///   text.
    package static func read(
        _ text: String, file: String, name: String, isAccepted: Bool = false, isStrict: Bool = false
    ) -> (workflow: Workflow?, diagnostics: [Diagnostic]) {
        read(
            WorkflowSource(SourceFile(file: file, text: text)), name: name, isAccepted: isAccepted, isStrict: isStrict)
    }

    /// Reads and checks a workflow all of whose files have been read, as a run keeps them.
    ///
    /// - Parameters:
    ///   - source: the files.
    ///   - name: the workflow's name, that of the first file without `.yaml`.
    ///   - isAccepted: whether a run was started from them. Then what only later versions refuse is a warning.
    ///   - isStrict: whether what is allowed and better avoided is warned of too.
    /// - Returns: the workflow, nil exactly where there is an error; and all errors and warnings.
    package static func read(
        _ source: WorkflowSource, name: String, isAccepted: Bool = false, isStrict: Bool = false
    ) -> (workflow: Workflow?, diagnostics: [Diagnostic]) {
        let known = Dictionary(source.included.map { ($0.file, $0.text) }) { first, _ in first }
        var source = source
        return read(&source, name: name, isAccepted: isAccepted, isStrict: isStrict) { file in
            known[file].map { .success($0) } ?? .failure(IncludeFault("is not there"))
        }
    }

    /// Reads and checks a workflow, and asks for each file that it includes.
    ///
    /// - Parameters:
    ///   - source: the workflow's file and its drop-ins. The files that were included are put into it, in the order in which
    ///     they were asked for.
    ///   - name: the workflow's name, that of its file without `.yaml`.
    ///   - isAccepted: whether a run was started from the text. Then what only later versions refuse is a warning.
    ///   - isStrict: whether what is allowed and better avoided is warned of too.
    ///   - manager: what is known of the manager that is to run it.
    ///   - load: gives the text of a file that is included, under the name that the including file's leads to.
    /// - Returns: the workflow, nil exactly where there is an error; and all errors and warnings, those of the workflow's
    ///   file first.
    package static func read(
        _ source: inout WorkflowSource, name: String, isAccepted: Bool = false, isStrict: Bool = false,
        manager: ManagerTraits = ManagerTraits(), load: (String) -> Result<String, IncludeFault>
    ) -> (workflow: Workflow?, diagnostics: [Diagnostic]) {
        let faults = Faults(
            file: source.main.file, isAccepted: isAccepted, isStrict: isStrict, manager: manager)
        let start = YAMLMark(line: 1, column: 1)
        if !Names.isWorkflow(name) {
            faults.error(
                start, "'\(name)' cannot be a workflow's name",
                hint: "lower-case letters, digits and '-', at most \(Names.longest)")
        }
        var workflow = Workflow(name: name)
        var template = OlderTemplate(faults: faults)
        var composition = Composition(faults: faults)
        let root = composition.compose(source, &template, load)
        source.included = composition.included
        if let root {
            read(root, template, into: &workflow, faults)
        } else if !faults.hasErrors {
            faults.error(start, "the file is empty; a workflow has at least 'steps'")
        }
        return (faults.hasErrors ? nil : workflow, faults.sorted)
    }

    /// The files of a workflow in the order in which they count: what comes later wins.
    package static func parts(of source: WorkflowSource) -> [SourceFile] {
        let known = Dictionary(source.included.map { ($0.file, $0.text) }) { first, _ in first }
        let faults = Faults(file: source.main.file)
        var template = OlderTemplate(faults: faults)
        var composition = Composition(faults: faults)
        _ = composition.compose(source, &template) { file in
            known[file].map { .success($0) } ?? .failure(IncludeFault("is not there"))
        }
        return composition.order
    }

    private static func read(
        _ root: YAMLNode, _ template: OlderTemplate, into workflow: inout Workflow, _ faults: Faults
    ) {
        guard let entries = faults.entries(root, of: "a workflow", keys: Schema.workflowKeys) else { return }
        workflow.title = entries["name"].flatMap(faults.text)
        workflow.description = entries["description"].flatMap(faults.text)
        workflow.version = entries["version"].flatMap(faults.text)
        workflow.timeout = entries["timeout"].flatMap { faults.duration($0) }
        workflow.maxParallel = entries["max_parallel"].flatMap { faults.integer($0, from: 1) }
        workflow.recovery = entries["recovery"].flatMap { faults.choice($0, of: RecoveryPolicy.self) } ?? .resume
        workflow.allow = entries["allow"].flatMap { AllowanceReader(faults: faults).read($0) } ?? Allowance()
        workflow.failFast = entries["fail_fast"].flatMap(faults.boolean) ?? false
        workflow.schedule = ScheduleReader(faults: faults).read(entries["schedule"], catchUp: entries["catch_up"])
        var variableReader = VariableReader(faults: faults)
        var variables = entries["variables"].map { variableReader.read($0) } ?? []
        let computed = variableReader.read(computed: template.computed, into: &variables)
        workflow.variables = variables.map(\.declaration)

        let stepReader = StepReader(faults: faults, idle: template.idle)
        let shared = stepReader.settings(entries)
        var slice = StepSettings()
        if let entry = entries["slice"] { stepReader.readUnit(entry, of: .slice, into: &slice) }
        workflow.slice = slice.unit
        let lock = entries["lock"].flatMap { stepReader.lock($0) }
        workflow.lock = lock?.lock
        let outputs = entries["outputs"].map(stepReader.workflowOutputs) ?? (outputs: [], uses: [])
        workflow.outputs = outputs.outputs
        // Their settings are their own at first, and lie over those of the workflow once these are checked.
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
        } else if !template.isTranslated {
            faults.error(root.mark, "there are no 'steps'")
        }

        let names = NameTable(variables: variables, drafts: drafts, faults)
        let graph = StepGraph(drafts, names, faults)
        var checker = ReferenceChecker(names: names, drafts: drafts, faults: faults)
        checker.check(required: variableReader.conditions)
        checker.check(computed: computed, given: variables.map(\.declaration))
        checker.check(shared: shared.uses + slice.uses)
        if let lock { checker.check(lock: lock.use) }
        checker.check(steps: graph)
        checker.check(outputs: outputs.uses)
        // Whoever says for all steps what is tried again must let one of them be tried again.
        if drafts.allSatisfy({ ($0.settings.maxRetries ?? shared.maxRetries ?? 0) == 0 }) {
            shared.refuseRetries(faults)
        }
        let scriptChecker = ScriptChecker(names: names, faults: faults)
        for script in shared.repairScripts { scriptChecker.check(script) }
        for draft in drafts {
            for script in draft.scripts { scriptChecker.check(script) }
            draft.checkRetries(shared: shared, faults)
            draft.settings.complete(by: shared)
            if faults.manager.user != nil { draft.checkUser(faults) }
            if !draft.settings.credentials.isEmpty { draft.settings.checkCredentials(of: draft.id, faults) }
            for undo in draft.undo { undo.settings.over(draft.settings).checkCredentials(of: draft.id, faults) }
        }
        // A step whose action could not be read leaves a hole that its errors have told of.
        guard !faults.hasErrors else { return }
        // With what stops services, perhaps.
        workflow.steps.reserveCapacity(drafts.count + 1)
        for (place, draft) in drafts.enumerated() {
            guard var action = draft.action(draft.settings) else {
                faults.error(draft.mark, "step '\(draft.id)' cannot be read")
                continue
            }
            if var call = draft.call, let reads = checker.callReads[place] {
                call.reads = reads
                action = .workflow(call)
            }
            draft.checkRoot(faults)
            workflow.steps.append(
                draft.step(
                    action, graph: graph, place: place, isOutputRead: checker.readOutputs.contains(place),
                    file: faults.file(of: draft.mark)))
        }
        workflow.addServiceStop()
    }
}

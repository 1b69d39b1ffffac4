import PawlModel
import YAMLKit

/// Reads steps that run another workflow, and what a workflow gives to whoever runs it so.
extension StepReader {
    /// What a step can say that is about a program of its own.
    private static let ofPrograms = [
        "run", "command", "approval", "reboot", "shell", "outputs", "unit", "interrupted", "env", "credentials",
        "done_when", "service",
    ]

    func readCall(_ entry: YAMLEntry, _ entries: Entries, into draft: StepDraft) {
        for key in StepReader.ofPrograms {
            guard let other = entries[key] else { continue }
            faults.error(
                other.key.mark, "'\(key)' means nothing beside 'workflow', whose steps say that for themselves")
        }
        if let codes = entries["retry_policy"]?.value.mapping?.first(where: { $0.key.text == "on_exit_code" }) {
            faults.error(codes.key.mark, "'on_exit_code' means nothing beside 'workflow', which has no exit status")
        }
        guard let name = faults.text(entry) else { return }
        guard Names.isWorkflow(name) else {
            return faults.error(
                entry.place, "'\(name)' cannot be a workflow's name",
                hint: name.contains("$")
                    ? "it is fixed, so that the other workflow can be checked before anything runs"
                    : "lower-case letters, digits and '-', at most \(Names.longest)")
        }
        var call = WorkflowCall(workflow: name, place: place(of: entry.place))
        if let with = entries["with"] {
            guard let mapping = with.value.mapping else {
                return faults.refuse(with, "a map of the other workflow's variables")
            }
            for entry in mapping {
                var uses: [TemplateUse] = []
                guard let value = faults.valueTemplate(entry.value, entry.key.text, &uses) else { continue }
                draft.uses += uses
                call.arguments.append(
                    WorkflowCall.Argument(name: entry.key.text, value: value, place: place(of: entry.key.mark)))
            }
        }
        draft.call = call
    }

    /// `outputs` of a workflow.
    func workflowOutputs(_ entry: YAMLEntry) -> (outputs: [WorkflowOutput], uses: [TemplateUse]) {
        guard let mapping = entry.value.mapping else {
            faults.refuse(entry, "a map of names to values")
            return ([], [])
        }
        var (outputs, uses) = ([WorkflowOutput](), [TemplateUse]())
        for entry in mapping {
            if !Names.isStep(entry.key.text) {
                faults.error(entry.key.mark, "'\(entry.key.text)' cannot be an output's name")
            }
            guard let value = faults.valueTemplate(entry.value, entry.key.text, &uses) else { continue }
            outputs.append(WorkflowOutput(name: entry.key.text, value: value))
        }
        return (outputs, uses)
    }

    private func place(of mark: YAMLMark) -> TextPlace {
        TextPlace(file: faults.file(of: mark), line: mark.line, column: mark.column)
    }
}

extension ReferenceChecker {
    /// A workflow's outputs are told when its steps have done well, so they can read those, and no handler's.
    mutating func check(outputs uses: [TemplateUse]) {
        for use in uses {
            for reference in use.template.references {
                guard check(reference, use.node), let target = names.steps[reference.name] else { continue }
                if drafts[target].phase != .main {
                    faults.error(
                        in: use.node, at: reference.offset,
                        "what a run gives is told before '\(drafts[target].phase.rawValue)' has its turn")
                }
                if reference.members.first == "output" { readOutputs.insert(target) }
                noteRead(of: target, reference, use.node)
            }
            checkTypes(use)
        }
    }

    /// What is read of a step that runs a workflow: that gives what it says under `outputs`, and has no output and no exit
    /// status.
    mutating func noteRead(of target: Int, _ reference: Reference, _ node: YAMLNode) {
        guard let call = drafts[target].call, let member = reference.members.first else { return }
        switch member {
        case "output", "exit_code":
            faults.error(
                in: node, at: reference.offset, "step '\(reference.name)' runs a workflow, which has no '\(member)'",
                hint: "what '\(call.workflow)' gives stands under its 'outputs'")
        case "outputs" where reference.members.count > 1:
            let mark = faults.mark(in: node, at: reference.offset)
            callReads[target, default: []].append(
                WorkflowCall.Read(
                    name: reference.members[1],
                    place: TextPlace(file: faults.file(of: mark), line: mark.line, column: mark.column)))
        default: break
        }
    }
}

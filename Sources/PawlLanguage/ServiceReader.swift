import PawlModel
import YAMLKit

/// Reads what outlives a step: services, and the host's reboot.
extension StepReader {
    func readService(_ entry: YAMLEntry, _ entries: Entries, into draft: StepDraft) {
        if entries["run"] == nil, entries["command"] == nil {
            return faults.error(
                entry.key.mark, "'service' needs 'run' or 'command': what the service executes",
                hint: "a step that waits for a unit of systemd's says done_when: {unit: ...}")
        }
        if let outputs = entries["outputs"] {
            faults.error(outputs.key.mark, "a service has no outputs: the step is over before the service is")
        }
        if case .boolean(let value)? = entry.value.scalar?.resolved {
            guard value else { return faults.refuse(entry, "a name or true") }
            draft.service = .ofRun
            return
        }
        guard let template = faults.template(entry.value, "'service'") else { return }
        if let name = template.constant?.text {
            if let fault = ServicePlan.nameFault(name) { return faults.error(entry.place, fault) }
            if entries["foreach"] != nil {
                faults.error(
                    entry.place, "each item needs a service of its own, and '\(name)' is the same for all",
                    hint: "such as \(name)-${index}")
            }
        }
        draft.service = .named(template)
        draft.uses.append(TemplateUse(template: template, node: entry.value))
    }

    func readReboot(_ entry: YAMLEntry, _ entries: Entries, into draft: StepDraft) {
        for key in [
            "run", "command", "shell", "outputs", "unit", "interrupted", "env", "credentials", "done_when", "foreach",
            "undo", "service",
        ] {
            guard let other = entries[key] else { continue }
            faults.error(other.key.mark, "'\(key)' means nothing beside 'reboot', which only reboots the host")
        }
        if draft.phase != .main {
            faults.error(
                entry.key.mark, "a host is rebooted by a step of 'steps', not of '\(draft.phase.rawValue)'",
                hint: "a handler has to end with the run")
        }
        guard faults.boolean(entry) == true else { return faults.refuse(entry, "true") }
        if faults.manager.user != nil {
            return faults.error(
                entry.key.mark,
                "'reboot' is not for a user's pawl: the host is everybody's, and a user's run is gone with the manager",
                hint: "let root's pawl do it")
        }
        draft.isReboot = true
    }
}

extension Step {
    /// The step that stops this one's service.
    package var stop: Step {
        var step = Step(id: id, index: 0, line: line, action: .stopServices)
        step.service = service
        // Stopped again is stopped, too.
        step.interrupted = .rerun
        return step
    }
}

extension Workflow {
    /// Adds the step that stops the services of the others, where there are some.
    mutating func addServiceStop() {
        guard steps.contains(where: { $0.service != nil }) else { return }
        let names = Set(steps.map(\.id)).union(variables.map(\.name))
        var name = "stop-services"
        while names.contains(name) { name += "_" }
        var step = Step(id: name, index: steps.count, line: 1, action: .stopServices)
        step.phase = .services
        step.interrupted = .rerun
        steps.append(step)
    }
}

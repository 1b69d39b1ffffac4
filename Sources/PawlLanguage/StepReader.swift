import PawlModel
import YAMLKit

/// Reads steps, and what steps and workflow have in common.
struct StepReader {
    let faults: Faults
    /// The steps that do nothing, by their places: an older template has such.
    var idle: Set<Int> = []

    func read(_ node: YAMLNode, index: Int, phase: StepPhase = .main) -> StepDraft? {
        guard let entries = faults.entries(node, of: "a step", keys: Schema.stepKeys) else { return nil }
        let draft = StepDraft(index: index, mark: node.mark, id: "", idMark: node.mark)
        draft.phase = phase
        if let entry = entries["id"] {
            draft.idMark = entry.place
            draft.id = faults.text(entry) ?? ""
        } else {
            faults.error(node.mark, "this step has no 'id'")
        }
        draft.settings = settings(entries)
        draft.uses = draft.settings.uses
        if let (lock, use) = entries["lock"].flatMap({ self.lock($0) }) {
            draft.lock = lock
            draft.uses.append(use)
        }
        draft.isIdle = idle.contains(index)
        if let entry = entries["done_when"] { readProbes(entry, into: draft) }
        if !draft.isIdle { readAction(entries, node, into: draft) }
        readFlow(entries, into: draft)
        readUndo(entries, into: draft)
        draft.timeout = entries["timeout"].flatMap { faults.duration($0) }
        draft.continueOnFailure = entries["continue_on_failure"].flatMap(faults.boolean) ?? false
        draft.outputs = entries["outputs"].map(outputs) ?? [:]
        return draft
    }

    func readAction(_ entries: Entries, _ node: YAMLNode, into draft: StepDraft) {
        if let call = entries["workflow"] { return readCall(call, entries, into: draft) }
        if let with = entries["with"] {
            faults.error(with.key.mark, "'with' belongs to 'workflow', which is not there")
        }
        if let approval = entries["approval"] { return readApproval(approval, entries, into: draft) }
        if let reboot = entries["reboot"] { return readReboot(reboot, entries, into: draft) }
        if let service = entries["service"] { readService(service, entries, into: draft) }
        switch (entries["run"], entries["command"]) {
        case (let run?, let command?):
            let later = max(run.key.mark, command.key.mark)
            faults.error(later, "a step has either 'run' or 'command', not both")
        case (let run?, nil): draft.script = script(run)
        case (nil, let command?):
            let (templates, uses) = self.command(command)
            draft.command = templates
            draft.uses += uses
        case (nil, nil):
            // A step of a kind that is still to come was told of already.
            let actions = ["http", "ai", "data", "type"]
            let isKnown = node.mapping?.contains { actions.contains($0.key.text) } ?? false
            if !isKnown, entries["done_when"] == nil {
                faults.error(node.mark, "this step does nothing: it needs 'run' or 'command'")
            }
        }
        if entries["command"] != nil, entries["run"] == nil, let shell = entries["shell"] {
            faults.error(shell.key.mark, "'shell' belongs to 'run'; a command needs no interpreter")
        }
    }

    private func readApproval(_ approval: YAMLEntry, _ entries: Entries, into draft: StepDraft) {
        let others = [
            "run", "command", "shell", "outputs", "unit", "retry_policy", "interrupted", "env", "credentials",
            "done_when",
        ]
        for key in others {
            guard let other = entries[key] else { continue }
            faults.error(
                other.key.mark, "'\(key)' means nothing beside 'approval', which only waits for a person's word")
        }
        guard let template = faults.template(approval.value, "'approval'") else { return }
        draft.approval = template
        draft.uses.append(TemplateUse(template: template, node: approval.value))
    }

    /// The keys that a workflow has too.
    func settings(_ entries: Entries) -> StepSettings {
        var result = StepSettings()
        if let entry = entries["env"] { readEnvironment(entry, into: &result) }
        if let entry = entries["unit"] { readUnit(entry, of: .step, into: &result) }
        if let entry = entries["credentials"] { result.credentials = credentials(entry) }
        result.shell = entries["shell"].flatMap(shell)
        result.interrupted = entries["interrupted"].flatMap { faults.choice($0, of: InterruptedPolicy.self) }
        if let entry = entries["retry_policy"],
            let keys = faults.entries(entry.value, of: "'retry_policy'", keys: Schema.retryPolicyKeys)
        {
            result.maxRetries = keys["max_retries"].flatMap { faults.integer($0, from: 0) }
            result.backoff = keys["backoff_type"].flatMap { faults.choice($0, of: RetryPolicy.Backoff.self) }
            result.initialDelay = keys["initial_delay"].flatMap { faults.duration($0, orZero: true) }
            result.maxDelay = keys["max_delay"].flatMap { faults.duration($0, orZero: true) }
            result.jitter = keys["jitter"].flatMap(jitter)
            if let entry = keys["on_exit_code"] { readExitCodes(entry, into: &result) }
        }
        return result
    }

    private func jitter(_ entry: YAMLEntry) -> Double? {
        switch entry.value.scalar?.resolved {
        case .integer(let value)? where value == 0 || value == 1: return Double(value)
        case .number(let value)? where value >= 0 && value <= 1: return value
        default:
            faults.refuse(entry, "a number from 0 to 1")
            return nil
        }
    }

    private func readEnvironment(_ entry: YAMLEntry, into result: inout StepSettings) {
        guard let mapping = entry.value.mapping else { return faults.refuse(entry, "a map of names to text") }
        for entry in mapping {
            let name = entry.key.text
            if !Names.isVariable(name) {
                faults.error(
                    entry.key.mark, "'\(name)' cannot be an environment variable's name",
                    hint: "letters, digits and '_', not a digit first, at most \(Names.longest)")
            } else if let reason = Names.environmentRefusal(name) {
                faults.error(entry.key.mark, "'\(name)' cannot be set in 'env': \(reason)")
            }
            guard let template = self.template(entry) else { continue }
            result.environment.append(EnvironmentEntry(name: name, value: template))
            result.uses.note(template, entry.value)
        }
    }

    /// The template of an entry; nothing at all is told at the key, since it has no place of its own.
    private func template(_ entry: YAMLEntry) -> Template? {
        guard entry.value.isEmpty else { return faults.template(entry.value, "'\(entry.key.text)'") }
        faults.error(entry.place, "'\(entry.key.text)' has no value", hint: "write \"\" for an empty text")
        return nil
    }

    /// systemd's directives for a step's unit or for the slice of a run.
    func readUnit(_ entry: YAMLEntry, of unit: Directives.Unit, into result: inout StepSettings) {
        guard let mapping = entry.value.mapping else { return faults.refuse(entry, "a map of systemd's directives") }
        result.unit.reserveCapacity(mapping.count)
        for entry in mapping {
            let name = entry.key.text
            if unit == .step, name == Directives.presetKey {
                readPreset(entry, among: mapping, into: &result)
                continue
            }
            let known: Directives.Entry
            do throws(DirectiveFault) { known = try Directives.find(name, for: unit) } catch {
                faults.error(entry.key.mark, error.message, hint: error.hint)
                continue
            }
            if let running = faults.manager.version, known.since > running {
                faults.error(entry.key.mark, Directives.tooNew(name, since: known.since, on: running))
                continue
            }
            let values =
                known.kind.takesList ? list(entry, of: known, &result.uses) : value(entry, of: known, &result.uses)
            if let values {
                refuseForUser(known, values, entry)
                result.unit.append(Directive(name: name, values: values))
            }
        }
    }

    /// What a preset stands for, but for what is said beside it.
    private func readPreset(_ entry: YAMLEntry, among mapping: [YAMLEntry], into result: inout StepSettings) {
        guard let preset = faults.choice(entry, of: Directives.Preset.self) else { return }
        let given = Set(mapping.map(\.key.text))
        if let manager = faults.manager.user {
            let faulty = preset.directives.lazy.filter { !given.contains($0.name) && !$0.values.isEmpty }.compactMap {
                directive in
                (try? Directives.find(directive.name)).flatMap { Directives.userFault($0, directive.values, manager) }
            }
            if let fault = faulty.first {
                faults.error(
                    entry.place, "the preset '\(preset.rawValue)' is none for a user's manager: \(fault.message)",
                    hint: "name the directives one by one, beside PrivateUsers: true")
                return
            }
        }
        result.unit += preset.directives.filter { !given.contains($0.name) }
            .map { Directive(name: $0.name, values: $0.values.map { Template(constant: .string($0)) }) }
    }

    /// Refuses what a user's manager lacks. One that takes back the workflow's asks for nothing.
    private func refuseForUser(_ known: Directives.Entry, _ values: [Template], _ entry: YAMLEntry) {
        guard let manager = faults.manager.user, !values.isEmpty else { return }
        let constants = values.compactMap { $0.constant?.text }
        if let fault = Directives.userFault(known, constants, manager) {
            faults.error(entry.key.mark, fault.message, hint: fault.hint)
        }
    }

    /// Refuses what came later than the systemd that runs, where that hangs on the value.
    private func isTooNew(_ settings: [UnitSetting], _ entry: YAMLEntry) -> Bool {
        guard let running = faults.manager.version, let newest = Directives.newest(settings), newest.since > running
        else {
            return false
        }
        faults.error(entry.place, Directives.tooNew(newest.directive, since: newest.since, on: running))
        return true
    }

    /// The value of a directive that takes one, checked where it is fixed; none for an empty text, which takes back what the
    /// workflow says, as an empty assignment does in a unit file.
    private func value(
        _ entry: YAMLEntry, of known: Directives.Entry, _ uses: inout [TemplateUse]
    ) -> [Template]? {
        guard entry.value.scalar != nil, !entry.value.isEmpty else {
            faults.refuse(entry, "one value")
            return nil
        }
        guard let template = faults.template(entry.value, "'\(known.name)'") else { return nil }
        guard let text = template.constant?.text else {
            uses.note(template, entry.value)
            return [template]
        }
        if text.isEmpty { return [] }
        do throws(DirectiveFault) {
            return isTooNew(try Directives.resolve(known, [text]), entry) ? nil : [template]
        } catch {
            faults.error(entry.place, error.message, hint: error.hint)
            return nil
        }
    }

    /// The values of a directive that takes several, checked where all of them are fixed; several paths in one text become
    /// several values, as in a unit file.
    private func list(
        _ entry: YAMLEntry, of known: Directives.Entry, _ uses: inout [TemplateUse]
    ) -> [Template]? {
        guard
            let nodes = entry.value.sequence ?? (entry.value.scalar == nil || entry.value.isEmpty ? nil : [entry.value])
        else {
            faults.refuse(entry, known.kind.isPaths ? "a path or a list of paths" : "one value or a list of them")
            return nil
        }
        let templates = nodes.compactMap { faults.template($0, "'\(known.name)'") }
        guard templates.count == nodes.count else { return nil }
        for (template, node) in zip(templates, nodes) { uses.note(template, node) }
        var constants = templates.compactMap { $0.constant?.text }
        guard constants.count == templates.count else { return templates }
        // As in a unit file: it takes back what is before it, and what the workflow says.
        if !known.kind.takesEmpty, let last = constants.lastIndex(of: "") { constants.removeSubrange(...last) }
        if known.kind.isSplit, entry.value.scalar != nil, !constants.isEmpty {
            guard let words = Directives.split(constants[0]) else {
                faults.error(entry.place, "'\(known.name)' has a quote without its end")
                return nil
            }
            constants = words
        }
        do throws(DirectiveFault) {
            if isTooNew(try Directives.resolve(known, constants), entry) { return nil }
            return constants.map { Template(constant: .string($0)) }
        } catch {
            faults.error(entry.place, error.message, hint: error.hint)
            return nil
        }
    }

    private func outputs(_ entry: YAMLEntry) -> [String: ValueType] {
        guard let mapping = entry.value.mapping else {
            faults.refuse(entry, "a map of names to types")
            return [:]
        }
        var result: [String: ValueType] = [:]
        for entry in mapping {
            if !Names.isStep(entry.key.text) {
                faults.error(entry.key.mark, "'\(entry.key.text)' cannot be an output's name")
            }
            result[entry.key.text] = faults.choice(entry, of: ValueType.self)
        }
        return result
    }
}

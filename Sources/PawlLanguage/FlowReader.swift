import PawlModel
import YAMLKit

/// Reads what says whether, when and how often a step has its turn.
extension StepReader {
    func readFlow(_ entries: Entries, into draft: StepDraft) {
        draft.dependsOn = entries["depends_on"].map(dependencies)
        if let entry = entries["when"], let condition = faults.condition(entry) {
            draft.when = condition
            draft.conditions.append(TemplateUse(template: condition, node: entry.value))
            draft.uses.append(TemplateUse(template: condition, node: entry.value))
        }
        if let entry = entries["foreach"] {
            let (items, uses) = faults.valueTemplate(entry, "a list, a map or an expression that gives one")
            draft.foreachUses = uses
            if let items {
                draft.foreach = Foreach(
                    items: items, maxParallel: entries["max_parallel"].flatMap { faults.integer($0, from: 1) },
                    batch: entries["batch"].flatMap { faults.integer($0, from: 1) })
            }
        } else {
            for key in ["max_parallel", "batch"] {
                guard let entry = entries[key] else { continue }
                faults.error(entry.key.mark, "'\(key)' of a step belongs to 'foreach', which is not there")
            }
        }
    }

    /// What takes a step back: something to run, with settings of its own.
    func readUndo(_ entries: Entries, into draft: StepDraft) {
        guard let entry = entries["undo"] else { return }
        if draft.approval != nil {
            return faults.error(entry.key.mark, "'undo' means nothing beside 'approval': there is nothing to take back")
        }
        guard let keys = faults.entries(entry.value, of: "'undo'", keys: Schema.undoKeys) else { return }
        let undo = StepDraft(index: draft.index, mark: entry.value.mark, id: draft.id, idMark: draft.idMark)
        undo.settings = settings(keys)
        undo.uses = undo.settings.uses
        readAction(keys, entry.value, into: undo)
        undo.timeout = keys["timeout"].flatMap { faults.duration($0) }
        draft.undo = [undo]
    }

    private func dependencies(_ entry: YAMLEntry) -> [StepDraft.Dependency] {
        entry.value.mapping.map(forms) ?? dependencies(entry, .done)
    }

    /// `{any: [a, b], ended: [c]}`, by itself or as an entry of the list.
    private func forms(_ entries: [YAMLEntry]) -> [StepDraft.Dependency] {
        var result: [StepDraft.Dependency] = []
        for entry in entries {
            let name = entry.key.text
            if let kind = DependencyKind(rawValue: name) {
                result += dependencies(entry, kind)
            } else {
                faults.error(
                    entry.key.mark,
                    "'depends_on' takes a list of steps, or a map with any, ended and failed, not '\(name)'",
                    hint: Suggestion.nearest(to: name, in: DependencyKind.allCases.map(\.rawValue)).map(
                        Suggestion.didYouMean))
            }
        }
        return result
    }

    private func dependencies(_ entry: YAMLEntry, _ kind: DependencyKind) -> [StepDraft.Dependency] {
        let key = entry.key.text
        switch entry.value.content {
        case .sequence(let items):
            var result: [StepDraft.Dependency] = []
            result.reserveCapacity(items.count)
            for item in items {
                if let scalar = item.scalar, !item.isEmpty {
                    result.append(StepDraft.Dependency(name: scalar.text, mark: item.mark, kind: kind))
                } else if key == "depends_on", let entries = item.mapping {
                    // Beside names a list may hold the other forms: [a, {ended: [b]}].
                    result += forms(entries)
                } else {
                    faults.error(item.mark, "'\(key)' takes names of steps, not \(item.kindName)")
                }
            }
            return result
        case .scalar(let scalar) where !entry.value.isEmpty:
            return [StepDraft.Dependency(name: scalar.text, mark: entry.value.mark, kind: kind)]
        case .scalar:
            faults.error(entry.place, "'\(key)' names no step", hint: "write [] for a step that starts at once")
        case .mapping:
            faults.error(entry.place, "'\(key)' takes names of steps, not a map")
        }
        return []
    }
}

extension Faults {
    /// A list, a map or a text with `${...}` in it, at any depth, and all templates with their places.
    func valueTemplate(_ entry: YAMLEntry, _ wanted: String) -> (template: ValueTemplate?, uses: [TemplateUse]) {
        if entry.value.isEmpty {
            refuse(entry, wanted)
            return (nil, [])
        }
        if let scalar = entry.value.scalar, !scalar.text.utf8.contains(UInt8(ascii: "$")), entry.key.text == "foreach" {
            refuse(entry, wanted)
            return (nil, [])
        }
        var uses: [TemplateUse] = []
        return (valueTemplate(entry.value, entry.key.text, &uses), uses)
    }

    /// The same for a node within one.
    func valueTemplate(_ node: YAMLNode, _ what: String, _ uses: inout [TemplateUse]) -> ValueTemplate? {
        switch node.content {
        case .scalar(let scalar):
            guard scalar.text.utf8.contains(UInt8(ascii: "$")) else {
                return value(node, of: "'\(what)'").map { .template(Template(constant: $0)) }
            }
            guard let template = template(node, "'\(what)'") else { return nil }
            uses.append(TemplateUse(template: template, node: node))
            return .template(template)
        case .sequence(let items):
            var values: [ValueTemplate] = []
            for item in items { if let value = valueTemplate(item, what, &uses) { values.append(value) } }
            return .list(values)
        case .mapping(let entries):
            var values: [String: ValueTemplate] = [:]
            for entry in entries { values[entry.key.text] = valueTemplate(entry.value, what, &uses) }
            return .map(values)
        }
    }
}

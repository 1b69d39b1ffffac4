import PawlModel
import YAMLKit

/// Translates a template of the Orchestrator Service into the tree of a workflow, which the ordinary readers take from
/// there. Every node keeps the place that it has in the template, so that faults are told there.
struct OlderTemplate {
    let faults: Faults
    /// Which of the steps that come out do nothing, by their places: conditions and the ends of parallel tasks.
    private(set) var idle: Set<Int> = []
    /// `variables` under `workflow` whose values are made of other variables.
    private(set) var computed: [YAMLEntry] = []
    /// Whether there was a template, and its tree was made into a workflow's.
    private(set) var isTranslated = false

    init(faults: Faults) { self.faults = faults }

    /// Whether a file is a template, and not a workflow with a key that it cannot have.
    static func isOne(_ root: YAMLNode) -> Bool {
        let names = Set(root.mapping?.map(\.key.text) ?? [])
        return !names.contains("steps") && (names.contains("workflow") || names.contains("tasks"))
    }

    /// The tree of the workflow.
    mutating func translate(_ root: YAMLNode) -> YAMLNode {
        isTranslated = true
        var result: [YAMLEntry] = []
        var body = root
        if let inner = root["workflow"] {
            guard
                let entries = faults.entries(
                    root, of: "a template", keys: Schema.templateKeys + Schema.templateShared)
            else { return root }
            body = inner
            for key in ["name", "description", "version"] { if let entry = entries[key] { result.append(entry) } }
        }
        let keys = Schema.templateWorkflowKeys + Schema.templateWorkflowShared
        guard let entries = faults.entries(body, of: "'workflow'", keys: keys) else { return root }
        for key in Schema.templateWorkflowShared where key.isSupported && key.name != "variables" {
            guard let entry = entries[key.name], !result.contains(where: { $0.key.text == key.name }) else { continue }
            result.append(entry)
        }
        let declared = root["workflow"] == nil ? nil : root.mapping?.first { $0.key.text == "variables" }
        if let variables = variables(declared, entries["variables"]) { result.append(variables) }
        if let tasks = entries["tasks"] {
            var translation = OlderTasks(faults: faults)
            let steps = translation.translate(tasks)
            idle = translation.idle
            if let steps { result.append(YAMLEntry(key: YAMLEntry.Key("steps", at: tasks.key.mark), value: steps)) }
        } else {
            faults.error(body.mark, "there are no 'tasks'")
        }
        return YAMLNode(.mapping(result), at: root.mark)
    }

    // MARK: Variables

    /// One map of both: the list of declarations, and the map of further ones under `workflow`.
    private mutating func variables(_ list: YAMLEntry?, _ map: YAMLEntry?) -> YAMLEntry? {
        var result: [YAMLEntry] = []
        for entry in [list, map].compactMap({ $0 }) where entry.value.sequence != nil {
            read(list: entry, into: &result)
        }
        // The map with long forms, as in a workflow, is welcome where the list is.
        if let list, list.value.sequence == nil { result += list.value.mapping ?? [] }
        if let list, list.value.scalar != nil, !list.value.isEmpty { faults.refuse(list, "a list of variables") }
        let declared = Set(result.map(\.key.text))
        if let map, map.value.sequence == nil, !map.value.isEmpty {
            guard let mapping = map.value.mapping else {
                faults.refuse(map, "a map of names to values")
                return nil
            }
            for entry in mapping {
                if OlderTemplate.isIdentity(entry), declared.contains(entry.key.text) { continue }
                if OlderTemplate.hasExpression(entry.value) || declared.contains(entry.key.text) {
                    computed.append(entry)
                } else {
                    result.append(OlderTemplate.longForm(entry))
                }
            }
        }
        guard let first = list ?? map else { return nil }
        return YAMLEntry(key: first.key, value: YAMLNode(.mapping(result), at: first.value.mark))
    }

    private func read(list: YAMLEntry, into result: inout [YAMLEntry]) {
        for item in list.value.sequence ?? [] {
            guard let mapping = item.mapping, let name = mapping.first(where: { $0.key.text == "name" }),
                let text = name.value.scalar, !name.value.isEmpty
            else {
                faults.error(
                    item.mark, "a variable is a map with 'name', not \(item.kindName)", hint: "write - name: ...")
                continue
            }
            if let first = result.first(where: { $0.key.text == text.text }) {
                faults.error(
                    name.value.mark, "the name '\(text.text)' is taken by the variable at line \(first.key.mark.line)")
                continue
            }
            let rest = mapping.filter { $0.key.text != "name" }.map(OlderTemplate.withOurType)
            let value =
                rest.isEmpty
                ? YAMLNode(.scalar(YAMLScalar("")), at: item.mark) : YAMLNode(.mapping(rest), at: item.mark)
            result.append(YAMLEntry(key: YAMLEntry.Key(text.text, at: name.value.mark), value: value))
        }
    }

    /// `type: array` is the older word for `list`, and so on.
    private static func withOurType(_ entry: YAMLEntry) -> YAMLEntry {
        guard entry.key.text == "type", case .scalar(var scalar) = entry.value.content,
            let word = Suggestion.words[scalar.text]
        else { return entry }
        scalar.text = word
        return YAMLEntry(key: entry.key, value: YAMLNode(.scalar(scalar), at: entry.value.mark))
    }

    /// A fixed value as a variable's default: a map needs the long form, and the others bear it.
    private static func longForm(_ entry: YAMLEntry) -> YAMLEntry {
        guard entry.value.mapping != nil else { return entry }
        let value = YAMLEntry(key: YAMLEntry.Key("default", at: entry.key.mark), value: entry.value)
        return YAMLEntry(key: entry.key, value: YAMLNode(.mapping([value]), at: entry.value.mark))
    }

    /// `NAME: ${NAME}`, which hands a variable of the template on.
    private static func isIdentity(_ entry: YAMLEntry) -> Bool {
        guard let text = entry.value.scalar?.text, text.hasPrefix("${"), text.hasSuffix("}") else { return false }
        return text.dropFirst(2).dropLast().filter { $0 != " " } == entry.key.text
    }

    private static func hasExpression(_ node: YAMLNode) -> Bool {
        switch node.content {
        case .scalar(let scalar): scalar.text.contains("${")
        case .sequence(let items): items.contains(where: hasExpression)
        case .mapping(let entries): entries.contains { hasExpression($0.value) }
        }
    }
}

extension YAMLNode {
    /// Text that stands nowhere in the file, at the place of what it was made from.
    static func made(_ text: String, at mark: YAMLMark) -> YAMLNode {
        YAMLNode(.scalar(YAMLScalar(text, style: .doubleQuoted)), at: mark)
    }
}

extension YAMLEntry {
    /// An entry under another key, at the place of this one.
    func renamed(_ name: String) -> YAMLEntry { YAMLEntry(key: Key(name, at: key.mark), value: value) }
}

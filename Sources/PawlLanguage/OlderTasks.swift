import PawlModel
import YAMLKit

/// Translates the tasks of a template into steps.
struct OlderTasks {
    /// A task as it was found, those of a parallel one before it.
    private struct Task {
        var id: String
        var idNode: YAMLNode
        var node: YAMLNode
        var entries: Entries
        var type: String?
        var parameters: Entries?
        /// The parallel task that it is one of.
        var parent: Int?
        /// The tasks of a parallel one.
        var parts: [Int] = []
        /// The branches that name it, each alone enough: the condition and how it has to come out.
        var branches: [Branch] = []
        /// The branches that everything it waits for is in.
        var inherited: [Branch] = []
    }

    /// A way that a condition may go.
    private struct Branch: Hashable {
        var condition: Int
        var isTaken: Bool
        var mark: YAMLMark
    }

    let faults: Faults
    private var tasks: [Task] = []
    private var places: [String: Int] = [:]
    /// Which of the steps do nothing, by their places.
    private(set) var idle: Set<Int> = []

    init(faults: Faults) { self.faults = faults }

    /// The list of steps.
    mutating func translate(_ entry: YAMLEntry) -> YAMLNode? {
        guard let nodes = entry.value.sequence, !nodes.isEmpty else {
            faults.refuse(entry, "a list of at least one task")
            return nil
        }
        for (number, node) in nodes.enumerated() { _ = collect(node, number: number, parent: nil) }
        for index in tasks.indices where tasks[index].type == "condition" { readBranches(of: index) }
        for index in tasks.indices where tasks[index].type == "condition" { spreadBranches(of: index) }
        let steps = tasks.indices.map { step($0) }
        return YAMLNode(.sequence(steps), at: entry.value.mark)
    }

    // MARK: Finding

    /// Takes a task, and before it those it is made of; gives its place.
    private mutating func collect(_ node: YAMLNode, number: Int, parent: (id: String, depth: Int)?) -> Int? {
        let keys = Schema.taskKeys + Schema.stepKeys.filter { key in !Schema.taskKeys.contains { $0.name == key.name } }
        guard let entries = faults.entries(node, of: "a task", keys: keys) else { return nil }
        var task = Task(id: "", idNode: .made("", at: node.mark), node: node, entries: entries)
        if let entry = entries["id"] {
            (task.id, task.idNode) = (faults.text(entry) ?? "", entry.value)
        } else if let entry = entries["name"], let name = entry.value.scalar?.text, Names.isStep(name) {
            (task.id, task.idNode) = (name, entry.value)
        } else if let parent {
            task.id = "\(parent.id)-\(number + 1)"
            task.idNode = .made(task.id, at: node.mark)
        }
        task.type = type(of: task)
        task.parameters = parameters(of: task)
        var parts: [Int] = []
        if task.type == "parallel" {
            let depth = (parent?.depth ?? 0) + 1
            for (number, node) in subtasks(of: task).enumerated() {
                if let part = collect(node, number: number, parent: (task.id, depth)) { parts.append(part) }
            }
        }
        let index = tasks.count
        task.parts = parts
        for part in parts { tasks[part].parent = index }
        tasks.append(task)
        // A name that is taken is told by the readers of steps, which see both.
        if !task.id.isEmpty, places[task.id] == nil { places[task.id] = index }
        return index
    }

    private func type(of task: Task) -> String? {
        let does = ["run", "command", "approval"].contains { task.entries[$0] != nil }
        guard let entry = task.entries["type"] else {
            if !does, task.entries["done_when"] == nil {
                faults.error(task.node.mark, "this task has no 'type'", hint: "write exec, condition or parallel")
                return "refused"
            }
            return nil
        }
        guard let text = faults.text(entry) else { return nil }
        let types = ["exec", "condition", "parallel"]
        if let what = Schema.refusedTaskTypes[text] {
            faults.error(
                entry.place, "a task of the type '\(text)' \(what), which this version of pawl does not do",
                hint: "a program that does it can be run by a task of the type 'exec'")
        } else if !types.contains(text) {
            let near = Suggestion.nearest(to: text, in: types + Schema.refusedTaskTypes.keys.sorted())
            faults.error(
                entry.place, "'type' is one of \(types.joined(separator: ", ")), not '\(text)'",
                hint: near.map(Suggestion.didYouMean))
        } else if does {
            faults.error(entry.place, "a task has either 'type' or what a step does, not both")
        } else {
            return text
        }
        return "refused"
    }

    private func parameters(of task: Task) -> Entries? {
        guard let entry = task.entries["parameters"] else { return nil }
        switch task.type {
        case "exec":
            var mapping = entry.value.mapping ?? []
            for item in mapping {
                guard let reason = Schema.refusedExecKeys[item.key.text] else { continue }
                faults.error(
                    item.key.mark, "'\(item.key.text)' belongs to a container, which this version of pawl does not run",
                    hint: reason)
            }
            mapping.removeAll { Schema.refusedExecKeys[$0.key.text] != nil }
            let node = entry.value.mapping == nil ? entry.value : YAMLNode(.mapping(mapping), at: entry.value.mark)
            return faults.entries(node, of: "'parameters'", keys: Schema.execKeys)
        case "condition":
            let keys = Schema.taskKeys.filter { ["condition", "on_success", "on_failure"].contains($0.name) }
            return faults.entries(entry.value, of: "'parameters'", keys: keys)
        case "parallel":
            return faults.entries(entry.value, of: "'parameters'", keys: Schema.taskKeys.filter { $0.name == "tasks" })
        case nil:
            faults.error(entry.key.mark, "'parameters' belong to a 'type'")
            return nil
        default:
            return nil
        }
    }

    private func subtasks(of task: Task) -> [YAMLNode] {
        guard let entry = task.parameters?["tasks"] ?? task.entries["tasks"] else {
            faults.error(task.node.mark, "the parallel task '\(task.id)' has no 'tasks'")
            return []
        }
        guard let nodes = entry.value.sequence, !nodes.isEmpty else {
            faults.refuse(entry, "a list of at least one task")
            return []
        }
        return nodes
    }

    // MARK: Branches

    private func entry(_ key: String, of index: Int) -> YAMLEntry? {
        tasks[index].parameters?[key] ?? tasks[index].entries[key]
    }

    private mutating func readBranches(of index: Int) {
        if entry("condition", of: index) == nil {
            faults.error(tasks[index].node.mark, "the condition '\(tasks[index].id)' has no 'condition'")
        }
        for (key, isTaken) in [("on_success", true), ("on_failure", false)] {
            guard let entry = entry(key, of: index) else { continue }
            guard let items = entry.value.sequence ?? (entry.value.isEmpty ? nil : [entry.value]) else {
                faults.refuse(entry, "a list of tasks")
                continue
            }
            for item in items {
                guard let name = item.scalar?.text, let target = places[name] else {
                    let near = item.scalar.flatMap { faults.didYouMean($0.text, places.keys.sorted()) }
                    faults.error(
                        item.mark, "'\(key)' names tasks; there is no task '\(item.scalar?.text ?? item.kindName)'",
                        hint: near)
                    continue
                }
                if target == index {
                    faults.error(item.mark, "the condition '\(name)' cannot be its own branch")
                } else {
                    tasks[target].branches.append(Branch(condition: index, isTaken: isTaken, mark: item.mark))
                }
            }
        }
    }

    private func dependencies(of index: Int) -> [String] {
        guard let value = tasks[index].entries["depends_on"]?.value else { return [] }
        return (value.sequence ?? [value]).map { $0.scalar?.text ?? "" }
    }

    /// A task that waits for nothing but tasks of one branch belongs to it as well: what is skipped counts as done, so
    /// it would run otherwise, after work that was not done.
    private mutating func spreadBranches(of condition: Int) {
        for isTaken in [true, false] {
            var branch: [Int: Branch] = [:]
            for index in tasks.indices {
                guard
                    let named = tasks[index].branches.first(where: {
                        $0.condition == condition && $0.isTaken == isTaken
                    })
                else { continue }
                branch[index] = named
            }
            var dependents: [Int: [Int]] = [:]
            var open: [Int: Int] = [:]
            for index in tasks.indices where branch[index] == nil && index != condition {
                let names = Set(dependencies(of: index)).filter { $0 != tasks[condition].id }
                open[index] = names.count
                for name in names { if let target = places[name] { dependents[target, default: []].append(index) } }
            }
            // The tasks of a parallel one are in its branch.
            for (index, named) in branch { for part in tasks[index].parts { branch[part] = branch[part] ?? named } }
            var next = branch.keys.sorted()
            while let index = next.popLast() {
                for dependent in dependents[index] ?? [] {
                    open[dependent, default: 0] -= 1
                    // Who is named by a branch says by that when it runs.
                    guard open[dependent] == 0, tasks[dependent].branches.isEmpty, let first = branch[index] else {
                        continue
                    }
                    branch[dependent] = first
                    tasks[dependent].inherited.append(first)
                    next.append(dependent)
                }
            }
        }
    }

    /// What has to hold for a branch to be taken, as the text of an expression.
    private func expression(of branch: Branch, depth: Int = 0) -> String {
        let name = tasks[branch.condition].id
        // A condition that was true has had its turn; one that is skipped may also be so since its own branch was.
        if branch.isTaken { return "\(name).state == 'succeeded'" }
        let own = depth < 8 ? guardExpression(of: branch.condition, depth: depth + 1) : nil
        let text = "\(name).state == 'skipped'"
        return own.map { "\(text) && \($0)" } ?? text
    }

    /// What has to hold for a task's branches, those of the parallel tasks around it included.
    private func guardExpression(of index: Int, depth: Int = 0) -> String? {
        var parts: [String] = []
        let named = tasks[index].branches.map { expression(of: $0, depth: depth) }
        if named.count == 1 { parts.append(named[0]) }
        if named.count > 1 { parts.append("(" + named.map { "(\($0))" }.joined(separator: " || ") + ")") }
        parts += tasks[index].inherited.map { expression(of: $0, depth: depth) }
        return parts.isEmpty ? nil : parts.joined(separator: " && ")
    }

    // MARK: Writing

    private static let translated: Set<String> = [
        "id", "name", "type", "parameters", "depends_on", "condition", "on_success", "on_failure", "tasks", "when",
    ]

    private mutating func step(_ index: Int) -> YAMLNode {
        let task = tasks[index]
        var result: [YAMLEntry] = []
        func add(_ key: String, _ value: YAMLNode, at mark: YAMLMark? = nil) {
            result.append(YAMLEntry(key: YAMLEntry.Key(key, at: mark ?? value.mark), value: value))
        }
        if !task.id.isEmpty { add("id", task.idNode) }
        add("depends_on", dependencyNode(of: index), at: task.entries["depends_on"]?.key.mark ?? task.node.mark)
        if let condition = whenNode(of: index) { add("when", condition) }
        var passed: [YAMLEntry] = []
        for entry in task.node.mapping ?? [] where !OlderTasks.translated.contains(entry.key.text) {
            if task.entries[entry.key.text] != nil { passed.append(entry) }
        }
        // What a parallel task says of how its tasks run holds for each of them that does not say it itself.
        var above = task.parent
        while let parent = above {
            for key in ["timeout", "retry_policy", "continue_on_failure", "env", "unit", "shell", "interrupted"] {
                guard let entry = tasks[parent].entries[key], !passed.contains(where: { $0.key.text == key }) else {
                    continue
                }
                if task.type != "parallel" { passed.append(entry) }
            }
            above = tasks[parent].parent
        }
        if task.type == "exec" {
            let entries = OlderExec(faults: faults).entries(task.parameters, passed, at: task.node.mark)
            result += entries
            // What was told of already need not be told again by the reader of steps.
            if !entries.contains(where: { ["run", "command"].contains($0.key.text) }) { idle.insert(index) }
        } else if task.type == "condition" || task.type == "parallel" || task.type == "refused" {
            idle.insert(index)
            result += passed.filter { $0.key.text == "continue_on_failure" }
        } else {
            result += passed
        }
        return YAMLNode(.mapping(result), at: task.node.mark)
    }

    private func dependencyNode(of index: Int) -> YAMLNode {
        let task = tasks[index]
        var items: [YAMLNode] = []
        var names: Set<String> = []
        func add(_ node: YAMLNode) {
            if let name = node.scalar?.text, !names.insert(name).inserted { return }
            items.append(node)
        }
        func addOwn(_ index: Int) {
            if let value = tasks[index].entries["depends_on"]?.value {
                if let list = value.sequence { list.forEach(add) } else { add(value) }
            }
            for branch in tasks[index].branches + tasks[index].inherited {
                add(.made(tasks[branch.condition].id, at: branch.mark))
            }
        }
        if task.type == "parallel" {
            for part in task.parts { add(.made(tasks[part].id, at: tasks[part].idNode.mark)) }
        }
        if task.type != "parallel" || task.parts.isEmpty { addOwn(index) }
        var above = task.parent
        while let parent = above {
            addOwn(parent)
            above = tasks[parent].parent
        }
        return YAMLNode(.sequence(items), at: task.entries["depends_on"]?.value.mark ?? task.node.mark)
    }

    /// The task's own condition, those of the parallel tasks that it is in, and the branches that it is in.
    private func whenNode(of index: Int) -> YAMLNode? {
        var guards: [String] = []
        var own: [YAMLNode] = []
        var mark: YAMLMark?
        var place: Int? = index
        while let current = place {
            if let text = guardExpression(of: current) {
                guards.append(text)
                mark = mark ?? (tasks[current].branches + tasks[current].inherited).first?.mark
            }
            // A parallel task's parameters are tasks; a condition's may hold what it asks.
            let keys = tasks[current].entries
            own += [entry("condition", of: current), keys["when"]].compactMap { $0?.value }
            place = tasks[current].parent
        }
        if own.count == 1, guards.isEmpty { return own[0] }
        for node in own {
            guard let text = node.scalar?.text, text.hasPrefix("${"), text.hasSuffix("}") else { return node }
            guards.append("(" + text.dropFirst(2).dropLast() + ")")
        }
        guard !guards.isEmpty else { return nil }
        return .made(
            "${" + guards.joined(separator: " && ") + "}", at: own.first?.mark ?? mark ?? tasks[index].node.mark)
    }
}

/// The groups in which a workflow's steps would run if each took as long as every other: a step is in the first group
/// after all that it waits for.
package struct WorkflowPlan: Sendable, Equatable {
    /// A step and why it is in its group.
    package struct Entry: Sendable, Equatable {
        /// The step's name.
        package var id: String
        /// The line it begins at.
        package var line: Int
        /// Its group, from 1.
        package var group: Int
        /// The steps that it waits for, in the order written.
        package var waitsFor: [String]
        /// Those of them that are in the group before: without them it would run earlier.
        package var because: [String]

        /// Why it is where it is, in words.
        package var reason: String {
            if waitsFor.isEmpty { return "waits for nothing" }
            let others = waitsFor.filter { !because.contains($0) }
            let text = "waits for " + because.joined(separator: ", ")
            return others.isEmpty ? text : text + " (and " + others.joined(separator: ", ") + ", which come earlier)"
        }
    }

    /// The groups, each with its steps in the order written.
    package let groups: [[Entry]]

    /// All entries in the order written.
    package let entries: [Entry]

    /// Plans a workflow, in time that grows with its steps and what they wait for.
    package init(_ workflow: Workflow) {
        let steps = workflow.steps
        var group = Array(repeating: 1, count: steps.count)
        var waiting = steps.map(\.dependencies.count)
        var ready = steps.indices.filter { waiting[$0] == 0 }
        var next = 0
        while next < ready.count {
            let index = ready[next]
            next += 1
            for dependent in steps[index].dependents {
                group[dependent] = max(group[dependent], group[index] + 1)
                waiting[dependent] -= 1
                if waiting[dependent] == 0 { ready.append(dependent) }
            }
        }
        entries = steps.indices.map { index in
            let step = steps[index]
            return Entry(
                id: step.id, line: step.line, group: group[index], waitsFor: step.dependencies.map { steps[$0].id },
                because: step.dependencies.filter { group[$0] == group[index] - 1 }.map { steps[$0].id })
        }
        var groups = Array(repeating: [Entry](), count: entries.map(\.group).max() ?? 0)
        for entry in entries { groups[entry.group - 1].append(entry) }
        self.groups = groups
    }

    /// `Group 1: a b c`, a line for each group.
    package var lines: [String] {
        groups.enumerated().map { "Group \($0 + 1): \($1.map(\.id).joined(separator: " "))" }
    }

    /// The graph in Graphviz's language, a rank for each group.
    package func dot(named name: String) -> String {
        var lines = ["digraph \"\(name)\" {", "  rankdir=LR;", "  node [shape=box];"]
        for group in groups {
            lines.append("  {rank=same; \(group.map { "\"\($0.id)\";" }.joined(separator: " "))}")
        }
        for entry in entries {
            lines += entry.waitsFor.map { "  \"\($0)\" -> \"\(entry.id)\";" }
        }
        return (lines + ["}"]).joined(separator: "\n")
    }

    /// The graph as a Mermaid flowchart. Steps are numbered there, since words such as `end` cannot be names.
    package var mermaid: String {
        var lines = ["flowchart LR"]
        let places = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.id, $0) })
        for (place, entry) in entries.enumerated() { lines.append("  s\(place)[\"\(entry.id)\"]") }
        for (place, entry) in entries.enumerated() {
            lines += entry.waitsFor.compactMap { places[$0] }.map { "  s\($0) --> s\(place)" }
        }
        return lines.joined(separator: "\n")
    }
}

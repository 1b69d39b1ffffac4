/// The groups in which a workflow's steps would run if each took as long as every other: a step is in the first group
/// after all that it waits for.
package struct WorkflowPlan: Sendable {
    /// A step and why it is in its group.
    package struct Entry: Sendable, Equatable {
        /// The step's name.
        package var id: String
        /// The file that it stands in.
        package var file = ""
        /// The line it begins at.
        package var line: Int
        /// When in a run it has its turn; handlers have groups of their own.
        package var phase = StepPhase.main
        /// Its group, from 1.
        package var group: Int
        /// The steps that it waits for, in the order written.
        package var waitsFor: [String]
        /// Those of them that are in the group before: without them it would run earlier.
        package var because: [String]
        /// What it asks of each step that it waits for.
        var kinds: [String: DependencyKind] = [:]
        /// Whether it asks a condition as well.
        var isConditional = false
        /// What it does beyond running a program to its end, if it does: what a person has to know who reads the plan.
        var special: String?

        /// Why it is where it is, in words.
        package var reason: String {
            let others = waitsFor.filter { !because.contains($0) }
            var text = because.isEmpty ? "waits for nothing" : "waits for " + because.map(words).joined(separator: ", ")
            if !others.isEmpty { text += " (and \(others.map(words).joined(separator: ", ")), earlier)" }
            if let special { text += "; \(special)" }
            return isConditional ? text + (special == nil ? "; runs" : "") + " where its 'when' holds" : text
        }

        private func words(_ name: String) -> String {
            switch kinds[name] ?? .done {
            case .done: name
            case .any: "any: \(name)"
            case .ended: "the end of \(name)"
            case .failed: "the failure of \(name)"
            }
        }
    }

    /// The groups of the workflow's own steps, each with its steps in the order written.
    package let groups: [[Entry]]

    /// The groups of the handlers' steps.
    package let handlers: [(phase: StepPhase, groups: [[Entry]])]

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
        let entries = steps.indices.map { index in
            let step = steps[index]
            var entry = Entry(
                id: step.id, line: step.line, phase: step.phase, group: group[index],
                waitsFor: step.dependencies.map { steps[$0].id },
                because: step.dependencies.filter { group[$0] == group[index] - 1 }.map { steps[$0].id })
            entry.file = step.file
            for (target, kind) in zip(step.dependencies, step.dependencyKinds) { entry.kinds[steps[target].id] = kind }
            entry.isConditional = step.when != nil
            entry.special = Self.special(step)
            return entry
        }
        func groups(of phase: StepPhase) -> [[Entry]] {
            var result: [[Entry]] = []
            for entry in entries where entry.phase == phase {
                while result.count < entry.group { result.append([]) }
                result[entry.group - 1].append(entry)
            }
            return result
        }
        self.entries = entries
        self.groups = groups(of: .main)
        handlers = StepPhase.handlers.map { ($0, groups(of: $0)) }.filter { !$0.groups.isEmpty }
    }

    private static func special(_ step: Step) -> String? {
        if let call = step.call { return "runs the workflow '\(call.workflow)'" }
        switch (step.action, step.service) {
        case (.approval, _): return "asks for approval"
        case (.reboot, _): return "reboots the host"
        case (_, .named): return "starts a service that stays"
        case (_, .ofRun): return "starts a service that ends with the run"
        default: return nil
        }
    }

    /// `Group 1: a b c`, a line for each group, and `on_failure: a b, then c` for each handler.
    package var lines: [String] {
        func names(_ group: [Entry]) -> String { group.map(\.id).joined(separator: " ") }
        return groups.enumerated().map { "Group \($0 + 1): \(names($1))" }
            + handlers.map { "\($0.phase.rawValue): \($0.groups.map(names).joined(separator: ", then "))" }
    }
}

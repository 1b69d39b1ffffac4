import PawlAPI
import PawlEngine
import PawlLanguage
import PawlModel

/// Workflows that steps of other workflows run.
extension WorkflowLibrary {
    /// What a run of a workflow keeps of those that its steps run, and of those that theirs do.
    func children(of workflow: Workflow) throws(APIError) -> [ChildDefinition] {
        let checker = CallChecker { self.good[$0]?.workflow }
        var faults = checker.faults(of: workflow)
        var (result, seen, left) = ([ChildDefinition](), Set<String>(), workflow.called)
        while !left.isEmpty {
            let name = left.removeFirst()
            guard seen.insert(name).inserted, let entry = good[name] else { continue }
            result.append(ChildDefinition(workflow: name, source: entry.source))
            faults += checker.faults(of: entry.workflow)
            left += entry.workflow.called
        }
        guard faults.isEmpty else {
            throw APIError(
                .faultyWorkflow,
                "workflow '\(workflow.name)' was not started: what its steps run has \(faults.count) "
                    + "fault\(faults.count == 1 ? "" : "s")",
                faults: faults)
        }
        return result
    }

    /// Looks at what steps run once all workflows are read. Where there is a fault the workflow's last good texts go on, as with
    /// any other fault.
    func refuseCalls(in entries: inout [String: Entry], _ files: inout [String: Found]) {
        let known = entries
        let checker = CallChecker { known[$0]?.workflow }
        for (name, entry) in known where !entry.workflow.called.isEmpty {
            let faults = checker.faults(of: entry.workflow)
            guard !faults.isEmpty else { continue }
            files[name]?.faults += faults
            entries[name] = good[name]
        }
    }
}

import PawlEngine
import PawlLanguage
import PawlModel

@testable import PawlDaemon

/// Runs that are steps of others, held against each other.
extension Judge {
    /// A run was made for an attempt.
    func made(_ id: RunID, of parent: ParentRun) {
        let name = AttemptName(run: parent.run, step: parent.step, item: parent.item, number: parent.attempt)
        if let other = children[name] { fail("\(name) is two runs, \(other) and \(id)") }
        children[name] = id
        guard let above = runs[parent.run] else { return fail("\(id) is a step of \(parent.run), which is not there") }
        if above.children[name] != id { fail("\(id) was made for \(name), whose order names another run") }
        // Of one commit the runs are told one after the other, whole.
        if above.hasEnded, !touched.contains(parent.run) { fail("\(id) was made, and \(parent.run) has ended") }
    }

    /// What holds after each commit.
    func committed() {
        for (name, end) in ends.sorted(by: { $0.key.unit < $1.key.unit }) {
            check(name, end.outcome, isWanted: end.isWanted)
        }
        ends = [:]
        defer { touched = [] }
        for (id, record) in runs where !record.hasEnded {
            guard let parent = record.parent, let above = runs[parent.run] else { continue }
            if above.hasEnded { fail("\(id) goes on, and \(parent.run), whose step it is, has ended") }
            // One that is still to be taken up is told when that is done, and one that could not be recorded when it goes on.
            if above.cancelled != nil, record.cancelled == nil, record.phase == .main, touched.contains(id),
                !host.hasMark, !mayStandStill
            {
                fail("\(id) goes on, and \(parent.run), whose step it is, was cancelled")
            }
        }
    }

    /// Whether the end of an attempt is that of its run.
    private func check(_ name: AttemptName, _ outcome: AttemptOutcome, isWanted: Bool) {
        guard let above = runs[name.run], let id = above.children[name] else { return }
        let words = "\(name) is recorded as \(outcome.state.rawValue) (\(outcome.reason ?? ""))"
        guard let end = runs[id]?.end else { return fail("\(words), and its run \(id) goes on") }
        let isRight =
            switch outcome.state {
            case .succeeded: end.state == .succeeded && outcome.outputs == end.outputs
            case .timedOut: end.state == .timedOut
            case .cancelled: end.state == .cancelled && isWanted
            case .failed: end.state == .failed || end.state == .cancelled
            default: false
            }
        if !isRight { fail("\(words), and its run \(id) has \(end.state.rawValue)") }
    }

    /// Whether the limits of its run's slice hold for an attempt that runs, and those of all runs above.
    func checkLimits(_ attempt: AttemptName, _ record: Record) {
        var ids: [RunID] = []
        for run in (record.parent?.above.map(\.run) ?? []) + [attempt.run] {
            let slice = run.slice(below: ids)
            ids.append(run)
            let isLimited = run == attempt.run ? record.workflow.slice : runs[run]?.workflow.slice ?? []
            if !isLimited.isEmpty, host.slices[slice] != true { fail("\(attempt) runs, and \(slice) has no limits") }
        }
    }
}

import PawlAPI
import PawlEngine
import PawlLanguage
import PawlModel
import PawlStore

extension Conductor {
    /// Starts the run that takes back what an ended one has done, and returns its ID once that is on disk, together with the
    /// word in the ended one that it is taken back: from then on nobody takes what it has done for done.
    func undo(_ id: RunID, folders: any AttemptFiles, runs: String, by requester: Requester) async throws(APIError)
        -> RunID
    {
        try refuseWhileHostStops("undone")
        try refuseSetAside(id)
        let run = try endedRun(id)
        if let refusal = run.refusal(of: .runUndone(RunUndone(by: "", requester: requester))) {
            throw APIError(.invalidState, refusal)
        }
        if let parent = run.created.parent, active[parent.run] != nil {
            throw APIError(
                .invalidState,
                "the run '\(run.name)' is step '\(parent.stepName)' of '\(parent.name)', which has not ended: "
                    + "'pawl cancel \(parent.name)' ends it")
        }
        let plan = run.undoPlan()
        guard !plan.entries.isEmpty else {
            let hasUndo = run.workflow.steps.contains { !$0.undo.isEmpty }
            throw APIError(
                .invalidState,
                "there is nothing to take back of the run '\(run.name)': "
                    + (hasUndo ? "none of its steps with 'undo' has run" : "no step of its workflow has 'undo'"))
        }
        let new = try await unusedID(folders)
        var created = run.created
        (created.requester, created.folder, created.undo) = (requester, "\(runs)/\(new)", plan)
        created.parent = nil
        let made: Run
        do {
            made = try Run(id: new, created: created, at: world.now())
        } catch {
            throw APIError(.storeFailed, "the run '\(run.name)' cannot be read: \(error)")
        }
        // Since the run was read, somebody may have opened it again.
        guard active[id] == nil, !leaving.contains(id) else {
            throw APIError(.invalidState, "the run '\(run.name)' is just being opened again or removed")
        }
        active[id] = ActiveRun(run)
        active[new] = ActiveRun(made)
        do {
            try await submit(
                .runUndone(RunUndone(by: made.name, requester: requester)), to: id,
                with: (.runCreated(created), new))
        } catch {
            drop(new)
            if active[id]?.run.state.isEnded == true { drop(id) }
            throw (error as? RecordFault)?.apiError("the run was not taken back: ")
                ?? APIError(.storeFailed, "the run was not taken back: \(error)")
        }
        return new
    }

    /// A run that has ended, from the store.
    private func endedRun(_ id: RunID) throws(APIError) -> Run {
        if let entry = active[id] {
            throw APIError(
                .invalidState,
                "the run '\(entry.run.name)' is \(entry.fault == nil ? entry.run.state.rawValue : "stopped") and has not "
                    + "ended: 'pawl cancel \(entry.run.name)' ends it")
        }
        do {
            if let run = try store.run(id) { return run }
        } catch {
            throw APIError(.storeFailed, "the run '\(id)' cannot be read: \(error)")
        }
        throw APIError(.noSuchRun, "there is no run '\(id)'")
    }
}

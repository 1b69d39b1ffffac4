import PawlAPI
import PawlEngine
import PawlModel

/// The limits of a run's slice that somebody sets while the run goes on: recorded first, so that they hold over every restart,
/// and given to the slice then.
extension Conductor {
    /// Records limits.
    ///
    /// - Returns: the slice with all its limits, and what takes back what was recorded, should systemd refuse it.
    func setLimits(
        of id: RunID, _ body: RunLimited
    ) async throws(APIError) -> (slice: StepUnit.Slice, before: RunLimited) {
        try refuseSetAside(id)
        guard let run = active[id]?.run else {
            throw APIError(
                .invalidState,
                "the run '\(try find(id.rawValue).name)' has ended, and its slice with it; it could be retried first")
        }
        let before = run.limits(before: body)
        try await record(.runLimited(body), of: id)
        guard let run = active[id]?.run else {
            throw APIError(.invalidState, "the run '\(run.name)' has ended just now")
        }
        do throws(RenderFault) {
            return (StepUnit.Slice(run, limits: try run.sliceLimits()), before)
        } catch {
            throw APIError(.internalError, error.description)
        }
    }

    /// The slice of a run is given what somebody has set.
    func limitSlice(of run: Run) {
        guard let limits = try? run.sliceLimits() else { return }
        todo.yield(.limitSlice(StepUnit.Slice(run, limits: limits)))
    }
}

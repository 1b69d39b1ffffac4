import PawlAPI
import PawlEngine
import PawlModel
import PawlStore

/// Runs that were started for a unit of the package's template, `pawl@NAME.service`.
extension Conductor {
    /// The run of a unit that has not ended.
    func activeRun(of unit: String) -> RunID? {
        active.first { $0.value.run.created.unit == unit && !$0.value.run.state.isEnded }?.key
    }

    /// The newest run of a workflow, if it was started for a unit.
    func newestRun(of unit: String, workflow: String) -> (run: RunID, started: Timestamp)? {
        guard let row = try? store.newestRun(of: workflow) else { return nil }
        let created = active[row.id]?.run.created ?? (try? store.run(row.id))?.created
        return created?.unit == unit ? (row.id, row.started) : nil
    }

    /// The run of a unit that went over the last boot and has ended since: what a start at boot would do is done.
    ///
    /// Without it a workflow that reboots the host, and is enabled, would reboot it again and again.
    func runOverBoot(of unit: String, workflow: String) throws(APIError) -> RunID? {
        do {
            guard let row = try store.newestRun(of: workflow), let ended = row.ended, let run = try store.run(row.id),
                run.created.unit == unit, let since = secondsSinceBoot
            else { return nil }
            let isOver = run.created.epoch != nil && run.created.epoch != epoch
            return isOver && world.now().seconds(since: ended) < since ? row.id : nil
        } catch {
            throw APIError(.storeFailed, "the store cannot be read: \(error)")
        }
    }

    /// An epoch ends with when user space began, on the clock that the uptime is read from but for what the host has slept.
    private var secondsSinceBoot: Double? {
        guard let uptime = world.uptime?(), let began = epoch.split(separator: ".").last.flatMap({ Double($0) })
        else { return nil }
        return uptime - began / 1_000_000
    }
}

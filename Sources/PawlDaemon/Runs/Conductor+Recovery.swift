import PawlAPI
import PawlEngine
import PawlLanguage
import PawlModel
import PawlStore

/// A run that pawld does not survive would take all others along for ever, since systemd starts pawld again and it
/// takes up the same runs. So those that are being taken up are marked in the store, and the marks go once all were
/// looked at. A pawld that is killed by hand later leaves no marks.
extension Conductor {
    /// So often in a row a run is marked together with all others; then it is taken up alone, so that the innocent lose
    /// their marks.
    static let togetherLimit = 2
    /// A run that was marked so often is set aside.
    static let recoveryLimit = 5

    /// Which runs to take up at once, and which alone. The others are set aside.
    func plan(for rows: [RunSummaryRow]) -> (atOnce: [RunSummaryRow], oneByOne: [RunSummaryRow]) {
        var counts: [RunID: Int] = [:]
        do {
            counts = try store.recoveries()
        } catch {
            journal.note(.warning, "How often runs were taken up in vain cannot be read: \(error)")
        }
        var plan: (atOnce: [RunSummaryRow], oneByOne: [RunSummaryRow]) = ([], [])
        for row in rows {
            switch counts[row.id] ?? 0 {
            case ..<Conductor.togetherLimit: plan.atOnce.append(row)
            case ..<Conductor.recoveryLimit: plan.oneByOne.append(row)
            default:
                setAside.insert(row.id)
                journal.setAside(run: row.name, reason: Conductor.reason(row))
            }
        }
        // Whoever was marked less often is less likely to be the one.
        plan.oneByOne.sort { (counts[$0.id] ?? 0, $0.started) < (counts[$1.id] ?? 0, $1.started) }
        return plan
    }

    /// Marks runs that are about to be taken up.
    func mark(_ runs: [RunID]) {
        guard !runs.isEmpty else { return }
        do {
            try store.markRecovery(of: runs)
            marked = runs
        } catch {
            // A full disk must not keep the runs from being taken up.
            journal.note(.warning, "That runs are being taken up cannot be recorded: \(error)")
        }
    }

    /// pawld has survived taking up those that are marked.
    func tookUp() {
        guard !marked.isEmpty else { return }
        do {
            try store.clearRecovery(of: marked)
        } catch {
            journal.note(.warning, "That runs were taken up cannot be recorded: \(error)")
        }
        marked = []
    }

    /// Why a run is set aside, and what to do.
    static func reason(_ row: RunSummaryRow) -> String {
        "pawld ended \(recoveryLimit) times in a row while it took this run up, so it is set aside; "
            + "'journalctl -u pawld' tells how, and 'pawl resume \(row.name)' takes it up again"
    }

    /// A person says that a run which was set aside is to be taken up again.
    func takeUpAgain(_ row: RunSummaryRow) throws(APIError) {
        do {
            try store.clearRecovery(of: [row.id])
        } catch {
            throw APIError(.storeFailed, "the run '\(row.name)' was not taken up: \(error)")
        }
        setAside.remove(row.id)
        takeUp(row)
    }

    /// A run that was set aside, as it is shown: its events are not read.
    func statusSetAside(_ row: RunSummaryRow) -> RunStatus {
        RunStatus(
            run: row.name, id: row.id.rawValue, workflow: row.workflow, state: .stopped, reason: Conductor.reason(row),
            started: TimeText.text(of: row.started), ended: nil, stepsDone: row.stepsDone, stepsTotal: row.stepsTotal,
            steps: [])
    }

    /// Refuses what needs a run's events while it is set aside.
    func refuseSetAside(_ id: RunID) throws(APIError) {
        guard setAside.contains(id) else { return }
        throw APIError(
            .invalidState, "the run '\(try find(id.rawValue).name)' is set aside: 'pawl resume' takes it up first")
    }

    /// While the host goes down nothing begins that would be killed at once.
    func refuseWhileHostStops(_ what: String) throws(APIError) {
        guard world.isHostStopping() else { return }
        throw APIError(.invalidState, "the host is going down: no run is \(what) any more")
    }
}

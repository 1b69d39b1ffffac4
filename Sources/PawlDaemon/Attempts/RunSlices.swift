import PawlModel
import Synchronization

/// The runs' slices: each is made before its run's first step and goes after the last one.
final class RunSlices: Sendable {
    private let manager: any ServiceManager
    private let made = Mutex<Set<RunID>>([])

    init(manager: any ServiceManager) {
        self.manager = manager
    }

    /// Makes a run's slice unless this pawld has done so already. A failure is none of the step's: systemd makes a slice
    /// that is not there when its first unit starts, only without the description.
    func ensure(_ run: RunID, workflow: String) async {
        guard made.withLock({ $0.insert(run).inserted }) else { return }
        do throws(ServiceManagerFault) {
            try await manager.startSlice(run.slice, description: "Run \(run.name(of: workflow)) of pawl")
        } catch {
            made.withLock { _ = $0.remove(run) }
        }
    }

    /// Lets a run's slice go.
    func close(_ slice: String) async {
        if let run = RunID(rawValue: String(slice.dropFirst("pawl-".count).dropLast(".slice".count))) {
            made.withLock { _ = $0.remove(run) }
        }
        do throws(ServiceManagerFault) {
            try await manager.stop(slice)
        } catch {
            // Swept at the next start.
        }
    }
}

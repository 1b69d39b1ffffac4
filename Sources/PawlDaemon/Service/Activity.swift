import Synchronization
import SystemdKit

/// The status line that `systemctl status pawld` shows.
final class Activity: Sendable {
    private struct State {
        var runs = 0
        var steps = 0
        var faults = 0
        var firstFault: String?
        var losses: [String] = []
    }

    private let state = Mutex(State())

    /// Nothing is going on yet.
    init() {}

    /// How much is going on.
    func set(runs: Int, steps: Int) {
        let text = state.withLock { state in
            (state.runs, state.steps) = (runs, steps)
            return Activity.text(state)
        }
        send(text)
    }

    /// What is wrong with configuration and workflows.
    func set(faults: [String]) {
        let text = state.withLock { state in
            (state.faults, state.firstFault) = (faults.count, faults.first)
            return Activity.text(state)
        }
        send(text)
    }

    /// What was lost.
    func set(losses: [String]) {
        guard !losses.isEmpty else { return }
        let text = state.withLock { state in
            state.losses = losses
            return Activity.text(state)
        }
        send(text)
    }

    /// The line.
    var text: String { state.withLock { Activity.text($0) } }

    private static func text(_ state: State) -> String {
        var work =
            state.runs == 0
            ? "Idle"
            : "\(state.runs) run\(state.runs == 1 ? "" : "s") with \(state.steps) running "
                + "step\(state.steps == 1 ? "" : "s")"
        for loss in state.losses { work += "; \(loss)" }
        guard let first = state.firstFault else { return work }
        return "\(work); \(state.faults) fault\(state.faults == 1 ? "" : "s"): \(first)"
    }

    private func send(_ text: String) {
        do {
            try Notify.send("STATUS=\(text)")
        } catch {
            // Nobody who could be told of it: the manager's socket is gone.
        }
    }
}

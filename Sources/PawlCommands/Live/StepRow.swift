import PawlAPI
import PawlModel

/// A row of a followed run's tree: a step, an item of one, or a handler with its steps.
struct StepRow {
    /// What it is about; of a handler a step that stands for all of its own.
    var step: StepStatus
    /// How many of those below it have ended, of how many: items of a step, steps of a handler.
    var below: (done: Int, all: Int)?
    /// How far it stands to the right.
    var depth = 0
    /// Whether it is a handler's.
    var isGroup = false
    /// How many steps are out of sight with it.
    var steps = 1

    /// The rows of a run: its own steps, then its handlers. One whose steps have not begun is a single row, since it may never have
    /// its turn.
    static func rows(of steps: [StepStatus]) -> [StepRow] {
        var result: [StepRow] = []
        var next = steps.startIndex
        while next < steps.endIndex {
            let phase = steps[next].handler
            let end = steps[next...].firstIndex { $0.handler != phase } ?? steps.endIndex
            if let phase {
                let group = StepRow(handler: phase, steps[next..<end])
                result.append(group)
                if group.steps == 0 { result += rows(steps[next..<end], depth: 1) }
            } else {
                result += rows(steps[next..<end], depth: 0)
            }
            next = end
        }
        return result
    }

    /// Steps with those of their items that are worth a row: what waits or did well is counted in that of their step.
    private static func rows(_ steps: ArraySlice<StepStatus>, depth: Int) -> [StepRow] {
        var result: [StepRow] = []
        var next = steps.startIndex
        while next < steps.endIndex {
            let step = steps[next]
            let end = steps[(next + 1)...].firstIndex { $0.id != step.id || $0.item == nil } ?? steps.endIndex
            let items = steps[(next + 1)..<end]
            let done = items.count { $0.state.isEnded }
            result.append(StepRow(step: step, below: items.isEmpty ? nil : (done, items.count), depth: depth))
            for item in items where item.state == .running || item.isFailure {
                result.append(StepRow(step: item, depth: depth + 1))
            }
            next = end
        }
        return result
    }

    private init(step: StepStatus, below: (done: Int, all: Int)? = nil, depth: Int = 0) {
        (self.step, self.below, self.depth) = (step, below, depth)
    }

    private init(handler: String, _ steps: ArraySlice<StepStatus>) {
        let own = steps.filter { $0.item == nil }
        let hasBegun = own.contains { !$0.attempts.isEmpty || $0.isFailure || $0.state == .running }
        let state = StepRow.state(of: own, hasBegun: hasBegun)
        step = StepStatus(id: handler, phase: handler, state: state, reason: hasBegun ? nil : own.first?.reason)
        // Of one that has had no turn and will have none there is nothing to count.
        if hasBegun || !state.isEnded { below = (own.count { $0.state.isEnded }, own.count) }
        isGroup = true
        self.steps = hasBegun ? 0 : own.count
    }

    /// A failure before everything else, then that there is more to do.
    private static func state(of steps: [StepStatus], hasBegun: Bool) -> StepState {
        if let failed = steps.first(where: \.isFailure) { return failed.state }
        if hasBegun, steps.contains(where: { !$0.state.isEnded }) { return .running }
        if steps.contains(where: { $0.state == .succeeded }) { return .succeeded }
        return steps.first?.state ?? .waiting
    }
}

extension StepStatus {
    /// The handler whose step it is; nil for one of the workflow's own.
    var handler: String? { phase == "steps" ? nil : phase }
}

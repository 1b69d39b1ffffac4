import PawlModel
import YAMLKit

/// Which step waits for which.
struct StepGraph {
    /// For each step, those it waits for.
    private(set) var dependencies: [[Int]]
    /// What it asks of each of them.
    private(set) var kinds: [[DependencyKind]]
    /// For each step, those that wait for it.
    private(set) var dependents: [[Int]]
    /// What each of those asks of it.
    private(set) var dependentKinds: [[DependencyKind]]
    /// Whether some steps wait for one another in a circle.
    private(set) var isCyclic = false

    /// For each step, its place in an order in which every step comes after those it waits for.
    private var ranks: [Int] = []

    /// How many circles are told: beyond that, they mostly tell of the same steps again.
    private static let mostCycles = 10

    /// Looks up what the drafts depend on and reports unknown names, steps that wait for themselves and circles.
    init(_ drafts: [StepDraft], _ names: NameTable, _ faults: Faults) {
        dependencies = Array(repeating: [], count: drafts.count)
        dependents = dependencies
        kinds = Array(repeating: [], count: drafts.count)
        dependentKinds = kinds
        // For each step, the last one that was seen to wait for it.
        var waiting = Array(repeating: -1, count: drafts.count)
        for (place, draft) in drafts.enumerated() {
            guard let named = draft.dependsOn else {
                if place > 0, drafts[place - 1].phase == draft.phase {
                    (dependencies[place], kinds[place]) = ([place - 1], [.done])
                }
                continue
            }
            dependencies[place].reserveCapacity(named.count)
            kinds[place].reserveCapacity(named.count)
            for dependency in named {
                guard let target = names.steps[dependency.name] else {
                    StepGraph.reportUnknown(dependency, draft, names, faults)
                    continue
                }
                if target == place {
                    faults.error(dependency.mark, "step '\(draft.id)' depends on itself")
                } else if drafts[target].phase != draft.phase {
                    faults.error(
                        dependency.mark, StepGraph.phaseFault(draft, drafts[target]),
                        hint: "leave it out of 'depends_on'")
                } else if waiting[target] != place {
                    waiting[target] = place
                    dependencies[place].append(target)
                    kinds[place].append(dependency.kind)
                } else {
                    faults.warning(dependency.mark, "step '\(draft.id)' depends on '\(dependency.name)' twice")
                }
            }
        }
        for (place, list) in dependencies.enumerated() {
            for (target, kind) in zip(list, kinds[place]) {
                dependents[target].append(place)
                dependentKinds[target].append(kind)
            }
        }
        ranks = StepGraph.ranks(dependencies, dependents)
        if ranks.contains(-1) { reportCycles(drafts, faults) }
    }

    private static func phaseFault(_ draft: StepDraft, _ target: StepDraft) -> String {
        target.phase == .main
            ? "the steps of '\(draft.phase.rawValue)' come after all others; '\(draft.id)' waits for '\(target.id)' anyway"
            : "step '\(draft.id)' cannot wait for '\(target.id)' of '\(target.phase.rawValue)', which has its own turn"
    }

    private static func reportUnknown(
        _ dependency: StepDraft.Dependency, _ draft: StepDraft, _ names: NameTable, _ faults: Faults
    ) {
        let what = names.variables[dependency.name] == nil ? "which does not exist" : "which is a variable"
        faults.error(
            dependency.mark, "step '\(draft.id)' depends on '\(dependency.name)', \(what)",
            hint: faults.didYouMean(dependency.name, names.steps.keys.filter { $0 != draft.id }.sorted()))
    }

    /// Kahn's order; -1 for a step in a circle or behind one.
    private static func ranks(_ dependencies: [[Int]], _ dependents: [[Int]]) -> [Int] {
        var ranks = Array(repeating: -1, count: dependencies.count)
        var waiting = dependencies.map { $0.count }
        var ready = waiting.indices.filter { waiting[$0] == 0 }
        var next = 0
        while next < ready.count {
            let step = ready[next]
            ranks[step] = next
            next += 1
            for dependent in dependents[step] {
                waiting[dependent] -= 1
                if waiting[dependent] == 0 { ready.append(dependent) }
            }
        }
        return ranks
    }

    /// Walks along the dependencies; whatever leads back to a step on the way is a circle.
    private mutating func reportCycles(_ drafts: [StepDraft], _ faults: Faults) {
        isCyclic = true
        var isDone = ranks.map { $0 >= 0 }
        var places = Array(repeating: -1, count: drafts.count)
        var found = 0
        for start in drafts.indices where !isDone[start] {
            var path: [(step: Int, next: Int)] = [(start, 0)]
            places[start] = 0
            while let (step, next) = path.last {
                guard next < dependencies[step].count else {
                    isDone[step] = true
                    places[step] = -1
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                let target = dependencies[step][next]
                if isDone[target] { continue }
                if places[target] < 0 {
                    places[target] = path.count
                    path.append((target, 0))
                    continue
                }
                found += 1
                if found <= StepGraph.mostCycles { report(path[places[target]...].map(\.step), drafts, faults) }
            }
        }
    }

    private func report(_ cycle: [Int], _ drafts: [StepDraft], _ faults: Faults) {
        // It begins with the step that comes first in the file, so that it is told the same way each time.
        guard let first = cycle.indices.min(by: { cycle[$0] < cycle[$1] }) else { return }
        let ordered = Array(cycle[first...] + cycle[..<first])
        let next = drafts[ordered[1 % ordered.count]].id
        let mark = drafts[ordered[0]].dependsOn?.first { $0.name == next }?.mark ?? drafts[ordered[0]].idMark
        var names = (ordered + [ordered[0]]).map { drafts[$0].id }
        // Nobody reads hundreds of names, and both ends say where to look.
        if names.count > 24 { names.replaceSubrange(12..<(names.count - 11), with: ["(\(names.count - 23) more)"]) }
        let path = names.joined(separator: " -> ")
        faults.error(mark, "these steps wait for one another: \(path)")
    }

    /// For each pair, whether the step waits for the target, directly or through others. Without circles.
    ///
    /// 64 targets at a time: one walk over all steps in their order tells which of them each step comes after. A search
    /// for every pair would take the number of pairs times that of all dependencies.
    func waits(_ pairs: [(step: Int, target: Int)]) -> [Bool] {
        var result = pairs.map { dependencies[$0.step].last == $0.target }
        let open = pairs.indices.filter { !result[$0] }.sorted { pairs[$0].target < pairs[$1].target }
        guard !open.isEmpty else { return result }
        var order = Array(repeating: 0, count: ranks.count)
        for (step, rank) in ranks.enumerated() { order[rank] = step }
        var masks = Array(repeating: UInt64(0), count: ranks.count)
        var bits = masks
        var next = 0
        while next < open.count {
            let first = next
            var targets: [Int] = []
            while next < open.count {
                let target = pairs[open[next]].target
                if targets.last != target {
                    guard targets.count < 64 else { break }
                    bits[target] = 1 << UInt64(targets.count)
                    targets.append(target)
                }
                next += 1
            }
            for step in order {
                masks[step] = dependencies[step].reduce(0) { $0 | masks[$1] | bits[$1] }
            }
            for place in open[first..<next] {
                result[place] = masks[pairs[place].step] & bits[pairs[place].target] != 0
            }
            for target in targets { bits[target] = 0 }
        }
        return result
    }
}

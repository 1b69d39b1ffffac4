import YAMLKit

/// Which step waits for which.
struct StepGraph {
    /// For each step, those it waits for.
    private(set) var dependencies: [[Int]]
    /// For each step, those that wait for it.
    private(set) var dependents: [[Int]]
    /// Whether some steps wait for one another in a circle.
    private(set) var isCyclic = false

    /// For each step, its place in an order in which every step comes after those it waits for.
    private var ranks: [Int] = []
    /// Stamps of the last search that came by, so that a search needs no set of its own.
    private var seen: [Int]
    private var search = 0

    /// How many circles are told: beyond that, they mostly tell of the same steps again.
    private static let mostCycles = 10

    /// Looks up what the drafts depend on and reports unknown names, steps that wait for themselves and circles.
    init(_ drafts: [StepDraft], _ names: NameTable, _ faults: Faults) {
        // Drafts are numbered as in the file; one that is no map is missing, so places are looked up by that number.
        let places = Dictionary(uniqueKeysWithValues: drafts.enumerated().map { ($1.index, $0) })
        dependencies = Array(repeating: [], count: drafts.count)
        dependents = dependencies
        seen = Array(repeating: 0, count: drafts.count)
        for (place, draft) in drafts.enumerated() {
            guard let named = draft.dependsOn else {
                if place > 0 { dependencies[place] = [place - 1] }
                continue
            }
            var taken: Set<Int> = []
            for dependency in named {
                guard let index = names.steps[dependency.name], let target = places[index] else {
                    StepGraph.reportUnknown(dependency, draft, names, faults)
                    continue
                }
                if target == place {
                    faults.error(dependency.mark, "step '\(draft.id)' depends on itself")
                } else if taken.insert(target).inserted {
                    dependencies[place].append(target)
                } else {
                    faults.warning(dependency.mark, "step '\(draft.id)' depends on '\(dependency.name)' twice")
                }
            }
        }
        for (place, list) in dependencies.enumerated() { for target in list { dependents[target].append(place) } }
        ranks = StepGraph.ranks(dependencies, dependents)
        if ranks.contains(-1) { reportCycles(drafts, faults) }
    }

    private static func reportUnknown(
        _ dependency: StepDraft.Dependency, _ draft: StepDraft, _ names: NameTable, _ faults: Faults
    ) {
        let near = Suggestion.nearest(to: dependency.name, in: names.steps.keys.sorted())
        let what = names.variables[dependency.name] == nil ? "which does not exist" : "which is a variable"
        faults.error(
            dependency.mark, "step '\(draft.id)' depends on '\(dependency.name)', \(what)",
            hint: near.map(Suggestion.didYouMean))
    }

    /// Kahn's order; -1 for a step in a circle or behind one.
    private static func ranks(_ dependencies: [[Int]], _ dependents: [[Int]]) -> [Int] {
        var ranks = Array(repeating: -1, count: dependencies.count)
        var waiting = dependencies.map(\.count)
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
        let path = (ordered + [ordered[0]]).map { drafts[$0].id }.joined(separator: " -> ")
        faults.error(mark, "these steps wait for one another: \(path)")
    }

    /// Whether a step waits for another, directly or through others. Looks only at steps that can lie between the two.
    mutating func waits(_ step: Int, for target: Int) -> Bool {
        search += 1
        var open = [step]
        while let current = open.popLast() {
            for dependency in dependencies[current] where seen[dependency] != search {
                if dependency == target { return true }
                seen[dependency] = search
                if ranks[dependency] > ranks[target] { open.append(dependency) }
            }
        }
        return false
    }
}

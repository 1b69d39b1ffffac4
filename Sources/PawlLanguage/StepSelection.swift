/// Which of a workflow's steps a run is to have.
package struct StepSelection: Sendable, Hashable {
    /// These alone.
    package var only: [String]
    /// These, and all that depends on them.
    package var from: [String]
    /// Not these, whatever else is said.
    package var skip: [String]

    /// Makes a selection; without any all steps run.
    package init(only: [String] = [], from: [String] = [], skip: [String] = []) {
        (self.only, self.from, self.skip) = (only, from, skip)
    }

    /// A name in a selection that is no step's.
    package struct Fault: Error, Sendable, Equatable {
        /// The name.
        package var step: String
        /// The step that was probably meant.
        package var nearest: String?
        /// Whether it is the name of a step that has its turn after the others, and cannot be selected.
        package var isHandler: Bool

        /// What is wrong, and what was probably meant.
        package var words: String {
            if isHandler { return "'\(step)' is a step of a handler, and those are not chosen" }
            return "it has no step '\(step)'" + (nearest.map { "; did you mean '\($0)'?" } ?? "")
        }
    }

    /// The steps that the run leaves out, in the order written. Handlers are never left out.
    package func leftOut(of workflow: Workflow) throws(Fault) -> [String] {
        let steps = workflow.steps
        let places = Dictionary(uniqueKeysWithValues: steps.map { ($0.id, $0.index) })
        func find(_ names: [String]) throws(Fault) -> [Int] {
            var result: [Int] = []
            for name in names {
                guard let place = places[name], steps[place].phase == .main else {
                    let known = steps.filter { $0.phase == .main }.map(\.id)
                    throw Fault(
                        step: name, nearest: Suggestion.nearest(to: name, in: known), isHandler: places[name] != nil)
                }
                result.append(place)
            }
            return result
        }
        var chosen: Set<Int> = []
        var next = try find(from)
        while let place = next.popLast() {
            if chosen.insert(place).inserted { next += steps[place].dependents }
        }
        chosen.formUnion(try find(only))
        if only.isEmpty, from.isEmpty { chosen = Set(steps.indices) }
        chosen.subtract(try find(skip))
        return steps.filter { $0.phase == .main && !chosen.contains($0.index) }.map(\.id)
    }
}

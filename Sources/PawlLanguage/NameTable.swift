import PawlModel
import YAMLKit

/// The one namespace of variables and steps.
struct NameTable {
    /// The types of the variables by name.
    private(set) var variables: [String: ValueType] = [:]
    /// Steps by name, as places in the list.
    private(set) var steps: [String: Int] = [:]

    /// Takes all names and reports those that cannot be and those that are there twice.
    init(variables: [(declaration: VariableDeclaration, mark: YAMLMark)], drafts: [StepDraft], _ faults: Faults) {
        var marks: [String: YAMLMark] = [:]
        for (declaration, mark) in variables {
            self.variables[declaration.name] = declaration.type
            marks[declaration.name] = mark
        }
        steps.reserveCapacity(drafts.count)
        for (place, draft) in drafts.enumerated() where !draft.id.isEmpty {
            let id = draft.id
            if !Names.isStep(id) {
                faults.error(
                    draft.idMark, "'\(id)' cannot be a step's name",
                    hint: "letters, digits, '_' and '-', a letter or '_' first, at most \(Names.longest)")
            } else if Names.reserved.contains(id) || Expression.words.contains(id) {
                faults.error(draft.idMark, "'\(id)' cannot be a step's name: it means something else in expressions")
            }
            if let first = steps[id].map({ drafts[$0].idMark }) ?? marks[id] {
                let what = self.variables[id] == nil ? "step" : "variable"
                faults.error(
                    draft.idMark,
                    "the name '\(id)' is taken by the \(what) \(faults.place(first, seenFrom: draft.idMark))")
                continue
            }
            // By the place among the drafts, not by the number in the file: what was no step has none.
            steps[id] = place
        }
    }

    /// Everything that an expression may begin with.
    var all: [String] { variables.keys.sorted() + steps.keys.sorted() + ["run", "workflow", "host"] }
}

import PawlModel
import YAMLKit

/// Checks that what expressions read is there, has a value by then, and fits what is done with it.
struct ReferenceChecker {
    let names: NameTable
    let drafts: [StepDraft]
    let faults: Faults
    /// The steps whose `output` some expression reads, as places in the list.
    var readOutputs: Set<Int> = []
    /// What is read of the outputs of workflows that steps run, by the steps' places.
    var callReads: [Int: [WorkflowCall.Read]] = [:]
    /// A reference to a step's results: who reads whose, and where that is written.
    private struct StepReference {
        var step: Int
        var target: Int
        var name: String
        var node: YAMLNode
        var offset: Int
    }
    private var found: [StepReference] = []

    init(names: NameTable, drafts: [StepDraft], faults: Faults) {
        (self.names, self.drafts, self.faults) = (names, drafts, faults)
    }

    /// The workflow's own `env` and `unit`: they hold for every step, so they can read none.
    mutating func check(shared uses: [TemplateUse]) {
        for use in uses {
            for reference in use.template.references {
                guard check(reference, use.node), names.steps[reference.name] != nil else { continue }
                faults.error(
                    in: use.node, at: reference.offset,
                    "what holds for every step cannot read the step '\(reference.name)'",
                    hint: "move it to the steps that come after '\(reference.name)'")
            }
            checkTypes(use)
        }
    }

    /// The key of the workflow's lock, which is wanted before there is a step.
    func check(lock use: TemplateUse) {
        for reference in use.template.references {
            guard check(reference, use.node), names.steps[reference.name] != nil else { continue }
            faults.error(
                in: use.node, at: reference.offset,
                "the workflow's lock is wanted before its first step, and cannot read the step '\(reference.name)'",
                hint: "give the lock to the steps that come after '\(reference.name)'")
        }
        checkTypes(use)
    }

    /// What says whether a variable is required: it is asked before there is a run, so it can read variables alone.
    func check(required conditions: [(variable: String, use: TemplateUse)]) {
        for (variable, use) in conditions {
            for reference in use.template.references {
                guard check(reference, use.node) else { continue }
                if reference.name == variable {
                    faults.error(
                        in: use.node, at: reference.offset, "whether '\(variable)' is required cannot depend on itself")
                } else if names.variables[reference.name] == nil {
                    faults.error(
                        in: use.node, at: reference.offset,
                        "'required' can read variables alone, not '\(reference.name)'",
                        hint: "it is asked before the run starts")
                }
            }
            checkCondition(use)
        }
    }

    /// Checks types, and that what comes out can be true or false.
    func checkCondition(_ use: TemplateUse) {
        let checker = typeChecker
        for expression in use.template.expressions {
            do throws(SyntaxFault) {
                let kind = try checker.type(of: expression)
                if [.any, .boolean, .text].contains(kind) { continue }
                faults.error(in: use.node, at: expression.leftmost, "this is \(kind.name), not true or false")
            } catch {
                faults.error(in: use.node, at: error.offset, error.message, hint: error.hint)
            }
        }
    }

    mutating func check(steps graph: StepGraph) {
        for (place, draft) in drafts.enumerated() {
            let hasItem = draft.foreach != nil
            for use in draft.uses { check(use, of: place, hasItem: hasItem) }
            for use in draft.foreachUses { check(use, of: place, hasItem: false) }
            for undo in draft.undo {
                for use in undo.uses { check(use, of: place, hasItem: hasItem, isOver: true) }
            }
            for use in draft.conditions { checkCondition(use) }
            for use in draft.foreachUses where use.template.isExpression && draft.foreachUses.count == 1 {
                checkItems(use, draft)
            }
        }
        // In a circle everything waits for everything; that was told already.
        if !graph.isCyclic { checkAncestors(graph) }
    }

    /// Checks what a text of a step reads.
    ///
    /// - Parameters:
    ///   - hasItem: whether `item` and `index` have a value there.
    ///   - isOver: whether the step itself is over by then, so that its own results can be read: those are what is taken back.
    private mutating func check(_ use: TemplateUse, of place: Int, hasItem: Bool, isOver: Bool = false) {
        for reference in use.template.references {
            guard check(reference, use.node, hasItem: hasItem), let target = names.steps[reference.name] else {
                continue
            }
            note(reference, to: target, from: place, use.node, isOver: isOver)
        }
        checkTypes(use)
    }

    /// What gives the items has to give a list or a map.
    private func checkItems(_ use: TemplateUse, _ draft: StepDraft) {
        guard case .template? = draft.foreach?.items, let expression = use.template.expressions.first else { return }
        guard let kind = try? typeChecker.type(of: expression), ![.any, .list, .map, .text].contains(kind) else {
            return
        }
        faults.error(in: use.node, at: expression.leftmost, "'foreach' needs a list or a map, not \(kind.name)")
    }

    private var typeChecker: TypeChecker { TypeChecker(names: names, drafts: drafts) }

    private mutating func note(
        _ reference: Reference, to target: Int, from place: Int, _ node: YAMLNode, isOver: Bool
    ) {
        if reference.members.first == "output" { readOutputs.insert(target) }
        noteRead(of: target, reference, node)
        guard target == place else {
            let (reader, read) = (drafts[place], drafts[target])
            // By then all steps are over, and those that are at the end come after the other handlers.
            if reader.phase != read.phase {
                let isLater = read.phase == .main || reader.phase == .onExit
                if !isLater {
                    faults.error(
                        in: node, at: reference.offset,
                        "step '\(reader.id)' reads '\(read.id)' of '\(read.phase.rawValue)', which has no turn before it"
                    )
                }
                return
            }
            found.append(
                StepReference(
                    step: place, target: target, name: reference.name, node: node, offset: reference.offset))
            return
        }
        if !isOver {
            faults.error(in: node, at: reference.offset, "step '\(drafts[place].id)' reads its own results")
        }
    }

    /// Reports each step whose results are read by one that does not wait for it.
    private func checkAncestors(_ graph: StepGraph) {
        let isAncestor = graph.waits(found.map { ($0.step, $0.target) })
        let wrong = zip(found, isAncestor).compactMap { $1 ? nil : $0 }
        let isDescendant = graph.waits(wrong.map { ($0.target, $0.step) })
        for (reference, isDescendant) in zip(wrong, isDescendant) {
            let (reader, name) = (drafts[reference.step].id, reference.name)
            faults.error(
                in: reference.node, at: reference.offset, "step '\(reader)' reads '\(name)' but does not wait for it",
                hint: isDescendant ? "'\(name)' itself waits for '\(reader)'" : "add '\(name)' to its 'depends_on'")
        }
    }

    /// Whether a reference names something that there is; what is wrong is reported.
    func check(_ reference: Reference, _ node: YAMLNode, hasItem: Bool = false) -> Bool {
        let name = reference.name
        if hasItem, name == "item" || name == "index" { return true }
        if let members = Members.of(reserved: name) { return checkMember(reference, members, "'\(name)'", node) }
        if names.steps[name] != nil {
            return checkMember(reference, Members.ofStep, "step '\(name)'", node)
        }
        if names.variables[name] != nil { return true }
        let message: String
        var hint: String?
        if Names.reserved.contains(name) {
            message = "'\(name)' has a value only in a step with 'foreach', and not in 'foreach' itself"
        } else {
            message = "'\(name)' is no variable and no step"
            hint = faults.didYouMean(name, names.all + (hasItem ? ["item", "index"] : []))
            if hint == nil, name.contains("-"), name.split(separator: "-").allSatisfy(isOperand) {
                hint = "a minus needs blanks around it"
            }
        }
        faults.error(in: node, at: reference.offset, message, hint: hint)
        return false
    }

    private func isOperand(_ text: Substring) -> Bool {
        names.variables[String(text)] != nil || names.steps[String(text)] != nil || Int64(text) != nil
    }

    private func checkMember(_ reference: Reference, _ members: [String], _ what: String, _ node: YAMLNode) -> Bool {
        guard let member = reference.members.first else {
            faults.error(
                in: node, at: reference.offset, "\(what) is no value by itself",
                hint: "read one of its members: \(members.joined(separator: ", "))")
            return false
        }
        guard !members.contains(member) else { return true }
        let near = Suggestion.nearest(to: member, in: members)
        faults.error(
            in: node, at: reference.offset, "\(what) has no '\(member)'",
            hint: near.map(Suggestion.didYouMean) ?? "it has \(members.joined(separator: ", "))")
        return false
    }

    func checkTypes(_ use: TemplateUse) {
        let checker = typeChecker
        for case .expression(let expression) in use.template.parts {
            do throws(SyntaxFault) { _ = try checker.type(of: expression) } catch {
                faults.refuse(in: use.node, at: error.offset, error.message, hint: error.hint)
            }
        }
    }
}

import PawlEngine
import PawlLanguage
import PawlModel

/// What the workload's `on_exit_code` asks for, read anew from the rules and not from how the engine does it.
extension Judge {
    /// What comes next for a step, if anything does.
    enum Due {
        case nothing, aRepair, aTry
    }

    /// Whether what an attempt exited with is a success by its workflow.
    func isSuccess(_ name: AttemptName, _ truth: Truth, _ record: Record) -> Bool {
        // What only asks whether the work is done exits with an answer, and not with what the program says.
        guard case .exited(let status)? = truth.end, truth.result == "exit-code", !record.repairs.contains(name),
            !record.questions.contains(name),
            let step = record.workflow.steps.first(where: { $0.id == name.step }), step.service == nil,
            case .success? = step.exitCodes.rules[String(status)]
        else { return false }
        return true
    }

    /// What a failed attempt of a step leads to. Whether there are tries left is asked elsewhere.
    func due(_ name: AttemptName, _ outcome: AttemptOutcome, _ record: Record) -> Due {
        guard let step = record.workflow.steps.first(where: { $0.id == name.step }) else { return .nothing }
        // What starts a service has no status of the step's.
        let hasOwn = outcome.state == .failed && outcome.result == "exit-code" && step.service == nil
        let own = hasOwn ? outcome.exitCode.map(String.init) : nil
        guard let rule = own.flatMap({ step.exitCodes.rules[$0] }) ?? step.exitCodes.rules["*"] else { return .aTry }
        switch rule {
        case .fail: return .nothing
        case .retry(_, let repair): return repair.isEmpty ? .aTry : .aRepair
        case .success: return .aTry
        }
    }

    /// Whether an attempt is what is due.
    func judge(due: Due?, _ name: AttemptName, repair: String?) {
        switch due {
        case .nothing?: fail("\(name) was ordered, and the exit status before it or a failed repair says: no more")
        case .aRepair? where repair == nil: fail("\(name) was ordered, and the repair is due before it")
        case .aTry? where repair != nil, nil where repair != nil: fail("\(name) repairs what needs no repair")
        default: break
        }
    }
}

extension AttemptName {
    /// Whether it is one of a step's or item's.
    func isPlace(_ step: String, _ item: Int?) -> Bool { self.step == step && self.item == item }
}

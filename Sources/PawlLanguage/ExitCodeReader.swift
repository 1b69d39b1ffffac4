import PawlModel
import YAMLKit

/// What a status asks for as it stands in the file: its repair may be a script, whose interpreter the step knows.
struct ExitCodeDraft {
    var mark: YAMLMark
    var rule: ExitCodeRules.Rule
    /// The script that repairs, where it is one.
    var script: ScriptText?

    /// Whether it asks for another try.
    var isRetry: Bool { if case .retry = rule { true } else { false } }

    /// The rule, once the shell is known.
    func rule(shell: [String]?) -> ExitCodeRules.Rule {
        guard let script, case .retry(let delay, _) = rule else { return rule }
        let interpreter = script.interpreter ?? shell ?? StepDraft.defaultShell
        return .retry(delay: delay, repair: [.script(text: script.text, interpreter: interpreter)])
    }
}

/// Reads `on_exit_code`.
extension StepReader {
    func readExitCodes(_ entry: YAMLEntry, into settings: inout StepSettings) {
        guard let mapping = entry.value.mapping else {
            return faults.refuse(entry, "a map of exit statuses and what they ask for")
        }
        for entry in mapping {
            let key = entry.key.text
            guard key == ExitCodeRules.others || ExitCodeRules.isStatus(key) else {
                faults.error(
                    entry.key.mark, "'\(key)' is no exit status",
                    hint: "a whole number from 0 to 255, or \"*\" for all others")
                continue
            }
            if let draft = exitCode(entry, &settings.uses) { settings.exitCodes[key] = draft }
        }
    }

    private func exitCode(_ entry: YAMLEntry, _ uses: inout [TemplateUse]) -> ExitCodeDraft? {
        let key = entry.key.text
        var draft = ExitCodeDraft(mark: entry.key.mark, rule: .fail)
        guard entry.value.mapping != nil else {
            switch entry.value.isEmpty ? nil : entry.value.scalar?.text {
            case "fail": return draft
            case "success" where key == ExitCodeRules.others:
                // What could not even be started would be a success too.
                faults.error(
                    entry.place, "'*' cannot be a success", hint: "name the statuses, or say 'continue_on_failure'")
            case "success":
                draft.rule = .success
                return draft
            default:
                faults.refuse(entry, "fail, success, or a map with delay, and command or run")
            }
            return nil
        }
        guard let keys = faults.entries(entry.value, of: "'\(key)'", keys: Schema.exitCodeKeys) else { return nil }
        let delay = keys["delay"].flatMap { faults.duration($0, orZero: true) }
        var repair: [Step.Action] = []
        switch (keys["run"], keys["command"]) {
        case (let run?, let command?):
            let later = max(run.key.mark, command.key.mark)
            faults.error(later, "a repair is either 'run' or 'command', not both")
        case (let run?, nil): draft.script = script(run)
        case (nil, let command?):
            let (templates, used) = self.command(command)
            if let templates { repair = [.command(templates)] }
            uses += used
        case (nil, nil): break
        }
        draft.rule = .retry(delay: delay, repair: repair)
        return draft
    }
}

extension StepDraft {
    /// Refuses what asks for another try where there never is one.
    func checkRetries(shared: StepSettings, _ faults: Faults) {
        if (settings.maxRetries ?? shared.maxRetries ?? 0) == 0 { settings.refuseRetries(faults) }
        // How often what takes it back is tried is its own.
        for undo in undo { undo.checkRetries(shared: StepSettings(), faults) }
    }
}

extension StepSettings {
    /// Says of each status that asks for another try that there is none.
    func refuseRetries(_ faults: Faults) {
        for (key, draft) in exitCodes where draft.isRetry {
            faults.error(
                draft.mark, "'\(key)' asks for another try, and there is none: 'max_retries' is 0",
                hint: "say how many there may be")
        }
    }

    /// The scripts among the repairs.
    var repairScripts: [ScriptText] { exitCodes.values.compactMap(\.script) }

    /// What statuses ask for, with the interpreters of these settings.
    var exitCodeRules: ExitCodeRules {
        ExitCodeRules(rules: exitCodes.mapValues { $0.rule(shell: shell) })
    }
}

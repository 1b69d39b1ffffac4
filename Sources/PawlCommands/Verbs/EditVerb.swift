import ArgumentParser
import PawlAPI
import PawlModel

/// `pawl edit`.
struct EditVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "edit", abstract: "Edit a workflow, and save what is without fault.",
        usage: """
            pawl edit <workflow> [--full] [--drop-in <name>] [--runtime] [--force]
                      [--stdin] [--output <format>]
            """,
        discussion: """
            A workflow of your own is edited itself; of any other, a drop-in that is laid
            over it. What has faults is not saved. pawld reads what was saved at once.

            Examples:
              pawl edit backup
              pawl edit backup --full
              pawl edit nightly --force
              pawl edit backup --drop-in limits --stdin < limits.yaml
            """)

    @Argument(help: "The workflow's name.", completion: Completions.workflows)
    var workflow: String

    @Flag(help: "Edit a copy of the whole file, not a drop-in.")
    var full = false

    @Option(help: ArgumentHelp("Edit the drop-in of this name; override.", valueName: "name"))
    var dropIn: String?

    @Flag(help: "Change it in /run, until the next boot.")
    var runtime = false

    @Flag(help: "Make the workflow if there is none.")
    var force = false

    @Flag(help: "Take the text from standard input, without an editor.")
    var stdin = false

    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if full, dropIn != nil { throw ValidationError("--full and --drop-in exclude each other") }
    }

    /// What was saved, as JSON.
    struct Saved: Encodable {
        /// The file.
        var file: String
        /// Whether it was written.
        var saved: Bool
    }

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        let edit = try WorkflowEdit(self, surroundings)
        try edit.requirePermission()
        let text = stdin ? try given(edit, surroundings) : try edited(edit, surroundings)
        guard let text else { return .usage }
        guard let result = edit.result(of: text) else {
            // A person who empties a text gives up; a program that says nothing has most likely failed.
            guard !stdin else {
                throw CommandFailure(.usage, "nothing was saved: there is no text on standard input")
            }
            surroundings.warn("nothing was saved: what was edited is empty")
            return try finish(edit, isSaved: false, surroundings)
        }
        guard result != edit.current else {
            surroundings.warn("nothing was saved: nothing was changed")
            return try finish(edit, isSaved: false, surroundings)
        }
        try edit.save(result)
        let status = try finish(edit, isSaved: true, surroundings)
        surroundings.output.flush()
        _ = try surroundings.client.reload()
        return status
    }

    private func finish(
        _ edit: WorkflowEdit, isSaved: Bool, _ surroundings: Surroundings
    ) throws -> PawlAPI.ExitStatus {
        if format.output == .json {
            try surroundings.print(json: Saved(file: edit.target, saved: isSaved))
        } else if isSaved {
            surroundings.tell("\(edit.target): saved")
        }
        return .succeeded
    }

    /// A text from standard input, without fault.
    private func given(_ edit: WorkflowEdit, _ surroundings: Surroundings) throws -> String? {
        let text = try surroundings.input()
        guard edit.result(of: text) != nil, try hasFaults(text, edit, surroundings) else { return text }
        surroundings.warn("nothing was saved")
        return nil
    }

    /// A text that a person has edited until it was without fault; nil where they gave up, and it is in a file.
    private func edited(_ edit: WorkflowEdit, _ surroundings: Surroundings) throws -> String? {
        let draft = try EditDraft(edit.beginning, for: edit.target, in: surroundings.draftFolder)
        while true {
            do {
                try surroundings.edit(draft.path)
                let text = try draft.text()
                guard edit.result(of: text) != nil, try hasFaults(text, edit, surroundings) else {
                    draft.remove()
                    return text
                }
            } catch let failure as CommandFailure {
                // Whatever went wrong, nothing that somebody has written is thrown away.
                if let text = try? draft.text(), text == edit.beginning {
                    draft.remove()
                } else {
                    surroundings.warn("nothing was saved; your text is in \(draft.path)")
                }
                throw failure
            }
            guard let answer = surroundings.ask?("Edit again? [Y/n] "), !answer.lowercased().hasPrefix("n") else {
                surroundings.warn("nothing was saved; your text is in \(draft.path)")
                return nil
            }
        }
    }

    private func hasFaults(_ text: String, _ edit: WorkflowEdit, _ surroundings: Surroundings) throws -> Bool {
        let read = try edit.check(text)
        guard read.workflow == nil else { return false }
        surroundings.warn("workflow '\(read.name)' would have \(read.count)")
        surroundings.warn(lines: read.faults.map { Style.harmless($0.description) })
        return true
    }
}

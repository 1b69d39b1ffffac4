import ArgumentParser
import PawlAPI
import PawlModel

/// `pawl list`.
struct ListVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the workflows.",
        discussion: """
            A faulty workflow may still be started from its last good text, if pawld has
            one; 'pawl check' says the faults. A masked one cannot be started: its file
            is empty or a link to /dev/null. NEXT is when the workflow runs next by its
            schedule, or by a timer of systemd's that goes before that.

            Examples:
              pawl list
              pawl list -o json
            """)

    @OptionGroup var full: FullOption
    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        let workflows = try surroundings.client.workflows()
        if workflows.contains(where: { $0.schedule.map { $0.state != .disabled } ?? false }) {
            surroundings.warnOfSchedules()
        }
        if format.output == .json {
            try surroundings.print(json: workflows)
            return .succeeded
        }
        var table = TextTable(heading: ["NAME", "STATE", "NEXT", "FILE", "DESCRIPTION"])
        for workflow in workflows {
            table.add([
                TextTable.Cell(workflow.name),
                workflow.masked == true
                    ? TextTable.Cell("masked", .grey)
                    : TextTable.Cell(workflow.faulty ? "faulty" : "ok", workflow.faulty ? .red : nil),
                ScheduleText.cell(workflow.schedule, surroundings.zone),
                TextTable.Cell(workflow.file),
                TextTable.Cell(
                    Style.harmless(workflow.description?.split(separator: "\n").first.map(String.init) ?? "")),
            ])
        }
        for line in table.lines(style: surroundings.style, width: full.width(surroundings)) {
            surroundings.output.line(line)
        }
        return .succeeded
    }
}

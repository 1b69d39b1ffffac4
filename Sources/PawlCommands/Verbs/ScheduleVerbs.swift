import ArgumentParser
import PawlAPI
import PawlModel

/// `pawl enable`.
struct EnableVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "enable", abstract: "Turn a workflow's schedule on again.",
        discussion: """
            A workflow with a 'schedule' is scheduled as soon as it is loaded; this takes
            back what 'pawl disable' did. What was missed meanwhile is not caught up.
            To run a workflow at each boot: systemctl enable pawl@NAME.

            Examples:
              pawl enable backup
            """)

    @Argument(help: "The workflow's name.", completion: Completions.workflows) var workflow: String
    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        let answer = try surroundings.client.setSchedule(workflow, isEnabled: true)
        if format.output == .json {
            try surroundings.print(json: answer)
            return .succeeded
        }
        let schedule = answer.schedule
        if let timer = schedule?.timer {
            surroundings.warn(
                "the timer of workflow '\(workflow)' is that of \(timer); its own schedule is in force once that file is gone"
            )
        }
        let next = schedule?.next.moment.map { ", next at \(surroundings.zone.full($0))" } ?? ""
        surroundings.tell("The schedule of workflow '\(workflow)' is on\(next).")
        surroundings.warnOfSchedules()
        return .succeeded
    }
}

/// `pawl disable`.
struct DisableVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "disable", abstract: "Turn a workflow's schedule off.",
        discussion: """
            It stays off, over restarts, upgrades and changes of the file, until
            'pawl enable'. A run that goes on is left alone, and the workflow can be
            started by hand.

            Examples:
              pawl disable backup
            """)

    @Argument(help: "The workflow's name.", completion: Completions.workflows) var workflow: String
    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        let answer = try surroundings.client.setSchedule(workflow, isEnabled: false)
        if format.output == .json {
            try surroundings.print(json: answer)
            return .succeeded
        }
        surroundings.tell("The schedule of workflow '\(workflow)' is off.")
        if let timer = answer.schedule?.timer {
            surroundings.warn(
                "the timer of \(timer) is not pawl's; '\(surroundings.scope.systemctl) disable --now pawl@\(workflow).timer' stops it"
            )
        }
        return .succeeded
    }
}

/// Words for schedules.
enum ScheduleText {
    /// When a workflow runs next, for a table.
    static func cell(_ schedule: ScheduleStatus?, _ zone: Zone) -> TextTable.Cell {
        guard let schedule else { return TextTable.Cell("-", .grey) }
        guard schedule.state != .disabled else { return TextTable.Cell("disabled", .grey) }
        return TextTable.Cell(schedule.next.moment.map { zone.full($0) } ?? "never")
    }
}

import ArgumentParser
import PawlAPI

/// The root of the command line: its verbs.
struct Pawl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pawl", abstract: "Run workflows on this host, every step a systemd unit.",
        discussion: """
            Examples:
              pawl list
              pawl run hello
              pawl status @last
              pawl logs @last

            Topics, for 'pawl help TOPIC':
            \(HelpTopic.list.joined(separator: "\n"))

            See pawl(1) for everything, and pawl.workflow(5) for the language.
            """,
        version: "pawl \(ManagerInterface.version)", subcommands: verbs)

    @OptionGroup var common: CommonOptions

    /// The verbs, in the order of their use.
    static let verbs: [any ParsableCommand.Type] = [
        RunVerb.self, AttachVerb.self, BatchVerb.self, ImportVerb.self, CheckVerb.self, PlanVerb.self, CatVerb.self,
        NewVerb.self, EditVerb.self, SchemaVerb.self, ListVerb.self, EnableVerb.self, DisableVerb.self, PsVerb.self,
        StatusVerb.self, LogsVerb.self, ReportVerb.self, WaitVerb.self,
        CancelVerb.self, PauseVerb.self, UnpauseVerb.self, ResumeVerb.self, RetryVerb.self, UndoVerb.self,
        ApproveVerb.self, RejectVerb.self,
        ExportVerb.self, DiffVerb.self, SetPropertyVerb.self, ReloadVerb.self, AuditVerb.self, PruneVerb.self,
        DoctorVerb.self,
        UnitVerb.self,
    ]

    /// What may stand where a verb stands.
    static var verbNames: [String] { verbs.map { $0._commandName } + ["help"] }

    /// The verbs for people: what only units call is among the others.
    static var shownVerbNames: [String] {
        verbs.filter { $0.configuration.shouldDisplay }.map { $0._commandName } + ["help"]
    }
}

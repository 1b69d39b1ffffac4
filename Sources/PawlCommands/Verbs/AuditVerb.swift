import ArgumentParser
import PawlAPI
import PawlModel

/// `pawl audit`.
struct AuditVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Show who asked for what, from where, and what became of it.",
        usage: """
            pawl audit [-S <time>] [-U <time>] [-n <count>] [--uid <number>]
                       [--outcome <word>] [-l] [-o <format>]
            """,
        discussion: """
            Reading is not written down, only what starts or changes something, and what
            was refused. Root and members of the group pawl see it.

            Examples:
              pawl audit -n 20
              pawl audit --since yesterday --outcome refused
              pawl audit --uid "$(id -u alice)" -o json
            """)

    @Option(
        name: .letter("S"), parsing: .unconditional,
        help: ArgumentHelp("Nothing before it: 03:00, yesterday, -2h, ...", valueName: "time"))
    var since: MomentArgument?

    @Option(name: .letter("U"), parsing: .unconditional, help: ArgumentHelp("Nothing after it.", valueName: "time"))
    var until: MomentArgument?

    @Option(help: ArgumentHelp("What this user asked for.", valueName: "number"))
    var uid: UInt32?

    @Option(help: ArgumentHelp("What became of it: asked, done, refused or failed.", valueName: "word"))
    var outcome: AuditRecord.Outcome?

    @Option(name: .letter("n"), parsing: .unconditional, help: ArgumentHelp("The newest so many.", valueName: "count"))
    var lines: Int?

    @OptionGroup var full: FullOption
    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if let lines, lines < 0 { throw ValidationError("the number of lines cannot be negative") }
    }

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        let now = surroundings.now()
        let entries = try surroundings.client.audit(
            Messages.ReadAudit(
                since: since.map { TimeText.text(of: $0.moment(now: now)) },
                until: until.map { TimeText.text(of: $0.moment(now: now)) }, uid: uid, outcome: outcome, lines: lines))
        if format.output == .json {
            try surroundings.print(json: entries)
            return .succeeded
        }
        let table = Self.table(entries, zone: surroundings.zone)
        for line in table.lines(style: surroundings.style, width: full.width(surroundings)) {
            surroundings.output.line(line)
        }
        return .succeeded
    }

    /// The records as a table.
    static func table(_ entries: [AuditEntry], zone: Zone) -> TextTable {
        var table = TextTable(heading: ["TIME", "WHO", "FROM", "ACTION", "TARGET", "OUTCOME", "DETAIL"])
        for entry in entries {
            let time = Optional(entry.time).moment.map(zone.full) ?? entry.time
            let details = [entry.detail, entry.reason].compactMap(\.self).joined(separator: ": ")
            table.add([
                TextTable.Cell(time),
                TextTable.Cell(
                    Style.harmless(Requester(uid: entry.uid, user: entry.user, login: entry.login).description)),
                TextTable.Cell(Style.harmless(from(entry))), TextTable.Cell(entry.action),
                TextTable.Cell(Style.harmless(entry.target ?? "-")),
                TextTable.Cell(
                    entry.outcome.rawValue, entry.outcome == .refused || entry.outcome == .failed ? .red : nil),
                TextTable.Cell(Style.harmless(details)),
            ])
        }
        return table
    }

    /// The terminal and the host of the session, else the unit.
    private static func from(_ entry: AuditEntry) -> String {
        let session = [entry.terminal, entry.host].compactMap(\.self).joined(separator: " ")
        return session.isEmpty ? entry.unit ?? "-" : session
    }
}

extension AuditRecord.Outcome: ExpressibleByArgument {}

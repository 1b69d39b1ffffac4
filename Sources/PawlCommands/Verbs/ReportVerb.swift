import ArgumentParser
import PawlAPI
import PawlModel
import PawlPictures

/// `pawl report`.
struct ReportVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Show what happened in a run: its figures, a graph, a time chart.",
        discussion: """
            What succeeded and what failed with the end of its log, times, attempts, use of
            CPU, memory and disks, what the run's length came from, and what the figures
            recommend. html is one file that needs no other: a page with the graph and the
            time chart. md is for a ticket, json for programs.

            Examples:
              pawl report @last
              pawl report etcd-cluster-7k2m9qxa -o html > report.html
              pawl report @last -o json | jq '.summary'
            """)

    /// How a report is printed.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, md, html, json
    }

    @OptionGroup var target: RunArgument

    @Option(
        name: .letter("n"), parsing: .unconditional,
        help: ArgumentHelp("How many lines of each failed step to show.", valueName: "count"))
    var lines = 20

    @Option(name: .letter("o"), help: ArgumentHelp("How to print: text, md, html or json.", valueName: "format"))
    var output = Format.text

    @OptionGroup var common: CommonOptions

    func validate() throws {
        if lines < 0 { throw ValidationError("the number of lines cannot be negative") }
    }

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        let source = ReportSource(client: surroundings.client, surroundings: surroundings)
        let facts = try source.facts(of: target.run, lines: lines).facts
        let report = Report(facts, forms: ReportSource.forms(surroundings.zone))
        switch output {
        case .text: for line in ReportVerb.lines(report, surroundings) { surroundings.output.line(line) }
        case .md: surroundings.output.write(ReportMarkdown.text(report))
        case .html: surroundings.output.write(ReportHTML.text(report))
        case .json: try surroundings.print(json: ReportDocument(report))
        }
        return .succeeded
    }

    /// The report for a terminal, or for a mail.
    static func lines(_ report: Report, _ surroundings: Surroundings) -> [String] {
        let (facts, style) = (report.facts, surroundings.style)
        let text = ReportText(report)
        let width = surroundings.tableWidth
        var lines = text.head(Style.harmless)
        var table = TextTable(heading: ["  STEP", "STATE", "TIME", "ATTEMPTS", "CPU", "MEMORY", "CRITICAL"])
        for place in facts.places {
            let record = facts[place]
            let colour = Style.colour(of: record.state)
            table.add([
                TextTable.Cell("\(style.mark(record.state)) \(facts.name(place))", colour),
                TextTable.Cell(record.state.rawValue, colour),
                TextTable.Cell(report.seconds(place).map(report.forms.duration) ?? "-"),
                TextTable.Cell("\(record.attempts.count)"),
                TextTable.Cell(record.cpuSeconds.map(report.forms.duration) ?? "-"),
                TextTable.Cell(record.memoryPeak.map(report.forms.size) ?? "-"),
                TextTable.Cell(report.path.places.contains(place) ? style.critical : ""),
            ])
        }
        lines.append("")
        lines += table.lines(style: style, width: width, indent: 2)
        for graph in report.graphs where graph.nodes.count > 1 {
            guard
                let drawing = TerminalGraph.lines(
                    graph, width: width ?? PlanVerb.pipeWidth, hasUnicode: style.hasUnicode)
            else { continue }
            lines.append("")
            if !graph.title.isEmpty { lines.append(graph.title) }
            lines += drawing
        }
        lines += text.errors(Style.harmless)
        return lines + text.advice(Style.harmless, width: min(width ?? 80, 100))
    }
}

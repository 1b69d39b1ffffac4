import ArgumentParser
import PawlAPI
import PawlModel

/// `pawl diff`.
struct DiffVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show what differs between two runs.",
        discussion: """
            Compares the workflows as they were, the variables, and of each step its state,
            its attempts, its time and what it gave. Times differ where they do so by a
            fifth, and half a second at least.

            Examples:
              pawl diff backup-7k2m9qxa backup-x3p8w2ln
              pawl diff backup-7k2m9qxa @last -o json | jq '.steps[].id'
            """)

    @Argument(help: "The run to compare with.", completion: Completions.allRuns)
    var first: String

    @Argument(help: "The run that may differ from it.", completion: Completions.allRuns)
    var second: String

    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    /// No value is shown longer.
    private static let longestValue = 40

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        let difference = RunDifference(try side(first, surroundings), try side(second, surroundings))
        if format.output == .json {
            try surroundings.print(json: difference)
        } else {
            for line in lines(difference, surroundings) { surroundings.output.line(line) }
        }
        return .succeeded
    }

    private func side(_ run: String, _ surroundings: Surroundings) throws -> RunDifference.Side {
        let client = surroundings.client
        let status = try client.status(of: run)
        var side = RunDifference.Side(status: status, outputs: StepOutputs(), now: surroundings.now())
        do throws(ManagerError) {
            side.definition = try client.definition(of: status.run)
        } catch .refused(let error) {
            surroundings.warn("what the run '\(status.run)' goes by is not to be had: \(error.message)")
        }
        var outputs = StepOutputs()
        try client.events(of: status.run) { outputs.take($0) }
        side.outputs = outputs
        return side
    }

    private func lines(_ difference: RunDifference, _ surroundings: Surroundings) -> [String] {
        let style = surroundings.style
        var lines = zip(["---", "+++"], zip(difference.runs, [Style.Colour.red, .green])).map { sign, side in
            let time = side.0.elapsed_seconds.map { ", \(TimeForms.duration($0))" } ?? ""
            return style.paint("\(sign) \(side.0.run)", side.1) + " (\(side.0.state.rawValue)\(time))"
        }
        if difference.isEmpty { return lines + ["", "no difference but when they ran"] }
        for file in difference.definition {
            lines += ["", style.paint(Style.harmless(file.file), .bold)]
            lines += file.lines.map { line in
                let colour: Style.Colour? =
                    switch line.first {
                    case "+": .green
                    case "-": .red
                    case "@": .grey
                    default: nil
                    }
                return style.paint(Style.harmless(line), colour)
            }
        }
        let width = surroundings.tableWidth
        let values = difference.variables.map { ($0, "") } + difference.outputs.map { ($0, "output ") }
        if !values.isEmpty {
            var table = TextTable(heading: ["VALUE"] + difference.runs.map { $0.run })
            for (change, kind) in values {
                table.add(row("\(kind)\(change.name)", change.values.map(text), style))
            }
            lines.append("")
            lines += table.lines(style: style, width: width)
        }
        if !difference.steps.isEmpty {
            var table = TextTable(heading: ["STEP", "WHAT"] + difference.runs.map { $0.run })
            for step in difference.steps { for row in rows(step, style) { table.add(row) } }
            lines.append("")
            lines += table.lines(style: style, width: width)
        }
        return lines
    }

    private func rows(_ step: RunDifference.Step, _ style: Style) -> [[TextTable.Cell]] {
        let name = Names.step(step.id, item: step.item)
        var rows: [[TextTable.Cell]] = []
        for what in step.changed {
            switch what {
            case "only", "state":
                let cells = step.states.map { state in
                    TextTable.Cell(state?.rawValue ?? "-", state.flatMap(Style.colour))
                }
                rows.append([TextTable.Cell(name), TextTable.Cell("state")] + cells)
            case "attempts": rows.append([TextTable.Cell(name)] + row(what, step.attempts.map { "\($0 ?? 0)" }, style))
            case "seconds":
                rows.append(
                    [TextTable.Cell(name)] + row("time", step.seconds.map { $0.map(TimeForms.duration) ?? "-" }, style))
            default:
                for change in step.outputs {
                    rows.append([TextTable.Cell(name)] + row("output \(change.name)", change.values.map(text), style))
                }
            }
        }
        return rows
    }

    private func row(_ name: String, _ values: [String], _ style: Style) -> [TextTable.Cell] {
        [TextTable.Cell(name)] + values.map { TextTable.Cell($0) }
    }

    private func text(_ value: Value) -> String {
        let text = value == .null ? "-" : value.text.replacing("\n", with: " ")
        let harmless = Style.harmless(text)
        return harmless.count > Self.longestValue ? harmless.prefix(Self.longestValue - 3) + "..." : harmless
    }
}

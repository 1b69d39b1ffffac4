import ArgumentParser
import PawlAPI
import PawlModel

/// `pawl ps`.
struct PsVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "ps", abstract: "List the runs that have not ended.",
        discussion: """
            LEFT is how long a run will take from now on, by how long the steps of its
            workflow took before; '-' where that is not known.

            Examples:
              pawl ps
              pawl ps --all -o json
            """)

    @Flag(name: [.short, .long], help: "List ended runs too.")
    var all = false

    @OptionGroup var full: FullOption
    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        let runs = try surroundings.client.runs(all: all)
        if format.output == .json {
            try surroundings.print(json: runs)
            return .succeeded
        }
        for line in Self.table(runs, now: surroundings.now()).lines(
            style: surroundings.style, width: full.width(surroundings))
        {
            surroundings.output.line(line)
        }
        return .succeeded
    }

    /// The runs as a table.
    static func table(_ runs: [RunSummary], now: Timestamp) -> TextTable {
        // Most often there is nothing to say, and then there is no column for it.
        let hasReasons = runs.contains { $0.reason != nil }
        let hasLeft = runs.contains { $0.secondsLeft != nil }
        var table = TextTable(
            heading: ["RUN", "STATE", "PROGRESS", "AGE"] + (hasLeft ? ["LEFT"] : []) + (hasReasons ? ["REASON"] : []))
        for (run, depth) in tree(runs) {
            let age = run.started.moment.map { TimeForms.wholeSeconds(now.seconds(since: $0)) }
            let left = run.secondsLeft.map { TimeForms.wholeSeconds(max(1, $0.rounded())) }
            table.add(
                [
                    TextTable.Cell(String(repeating: "  ", count: depth) + run.run),
                    TextTable.Cell(run.state.rawValue, Style.colour(of: run.state)),
                    TextTable.Cell("\(run.stepsDone)/\(run.stepsTotal)"), TextTable.Cell(age ?? "-"),
                ] + (hasLeft ? [TextTable.Cell(left ?? "-")] : [])
                    + [TextTable.Cell(run.reason.map(Style.harmless) ?? "")])
        }
        return table
    }

    /// The runs, each with those that are steps of it below it.
    private static func tree(_ runs: [RunSummary]) -> [(run: RunSummary, depth: Int)] {
        let names = Set(runs.map(\.run))
        let children = Dictionary(grouping: runs.filter { $0.parent != nil }) { $0.parent ?? "" }
        func lines(_ run: RunSummary, _ depth: Int) -> [(run: RunSummary, depth: Int)] {
            [(run, depth)] + (children[run.run] ?? []).flatMap { lines($0, depth + 1) }
        }
        return runs.filter { $0.parent.map { !names.contains($0) } ?? true }.flatMap { lines($0, 0) }
    }
}

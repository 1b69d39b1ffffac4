import PawlModel

/// A report in Markdown, as forges and wikis read it.
package enum ReportMarkdown {
    /// The whole of it.
    package static func text(_ report: Report) -> String {
        let facts = report.facts
        let forms = report.forms
        var lines = ["# Run \(escaped(facts.run)): \(facts.state.rawValue)", ""]
        if let reason = facts.reason { lines += [escaped(reason), ""] }
        lines += ["## Summary", "", "| | |", "| --- | --- |"]
        for (name, value) in ReportText(report).fields { lines.append("| \(name) | \(escaped(value)) |") }
        if facts.maxParallel != nil || facts.failFast {
            let bound = facts.maxParallel.map { "\($0) at once" } ?? "any number at once"
            lines.append("| Bounds | \(bound)\(facts.failFast ? ", the first failure ends it" : "") |")
        }
        lines += [
            "", "## Steps", "", "| Step | State | Seconds | Attempts | CPU | Memory | Log |",
            "| --- | --- | ---: | ---: | ---: | ---: | --- |",
        ]
        for place in facts.places {
            let record = facts[place]
            let cells = [
                code(facts.name(place)) + (report.path.places.contains(place) ? " *critical*" : ""),
                record.state.rawValue,
                report.seconds(place).map(seconds) ?? "", "\(record.attempts.count)",
                record.cpuSeconds.map(forms.duration) ?? "", record.memoryPeak.map(forms.size) ?? "",
                record.attempts.isEmpty ? "" : code(report.logCommand(place)),
            ]
            lines.append("| \(cells.joined(separator: " | ")) |")
        }
        let failures = report.failures
        if !failures.isEmpty { lines += ["", "## Errors"] }
        for place in failures {
            lines += ["", "### \(escaped(facts.name(place)))", "", escaped(report.words(place))]
            let log = facts[place].log.map(Markup.withoutOrders)
            if !log.isEmpty { lines += [""] + fenced(log) }
        }
        if !report.advice.isEmpty {
            lines += ["", "## Recommendations", ""]
            lines += report.advice.map { "- " + escaped($0.text) }
        }
        let graphs = report.graphs.filter { !$0.nodes.isEmpty }
        // Forges draw it; a longer one they refuse.
        if !graphs.isEmpty, graphs.reduce(0, { $0 + $1.edges.count }) <= 400 {
            lines += ["", "## Graph", "", "```mermaid", MermaidGraph.text(graphs.map(\.reduced)), "```"]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Seconds with a decimal.
    private static func seconds(_ value: Double) -> String { Markup.number(value) }

    /// Text that is nothing but text there.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in Markup.withoutOrders(text).unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\\", "`", "*", "_", "[", "]", "|", "#", "~": result += "\\" + String(scalar)
            case "\n", "\r", "\t": result += " "
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Text as code on a line; where it has more in it than names have, as text.
    private static func code(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy {
            $0.properties.isAlphabetic || $0.properties.numericType != nil
                || " -_.,:/=@+".unicodeScalars.contains($0)
        }
        return isPlain ? "`\(text)`" : escaped(text)
    }

    /// Lines as they are, between fences longer than any that is in them.
    private static func fenced(_ lines: [String]) -> [String] {
        var (longest, count) = (2, 0)
        for line in lines {
            for character in line {
                count = character == "`" ? count + 1 : 0
                longest = max(longest, count)
            }
            count = 0
        }
        let fence = String(repeating: "`", count: longest + 1)
        let clean = lines.map { line in
            String(
                String.UnicodeScalarView(line.unicodeScalars.map { $0.value < 0x20 && $0 != "\t" ? "\u{FFFD}" : $0 }))
        }
        return ["\(fence)text"] + clean + [fence]
    }
}

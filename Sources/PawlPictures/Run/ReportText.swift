import PawlModel

/// A report as text for a terminal, a mail or a ticket.
package struct ReportText {
    let report: Report
    private var facts: RunFacts { report.facts }

    /// Makes the text of a report.
    package init(_ report: Report) { self.report = report }

    /// Heading, the sums, what failed, and what is recommended; the table of the steps is left to whoever knows the width.
    ///
    /// - Parameter harmless: takes out what a terminal would take as an order.
    package func head(_ harmless: (String) -> String) -> [String] {
        var lines = ["\(facts.run): \(facts.state.rawValue)\(facts.reason.map { ", \(harmless($0))" } ?? "")", ""]
        for (name, value) in fields { lines.append(ReportText.padded(name) + harmless(value)) }
        return lines
    }

    /// What there is to say of failures.
    package func errors(_ harmless: (String) -> String) -> [String] {
        var lines: [String] = []
        for place in report.failures {
            lines.append("")
            lines.append("\(facts.name(place)): \(harmless(report.words(place)))")
            lines += facts[place].log.map { "    \(harmless($0))" }
        }
        return lines.isEmpty ? [] : ["", "Errors"] + lines
    }

    /// What is recommended.
    package func advice(_ harmless: (String) -> String, width: Int) -> [String] {
        guard !report.advice.isEmpty else { return [] }
        var lines = ["", "Recommendations"]
        for advice in report.advice {
            for (number, line) in ReportText.wrapped(harmless(advice.text), width: max(30, width - 4)).enumerated() {
                lines.append((number == 0 ? "  - " : "    ") + line)
            }
        }
        return lines
    }

    /// The sums, each with its name.
    var fields: [(String, String)] {
        let summary = report.summary
        let forms = report.forms
        var fields: [(String, String)] = [
            ("Workflow", facts.workflow + (facts.file.map { " (\($0))" } ?? "")),
            ("Started", forms.moment(facts.started)),
        ]
        if let ended = facts.ended { fields.append(("Ended", forms.moment(ended))) }
        fields.append(("Elapsed", forms.duration(facts.elapsed)))
        fields.append(("Steps", "\(summary.total) in all: \(report.counts)"))
        fields.append(
            (
                "Work",
                "\(forms.duration(summary.totalSeconds)) in all steps together, \(forms.duration(summary.averageSeconds)) on average"
            ))
        if summary.attempts > 0 {
            let retries = summary.retries == 1 ? "1 retry" : "\(summary.retries) retries"
            fields.append(("Attempts", "\(summary.attempts), of these \(retries)"))
        }
        if let cpu = summary.cpuSeconds { fields.append(("CPU", forms.duration(cpu))) }
        if let peak = summary.memoryPeak { fields.append(("Memory", "\(forms.size(peak)) (peak of one step)")) }
        if summary.ioReadBytes != nil || summary.ioWriteBytes != nil {
            let sizes = [summary.ioReadBytes, summary.ioWriteBytes].map { forms.size($0 ?? 0) }
            fields.append(("IO", "\(sizes[0]) read, \(sizes[1]) written"))
        }
        if !report.path.links.isEmpty { fields.append(("Critical", report.pathWords)) }
        return fields
    }

    private static func padded(_ name: String) -> String {
        String(repeating: " ", count: max(0, 10 - name.count)) + name + ": "
    }

    /// Text broken at blanks.
    static func wrapped(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return lines + (line.isEmpty ? [] : [line])
    }
}

extension Report {
    /// `5 succeeded, 1 failed`.
    var counts: String {
        let order: [StepState] = [
            .succeeded, .failed, .timedOut, .interrupted, .cancelled, .skipped, .running, .waiting,
        ]
        let words = order.compactMap { state in summary.states[state].map { "\($0) \(state.rawValue)" } }
        return words.isEmpty ? "none" : words.joined(separator: ", ")
    }

    /// The critical path as names, with what it took.
    var pathWords: String {
        var names: [String] = []
        var index = 0
        while index < path.links.count {
            // Items that follow one another for want of room are one thing to a reader.
            let step = path.links[index].place.step
            let count = path.links[index...].prefix { $0.place.step == step }.count
            names.append(count == 1 ? facts.name(path.links[index].place) : "\(facts.steps[step].id) (\(count) items)")
            index += count
        }
        // Of a long one both ends are worth a line.
        if names.count > 8 { names = names.prefix(4) + ["…"] + names.suffix(3) }
        return "\(names.joined(separator: " > ")) (\(forms.duration(path.seconds)))"
    }

    /// How a record ended, in words.
    package func words(_ place: RecordPlace) -> String {
        let record = facts[place]
        var words = record.state.rawValue
        if let attempt = record.attempts.last {
            let tries = record.tries.count
            if tries > 1 { words += " after \(tries) attempts" }
            if let how = attempt.words { words += ", \(how)" }
        }
        if let reason = record.reason, !words.contains(reason) { words += ": \(reason)" }
        return words
    }
}

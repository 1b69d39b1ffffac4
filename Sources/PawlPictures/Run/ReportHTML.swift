import PawlModel

/// A report as one page that needs nothing else: no request, no script, light and dark.
package enum ReportHTML {
    /// The page.
    package static func text(_ report: Report) -> String {
        let facts = report.facts
        let e = { (text: String) in Markup.line(text) }
        var page = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="referrer" content="no-referrer">
            <title>\(e(facts.run)): \(facts.state.rawValue)</title>
            <style>
            \(StyleSheet.colours(":root"))\(StyleSheet.drawing)\(style)
            </style>
            </head>
            <body>
            <main>

            """
        page += head(report)
        page += tiles(report)
        page += errors(report)
        page += advice(report)
        let graphs = report.graphs.filter { !$0.nodes.isEmpty }
        if !graphs.isEmpty {
            page += section(
                "Graph", hint: legend(report),
                "<div class=\"wide\">\(SVGGraph.part(graphs, label: "The steps of \(facts.run)"))</div>")
        }
        if facts.places.contains(where: { facts[$0].started != nil }) {
            page += section("Time", hint: pathHint(report), "<div class=\"wide\">\(Gantt.part(report))</div>")
        }
        page += section("Steps", hint: "", stepTable(report))
        page += attempts(report)
        page += values("Variables", facts.variables)
        page += values("Outputs", facts.outputs)
        page += "<footer>pawl report \(e(facts.run)) --output html, \(e(report.forms.moment(facts.now)))</footer>\n"
        return page + "</main>\n</body>\n</html>\n"
    }

    private static func section(_ title: String, hint: String, _ body: String) -> String {
        "<section>\n<h2>\(title)</h2>\n" + (hint.isEmpty ? "" : "<p class=\"hint\">\(hint)</p>\n") + body
            + "\n</section>\n"
    }

    private static func head(_ report: Report) -> String {
        let facts = report.facts
        var meta = ["workflow <b>\(Markup.line(facts.workflow))</b>"]
        if let host = facts.host { meta.append("on <b>\(Markup.line(host))</b>") }
        meta.append("started \(Markup.line(report.forms.moment(facts.started)))")
        if let ended = facts.ended { meta.append("ended \(Markup.line(report.forms.moment(ended)))") }
        let reason = facts.reason.map { "<p class=\"reason\">\(Markup.line($0))</p>\n" } ?? ""
        return """
            <header>
            <h1>\(Markup.line(facts.run)) <span class="state \(StyleSheet.word(facts.state))">\(facts.state.rawValue)</span></h1>
            <p class="meta">\(meta.joined(separator: " · "))</p>
            \(reason)</header>

            """
    }

    private static func tiles(_ report: Report) -> String {
        let (summary, forms) = (report.summary, report.forms)
        var tiles: [(String, String, String)] = [
            (
                "Steps", "\(summary.successful) of \(summary.total)",
                summary.successful == summary.total ? "all succeeded" : report.counts
            ),
            ("Elapsed", forms.duration(report.facts.elapsed), "critical path \(forms.duration(report.path.seconds))"),
            (
                "Work", forms.duration(summary.totalSeconds),
                "\(forms.duration(summary.averageSeconds)) a step on average"
            ),
            (
                "Attempts", "\(summary.attempts)",
                summary.retries == 0 ? "no retries" : summary.retries == 1 ? "1 retry" : "\(summary.retries) retries"
            ),
        ]
        if let cpu = summary.cpuSeconds { tiles.append(("CPU", forms.duration(cpu), "all steps together")) }
        if let peak = summary.memoryPeak { tiles.append(("Memory", forms.size(peak), "peak of one step")) }
        if summary.ioReadBytes != nil || summary.ioWriteBytes != nil {
            tiles.append(
                (
                    "IO", forms.size((summary.ioReadBytes ?? 0) + (summary.ioWriteBytes ?? 0)),
                    "\(forms.size(summary.ioReadBytes ?? 0)) read, \(forms.size(summary.ioWriteBytes ?? 0)) written"
                ))
        }
        let body = tiles.map { name, value, hint in
            "<div><dt>\(name)</dt><dd>\(Markup.line(value))</dd><span>\(Markup.line(hint))</span></div>"
        }
        return "<dl class=\"tiles\">\n\(body.joined(separator: "\n"))\n</dl>\n"
    }

    private static func errors(_ report: Report) -> String {
        let failures = report.failures
        guard !failures.isEmpty else { return "" }
        var body = ""
        for place in failures.prefix(mostErrors) {
            let record = report.facts[place]
            body += "<article class=\"error\">\n<h3><code>\(Markup.line(report.facts.name(place)))</code> "
            body += "<span>\(Markup.line(report.words(place)))</span></h3>\n"
            if !record.log.isEmpty {
                let log = record.log.map { Markup.escaped(Markup.withoutOrders($0)) }.joined(separator: "\n")
                body += "<pre>\(log)</pre>\n"
            }
            body +=
                "<p class=\"hint\"><code>\(Markup.line(report.logCommand(place)))</code> shows all of it</p>\n</article>\n"
        }
        if failures.count > mostErrors { body += "<p class=\"hint\">and \(failures.count - mostErrors) more</p>\n" }
        return section("Errors", hint: "", body)
    }

    private static let mostErrors = 25

    private static func advice(_ report: Report) -> String {
        guard !report.advice.isEmpty else { return "" }
        let items = report.advice.map { "<li>\(Markup.line($0.text))</li>" }
        return section("Recommendations", hint: "", "<ul class=\"advice\">\n\(items.joined(separator: "\n"))\n</ul>")
    }

    private static func legend(_ report: Report) -> String {
        report.path.links.count > 1 ? "The critical path is outlined: what the run's length came from." : ""
    }

    private static func pathHint(_ report: Report) -> String {
        let room = report.path.links.contains { $0.cause == .room }
        return "Critical path: \(Markup.line(report.pathWords))."
            + (room
                ? " Where it leads to a step that waits for nothing of the one before, that one had the place to run."
                : "")
    }

    // MARK: Tables

    private static func stepTable(_ report: Report) -> String {
        let facts = report.facts
        let longest = facts.places.compactMap { report.seconds($0) }.max() ?? 0
        let busiest = facts.places.compactMap { facts[$0].cpuSeconds }.max() ?? 0
        let largest = facts.places.compactMap { facts[$0].memoryPeak }.max() ?? 0
        let most = facts.places.compactMap { io($0, facts) }.max() ?? 0
        var body = ""
        for (number, step) in facts.steps.enumerated() {
            let places = step.records.indices.map { RecordPlace(step: number, record: $0) }
            let isFolded = step.hasItems && places.count > mostItems
            if isFolded { body += folded(number, report) }
            let shown = isFolded ? places.filter { facts[$0].isFailure }.prefix(mostItems) : places[...]
            for place in shown {
                let record = facts[place]
                let limit = step.memoryLimit
                let memory = record.memoryPeak.map { peak in
                    bar(
                        report.forms.size(peak), Double(peak), Double(max(largest, 1)),
                        mark: limit.map { Double(peak) / Double(max($0, 1)) >= 0.9 } == true,
                        hint: limit.map { "of \(report.forms.size($0))" })
                }
                body += row(
                    name: facts.name(place), isCritical: report.path.places.contains(place), state: record.state,
                    words: record.isFailure || record.state == .skipped
                        ? record.reason ?? record.attempts.last?.words : nil,
                    attempts: "\(record.attempts.count)",
                    cells: [
                        report.seconds(place).map { bar(report.forms.duration($0), $0, longest) },
                        record.cpuSeconds.map { bar(report.forms.duration($0), $0, busiest) }, memory,
                        io(place, facts).map { bytes in
                            bar(
                                report.forms.size(bytes), Double(bytes), Double(max(most, 1)),
                                hint: "\(report.forms.size(record.ioReadBytes ?? 0)) read, "
                                    + "\(report.forms.size(record.ioWriteBytes ?? 0)) written")
                        },
                    ])
            }
            if isFolded, places.count(where: { facts[$0].isFailure }) > mostItems {
                body += "<tr><td colspan=\"7\" class=\"soft\">and more items of it that failed</td></tr>\n"
            }
        }
        return """
            <div class="wide"><table class="steps">
            <thead><tr><th>Step</th><th>State</th><th class="n">Attempts</th><th>Time</th><th>CPU</th><th>Memory</th><th>IO</th></tr></thead>
            <tbody>
            \(body)</tbody></table></div>
            """
    }

    private static let mostItems = 8

    private static func io(_ place: RecordPlace, _ facts: RunFacts) -> Int64? {
        let record = facts[place]
        guard record.ioReadBytes != nil || record.ioWriteBytes != nil else { return nil }
        return (record.ioReadBytes ?? 0) + (record.ioWriteBytes ?? 0)
    }

    /// Many items of a step as one row: their sums, and of memory the most.
    private static func folded(_ number: Int, _ report: Report) -> String {
        let (facts, forms) = (report.facts, report.forms)
        let step = facts.steps[number]
        var states: [StepState: Int] = [:]
        for record in step.records { states[record.state, default: 0] += 1 }
        let words = StepState.allCases.compactMap { state in states[state].map { "\($0) \(state.rawValue)" } }
        let seconds = step.records.indices.compactMap { report.seconds(RecordPlace(step: number, record: $0)) }
        let cpu = step.records.compactMap(\.cpuSeconds)
        let io = step.records.indices.compactMap { self.io(RecordPlace(step: number, record: $0), facts) }
        func plain(_ text: String, _ hint: String) -> String { "\(Markup.line(text)) <small>\(hint)</small>" }
        let average = seconds.isEmpty ? 0 : seconds.reduce(0, +) / Double(seconds.count)
        return row(
            name: "\(step.id) ×\(step.records.count)", isCritical: report.path.steps.contains(number),
            state: step.state,
            words: words.joined(separator: ", "), attempts: "\(step.records.reduce(0) { $0 + $1.attempts.count })",
            cells: [
                seconds.isEmpty ? nil : plain(forms.duration(average), "on average"),
                cpu.isEmpty ? nil : plain(forms.duration(cpu.reduce(0, +)), "in all"),
                step.records.compactMap(\.memoryPeak).max().map { plain(forms.size($0), "at most") },
                io.isEmpty ? nil : plain(forms.size(io.reduce(0, +)), "in all"),
            ])
    }

    private static func row(
        name: String, isCritical: Bool, state: StepState, words: String?, attempts: String, cells: [String?]
    ) -> String {
        let mark = isCritical ? " <i title=\"on the critical path\">●</i>" : ""
        let remark = words.map { "<small>\(Markup.line($0))</small>" } ?? ""
        let rest = cells.map { "<td>\($0 ?? "<span class=\"soft\">–</span>")</td>" }.joined()
        return
            "<tr><td><code>\(Markup.line(name))</code>\(mark)</td><td><span class=\"state \(StyleSheet.word(state))\">"
            + "\(state.rawValue)</span>\(remark)</td><td class=\"n\">\(attempts)</td>\(rest)</tr>\n"
    }

    /// A value with a bar beneath that shows which part of the largest one it is.
    private static func bar(
        _ text: String, _ value: Double, _ most: Double, mark: Bool = false, hint: String? = nil
    ) -> String {
        let part = most > 0 ? max(0, min(100, value / most * 100)) : 0
        let small = hint.map { " <small>\(Markup.line($0))</small>" } ?? ""
        return "\(Markup.line(text))\(small)<span class=\"track\"><span class=\"fill\(mark ? " hot" : "")\" "
            + "style=\"width:\(Markup.number(part))%\"></span></span>"
    }

    private static func attempts(_ report: Report) -> String {
        let facts = report.facts
        let places = facts.places.filter { !facts[$0].attempts.isEmpty }
        guard !places.isEmpty else { return "" }
        var rows = ""
        var count = 0
        for place in places {
            for attempt in facts[place].attempts {
                count += 1
                guard count <= mostAttempts else { continue }
                let times = (attempt.started, attempt.ended ?? facts.end)
                let seconds = times.0.map { report.forms.duration(max(0, times.1.seconds(since: $0))) }
                let offset = times.0.map { "+" + report.forms.duration(max(0, $0.seconds(since: facts.started))) }
                rows +=
                    "<tr><td><code>\(Markup.line(facts.name(place)))</code></td><td class=\"n\">\(attempt.number)</td>"
                rows +=
                    "<td><span class=\"state \(StyleSheet.word(attempt.state))\">\(attempt.state.rawValue)</span></td>"
                rows += "<td>\(Markup.line((attempt.isRepair ? "repair; " : "") + (attempt.words ?? "")))</td>"
                rows += "<td class=\"n\">\(offset ?? "")</td><td class=\"n\">\(seconds ?? "")</td>"
                rows += "<td><code>\(Markup.line(attempt.unit))</code></td></tr>\n"
            }
        }
        let rest = count > mostAttempts ? "<p class=\"hint\">and \(count - mostAttempts) more</p>" : ""
        return """
            <section><details><summary>Attempts (\(count))</summary>
            <div class="wide"><table>
            <thead><tr><th>Step</th><th class="n">No.</th><th>State</th><th>How it ended</th><th class="n">Began</th><th class="n">Took</th><th>Unit</th></tr></thead>
            <tbody>
            \(rows)</tbody></table></div>\(rest)
            </details></section>

            """
    }

    private static let mostAttempts = 2000

    private static func values(_ title: String, _ list: [(name: String, value: String)]) -> String {
        guard !list.isEmpty else { return "" }
        let rows = list.map { name, value in
            "<tr><td><code>\(Markup.line(name))</code></td><td><code>\(Markup.escaped(value))</code></td></tr>"
        }
        return "<section><details><summary>\(title) (\(list.count))</summary>\n<div class=\"wide\"><table>\n<tbody>\n"
            + rows.joined(separator: "\n") + "\n</tbody></table></div>\n</details></section>\n"
    }

    private static let style = """
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--ground); color: var(--text);
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
        main { max-width: 1200px; margin: 0 auto; padding: 32px 20px 48px; }
        code, pre { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace; }
        code { font-size: .9em; overflow-wrap: anywhere; }
        h1 { font-size: 26px; line-height: 1.25; margin: 0 0 6px; letter-spacing: -.01em; overflow-wrap: anywhere; }
        h2 { font-size: 18px; margin: 0 0 10px; } h3 { font-size: 15px; margin: 0 0 8px; font-weight: 600; }
        h3 span { color: var(--bad); font-weight: 400; }
        section { margin-top: 34px; } .hint, .meta, footer, .soft, small { color: var(--soft); }
        .hint { margin: 0 0 10px; font-size: 13.5px; } .meta { margin: 0; } .meta b { color: var(--text); font-weight: 600; }
        .reason { margin: 12px 0 0; padding: 10px 14px; border-radius: 8px; background: var(--panel); }
        .state { display: inline-block; padding: 0 9px; border-radius: 99px; border: 1px solid; font-size: 12.5px;
          line-height: 20px; font-weight: 600; vertical-align: middle; white-space: nowrap; letter-spacing: 0; }
        h1 .state { font-size: 14px; line-height: 24px; padding: 0 12px; margin-left: 6px; }
        .good { color: var(--good); background: var(--good-fill); } .bad { color: var(--bad); background: var(--bad-fill); }
        .busy { color: var(--busy); background: var(--busy-fill); } .off { color: var(--off); background: var(--off-fill); }
        .lost { color: var(--lost); background: var(--lost-fill); } .idle { color: var(--idle); background: var(--idle-fill); }
        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: 12px; margin: 24px 0 0; }
        .tiles div { background: var(--panel); border: 1px solid var(--rule); border-radius: 10px; padding: 12px 14px; }
        dt { color: var(--soft); font-size: 13px; } dd { margin: 2px 0; font-size: 20px; white-space: nowrap; font-weight: 600; line-height: 1.25; }
        .tiles span { color: var(--soft); font-size: 12.5px; }
        .wide { overflow-x: auto; border: 1px solid var(--rule); border-radius: 10px; }
        .wide svg { display: block; margin: 0 auto; }
        .error { border: 1px solid var(--rule); border-left: 4px solid var(--bad); border-radius: 8px; padding: 14px 16px;
          margin-bottom: 12px; }
        pre { margin: 0 0 10px; padding: 12px 14px; border-radius: 6px; background: var(--panel); overflow-x: auto; font-size: 13px;
          line-height: 1.45; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 420px; overflow-y: auto; }
        .error .hint { margin: 0; }
        .advice { margin: 0; padding: 12px 16px 12px 34px; background: var(--panel); border: 1px solid var(--rule); border-radius: 10px; }
        .advice li + li { margin-top: 6px; }
        table { border-collapse: collapse; width: 100%; font-size: 14px; }
        th { text-align: left; color: var(--soft); font-weight: 600; font-size: 12.5px; white-space: nowrap; }
        th, td { padding: 8px 12px; border-bottom: 1px solid var(--rule); vertical-align: top; }
        tbody tr:last-child td { border-bottom: 0; } td small { display: block; font-size: 12.5px; }
        .n { text-align: right; font-variant-numeric: tabular-nums; }
        .steps td:nth-child(n+4) { min-width: 118px; font-variant-numeric: tabular-nums; }
        td i { color: var(--path); font-style: normal; font-size: 10px; }
        .track { display: block; height: 4px; margin-top: 5px; border-radius: 2px; background: var(--rule); overflow: hidden; }
        .fill { display: block; height: 100%; background: var(--path); } .hot { background: var(--bad); }
        details summary { cursor: pointer; font-weight: 600; font-size: 16px; margin-bottom: 10px; }
        footer { margin-top: 40px; font-size: 13px; }
        @media print { main { max-width: none; padding: 0; } .wide { overflow: visible; } pre { max-height: none; } }
        """
}

import PawlAPI
import PawlModel

/// A run, or the daemon, in the manner of `systemctl status`.
struct StatusText {
    var style: Style
    var zone: Zone
    var now: Timestamp

    /// The run as lines.
    func lines(_ status: RunStatus, width: Int?) -> [String] {
        let colour = Style.colour(of: status.state)
        var lines = ["\(style.paint(style.dot, colour)) \(style.paint(status.run, .bold)) - run of \(status.workflow)"]
        var state = style.paint(status.state.rawValue, colour)
        if let since = (status.ended ?? status.started).moment { state += " since \(moment(since))" }
        lines.append(field("State", state))
        if let reason = status.reason, !reason.isEmpty { lines.append(field("Reason", Style.harmless(reason))) }
        if status.ended != nil, let start = status.started.moment {
            lines.append(field("Started", zone.full(start)))
        }
        if let seconds = status.elapsed(now: now) { lines.append(field("Duration", TimeForms.duration(seconds))) }
        // Where it is the one that it was started from there is nothing to say.
        if let since = status.definitionSince.moment, since != status.started.moment, let file = status.definitionFile {
            lines.append(field("Definition", "\(Style.harmless(file)) as of \(moment(since))"))
        }
        lines.append(field("Progress", progress(status)))
        if let parent = status.parent { lines.append(field("Step of", parent)) }
        lines.append(field("Slice", status.slice ?? "pawl-\(status.id).slice"))
        if let limits = status.limits, !limits.isEmpty {
            lines.append(field("Limits", limits.map(Style.harmless).joined(separator: " ")))
        }
        for output in (status.outputs ?? [:]).sorted(by: { $0.key < $1.key }) {
            lines.append(field("Output", "\(output.key)=\(Style.harmless(output.value.text))"))
        }
        if let tasks = status.use?.tasks, tasks > 0 { lines.append(field("Tasks", "\(tasks)")) }
        let cpu = status.steps.compactMap(\.cpuSeconds)
        // That of what runs is in none of the steps yet, and that of before a boot in no slice any more.
        if let seconds = [cpu.isEmpty ? nil : cpu.reduce(0, +), status.use?.cpuSeconds].compactMap(\.self).max() {
            lines.append(field("CPU", TimeForms.duration(seconds)))
        }
        let attempts = status.steps.flatMap(\.attempts)
        let memory = [
            status.use?.memory.map { "\(TimeForms.size($0)) now" },
            attempts.compactMap(\.memoryPeak).max().map { "\(TimeForms.size($0)) (peak of one step)" },
        ].compactMap(\.self)
        if !memory.isEmpty { lines.append(field("Memory", memory.joined(separator: ", "))) }
        let (read, written) = (attempts.compactMap(\.ioReadBytes), attempts.compactMap(\.ioWriteBytes))
        if !read.isEmpty || !written.isEmpty {
            let sizes = [read, written].map { TimeForms.size($0.reduce(0, +)) }
            lines.append(field("IO", "\(sizes[0]) read, \(sizes[1]) written"))
        }
        lines.append("")
        lines += steps(status).lines(style: style, width: width, indent: 2)
        return lines
    }

    private func progress(_ status: RunStatus) -> String {
        var text = "\(status.stepsDone) of \(status.stepsTotal) steps"
        if status.stepsTotal > 0 { text += ", \(status.stepsDone * 100 / status.stepsTotal) %" }
        if let left = status.secondsLeft {
            text += ", about \(TimeForms.wholeSeconds(max(1, left.rounded()))) left"
        }
        return text
    }

    /// What the daemon has in hand: its runs, and what starts by itself next.
    func lines(_ runs: [RunSummary], _ workflows: [WorkflowSummary], width: Int?) -> [String] {
        var lines: [String] = []
        if !runs.isEmpty {
            lines.append("")
            lines += PsVerb.table(Array(runs.prefix(StatusText.mostRuns)), now: now).lines(style: style, width: width)
            if runs.count > StatusText.mostRuns {
                lines.append("and \(runs.count - StatusText.mostRuns) more; see 'pawl ps'")
            }
        }
        let next = workflows.compactMap { workflow in workflow.schedule?.next.moment.map { ($0, workflow.name) } }
        if !next.isEmpty {
            var table = TextTable(heading: ["NEXT", "LEFT", "WORKFLOW"])
            for (time, name) in next.sorted(by: { $0 < $1 }).prefix(StatusText.mostRuns) {
                table.add([
                    TextTable.Cell(zone.full(time)),
                    TextTable.Cell(TimeForms.wholeSeconds(max(0, time.seconds(since: now)))), TextTable.Cell(name),
                ])
            }
            lines.append("")
            lines += table.lines(style: style, width: width)
        }
        return lines
    }

    /// More of them somebody would have to scroll for.
    private static let mostRuns = 10

    /// How much of the host is in use.
    private func host(_ use: Messages.HostUse) -> String? {
        let parts = [
            ("memory", use.memory), ("CPU", use.cpu), ("disk", use.disk), ("waiting for memory", use.pressure),
        ]
        let words = parts.compactMap { name, part in part.map { "\(name) \(Int(($0 * 100).rounded())) %" } }
        return words.isEmpty ? nil : words.joined(separator: ", ")
    }

    /// The daemon as lines.
    func lines(_ daemon: Messages.Daemon, runs: [RunSummary] = []) -> [String] {
        let isFaulty = daemon.faults.contains { $0.severity == .error }
        var lines = [
            "\(style.paint(style.dot, isFaulty ? .red : .green)) \(style.paint("pawld", .bold)) \(daemon.version)"
        ]
        if let since = Optional(daemon.started).moment { lines.append(field("Active", "since \(moment(since))")) }
        lines.append(field("Main PID", "\(daemon.pid)"))
        // What does not go on is what somebody wants to know of.
        let others = [RunState.queued, .paused, .stopped].compactMap { state -> String? in
            let count = runs.count { $0.state == state }
            return count == 0 ? nil : "\(count) \(state.rawValue)"
        }
        var words =
            "\(daemon.runsActive) active" + (others.isEmpty ? "" : ", of them \(others.joined(separator: ", "))")
        if let most = daemon.runsMax { words += "; at most \(most) at once" }
        lines.append(field("Runs", words))
        lines.append(
            field("Steps", "\(daemon.stepsActive) running" + (daemon.stepsMax.map { "; at most \($0) at once" } ?? "")))
        if let words = daemon.host.flatMap(host) { lines.append(field("Host", words)) }
        if let bytes = daemon.host?.sliceBytes {
            lines.append(field("Memory", "\(TimeForms.size(bytes)) (pawl.slice)"))
        }
        if !daemon.status.isEmpty { lines.append(field("Status", Style.harmless(daemon.status))) }
        if !daemon.faults.isEmpty {
            lines.append("")
            lines += daemon.faults.map { Style.harmless($0.description) }
        }
        return lines
    }

    private func steps(_ status: RunStatus) -> TextTable {
        var table = TextTable(heading: ["  STEP", "STATE", "TIME", "ATTEMPTS", "CPU", "MEMORY", "RESULT"])
        let items = Dictionary(grouping: status.steps.filter { $0.item != nil }, by: \.id)
        var handler: String?
        for step in status.steps {
            if let next = step.handler, next != handler {
                table.add([TextTable.Cell("  \(next)", .bold)])
                handler = next
            }
            if step.item != nil, isFolded(step, among: items[step.id]?.count ?? 0) { continue }
            table.add(row(step, items: step.item == nil ? items[step.id] : nil))
            for attempt in step.attempts where step.attempts.count > 1 { table.add(row(attempt, of: step)) }
        }
        return table
    }

    /// Of many items only those have a row that somebody has to look at; the others are counted in that of their step.
    private func isFolded(_ item: StepStatus, among count: Int) -> Bool {
        count > StatusText.mostItems && item.state != .running && !item.isFailure
    }

    private static let mostItems = 20

    private func row(_ step: StepStatus, items: [StepStatus]?) -> [TextTable.Cell] {
        let colour = Style.colour(of: step)
        let memory = step.attempts.compactMap(\.memoryPeak).max()
        var words = result(of: step)
        if let items {
            let done = "\(items.count { $0.state.isEnded }) of \(items.count) items"
            words = words.isEmpty ? done : "\(done); \(words)"
        }
        if step.state == .running {
            var parts = step.progress.map { ["\($0) %"] } ?? []
            if let left = step.secondsLeft {
                parts.append("about \(TimeForms.wholeSeconds(max(1, left.rounded()))) left")
            }
            words = (parts + (words.isEmpty ? [] : [words])).joined(separator: ", ")
        }
        return [
            TextTable.Cell("\(indent(step))\(style.mark(step)) \(step.name)", colour),
            TextTable.Cell(step.state.rawValue, colour),
            TextTable.Cell(step.elapsed(now: now).map(TimeForms.duration) ?? "-"),
            TextTable.Cell("\(step.attempts.count)"),
            TextTable.Cell(step.cpuSeconds.map(TimeForms.duration) ?? "-"),
            TextTable.Cell(memory.map(TimeForms.size) ?? "-"),
            TextTable.Cell(words),
        ]
    }

    /// A handler's steps stand below it, and items below their step.
    private func indent(_ step: StepStatus) -> String {
        (step.handler == nil ? "" : "  ") + (step.item == nil ? "" : "  ")
    }

    /// One of several attempts, below its step.
    private func row(_ attempt: AttemptStatus, of step: StepStatus) -> [TextTable.Cell] {
        let end = attempt.ended.moment ?? now
        let seconds = attempt.started.moment.map { max(0, end.seconds(since: $0)) }
        let sign =
            attempt.number == step.attempts.last?.number
            ? (style.hasUnicode ? "└" : "`")
            : (style.hasUnicode ? "├" : "|")
        return [
            TextTable.Cell(
                "\(indent(step))  \(sign) \(attempt.repair == nil ? "attempt" : "repair") \(attempt.number)"
            ),
            TextTable.Cell(attempt.state.rawValue, Style.colour(of: attempt.state)),
            TextTable.Cell(seconds.map(TimeForms.duration) ?? "-"), TextTable.Cell(""),
            TextTable.Cell(attempt.cpuSeconds.map(TimeForms.duration) ?? "-"),
            TextTable.Cell(attempt.memoryPeak.map(TimeForms.size) ?? "-"),
            TextTable.Cell(ExitNames.words(of: attempt) ?? ""),
        ]
    }

    /// How it ended or why it waits; of one that is a run of another workflow that run.
    private func result(of step: StepStatus) -> String {
        let words = ExitNames.words(of: step)
        guard let run = step.attempts.last?.run, words?.contains(run) != true else { return words ?? "" }
        return words.map { "run \(run): \($0)" } ?? "run \(run)"
    }

    private func moment(_ time: Timestamp) -> String {
        "\(zone.full(time)); \(TimeForms.ago(now.seconds(since: time)))"
    }

    private func field(_ name: String, _ value: String) -> String {
        String(repeating: " ", count: max(0, 10 - name.count)) + name + ": " + value
    }
}

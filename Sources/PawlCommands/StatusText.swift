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
        lines.append(field("Progress", "\(status.stepsDone) of \(status.stepsTotal) steps"))
        if let parent = status.parent { lines.append(field("Step of", parent)) }
        lines.append(field("Slice", status.slice ?? "pawl-\(status.id).slice"))
        if let limits = status.limits, !limits.isEmpty {
            lines.append(field("Limits", limits.map(Style.harmless).joined(separator: " ")))
        }
        for output in (status.outputs ?? [:]).sorted(by: { $0.key < $1.key }) {
            lines.append(field("Output", "\(output.key)=\(Style.harmless(output.value.text))"))
        }
        let cpu = status.steps.compactMap(\.cpuSeconds)
        if !cpu.isEmpty { lines.append(field("CPU", TimeForms.duration(cpu.reduce(0, +)))) }
        let attempts = status.steps.flatMap(\.attempts)
        if let peak = attempts.compactMap(\.memoryPeak).max() {
            lines.append(field("Memory", "\(TimeForms.size(peak)) (peak of one step)"))
        }
        let (read, written) = (attempts.compactMap(\.ioReadBytes), attempts.compactMap(\.ioWriteBytes))
        if !read.isEmpty || !written.isEmpty {
            let sizes = [read, written].map { TimeForms.size($0.reduce(0, +)) }
            lines.append(field("IO", "\(sizes[0]) read, \(sizes[1]) written"))
        }
        lines.append("")
        lines += steps(status).lines(style: style, width: width, indent: 2)
        return lines
    }

    /// The daemon as lines.
    func lines(_ daemon: Messages.Daemon) -> [String] {
        let isFaulty = daemon.faults.contains { $0.severity == .error }
        var lines = [
            "\(style.paint(style.dot, isFaulty ? .red : .green)) \(style.paint("pawld", .bold)) \(daemon.version)"
        ]
        if let since = Optional(daemon.started).moment { lines.append(field("Active", "since \(moment(since))")) }
        lines.append(field("Main PID", "\(daemon.pid)"))
        lines.append(field("Runs", "\(daemon.runsActive) active"))
        lines.append(field("Steps", "\(daemon.stepsActive) running"))
        if !daemon.status.isEmpty { lines.append(field("Status", Style.harmless(daemon.status))) }
        if !daemon.faults.isEmpty {
            lines.append("")
            lines += daemon.faults.map { Style.harmless($0.description) }
        }
        return lines
    }

    private func steps(_ status: RunStatus) -> TextTable {
        var table = TextTable(heading: ["  STEP", "STATE", "TIME", "ATTEMPTS", "CPU", "MEMORY", "RESULT"])
        for step in status.steps {
            let colour = Style.colour(of: step.state)
            let memory = step.attempts.compactMap(\.memoryPeak).max()
            table.add([
                TextTable.Cell("\(style.mark(step.state)) \(step.name)", colour),
                TextTable.Cell(step.state.rawValue, colour),
                TextTable.Cell(step.elapsed(now: now).map(TimeForms.duration) ?? "-"),
                TextTable.Cell("\(step.attempts.count)"),
                TextTable.Cell(step.cpuSeconds.map(TimeForms.duration) ?? "-"),
                TextTable.Cell(memory.map(TimeForms.size) ?? "-"),
                TextTable.Cell(result(of: step)),
            ])
        }
        return table
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

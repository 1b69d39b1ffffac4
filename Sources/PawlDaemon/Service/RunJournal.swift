import PawlEngine
import PawlLanguage
import PawlModel
import PawlStore
import Synchronization
import SystemdKit

/// What pawld says in the journal, each entry once, with the fields that people filter by.
final class RunJournal: Sendable {
    private let level: Mutex<Configuration.LogLevel>
    /// The file that pawld's own entries go to, where that is wanted.
    private let file = Mutex<LogFile?>(nil)
    private let scope: RuntimeScope
    private let counts = Mutex<(runs: Int, steps: Int)>((0, 0))
    private let onActivity: @Sendable (Int, Int) -> Void
    private let entry: @Sendable ([(name: String, value: String)]) throws -> Void

    /// Writes entries of a level and those that are more important.
    ///
    /// - Parameters:
    ///   - scope: whose units it speaks of.
    ///   - entry: writes one entry.
    ///   - onActivity: is told how many runs and steps are active whenever that has changed.
    init(
        level: Configuration.LogLevel, scope: RuntimeScope = .system,
        entry: @escaping @Sendable ([(name: String, value: String)]) throws -> Void = { try Journal.write(fields: $0) },
        onActivity: @escaping @Sendable (_ runs: Int, _ steps: Int) -> Void
    ) {
        self.level = Mutex(level)
        self.scope = scope
        self.entry = entry
        self.onActivity = onActivity
    }

    /// From now on entries of this level and those that are more important are written.
    func set(level: Configuration.LogLevel) {
        self.level.withLock { $0 = level }
    }

    /// From now on pawld's own entries go into a file, or into the journal. What steps write is always in the journal.
    func set(file: LogFile?) {
        self.file.withLock { $0 = file }
    }

    /// Entries that could not be written to the file go where they would go without it.
    func keep(_ entries: [LogFile.Fields], because fault: String) {
        let warning = "What follows belongs into the log file, but pawld \(fault)"
        let fields = [
            (name: "MESSAGE", value: warning), ("PRIORITY", String(Configuration.LogLevel.warning.priority)),
            ("SYSLOG_IDENTIFIER", "pawld"),
        ]
        for fields in [fields] + entries { sendToJournal(fields) }
    }

    /// How much is going on.
    func activity(runs: Int, steps: Int) {
        let changed = counts.withLock { counts in
            defer { counts = (runs, steps) }
            return counts != (runs, steps)
        }
        if changed { onActivity(runs, steps) }
    }

    /// What a recorded event means for those who read the journal.
    func write(_ event: Event, of run: Run) {
        // `journalctl -u` and `systemctl status` of a unit show what root says about it under this field.
        let unit = run.created.unit.map { [(scope.objectUnitField, $0)] } ?? []
        let fields = [("PAWL_RUN", run.name), ("PAWL_WORKFLOW", run.created.workflow)] + unit
        switch event {
        case .runCreated(let body):
            let what =
                body.undo.map { " to take back \($0.name)" } ?? body.parent.map {
                    " as step '\($0.stepName)' of \($0.name)"
                }
                ?? ""
            write(.info, .runStarted, "Run \(run.name) was started by \(body.requester)\(what)", fields)
        case .runResumed(let body):
            let verb = body.retry ? "retried" : "resumed"
            let from = body.from.map { " from step '\($0)'" } ?? ""
            let with = body.definition.map { ", with the definition that \($0.file) has now," } ?? ""
            write(.info, .runStarted, "Run \(run.name) was \(verb)\(from)\(with) by \(body.requester)", fields)
        case .attemptOrdered(let body):
            let attempt = body.number > 1 ? ", attempt \(body.number)" : ""
            let what = body.repair.map { "The repair for exit status \($0) of step" } ?? "Step"
            write(
                .info, .stepStarted,
                "\(what) '\(RunJournal.name(body.step, body.item))' of \(run.name) starts\(attempt)",
                fields + [
                    ("PAWL_STEP", body.step), ("PAWL_ATTEMPT", String(body.number)), ("PAWL_UNIT", body.unit),
                ])
        case .stepEnded(let body):
            let level: Configuration.LogLevel = body.state == .succeeded || body.state == .skipped ? .info : .warning
            let outcome = RunJournal.outcome(body.state.rawValue, body.reason)
            write(
                level, .stepEnded,
                "Step '\(RunJournal.name(body.step, body.item))' of \(run.name): \(outcome)",
                fields + [("PAWL_STEP", body.step), ("PAWL_STATE", body.state.rawValue)]
                    + RunJournal.attempt(of: body.step, body.item, run))
        case .runLimited(let body):
            let limits = body.limits.flatMap(\.assignments)
            let what = limits.isEmpty ? "as its workflow says again" : limits.joined(separator: " ")
            write(.notice, .runLimited, "The slice of \(run.name) is limited by \(body.requester): \(what)", fields)
        case .runPaused(let body):
            write(
                .notice, .runPaused,
                "Run \(run.name) is paused by \(body.requester): 'pawl unpause \(run.name)' goes on", fields)
        case .runUnpaused(let body):
            write(.notice, .runPaused, "Run \(run.name) goes on after its pause, as \(body.requester) asked", fields)
        case .hostLost(let body):
            let what = body.recovery == .restart ? "starts anew" : "fails"
            write(.warning, .runStopped, "Run \(run.name) \(what), since the host was lost while it ran", fields)
        case .servicesLost(let body):
            let names = Set(body.entries.map(\.step)).sorted().joined(separator: ", ")
            write(
                .notice, .stepStarted, "The services of \(run.name) went with the host and are started again: \(names)",
                fields)
        case .runStopped(let body):
            write(.warning, .runStopped, "Run \(run.name) waits for a person: \(body.reason)", fields)
        case .cancelRequested(let body):
            write(.notice, .runEnded, "Run \(run.name) is to end: \(body.reason ?? body.cause.rawValue)", fields)
        case .runEnded(let body):
            let level: Configuration.LogLevel = body.state == .succeeded ? .info : .warning
            write(
                level, .runEnded, "Run \(run.name): \(RunJournal.outcome(body.state.rawValue, body.reason))",
                fields + [("PAWL_STATE", body.state.rawValue)])
        case .approvalAsked(let body):
            write(
                .notice, .runStopped,
                "Step '\(RunJournal.name(body.step, body.item))' of \(run.name) \(body.words(of: run.name))",
                fields + [("PAWL_STEP", body.step)])
        case .phaseBegan(let body):
            let outcome = RunJournal.outcome(body.state.rawValue, body.reason)
            write(
                .info, .stepStarted,
                "The steps of \(run.name) are over, \(outcome). Its '\(body.phase.rawValue)' begins",
                fields)
        case .runUndone(let body):
            write(
                .notice, .runStarted, "Run \(run.name) is taken back by \(body.by), as \(body.requester) asked", fields)
        case .lockWanted(let body):
            let who = body.step.map { "Step '\(RunJournal.name($0, body.item))' of \(run.name)" } ?? "Run \(run.name)"
            let holder = body.holder.map { ", held by \($0)" } ?? ""
            write(
                .info, .lockWanted, "\(who) waits for lock '\(body.key)'\(holder)",
                fields + (body.step.map { [("PAWL_STEP", $0)] } ?? []))
        case .lockRefused(let body):
            write(
                .notice, .lockWanted,
                "Step '\(RunJournal.name(body.step, body.item))' of \(run.name) asks again later: \(body.reason)",
                fields + [("PAWL_STEP", body.step)])
        case .attemptEnded, .delaySet, .stepExpanded, .approvalAnswered, .lockGranted, .runBegan:
            // Said by the step's end, or by its next attempt.
            break
        }
    }

    /// The last attempt of a step or item; one that was skipped has none.
    private static func attempt(of step: String, _ item: Int?, _ run: Run) -> [(String, String)] {
        guard let place = run.place(of: step, item: item) else { return [] }
        let number = item.map { [("PAWL_ITEM", String($0))] } ?? []
        return number + (run[place].attempts.last.map { [("PAWL_ATTEMPT", String($0.number))] } ?? [])
    }

    /// A step, or an item of one, as a reader names it.
    private static func name(_ step: String, _ item: Int?) -> String { Names.step(step, item: item) }

    /// One line of a step's stdout that was kept in a file, as if the step had written it to the journal itself.
    func line(_ line: String, of command: StepCommand) {
        sendToJournal(
            [
                ("MESSAGE", line), ("PRIORITY", "6"), ("SYSLOG_IDENTIFIER", command.name.step),
                ("PAWL_WORKFLOW", command.workflow), ("PAWL_RUN", command.name.run.name(of: command.workflow)),
                ("PAWL_STEP", command.name.step), ("PAWL_ATTEMPT", String(command.name.number)),
            ] + (command.name.item.map { [("PAWL_ITEM", String($0))] } ?? []))
    }

    /// Nothing of a run can be recorded.
    func storeFailed(run: String, cause: String) {
        write(
            .error, .storeFailed,
            "Run \(run) stands still, since it cannot go on: \(cause). 'pawl resume \(run)' goes on",
            [("PAWL_RUN", run)])
    }

    /// A run that this version cannot take up.
    func unreadable(run: String, cause: String) {
        write(.error, .storeFailed, "Run \(run) cannot be read and is left as it is: \(cause)", [("PAWL_RUN", run)])
    }

    /// The store was damaged.
    func damaged(_ damage: StoreDamage) {
        let list = { (names: [String]) in names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", ..." : "") }
        if damage.isBehind {
            return write(
                .error, .storeDamaged,
                "The store was damaged: \(damage.cause). What was left of its log is \(damage.file). Runs go on from the "
                    + "events before; what receipts and units tell of them is taken",
                [("PAWL_FILE", damage.file)])
        }
        var message =
            "The store was damaged (\(damage.cause)). The damaged file is \(damage.file); \(damage.kept) runs were "
            + "taken over whole"
        if !damage.shortened.isEmpty {
            message +=
                ", \(damage.shortened.count) without their last events: \(list(damage.shortened.map(\.rawValue)))"
        }
        if !damage.lost.isEmpty { message += ", \(damage.lost.count) are lost: \(list(damage.lost))" }
        write(.error, .storeDamaged, message, [("PAWL_FILE", damage.file)])
    }

    /// A run that has a folder, and that the store does not know.
    func missing(run: RunID, folder: String, attempts: [String]) {
        let left = attempts.isEmpty ? "" : "; there are receipts of \(attempts.joined(separator: ", "))"
        write(
            .error, .storeDamaged,
            "Run \(run) is not in the store any more, and nothing of it goes on. Its folder is \(folder)\(left). Remove the folder "
                + "once you have what you want of it",
            [("PAWL_FILE", folder)])
    }

    /// `failed: exit status 3`, and no reason that only says the same.
    static func outcome(_ state: String, _ reason: String?) -> String {
        reason.map { $0 == state ? state : "\(state): \($0)" } ?? state
    }

    /// A run that pawld did not survive taking up, again and again.
    func setAside(run: String, reason: String) {
        write(.error, .setAside, "Run \(run) stands still: \(reason)", [("PAWL_RUN", run)])
    }

    /// pawld answers.
    func ready(runs: Int) {
        write(.info, .daemonReady, "pawld is ready, \(runs) runs go on", [])
    }

    /// A unit that bears one of our names and that no run knows, or none any more.
    func orphan(_ unit: String) {
        write(
            .warning, .orphan, "The unit \(unit) belongs to no run that is known; it is left alone",
            [("PAWL_UNIT", unit)])
    }

    /// A unit of a step whose end is recorded, and which runs all the same.
    func stillRuns(_ unit: String) {
        write(
            .warning, .orphan,
            "The unit \(unit) still runs, though the end of its step is recorded; it is left alone and let go when it has ended. "
                + "'\(scope.systemctl) status \(unit)' shows it, '\(scope.systemctl) stop \(unit)' ends it",
            [("PAWL_UNIT", unit)])
    }

    /// A part of the host has crossed its threshold.
    func crossed(_ crossing: ResourceWatch.Crossing) {
        let (use, threshold) = (Int((crossing.use * 100).rounded()), Int((crossing.threshold * 100).rounded()))
        let words = crossing.words.prefix(1).uppercased() + crossing.words.dropFirst()
        write(
            crossing.isAbove ? .warning : .notice, .resource,
            crossing.isAbove
                ? "\(words) is used to \(use) %, and its threshold is \(threshold) %"
                : "\(words) is used to \(use) % again, below its threshold of \(threshold) %",
            [("PAWL_RESOURCE", crossing.part.rawValue), ("PAWL_USE", String(use))])
    }

    /// Somebody asked for what he may not.
    func refused(_ record: AuditRecord) {
        let caller = record.caller
        let who = caller.user.map { "\($0) (uid \(caller.uid))" } ?? "uid \(caller.uid)"
        let what = [record.action, record.target].compactMap(\.self).joined(separator: " ")
        write(
            .warning, .refused, "\(who) may not '\(what)': refused",
            [("PAWL_ACTION", record.action), ("PAWL_TARGET", record.target ?? ""), ("PAWL_UID", String(caller.uid))])
    }

    /// The slice of a run that is over, in which there is something that is none of its steps.
    func keptSlice(_ slice: String, units: [String]) {
        let names = units.prefix(5).joined(separator: ", ") + (units.count > 5 ? ", ..." : "")
        write(
            .warning, .orphan,
            "The slice \(slice) of a run that is over is left alone: \(names) is in it, which is no step of that run. Stop it, "
                + "and the slice goes with the next start of pawld",
            [("PAWL_UNIT", slice)])
    }

    /// Something about the schedule of a workflow, or of all.
    func schedule(_ level: Configuration.LogLevel, _ workflow: String?, _ message: String) {
        let fields = workflow.map { name in
            [("PAWL_WORKFLOW", name)]
                + [TimerUnit.name(of: name), TimerUnit.service(of: name)].map { (scope.objectUnitField, $0) }
        }
        write(level, .schedule, message, fields ?? [])
    }

    /// Faults in the configuration or in workflows.
    func faults(_ faults: [Diagnostic]) {
        for fault in faults { write(.error, .faulty, fault.description, [("PAWL_FILE", fault.file)]) }
    }

    /// Something that concerns pawld itself.
    func note(_ level: Configuration.LogLevel, _ message: String) {
        guard isWritten(level) else { return }
        send([("MESSAGE", message), ("PRIORITY", String(level.priority)), ("SYSLOG_IDENTIFIER", "pawld")])
    }

    private func write(
        _ level: Configuration.LogLevel, _ id: MessageID, _ message: String, _ fields: [(String, String)]
    ) {
        guard isWritten(level) else { return }
        send(
            [
                ("MESSAGE", message), ("MESSAGE_ID", id.rawValue), ("PRIORITY", String(level.priority)),
                ("SYSLOG_IDENTIFIER", "pawld"),
            ] + fields)
    }

    private func isWritten(_ level: Configuration.LogLevel) -> Bool {
        level.priority <= self.level.withLock { $0.priority }
    }

    private func send(_ fields: [(String, String)]) {
        let fields = fields.map { (name: $0.0, value: $0.1) }
        if let file = file.withLock(\.self) {
            file.add(fields, at: Daemon.now())
        } else {
            sendToJournal(fields)
        }
    }

    private func sendToJournal(_ fields: LogFile.Fields) {
        do {
            try entry(fields)
        } catch {
            // There is nowhere left to say it; what happened is in the store all the same.
        }
    }
}

extension Configuration.LogLevel {
    /// The number that syslog gives the level (`man:syslog(3)`).
    var priority: Int {
        switch self {
        case .error: 3
        case .warning: 4
        case .notice: 5
        case .info: 6
        case .debug: 7
        }
    }

    /// The level of a number; what is more important than an error is one.
    init(priority: Int) {
        self = Self.allCases.first { $0.priority == priority } ?? (priority > 6 ? .debug : .error)
    }
}

import PawlEngine
import PawlLanguage
import PawlModel

/// One attempt from its order to its release: what the conductor decided is carried out, and what came of it goes back.
struct AttemptWork: Sendable {
    let conductor: Conductor
    let driver: AttemptDriver
    let folders: any AttemptFiles
    let journal: RunJournal

    /// Sees an attempt to its end. The order matters: harvest, record, and only then release, since until it is recorded
    /// the unit and the receipt are the only ones that know.
    func carryOut(_ command: StepCommand, epoch: String, isNew: Bool) async {
        let name = command.name
        if !isNew, command.repair == nil { await folders.watchProgress(of: name) }
        let end = await driver.drive(
            command, isNew: isNew, epoch: epoch,
            isCancelled: { await conductor.isCancelled(name) },
            looked: { isNew ? false : await conductor.looked(at: name) })
        // With an outcome the output is read, and that is the end of it.
        if case .outcome = end {} else { await folders.forgetProgress(of: name) }
        let isSettled = await settle(command, end)
        await conductor.leave(name, isSettled: isSettled)
        // Nobody asks for it any more.
        _ = driver.signs.takeFailure(of: name.unit)
    }

    /// Returns false if the end is not recorded, so that somebody has to look for the attempt again.
    private func settle(_ command: StepCommand, _ end: AttemptDriver.End) async -> Bool {
        let name = command.name
        let cancelled = await conductor.cancellation(of: name.run)
        var outcome: AttemptOutcome
        var needsRelease = false
        switch end {
        case .outcome(let result, let isLoaded, let foreign):
            if let foreign {
                journal.note(.warning, "\(foreign). What became of \(name.unit) is taken from systemd")
            }
            let report = command.plan == nil ? nil : await report(of: command)
            outcome = result.outcome(
                cancelled: cancelled, timeout: command.timeout.map { TimeSpan.text(of: $0) },
                program: command.program, user: command.user,
                // Where nothing was to be done, the program has not run.
                successes: report?.state == .doneBefore ? [0] : command.successes)
            if command.plan != nil { AttemptWork.take(report, of: command, into: &outcome) }
            // Its receipt may have been written before it failed, when one of its processes did not heed the SIGTERM that
            // came after that; then the failure itself was seen.
            needsRelease = driver.signs.takeFailure(of: name.unit) || isLoaded
            await collect(command, into: &outcome)
        case .refused(let words):
            outcome = AttemptOutcome(state: cancelled == nil ? .failed : .cancelled, reason: words)
        case .unmet(let unmet):
            outcome = command.outcome(unmet: unmet, isCancelled: cancelled != nil)
        case .lost(let words):
            outcome = AttemptOutcome(state: cancelled == nil ? .interrupted : .cancelled, reason: words)
        case .blocked(let cause):
            await conductor.block(name.run, because: cause)
            return false
        case .left:
            return true
        }
        do {
            try await conductor.submit(
                .attemptEnded(AttemptEnded(step: name.step, item: name.item, number: name.number, outcome: outcome)),
                to: name.run)
        } catch {
            // Not recorded: receipt and unit stay as they are, and tell the same when the run is resumed.
            return false
        }
        await driver.freezer.forget(name)
        if needsRelease { await driver.release(name) }
        return true
    }

    /// What `pawl-step` has found, as far as it can be read.
    private func report(of command: StepCommand) async -> StepReport? {
        do {
            return try await folders.report(of: command.name)
        } catch {
            journal.note(.debug, "What \(command.name.unit) has found cannot be read: \(error)")
            return nil
        }
    }

    /// Takes what `pawl-step` has found: that there was nothing to do, or what was still missing.
    private static func take(_ report: StepReport?, of command: StepCommand, into outcome: inout AttemptOutcome) {
        if outcome.state == .succeeded, outcome.exitCode != 0, report?.state != .done {
            // A status that the program may end with is one that pawl-step itself may have ended with.
            outcome.state = .failed
            outcome.reason = "exit status \(outcome.exitCode ?? 0), and its 'done_when' did not come to hold"
        }
        guard let report else { return }
        switch (report.state, outcome.state) {
        case (.doneBefore, .succeeded):
            outcome.state = .skipped
            outcome.reason = "done already: \(report.text)"
        case (.refused, .failed): outcome.reason = report.text
        case (.open, .failed) where command.plan?.asksOnly == true || command.plan?.turn != .program:
            outcome.reason = report.text
        case (.open, .timedOut):
            outcome.reason = (outcome.reason ?? "timed out") + ": \(report.text)"
        default: break
        }
    }

    /// Takes what the step gave. What cannot be taken makes the step fail, since others may rely on it.
    private func collect(_ command: StepCommand, into outcome: inout AttemptOutcome) async {
        // What a repair writes is nobody's.
        guard command.repair == nil else { return }
        var faults: [any Error] = []
        if command.keepsOutput {
            // First and on its own: whatever is wrong with the outputs, what the step printed is in its log.
            do {
                outcome.output = try await output(of: command)
            } catch {
                faults.append(error)
            }
        }
        do {
            if let bytes = try await folders.output(of: command.name), !bytes.isEmpty {
                outcome.outputs = try OutputFile.parse(
                    AttemptWork.text(bytes, of: "$PAWL_OUTPUT"),
                    declared: await conductor.declaredOutputs(of: command.name))
            }
        } catch {
            faults.append(error)
        }
        guard let fault = faults.last, outcome.state == .succeeded else { return }
        outcome.state = .failed
        outcome.reason = "\(fault)"
    }

    /// What the step printed, without its last newline, where it is kept. The journal has it first.
    private func output(of command: StepCommand) async throws -> String? {
        guard let bytes = try await folders.stdout(of: command.name) else { return nil }
        var rest = bytes[...]
        while !rest.isEmpty {
            // In parts, since whoever else needs that thread is not to wait for all of a burst.
            var lines: [String] = []
            while !rest.isEmpty, lines.count < 1000 {
                let line = rest.prefix { $0 != UInt8(ascii: "\n") }
                lines.append(String(decoding: line, as: UTF8.self))
                rest = rest[line.endIndex...].dropFirst()
            }
            await folders.toJournal(lines, of: command, journal)
        }
        guard bytes.count <= OutputFile.limit else {
            throw OutputFault("its stdout has \(bytes.count) bytes; at most \(OutputFile.limit) can be kept")
        }
        let text = try AttemptWork.text(bytes, of: "its stdout")
        return String(text.hasSuffix("\n") ? text.dropLast() : text[...])
    }

    private static func text(_ bytes: [UInt8], of what: String) throws(OutputFault) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw OutputFault("\(what) is not valid UTF-8")
        }
        return text
    }
}

extension AttemptFolders {
    /// Writes lines of a step's kept stdout to the journal with the step's fields, on this actor's thread: each waits for
    /// journald.
    func toJournal(_ lines: [String], of command: StepCommand, _ journal: RunJournal) {
        for line in lines { journal.line(line, of: command) }
    }
}

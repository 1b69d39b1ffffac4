import PawlEngine
import PawlModel

/// Carries one attempt out after the other: start, wait, harvest. It decides nothing and records nothing; what it finds
/// it returns.
struct AttemptDriver: Sendable {
    /// systemd.
    let manager: any ServiceManager
    /// The attempts' files.
    let folders: any AttemptFiles
    /// The runs' slices.
    let slices: RunSlices
    /// Lets the steps of paused runs wait.
    let freezer: StepFreezer
    /// 'Look again'.
    let signs: UnitSigns
    /// Whether the host is going down.
    let isHostStopping: @Sendable () -> Bool

    /// How often a unit that is nowhere to be found is asked for under the same name.
    private static let mostStarts = 3

    /// What came of an attempt.
    enum End: Sendable {
        /// It is over. Once that is recorded its unit is to be released, if it is still loaded. Where what stands in the
        /// receipt's place is none, what is wrong with it.
        case outcome(UnitResult, isLoaded: Bool, foreign: String? = nil)
        /// systemd refused to make a unit of it.
        case refused(String)
        /// It was not started, since what the step itself has as a condition did not hold.
        case unmet(UnmetCondition)
        /// Nobody knows how it ended, for this reason: it was lost together with the host, or cleared away.
        case lost(String)
        /// What is needed to go on is not there, such as room on the disk; nothing about the attempt is known.
        case blocked(String)
        /// pawld or the host goes down; the next pawld looks again.
        case left
    }

    /// Starts an attempt, or adopts it, and waits for its end.
    ///
    /// - Parameters:
    ///   - command: what to start.
    ///   - isNew: whether it was ordered just now. If not, it is looked for first.
    ///   - epoch: the life of the manager in which it was ordered.
    ///   - isCancelled: whether it is to be stopped by now; asked again after the start, since a cancellation that came
    ///     in while the start was under way found nothing to stop.
    ///   - looked: called once the unit's state is known for the first time; says what `isCancelled` says.
    func drive(
        _ command: StepCommand, isNew: Bool, epoch: String, isCancelled: @Sendable () async -> Bool,
        looked: @Sendable () async -> Bool
    ) async -> End {
        let unit = command.name.unit
        // Signs are asked for before the first look: what happens between the two is not missed.
        let changes = signs.signs(of: unit)
        defer { signs.forget(unit) }
        var mayStart = isNew
        var starts = 0
        var hasLooked = false
        var wasOrderedBefore = false
        var sign = changes.makeAsyncIterator()
        while !Task.isCancelled {
            if mayStart {
                let asked = await ask(command, isFirst: isNew && starts == 0, isCancelled)
                mayStart = false
                wasOrderedBefore = false
                var isStarted = true
                switch asked {
                case .ended(let end): return end
                // A folder comes after the order: there was one that the store has lost, and it may have been carried out.
                case .wasOrderedBefore:
                    wasOrderedBefore = true
                    continue
                case .started: break
                // Started or not, looking tells. No sign may ever come of what was not started.
                case .unknown: isStarted = false
                }
                starts += 1
                if await isCancelled() { await stop(command.name) }
                if starts == 1, isStarted {
                    // A unit that was started just now need not be looked for: its end gives a sign.
                    if !hasLooked { _ = await looked() }
                    hasLooked = true
                    _ = await sign.next(isolation: nil)
                }
            }
            // One that is looked for the first time most likely runs: then PID 1 is asked first, and no file is.
            switch await look(command.name, epoch: epoch, receiptFirst: isNew || hasLooked) {
            case .ended(let end):
                if !hasLooked { _ = await looked() }
                return end
            case .running:
                // At each look: an order to stop may have been lost together with the bus.
                let mustStop = hasLooked ? await isCancelled() : await looked()
                if mustStop { await stop(command.name) }
                hasLooked = true
                _ = await sign.next(isolation: nil)
            case .nowhere:
                if !hasLooked { _ = await looked() }
                hasLooked = true
                // The receipt is a condition too, but that one was looked for. A pawld that was killed before it saw the sign
                // asks again: whether the condition holds or not, PID 1 answers for good.
                if let unmet = signs.takeUnmet(of: unit), !command.conditions(unmet).isEmpty { return .unmet(unmet) }
                if wasOrderedBefore {
                    return .lost(
                        "it had been ordered before, which the store has lost: its folder \(command.attemptFolder) was there, "
                            + "and nobody knows whether it ran")
                }
                guard starts < AttemptDriver.mostStarts else {
                    return .refused(
                        "its unit \(unit) was asked for \(starts) times and never appeared\(command.whyNever)")
                }
                mayStart = true
            case .unknown:
                // The bus is gone; everybody is given a sign when it is back.
                _ = await sign.next(isolation: nil)
            }
        }
        return .left
    }

    private enum Asked {
        case started
        case unknown
        case wasOrderedBefore
        case ended(End)
    }

    /// Asks for an attempt's unit once, as soon as its run is not paused.
    private func ask(_ command: StepCommand, isFirst: Bool, _ isCancelled: @Sendable () async -> Bool) async -> Asked {
        guard await freezer.enter(command.name.run) else { return .ended(.left) }
        defer { freezer.leave(command.name.run) }
        if await isCancelled() { return .ended(.outcome(AttemptDriver.neverStarted, isLoaded: false)) }
        do throws(FolderFault) {
            if try await folders.prepare(command), isFirst { return .wasOrderedBefore }
        } catch {
            return .ended(error.isDiskFull ? .blocked(error.description) : .refused(error.description))
        }
        var credentials: [FoundCredential] = []
        if !command.credentials.isEmpty {
            // Right before the start, and each time anew: what is in the stores may have been mended meanwhile.
            do throws(CredentialFault) { credentials = try await folders.credentials(of: command) } catch {
                return .ended(.refused(error.description))
            }
        }
        do throws(ServiceManagerFault) {
            // Its limits first: nothing of a run is ever without them.
            try await slices.ensure(command)
            try await manager.start(StepUnit(command, credentials: credentials))
            return .started
        } catch {
            switch error {
            case .refused(let words): return .ended(.refused(words))
            case .hostStopping: return .ended(.left)
            case .unknownOutcome: return .unknown
            }
        }
    }

    /// Stops an attempt's unit and all of its processes.
    func stop(_ name: AttemptName) async {
        do throws(ServiceManagerFault) {
            try await manager.stop(name.unit, in: name.run.slice)
        } catch {
            // Unknown outcome: with the bus back the driver looks again, and stops what still runs.
        }
    }

    /// Kills an attempt's processes at once, and stops its unit.
    func kill(_ name: AttemptName) async {
        do throws(ServiceManagerFault) {
            try await manager.kill(name.unit, in: name.run.slice)
        } catch {
            // As in `stop`, which was ordered too.
        }
    }

    /// Forgets an attempt's unit. Only to be called once the attempt's end is recorded: until then PID 1 is the second
    /// source of its result.
    func release(_ name: AttemptName) async {
        do throws(ServiceManagerFault) {
            try await manager.release(name.unit, in: name.run.slice)
        } catch {
            // What stays loaded is swept up at the next start.
        }
    }

    private enum Sight {
        case ended(End)
        case running
        case nowhere
        case unknown
    }

    /// Receipt first, then PID 1, then the receipt again: it may have been written between the two. The first of them only
    /// spares the others, so it is left out where it would most likely be missing.
    private func look(
        _ name: AttemptName, epoch: String, receiptFirst: Bool, hadMark: Bool = false
    ) async -> Sight {
        if receiptFirst, case .end(let end) = await harvest(name) { return .ended(end) }
        let status: UnitStatus?
        let now: String
        do throws(ServiceManagerFault) {
            status = try await manager.status(of: name.unit)
            now = try await manager.epoch()
        } catch {
            return .unknown
        }
        if let words = status?.stranger(named: name.unit, to: name.run.slice) {
            return await look(name, epoch: epoch, now: now, pastStranger: words)
        }
        if let status, !status.hasEnded { return .running }
        var foreign: String?
        switch await harvest(name) {
        case .end(let end): return .ended(end)
        case .foreign(let words): foreign = words
        case .nothing: break
        }
        if let status {
            var result = Self.resultWithoutReceipt(status)
            // PID 1 does not say by whom it was stopped; what ends from now on may be the shutdown's doing.
            result.hostStopping = isHostStopping()
            return .ended(.outcome(result, isLoaded: true, foreign: foreign))
        }
        if let foreign {
            // The file keeps the unit from starting, so it was started before, in whatever epoch.
            return .ended(.lost("it has no receipt, and systemd does not know it any more: \(foreign)"))
        }
        guard now == epoch else { return .ended(.lost("the host was lost while it ran")) }
        if await folders.hasStarted(name) {
            // Unless it was started since PID 1 was asked, by a call of an earlier pawld that came in late.
            guard hadMark else { return await look(name, epoch: epoch, receiptFirst: true, hadMark: true) }
            return .ended(.lost("its unit was cleared away before it could be read how it ended, and left no receipt"))
        }
        return .nowhere
    }

    /// Another unit has the name of an attempt, so PID 1 knows nothing of the attempt: only a receipt can tell of it. The
    /// stranger is not waited for.
    private func look(_ name: AttemptName, epoch: String, now: String, pastStranger words: String) async -> Sight {
        switch await harvest(name) {
        case .end(.outcome(let result, _, let foreign)):
            // There is nothing of ours to let go.
            return .ended(.outcome(result, isLoaded: false, foreign: foreign))
        case .end(let end): return .ended(end)
        case .foreign(let what): return .ended(.lost("\(words). The attempt itself has no receipt: \(what)"))
        case .nothing: break
        }
        // The mark of a start may be the stranger's, which has the drop-in by its name.
        let hasStarted = await folders.hasStarted(name)
        guard now != epoch || hasStarted else { return .ended(.refused(words)) }
        return .ended(.lost("\(words). Whether the step had been run before, nobody knows"))
    }

    private enum Harvest {
        case nothing
        case end(End)
        /// What stands in the receipt's place is none.
        case foreign(String)
    }

    private func harvest(_ name: AttemptName) async -> Harvest {
        do throws(FolderFault) {
            guard let receipt = try await folders.receipt(of: name) else { return .nothing }
            let result = receipt.result
            // One that did well is gone by itself.
            return .end(.outcome(result, isLoaded: result.result != "success" || result.exit != .exited(0)))
        } catch {
            return error.isForeign ? .foreign(error.description) : .end(.blocked(error.description))
        }
    }

    /// A unit that ended and left no receipt: PID 1 knows what happened. Where Result is `exit-code` and the main process
    /// exited with 0 or fell to a signal, it speaks of the recorder alone: up to there all had gone as it should, and the
    /// step did its work or was stopped.
    static func resultWithoutReceipt(_ status: UnitStatus) -> UnitResult {
        var result = status.result
        guard result.result == "exit-code" else { return result }
        switch result.exit {
        case .exited(0), .killed, .dumped: result.result = "success"
        case .exited, .none: break
        }
        return result
    }

    /// What is said of an attempt that was cancelled before its unit was asked for.
    private static let neverStarted = UnitResult(result: "success", exit: .none, ended: nil)
}

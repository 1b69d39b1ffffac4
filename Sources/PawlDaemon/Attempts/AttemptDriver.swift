import PawlEngine
import PawlModel

/// Carries one attempt out after the other: start, wait, harvest. It decides nothing and records nothing; what it finds
/// it returns.
struct AttemptDriver: Sendable {
    /// systemd.
    let manager: any ServiceManager
    /// The attempts' files.
    let folders: AttemptFolders
    /// 'Look again'.
    let signs: UnitSigns

    /// How often a unit that is nowhere to be found is asked for under the same name.
    private static let mostStarts = 3

    /// What came of an attempt.
    enum End: Sendable {
        /// It is over. Its unit is to be released once that is recorded.
        case outcome(UnitResult)
        /// systemd refused to make a unit of it.
        case refused(String)
        /// It was lost together with the host: another life of the manager, and nothing is known.
        case lost
        /// What is needed to go on is not there, such as room on the disk; nothing about the attempt is known.
        case blocked(String)
    }

    /// Starts an attempt, or adopts it, and waits for its end.
    ///
    /// - Parameters:
    ///   - command: what to start.
    ///   - isNew: whether it was ordered just now. If not, it is looked for first.
    ///   - epoch: the life of the manager in which it was ordered.
    ///   - isCancelled: whether it is to be stopped by now; asked again after the start, since a cancellation that came
    ///     in while the start was under way found nothing to stop.
    ///   - looked: called once the unit's state is known for the first time.
    func drive(
        _ command: StepCommand, isNew: Bool, epoch: String, isCancelled: @Sendable () async -> Bool,
        looked: @Sendable () async -> Void
    ) async -> End {
        let unit = command.name.unit
        // Signs are asked for before the first look: what happens between the two is not missed.
        let changes = signs.signs(of: unit)
        defer { signs.forget(unit) }
        var mayStart = isNew
        var starts = 0
        var hasLooked = false
        var sign = changes.makeAsyncIterator()
        while !Task.isCancelled {
            if mayStart {
                if await isCancelled() { return .outcome(AttemptDriver.neverStarted) }
                do throws(FolderFault) {
                    try await folders.prepare(command)
                } catch {
                    return error.isDiskFull ? .blocked(error.description) : .refused(error.description)
                }
                starts += 1
                do throws(ServiceManagerFault) {
                    try await manager.start(StepUnit(command))
                } catch {
                    if case .refused(let words) = error { return .refused(words) }
                    // Started or not, looking tells.
                }
                if await isCancelled() { await stop(unit) }
                mayStart = false
                if starts == 1 {
                    // A unit that was started just now need not be looked for: its end gives a sign.
                    if !hasLooked { await looked() }
                    hasLooked = true
                    _ = await sign.next(isolation: nil)
                }
            }
            switch await look(command.name, epoch: epoch) {
            case .ended(let end):
                if !hasLooked { await looked() }
                return end
            case .running:
                if !hasLooked {
                    hasLooked = true
                    if await isCancelled() { await stop(unit) }
                    await looked()
                }
                _ = await sign.next(isolation: nil)
            case .nowhere:
                if !hasLooked { await looked() }
                hasLooked = true
                guard starts < AttemptDriver.mostStarts else {
                    return .refused("its unit \(unit) was asked for \(starts) times and never appeared")
                }
                mayStart = true
            case .unknown:
                // The bus is gone; everybody is given a sign when it is back.
                _ = await sign.next(isolation: nil)
            }
        }
        return .blocked("pawld ends")
    }

    /// Stops an attempt's unit and all of its processes.
    func stop(_ unit: String) async {
        do throws(ServiceManagerFault) {
            try await manager.stop(unit)
        } catch {
            // Unknown outcome: with the bus back the driver looks again, and stops what still runs.
        }
    }

    /// Forgets an attempt's unit. Only to be called once the attempt's end is recorded: until then PID 1 is the second
    /// source of its result.
    func release(_ unit: String) async {
        do throws(ServiceManagerFault) {
            try await manager.release(unit)
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

    /// Receipt first, then PID 1, then the receipt again: it may have been written between the two.
    private func look(_ name: AttemptName, epoch: String) async -> Sight {
        if let end = await harvest(name) { return .ended(end) }
        let status: UnitStatus?
        let now: String
        do throws(ServiceManagerFault) {
            status = try await manager.status(of: name.unit)
            now = try await manager.epoch()
        } catch {
            return .unknown
        }
        if let status, !status.hasEnded { return .running }
        if let end = await harvest(name) { return .ended(end) }
        if let status { return .ended(.outcome(Self.resultWithoutReceipt(status))) }
        return now == epoch ? .nowhere : .ended(.lost)
    }

    private func harvest(_ name: AttemptName) async -> End? {
        do throws(FolderFault) {
            return try await folders.receipt(of: name).map { .outcome($0.result) }
        } catch {
            return .blocked(error.description)
        }
    }

    /// A unit that ended and left no receipt: PID 1 knows what happened. When the main process exited with 0 and only the
    /// recorder failed, the step did its work; the unit's own Result speaks of the recorder then.
    static func resultWithoutReceipt(_ status: UnitStatus) -> UnitResult {
        var result = status.result
        if case .exited(0) = result.exit, result.result == "exit-code" { result.result = "success" }
        return result
    }

    /// What is said of an attempt that was cancelled before its unit was asked for.
    private static let neverStarted = UnitResult(result: "success", exit: .none, ended: nil)
}

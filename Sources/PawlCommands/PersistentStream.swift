import PawlAPI
import PawlModel

/// What a follower is told.
enum FollowEvent<Answer> {
    /// The first answer since the stream was opened, or opened again.
    case first(Answer)
    /// A later answer.
    case further(Answer)
    /// Nothing new within the time that was given.
    case nothing
    /// pawld is not there; it is tried again and again.
    case waiting
    /// pawld has no more answers to this call.
    case ended
}

/// Whether a follower wants more.
enum FollowDecision {
    case goOn, done
}

/// A stream of answers that outlives the connection it came over: when pawld restarts it is opened again.
struct PersistentStream {
    /// How many seconds without an answer are borne once the connection broke.
    static let patience = 30.0
    /// Seconds from one attempt to the next. The socket is systemd's and keeps listening, so mostly one is enough.
    static let step = 0.1

    let client: ManagerClient
    let surroundings: Surroundings

    /// Opens the stream and hands its answers on until the follower is done.
    ///
    /// - Parameters:
    ///   - known: whether pawld was just reached, so that a missing connection is worth waiting for. Otherwise it is
    ///     an error at once.
    ///   - every: seconds after which the follower is told that nothing came; nil: it is never told.
    ///   - parameters: what the method is called with; asked again after each break, since it may have changed.
    ///   - handle: takes what comes.
    func follow<Answer: Decodable>(
        _ method: ManagerInterface.Method, as type: Answer.Type, known: Bool, every: Double?,
        parameters: () -> some Encodable, handle: (FollowEvent<Answer>) throws -> FollowDecision
    ) throws {
        var silentSince: Double?
        var isKnown = known
        while true {
            do {
                try client.open(method, parameters())
                var isFirst = true
                while true {
                    // Once the connection broke the silence is measured, so waiting for ever is no choice.
                    let within = silentSince == nil ? every : min(every ?? 1, 1)
                    switch try client.next(as: type, within: within) {
                    case .nothingYet:
                        if let since = silentSince, surroundings.monotonic() - since >= PersistentStream.patience {
                            throw GaveUp(reason: "it does not answer")
                        }
                        if try handle(silentSince == nil ? .nothing : .waiting) == .done { return }
                        continue
                    case .answer(let answer, let isLast):
                        (silentSince, isKnown) = (nil, true)
                        if try handle(isFirst ? .first(answer) : .further(answer)) == .done { return }
                        isFirst = false
                        guard isLast else { continue }
                        if try handle(.ended) == .done { return }
                    }
                    // pawld ended the stream and the run goes on: ask again, but not as fast as the machine can.
                    surroundings.pause(PersistentStream.step)
                    break
                }
            } catch let error as ManagerError {
                guard error.passes(wasReached: isKnown || silentSince != nil) else { throw error }
                try bear(error.reason, since: &silentSince)
                if try handle(.waiting) == .done { return }
            } catch let error as GaveUp {
                throw failure(error.reason)
            }
        }
    }

    private struct GaveUp: Error {
        var reason: String
    }

    private func bear(_ reason: String, since: inout Double?) throws {
        let start = since ?? surroundings.monotonic()
        since = start
        client.disconnect()
        guard surroundings.monotonic() - start < PersistentStream.patience else { throw failure(reason) }
        surroundings.pause(PersistentStream.step)
    }

    private func failure(_ reason: String) -> CommandFailure {
        CommandFailure(
            .unreachable,
            "pawld was not reached for \(Int(PersistentStream.patience)) s (\(reason)); the run is not touched by "
                + "that: see '\(surroundings.scope.systemctl) status pawld', then '\(surroundings.scope.pawl) ps'")
    }
}

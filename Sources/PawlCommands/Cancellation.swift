import PawlAPI
import PawlModel

/// Cancels a run and waits for its end, over restarts of pawld.
struct Cancellation {
    private let surroundings: Surroundings
    private let client: ManagerClient

    init(_ surroundings: Surroundings) {
        self.surroundings = surroundings
        client = surroundings.client
    }

    /// Cancelling twice does no harm, so a lost connection is no reason to give up: pawld is asked again, and a run
    /// that has ended meanwhile is the answer.
    ///
    /// - Parameter isForced: whether what runs of it is killed.
    func cancel(_ run: String, isForced: Bool = false) throws -> RunStatus {
        var name = run
        var isAskedBefore = false
        var wasLost = false
        let clock = surroundings.monotonic
        var silentSince: Double?
        while true {
            do {
                if isAskedBefore || name.hasPrefix("@") {
                    // `@last` may be another run by the time it is asked again.
                    let status = try client.status(of: name)
                    name = status.run
                    silentSince = nil
                    if isAskedBefore, status.state.isEnded { return status }
                }
                isAskedBefore = true
                return try client.cancel(name, isForced: isForced)
            } catch {
                // An order whose answer was lost was carried out, and the run ended after its status was asked for.
                if wasLost, case .refused(let refusal) = error, refusal.code == .invalidState { continue }
                guard error.passes(wasReached: silentSince != nil) else { throw error }
                wasLost = true
                let since = silentSince ?? clock()
                silentSince = since
                client.disconnect()
                guard clock() - since < PersistentStream.patience else { throw error }
                surroundings.pause(PersistentStream.step)
            }
        }
    }
}

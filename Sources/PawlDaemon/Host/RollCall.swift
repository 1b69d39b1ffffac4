import EventLoopKit

/// What a listing tells of a unit.
struct LoadedUnit: Sendable, Equatable {
    /// Whether it is neither inactive nor failed.
    var goesOn: Bool
    /// The slice that it is in, where that is known.
    var slice: String?
}

/// One listing of the steps' units for all who ask at the same time: after a restart a thousand attempts are looked for
/// at once, and a dozen properties of each would be ten thousand calls.
///
/// An answer is never older than the question, since a sign that came in between would be lost: who asks while a listing
/// is under way waits for the next one.
actor RollCall {
    private enum Turn {
        /// Nobody lists just now: do it, for all who wait.
        case list
        /// What the listing said, nil if it failed.
        case answer([String: LoadedUnit]?)
    }

    private let thread: any ActorThread
    private let list: @Sendable () async -> [String: LoadedUnit]?
    private var isUnderWay = false
    private var waiting: [CheckedContinuation<Turn, Never>] = []

    /// Makes a roll call.
    ///
    /// - Parameters:
    ///   - thread: the thread it lives on.
    ///   - list: asks for the units that are loaded; nil if that fails.
    init(thread: any ActorThread, list: @escaping @Sendable () async -> [String: LoadedUnit]?) {
        self.thread = thread
        self.list = list
    }

    /// The thread.
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// How many wait for the next listing.
    var waitingCount: Int { waiting.count }

    /// The units that are loaded, by a listing that begins after this call; nil if it failed.
    func units() async -> [String: LoadedUnit]? {
        let turn = await withCheckedContinuation { continuation in
            if isUnderWay {
                waiting.append(continuation)
            } else {
                isUnderWay = true
                continuation.resume(returning: .list)
            }
        }
        if case .answer(let units) = turn { return units }
        let asking = waiting
        waiting = []
        let units = await list()
        for continuation in asking { continuation.resume(returning: .answer(units)) }
        if waiting.isEmpty {
            isUnderWay = false
        } else {
            // One of those who came meanwhile lists for the others: who has an answer waits for nobody.
            waiting.removeFirst().resume(returning: .list)
        }
        return units
    }
}

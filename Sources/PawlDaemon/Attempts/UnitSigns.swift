import Synchronization

/// Hands out the signs that something has changed about a unit. A sign says nothing but 'look again': signals may be
/// late, lost or doubled, and what is true is read from the receipt and from PID 1.
final class UnitSigns: Sendable {
    private let waiting = Mutex<[String: AsyncStream<Void>.Continuation]>([:])
    /// Those of the units waited for that were seen to fail.
    private let failed = Mutex<Set<String>>([])

    /// Nobody is waiting yet.
    init() {}

    /// The signs about one unit from now on. Several that come while nobody looks are one.
    func signs(of unit: String) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        waiting.withLock { $0[unit] = continuation }
        return stream
    }

    /// Nobody looks at the unit any more.
    func forget(_ unit: String) {
        waiting.withLock { $0.removeValue(forKey: unit) }?.finish()
    }

    /// Something has changed about a unit.
    func give(_ unit: String, hasFailed: Bool = false) {
        guard let continuation = waiting.withLock({ $0[unit] }) else { return }
        if hasFailed { failed.withLock { _ = $0.insert(unit) } }
        continuation.yield()
    }

    /// Whether a unit that was waited for was seen to fail; says so once.
    func takeFailure(of unit: String) -> Bool {
        failed.withLock { $0.remove(unit) } != nil
    }

    /// Signs may have been lost: everybody looks again.
    func giveAll() {
        for continuation in waiting.withLock({ Array($0.values) }) { continuation.yield() }
    }
}

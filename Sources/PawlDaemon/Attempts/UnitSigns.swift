import PawlEngine
import Synchronization

/// Hands out the signs that something has changed about a unit. A sign says nothing but 'look again': signals may be
/// late, lost or doubled, and what is true is read from the receipt and from PID 1.
final class UnitSigns: Sendable {
    private let waiting = Mutex<[String: AsyncStream<Void>.Continuation]>([:])
    /// Those of the units waited for that were seen to fail.
    private let failed = Mutex<Set<String>>([])
    /// Those of the units waited for that were seen not to be started, since a condition did not hold. They are gone at
    /// once, and nobody else tells.
    private let unmet = Mutex<[String: UnmetCondition]>([:])

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
        unmet.withLock { _ = $0.removeValue(forKey: unit) }
    }

    /// Something has changed about a unit.
    func give(_ unit: String, hasFailed: Bool = false, unmet condition: UnmetCondition? = nil) {
        guard let continuation = waiting.withLock({ $0[unit] }) else { return }
        if hasFailed { failed.withLock { _ = $0.insert(unit) } }
        if let condition { unmet.withLock { $0[unit] = condition } }
        continuation.yield()
    }

    /// Whether a unit that was waited for was seen to fail; says so once.
    func takeFailure(of unit: String) -> Bool {
        failed.withLock { $0.remove(unit) } != nil
    }

    /// Whether a unit that was waited for was seen not to be started; says so once. It is about one start of it, so only where
    /// there is neither a receipt nor a unit, nor a mark of a start, does it tell what became of the attempt.
    func takeUnmet(of unit: String) -> UnmetCondition? {
        unmet.withLock { $0.removeValue(forKey: unit) }
    }

    /// Signs may have been lost: everybody looks again.
    func giveAll() {
        for continuation in waiting.withLock({ Array($0.values) }) { continuation.yield() }
    }
}

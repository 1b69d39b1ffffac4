internal import Synchronization

/// Hands each value to every stream that was asked for, in the order of `send`.
final class Broadcast<Element: Sendable>: Sendable {
    private struct State {
        var continuations: [UInt64: AsyncStream<Element>.Continuation] = [:]
        var nextKey: UInt64 = 0
    }

    private let state = Mutex(State())

    /// A stream of what is sent from now on, begun by `first`. Unbounded: a reader that dropped a value would not look
    /// again at what it told.
    func stream(startingWith first: Element? = nil) -> AsyncStream<Element> {
        let (stream, continuation) = AsyncStream.makeStream(of: Element.self, bufferingPolicy: .unbounded)
        if let first { continuation.yield(first) }
        let key = state.withLock { state in
            state.nextKey += 1
            state.continuations[state.nextKey] = continuation
            return state.nextKey
        }
        continuation.onTermination = { _ in self.remove(key) }
        return stream
    }

    func send(_ element: Element) {
        for continuation in state.withLock({ Array($0.continuations.values) }) { continuation.yield(element) }
    }

    func finish() {
        let continuations = state.withLock { state in
            defer { state.continuations = [:] }
            return Array(state.continuations.values)
        }
        for continuation in continuations { continuation.finish() }
    }

    private func remove(_ key: UInt64) {
        _ = state.withLock { $0.continuations.removeValue(forKey: key) }
    }
}

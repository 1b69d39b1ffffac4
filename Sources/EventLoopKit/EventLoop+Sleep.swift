internal import Synchronization

extension EventLoop {
    /// Returns after `duration`, measured by the loop's timers; callable from anywhere.
    /// - Throws: `CancellationError` if the caller's task is cancelled or the loop stops.
    package func sleep(for duration: Duration) async throws {
        let sleeper = Sleeper()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard sleeper.begin(continuation) else { return }
                perform { self.schedule(sleeper, after: duration) }
            }
        } onCancel: {
            // The sleeper is woken at once; its timer goes with the loop's next turn.
            sleeper.end(.failure(CancellationError()))
            perform { if let key = sleeper.takeTimer() { self.timers.remove(key) } }
        }
    }

    private func schedule(_ sleeper: Sleeper, after duration: Duration) {
        guard !shared.withLock({ $0.stopped }) else { return sleeper.end(.failure(CancellationError())) }
        let timer = schedule(
            after: duration, handler: { sleeper.end(.success(())) },
            abandon: { sleeper.end(.failure(CancellationError())) })
        // Cancelled before it was scheduled: then `onCancel` found no timer to take back.
        if !sleeper.keepTimer(timer.key) { timer.cancel() }
    }
}

/// Somebody who sleeps: resumed exactly once, by whichever of timer, cancellation and stop comes first.
private final class Sleeper: Sendable {
    private struct State {
        var continuation: CheckedContinuation<Void, any Error>?
        var hasEnded = false
        var timer: TimerKey?
    }

    private let state = Mutex(State())

    /// False, and resumed already, if the cancellation came first.
    func begin(_ continuation: CheckedContinuation<Void, any Error>) -> Bool {
        let begins = state.withLock { state in
            if !state.hasEnded { state.continuation = continuation }
            return !state.hasEnded
        }
        if !begins { continuation.resume(throwing: CancellationError()) }
        return begins
    }

    func end(_ result: Result<Void, any Error>) {
        let continuation = state.withLock { state in
            defer {
                state.hasEnded = true
                state.continuation = nil
            }
            return state.continuation
        }
        continuation?.resume(with: result)
    }

    /// False if it has ended and wants no timer.
    func keepTimer(_ key: TimerKey) -> Bool {
        state.withLock { state in
            if !state.hasEnded { state.timer = key }
            return !state.hasEnded
        }
    }

    func takeTimer() -> TimerKey? {
        state.withLock { state in
            defer { state.timer = nil }
            return state.timer
        }
    }
}

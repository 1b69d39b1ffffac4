/// How often and after which pauses a step that failed is tried again.
package struct RetryPolicy: Sendable, Hashable {
    /// How the pause grows from one retry to the next.
    package enum Backoff: String, Sendable, CaseIterable {
        case exponential, linear, fixed
    }

    /// Runs after the first one.
    package var maxRetries: Int
    /// How the pause grows.
    package var backoff: Backoff
    /// The pause before the first retry.
    package var initialDelay: Duration
    /// The longest pause.
    package var maxDelay: Duration
    /// By which part of itself a pause may vary, from 0 to 1.
    package var jitter: Double

    /// A policy; without arguments the language's defaults, which never retry.
    package init(
        maxRetries: Int = 0, backoff: Backoff = .exponential, initialDelay: Duration = .seconds(1),
        maxDelay: Duration = .seconds(300), jitter: Double = 0
    ) {
        self.maxRetries = maxRetries
        self.backoff = backoff
        self.initialDelay = initialDelay
        self.maxDelay = maxDelay
        self.jitter = jitter
    }

    /// The pause before a retry, in seconds.
    ///
    /// - Parameters:
    ///   - retry: the number of the retry, from 1.
    ///   - random: from -1 to 1; it comes from outside, since the engine rolls no dice.
    package func pause(beforeRetry retry: Int, random: Double) -> Double {
        let first = initialDelay / .seconds(1)
        let longest = maxDelay / .seconds(1)
        let grown =
            switch backoff {
            case .fixed: first
            case .linear: first * Double(retry)
            // Beyond 2^62 the bound has long been reached; the exponent is kept from overflowing.
            case .exponential: first * Double(UInt64(1) << UInt64(min(max(retry, 1) - 1, 62)))
            }
        return max(0, min(longest, grown) * (1 + jitter * random))
    }
}

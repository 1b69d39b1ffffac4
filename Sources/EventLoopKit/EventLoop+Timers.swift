internal import CLinux
internal import Glibc

extension EventLoop {
    /// Something to be done later on the loop's thread. Letting go of the value does not cancel it.
    package final class Timer {
        private let loop: EventLoop
        let key: TimerKey

        init(loop: EventLoop, key: TimerKey) {
            self.loop = loop
            self.key = key
        }

        /// Keeps the handler from running, if it has not run yet; on the loop only, any number of times.
        package func cancel() {
            loop.checkOnLoop()
            loop.timers.remove(key)
        }
    }

    /// A handler that runs before each wait of the loop.
    package final class Preparation {
        private let loop: EventLoop
        private var handler: (() -> Void)?

        init(loop: EventLoop, handler: @escaping () -> Void) {
            self.loop = loop
            self.handler = handler
        }

        /// Ends it and lets go of the handler; on the loop only, any number of times.
        package func cancel() {
            loop.checkOnLoop()
            handler = nil
            loop.preparations.removeAll { $0 === self }
        }

        func run() { handler?() }
    }

    /// Calls `handler` once on the loop's thread, `duration` from now; on the loop only. The time a host is suspended
    /// counts (CLOCK_BOOTTIME). Timers of one moment run in the order in which they were scheduled.
    package func schedule(after duration: Duration, handler: @escaping () -> Void) -> Timer {
        schedule(after: duration, handler: handler, abandon: {})
    }

    /// Calls `handler` on the loop's thread before each wait; on the loop only. It is for libraries whose descriptor,
    /// events and timeout have to be asked for anew each time (man:sd_bus_get_fd(3)), so it must be cheap.
    package func addPreparation(_ handler: @escaping () -> Void) -> Preparation {
        checkOnLoop()
        let preparation = Preparation(loop: self, handler: handler)
        preparations.append(preparation)
        return preparation
    }

    func schedule(
        after duration: Duration, handler: @escaping () -> Void, abandon: @escaping () -> Void
    ) -> Timer {
        checkOnLoop()
        let key = timers.insert(deadline: EventLoop.deadline(after: duration), handler: handler, abandon: abandon)
        return Timer(loop: self, key: key)
    }

    /// Arms the timerfd for the earliest timer, or disarms it: with no timer there is no wake-up.
    func armTimer() {
        let deadline = timers.earliestDeadline ?? 0
        guard deadline != armedDeadline else { return }
        EventLoop.check(clinux_timerfd_arm(timerDescriptor, deadline), "timerfd_settime")
        armedDeadline = deadline
    }

    func runTimers() {
        armedDeadline = 0
        let now = EventLoop.now()
        // Taken one by one, since a handler may cancel one that is due too.
        while let timer = timers.removeFirst(dueAt: now) { timer.handler() }
    }

    private static func now() -> Int64 {
        var time = timespec()
        check(clock_gettime(CLOCK_BOOTTIME, &time), "clock_gettime")
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Nanoseconds of CLOCK_BOOTTIME, never before now, for any duration.
    private static func deadline(after duration: Duration) -> Int64 {
        let (seconds, attoseconds) = max(duration, .zero).components
        // A hundred years are for ever, and keep the sum below the limits of Int64.
        let capped = min(seconds, 100 * 366 * 86_400)
        return now() + capped * 1_000_000_000 + (attoseconds + 999_999_999) / 1_000_000_000
    }
}

@available(*, unavailable)
extension EventLoop.Timer: Sendable {}

@available(*, unavailable)
extension EventLoop.Preparation: Sendable {}

/// Which timer: its deadline, and its number among those of the same deadline.
struct TimerKey: Comparable, Sendable {
    let deadline: Int64
    let number: UInt64

    static func < (left: TimerKey, right: TimerKey) -> Bool {
        (left.deadline, left.number) < (right.deadline, right.number)
    }
}

/// The timers of a loop, the last one first: the next one due is taken from the end, a cancelled one is found by
/// bisection and really gone, so that it neither keeps memory nor wakes the loop.
struct TimerQueue {
    struct Entry {
        let key: TimerKey
        let handler: () -> Void
        let abandon: () -> Void
    }

    private var entries: [Entry] = []
    private var nextNumber: UInt64 = 0

    var earliestDeadline: Int64? { entries.last?.key.deadline }

    mutating func insert(
        deadline: Int64, handler: @escaping () -> Void, abandon: @escaping () -> Void
    ) -> TimerKey {
        let key = TimerKey(deadline: deadline, number: nextNumber)
        nextNumber += 1
        entries.insert(Entry(key: key, handler: handler, abandon: abandon), at: position(of: key))
        return key
    }

    mutating func remove(_ key: TimerKey) {
        let position = position(of: key)
        if position < entries.count, entries[position].key == key { entries.remove(at: position) }
    }

    mutating func removeFirst(dueAt now: Int64) -> Entry? {
        guard let last = entries.last, last.key.deadline <= now else { return nil }
        return entries.removeLast()
    }

    mutating func removeAll() -> [Entry] {
        defer { entries = [] }
        return entries
    }

    /// The first position whose key is not after `key`.
    private func position(of key: TimerKey) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].key > key { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

internal import CLinux
internal import Glibc
internal import Synchronization

/// One thread that waits for descriptors and timers and runs the actors pinned to it.
///
/// C libraries such as libsystemd want each object used by one thread for its whole life ("even if locking is used",
/// man:sd-journal(3)). An actor that returns an event loop as its `unownedExecutor` gives them that, checked by the
/// compiler. A loop with nothing to do sleeps in man:epoll_wait(2) without any wake-up. Handlers, timers and jobs run
/// one at a time on the loop's thread; none of them may block.
///
/// The loop keeps itself alive until `stop()`.
// SAFETY: what several threads touch is in `shared` (a Mutex) or `thread` (an Atomic). Everything else is used on the
// loop's own thread only; every entry point that touches it checks so with `precondition`.
package final class EventLoop: ActorThread, @unchecked Sendable {
    /// How many jobs run before the descriptors are looked at again, so that busy actors do not starve them.
    static let jobsPerTurn = 64

    enum Work {
        case job(UnownedJob)
        case taskJob(UnownedJob, UnownedTaskExecutor)
        case closure(() -> Void)
    }

    struct Shared {
        var queue: [Work] = []
        var hasThread = false
        var sleeps = false
        var stopped = false
    }

    /// The name of the loop's thread, as `ps -L` shows it.
    package let name: String

    let epoll: CInt
    let wakeDescriptor: CInt
    let timerDescriptor: CInt
    let shared = Mutex(Shared())
    let thread = Atomic<UInt>(0)

    // Used on the loop's thread alone.
    var turn: [Work] = []
    var turnPosition = 0
    var watches: [UInt64: DescriptorWatch] = [:]
    var nextKey = EventLoop.firstWatchKey
    var timers = TimerQueue()
    var armedDeadline: Int64 = 0
    var preparations: [Preparation] = []

    /// Makes the loop. Its thread starts with the first thing there is to do.
    /// - Parameter name: at most 15 bytes, the limit of man:pthread_setname_np(3).
    package init(name: String) {
        precondition(name.utf8.count <= 15, "the name of a thread has at most 15 bytes: \(name)")
        self.name = name
        epoll = EventLoop.check(clinux_epoll_create(), "epoll_create1")
        wakeDescriptor = EventLoop.check(clinux_eventfd_create(), "eventfd")
        timerDescriptor = EventLoop.check(clinux_timerfd_create(), "timerfd_create")
        let input = UInt32(CLINUX_EPOLL_IN)
        EventLoop.check(clinux_epoll_add(epoll, wakeDescriptor, input, EventLoop.wakeKey), "epoll_ctl")
        EventLoop.check(clinux_epoll_add(epoll, timerDescriptor, input, EventLoop.timerKey), "epoll_ctl")
    }

    deinit {
        close(timerDescriptor)
        close(wakeDescriptor)
        close(epoll)
    }

    /// Ends the thread once what is queued has run; callable from anywhere, any number of times. Watches and timers
    /// end with it, whoever sleeps gets `CancellationError`. An actor that is called later is still served, by a thread
    /// started for it, so that no caller hangs: whoever owns C objects closes them before.
    package func stop() {
        let wakes = shared.withLock { shared in
            shared.stopped = true
            return EventLoop.takeSleep(&shared)
        }
        if wakes { wake() }
    }

    /// Runs `work` on the loop, after what is queued already. Callable from anywhere.
    package func perform(_ work: @escaping @Sendable () -> Void) {
        append { .closure(work) }
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        append { .job(job) }
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    package func isSameExclusiveExecutionContext(other: EventLoop) -> Bool {
        self === other
    }

    package func checkIsolated() {
        checkOnLoop()
    }

    package func isIsolatingCurrentContext() -> Bool? {
        isOnLoop
    }

    /// Whether the calling thread is the loop's.
    package var isOnLoop: Bool {
        thread.load(ordering: .relaxed) == UInt(pthread_self())
    }

    /// Ends the process if the calling thread is not the loop's: that is a mistake in the program.
    package func checkOnLoop() {
        precondition(isOnLoop, "this may be called on the thread of the event loop '\(name)' only")
    }
}

/// Runs tasks on a loop: what is isolated to no actor runs there and not in the thread pool, so that a process whose
/// work is all waiting needs no pool at all.
package final class LoopTaskExecutor: TaskExecutor {
    private let loop: EventLoop

    /// Runs tasks on this loop.
    package init(_ loop: EventLoop) {
        self.loop = loop
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.append { .taskJob(job, asUnownedTaskExecutor()) }
    }

    package func asUnownedTaskExecutor() -> UnownedTaskExecutor {
        UnownedTaskExecutor(ordinary: self)
    }
}

extension EventLoop {
    fileprivate func append(_ work: () -> Work) {
        // An executor is unowned, so the caller's reference may be one that the queued work lets go of: the last job of an
        // actor frees the actor and with it a stopped loop, all before this call is through with the loop.
        let lifetime = Unmanaged.passRetained(self)
        defer { lifetime.release() }
        let (starts, wakes) = shared.withLock { shared in
            shared.queue.append(work())
            let starts = !shared.hasThread
            shared.hasThread = true
            return (starts, EventLoop.takeSleep(&shared))
        }
        if starts { startThread() }
        if wakes { wake() }
    }

    /// True for the one caller that has to write the eventfd: the first after the loop went to sleep.
    private static func takeSleep(_ shared: inout sending Shared) -> Bool {
        defer { shared.sleeps = false }
        return shared.sleeps
    }

    private func wake() {
        // The counter cannot overflow: one write a sleep. EAGAIN would mean that it is readable already.
        var one: UInt64 = 1
        _ = write(wakeDescriptor, &one, MemoryLayout<UInt64>.size)
    }

    private func startThread() {
        let context = Unmanaged.passRetained(self).toOpaque()
        let result = clinux_start_thread(
            { context in
                guard let context else { return nil }
                Unmanaged<EventLoop>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context)
        precondition(result == 0, "cannot start the thread '\(name)': errno \(result)")
    }

    private func run() {
        _ = clinux_set_thread_name(name)
        thread.store(UInt(pthread_self()), ordering: .relaxed)
        repeat {
            runTurn()
            // Before every wait, since any job may have changed what the owners of C objects wait for.
            for preparation in preparations { preparation.run() }
            wait()
        } while !ends()
    }

    /// Runs what is queued, at most `jobsPerTurn` of it.
    private func runTurn() {
        for _ in 0..<EventLoop.jobsPerTurn {
            if turnPosition == turn.count {
                turn.removeAll(keepingCapacity: turn.capacity <= 1024)
                turnPosition = 0
                shared.withLock { swap(&$0.queue, &turn) }
                if turn.isEmpty { return }
            }
            let work = turn[turnPosition]
            turnPosition += 1
            switch work {
            case .job(let job): job.runSynchronously(on: asUnownedSerialExecutor())
            case .taskJob(let job, let executor): job.runSynchronously(on: executor)
            case .closure(let closure):
                turn[turnPosition - 1] = .closure({})
                closure()
            }
        }
    }

    private func wait() {
        armTimer()
        let hasTurn = turnPosition < turn.count
        let sleeps = shared.withLock { shared in
            // From here on an `enqueue` writes the eventfd, so nothing queued is slept over.
            shared.sleeps = !hasTurn && shared.queue.isEmpty && !shared.stopped
            return shared.sleeps
        }
        waitForDescriptors(timeout: sleeps ? -1 : 0)
        if sleeps { shared.withLock { $0.sleeps = false } }
    }

    /// Whether the thread has to end: stopped, nothing is watched any more and nothing queued.
    private func ends() -> Bool {
        guard turnPosition == turn.count, shared.withLock({ $0.stopped && $0.queue.isEmpty }) else { return false }
        for watch in Array(watches.values) { watch.cancel() }
        preparations = []
        for timer in timers.removeAll() { timer.abandon() }
        return shared.withLock { shared in
            guard shared.queue.isEmpty else { return false }
            // Cleared under the lock: the thread that is started by the next `enqueue` stores its own id afterwards.
            thread.store(0, ordering: .relaxed)
            shared.hasThread = false
            return true
        }
    }

    /// For the calls that fail only when the process is out of descriptors or memory, or by a mistake of the program.
    @discardableResult
    static func check(_ result: CInt, _ call: StaticString) -> CInt {
        precondition(result >= 0, "\(call) failed: errno \(errno)")
        return result
    }
}

import EventLoopKit

/// Virtual time, and everything that is to happen in it. All of it runs on the one thread that calls `step()`: what the
/// actors of pawld do, thread by thread as the real ones would interleave them, and what happens in the world.
// SAFETY: one thread makes it, runs it and lets it go.
final class Schedule: @unchecked Sendable {
    /// Microseconds since the world began.
    private(set) var now: Int64 = 0
    var chance: Chance
    /// Until when pawld is held (SIGSTOP): the world goes on without it.
    var heldUntil: Int64 = 0
    /// The threads of the pawld that lives.
    var threads: [SimulatedThread] = []
    /// Called before each job of pawld's.
    var beforeJob: () -> Void = {}
    private(set) var jobCount = 0
    private var heap: [Entry] = []
    private var nextNumber = 0

    private struct Entry {
        var time: Int64
        var number: Int
        var action: () -> Void
        func isBefore(_ other: Entry) -> Bool { (time, number) < (other.time, other.number) }
    }

    init(chance: Chance) { self.chance = chance }

    /// Does something after so many microseconds.
    func after(_ delay: Int64, _ action: @escaping () -> Void) {
        heap.append(Entry(time: now + max(0, delay), number: nextNumber, action: action))
        nextNumber += 1
        var child = heap.count - 1
        while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Does one thing of those that are possible. False when nothing is left that could ever happen.
    func step() -> Bool {
        let ready = now < heldUntil ? [] : threads.filter { !$0.isIdle }
        // A busy pawld is slow: now and then the world goes on while it has work.
        if !ready.isEmpty, heap.isEmpty || !chance.once(in: 12) {
            beforeJob()
            jobCount += 1
            // A crash may have taken the threads away.
            let thread = ready.count == 1 ? ready[0] : ready[chance.below(ready.count)]
            thread.runOne()
            return true
        }
        guard let next = pop() else {
            guard now < heldUntil else { return false }
            now = heldUntil
            return true
        }
        now = max(now, next.time)
        next.action()
        return true
    }

    private func pop() -> Entry? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if heap.isEmpty { return first }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].isBefore(heap[least])
            {
                least = child
            }
            if least == parent { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}

/// One thread of a simulated pawld: what it has to do waits here until the schedule lets it.
// SAFETY: as for `Schedule`.
final class SimulatedThread: ActorThread, @unchecked Sendable {
    private enum Work {
        case job(UnownedJob)
        case taskJob(UnownedJob, UnownedTaskExecutor)
        case closure(() -> Void)
    }

    private var queue: [Work] = []
    private var position = 0
    private var isRunning = false

    var isIdle: Bool { position == queue.count }

    func runOne() {
        guard !isIdle else { return }
        let work = queue[position]
        position += 1
        if position == queue.count {
            queue.removeAll(keepingCapacity: true)
            position = 0
        }
        isRunning = true
        defer { isRunning = false }
        switch work {
        case .job(let job): job.runSynchronously(on: asUnownedSerialExecutor())
        case .taskJob(let job, let executor): job.runSynchronously(on: executor)
        case .closure(let closure): closure()
        }
    }

    func perform(_ work: @escaping @Sendable () -> Void) { queue.append(.closure(work)) }
    func enqueue(_ job: consuming ExecutorJob) { queue.append(.job(UnownedJob(job))) }
    fileprivate func enqueue(_ job: UnownedJob, _ executor: UnownedTaskExecutor) {
        queue.append(.taskJob(job, executor))
    }
    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
    func checkIsolated() { precondition(isRunning, "an actor was entered on a thread that is not its own") }
    func isIsolatingCurrentContext() -> Bool? { isRunning }
}

/// Runs what is isolated to no actor on a simulated thread.
final class SimulatedTaskExecutor: TaskExecutor {
    private let thread: SimulatedThread
    init(_ thread: SimulatedThread) { self.thread = thread }
    func enqueue(_ job: consuming ExecutorJob) { thread.enqueue(UnownedJob(job), asUnownedTaskExecutor()) }
    func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }
}

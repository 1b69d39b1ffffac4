import EventLoopKit
import Glibc
import Synchronization
import Testing

/// An actor pinned to a loop, that does what the tests ask of the loop.
private actor Pinned {
    nonisolated let loop: EventLoop
    var count = 0
    private var timers: [EventLoop.Timer] = []

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(_ loop: EventLoop) { self.loop = loop }

    func increment() -> UInt {
        count += 1
        return UInt(pthread_self())
    }

    func threadName() -> String {
        let descriptor = open("/proc/thread-self/comm", O_RDONLY)
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(count - 1, 0)), as: UTF8.self)
    }

    func run<Value: Sendable>(_ body: @Sendable (EventLoop) -> Value) -> Value { body(loop) }

    /// Schedules timers of these milliseconds in this order and tells the order in which they ran; the ones at
    /// `cancelled` are cancelled, and `last` ends the wait.
    func order(of milliseconds: [Int], cancelled: Set<Int> = [], last: Int) async -> [Int] {
        await withCheckedContinuation { continuation in
            var ran: [Int] = []
            for (index, duration) in milliseconds.enumerated() {
                let timer = loop.schedule(after: .milliseconds(duration)) {
                    self.loop.checkOnLoop()
                    ran.append(index)
                    if index == last { continuation.resume(returning: ran) }
                }
                timers.append(timer)
            }
            for index in cancelled { timers[index].cancel() }
        }
    }
}

/// Alone holds a loop, stopped already, and lets go of it on the loop itself, as an owner of C objects does.
private actor LastHolder {
    private nonisolated let loop = EventLoop(name: "test-last")
    private let done: @Sendable (Bool) -> Void

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(done: @escaping @Sendable (Bool) -> Void) {
        self.done = done
        loop.stop()
    }

    isolated deinit { done(loop.isOnLoop) }
}

@Suite("EventLoop: jobs")
struct EventLoopJobTests {
    @Test("actors pinned to one loop all run on its one thread")
    func oneThread() async {
        let loop = EventLoop(name: "test-jobs")
        defer { loop.stop() }
        let actors = (0..<8).map { _ in Pinned(loop) }
        let threads = await withTaskGroup(of: UInt.self) { group in
            for index in 0..<1_000 { group.addTask { await actors[index % 8].increment() } }
            return await group.reduce(into: Set<UInt>()) { $0.insert($1) }
        }
        #expect(threads.count == 1)
        var sum = 0
        for actor in actors { sum += await actor.count }
        #expect(sum == 1_000)
    }

    @Test("the thread bears the loop's name")
    func threadName() async {
        let loop = EventLoop(name: "test-name")
        defer { loop.stop() }
        #expect(await Pinned(loop).threadName() == "test-name")
    }

    @Test("isOnLoop holds on the loop only")
    func isOnLoop() async {
        let loop = EventLoop(name: "test-isolated")
        let other = EventLoop(name: "test-other")
        defer {
            loop.stop()
            other.stop()
        }
        #expect(!loop.isOnLoop)
        #expect(await Pinned(loop).run { $0.isOnLoop })
        #expect(await Pinned(loop).run { _ in !other.isOnLoop })
        #expect(await Pinned(loop).run { $0.isIsolatingCurrentContext() } == true)
    }

    @Test("a job that queues itself again for ever starves neither descriptors nor timers")
    func starvation() async throws {
        let loop = EventLoop(name: "test-starve")
        defer { loop.stop() }
        let goesOn = Mutex(true)
        @Sendable func again() { loop.perform { if goesOn.withLock({ $0 }) { again() } } }
        again()
        let pipe = try Pipe()
        try await withCheckedThrowingContinuation { continuation in
            loop.perform {
                var watch: DescriptorWatch?
                watch = loop.watch(pipe.reader, for: .readable) { _ in
                    watch?.cancel()
                    watch = nil
                    continuation.resume()
                }
                pipe.write()
            }
        } as Void
        try await loop.sleep(for: .milliseconds(1))
        goesOn.withLock { $0 = false }
    }

    @Test("perform keeps the order")
    func performOrder() async {
        let loop = EventLoop(name: "test-order")
        defer { loop.stop() }
        let seen = Mutex<[Int]>([])
        await withCheckedContinuation { continuation in
            for number in 0..<500 { loop.perform { seen.withLock { $0.append(number) } } }
            loop.perform { continuation.resume() }
        }
        #expect(seen.withLock { $0 } == Array(0..<500))
    }
}

@Suite("EventLoop: timers and sleep")
struct EventLoopTimerTests {
    @Test("timers run by deadline, those of one deadline in the order they were scheduled")
    func order() async {
        let loop = EventLoop(name: "test-timers")
        defer { loop.stop() }
        let ran = await Pinned(loop).order(of: [30, 10, 20, 0, 0, 0], last: 0)
        #expect(ran == [3, 4, 5, 1, 2, 0])
    }

    @Test("a cancelled timer does not run")
    func cancelled() async {
        let loop = EventLoop(name: "test-timers")
        defer { loop.stop() }
        let ran = await Pinned(loop).order(of: [1, 2, 3, 10], cancelled: [0, 2], last: 3)
        #expect(ran == [1, 3])
    }

    @Test("sleep lasts as long as it was asked to")
    func sleep() async throws {
        let loop = EventLoop(name: "test-sleep")
        defer { loop.stop() }
        let elapsed = try await ContinuousClock().measure { try await loop.sleep(for: .milliseconds(20)) }
        #expect(elapsed >= .milliseconds(20))
    }

    @Test("a cancelled sleep throws at once", arguments: [true, false])
    func cancelledSleep(beforeItStarts: Bool) async {
        let loop = EventLoop(name: "test-sleep")
        defer { loop.stop() }
        let sleeper = Task {
            if beforeItStarts { while !Task.isCancelled { await Task.yield() } }
            try await loop.sleep(for: .seconds(3_600))
        }
        sleeper.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
    }

    @Test("five hundred sleeps raced by their cancellation each end exactly once")
    func cancellationRace() async {
        let loop = EventLoop(name: "test-race")
        defer { loop.stop() }
        let ended = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<500 {
                group.addTask {
                    let sleeper = Task { try await loop.sleep(for: .microseconds(index)) }
                    await Task.yield()
                    sleeper.cancel()
                    _ = await sleeper.result
                    return true
                }
            }
            return await group.reduce(into: 0) { count, ended in if ended { count += 1 } }
        }
        #expect(ended == 500)
    }

    @Test("a loop with nothing to do does not wake up")
    func idle() async throws {
        let loop = EventLoop(name: "test-idle")
        let other = EventLoop(name: "test-clock")
        defer {
            loop.stop()
            other.stop()
        }
        let turns = Mutex(0)
        let settled: Int = await withCheckedContinuation { continuation in
            loop.perform {
                _ = loop.addPreparation { turns.withLock { $0 += 1 } }
                // An hour away: it arms the timer, but wakes nobody now.
                _ = loop.schedule(after: .seconds(3_600)) {}
                continuation.resume(returning: turns.withLock { $0 })
            }
        }
        try await other.sleep(for: .milliseconds(100))
        #expect(turns.withLock { $0 } - settled <= 1)
    }
}

@Suite("EventLoop: stop")
struct EventLoopStopTests {
    @Test("stop runs what is queued, throws out of sleeps, and may be called again")
    func stop() async throws {
        let loop = EventLoop(name: "test-stop")
        let done = Mutex(0)
        let sleeper = Task { try await loop.sleep(for: .seconds(3_600)) }
        for _ in 0..<200 { loop.perform { done.withLock { $0 += 1 } } }
        loop.perform {
            loop.stop()
            loop.perform { done.withLock { $0 += 1 } }
        }
        await #expect(throws: CancellationError.self) { try await sleeper.value }
        loop.stop()
        await #expect(throws: CancellationError.self) { try await loop.sleep(for: .seconds(1)) }
        #expect(done.withLock { $0 } == 201)
    }

    @Test("an actor of a stopped loop still answers")
    func afterStop() async {
        let loop = EventLoop(name: "test-after")
        let pinned = Pinned(loop)
        _ = await pinned.increment()
        loop.stop()
        for _ in 0..<20 { _ = await pinned.increment() }
        #expect(await pinned.count == 21)
    }

    @Test("a stopped loop lets go of its watches, its thread and its descriptors")
    func freed() async throws {
        weak var gone: EventLoop?
        let pipe = try Pipe()
        do {
            let loop = EventLoop(name: "test-freed")
            gone = loop
            await withCheckedContinuation { continuation in
                loop.perform {
                    _ = loop.watch(pipe.reader, for: .readable) { _ in loop.checkOnLoop() }
                    continuation.resume()
                }
            }
            loop.stop()
        }
        let clock = EventLoop(name: "test-clock")
        defer { clock.stop() }
        for _ in 0..<500 where gone != nil { try await clock.sleep(for: .milliseconds(1)) }
        #expect(gone == nil)
    }

    @Test("a loop whose last job frees it outlives the call that queued the job")
    func freedByItsLastJob() async {
        let onLoop = Mutex(0)
        // The race is between the thread that queues the job and the one that is started for it, so it takes many.
        for _ in 0..<8_000 {
            await withCheckedContinuation { continuation in
                _ = LastHolder { isOnLoop in
                    onLoop.withLock { $0 += isOnLoop ? 1 : 0 }
                    continuation.resume()
                }
            }
        }
        #expect(onLoop.withLock { $0 } == 8_000)
    }
}

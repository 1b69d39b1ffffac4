import EventLoopKit
import Glibc
import PawlAPI
import PawlEngine
import PawlLanguage
import PawlModel
import Synchronization
import Testing

@testable import PawlDaemon

@Suite("Schedules", .timeLimit(.minutes(1)))
struct ScheduleTests {
    /// What outlives a pawld: systemd, the disk, and the runs.
    final class Host: Sendable {
        let folder: TemporaryFolder
        let timers = FakeTimerManager()
        let newest = Mutex<[String: (run: RunID, started: Timestamp)]>([:])
        let entries = Mutex<[String]>([])

        init() throws {
            folder = try TemporaryFolder()
            _ = try folder.make("etc")
        }

        func workflow(_ name: String, _ keys: String) throws {
            try folder.write("etc/\(name).yaml", keys + "\nsteps: [{id: a, run: echo}]\n")
        }
    }

    /// One life of pawld, as far as it has to do with schedules.
    struct Life: ~Copyable {
        let schedules: Schedules
        let library: WorkflowLibrary
        let task: Task<Void, Never>
        let host: Host

        /// Reads the workflows, and comes back once their timers are as they are to be.
        init(_ host: Host) async throws {
            let loop = EventLoop(name: "test-files")
            var paths = Paths()
            paths.workflows = [host.folder.path + "/etc"]
            paths.configuration = host.folder.path + "/config.yaml"
            paths.owner = getuid()
            let library = WorkflowLibrary(paths: paths, executor: loop)
            let schedules = Schedules(
                executor: EventLoop(name: "test-events"), manager: host.timers, library: library,
                file: ScheduleFile(path: host.folder.path + "/schedules.json", executor: loop),
                journal: RunJournal(
                    level: .info,
                    entry: { fields in
                        host.entries.withLock { $0 += fields.filter { $0.name == "MESSAGE" }.map(\.value) }
                    }, onActivity: { _, _ in }),
                world: World(
                    now: { host.timers.state.withLock { $0.now } }, jitter: { 0 }, randomBits: { 0 },
                    isHostStopping: { false }, sleep: { _ in }),
                runs: Schedules.Runs(
                    newest: { _, name in host.newest.withLock { $0[name] } }, isActive: { _ in false }))
            host.timers.state.withLock {
                $0.onRun = { service in
                    // What ManagerService does when the unit's process asks for a run.
                    guard let name = TimerUnit.workflow(ofService: service), !name.hasPrefix("refused") else { return }
                    let run = RunID(random: UInt64.random(in: 0 ... .max))
                    host.newest.withLock { $0[name] = (run, host.timers.state.withLock { $0.now }) }
                    if !name.hasPrefix("killed") { await schedules.started(service, run: run) }
                }
            }
            (self.library, self.schedules, self.host) = (library, schedules, host)
            task = Task { await schedules.run() }
            // Until it runs, there is nobody to ask.
            while await !schedules.isRunning || host.timers.state.withLock({ $0.watcher == nil }) { await Task.yield() }
            _ = try await reload()
        }

        borrowing func reload() async throws -> [String] {
            let faults = await library.reload()
            await schedules.keep()
            return faults.map(\.message)
        }

        /// pawld is killed.
        consuming func end() async {
            task.cancel()
            await task.value
            host.timers.state.withLock { $0.watcher = nil }
        }
    }

    private func log(_ host: Host) -> [String] { host.timers.takeLog() }

    @Test("a timer is made for each, made anew where it was changed, and goes with its schedule")
    func kept() async throws {
        let host = try Host()
        try host.workflow("a", "schedule: daily")
        try host.workflow("b", "description: has none")
        let life = try await Life(host)
        #expect(log(host) == ["make pawl@a.timer"])
        _ = try await life.reload()
        #expect(log(host) == [])
        try host.workflow("a", "schedule: {OnCalendar: daily, RandomizedDelaySec: 5min}")
        try host.workflow("b", "schedule: weekly")
        _ = try await life.reload()
        #expect(log(host) == ["remove pawl@a.timer", "make pawl@a.timer", "make pawl@b.timer"])
        try host.workflow("a", "schedule: Mom")
        #expect(try await life.reload().count == 1)
        #expect(log(host) == [], "a faulty file leaves what was in force")
        try host.workflow("a", "description: none any more")
        unlink(host.folder.path + "/etc/b.yaml")
        _ = try await life.reload()
        #expect(log(host) == ["remove pawl@a.timer", "remove pawl@b.timer"])
        await life.end()
    }

    @Test(
        "a new pawld leaves the timers alone, also that of a file that has got faults; after a boot they are made again"
    )
    func restarted() async throws {
        let host = try Host()
        try host.workflow("a", "schedule: daily")
        try host.workflow("b", "schedule: daily")
        await (try await Life(host)).end()
        _ = log(host)
        try host.workflow("b", "schedule: Mom")
        await (try await Life(host)).end()
        #expect(log(host) == [])
        host.timers.boot(after: 60)
        await (try await Life(host)).end()
        #expect(log(host) == ["make pawl@a.timer"])
    }

    @Test("what is turned off stays off, over a restart and a boot, until it is turned on")
    func disabled() async throws {
        let host = try Host()
        try host.workflow("a", "schedule: daily")
        try host.workflow("b", "description: has none")
        let life = try await Life(host)
        try await life.schedules.set("a", isEnabled: false)
        #expect(log(host) == ["make pawl@a.timer", "remove pawl@a.timer"])
        #expect(await life.schedules.statuses()["a"]?.state == .disabled)
        await #expect(throws: APIError.self) { try await life.schedules.set("b", isEnabled: false) }
        await #expect(throws: APIError.self) { try await life.schedules.set("c", isEnabled: false) }
        await life.end()
        host.timers.boot(after: 60)
        let next = try await Life(host)
        #expect(log(host) == [])
        try await next.schedules.set("a", isEnabled: true)
        #expect(log(host) == ["make pawl@a.timer"])
        #expect(await next.schedules.statuses()["a"]?.state == .enabled)
        await next.end()
    }

    @Test("a timer that somebody has written goes before the schedule, and that is said once")
    func overridden() async throws {
        let host = try Host()
        try host.workflow("a", "schedule: daily")
        let life = try await Life(host)
        _ = log(host)
        let file = "/etc/systemd/system/pawl@a.timer"
        host.timers.state.withLock { $0.fragments["pawl@a.timer"] = file }
        for _ in 0..<3 { _ = try await life.reload() }
        #expect(log(host) == ["remove pawl@a.timer", "reread"])
        #expect(host.entries.withLock { $0.count { $0.contains("is that of \(file)") } } == 1)
        #expect(await life.schedules.statuses()["a"]?.timer == file)
        host.timers.state.withLock { $0.fragments = [:] }
        host.timers.give(.changed)
        _ = try await life.reload()
        #expect(log(host) == ["make pawl@a.timer"])
        await life.end()
    }

    @Test("of three days for which the host was off none, one or each is caught up, once", arguments: 1...2)
    func caughtUp(kills: Int) async throws {
        let host = try Host()
        for choice in CatchUp.allCases { try host.workflow("x-\(choice)", "schedule: daily\ncatch_up: \(choice)") }
        try host.workflow("refused", "schedule: daily\ncatch_up: all")
        await (try await Life(host)).end()
        #expect(log(host).allSatisfy { $0.hasPrefix("make") })
        host.timers.boot(after: 3 * 86_400 + 60)
        host.timers.state.withLock { $0.isBooting = true }
        let life = try await Life(host)
        #expect(log(host).allSatisfy { $0.hasPrefix("make") }, "nothing is caught up in the boot")
        host.timers.state.withLock { $0.isBooting = false }
        host.timers.give(.booted)
        var runs = host.timers.runs.makeAsyncIterator()
        var counts: [String: Int] = [:]
        for _ in 0..<7 { if let service = await runs.next() { counts[service, default: 0] += 1 } }
        #expect(counts == ["pawl@x-one.service": 1, "pawl@x-all.service": 3, "pawl@refused.service": 3])
        // Neither is more of it found later, nor by another pawld.
        for _ in 0..<kills { _ = try await life.reload() }
        await life.end()
        _ = log(host)
        let next = try await Life(host)
        _ = try await next.reload()
        #expect(log(host) == [])
        await next.end()
    }

    @Test("a run that was on disk when pawld was killed counts, and a schedule that was changed has missed nothing")
    func counted() async throws {
        let host = try Host()
        for name in ["killed", "changed", "other"] { try host.workflow(name, "schedule: daily\ncatch_up: all") }
        await (try await Life(host)).end()
        _ = log(host)
        // One that somebody has started before the moment is none of its.
        host.newest.withLock { $0["other"] = (RunID(random: 2), host.timers.state.withLock { $0.now }) }
        host.timers.boot(after: 86_400 + 60)
        // The run of the one moment was made, and pawld killed before it was counted.
        host.newest.withLock { $0["killed"] = (RunID(random: 1), host.timers.state.withLock { $0.now }) }
        try host.workflow("changed", "schedule: '*:30'\ncatch_up: all")
        let life = try await Life(host)
        var runs = host.timers.runs.makeAsyncIterator()
        #expect(await runs.next() == "pawl@other.service")
        _ = try await life.reload()
        #expect(
            log(host) == [
                "make pawl@changed.timer", "make pawl@killed.timer", "make pawl@other.timer", "run pawl@other.service",
            ])
        await life.end()
    }

    @Test("a moment at which the run before went on is caught up when that has ended")
    func swallowed() async throws {
        let host = try Host()
        try host.workflow("a", "schedule: '*:00'\ncatch_up: all")
        let life = try await Life(host)
        _ = log(host)
        // The timer elapses twice; only the first time a run begins.
        func elapse(after seconds: Double) {
            host.timers.state.withLock { state in
                state.now = state.now.adding(seconds: seconds)
                state.timers["pawl@a.timer"]?.state.until = state.now
            }
        }
        elapse(after: 3600)
        await life.schedules.started("pawl@a.service", run: RunID(random: 1))
        host.timers.give(.ended(workflow: "a"))
        _ = try await life.reload()
        #expect(log(host) == [])
        elapse(after: 3600)
        host.timers.give(.ended(workflow: "a"))
        var runs = host.timers.runs.makeAsyncIterator()
        #expect(await runs.next() == "pawl@a.service")
        _ = try await life.reload()
        #expect(log(host) == ["run pawl@a.service"])
        await life.end()
    }

    @Test("where the record is damaged nothing is put in force, and what is there stays")
    func damaged() async throws {
        let host = try Host()
        try host.workflow("a", "schedule: daily")
        await (try await Life(host)).end()
        _ = log(host)
        try host.folder.write("schedules.json", "{\"disabled\": [")
        try host.workflow("b", "schedule: daily")
        let life = try await Life(host)
        #expect(log(host) == [])
        #expect(host.entries.withLock { $0.contains { $0.contains("schedules.json is damaged") } })
        await #expect(throws: APIError.self) { try await life.schedules.set("a", isEnabled: false) }
        unlink(host.folder.path + "/schedules.json")
        _ = try await life.reload()
        #expect(log(host) == ["remove pawl@a.timer", "make pawl@a.timer", "make pawl@b.timer"])
        await life.end()
    }
}

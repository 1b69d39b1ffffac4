import PawlAPI
import PawlEngine
import PawlModel
import PawlStore

@testable import PawlDaemon

/// One seed from its first run to its last: a host, the pawlds that come and go on it, those who ask them for something,
/// and all that goes wrong.
// SAFETY: as for `Schedule`.
final class SimulatedWorld: @unchecked Sendable {
    private let schedule: Schedule
    private let faults: Faults
    let trace = Trace()
    private let host: SimulatedHost
    private let disk = SimulatedDisk()
    let judge: Judge
    private var daemon: SimulatedDaemon?
    private var startsLeft: Int
    private var retriesLeft = 2
    private var isRestartDue = false
    private var visits = 0
    private var isSweeping = false
    private var gateMove = 0
    private var nextKill: Int?

    init(seed: UInt64, isTraced: Bool = false) {
        var chance = Chance(seed: seed)
        faults = Faults(seed: seed, chance: &chance)
        startsLeft = 1 + chance.below(3)
        schedule = Schedule(chance: chance)
        trace.schedule = schedule
        trace.isOn = isTraced
        host = SimulatedHost(schedule: schedule, faults: faults, trace: trace)
        judge = Judge(host: host, disk: disk)
        host.onStart = { [unowned self] in judge.started($0) }
        host.onBegin = { [unowned self] in judge.began($0) }
        host.onHarm = { [unowned self] in judge.fail($0) }
        host.onDown = { [unowned self] in daemonDies() }
        host.onUp = { [unowned self] in start(after: schedule.chance.pick(1000...3_000_000)) }
        schedule.beforeJob = { [unowned self] in
            guard let kill = nextKill, schedule.jobCount >= kill else { return }
            nextKill = nil
            deal(.kill)
        }
    }

    /// Runs it, and returns what was found wrong.
    func run() -> [String] {
        start(after: 0)
        planKill()
        let begin = schedule.chance.pick(0...200_000)
        for _ in 0..<startsLeft { schedule.after(begin + schedule.chance.pick(0...3_000_000)) { [self] in startRun() } }
        for _ in 0..<faults.gates { schedule.after(schedule.chance.pick(0...25_000_000)) { [self] in closeGate() } }
        for blow in faults.blows { schedule.after(schedule.chance.pick(0...25_000_000)) { [self] in deal(blow) } }
        schedule.after(60_000_000) { [self] in
            trace("from here on everything holds")
            faults.end()
            nextKill = nil
        }
        schedule.after(5_000_000) { [self] in visit() }
        goOn()
        // A request that was under way, or a commit that nobody had seen, may open a run again: then the last look comes too early.
        while judge.violations.isEmpty, sweepUp() {
            schedule.after(1_000_000) { [self] in visit() }
            goOn()
        }
        judge.finish()
        if let daemon, !daemon.kill() { judge.fail("pawld hangs at its end") }
        return judge.violations
    }

    /// Until every run has ended.
    private func goOn() {
        var steps = 0
        while judge.violations.isEmpty, !isSettled {
            guard schedule.step() else { return judge.fail("nothing can happen any more, and it is not over") }
            steps += 1
            if steps > 400_000 { return judge.fail("it goes on and on") }
        }
    }

    private var openRuns: [RunID] { disk.order.filter { disk.runs[$0]?.summary.ended == nil } }
    private var isSettled: Bool {
        faults.isOver && startsLeft == 0 && !disk.order.isEmpty && daemon?.isReady == true && openRuns.isEmpty
    }

    /// Once more from the start, with nothing to do: what was left over is swept up.
    ///
    /// - Returns: whether there was something to do all the same.
    private func sweepUp() -> Bool {
        isSweeping = true
        defer { isSweeping = false }
        daemonDies()
        start(after: 0)
        while daemon?.isReady != true, schedule.step() {}
        var hadWork = !openRuns.isEmpty
        let strangers = host.units.values.count(where: \.isForeign)
        let end = schedule.now + 120_000_000
        // Not only until then: pawld may still have work that was due before.
        while schedule.now < end || schedule.threads.contains(where: { !$0.isIdle }), schedule.step() {
            hadWork = hadWork || !openRuns.isEmpty
        }
        // What somebody else has in a slice keeps it until the next start of pawld.
        return hadWork || host.units.values.count(where: \.isForeign) < strangers
    }

    // MARK: pawld

    private func start(after delay: Int64) {
        guard !isRestartDue else { return }
        isRestartDue = true
        schedule.after(delay) { [self] in
            isRestartDue = false
            guard host.isUp, !host.isStopping, daemon == nil else { return }
            trace("pawld starts")
            let store = SimulatedStore(
                disk: disk, faults: faults, schedule: schedule, check: { [self] in judge.recorded($0) },
                checkCommit: { [self] in judge.committed() })
            daemon = SimulatedDaemon(host: host, store: store) { [self] in
                schedule.after(0) { [self] in
                    guard let ended = daemon, ended.hasEnded else { return }
                    daemon = nil
                    judge.isGated = false
                    if !ended.kill() { judge.fail("pawld leaves questions without an answer") }
                    schedule.threads = []
                    start(after: 100_000)
                }
            }
            planKill()
        }
    }

    private func planKill() {
        if nextKill == nil, !faults.isOver, let kill = faults.killAfterJobs.popLast() {
            nextKill = schedule.jobCount + kill
        }
    }

    /// SIGKILL, or the host goes.
    private func daemonDies() {
        guard let dead = daemon else { return }
        trace("pawld dies")
        daemon = nil
        judge.isGated = false
        schedule.threads = []
        schedule.heldUntil = 0
        if !dead.kill() { judge.fail("pawld hangs at its end") }
        if host.isUp { start(after: 100_000) }
    }

    /// For a while the host has no room for another step.
    private func closeGate() {
        guard let daemon, daemon.isReady, !faults.isOver else { return }
        trace("--- no room for a step")
        gateMove += 1
        let move = gateMove
        daemon.ask { [self] conductor, _ in
            await conductor.gate("there is no room")
            // The question may have waited until something else was asked for.
            judge.isGated = gateMove == move && self.daemon === daemon
        }
        schedule.after(schedule.chance.pick(100_000...10_000_000)) { [self] in
            gateMove += 1
            guard let daemon = self.daemon else { return }
            trace("--- room again")
            judge.isGated = false
            daemon.ask { conductor, _ in await conductor.gate(nil) }
        }
    }

    // MARK: People

    private func startRun() {
        guard let daemon, daemon.isReady else {
            return schedule.after(500_000) { [self] in startRun() }
        }
        startsLeft -= 1
        let (text, workflow) = Workload.workflow(schedule.chance.below(1000))
        disk.workflows[text] = workflow
        let children = Workload.children(of: workflow)
        for child in children { disk.workflows[child.text] = child.workflow }
        var created = RunCreated(
            workflow: "w", file: "/w.yaml", text: text, variables: [:], requester: Requester(uid: 0), folder: "/r",
            maxParallel: 4,
            host: HostFacts(name: "h", machineID: "m", arch: "a", cpus: 2, memory: 1, osVersion: "12"))
        if !children.isEmpty { created.children = children.map(\.definition) }
        let started = created
        daemon.ask { [self] conductor, files in
            do throws(APIError) {
                _ = try await conductor.start(started, workflow: workflow, folders: files)
            } catch {
                // Who was refused asks again, unless it was made after all.
                trace("a run was not started: \(error)")
                if disk.order.isEmpty {
                    startsLeft += 1
                    schedule.after(2_000_000) { [self] in startRun() }
                }
            }
        }
    }

    /// Somebody looks after the runs: one that waits for a person gets its answer, one that failed is retried.
    private func visit() {
        guard !isSweeping else { return }
        visits += 1
        let pause = min(Int64(visits) * 3_000_000, 3_600_000_000)
        schedule.after(pause + schedule.chance.pick(0...1_000_000)) { [self] in visit() }
        // Whoever has asked waits for the answer: a pawld that is busy with questions alone does nothing else.
        guard let daemon, daemon.isReady, !daemon.isAsked else { return }
        // Two thirds of a day: nothing that a clock which was set by a day could explain.
        if visits > 200 {
            for id in openRuns {
                if let run = disk.run(id) {
                    trace(
                        "\(id) hangs: \(run.lockClaims), \(run.steps.map(\.state))\n\(disk.runs[id]?.created.text ?? "")"
                    )
                }
            }
            judge.fail("the runs \(openRuns) do not end")
        }
        for id in openRuns {
            unpause(id, daemon)
            // What is a step of another run is resumed from there, now and then.
            let above = disk.runs[id]?.created.parent.flatMap { schedule.chance.once(in: 2) ? $0.run : nil }
            daemon.ask { conductor, _ in
                guard let standing = await conductor.standing(of: id), standing.state == .stopped else { return }
                try? await conductor.resume(above ?? id, by: Requester(uid: 0))
            }
            // At the same moment somebody else has had enough of it.
            guard faults.isContradictory, !faults.isOver else { continue }
            daemon.ask { conductor, _ in
                guard let standing = await conductor.standing(of: id), standing.state == .stopped else { return }
                try? await conductor.cancel(id, by: Requester(uid: 0))
            }
        }
        guard retriesLeft > 0, let id = disk.order.first(where: { isFailed($0) }) else {
            return
        }
        retriesLeft -= 1
        daemon.ask { conductor, _ in try? await conductor.retry(id, by: Requester(uid: 0)) }
    }

    private func isFailed(_ id: RunID) -> Bool {
        disk.runs[id]?.summary.state == .failed && disk.runs[id]?.summary.parent == nil
    }

    /// Somebody starts a unit under the name that an attempt has or will have, or puts one into a run's slice.
    private func startForeign() {
        guard let id = disk.order.randomElement(using: &schedule.chance), let run = disk.run(id) else { return }
        if schedule.chance.once(in: 3) {
            return host.startForeign(AttemptName(run: id, step: "stray", number: 1), in: run.slice)
        }
        let index = schedule.chance.below(run.steps.count)
        let items = run.steps[index].items.count
        let place = Place(index, item: items > 0 ? schedule.chance.below(items) : nil)
        let number = (run[place].attempts.last?.number ?? 1) + schedule.chance.below(2)
        host.startForeign(run.attemptName(place, number: number), in: "system.slice")
    }

    /// Somebody wants a run to stand still, and sees to it that it does.
    private func pause() {
        guard let id = openRuns.randomElement(using: &schedule.chance), let daemon, daemon.isReady else { return }
        let freezer = daemon.freezer
        daemon.ask { [self] conductor, _ in
            guard let paused = try? await conductor.pause(id, by: Requester(uid: 0)) else { return }
            for (run, steps) in paused {
                guard (try? await freezer.freeze(run, steps.map(\.command))) != nil else { return }
            }
            // Somebody may have let it go on meanwhile; a call of a dead pawld comes in when it likes.
            for (run, _) in paused where !faults.arrivesLate && judge.runs[run]?.isPaused == true {
                let left = host.notFrozen(of: run)
                if !left.isEmpty, self.daemon === daemon { judge.fail("\(run) is paused, and \(left) run") }
            }
        }
    }

    /// Somebody lets what is paused go on.
    private func unpause(_ id: RunID, _ daemon: SimulatedDaemon) {
        guard schedule.chance.once(in: 2) else { return }
        let freezer = daemon.freezer
        daemon.ask { conductor, _ in
            guard let standing = await conductor.standing(of: id), standing.state == .paused else { return }
            for (run, steps) in (try? await conductor.unpause(id, by: Requester(uid: 0))) ?? [] {
                try? await freezer.thaw(run, steps)
            }
        }
    }

    // MARK: Blows

    private func deal(_ blow: Faults.Blow) {
        guard !faults.isOver, host.isUp else { return }
        trace("--- \(blow)")
        switch blow {
        case .kill: daemonDies()
        case .terminate: daemon?.terminate()
        case .hold: schedule.heldUntil = schedule.now + 10_000_000
        case .powerCut: host.goDown()
        case .shutDown:
            host.shutDown()
            let boot = host.boot
            schedule.after(schedule.chance.pick(0...3_000_000)) { [self] in
                if host.boot == boot { daemon?.terminate() }
            }
        case .busLoss: host.connection?.lose(for: schedule.chance.pick(1000...5_000_000))
        case .reload: host.busyUntil = schedule.now + 500_000
        case .reexec:
            host.busyUntil = schedule.now + 300_000
            host.connection?.lose(for: 300_000)
        case .stopByHand:
            let units = host.units.values.sorted { $0.name < $1.name }
            if !units.isEmpty { host.stop(schedule.chance.one(of: units), by: .hand) }
        case .resetByHand:
            for unit in host.units.values.sorted(by: { $0.name < $1.name }) where unit.activeState == "failed" {
                host.resetByHand(unit)
            }
        case .clockJump: host.clockOffset += schedule.chance.one(of: [-86_400_000_000, 86_400_000_000, -1_500_000])
        case .cancel:
            guard let id = openRuns.randomElement(using: &schedule.chance), let daemon, daemon.isReady else { return }
            daemon.ask { conductor, _ in try? await conductor.cancel(id, by: Requester(uid: 0)) }
        case .pause: pause()
        case .foreignUnit: startForeign()
        case .failCommits: faults.failingCommits = 1 + schedule.chance.below(3)
        }
    }
}

import PawlAPI
import PawlEngine
import PawlModel
import PawlStore

/// How long runs will take, and what their steps say of themselves: nothing of it is recorded, and nothing hangs on it.
extension Conductor {
    /// A run of more steps and items is not played through while somebody looks on: that would hold up all others.
    private static let mostSteps = 20_000
    /// So many seconds what was found out holds.
    private static let forecastAge = 1.0

    /// Seconds that a run will take from now on; nil where nothing is known.
    func secondsLeft(of id: RunID) -> Double? {
        guard let entry = active[id], entry.fault == nil, entry.run.state == .running else { return nil }
        let now = world.now()
        if let known = entry.forecast {
            let age = now.seconds(since: known.at)
            if age >= 0, age < Conductor.forecastAge { return known.left.map { Conductor.rounded(max(0, $0 - age)) } }
        }
        let times = times(of: id)
        var left: Double?
        if !times.isEmpty, entry.run.places.count <= Conductor.mostSteps {
            left = entry.run.forecast(times, at: now, progress: entry.progress)?.left().map(Conductor.rounded)
        }
        active[id]?.forecast = (left, now)
        return left
    }

    /// Adds to what is told of a run how long it will take, and how far its steps are.
    func addForecast(to status: inout RunStatus, of id: RunID) {
        guard let entry = active[id] else { return }
        if status.state == .running { status.secondsLeft = secondsLeft(of: id) }
        let now = world.now()
        let times = times(of: id)
        for index in status.steps.indices where status.steps[index].state == .running {
            guard let place = entry.run.place(of: status.steps[index].id, item: status.steps[index].item),
                entry.run.running.contains(place)
            else { continue }
            status.steps[index].progress = entry.progress[place]
            status.steps[index].secondsLeft = entry.run.timeLeft(
                of: place, times, at: now, progress: entry.progress
            ).map(Conductor.rounded)
        }
    }

    /// A step says how far it is.
    func note(progress: Int, of name: AttemptName) {
        guard claims(name), let place = active[name.run]?.run.place(of: name.step, item: name.item),
            active[name.run]?.progress[place] != progress
        else { return }
        active[name.run]?.progress[place] = progress
        active[name.run]?.changes.append(place)
        active[name.run]?.version += 1
        wakeWatchers(of: name.run)
    }

    /// How long the steps of a run's workflow took before. A store that cannot be read is no reason not to tell of a run; what
    /// has to be recorded says so itself.
    private func times(of id: RunID) -> [String: StepTimes] {
        guard let entry = active[id] else { return [:] }
        if let times = entry.times { return times }
        let times = (try? store.times(of: entry.run.created.workflow)) ?? [:]
        active[id]?.times = times
        return times
    }

    /// Nobody knows more of it than tenths.
    private static func rounded(_ seconds: Double) -> Double { (seconds * 10).rounded() / 10 }
}

extension Messages.HostUse {
    /// What was found at a look.
    init(_ use: PawlDaemon.HostUse) {
        self.init(
            memory: use.memory, cpu: use.cpu, disk: use.disk, pressure: use.pressure,
            sliceBytes: use.slice.map { Int64(clamping: $0.used) })
    }
}

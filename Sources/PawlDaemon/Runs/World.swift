import PawlEngine
import PawlModel

/// What the conductor asks of the world beside systemd: time, chance, and whether the host goes down. One value of
/// closures, so that a simulation can drive all of it.
struct World: Sendable {
    /// The wall clock.
    var now: @Sendable () -> Timestamp
    /// Seconds of a clock that nobody sets, which goes on while the host sleeps. Without it nobody notices that the wall
    /// clock was set.
    var uptime: (@Sendable () -> Double)?
    /// From -1 to 1.
    var jitter: @Sendable () -> Double
    /// 40 random bits for a new run's ID.
    var randomBits: @Sendable () -> UInt64
    /// Whether the host is going down: from then on ends are recorded, and nothing is decided.
    var isHostStopping: @Sendable () -> Bool
    /// Returns after so many seconds; throws if the task is cancelled.
    var sleep: @Sendable (Double) async throws -> Void

    /// Makes a world.
    init(
        now: @escaping @Sendable () -> Timestamp, uptime: (@Sendable () -> Double)? = nil,
        jitter: @escaping @Sendable () -> Double, randomBits: @escaping @Sendable () -> UInt64,
        isHostStopping: @escaping @Sendable () -> Bool, sleep: @escaping @Sendable (Double) async throws -> Void
    ) {
        self.now = now
        self.uptime = uptime
        self.jitter = jitter
        self.randomBits = randomBits
        self.isHostStopping = isHostStopping
        self.sleep = sleep
    }
}

/// What the conductor wants done; each is carried out in a task of its own.
enum Work: Sendable {
    /// Take what has come in, decide, record.
    case pass
    /// Start an attempt, or find it again, and see it to its end.
    case drive(StepCommand, epoch: String, isNew: Bool)
    /// Stop an attempt's unit.
    case stop(AttemptName)
    /// Kill what runs of an attempt.
    case kill(AttemptName)
    /// Look at a run again after so many seconds.
    case wake(RunID, seconds: Double)
    /// Give the slice of a run the limits that somebody has set.
    case limitSlice(StepUnit.Slice)
    /// Let the steps of a paused run stand still.
    case freeze(RunID, String, [StepCommand])
    /// Let them go on.
    case thaw(RunID, String, [PausedStep])
    /// Steps of a run may be asked for again, and those that stand still are stopped.
    case endPause(RunID)
    /// A run is over: its slice can go, unless somebody else has put something into it.
    case closeSlice(Run)
}

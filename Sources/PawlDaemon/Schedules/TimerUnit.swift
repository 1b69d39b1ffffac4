import PawlLanguage
import PawlModel
import SystemdKit

/// The timer of a workflow's schedule, `pawl@NAME.timer`, and what it is made of.
struct TimerUnit: Sendable, Equatable {
    /// The workflow.
    let workflow: String
    /// When it runs.
    let schedule: Schedule

    /// The timer's name.
    static func name(of workflow: String) -> String { "pawl@\(workflow).timer" }
    /// The unit that it starts: systemd's own default, of the same name.
    static func service(of workflow: String) -> String { "pawl@\(workflow).service" }
    /// The workflow of such a unit; nil for any other.
    static func workflow(ofService unit: String) -> String? {
        guard unit.hasPrefix("pawl@"), unit.hasSuffix(".service") else { return nil }
        return String(unit.dropFirst("pawl@".count).dropLast(".service".count))
    }
    /// Those of all workflows.
    static let pattern = "pawl@*.timer"

    /// The timer's name.
    var name: String { TimerUnit.name(of: workflow) }

    /// All that the schedule says, so that a change of it is seen.
    var text: String {
        let lines =
            schedule.expressions.map { "OnCalendar=\($0)" } + [
                "RandomizedDelaySec=\(TimeSpan.text(of: schedule.randomizedDelay))",
                "FixedRandomDelay=\(schedule.isDelayFixed)", "AccuracySec=\(TimeSpan.text(of: schedule.accuracy))",
                "catch_up=\(schedule.catchUp.rawValue)",
            ]
        return lines.joined(separator: "\n")
    }

    /// What the unit is made with. Not Persistent=: what was missed pawld catches up itself.
    var properties: [UnitProperty] {
        [
            .string("Description", "Schedule of Workflow \(workflow)"),
            .strings("Documentation", ["man:pawld(8)", "man:pawl.workflow(5)"]),
            .onCalendar(schedule.expressions.map(\.description)),
            .duration("RandomizedDelayUSec", schedule.randomizedDelay),
            .boolean("FixedRandomDelay", schedule.isDelayFixed), .duration("AccuracyUSec", schedule.accuracy),
        ]
    }
}

/// A timer as PID 1 has it.
struct TimerState: Sendable, Equatable {
    /// Whether it waits for its next moment, or has had its last one.
    var isActive: Bool
    /// The file of it that somebody has written; nil for one that was made over the bus.
    var fragment: String?
    /// Up to when it has seen to its moments: when it was made, or when it elapsed last.
    var until: Timestamp

    /// Makes a state.
    init(isActive: Bool, fragment: String? = nil, until: Timestamp) {
        (self.isActive, self.fragment, self.until) = (isActive, fragment, until)
    }
}

/// What the schedules look at anew for.
enum ScheduleSign: Sendable {
    /// systemd is there, or has read its files again.
    case changed
    /// The boot is over.
    case booted
    /// The unit of a workflow has had its job done.
    case ended(workflow: String)
}

/// systemd as the schedules see it, the seam at which a test takes its place. What fails with
/// `ServiceManagerFault.unknownOutcome` is asked for again once there is a sign.
protocol TimerManager: Sendable {
    /// This life of the manager.
    func epoch() async throws(ServiceManagerFault) -> String
    /// Whether the boot still goes on.
    func isBooting() async throws(ServiceManagerFault) -> Bool
    /// A timer; nil if it is not loaded.
    func timer(_ unit: String) async throws(ServiceManagerFault) -> TimerState?
    /// The files of some timers that somebody has written, as far as there are any: they go before what is made over the bus.
    func fragments(of units: [String]) async throws(ServiceManagerFault) -> [String: String]
    /// Has systemd look for units' files again: where one of ours was, it would find none.
    func reread() async throws(ServiceManagerFault)
    /// When some timers elapse next.
    func nextElapses(of units: [String]) async -> [Timestamp?]
    /// Comes back once the start of some timers is over, so that they know when they elapse, or has lasted too long to be waited
    /// for.
    func arrive(_ units: [String]) async
    /// Makes a timer, of which there is none.
    func start(_ timer: TimerUnit) async throws(ServiceManagerFault)
    /// Stops a timer and comes back once there is none of that name.
    func remove(_ unit: String) async throws(ServiceManagerFault)
    /// Comes back once a unit does nothing and has nothing to do.
    func settle(_ service: String) async throws(ServiceManagerFault)
    /// Starts a unit and comes back once its job is done, however that ended.
    func run(_ service: String) async throws(ServiceManagerFault)
    /// Tells what is to be looked at anew for, until the task is cancelled.
    func watch(_ give: @Sendable (ScheduleSign) -> Void) async
}

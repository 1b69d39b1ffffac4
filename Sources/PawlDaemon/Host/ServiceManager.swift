import PawlEngine
import PawlModel

/// systemd, as the daemon sees it: the one seam at which a simulated one can take its place.
///
/// Each call may fail with `ServiceManagerFault.unknownOutcome`: the bus was lost, and whether the call was carried out
/// is unknown. The caller looks, or asks again; asking again is always safe, since a unit's name is never used twice.
protocol ServiceManager: Sendable {
    /// This life of the manager: it changes with a boot, and stays over daemon-reload and daemon-reexec.
    func epoch() async throws(ServiceManagerFault) -> String
    /// Starts a step's unit. A unit of that name that is still loaded counts as started: it is adopted.
    func start(_ unit: StepUnit) async throws(ServiceManagerFault)
    /// Makes a run's slice before its first step. One that is there already is fine.
    func startSlice(_ name: String, description: String) async throws(ServiceManagerFault)
    /// Stops a unit with all its processes. One that is not loaded is fine.
    func stop(_ unit: String) async throws(ServiceManagerFault)
    /// Forgets a unit that has failed. One that is not loaded is fine.
    func release(_ unit: String) async throws(ServiceManagerFault)
    /// Starts a unit that is a file of the package, and does not wait for its end.
    func startInstalled(_ unit: String) async throws(ServiceManagerFault)
    /// What is known of a unit; nil if it is not loaded.
    func status(of unit: String) async throws(ServiceManagerFault) -> UnitStatus?
    /// The loaded units whose names match a glob.
    func units(matching pattern: String) async throws(ServiceManagerFault) -> [String]
}

/// Why a call to systemd did not do what was asked.
enum ServiceManagerFault: Error, Sendable, CustomStringConvertible {
    /// It may or may not have been carried out.
    case unknownOutcome(String)
    /// systemd said no, in its own words.
    case refused(String)
    /// systemd starts nothing more, since the host goes down.
    case hostStopping

    /// What happened.
    var description: String {
        switch self {
        case .unknownOutcome(let cause): "systemd did not answer: \(cause)"
        case .refused(let cause): "systemd refused it: \(cause)"
        case .hostStopping: "the host goes down: systemd starts nothing more"
        }
    }
}

/// A unit as PID 1 has it.
struct UnitStatus: Sendable, Equatable {
    /// Whether it has come to an end: `failed` or `inactive`, with nothing of it running.
    var hasEnded: Bool
    /// How it ended, as far as it has.
    var result: UnitResult

    /// A unit that has not ended; how it will is not known yet.
    static let running = UnitStatus(hasEnded: false, result: UnitResult(result: "success", exit: .none, ended: nil))

    /// Makes a status.
    init(hasEnded: Bool, result: UnitResult) {
        self.hasEnded = hasEnded
        self.result = result
    }
}

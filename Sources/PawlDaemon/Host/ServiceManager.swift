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
    /// Makes a run's slice with its limits before a step starts in it. One that is there already is given them, unless it is
    /// known to have had them: then somebody may have changed them since.
    func startSlice(_ slice: StepUnit.Slice, isKnown: Bool) async throws(ServiceManagerFault)
    /// Gives a run's slice limits. Returns whether it is there: one that is not is made with its limits when a step starts.
    func limitSlice(_ slice: StepUnit.Slice) async throws(ServiceManagerFault) -> Bool
    /// Stops a step's unit with all its processes. One that is not loaded is fine, and one that is in another slice than its
    /// run's is none of ours: it is left alone.
    func stop(_ unit: String, in slice: String) async throws(ServiceManagerFault)
    /// Kills the processes of a step's unit that is to stop, but for the recorder: `stop` is ordered before. One that is not loaded
    /// is fine, and one that is in another slice than its run's is left alone.
    func kill(_ unit: String, in slice: String) async throws(ServiceManagerFault)
    /// Keeps the processes of a step's unit from running, once its start is over: by the freezer where the kernel has one for
    /// control groups of version 2, else by SIGSTOP. One that is not loaded is fine, and so is one that stands still already.
    func freeze(_ unit: String) async throws(ServiceManagerFault)
    /// Takes that back.
    func thaw(_ unit: String) async throws(ServiceManagerFault)
    /// Has systemd read its files anew, and comes back when it has.
    func reload() async throws(ServiceManagerFault)
    /// Forgets a step's unit that has failed. One that is not loaded is fine, and one in another slice is left alone.
    func release(_ unit: String, in slice: String) async throws(ServiceManagerFault)
    /// Stops a run's slice with all that is in it. One that is not loaded is fine.
    func stopSlice(_ name: String) async throws(ServiceManagerFault)
    /// The units that are in a slice, whatever their state.
    func members(of slice: String) async throws(ServiceManagerFault) -> [String]
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
    /// Whether its end has begun: its processes are being stopped, or what comes after them still runs.
    var isEnding = false
    /// How it ended, as far as it has.
    var result: UnitResult
    /// The slice it is in; nil where that is not known.
    var slice: String?

    /// A unit that has not ended; how it will is not known yet.
    static func running(in slice: String?) -> UnitStatus {
        UnitStatus(
            hasEnded: false, result: UnitResult(result: "success", exit: .none, ended: nil), slice: slice)
    }

    /// Makes a status.
    init(hasEnded: Bool, isEnding: Bool = false, result: UnitResult, slice: String? = nil) {
        self.hasEnded = hasEnded
        self.isEnding = isEnding
        self.result = result
        self.slice = slice
    }

    /// Whose the unit is, in words, if it is none of ours.
    func stranger(named unit: String, to slice: String) -> String? {
        ForeignUnit.words(of: unit, in: self.slice, notIn: slice)
    }
}

/// A unit under one of our names that pawl did not start. Only root can make one, and who does so puts it elsewhere than
/// into the run's own slice; what it does and how it ends is no attempt of ours.
enum ForeignUnit {
    /// Whether a slice is a run's: `pawl-ID.slice`, or below those of the runs that it is a step of, `pawl-ABOVE-ID.slice`.
    static func isOurs(_ slice: String, _ own: String) -> Bool {
        slice == own || slice.hasPrefix("pawl-") && slice.hasSuffix(own.dropFirst("pawl".count))
    }

    /// What is said of a unit, or nil if it is ours as far as its slice tells.
    static func words(of unit: String, in slice: String?, notIn own: String) -> String? {
        guard let slice, !slice.isEmpty, !isOurs(slice, own) else { return nil }
        return
            "there is a unit \(unit) already, in \(slice) and not in \(own): pawl did not start it, and leaves it alone; "
            + "'systemctl status \(unit)' shows it"
    }
}

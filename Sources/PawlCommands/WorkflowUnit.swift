import Glibc
import PawlAPI
import PawlModel

/// A workflow as the unit `pawl@NAME.service`: one run at a time, which a start follows and a stop cancels.
struct WorkflowUnit {
    private let workflow: String
    private let surroundings: Surroundings

    init(_ workflow: String, _ surroundings: Surroundings) {
        self.workflow = workflow
        self.surroundings = surroundings
    }

    private var name: String { "pawl@\(workflow).service" }
    private var scope: RuntimeScope { surroundings.scope }

    /// Starts a run, or finds the one that goes on, and follows it: the unit's start job is over when the run is.
    func start() throws -> ExitStatus {
        let file = "\(scope.unitVariables)/\(workflow).yaml"
        let values = try VariableArguments.read([], files: access(file, F_OK) == 0 ? [file] : [])
        let run = try started(values, atBoot: isStartedByBoot())
        let display = UnitDisplay(StatusNotice())
        let follower = RunFollower(client: surroundings.client, surroundings: surroundings)
        let outcome = try follower.follow(run.run, known: true, display: display, ticks: false)
        // The rest pawld has told in the unit's journal. That it waits for a person is an end for the unit, not for the run.
        if outcome != .succeeded, let reason = display.reason { surroundings.warn("run \(run.run): \(reason)") }
        return outcome
    }

    /// Asked again where the answer was lost: there is one run for the unit, however often it is asked for.
    private func started(_ values: [String: Value], atBoot: Bool) throws -> Messages.RunName {
        let client = surroundings.client
        let clock = surroundings.monotonic
        var silentSince: Double?
        while true {
            do {
                return try client.start(workflow, variables: values, unit: name, atBoot: atBoot)
            } catch {
                guard error.passes(wasReached: true) else { throw error }
                let since = silentSince ?? clock()
                silentSince = since
                client.disconnect()
                guard clock() - since < PersistentStream.patience else { throw error }
                surroundings.pause(PersistentStream.step)
            }
        }
    }

    /// Whether it is the start of an enabled unit at boot: the first one since. A file that goes with the boot says so.
    private func isStartedByBoot() -> Bool {
        let isEnabled = scope.unitFolders.contains { access("\($0)/pawl-boot.target.wants/\(name)", F_OK) == 0 }
        mkdir(scope.startedUnits, 0o755)
        let mark = open("\(scope.startedUnits)/\(workflow)", O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard mark >= 0 else { return false }
        close(mark)
        return isEnabled
    }

    /// Cancels the unit's run if somebody has stopped the unit, and returns once it has ended.
    ///
    /// What a stop does to the process that follows the run is told in the environment (`man:systemd.exec(5)`, "EXIT_CODE"). A
    /// host that goes down stops the unit too: the run is left as it is then and goes on after the boot.
    func stop() throws -> ExitStatus {
        guard surroundings.unitExit == ("killed", "TERM"), access(scope.hostStopping, F_OK) != 0 else {
            return .succeeded
        }
        do {
            _ = try Cancellation(surroundings).cancel(try surroundings.client.status(of: name).run)
        } catch ManagerError.refused(let refusal) where refusal.code == .noSuchRun {
            // It has ended by itself, or was never started.
        }
        return .succeeded
    }
}

/// Tells systemd how far the run is, for `systemctl status`.
private final class UnitDisplay: RunDisplay {
    private let notice: StatusNotice
    private var last = ""
    /// Why the run ended as it did.
    private(set) var reason: String?

    init(_ notice: StatusNotice) { self.notice = notice }

    func show(_ status: RunStatus, changes: [RunChange], answer: RunStatus) { tell(status) }

    func tick(_ status: RunStatus, isWaiting: Bool) {}

    func end(_ status: RunStatus) {
        tell(status)
        reason = "\(status.state.rawValue)" + (status.reason.map { ": \($0)" } ?? "")
    }

    private func tell(_ status: RunStatus) {
        let running = status.steps.filter { $0.state == .running }
        let names = running.prefix(3).map(\.name).joined(separator: ", ")
        let what = running.isEmpty ? status.state.rawValue : names + (running.count > 3 ? ", ..." : "")
        let text = "[\(status.stepsDone)/\(status.stepsTotal)] \(what), run \(status.run)"
        if text != last { notice.send("STATUS=\(text)") }
        last = text
    }
}

import Glibc
import PawlModel

/// Starts the service of a step, or finds that it runs and is ready.
struct ServiceProgram {
    let plan: StepPlan
    let service: ServicePlan
    let command: [String]
    let reporter: Reporter

    private var unit: String { service.mark.unit }
    private var scope: RuntimeScope { plan.scope }
    private var folder: String { scope.serviceFolder(of: unit) }

    /// Returns the program's exit status.
    func run() throws -> Int32 {
        let found = try ServiceUnit.read(unit, scope)
        if found.isLoaded {
            guard found.belongs(to: service.mark, ofRun: false) else {
                return fail(
                    "\(unit) is not this workflow's: \(found.owner); name it differently, or take it away")
            }
            let answer = try ask(found)
            if answer.holds {
                reporter.tell(.doneBefore, answer.text)
                return 0
            }
            if plan.asksOnly { return fail(answer.text) }
            if found.isUp { StepProgram.say("\(unit) is started anew: \(answer.text)") }
            try ServiceProgram.takeAway(unit, scope)
        }
        if plan.asksOnly { return fail("\(unit) does not run") }
        reporter.tell(.open, "\(unit) is not ready")
        try writeFiles()
        let child = try ChildProcess.run(
            ["systemd-run"] + scope.managerOptions + [
                "--quiet", "--unit=\(unit)", "--slice=\(service.slice)",
                "--description=\(service.description)",
            ]
                + arguments(service.properties) + ["--"] + inherits + escaped(command), output: .inherited)
        guard child.end == .exited(0) else {
            let state = try ServiceUnit.read(unit, scope)
            let why = state.isLoaded ? state.failure : "systemd did not start it"
            _ = fail("\(unit) did not become ready: \(why)")
            return state.mainStatus.flatMap { $0 != 0 ? $0 : nil } ?? StepProgram.Status.notHeld
        }
        reporter.tell(.done, "\(unit) runs")
        return 0
    }

    private func fail(_ reason: String) -> Int32 {
        StepProgram.say(reason)
        reporter.tell(.open, reason)
        return StepProgram.Status.notHeld
    }

    /// Whether a service that is there is ready. What says so runs as the service does; whose the ports are is looked at from
    /// here, where all can be seen.
    private func ask(_ found: ServiceUnit) throws -> ProbeAsker.Answer {
        func not(_ reason: String) -> ProbeAsker.Answer { ProbeAsker.Answer(holds: false, text: reason) }
        guard found.isActive, let main = found.mainPID else { return not("\(unit) does not run") }
        guard !plan.probes.isEmpty else { return not("nothing says that \(unit) is ready") }
        try writeFiles(asksOnly: true)
        let properties = service.properties.filter { property in
            !["Type=", "ExecStartPost=", "TimeoutStartSec=", "Restart", "CollectMode="].contains {
                property.hasPrefix($0)
            }
        }
        let child = try ChildProcess.run(
            ["systemd-run"] + scope.managerOptions
                + ["--quiet", "--wait", "--collect", "--pipe", "--slice=\(service.slice)"]
                + arguments(properties + ["Type=oneshot", "TimeoutStartSec=60"])
                + ["--", stepPath, folder + "/ask"], output: .taken(limit: 1 << 20))
        guard child.end == .exited(0) else {
            let line = child.output.split(separator: UInt8(ascii: "\n")).last.map {
                String(decoding: $0, as: UTF8.self)
            }
            return not(line.map(StepProgram.withoutName) ?? "what says that \(unit) is ready has failed")
        }
        let owners = PortOwner(cgroup: found.cgroup, process: main)
        do throws(Unheld) { for probe in plan.probes { try owners.check(probe) } } catch {
            return not(error.description)
        }
        return ProbeAsker.Answer(holds: true, text: "\(unit) runs and is ready")
    }

    private var stepPath: String { "/usr/libexec/pawl/pawl-step" }

    /// What stands before the service's program, where that finds a credential in its environment.
    private var inherits: [String] {
        plan.credentials.contains { $0.variable != nil } ? [stepPath, folder + "/exec", "--"] : []
    }

    /// Within a sandbox `ExecStartPost=` sees nothing of `/run/credentials`, unlike the main process (systemd 252): what asks
    /// whether the service is ready finds its credentials a second time, beside its plan.
    private var hasSecondPlace: Bool { !plan.credentials.isEmpty && !plan.probes.isEmpty }

    private func arguments(_ properties: [String]) -> [String] {
        // They are loaded for this unit, and for the service from there: what systemd has decrypted once it reads as it is.
        let own = getenv("CREDENTIALS_DIRECTORY").map { String(cString: $0) } ?? ""
        var credentials = plan.credentials.map { "LoadCredential=\($0.name):\(own)/\($0.name)" }
        if hasSecondPlace {
            credentials.append(
                "BindReadOnlyPaths=-\(scope.unitCredentials)/\(unit):\(StepProgram.credentials(in: folder))")
        }
        return (properties + credentials).flatMap { ["-p", $0] } + service.environment.map { "--setenv=\($0)" }
    }

    /// systemd expands $ in a program's arguments, and nowhere else.
    private func escaped(_ command: [String]) -> [String] {
        command.map { $0.split(separator: "$", omittingEmptySubsequences: false).joined(separator: "$$") }
    }

    /// What the service needs lies where its user and its sandbox can see it, and for as long as it can live.
    private func writeFiles(asksOnly: Bool = false) throws {
        let second = hasSecondPlace ? [StepProgram.credentials(in: folder)] : []
        for path in [scope.services, folder] + second where mkdir(path, 0o755) != 0 && errno != EEXIST {
            throw FileFault("cannot make \(path)")
        }
        var ready = StepPlan(report: "", scope: scope)
        (ready.probes, ready.interval, ready.consecutive) = (plan.probes, plan.interval, plan.consecutive)
        ready.credentials = plan.credentials
        if asksOnly {
            ready.asksOnly = true
            return try TextFile.write(Array(ready.value.json.utf8), to: folder + "/ask", mode: 0o444)
        }
        ready.turn = .readiness
        try TextFile.write(Array(ready.value.json.utf8), to: folder + "/plan", mode: 0o444)
        if !inherits.isEmpty {
            var exec = StepPlan(report: "", scope: scope)
            exec.credentials = plan.credentials
            try TextFile.write(Array(exec.value.json.utf8), to: folder + "/exec", mode: 0o444)
        }
        if let script = service.script {
            try TextFile.write(try TextFile.bytes(script, limit: 16 << 20), to: folder + "/script", mode: 0o555)
        }
    }

    /// Stops services that a run has started; one that is somebody else's by now is left alone.
    static func stop(_ marks: [ServiceMark], _ scope: RuntimeScope, _ reporter: Reporter) throws -> Int32 {
        var failed: [String] = []
        for mark in marks {
            let found = try ServiceUnit.read(mark.unit, scope)
            guard found.isLoaded else { continue }
            guard found.belongs(to: mark, ofRun: true) else {
                StepProgram.say("\(mark.unit) is left alone: \(found.owner)")
                continue
            }
            do { try takeAway(mark.unit, scope) } catch {
                StepProgram.say("\(error)")
                failed.append(mark.unit)
            }
        }
        guard failed.isEmpty else {
            reporter.tell(.open, "\(failed.joined(separator: ", ")) could not be stopped")
            return StepProgram.Status.notHeld
        }
        return 0
    }

    private static func takeAway(_ unit: String, _ scope: RuntimeScope) throws {
        let systemctl = ["systemctl"] + scope.managerOptions
        let stop = try ChildProcess.run(systemctl + ["stop", "--", unit], output: .taken(limit: 1 << 16))
        // A unit that went by itself meanwhile is none that could not be stopped.
        if stop.end != .exited(0), try ServiceUnit.read(unit, scope).isUp {
            throw FileFault(plain: "\(unit) cannot be stopped: \(String(decoding: stop.output, as: UTF8.self))")
        }
        // One that has failed stays loaded, and keeps another one of its name from being started.
        _ = try ChildProcess.run(systemctl + ["reset-failed", "--", unit], output: .taken(limit: 1 << 16))
        let folder = scope.serviceFolder(of: unit)
        for file in ["plan", "ask", "exec", "script"] { unlink("\(folder)/\(file)") }
        rmdir(StepProgram.credentials(in: folder))
        rmdir(folder)
    }
}

package import PawlLanguage
package import PawlModel

/// All that is needed to start one attempt: the daemon writes the files and hands the rest to systemd.
package struct StepCommand: Sendable {
    /// Which attempt.
    package var name: AttemptName
    /// The workflow's name.
    package var workflow: String
    /// What `systemctl status` shows.
    package var description: String
    /// The program and its arguments, as the program is to see them.
    package var arguments: [String]
    /// The program of the step's own, for a sentence; that of `pawl-step` stands before it where there is a plan.
    package var program: String
    /// What `pawl-step` does around the program; nil where the program runs by itself.
    package var plan: StepPlan?
    /// The environment, in order, each name once.
    package var environment: [(name: String, value: String)]
    /// The script's text, if it is one.
    package var script: String?
    /// The names of the credentials that systemd is to load.
    package var credentials: [String]
    /// What `unit:` says, in D-Bus terms.
    package var settings: [UnitSetting]
    /// The directive that came last, with the version of systemd it came with; nil where every systemd has all of them.
    package var newest: (directive: String, since: Int)?
    /// What `slice:` says of the run's slice, in D-Bus terms.
    package var limits: [UnitSetting] = []
    /// The slices above the run's own, the topmost first, where it is a step of another one.
    package var above: [SliceAbove] = []
    /// Whether stdout goes to a file, since some expression reads it.
    package var keepsOutput: Bool
    /// The exit statuses with which the program has succeeded.
    package var successes: Set<Int> = [0]
    /// The exit status whose repair it is, or `*`; nil where it does the step's own work.
    package var repair: String?
    /// How long the attempt may take.
    package var timeout: Duration?
    /// Whether the step sees script, output file and the run's folder by the places they are bound to, since with its
    /// user or sandbox it cannot see the real ones.
    package var isBound: Bool
    /// The run's folder, as the host sees it.
    package var workFolder: String
    /// The attempt's folder, as the host sees it.
    package var attemptFolder: String
    /// Whose manager runs it.
    package var scope = RuntimeScope.system

    /// The slice of the run.
    package var slice: String { name.run.slice(below: above.map(\.run)) }

    /// Why the unit may never have been started, for the end of a sentence.
    package var whyNever: String {
        let needed = settings.flatMap { setting -> [String] in
            guard ["Requires", "Requisite", "BindsTo"].contains(setting.name), case .array(_, let units) = setting.value
            else { return [] }
            return units.compactMap { if case .string(let unit) = $0 { unit } else { nil } }
        }
        guard !needed.isEmpty else { return "; '\(scope.journalctl) -u \(name.unit)' may tell why" }
        return
            "; it needs \(needed.joined(separator: ", ")): '\(scope.systemctl) status \(needed.joined(separator: " "))' tells "
            + "whether that could start"
    }

    /// Whom the unit runs as, for a sentence such as "there is no user 'etcd'"; nil where it says nothing of it.
    package var user: String? {
        let names = settings.compactMap { setting -> String? in
            guard case .string(let name) = setting.value, setting.name == "User" || setting.name == "Group" else {
                return nil
            }
            return "\(setting.name.lowercased()) '\(name)'"
        }
        return names.isEmpty ? nil : names.joined(separator: " or ")
    }
}

/// A step that cannot be started with the values its run has.
package struct RenderFault: Error, Sendable, CustomStringConvertible {
    /// What is wrong.
    package let description: String
}

/// Where a step with a user or a sandbox of its own finds what pawl gives it.
package enum BoundPath {
    /// The run's folder.
    package static let work = "/run/pawl/step/work"
    /// The script.
    package static let script = "/run/pawl/step/script"
    /// What `pawl-step` is told.
    package static let plan = "/run/pawl/step/plan"
    /// The folder with the output file.
    package static let io = "/run/pawl/step/io"
}

/// The program that runs around a step's own, where there is more to do than that does.
package let stepProgram = "/usr/libexec/pawl/pawl-step"

extension Run {
    /// The folder in which the run's steps work.
    package var workFolder: String { created.undo?.folder ?? created.folder + "/work" }

    /// An attempt's own folder.
    package func attemptFolder(_ name: AttemptName) -> String { "\(created.folder)/\(name.folder)" }

    /// Renders the attempt of a step: every template of it is evaluated with what the run knows now.
    package func render(_ place: Place, number: Int) throws(RenderFault) -> StepCommand {
        let step = workflow.steps[place.step]
        let name = attemptName(place, number: number)
        let scope = RunScope(run: self, place: place)
        let asksOnly = asksOnly(place, number: number)
        // They say when the work is to be done; whether it is done is asked all the same.
        let directives = step.unit.filter { !asksOnly || !UnitConditions.contains($0.name) }
        let settings = try settings(directives, scope, of: "step '\(step.id)'")
        let isBound = settings.contains(where: Run.needsBinding)
        let folder = attemptFolder(name)
        var arguments: [String]
        var script: String?
        let repair = repairKey(place, number: number)
        switch try repair.map({ key throws(RenderFault) in try self.repair(key, of: step) }) ?? step.action {
        case .script(let text, let interpreter):
            script = text
            arguments = interpreter + [isBound ? BoundPath.script : folder + "/script"]
        case .command(let templates):
            arguments = try evaluate(templates, scope, what: "command").map(\.text)
        case .wait, .reboot, .stopServices:
            arguments = []
        case .approval, .none, .workflow:
            throw RenderFault(description: "step '\(step.id)' has nothing to run")
        }
        if let service = step.service, repair == nil, !arguments.isEmpty {
            return try render(
                service: service, of: step, place, name, settings: settings, arguments: arguments, script: script)
        }
        let program = arguments.first ?? stepProgram
        let io = isBound ? BoundPath.io : folder + "/io"
        // Whether the work is done is nothing to ask of a repair.
        var plan = repair == nil ? try plan(step, scope, io: io, asksOnly: asksOnly) : nil
        switch step.action {
        case .reboot where repair == nil:
            plan = StepPlan(report: io + "/report", scope: created.scope)
            plan?.turn = .reboot
        case .stopServices where repair == nil:
            plan = StepPlan(report: io + "/report", scope: created.scope)
            plan?.turn = .stop(try servicesToStop(place))
        default: break
        }
        if plan != nil {
            // What lies under that name in the step's root is somebody else's.
            if step.hasRoot {
                throw RenderFault(
                    description: "step '\(step.id)' has a root of its own, in which there is no 'pawl-step'")
            }
            let path = isBound ? BoundPath.plan : folder + "/plan"
            arguments = [stepProgram, path] + (arguments.isEmpty || plan?.asksOnly == true ? [] : ["--"] + arguments)
        }
        if program.isEmpty {
            throw RenderFault(description: "step '\(step.id)': the program's name is empty")
        }
        let environment = try environment(of: step, name, scope, settings, isBound: isBound)
        if let bad = ([("command", arguments)] + environment.map { ($0.name, [$0.value]) })
            .first(where: { $0.1.contains { $0.utf8.contains(0) } })
        {
            throw RenderFault(description: "step '\(step.id)': the value of \(bad.0) has a NUL byte in it")
        }
        return StepCommand(
            name: name, workflow: created.workflow,
            description: description(of: place, name, isRepair: repair != nil),
            arguments: arguments, program: program, plan: plan, environment: environment, script: script,
            // What takes no program has none to give them to.
            credentials: (plan?.turn ?? .program) == .program ? step.credentials.map(\.name) : [], settings: settings,
            newest: Directives.newest(settings), limits: try sliceLimits(), above: try slicesAbove(),
            keepsOutput: step.isOutputRead && repair == nil,
            successes: repair == nil && !asksOnly && step.hasStatus ? step.exitCodes.successes : [0], repair: repair,
            timeout: step.timeout, isBound: isBound, workFolder: workFolder, attemptFolder: folder, scope: created.scope
        )
    }

    private func settings(
        _ directives: [Directive], _ scope: RunScope, of what: String
    ) throws(RenderFault) -> [UnitSetting] {
        var settings: [UnitSetting] = []
        for directive in directives {
            let values = try evaluate(directive.values, scope, what: directive.name).map(\.text)
            do throws(DirectiveFault) {
                settings += try Directives.resolve(directive.name, values)
                // Its values may be known only now.
                if created.scope.isUser { try Directives.checkUser(directive.name, values, UserManager()) }
            } catch {
                throw RenderFault(description: "\(what): \(directive.name): \(error)")
            }
        }
        return settings
    }

    private func repair(_ key: String, of step: Step) throws(RenderFault) -> Step.Action {
        if let action = step.exitCodes.repair(for: key) { return action }
        throw RenderFault(description: "step '\(step.id)' has no repair for the exit status \(key) any more")
    }

    /// What `systemctl status` shows of an attempt.
    func description(of place: Place, _ name: AttemptName, isRepair: Bool = false) -> String {
        (isRepair ? "Repair of step" : "Step") + " '\(name.step)' of \(self.name)"
            + (place.item.map { ", item \($0)" } ?? "")
            + (name.number > 1 ? ", attempt \(name.number)" : "")
    }

    /// What `pawl-step` is to do, where the step says when its work is done or a program is to find a credential in its
    /// environment: systemd has no way to put one there, and what pawld would put there everybody could read.
    func plan(
        _ step: Step, _ scope: RunScope, io: String, asksOnly: Bool
    ) throws(RenderFault) -> StepPlan? {
        let hasVariables = step.credentials.contains { $0.variable != nil }
        guard !step.doneWhen.probes.isEmpty || hasVariables else { return nil }
        var plan = StepPlan(report: io + "/report", scope: created.scope)
        plan.credentials = step.credentials
        do throws(EvaluationFault) { plan.probes = try step.doneWhen.rendered(in: scope) } catch {
            throw RenderFault(description: "done_when: \(error)")
        }
        plan.interval = step.doneWhen.interval / .seconds(1)
        plan.consecutive = step.doneWhen.consecutive
        plan.asksOnly = asksOnly
        if step.hasStatus { plan.successes = step.exitCodes.successes.sorted() }
        return plan
    }

    /// Whether an attempt, ordered or still to be, only asks whether the work is done: after an interruption, where that alone
    /// decides what becomes of the step.
    func asksOnly(_ place: Place, number: Int) -> Bool {
        if let attempt = self[place].attempts.first(where: { $0.number == number }) { return attempt.asksOnly }
        let step = workflow.steps[place.step]
        return step.interrupted != .rerun && !step.doneWhen.probes.isEmpty && self[place].isLossUndecided
    }

    /// Below the store's folder, which is closed to all but root, a step of another user or with a file system of its
    /// own sees nothing: it is given the three things it needs by bind mounts. They cost a mount namespace, so a plain
    /// step goes without.
    static func needsBinding(_ setting: UnitSetting) -> Bool { Directives.needsBinding(setting) }

    func environment(
        of step: Step, _ name: AttemptName, _ scope: RunScope, _ settings: [UnitSetting], isBound: Bool
    ) throws(RenderFault) -> [(name: String, value: String)] {
        var result: [(name: String, value: String)] = []
        // What `pawl-step` sets is set by it alone.
        let credentials = Set(step.credentials.compactMap(\.variable))
        for variable in workflow.variables where !credentials.contains(variable.name) {
            guard let value = created.variables[variable.name], value != .null else { continue }
            if step.environment.contains(where: { $0.name == variable.name }) { continue }
            result.append((variable.name, value.environmentText))
        }
        if scope.value(of: "item") != nil {
            for known in ["item", "index"]
            where !credentials.contains(known) && !step.environment.contains(where: { $0.name == known }) {
                result.append((known, scope.value(of: known)?.environmentText ?? ""))
            }
        }
        for entry in step.environment {
            let value = try evaluate([entry.value], scope, what: "env \(entry.name)")[0]
            result.append((entry.name, value.environmentText))
        }
        // systemd sets HOME only together with User=; a step must find it however its run was started. A user that is made
        // for the step has none, so it gets the one folder that it can write.
        if settings.contains(UnitSetting(name: "DynamicUser", value: .boolean(true))) {
            result.append(("HOME", BoundPath.work))
        } else if !step.unit.contains(where: { $0.name == "User" }) {
            result.append(("HOME", created.scope.stepHome))
        }
        result += [
            ("PAWL_RUN", self.name), ("PAWL_RUN_DIR", isBound ? BoundPath.work : workFolder),
            ("PAWL_WORKFLOW", created.workflow), ("PAWL_STEP", step.id), ("PAWL_ATTEMPT", String(name.number)),
            ("PAWL_OUTPUT", (isBound ? BoundPath.io : attemptFolder(name) + "/io") + "/output"),
            // Scripts written for the older convention ask for these.
            ("ORCHESTRATION_CONTEXT", "pawl"), ("BOOTSTRAP_WORKFLOW_ID", self.name),
            ("BOOTSTRAP_WORKFLOW_START_TIME", String(started.microseconds / 1_000_000)),
        ]
        return result
    }

    func evaluate(
        _ templates: [Template], _ scope: RunScope, what: String
    ) throws(RenderFault) -> [Value] {
        var values: [Value] = []
        for template in templates {
            do throws(EvaluationFault) {
                values.append(try template.evaluate(in: scope))
            } catch {
                throw RenderFault(description: "\(what): \(error)")
            }
        }
        return values
    }
}

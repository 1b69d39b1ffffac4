import PawlLanguage
import PawlModel

/// The host was lost, and with it services that steps of the run had started and that the others rely on.
package struct ServicesLost: Sendable, Codable, Equatable {
    /// One step, or one item of a step.
    package struct Entry: Sendable, Codable, Equatable {
        /// The step's name.
        package var step: String
        /// The foreach item's number.
        package var item: Int?

        /// Makes an entry.
        package init(step: String, item: Int? = nil) { (self.step, self.item) = (step, item) }
    }

    /// This life of the manager.
    package var epoch: String
    /// Whose services they were: these have their turn again.
    package var entries: [Entry]

    /// Makes the body.
    package init(epoch: String, entries: [Entry]) { (self.epoch, self.entries) = (epoch, entries) }
}

/// Services that steps start: when they are started again, and when they are stopped.
extension Run {
    // MARK: Names

    /// The unit and the slice of a step's service.
    private func service(_ place: Place, _ service: Step.Service) throws(RenderFault) -> (unit: String, slice: String) {
        switch service {
        case .ofRun:
            let step = Names.step(workflow.steps[place.step].id, item: place.item)
            return ("pawl-service-\(id).\(step).service", slice)
        case .named(let template):
            let name: String
            do throws(EvaluationFault) {
                name = try template.evaluate(in: RunScope(run: self, place: place)).text
            } catch {
                throw RenderFault(description: "service: \(error)")
            }
            if let fault = ServicePlan.nameFault(name) { throw RenderFault(description: "service: \(fault)") }
            return (name + ".service", created.scope.serviceSlice)
        }
    }

    /// The steps and items that may have started a service, the last one first.
    private var startedServices: [Place] {
        serviceSteps.flatMap { index in [Place(index)] + steps[index].itemRecords.indices.map { Place(index, item: $0) }
        }
        .filter { self[$0].attempts.contains { !$0.asksOnly } }.reversed()
    }

    // MARK: Stopping

    /// Those that do not outlast the run, if it ends so: all but the named ones of a success.
    private func endingServices(_ state: RunState) -> [Place] {
        startedServices.filter { place in
            if case .named = workflow.steps[place.step].service { return state != .succeeded }
            return true
        }
    }

    /// Whether there is something to stop before the run ends so.
    func stopsServices(_ state: RunState) -> Bool { !endingServices(state).isEmpty }

    /// What a step that stops services has to stop.
    func servicesToStop(_ place: Place) throws(RenderFault) -> [ServiceMark] {
        if let undo = created.undo {
            let step = workflow.steps[place.step]
            guard let service = step.service else { return [] }
            let unit = try self.service(place, service).unit
            return [ServiceMark(unit: unit, workflow: created.workflow, run: undo.name)]
        }
        var marks: [ServiceMark] = []
        for place in endingServices(ending?.state ?? .failed) {
            let step = workflow.steps[place.step]
            guard let service = step.service else { continue }
            let unit = try self.service(place, service).unit
            // Two steps may start the same one, the second in place of the first.
            guard !marks.contains(where: { $0.unit == unit }) else { continue }
            marks.append(ServiceMark(unit: unit, workflow: created.workflow, run: name))
        }
        return marks
    }

    // MARK: Starting again

    /// What follows from the loss of the host for services that have been ready; nil where nothing does.
    mutating func decideServices(_ context: DecisionContext) -> Event? {
        guard !serviceSteps.isEmpty, phase == .main, cancel == nil, !context.epoch.isEmpty,
            servicesEpoch != context.epoch
        else { return nil }
        let lost = readyServices.filter { self[$0].attempts.last?.epoch != context.epoch }
        guard !lost.isEmpty else {
            servicesEpoch = context.epoch
            return nil
        }
        return .servicesLost(
            ServicesLost(
                epoch: context.epoch,
                entries: lost.sorted().map {
                    ServicesLost.Entry(step: workflow.steps[$0.step].id, item: $0.item)
                }))
    }

    /// The steps and items whose services have been ready and are to be there still.
    private var readyServices: [Place] {
        startedServices.filter { place in
            guard workflow.steps[place.step].phase == .main else { return false }
            let record = self[place]
            switch record.state {
            case .succeeded: return true
            // Found to run already. A step that was passed over since it was last opened has asked for no service, and to
            // open it for one would have it passed over again, without end.
            case .skipped:
                guard record.tries > 0, let outcome = record.attempts.last?.outcome else { return false }
                return outcome.state == .skipped && !outcome.wasPassedOver
            default: return false
            }
        }
    }

    mutating func apply(_ body: ServicesLost) {
        servicesEpoch = body.epoch
        reopen(services: body.entries.compactMap { place(of: $0.step, item: $0.item) })
        rebuild()
    }

    /// Who opens a run again wants what it relies on to be there: each service is asked for again, and started where it does
    /// not run.
    /// In the handlers' turn it has its outcome, and they are not what it was for.
    mutating func reopenServices() {
        guard phase == .main else { return }
        reopen(services: readyServices)
    }

    private mutating func reopen(services: [Place]) {
        for place in services {
            self[place].reopen()
            // Its step goes on, and the other items stay as they are.
            if place.item != nil, steps[place.step].state.isEnded { steps[place.step].reopen() }
        }
    }

    // MARK: Rendering

    /// Renders the attempt that starts a step's service: `pawl-step` does that as root and outside of the step's sandbox, and
    /// the service is inside of it.
    func render(
        service kind: Step.Service, of step: Step, _ place: Place, _ name: AttemptName, settings: [UnitSetting],
        arguments given: [String], script: String?
    ) throws(RenderFault) -> StepCommand {
        let scope = RunScope(run: self, place: place)
        let (unit, slice) = try service(place, kind)
        let isBound = settings.contains(where: Run.needsBinding)
        let (folder, attemptFolder) = (created.scope.serviceFolder(of: unit), attemptFolder(name))
        var arguments = given
        // The run's folder goes one day, and the service may be started again after that.
        if script != nil { arguments[arguments.count - 1] = folder + "/script" }
        let environment = try environment(of: step, name, scope, settings, isBound: isBound)
            .filter { $0.name != "PAWL_OUTPUT" }
        var properties = [
            "Type=exec", "CollectMode=inactive", "SyslogIdentifier=\(created.scope.logName(of: name))",
            "WorkingDirectory=-" + (isBound ? BoundPath.work : workFolder),
            "TimeoutStartSec=" + (step.timeout.map { "\($0 / .microseconds(1))us" } ?? "infinity"),
            "LogExtraFields=PAWL_WORKFLOW=\(created.workflow)", "LogExtraFields=PAWL_RUN=\(self.name)",
            "LogExtraFields=PAWL_STEP=\(step.id)", "LogExtraFields=PAWL_ATTEMPT=\(name.number)",
        ]
        if let item = name.item { properties.append("LogExtraFields=PAWL_ITEM=\(item)") }
        // A condition is the step's: whether the service is started at all.
        for directive in step.unit where !UnitConditions.contains(directive.name) {
            let values = try evaluate(directive.values, scope, what: directive.name).map(\.text)
            do throws(DirectiveFault) { properties += try Directives.assignments(directive.name, values) } catch {
                throw RenderFault(description: "step '\(step.id)': \(directive.name): \(error)")
            }
        }
        // Last, since an empty list of the step's would take it back.
        if isBound { properties.append("BindPaths=-\(workFolder):\(BoundPath.work)") }
        var plan =
            try plan(
                step, scope, io: attemptFolder + "/io", asksOnly: asksOnly(place, number: name.number))
            ?? StepPlan(report: attemptFolder + "/io/report", scope: created.scope)
        plan.credentials = step.credentials
        if !plan.probes.isEmpty { properties.append("ExecStartPost=\(stepProgram) \(folder)/plan") }
        // The marks come first: a value of the step's that looks like one comes after them.
        let marks =
            environment.filter { $0.name.hasPrefix("PAWL_") } + environment.filter { !$0.name.hasPrefix("PAWL_") }
        plan.turn = .service(
            ServicePlan(
                mark: ServiceMark(unit: unit, workflow: created.workflow, run: self.name),
                description: "Service of step '\(step.id)' of \(self.name)" + (place.item.map { ", item \($0)" } ?? ""),
                slice: slice, properties: properties, environment: marks.map { "\($0.name)=\($0.value)" },
                script: script == nil ? nil : attemptFolder + "/script"))
        if (arguments + environment.map(\.value)).contains(where: { $0.utf8.contains(0) }) {
            throw RenderFault(description: "step '\(step.id)': a value has a NUL byte in it")
        }
        guard let program = arguments.first, !program.isEmpty else {
            throw RenderFault(description: "step '\(step.id)': the program's name is empty")
        }
        return StepCommand(
            name: name, workflow: created.workflow, description: description(of: place, name),
            arguments: [stepProgram, attemptFolder + "/plan", "--"] + arguments, program: program, plan: plan,
            environment: marks.filter { $0.name.hasPrefix("PAWL_") }, script: script,
            credentials: step.credentials.map(\.name),
            settings: settings.filter { if case .condition = $0.value { true } else { false } },
            newest: Directives.newest(settings), limits: try sliceLimits(), above: try slicesAbove(),
            keepsOutput: false,
            timeout: step.timeout, isBound: false, workFolder: workFolder, attemptFolder: attemptFolder,
            scope: created.scope)
    }
}

extension Workflow {
    /// The steps with a service.
    var serviceSteps: [Int] {
        steps.indices.filter {
            // Those of a run that takes back only stop one.
            if case .stopServices = steps[$0].action { return false }
            return steps[$0].service != nil
        }
    }
}

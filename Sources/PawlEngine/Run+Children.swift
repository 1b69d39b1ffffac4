package import PawlLanguage
package import PawlModel

/// Runs that are attempts of steps of others. The order of such an attempt and the first event of its run are recorded in one
/// transaction, and so are the end of that run and the end of the attempt: neither is ever there without the other.
extension Run {
    /// So many runs may be above one.
    package static let mostAbove = 8

    // MARK: Above it

    /// Why it is not opened again by itself, if it is a step of another one: that has its result.
    package var parentRefusal: String? {
        created.parent.map {
            "the run '\(name)' is step '\($0.stepName)' of '\($0.name)': 'pawl retry \($0.name)' makes a new one"
        }
    }

    /// How long it may take, and of what that is said: of its workflow, or of the step that it is.
    var allowance: (span: Duration, reason: String)? {
        var result = workflow.timeout.map {
            (span: $0, reason: "the run's timeout of \(TimeSpan.text(of: $0)) ran out")
        }
        if let parent = created.parent, let seconds = parent.timeout {
            let span = Duration.seconds(seconds)
            if result.map({ span < $0.span }) ?? true {
                result = (
                    span,
                    "the timeout of step '\(parent.stepName)' of '\(parent.name)', \(TimeSpan.text(of: span)), ran out"
                )
            }
        }
        return result
    }

    /// Its slice, below those of the runs above it.
    package var slice: String { id.slice(below: created.parent?.above.map(\.run) ?? []) }

    /// The slices above its own, the topmost first.
    func slicesAbove() throws(RenderFault) -> [SliceAbove] {
        var (result, ids) = ([SliceAbove](), [RunID]())
        for above in created.parent?.above ?? [] {
            var limits: [UnitSetting] = []
            for limit in above.limits {
                do throws(DirectiveFault) { limits += try Directives.resolve(limit.name, limit.values) } catch {
                    throw RenderFault(description: "the slice of run \(above.run): \(limit.name): \(error)")
                }
            }
            result.append(
                SliceAbove(
                    run: above.run, name: above.run.slice(below: ids), workflow: above.workflow, limits: limits))
            ids.append(above.run)
        }
        return result
    }

    // MARK: Below it

    /// The run that an attempt of a step or item is, while that goes on.
    package func child(at place: Place) -> ChildRun? { runningAttempt(of: place)?.child }

    /// Whether what runs below it is to end: it was cancelled, or has to begin anew or to fail since its host was lost.
    package func endsChildren(_ context: DecisionContext) -> Bool {
        state == .running && (cancel != nil || isLost(context))
    }

    /// Orders the attempt of a step that is a run of another workflow.
    func order(_ call: WorkflowCall, at place: Place, _ step: Step, _ context: DecisionContext) -> Event {
        let number = (self[place].attempts.last?.number ?? 0) + 1
        let child = ChildRun(
            id: RunID(childOf: attemptName(place, number: number)), workflow: call.workflow)
        do throws(RenderFault) {
            _ = try make(child, at: place, number: number, epoch: context.epoch)
        } catch {
            return .stepEnded(
                StepEnded(
                    step: step.id, item: place.item, state: .failed,
                    reason: "workflow '\(call.workflow)' was not started: \(error.description)"))
        }
        return .attemptOrdered(
            AttemptOrdered(
                step: step.id, item: place.item, number: number, unit: child.id.slice(below: above.map(\.run)),
                epoch: context.epoch, child: child))
    }

    /// This run and those above it, the topmost first.
    private var above: [ParentRun.Above] {
        (created.parent?.above ?? []) + [ParentRun.Above(run: id, workflow: created.workflow, limits: [])]
    }

    /// Makes the run that an attempt is. Everything that it will ever know is in here.
    package func make(
        _ child: ChildRun, at place: Place, number: Int, epoch: String
    ) throws(RenderFault) -> (created: RunCreated, workflow: Workflow) {
        let step = workflow.steps[place.step]
        guard let call = step.call, let definition = created.children?.first(where: { $0.workflow == child.workflow })
        else { throw RenderFault(description: "the run '\(name)' keeps no text of it") }
        var above = above
        guard above.count <= Run.mostAbove else {
            let names = above.map(\.workflow).joined(separator: " > ")
            throw RenderFault(
                description: "workflows run one another more than \(Run.mostAbove) deep: \(names) > \(call.workflow)")
        }
        above[above.count - 1].limits = try limits()
        let runs = created.folder.lastIndex(of: "/").map { String(created.folder[..<$0]) } ?? "."
        var made = RunCreated(
            workflow: child.workflow, file: definition.source.main.file, text: "", variables: [:],
            requester: created.requester,
            folder: "\(runs)/\(child.id)", maxParallel: created.maxParallel, host: created.host, epoch: epoch)
        made.source = definition.source
        made.children = created.children
        made.user = created.user
        made.parent = ParentRun(
            run: id, workflow: created.workflow, step: step.id, item: place.item, attempt: number,
            timeout: step.timeout.map { $0 / .seconds(1) }, above: above)
        let other: Workflow
        do throws(RunFault) { other = try Run.read(made) } catch {
            throw RenderFault(description: "its text cannot be read: \(error)")
        }
        // Where it runs none, a thousand of its kind keep none.
        if other.called.isEmpty { made.children = nil }
        let values: [String: Value]
        do throws(VariableFault) { values = try call.values(in: RunScope(run: self, place: place)) } catch {
            throw RenderFault(description: error.message)
        }
        let bound = other.bind(called: values)
        guard bound.faults.isEmpty else {
            throw RenderFault(description: bound.faults.map(\.message).joined(separator: "; "))
        }
        made.variables = bound.values
        // Without its limits none of its steps could start.
        _ = try Run(id: child.id, created: made, workflow: other, at: started).sliceLimits()
        return (made, other)
    }

    /// What the end of a run means for the attempt that it is.
    ///
    /// - Parameters:
    ///   - child: the run, which has ended.
    ///   - isWanted: whether this run wanted it to end: else somebody has cancelled it by hand, and its step has failed.
    package func outcome(of child: Run, isWanted: Bool) -> AttemptOutcome {
        var outcome = AttemptOutcome(state: .failed, ended: child.ended)
        let words = child.reason.map { ": \($0)" } ?? ""
        switch child.state {
        case .succeeded:
            outcome.state = .succeeded
            outcome.outputs = child.outputs
        case .timedOut:
            outcome.state = .timedOut
            outcome.reason = "run \(child.name) timed out\(words)"
        case .cancelled:
            outcome.state = isWanted ? .cancelled : .failed
            outcome.reason = "run \(child.name) was cancelled\(words)"
        default:
            outcome.reason = "run \(child.name) failed\(words)"
        }
        return outcome
    }

    /// Whether the end of an attempt that is a run is recorded: whoever looks after such attempts may do so more than once.
    func isKnown(endOfChild body: AttemptEnded) -> Bool {
        guard let place = place(of: body.step, item: body.item) else { return false }
        return self[place].attempts.contains { $0.number == body.number && $0.child != nil && $0.outcome != nil }
    }

    /// What is said of an attempt whose run the store has lost: nobody knows how far that came.
    package static func outcome(ofLost child: ChildRun) -> AttemptOutcome {
        AttemptOutcome(state: .interrupted, reason: "its run \(child.name) is not in the store any more")
    }

    // MARK: What it gives

    /// What the run gives to whoever runs it as a step; nil where its workflow says nothing of it.
    func givenOutputs() throws(RenderFault) -> [String: Value]? {
        guard !workflow.outputs.isEmpty, created.undo == nil else { return nil }
        var (outputs, size) = ([String: Value](), 0)
        for output in workflow.outputs {
            do throws(EvaluationFault) {
                let value = try output.value.evaluate(in: RunScope(run: self))
                outputs[output.name] = value
                size += value.text.utf8.count
            } catch {
                throw RenderFault(description: "its output '\(output.name)' cannot be told: \(error)")
            }
        }
        guard size <= OutputFile.limit else {
            throw RenderFault(description: "its outputs have \(size) bytes; at most \(OutputFile.limit) can be kept")
        }
        return outputs
    }

    /// The end of the run, with what it gives.
    func endEvent(_ state: RunState, _ reason: String?) -> Event {
        var body = RunEnded(state: state, reason: reason)
        guard state == .succeeded else { return .runEnded(body) }
        do throws(RenderFault) { body.outputs = try givenOutputs() } catch {
            (body.state, body.reason) = (.failed, error.description)
        }
        return .runEnded(body)
    }
}

/// A slice above that of a run which is a step of another one.
package struct SliceAbove: Sendable {
    /// The run whose it is.
    package var run: RunID
    /// Its name.
    package var name: String
    /// The run's workflow.
    package var workflow: String
    /// Its limits, in D-Bus terms.
    package var limits: [UnitSetting]
}

import PawlAPI
import PawlEngine
import PawlLanguage
import PawlModel
import PawlStore

/// Runs that are attempts of steps of others.
///
/// An attempt's order and its run's first event are in one commit, and so are its run's end and its own: whoever is killed when,
/// a run is made once for each attempt, and its end is the attempt's. What a commit cannot hold together, since one of the two
/// runs stands still, is found by `tend`.
extension Conductor {
    // MARK: In a pass

    /// Sees to it that a run's ID is free, or the one that was made for this very attempt before the store lost its order.
    func withFreeChild(_ event: Event, of id: RunID) -> Event {
        guard case .attemptOrdered(var body) = event, let child = body.child else { return event }
        if active[child.id]?.fault != nil, (try? store.knows(child.id)) == false {
            // The commit that was to make it failed.
            drop(child.id)
        }
        guard isKnown(child.id), !isChild(child.id, of: id, body) else { return event }
        repeat { body.child?.id = RunID(random: world.randomBits()) } while body.child.map { isKnown($0.id) } ?? false
        return .attemptOrdered(body)
    }

    private func isKnown(_ id: RunID) -> Bool { active[id] != nil || (try? store.knows(id)) == true }

    private func isChild(_ child: RunID, of id: RunID, _ body: AttemptOrdered) -> Bool {
        guard let parent = (active[child]?.run ?? (try? store.run(child)))?.created.parent else { return false }
        return parent.run == id && parent.step == body.step && parent.item == body.item
            && parent.attempt == body.number
    }

    /// What an event of one run means for others, in the same commit.
    func follow(_ event: Event, of id: RunID, at time: Timestamp, in turns: inout Turns) {
        switch event {
        case .attemptOrdered(let body): if let child = body.child { make(child, body, of: id, at: time, in: &turns) }
        case .runEnded: end(id, at: time, in: &turns)
        case .runStopped, .runResumed, .runPaused, .runUnpaused, .approvalAsked, .approvalAnswered, .cancelRequested:
            tell(above: id)
        default: break
        }
    }

    private func make(
        _ child: ChildRun, _ body: AttemptOrdered, of id: RunID, at time: Timestamp, in turns: inout Turns
    ) {
        guard !isKnown(child.id), let run = active[id]?.run, let place = run.place(of: body.step, item: body.item)
        else { return }
        do throws(RenderFault) {
            let (created, workflow) = try run.make(child, at: place, number: body.number, epoch: body.epoch)
            active[child.id] = ActiveRun(Run(id: child.id, created: created, workflow: workflow, at: time))
            turns.add(child.id)
            turns.events[child.id] = [.runCreated(created)]
        } catch {
            // It was made before it was ordered, of the same values; `tend` says what there is not.
            journal.note(.error, "Run \(child.name) could not be made: \(error)")
        }
    }

    /// A run has ended: so has the attempt that it is.
    private func end(_ id: RunID, at time: Timestamp, in turns: inout Turns) {
        guard let run = active[id]?.run, let parent = run.created.parent, let above = active[parent.run],
            above.fault == nil, let ended = end(of: run, in: above.run)
        else { return }
        turns.add(parent.run)
        apply(.attemptEnded(ended), to: parent.run, at: time, in: &turns)
    }

    /// The end of the attempt that a run is; nil where that has ended already.
    private func end(of child: Run, in run: Run) -> AttemptEnded? {
        guard let parent = child.created.parent, let place = run.place(of: parent.step, item: parent.item),
            run.child(at: place)?.id == child.id
        else { return nil }
        return AttemptEnded(
            step: parent.step, item: parent.item, number: parent.attempt,
            outcome: run.outcome(of: child, isWanted: run.endsChildren(context(world.now()))))
    }

    /// Asks for the end of what runs below a run that is to end itself. What has its handlers' turn is about to, and they are
    /// not cut short.
    func endChildren(of id: RunID, _ context: DecisionContext, in turns: inout Turns) {
        guard let run = active[id]?.run, run.endsChildren(context) else { return }
        for place in run.running.sorted() {
            guard let child = run.child(at: place)?.id, let entry = active[child], entry.fault == nil,
                entry.run.cancel == nil, entry.run.phase == .main, !entry.run.state.isEnded
            else { continue }
            let words = run.cancel.map { _ in run.reason ?? "it was cancelled" } ?? "its host was lost while it ran"
            turns.add(child)
            apply(
                .cancelRequested(CancelRequested(cause: .parent, reason: "\(run.name) is to end: \(words)")),
                to: child, at: context.now, in: &turns)
        }
    }

    /// Those who watch the runs above one see that it waits, or that it goes on.
    func tell(above id: RunID) {
        var run = active[id]?.run
        while let parent = run?.created.parent {
            guard let entry = active[parent.run], let place = entry.run.place(of: parent.step, item: parent.item) else {
                return
            }
            active[parent.run]?.changes.append(place)
            active[parent.run]?.version += 1
            wakeWatchers(of: parent.run)
            run = entry.run
        }
    }

    // MARK: Beside a pass

    /// Looks after an attempt that is a run: one that is not active has ended while this one could not be told, or is lost.
    func tend(_ child: ChildRun, at place: Place, of run: Run) {
        guard active[child.id] == nil, let attempt = run.runningAttempt(of: place) else { return }
        let step = run.workflow.steps[place.step].id
        do {
            guard let row = try store.find(child.id.rawValue).first(where: { $0.id == child.id }) else {
                let lost = AttemptEnded(
                    step: step, item: place.item, number: attempt.number, outcome: Run.outcome(ofLost: child))
                return take(.attemptEnded(lost), of: run.id)
            }
            // One that has not ended is still to be taken up, or is set aside until somebody resumes it.
            guard row.ended != nil, let known = try store.run(child.id), let ended = end(of: known, in: run) else {
                return
            }
            take(.attemptEnded(ended), of: run.id)
        } catch {
            journal.unreadable(run: child.name, cause: "\(error)")
        }
    }

    /// Why a run does not go on by itself, or one below it: in words behind its name. Nil if it does.
    func standstill(of id: RunID) -> String? {
        if setAside.contains(id) { return "is set aside" }
        guard let entry = active[id] else { return isUnreadable(id) ? "cannot be read: the journal tells why" : nil }
        if let fault = entry.fault { return "stands still: \(fault)" }
        if entry.run.state == .stopped { return "waits for a person: \(entry.run.reason ?? "it was stopped")" }
        if entry.run.isPaused { return "is paused" }
        if let place = entry.run.approvals.min() { return entry.run[place].reason }
        for place in entry.run.running.sorted() {
            guard let child = entry.run.child(at: place), let words = standstill(of: child.id) else { continue }
            return "waits: run \(child.name) \(words)"
        }
        return nil
    }

    /// The runs below one that do not go on by themselves, as far as `resume` is what they wait for.
    func stoppedChildren(of id: RunID) -> [RunID] {
        guard let run = active[id]?.run else { return [] }
        return run.running.sorted().compactMap { run.child(at: $0)?.id }.flatMap { child -> [RunID] in
            let isStopped =
                setAside.contains(child) || active[child].map { $0.fault != nil || $0.run.state == .stopped } ?? false
            return (isStopped ? [child] : []) + stoppedChildren(of: child)
        }
    }

    /// Says of each step that is a run which one, and why that does not go on.
    func addChildren(to status: inout RunStatus, of run: Run) {
        guard run.created.children != nil else { return }
        for index in status.steps.indices where status.steps[index].state == .running {
            guard let place = run.place(of: status.steps[index].id, item: status.steps[index].item),
                let child = run.child(at: place), let words = standstill(of: child.id)
            else { continue }
            status.steps[index].reason = "run \(child.name) \(words)"
        }
        guard status.state == .running, status.reason == nil else { return }
        for place in run.running.sorted() {
            guard let child = run.child(at: place), let words = standstill(of: child.id) else { continue }
            status.reason = "run \(child.name) \(words)"
            return
        }
    }
}

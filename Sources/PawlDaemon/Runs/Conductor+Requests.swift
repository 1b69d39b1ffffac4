import PawlAPI
import PawlEngine
import PawlLanguage
import PawlModel
import PawlStore

extension Conductor {
    // MARK: Finding

    /// Finds a run by its name, its ID, a prefix of either that is unique, or `@last`.
    func find(_ text: String) throws(APIError) -> RunSummaryRow {
        let found: [RunSummaryRow]
        // No workflow's name has this in it.
        let isUnit = text.hasPrefix("pawl@")
        do {
            found = try isUnit ? activeRun(of: text).map { try store.find($0.rawValue) } ?? [] : store.find(text)
        } catch {
            throw APIError(.storeFailed, "the store cannot be read: \(error)")
        }
        guard let first = found.first else {
            if isUnit {
                throw APIError(.noSuchRun, "no run that was started for \(text) goes on; see 'pawl ps --all'")
            }
            // Of such words there is one.
            let next =
                text.hasPrefix("@") && text != "@last"
                ? "did you mean '@last'? 'pawl ps --all' lists all runs" : "'pawl ps --all' lists them"
            throw APIError(.noSuchRun, "there is no run '\(text)'; \(next)")
        }
        guard found.count == 1 else {
            throw try ambiguity(text)
        }
        return first
    }

    /// Which runs are meant perhaps. Whoever sees three names is to know whether these are all.
    private func ambiguity(_ text: String) throws(APIError) -> APIError {
        let (newest, count): ([RunSummaryRow], Int)
        do { (newest, count) = try store.candidates(text) } catch {
            throw APIError(.storeFailed, "the store cannot be read: \(error)")
        }
        let names = newest.map(\.name).joined(separator: ", ")
        let others = count - newest.count
        let end = others < 1 ? "" : others == 1 ? " and 1 older one" : " and \(others) older ones"
        return APIError(.noSuchRun, "more than one run begins with '\(text)': \(names)\(end)")
    }

    /// The runs that have not ended, or all, the newest first.
    func list(all: Bool) throws(APIError) -> [RunSummary] {
        do {
            let rows = all ? try store.allRuns() : try store.openRuns().reversed()
            let names = Dictionary(rows.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
            return rows.map { row in
                var summary = RunSummary(row)
                summary.parent = row.parent.map { names[$0] ?? $0.rawValue }
                if let entry = active[row.id] { summary.tell(entry.run, locks, room) }
                if summary.state == .running { summary.secondsLeft = secondsLeft(of: row.id) }
                if let words = active[row.id]?.faultReason { (summary.state, summary.reason) = (.stopped, words) }
                if setAside.contains(row.id) { (summary.state, summary.reason) = (.stopped, Conductor.reason(row)) }
                return summary
            }
        } catch {
            throw APIError(.storeFailed, "the store cannot be read: \(error)")
        }
    }

    /// One run, whole. With a bookmark of an earlier answer only the steps that have changed since.
    ///
    /// - Parameter withRunning: whether those that run are told of too, unless they are many: what is left of them changes by
    ///   itself.
    func status(
        of id: RunID, since bookmark: Bookmark? = nil, withRunning: Bool = false
    ) throws(APIError) -> (RunStatus, Bookmark) {
        if let entry = active[id] {
            var changed = bookmark.map { Set(entry.changes[min($0.changes, entry.changes.count)...]) }
            if withRunning, entry.run.running.count <= 50 { changed?.formUnion(entry.run.running) }
            var status = RunStatus(entry.run, only: changed, locks, room)
            if let words = entry.faultReason {
                status.state = .stopped
                status.reason = words
            }
            addChildren(to: &status, of: entry.run)
            addForecast(to: &status, of: id)
            return (status, Bookmark(version: entry.version, changes: entry.changes.count))
        }
        if setAside.contains(id) {
            return (statusSetAside(try find(id.rawValue)), Bookmark(version: -1, changes: 0))
        }
        do {
            guard let run = try store.run(id) else { throw APIError(.noSuchRun, "there is no run '\(id)'") }
            return (RunStatus(run), Bookmark(version: -1, changes: 0))
        } catch let error as APIError {
            throw error
        } catch {
            throw APIError(.storeFailed, "the run '\(id)' cannot be read: \(error)")
        }
    }

    /// Where a run stands, without its steps: for those who wait for its end. Nil once it has ended.
    func standing(of id: RunID) -> (state: RunState, reason: String?, bookmark: Bookmark)? {
        if setAside.contains(id), let row = try? find(id.rawValue) {
            return (.stopped, Conductor.reason(row), Bookmark(version: -1, changes: 0))
        }
        guard let entry = active[id] else { return nil }
        return (
            entry.fault == nil ? entry.run.state : .stopped, entry.faultReason ?? entry.run.reason,
            Bookmark(version: entry.version, changes: entry.changes.count)
        )
    }

    /// Waits until a run has changed since a bookmark, or so many seconds have passed. Returns whether it still goes on.
    func changed(_ id: RunID, since bookmark: Bookmark, within seconds: Double? = nil) async -> Bool {
        await change(of: id, since: bookmark.version, within: seconds)
        return active[id] != nil
    }

    /// Whether a run has not ended.
    func isActive(_ id: RunID) -> Bool { active[id] != nil }

    /// What the status line counts.
    var activity: (runs: Int, steps: Int) {
        (active.count, stepsActive)
    }

    /// Those of some runs that the store does not know.
    func unknown(_ ids: some Sequence<RunID> & Sendable) throws -> [RunID] {
        try ids.filter { id in try active[id] == nil && !store.knows(id) }
    }

    /// The run that was started with a key, if there is one.
    ///
    /// - Throws: `conflict` where it is one of another workflow.
    func run(ofKey key: String, _ workflow: String) throws(APIError) -> RunID? {
        guard (1...RunCreated.longestKey).contains(key.utf8.count) else {
            throw APIError(.invalidVariable, "a key has 1 to \(RunCreated.longestKey) bytes, not \(key.utf8.count)")
        }
        // One that is being started is not in the store yet.
        let created = active.first { $0.value.run.created.key == key }?.value.run
        let known: (id: RunID, workflow: String)?
        do {
            known =
                try created.map { ($0.id, $0.created.workflow) } ?? store.run(ofKey: key).map { ($0.id, $0.workflow) }
        } catch {
            throw APIError(.storeFailed, "the store cannot be read: \(error)")
        }
        guard let known else { return nil }
        guard known.workflow == workflow else {
            throw APIError(
                .conflict,
                "no run of '\(workflow)' was started: the key '\(key)' is that of run '\(known.id.name(of: known.workflow))'"
            )
        }
        return known.id
    }

    // MARK: Acting

    /// Starts a run, and returns its ID once it is on disk.
    func start(_ created: RunCreated, workflow: Workflow, folders: any AttemptFiles) async throws(APIError) -> RunID {
        try refuseWhileHostStops("started")
        let id = try await unusedID(folders)
        // Only now, with nothing to wait for until it stands among the active ones: two may ask for the same unit.
        if let unit = created.unit, let known = activeRun(of: unit) {
            return known
        }
        if let key = created.key, let known = try run(ofKey: key, created.workflow) { return known }
        var created = created
        created.folder += "/\(id)"
        created.epoch = epoch
        let run = Run(id: id, created: created, workflow: workflow, at: world.now())
        do throws(RenderFault) {
            // Only the run's values tell, and without its limits none of its steps could start.
            _ = try run.sliceLimits()
            _ = try run.ownLockKey()
        } catch {
            throw APIError(.invalidVariable, error.description)
        }
        active[id] = ActiveRun(run)
        do {
            try await submit(.runCreated(created), to: id)
        } catch {
            drop(id)
            if let fault = error as? RecordFault, fault.isRefusal {
                throw APIError(.conflict, "no run of '\(run.created.workflow)' was started: \(fault)")
            }
            throw APIError(.storeFailed, "the run was not started: \(error)")
        }
        return id
    }

    /// An ID that neither the store nor the folders nor memory know: it names units, and a unit's name is never used
    /// again, not even after the store was lost.
    func unusedID(_ folders: any AttemptFiles) async throws(APIError) -> RunID {
        while true {
            let id = RunID(random: world.randomBits())
            let isKnown: Bool
            do {
                isKnown = try store.knows(id)
            } catch {
                throw APIError(.storeFailed, "the store cannot be read: \(error)")
            }
            if !isKnown, active[id] == nil, await !folders.exists(run: id) { return id }
        }
    }

    /// Asks for a run's end, and returns once that is on disk. The run has ended some time later.
    ///
    /// - Parameter isForced: whether what runs of it is killed, its handlers too: those that have their turn now.
    func cancel(_ id: RunID, by requester: Requester, isForced: Bool = false) async throws(APIError) {
        try refuseSetAside(id)
        guard let entry = active[id] else {
            throw APIError(.invalidState, "the run '\(try find(id.rawValue).name)' has ended already")
        }
        if entry.fault != nil { try await clearFault(of: id) }
        // What cannot be recorded below it would keep it from its end.
        for child in stoppedChildren(of: id) where active[child]?.fault != nil { try await clearFault(of: child) }
        if active[id]?.run.cancel == nil {
            try await record(
                .cancelRequested(CancelRequested(cause: .person, reason: "cancelled by \(requester)")), of: id)
        }
        if isForced { kill(id) }
    }

    /// Kills what is to end of a run and of those that are its steps. What it does not find it has no need of: nothing of a
    /// cancelled run is started any more.
    private func kill(_ id: RunID) {
        for id in [id] + runs(below: id) {
            guard let run = active[id]?.run, run.cancel != nil else { continue }
            for place in run.running.sorted() {
                guard let attempt = run.runningAttempt(of: place), attempt.child == nil else { continue }
                todo.yield(.kill(run.attemptName(place, number: attempt.number)))
            }
        }
    }

    /// Goes on with a stopped run, with another definition if one is given.
    func resume(_ id: RunID, with current: CurrentDefinition? = nil, by requester: Requester) async throws(APIError) {
        try refuseWhileHostStops("resumed")
        if setAside.contains(id) {
            if current != nil { try refuseSetAside(id) }
            try takeUpAgain(try find(id.rawValue))
            return
        }
        let children = stoppedChildren(of: id)
        if let entry = active[id], entry.fault == nil, !entry.run.isStopped, !children.isEmpty {
            guard current == nil else {
                throw APIError(
                    .invalidState,
                    "the run '\(entry.run.name)' is running, and only runs that are steps of it wait; "
                        + "'pawl resume \(entry.run.name)' goes on with the definitions that they have")
            }
            return try await resume(children, by: requester)
        }
        guard let entry = active[id] else {
            let row = try find(id.rawValue)
            throw APIError(
                .invalidState,
                "the run '\(row.name)' \(row.state.sentence) and cannot be resumed; 'pawl retry \(row.name)' opens it "
                    + "again")
        }
        if entry.fault != nil {
            guard current == nil else {
                throw APIError(
                    .invalidState,
                    "the run '\(entry.run.name)' stands still since it could not be recorded; 'pawl resume "
                        + "\(entry.run.name)' goes on with the definition that it has")
            }
            try await clearFault(of: id)
            if active[id]?.run.isStopped != true { return try await resume(children, by: requester) }
        } else if !entry.run.isStopped {
            throw APIError(
                .invalidState, "the run '\(entry.run.name)' is \(entry.run.state.rawValue): nothing to resume")
        }
        var body = RunResumed(retry: false, requester: requester, epoch: epoch)
        body.definition = try definition(current, for: active[id]?.run ?? entry.run)
        try refuseMisfit(body, of: active[id]?.run ?? entry.run)
        try await record(.runResumed(body), of: id)
        try await resume(children, by: requester)
    }

    /// Goes on with what is stopped below a run; what has gone on meanwhile is fine.
    private func resume(_ children: [RunID], by requester: Requester) async throws(APIError) {
        for child in children where setAside.contains(child) || active[child] != nil {
            do throws(APIError) { try await resume(child, with: nil, by: requester) } catch {
                if error.code != .invalidState { throw error }
            }
        }
    }

    /// Opens an ended run again: its failed, cancelled and skipped steps run again, and with `step` that one and all
    /// that depends on it too, though they have succeeded; with another definition if one is given.
    func retry(
        _ id: RunID, from step: String? = nil, with current: CurrentDefinition? = nil, by requester: Requester
    ) async throws(APIError) {
        try refuseWhileHostStops("retried")
        try refuseSetAside(id)
        guard !leaving.contains(id) else {
            throw APIError(.invalidState, "the run '\(id)' is just being removed: its retention is over")
        }
        if let entry = active[id] {
            throw APIError(
                .invalidState,
                "the run '\(entry.run.name)' is \(entry.fault == nil ? entry.run.state.rawValue : "stopped") and has not "
                    + "ended; only an ended run is retried")
        }
        let run: Run?
        do {
            run = try store.run(id)
        } catch {
            throw APIError(.storeFailed, "the run '\(id)' cannot be read: \(error)")
        }
        guard let run else { throw APIError(.noSuchRun, "there is no run '\(id)'") }
        if let words = run.parentRefusal { throw APIError(.invalidState, words) }
        var body = RunResumed(retry: true, from: step, requester: requester, epoch: epoch)
        body.definition = try definition(current, for: run)
        let steps = (body.definition == nil ? run.workflow : current?.entry.workflow ?? run.workflow).steps
        if let step, !steps.contains(where: { $0.id == step }) {
            throw run.noStep(step, among: steps.map(\.id), hasItems: false)
        }
        guard run.state != .succeeded || step != nil || body.definition != nil else {
            throw APIError(
                .invalidState,
                "the run '\(run.name)' has succeeded: nothing to retry; with '--from STEP' that step and all that depends "
                    + "on it run again")
        }
        try refuseMisfit(body, of: run)
        active[id] = ActiveRun(run)
        do {
            try await submit(.runResumed(body), to: id)
            if run.hasSetLimits { limitSlice(of: run) }
        } catch {
            // Somebody else may have retried it a moment earlier.
            if active[id]?.run.state.isEnded == true { drop(id) }
            throw (error as? RecordFault)?.apiError("the run was not retried: ")
                ?? APIError(.storeFailed, "the run was not retried: \(error)")
        }
    }

    /// A person says yes or no to a step that waits for it; `step` is its name, of a foreach item `NAME.ITEM`.
    func answer(_ id: RunID, _ request: Messages.Approval, by requester: Requester) async throws(APIError) {
        try refuseSetAside(id)
        let step = request.step
        guard request.comment?.utf8.count ?? 0 <= ApprovalAnswered.longestComment else {
            throw APIError(
                .invalidVariable,
                "nothing was answered: a comment has at most \(ApprovalAnswered.longestComment) bytes")
        }
        guard let run = active[id]?.run else {
            throw APIError(
                .invalidState, "the run '\(try find(id.rawValue).name)' has ended: nothing of it waits for approval")
        }
        let parts = step.split(separator: ".", maxSplits: 1)
        let (name, item) = (String(parts.first ?? ""), parts.count > 1 ? Int(parts[1]) : nil)
        guard let place = run.place(of: name, item: item), parts.count == 1 || item != nil else {
            throw run.noStep(step, among: run.workflow.steps.map(\.id))
        }
        guard run.approvals.contains(place) else {
            let waiting = run.approvals.sorted().map {
                Names.step(run.workflow.steps[$0.step].id, item: $0.item)
            }
            // A step can have thousands of items, and each may wait.
            let more = waiting.count > 5 ? " and \(waiting.count - 5) more" : ""
            let others =
                waiting.isEmpty
                ? "no other step does"
                : "\(waiting.prefix(5).joined(separator: ", "))\(more) \(waiting.count == 1 ? "does" : "do")"
            throw APIError(
                .invalidState,
                "step '\(step)' of the run '\(run.name)' is \(run[place].state.rawValue) and waits for no approval; \(others)"
            )
        }
        try await record(
            .approvalAnswered(
                ApprovalAnswered(
                    step: name, item: item, isApproved: request.approved, requester: requester, comment: request.comment
                )), of: id)
    }

    /// A person says that what kept the run from being recorded is gone: it goes on from what the store has, and the
    /// attempts that ended meanwhile are harvested from their receipts.
    func clearFault(of id: RunID) async throws(APIError) {
        do {
            // What failed may be in the log of the store all the same: only the next commit takes its place, and until then
            // whoever opens the store finds it done. So there is one before anything is decided anew.
            try store.markRecovery(of: [id])
            try store.clearRecovery(of: [id])
            guard let run = try store.run(id) else { throw APIError(.noSuchRun, "there is no run '\(id)'") }
            active[id]?.run = run
        } catch let error as APIError {
            throw error
        } catch {
            throw APIError(.storeFailed, "the run '\(id)' cannot be read: \(error)")
        }
        active[id]?.fault = nil
        active[id]?.version += 1
        putLocks(of: id)
        driveAll(of: id)
        look(at: id)
        tell(above: id)
    }

    /// Records what a person asks for.
    func record(_ event: Event, of id: RunID) async throws(APIError) {
        do {
            try await submit(event, to: id)
        } catch {
            throw (error as? RecordFault)?.apiError() ?? APIError(.storeFailed, "\(error)")
        }
    }
}

extension Run {
    /// That the run has no such step, and which one was probably meant: with `.ITEM` the nearest step's item, if it has that one.
    ///
    /// - Parameter hasItems: whether an item can be named at all.
    fileprivate func noStep(_ step: String, among names: [String], hasItems: Bool = true) -> APIError {
        let parts = step.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let near = names.contains(parts[0]) ? parts[0] : Suggestion.nearest(to: parts[0], in: names) else {
            return .noSuchStep(step, of: name, meant: nil)
        }
        guard hasItems, parts.count > 1, let index = index(of: near), !steps[index].items.isEmpty else {
            return .noSuchStep(step, of: name, meant: near)
        }
        let count = steps[index].items.count
        if let item = Int(parts[1]), (0..<count).contains(item) {
            return .noSuchStep(step, of: name, meant: Names.step(near, item: item))
        }
        let items = "\(near).0" + (count == 1 ? "" : " to \(near).\(count - 1)")
        return APIError(.noSuchStep, "run '\(name)' has no step '\(step)'; the items of '\(near)' are \(items)")
    }
}

extension APIError {
    /// That a run has no such step, and which one was probably meant.
    static func noSuchStep(_ step: String, of run: String, meant near: String?) -> APIError {
        let hint = near.map { "did you mean '\($0)'?" } ?? "'pawl status \(run)' lists its steps"
        return APIError(.noSuchStep, "run '\(run)' has no step '\(step)'; \(hint)")
    }
}

/// Where a watcher stands in a run's changes.
struct Bookmark: Sendable {
    var version: Int
    var changes: Int
}

extension RunSummaryRow {
    /// The run's full name.
    var name: String { id.name(of: workflow) }
}

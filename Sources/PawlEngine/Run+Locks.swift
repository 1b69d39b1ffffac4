import PawlLanguage
import PawlModel

/// What a run and its steps have alone on their host: it is asked for, waited for, and given up with the end of who has it.
/// That of the run itself is asked for before its first step; until it is there nothing of the run begins.
extension Run {
    // MARK: What others see

    /// What of the run holds a lock, or waits for one.
    package var lockClaims: [LockSeat: LockClaim] {
        var claims = Dictionary(uniqueKeysWithValues: locks.places.map { (seat($0), $1) })
        claims[.run] = locks.own
        return claims
    }

    /// What has changed of them since this was asked last.
    package mutating func takeLockChanges() -> [LockChange] {
        guard !locks.changes.isEmpty else { return [] }
        defer { locks.changes = [] }
        return locks.changes
    }

    /// What the run can do about locks.
    package var lockStanding: LockStanding {
        LockStanding(
            mayTake: state == .running && cancel == nil,
            mayBeCancelled: !state.isEnded && phase == .main && cancel == nil)
    }

    /// Whether the run has the lock that its workflow asks for.
    var hasOwnLock: Bool { workflow.lock == nil || locks.own?.isHeld == true }

    /// The key of the run's own lock; nil if it has none.
    ///
    /// - Throws: `RenderFault` when the run's values make no key.
    package func ownLockKey() throws(RenderFault) -> String? {
        guard let lock = workflow.lock else { return nil }
        return try lockKey(lock, RunScope(run: self))
    }

    /// Why an event that opens the run cannot be taken, as a sentence: somebody has the lock that it would want, and its
    /// workflow says that it does not wait. Nil if it can.
    package func lockRefusal(of event: Event, _ table: LockTable) -> String? {
        var run = self
        var what = ""
        switch event {
        case .runCreated: break
        case .runResumed(let body) where body.definition != nil || body.retry && workflow.lock != nil:
            run.apply(event, at: started)
            what = "the run '\(name)' does not go on: "
        default: return nil
        }
        guard let lock = run.workflow.lock, lock.onConflict == .reject, let key = try? run.ownLockKey(),
            run.locks.own?.isHeld != true || run.locks.own?.key != key,
            !table.isFree(key, for: LockOwner(id, .run))
        else { return nil }
        return what + "\(table.refusal(key)), and the workflow says 'on_conflict: reject'"
    }

    // MARK: Deciding

    /// The run has its lock at once, if it can: what comes in after it finds it taken.
    package mutating func takeOwnLock(_ context: DecisionContext, _ table: LockTable) -> Event? {
        guard state == .running, !waitsToBegin || context.admission.begins,
            case .lockGranted(let body)?? = decideOwnLock(context, table)
        else { return nil }
        return .lockGranted(body)
    }

    /// What comes first about locks; also a run that waits for a person is cancelled for another one.
    func decideCancellation(_ table: LockTable) -> Event? {
        guard phase == .main, cancel == nil, let (newcomer, key) = table.newcomer(cancelling: id) else { return nil }
        return .cancelRequested(
            CancelRequested(
                cause: .lock, reason: "\(table.name(newcomer)) wants lock '\(key)' and says 'on_conflict: cancel'"))
    }

    /// What follows for the run's own lock; nil where it has it, `.some(nil)` while it waits.
    mutating func decideOwnLock(_ context: DecisionContext, _ table: LockTable) -> Event?? {
        guard let lock = workflow.lock, cancel == nil else { return nil }
        if locks.own?.isHeld == true, !locks.isStale { return nil }
        let key: String
        do throws(RenderFault) {
            key = try lockKey(lock, RunScope(run: self))
        } catch {
            return conclude(.failed, error.description)
        }
        if let own = locks.own, own.isHeld, own.key == key {
            locks.isStale = false
            return nil
        }
        if table.isFree(key, for: LockOwner(id, .run)) {
            return .lockGranted(LockGranted(key: key, epoch: context.epoch))
        }
        if let own = locks.own, !own.isHeld, own.key == key { return .some(nil) }
        if lock.onConflict == .reject { return conclude(.failed, table.refusal(key)) }
        return .lockWanted(
            LockWanted(
                key: key, onConflict: lock.onConflict, ticket: table.nextTicket, holder: table.holder(of: key)))
    }

    /// What follows for those of its steps and items that wait for a lock.
    func decideWaiting(_ table: LockTable) -> Event? {
        guard !locks.places.isEmpty else { return nil }
        if let (seat, key) = table.due(of: id), let step = seat.step {
            return .lockGranted(LockGranted(step: step, item: seat.item, key: key))
        }
        guard table.isSuspect else { return nil }
        for place in locks.places.keys.sorted() {
            guard let claim = locks.places[place], !claim.isHeld,
                let circle = table.circle(LockOwner(id, seat(place)), wanting: claim.key, cancels: claim.cancels)
            else { continue }
            return failed(place, circle)
        }
        return nil
    }

    /// What has to happen before a step or item can start; nil if it has all that it wants.
    func decideLock(
        of place: Place, _ step: Step, _ scope: RunScope, _ context: DecisionContext, _ table: LockTable
    ) -> Event? {
        guard let lock = step.lock else { return nil }
        let key: String
        do throws(RenderFault) { key = try lockKey(lock, scope) } catch { return failed(place, error.description) }
        if let claim = locks.places[place], claim.isHeld, claim.key == key { return nil }
        // What its run has is its own too.
        if let own = locks.own, own.isHeld, own.key == key { return nil }
        let owner = LockOwner(id, seat(place))
        if table.isFree(key, for: owner) {
            return .lockGranted(LockGranted(step: step.id, item: place.item, key: key))
        }
        if lock.onConflict == .reject {
            let tries = self[place].tries + 1
            guard tries <= step.retry.maxRetries else { return failed(place, table.refusal(key)) }
            let pause = step.retry.pause(beforeRetry: tries, random: context.random())
            return .lockRefused(
                LockRefused(
                    step: step.id, item: place.item, key: key, reason: table.refusal(key),
                    until: context.now.adding(seconds: max(0, pause))))
        }
        if let circle = table.circle(owner, wanting: key, cancels: lock.onConflict == .cancel) {
            return failed(place, circle)
        }
        return .lockWanted(
            LockWanted(
                step: step.id, item: place.item, key: key, onConflict: lock.onConflict, ticket: table.nextTicket,
                holder: table.holder(of: key)))
    }

    private func failed(_ place: Place, _ reason: String) -> Event {
        .stepEnded(
            StepEnded(step: workflow.steps[place.step].id, item: place.item, state: .failed, reason: reason))
    }

    private func lockKey(_ lock: Lock, _ scope: RunScope) throws(RenderFault) -> String {
        let key: String
        do throws(EvaluationFault) {
            key = try lock.key.evaluate(in: scope).text
        } catch {
            throw RenderFault(description: "lock: \(error)")
        }
        if let fault = Lock.fault(ofKey: key) { throw RenderFault(description: "lock: \(fault)") }
        return key
    }

    private func seat(_ place: Place) -> LockSeat {
        LockSeat(step: workflow.steps[place.step].id, item: place.item)
    }

    // MARK: Taking events

    mutating func apply(_ body: LockWanted) {
        guard let step = body.step else {
            // Who waits for the run as a whole has nothing of it: then nobody waits for a run that waits itself.
            let running = self.running
            dropLocks { place, _ in !running.contains(place) }
            setOwnLock(LockClaim(body))
            return
        }
        guard let place = place(of: step, item: body.item) else { return }
        leaveReady(place)
        setLock(LockClaim(body), of: place)
    }

    mutating func apply(_ body: LockGranted) {
        guard let step = body.step else {
            if let epoch = body.epoch { self.epoch = epoch }
            dropLocks { $1.key == body.key }
            setOwnLock(LockClaim(holding: body.key))
            return
        }
        guard let place = place(of: step, item: body.item) else { return }
        let hasWaited = locks.places[place].map { !$0.isHeld } ?? false
        setLock(LockClaim(holding: body.key), of: place)
        guard hasWaited else { return }
        if let item = place.item {
            steps[place.step].readyItems.insert(item)
            settleItems(of: place.step)
        } else if steps[place.step].blockedBy == 0, !isDoomed(place.step) {
            ready.insert(place.step)
        }
    }

    mutating func apply(_ body: LockRefused, at time: Timestamp) {
        guard let place = place(of: body.step, item: body.item) else { return }
        leaveReady(place)
        // What it has given up for another key.
        dropLock(of: place)
        self[place].tries += 1
        self[place].reason = body.reason
        self[place].delayedUntil = body.until
        self[place].delayedSince = time
        delayed.insert(place)
    }

    private mutating func setOwnLock(_ claim: LockClaim?) {
        locks.isStale = false
        guard locks.own != claim else { return }
        locks.own = claim
        locks.changes.append(LockChange(seat: .run, claim: claim))
    }

    private mutating func setLock(_ claim: LockClaim, of place: Place) {
        locks.places[place] = claim
        locks.changes.append(LockChange(seat: seat(place), claim: claim))
    }

    /// A step or item gives its lock up, or waits for none any more.
    mutating func dropLock(of place: Place) {
        guard locks.places.removeValue(forKey: place) != nil else { return }
        locks.changes.append(LockChange(seat: seat(place), claim: nil))
    }

    /// Those of the steps and items for which something holds give their locks up.
    mutating func dropLocks(_ isDropped: (Place, LockClaim) -> Bool) {
        guard !locks.places.isEmpty else { return }
        // In the order of the queue, of which each is the first then.
        let dropped = locks.places.filter { isDropped($0.key, $0.value) }
        for (place, _) in dropped.sorted(by: { ($0.value.ticket, $0.key) < ($1.value.ticket, $1.key) }) {
            dropLock(of: place)
        }
    }

    /// The run is over.
    mutating func dropAllLocks() {
        dropLocks { _, _ in true }
        setOwnLock(nil)
    }

    /// The run is to end: it waits for nothing any more, and what runs of it keeps what it has.
    mutating func dropWaiting() {
        dropLocks { !$1.isHeld }
        if locks.own?.isHeld == false { setOwnLock(nil) }
    }

    /// A step whose turn is not yet come again has nothing: what it needs was opened again, and that may want a lock too.
    mutating func dropUnready(_ index: Int) {
        guard !locks.places.isEmpty else { return }
        let items = steps[index].items.indices.map { Place(index, item: $0) }
        for place in [Place(index)] + items where isAtRest(place) { dropLock(of: place) }
    }

    private func isAtRest(_ place: Place) -> Bool {
        !running.contains(place) && !unjudged.contains(place) && !approvals.contains(place) && !answered.contains(place)
    }

    /// The run is about to have another definition: what waits asks again, and what is held stays so where the step still
    /// wants a lock. Under another key it is given up with the next try.
    mutating func dropLocks(before new: Workflow) {
        let steps = workflow.steps
        let locking = Set(new.steps.filter { $0.lock != nil }.map(\.id))
        dropLocks { place, claim in !claim.isHeld || !locking.contains(steps[place.step].id) }
        if new.lock == nil { setOwnLock(nil) }
        locks.isStale = locks.own != nil
    }
}

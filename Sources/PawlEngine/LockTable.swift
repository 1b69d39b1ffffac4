package import PawlModel

/// Who holds which lock on this host, and who waits for it: the locks of all runs together. It is made of what the runs'
/// events have left them, and kept up to date with each event, so it is never anything else than what the store has.
package struct LockTable: Sendable {
    private struct Waiter: Sendable {
        var owner: LockOwner
        var ticket: Int
        var cancels: Bool

        func isBefore(_ other: Waiter) -> Bool {
            // Tickets are given once; two are the same only where one is of a run that could not be read for a while.
            (ticket, owner.run.rawValue) < (other.ticket, other.owner.run.rawValue)
        }
    }

    private struct Entry: Sendable {
        /// One; more only of one run, or where a damaged store says so.
        var holders: [LockOwner] = []
        /// In the order of their tickets.
        var queue: [Waiter] = []
        /// How many of those cancel whoever holds it.
        var cancelling = 0
    }

    private var entries: [String: Entry] = [:]
    private var claims: [RunID: [LockSeat: LockClaim]] = [:]
    private var names: [RunID: String] = [:]
    private var standings: [RunID: LockStanding] = [:]
    /// The locks that nobody holds and somebody waits for.
    private var loose: Set<String> = []
    /// The locks that are held, and whose holder somebody wants cancelled.
    private var contested: Set<String> = []
    /// The locks that have changed hands since somebody asked.
    private var moved: Set<String> = []
    /// The ticket of the next one who waits.
    package private(set) var nextTicket = 1
    /// Whether those that wait are to be looked through for a circle: it may have come about with a run that was taken up
    /// again, of which it was not known for what it waits.
    package var isSuspect = false

    /// A table with nothing in it.
    package init() {}

    // MARK: Keeping it up to date

    /// What a run holds and waits for has changed.
    package mutating func apply(_ changes: [LockChange], of run: RunID, named name: String) {
        names[run] = name
        for change in changes { set(change.claim, LockOwner(run, change.seat)) }
    }

    /// What a run holds and waits for is this, whatever was known of it.
    package mutating func replace(_ new: [LockSeat: LockClaim], of run: RunID, named name: String) {
        names[run] = name
        for seat in (claims[run] ?? [:]).keys.sorted() where new[seat] == nil { set(nil, LockOwner(run, seat)) }
        for (seat, claim) in new.sorted(by: { $0.key < $1.key }) where claims[run]?[seat] != claim {
            set(claim, LockOwner(run, seat))
        }
    }

    /// A run is not there any more.
    ///
    /// - Returns: whether there was something of it.
    @discardableResult
    package mutating func remove(_ run: RunID) -> Bool {
        let hadClaims = claims[run] != nil
        replace([:], of: run, named: "")
        (names[run], standings[run]) = (nil, nil)
        return hadClaims
    }

    /// What a run can do.
    package mutating func set(_ standing: LockStanding, of run: RunID) {
        if standings[run] != standing { standings[run] = standing }
    }

    /// Tickets up to one were given, to runs that cannot be read.
    package mutating func skip(_ ticket: Int) { nextTicket = max(nextTicket, ticket + 1) }

    private mutating func set(_ claim: LockClaim?, _ owner: LockOwner) {
        if let old = claims[owner.run]?[owner.seat] { take(old, from: owner) }
        claims[owner.run, default: [:]][owner.seat] = claim
        if let claim { give(claim, to: owner) }
        if claims[owner.run]?.isEmpty == true { claims[owner.run] = nil }
    }

    private mutating func take(_ claim: LockClaim, from owner: LockOwner) {
        guard entries[claim.key] != nil else { return }
        if claim.isHeld {
            entries[claim.key]?.holders.removeAll { $0 == owner }
            moved.insert(claim.key)
        } else if let place = entries[claim.key]?.queue.firstIndex(where: { $0.owner == owner }) {
            entries[claim.key]?.queue.remove(at: place)
            if claim.cancels { entries[claim.key]?.cancelling -= 1 }
        }
        settle(claim.key)
    }

    private mutating func give(_ claim: LockClaim, to owner: LockOwner) {
        if claim.isHeld {
            entries[claim.key, default: Entry()].holders.append(owner)
            moved.insert(claim.key)
        } else {
            let waiter = Waiter(owner: owner, ticket: claim.ticket, cancels: claim.cancels)
            // Almost always the last one.
            var place = entries[claim.key]?.queue.count ?? 0
            while place > 0, let before = entries[claim.key]?.queue[place - 1], waiter.isBefore(before) { place -= 1 }
            entries[claim.key, default: Entry()].queue.insert(waiter, at: place)
            if claim.cancels { entries[claim.key]?.cancelling += 1 }
            skip(claim.ticket)
        }
        settle(claim.key)
    }

    private mutating func settle(_ key: String) {
        let entry = entries[key] ?? Entry()
        if entry.holders.isEmpty, !entry.queue.isEmpty { loose.insert(key) } else { loose.remove(key) }
        if !entry.holders.isEmpty, entry.cancelling > 0 { contested.insert(key) } else { contested.remove(key) }
        if entry.holders.isEmpty, entry.queue.isEmpty { entries[key] = nil }
    }

    // MARK: Asking

    /// What a run holds and waits for.
    package func claims(of run: RunID) -> [LockSeat: LockClaim] { claims[run] ?? [:] }

    private func standing(_ run: RunID) -> LockStanding { standings[run] ?? .none }

    /// The one whose turn it is. Who cannot take the lock now is passed over and keeps its place.
    private func next(for key: String) -> LockOwner? {
        entries[key]?.queue.first { standing($0.owner.run).mayTake }?.owner
    }

    /// Whether the lock can be had at once: nobody else holds it, and nobody else came before.
    package func isFree(_ key: String, for owner: LockOwner) -> Bool {
        guard let entry = entries[key] else { return true }
        // What a run's own steps have does not stand in the way of the run, which has them.
        guard entry.holders.allSatisfy({ owner.seat == .run && $0.run == owner.run }) else { return false }
        let next = next(for: key)
        return next == nil || next == owner
    }

    /// What of a run waits for a lock and can have it now.
    package func due(of run: RunID) -> (seat: LockSeat, key: String)? {
        for key in loose.count > 1 ? loose.sorted() : Array(loose) {
            if let next = next(for: key), next.run == run { return (next.seat, key) }
        }
        return nil
    }

    /// Who wants a run cancelled, and for which lock.
    package func newcomer(cancelling run: RunID) -> (owner: LockOwner, key: String)? {
        for key in contested.count > 1 ? contested.sorted() : Array(contested) {
            guard let entry = entries[key], entry.holders.contains(where: { $0.run == run }) else { continue }
            if let waiter = entry.queue.first(where: { cancels($0, run) }) { return (waiter.owner, key) }
        }
        return nil
    }

    private func cancels(_ waiter: Waiter, _ run: RunID) -> Bool {
        waiter.cancels && waiter.owner.run != run && standing(waiter.owner.run).mayTake
    }

    /// The runs that have something to decide though nothing has happened to them: a lock is theirs to take, or they are to
    /// be cancelled for somebody else.
    package var pending: [RunID] {
        guard !loose.isEmpty || !contested.isEmpty else { return [] }
        var runs: Set<RunID> = []
        for key in loose { if let next = next(for: key) { runs.insert(next.run) } }
        for key in contested {
            guard let entry = entries[key] else { continue }
            for holder in entry.holders where standing(holder.run).mayBeCancelled && !runs.contains(holder.run) {
                if entry.queue.contains(where: { cancels($0, holder.run) }) { runs.insert(holder.run) }
            }
        }
        return runs.sorted { $0.rawValue < $1.rawValue }
    }

    /// Those who wait for the locks that have changed hands since this was asked last: what is said of them has changed.
    package mutating func takeWaitersOfMoved() -> [LockOwner] {
        guard !moved.isEmpty else { return [] }
        defer { moved = [] }
        return moved.flatMap { entries[$0]?.queue.map(\.owner) ?? [] }
    }

    // MARK: In words

    /// A seat as a person names it.
    package func name(_ owner: LockOwner) -> String {
        let run = names[owner.run] ?? owner.run.rawValue
        guard let step = owner.seat.step else { return run }
        return run + (owner.seat.item.map { " (step '\(step)', item \($0))" } ?? " (step '\(step)')")
    }

    /// Who holds a lock; nil if nobody does.
    package func holder(of key: String) -> String? { entries[key]?.holders.first.map(name) }

    /// Why somebody cannot have a lock at once.
    package func refusal(_ key: String) -> String {
        if let holder = holder(of: key) { return "lock '\(key)' is held by \(holder)" }
        return "lock '\(key)' goes to " + (next(for: key).map { "\(name($0)), which came first" } ?? "another one")
    }

    /// What a seat waits for; nil if it waits for no lock.
    package func wait(of owner: LockOwner) -> String? {
        guard let claim = claims[owner.run]?[owner.seat], !claim.isHeld else { return nil }
        return "waits for lock '\(claim.key)'" + (holder(of: claim.key).map { ", held by \($0)" } ?? "")
    }

    // MARK: Circles

    /// The circle that there would be if somebody waited for a lock; nil if there would be none.
    ///
    /// A step that holds a lock waits for no other one. So only what runs hold as a whole keeps others waiting for their
    /// steps, and who came before in a queue is no part of a circle.
    package func circle(_ owner: LockOwner, wanting key: String, cancels: Bool) -> String? {
        guard claims[owner.run]?[.run]?.isHeld == true else { return nil }
        typealias Link = (waiter: LockOwner, key: String, cancels: Bool)
        var links: [Link] = [(owner, key, cancels)]
        // Which of the links a link comes after.
        var before = [-1]
        var seen: Set<RunID> = []
        var next = 0
        while next < links.count {
            let link = links[next]
            for holder in entries[link.key]?.holders ?? [] where holder.seat == .run {
                // It ends, and what it waits for does not count.
                if link.cancels, standing(holder.run).mayBeCancelled { continue }
                if holder.run == owner.run {
                    if next == 0 { continue }
                    var path = [link]
                    var place = before[next]
                    while place >= 0 {
                        path.append(links[place])
                        place = before[place]
                    }
                    return words(path.reversed().map { (waiter: $0.waiter, key: $0.key) })
                }
                guard seen.insert(holder.run).inserted else { continue }
                for (seat, claim) in (claims[holder.run] ?? [:]).sorted(by: { $0.key < $1.key }) where !claim.isHeld {
                    links.append((LockOwner(holder.run, seat), claim.key, claim.cancels))
                    before.append(next)
                }
            }
            next += 1
        }
        return nil
    }

    private func words(_ path: [(waiter: LockOwner, key: String)]) -> String {
        var text = "a deadlock: lock '\(path[0].key)'"
        for link in path.dropFirst() {
            let step = link.waiter.seat.step.map { "'\($0)'" } ?? ""
            let item = link.waiter.seat.item.map { ", item \($0)," } ?? ""
            text += " is held by \(names[link.waiter.run] ?? link.waiter.run.rawValue), whose step \(step)\(item)"
            text += " waits for lock '\(link.key)', which"
        }
        return text + " this run holds"
    }
}

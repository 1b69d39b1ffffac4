import PawlLanguage
package import PawlModel

/// What of a run has or wants a lock: the run itself, a step, or an item of one.
package struct LockSeat: Sendable, Hashable, Comparable {
    /// The step's name; nil for the run itself.
    package var step: String?
    /// The foreach item's number.
    package var item: Int?

    /// The run itself.
    package static let run = LockSeat(step: nil)

    /// Names a step or an item.
    package init(step: String?, item: Int? = nil) { (self.step, self.item) = (step, item) }

    /// The run first, then by name and number.
    package static func < (left: LockSeat, right: LockSeat) -> Bool {
        (left.step ?? "", left.item ?? -1) < (right.step ?? "", right.item ?? -1)
    }
}

/// A seat and its run.
package struct LockOwner: Sendable, Hashable {
    /// The run.
    package var run: RunID
    /// What of it.
    package var seat: LockSeat

    /// Names a seat of a run.
    package init(_ run: RunID, _ seat: LockSeat) { (self.run, self.seat) = (run, seat) }
}

/// A lock that is held or waited for.
package struct LockClaim: Sendable, Equatable {
    /// Which lock.
    package var key: String
    /// Whether it is held.
    package var isHeld: Bool
    /// The place in the queue, while it is waited for.
    package var ticket = 0
    /// Whether the run that holds it is to be cancelled.
    package var cancels = false

    /// One that is held.
    package init(holding key: String) { (self.key, isHeld) = (key, true) }

    /// One that is waited for.
    init(_ wish: LockWanted) {
        (key, isHeld, ticket, cancels) = (wish.key, false, wish.ticket, wish.onConflict == .cancel)
    }
}

/// A change of what a run holds and waits for; a claim that is nil is given up.
package struct LockChange: Sendable, Equatable {
    /// Whose.
    package var seat: LockSeat
    /// What it is from here on.
    package var claim: LockClaim?
}

/// Whether a run can take part in what goes on about locks.
package struct LockStanding: Sendable, Equatable {
    /// Whether it takes a lock that is free: one that stands still, or is to end, would keep it from all others.
    package var mayTake: Bool
    /// Whether it can be cancelled for another one. What cleans up after it is not stopped by what made it necessary.
    package var mayBeCancelled: Bool

    /// One of which nothing is known, or that cannot do anything.
    package static let none = LockStanding(mayTake: false, mayBeCancelled: false)
}

/// The locks that a run holds and waits for.
struct RunLocks: Sendable {
    /// The run's own.
    var own: LockClaim?
    /// Those of its steps and items.
    var places: [Place: LockClaim] = [:]
    /// Whether the run has another definition since it got its own: then that may be another lock.
    var isStale = false
    /// What has changed since somebody asked.
    var changes: [LockChange] = []
}

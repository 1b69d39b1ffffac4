package import PawlLanguage
package import PawlModel

/// A step, an item or the run itself waits for a lock. What it had waited for or held before is given up.
package struct LockWanted: Sendable, Codable, Equatable {
    /// The step's name; nil for the run itself.
    package var step: String?
    /// The foreach item's number.
    package var item: Int?
    /// Which lock.
    package var key: String
    /// What it asks of whoever has it.
    package var onConflict: LockConflict
    /// Its place among all that wait on this host: the smallest has its turn first.
    package var ticket: Int
    /// Who had it then, in words.
    package var holder: String?

    /// Makes the body.
    package init(
        step: String? = nil, item: Int? = nil, key: String, onConflict: LockConflict, ticket: Int, holder: String?
    ) {
        (self.step, self.item, self.key, self.onConflict) = (step, item, key, onConflict)
        (self.ticket, self.holder) = (ticket, holder)
    }

    private enum CodingKeys: String, CodingKey {
        case step, item, key, ticket, holder
        case onConflict = "on_conflict"
    }
}

/// A step, an item or the run itself has a lock from here on, until its end.
package struct LockGranted: Sendable, Codable, Equatable {
    /// The step's name; nil for the run itself.
    package var step: String?
    /// The foreach item's number.
    package var item: Int?
    /// Which lock.
    package var key: String
    /// This life of the manager, for the run itself: of what was before, nothing of it was lost.
    package var epoch: String?

    /// Makes the body.
    package init(step: String? = nil, item: Int? = nil, key: String, epoch: String? = nil) {
        (self.step, self.item, self.key, self.epoch) = (step, item, key, epoch)
    }
}

/// A step or item was refused the lock that it wants, and asks again after a pause.
package struct LockRefused: Sendable, Codable, Equatable {
    /// The step's name.
    package var step: String
    /// The foreach item's number.
    package var item: Int?
    /// Which lock.
    package var key: String
    /// Who has it, in words.
    package var reason: String
    /// When it asks again.
    package var until: Timestamp

    /// Makes the body.
    package init(step: String, item: Int? = nil, key: String, reason: String, until: Timestamp) {
        (self.step, self.item, self.key, self.reason, self.until) = (step, item, key, reason, until)
    }
}

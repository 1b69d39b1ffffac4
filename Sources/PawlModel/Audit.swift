/// What somebody asked of pawld: who, from where, for what, and what became of it.
package struct AuditRecord: Sendable, Hashable {
    /// What became of what was asked.
    package enum Outcome: String, Sendable, Hashable, Codable, CaseIterable {
        /// pawld has not answered: it is about it, or was killed before.
        case asked
        /// It was done.
        case done
        /// Whoever asked may not.
        case refused
        /// It could not be done.
        case failed
    }

    /// When it was asked.
    package var time: Timestamp
    /// Who asked, as the kernel tells.
    package var caller: AuditCaller
    /// What was asked: the method of the interface.
    package var action: String
    /// The workflow, run or step that it was asked of.
    package var target: String?
    /// What else was said: variables by name, never by value.
    package var detail: String?
    /// What became of it.
    package var outcome = Outcome.asked
    /// Why it was refused or failed.
    package var reason: String?

    /// Makes a record of what was just asked.
    package init(
        time: Timestamp, caller: AuditCaller, action: String, target: String? = nil, detail: String? = nil
    ) {
        (self.time, self.caller, self.action) = (time, caller, action)
        (self.target, self.detail) = (target, detail)
    }
}

/// Who is at the other end of a connection, and where that one sits.
package struct AuditCaller: Sendable, Hashable {
    /// The user.
    package var uid: UInt32
    /// The process.
    package var pid: Int32
    /// The user's name, where there is one.
    package var user: String?
    /// Who logged in to the session that the process belongs to: another one than the user after `sudo`.
    package var login: String?
    /// The terminal of that session.
    package var terminal: String?
    /// The host that the session comes from, where it is not this one.
    package var host: String?
    /// The unit that the process belongs to: a session's scope, or a service such as `cron.service`.
    package var unit: String?

    /// Makes a caller of which no more is known than what the kernel tells.
    package init(uid: UInt32, pid: Int32) {
        (self.uid, self.pid) = (uid, pid)
    }
}

/// Which records of the audit are wanted.
package struct AuditFilter: Sendable, Hashable {
    /// None before this moment.
    package var since: Timestamp?
    /// None after this moment.
    package var until: Timestamp?
    /// Those of this user alone, by number.
    package var uid: UInt32?
    /// Those with this outcome alone.
    package var outcome: AuditRecord.Outcome?
    /// At most so many, the newest.
    package var limit: Int

    /// The newest so many.
    package init(limit: Int) { self.limit = limit }
}

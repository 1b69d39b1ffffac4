package import PawlModel

/// What somebody asked of pawld, as it goes over the wire and as `pawl audit --output json` prints it.
package struct AuditEntry: Sendable, Codable, Equatable {
    /// When it was asked, RFC 3339 in UTC.
    package var time: String
    /// The user, as the kernel tells.
    package var uid: UInt32
    /// The process.
    package var pid: Int32
    /// The user's name.
    package var user: String?
    /// Who logged in to the session that the process belongs to.
    package var login: String?
    /// The terminal of that session.
    package var terminal: String?
    /// The host that the session comes from.
    package var host: String?
    /// The unit that the process belongs to.
    package var unit: String?
    /// What was asked: `run`, `cancel`, `resume`, `retry`, `undo`, `approve`, `reject`, `reload` ...
    package var action: String
    /// The workflow, run or step that it was asked of.
    package var target: String?
    /// What else was said.
    package var detail: String?
    /// What became of it.
    package var outcome: AuditRecord.Outcome
    /// Why it was refused or failed.
    package var reason: String?

    /// The record as it is sent.
    package init(_ record: AuditRecord) {
        time = TimeText.text(of: record.time)
        (uid, pid) = (record.caller.uid, record.caller.pid)
        (user, login, unit) = (record.caller.user, record.caller.login, record.caller.unit)
        (terminal, host) = (record.caller.terminal, record.caller.host)
        (action, target, detail) = (record.action, record.target, record.detail)
        (outcome, reason) = (record.outcome, record.reason)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        // Keys are always there, so that a reader need not tell a missing one from an empty one.
        try container.encode(time, forKey: .time)
        try container.encode(uid, forKey: .uid)
        try container.encode(pid, forKey: .pid)
        try container.encode(user, forKey: .user)
        try container.encode(login, forKey: .login)
        try container.encode(terminal, forKey: .terminal)
        try container.encode(host, forKey: .host)
        try container.encode(unit, forKey: .unit)
        try container.encode(action, forKey: .action)
        try container.encode(target, forKey: .target)
        try container.encode(detail, forKey: .detail)
        try container.encode(outcome, forKey: .outcome)
        try container.encode(reason, forKey: .reason)
    }
}

extension Messages {
    /// ReadAudit takes this.
    package struct ReadAudit: Sendable, Codable {
        /// None before this moment, RFC 3339 in UTC.
        package var since: String?
        /// None after this moment, RFC 3339 in UTC.
        package var until: String?
        /// Those of this user alone.
        package var uid: UInt32?
        /// Those with this outcome alone.
        package var outcome: AuditRecord.Outcome?
        /// Only the newest so many.
        package var lines: Int?
        /// Makes a request.
        package init(
            since: String? = nil, until: String? = nil, uid: UInt32? = nil, outcome: AuditRecord.Outcome? = nil,
            lines: Int? = nil
        ) {
            (self.since, self.until, self.uid, self.outcome, self.lines) = (since, until, uid, outcome, lines)
        }
    }

    /// ReadAudit answers this, again and again.
    package struct Audit: Sendable, Codable {
        /// What was asked, the first one first.
        package var entries: [AuditEntry]
        /// Makes an answer.
        package init(entries: [AuditEntry]) { self.entries = entries }
    }
}

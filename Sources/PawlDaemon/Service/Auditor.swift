import PawlAPI
import PawlLanguage
import PawlModel
import SystemdKit
import VarlinkKit

/// Writes down who asked for what, before it is done, and what became of it. What cannot be written down is not done.
actor Auditor {
    /// How many refusals of one user are written down in a minute: whoever may nothing cannot fill the disk with it.
    private static let refusalsPerMinute = 20

    private let conductor: Conductor
    private let authorization: Authorization
    private let units: UnitManager
    private let journal: RunJournal
    private var refusals: [UInt32: (minute: Int64, count: Int)] = [:]

    /// Writes through the conductor, to its store.
    init(conductor: Conductor, authorization: Authorization, units: UnitManager, journal: RunJournal) {
        self.conductor = conductor
        self.authorization = authorization
        self.units = units
        self.journal = journal
    }

    /// Does something that somebody may, and writes it down.
    ///
    /// - Parameters:
    ///   - body: does it, and returns what it was done to, where that is known only then.
    func perform(
        _ action: String, on target: String?, _ detail: String? = nil, by peer: Peer,
        _ body: @Sendable (Requester) async throws -> String?
    ) async throws {
        let caller = await caller(peer)
        let record = AuditRecord(
            time: conductor.world.now(), caller: caller, action: action, target: target, detail: detail)
        let number: Int64
        do {
            number = try await conductor.begin(audit: record)
        } catch {
            throw APIError(
                .storeFailed, "nothing was done, since it cannot be written down who asked for it: \(error)")
        }
        do {
            let target = try await body(
                Requester(uid: caller.uid, user: caller.user, login: caller.login))
            await end(number, .done, target: target)
        } catch let error as APIError {
            await end(number, .failed, reason: error.message)
            throw error
        } catch {
            await end(number, .failed, reason: "\(error)")
            throw error
        }
    }

    /// Writes down that somebody may not.
    func refuse(
        _ action: String, on target: String?, _ detail: String? = nil, by peer: Peer, because reason: String
    ) async {
        let now = conductor.world.now()
        let minute = now.microseconds / 60_000_000
        // Of those who were quiet for a while nothing need be known.
        refusals = refusals.filter { $0.value.minute == minute }
        let count = (refusals[peer.uid]?.count ?? 0) + 1
        refusals[peer.uid] = (minute, count)
        guard count <= Auditor.refusalsPerMinute else { return }
        var record = AuditRecord(
            time: now, caller: await caller(peer), action: action, target: target, detail: detail)
        record.outcome = .refused
        record.reason = reason
        if count == Auditor.refusalsPerMinute {
            record.reason? += "; more refusals of this user are not written down for the rest of the minute"
        }
        journal.refused(record)
        do { _ = try await conductor.begin(audit: record) } catch {
            journal.note(.warning, "A refusal cannot be written down: \(error)")
        }
    }

    private func end(_ number: Int64, _ outcome: AuditRecord.Outcome, target: String? = nil, reason: String? = nil)
        async
    {
        do {
            try await conductor.end(audit: number, outcome, target: target, reason: reason)
        } catch {
            // It stays as asked for, which it was.
            journal.note(.warning, "What became of a request cannot be written down: \(error)")
        }
    }

    private func caller(_ peer: Peer) async -> AuditCaller {
        var caller = AuditCaller(uid: peer.uid, pid: peer.pid)
        async let user = authorization.name(of: peer.uid)
        async let unit = units.unit(ofProcess: peer.pid)
        async let session = LoginSession.session(ofProcess: peer.pid, over: units.bus)
        caller.user = await user
        caller.unit = await unit
        if let session = await session {
            caller.login = session.user
            caller.terminal = session.terminal.isEmpty ? nil : session.terminal
            caller.host = session.remoteHost.isEmpty ? nil : session.remoteHost
        }
        return caller
    }
}

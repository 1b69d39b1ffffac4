import PawlAPI
import PawlLanguage
import PawlModel
import PawlStore
import SystemdKit
import VarlinkKit

/// What the steps of a run wrote, from the journal.
extension ManagerService {
    func readLogs(_ call: Call, _ rights: Authorization.Rights) async throws {
        let request = try call.decode(Messages.ReadLogs.self)
        var row = try await find(request.run, rights, call)
        var place: (step: String?, item: Int?) = (nil, nil)
        if let name = request.step {
            let steps = try await conductor.status(of: row.id).0.steps
            guard let step = steps.first(where: { $0.name == name }) else {
                throw APIError.noSuchStep(
                    name, of: row.name, meant: Suggestion.nearest(to: name, in: steps.map(\.name)))
            }
            place = (step.id, step.item)
            // One that is a run of another workflow writes nothing itself.
            if let child = step.attempts.last?.run { (row, place) = (try await find(child, rights, call), (nil, nil)) }
            // Each of its items has a journal of its own, which begins when that item does: nothing there would be all of it.
            let items = steps.filter { $0.id == step.id && $0.item != nil }
            if step.item == nil, let item = items.first(where: { $0.attempts.last?.run != nil }) {
                let count = items.count == 1 ? "item is a run" : "\(items.count) items are runs"
                throw APIError(
                    .invalidState,
                    "step '\(name)' of the run '\(row.name)' writes nothing itself, its \(count) of another workflow: "
                        + "'pawl logs \(row.name) \(item.name)' shows what one of them wrote")
            }
        }
        let selection = LogReader.Selection(
            run: row.id, name: row.name, started: row.started, step: place.step, item: place.item,
            since: try time(request.since, "since"),
            until: try time(request.until, "until"), priority: request.priority)
        var position = JournalPosition.head
        if let count = request.lines {
            position = try await sendTail(selection, count: max(0, count), call)
        } else {
            position = try await send(selection, from: position, call)
        }
        if request.follow == true, call.more, await conductor.isActive(row.id) {
            position = try await follow(selection, from: position, call)
            // What was written up to the end; the journal shows it a moment late.
            position = try await send(selection, from: position, call)
        }
        try await call.reply(Messages.Log(entries: []))
    }

    /// Sends the last lines, and returns the place after them. What pawld itself says of a step lies between them in the
    /// journal, so it is looked further back until there are enough.
    private func sendTail(
        _ selection: LogReader.Selection, count: Int, _ call: Call
    ) async throws -> JournalPosition {
        var reach = count
        while true {
            var place = count == 0 ? JournalPosition.tail(0) : .head
            var lines: [Messages.LogEntry] = []
            var seen = 0
            let log = try await logs.open(selection, at: .tail(reach))
            while let batch = try await log.next() {
                place = .after(cursor: batch.cursor)
                lines += batch.lines
                seen += batch.count
            }
            await log.close()
            guard lines.count >= count || seen < reach else {
                reach = reach * 2 + 16
                continue
            }
            var rest = lines.suffix(count)
            while call.more, !rest.isEmpty {
                try await call.reply(Messages.Log(entries: Array(rest.prefix(256))), continues: true)
                rest = rest.dropFirst(256)
            }
            return place
        }
    }

    /// Sends what there is from a place on, and returns the place after it.
    private func send(
        _ selection: LogReader.Selection, from start: JournalPosition, _ call: Call
    ) async throws -> JournalPosition {
        var place = start
        let log = try await logs.open(selection, at: start)
        while let batch = try await log.next() {
            place = .after(cursor: batch.cursor)
            if call.more, !batch.lines.isEmpty {
                try await call.reply(Messages.Log(entries: batch.lines), continues: true)
            }
        }
        await log.close()
        return place
    }

    /// Sends what is written from a place on until the run has ended.
    private func follow(
        _ selection: LogReader.Selection, from start: JournalPosition, _ call: Call
    ) async throws -> JournalPosition {
        let log = try await logs.open(selection, at: start)
        return try await withThrowingTaskGroup(of: JournalPosition?.self) { group in
            group.addTask {
                try await waitForEnd(of: selection.run)
                await log.close()
                return nil
            }
            group.addTask {
                var place = start
                while let batch = try await log.follow() {
                    place = .after(cursor: batch.cursor)
                    if !batch.lines.isEmpty {
                        try await call.reply(Messages.Log(entries: batch.lines), continues: true)
                    }
                }
                return place
            }
            var place = start
            for try await end in group { if let end { place = end } }
            return place
        }
    }
}

/// The audit.
extension ManagerService {
    private static let auditsAtOnce = 256

    /// Sends what was asked, the first one first. Only those who may do everything see what all others did.
    func readAudit(_ call: Call, _ rights: Authorization.Rights) async throws {
        try requireOperating(rights, call)
        let request = try call.decode(Messages.ReadAudit.self)
        var filter = AuditFilter(limit: max(0, request.lines ?? Int(Int32.max)))
        filter.since = try time(request.since, "since")
        filter.until = try time(request.until, "until")
        (filter.uid, filter.outcome) = (request.uid, request.outcome)
        var entries = try await conductor.audits(filter).map { AuditEntry($0) }[...]
        while call.more, entries.count > ManagerService.auditsAtOnce {
            try await call.reply(
                Messages.Audit(entries: Array(entries.prefix(ManagerService.auditsAtOnce))), continues: true)
            entries = entries.dropFirst(ManagerService.auditsAtOnce)
        }
        try await call.reply(Messages.Audit(entries: Array(entries.suffix(ManagerService.auditsAtOnce))))
    }

    private func time(_ text: String?, _ what: String) throws(APIError) -> Timestamp? {
        guard let text else { return nil }
        guard let time = TimeText.timestamp(of: text) else {
            throw APIError(.invalidVariable, "'\(what)' is a time such as 2026-11-21T03:00:00Z, not '\(text)'")
        }
        return time
    }
}

import PawlAPI
import PawlStore
import VarlinkKit

/// What a run goes by and what is on record of it, for whoever may look at it.
extension ManagerService {
    func describeDefinition(_ call: Call, _ rights: Authorization.Rights) async throws {
        let row = try await find(try call.decode(Messages.Run.self).run, rights, call)
        try await call.reply(Messages.Definition(definition: try await conductor.runDefinition(of: row.id)))
    }

    /// Sends the events in batches, so that neither pawld nor the connection has all of them at once.
    func readEvents(_ call: Call, _ rights: Authorization.Rights) async throws {
        let row = try await find(try call.decode(Messages.Run.self).run, rights, call)
        var last = 0
        while call.more {
            let events = try await conductor.events(of: row.id, after: last)
            guard let end = events.last else { break }
            last = end.sequence
            try await call.reply(Messages.Events(events: events), continues: true)
            try Task.checkCancellation()
        }
        try await call.reply(Messages.Events(events: []))
    }
}

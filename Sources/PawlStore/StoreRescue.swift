import FoundationEssentials
import Glibc
import PawlEngine
package import PawlModel
import SQLiteKit

/// What became of a store that was damaged: nothing of it is thrown away, and what could be read goes on.
package struct StoreDamage: Sendable, Equatable {
    /// What SQLite says is wrong.
    package var cause: String
    /// Where the damaged file is now, with its write-ahead log beside it.
    package var file: String
    /// How many runs were taken over whole.
    package var kept = 0
    /// Runs whose last events could not be read: they go on from the events before, and from receipts and units.
    package var shortened: [RunID] = []
    /// Runs of which nothing could be read, as far as their names could.
    package var lost: [String] = []
}

extension Store {
    /// Opens a store. One that is damaged is set aside, and a new one is made of what can be read of it.
    ///
    /// - Parameters:
    ///   - path: the database.
    ///   - label: what sets the name of this damaged file apart from that of another one.
    /// - Throws: what is no damage: a store of a newer pawl, a folder that cannot be written, a full disk.
    package static func openOrRescue(path: String, label: String) throws -> (store: Store, damage: StoreDamage?) {
        try finishRescue(path)
        let cause: String
        do {
            let store = try Store(path: path)
            guard let fault = try store.fault(path) else { return (store, nil) }
            cause = fault
        } catch let error as SQLiteError where isDamage(error) {
            cause = error.message
        }
        var damage = StoreDamage(cause: cause, file: "\(path).damaged-\(label)")
        try rescue(path, into: path + newSuffix, &damage)
        // From here on the new one is whole; whoever dies before the last rename finds it by `finishRescue`.
        try setAside(path, damage.file)
        try move(path + newSuffix, path)
        return (try Store(path: path), damage)
    }

    /// A store of at most so many bytes is looked over whole at each start; that takes milliseconds. A larger one shows its
    /// damage when what is damaged is read.
    private static let checkedSize = 8 << 20
    private static let newSuffix = ".new"

    /// What is wrong with a store that could be opened, as far as that can be found out in no time.
    private func fault(_ path: String) throws -> String? {
        // Whatever else is there: the tables are.
        _ = try openRuns()
        var status = stat()
        guard stat(path, &status) == 0, status.st_size <= Store.checkedSize else { return nil }
        return try faults().first
    }

    /// What SQLite's own error says about the file, and not about the world around it.
    private static func isDamage(_ error: SQLiteError) -> Bool {
        switch error.resultCode.primary {
        // SQLITE_ERROR: the file's schema is not what its version says. Our statements have no other faults.
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR, .SQLITE_MISMATCH, .SQLITE_CONSTRAINT: true
        // SQLITE_IOERR_SHORT_READ: the file ends within a page.
        default: error.resultCode.rawValue == 522
        }
    }

    // MARK: Files

    private static func move(_ from: String, _ to: String) throws {
        guard rename(from, to) == 0 || errno == ENOENT else {
            throw StoreError.files("cannot rename \(from) to \(to): \(String(cString: strerror(errno)))")
        }
    }

    private static func setAside(_ path: String, _ file: String) throws {
        try move(path, file)
        // The log of one file must never be read with another one. The index beside it is made anew by whoever opens it.
        try move(path + "-wal", file + "-wal")
        unlink(path + "-shm")
    }

    /// A pawld that died between the two renames has left the new store under its first name.
    private static func finishRescue(_ path: String) throws {
        if access(path, F_OK) != 0, access(path + newSuffix, F_OK) == 0 {
            try setAside(path, path + ".damaged")
            try move(path + newSuffix, path)
        }
        for suffix in [newSuffix, ".rescue"] {
            for part in ["", "-wal", "-shm"] { unlink(path + suffix + part) }
        }
    }

    private static func copy(_ from: String, _ to: String) throws {
        guard let data = FileManager.default.contents(atPath: from) else { return }
        guard FileManager.default.createFile(atPath: to, contents: data) else {
            throw StoreError.files("cannot write \(to): \(String(cString: strerror(errno)))")
        }
        chmod(to, 0o600)
    }

    // MARK: Reading what can be read

    /// Reads a copy, since SQLite writes to what it opens, and the damaged file is to stay as it is.
    private static func rescue(_ path: String, into new: String, _ damage: inout StoreDamage) throws {
        let copied = path + ".rescue"
        for part in ["", "-wal"] { try copy(path + part, copied + part) }
        defer { for part in ["", "-wal", "-shm"] { unlink(copied + part) } }
        let target = try Store(path: new)
        chmod(new, 0o600)
        guard let source = try? Connection(path: copied, flags: .readWrite) else { return }
        for number in numbers(source).sorted() {
            let name: String? =
                (try? source.first("SELECT id FROM runs NOT INDEXED WHERE number = ?", [.integer(number)]))
                .flatMap { try? $0?.get(0) }
            guard let (change, isWhole) = change(source, number, name) else {
                damage.lost.append(name ?? "number \(number)")
                continue
            }
            do {
                try target.record([change])
            } catch let error as SQLiteError where error.resultCode.primary == .SQLITE_CONSTRAINT {
                // Two runs of one ID: one of them is what the damage has made of another.
                damage.lost.append(change.summary.id.rawValue)
                continue
            }
            if isWhole { damage.kept += 1 } else { damage.shortened.append(change.summary.id) }
        }
    }

    /// The numbers of all runs that either table tells of: each is read from both ends up to where it is damaged.
    private static func numbers(_ source: Connection) -> Set<Int64> {
        var numbers: Set<Int64> = []
        for sql in ["SELECT number FROM runs NOT INDEXED", "SELECT DISTINCT run FROM events"] {
            for order in ["ASC", "DESC"] {
                // The error says where the damage begins; what came before it is in the set.
                try? source.each("\(sql) ORDER BY 1 \(order)") { row in
                    let number: Int64 = try row.get(0)
                    numbers.insert(number)
                }
            }
        }
        return numbers
    }

    /// A run by its events, as many as can be read without a gap.
    private static func change(
        _ source: Connection, _ number: Int64, _ name: String?
    ) -> (change: RunChange, isWhole: Bool)? {
        var events: [RecordedEvent] = []
        var isWhole = true
        let decoder = JSONDecoder()
        do {
            try source.each(
                "SELECT sequence, time, kind, body FROM events WHERE run = ? ORDER BY sequence", [.integer(number)]
            ) { row in
                let sequence: Int = try row.get(0)
                let kind: String = try row.get(2)
                let body: String = try row.get(3)
                guard sequence == events.count + 1, let known = Event.Kind(rawValue: kind) else {
                    throw UnreadableEvent(kind: kind)
                }
                let event = try Event(kind: known) { try decoder.decode($0, from: Data(body.utf8)) }
                events.append(
                    RecordedEvent(sequence: sequence, time: Timestamp(microseconds: try row.get(1)), event: event))
            }
        } catch {
            isWhole = false
        }
        guard let first = events.first, case .runCreated(let created) = first.event,
            // A run's folder ends with its ID.
            let id = name.flatMap({ RunID(rawValue: $0) })
                ?? created.folder.split(separator: "/").last.flatMap({ RunID(rawValue: String($0)) }),
            var run = try? Run(id: id, created: created, at: first.time)
        else { return nil }
        for entry in events.dropFirst() { run.apply(entry.event, at: entry.time) }
        // The row may say that it had gone further than its events do.
        let state: String? =
            (try? source.first("SELECT state FROM runs NOT INDEXED WHERE number = ?", [.integer(number)]))
            .flatMap { try? $0?.get(0) }
        if state != run.state.rawValue { isWhole = false }
        return (RunChange(run: run, events: events), isWhole)
    }
}

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
    /// Whether the file itself is in order and goes on, and only what was committed last is missing; `file` is then what
    /// was left of its log.
    package var isBehind = false
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
        var damage = StoreDamage(cause: "", file: unusedName("\(path).damaged-\(label)"))
        if size(path) == 0, size(path + "-wal") > 0 {
            // SQLite would throw the log away, and a young store is in there as a whole.
            damage.cause = "the database is gone, and its log is there"
            // So that one who dies meanwhile does not leave the place to a new store that is not whole.
            guard
                FileManager.default.fileExists(atPath: path)
                    || FileManager.default.createFile(atPath: path, contents: nil)
            else { throw StoreError.files("cannot write \(path): \(String(cString: strerror(errno)))") }
        } else {
            do {
                let store = try Store(path: path)
                let lack = try store.lack()
                if let fault = try store.fault(path, isSuspect: lack != nil) {
                    damage.cause = fault
                } else if let lack {
                    damage.cause = lack
                    damage.isBehind = true
                    damage.file += "-wal"
                    // The next commits would overwrite it.
                    try copy(path + "-wal", damage.file)
                    // It is said once.
                    store.forgetMark()
                    return (store, damage)
                } else {
                    return (store, nil)
                }
            } catch let error as SQLiteError where isDamage(error) {
                damage.cause = error.message
            }
        }
        try rescue(path, into: path + newSuffix, &damage)
        // From here on the new one is whole; whoever dies before the last rename finds it by `finishRescue`.
        try setAside(path, damage.file)
        try move(path + newSuffix, path)
        unlink(StoreMark.path(of: path + newSuffix))
        let store = try Store(path: path)
        store.forgetMark()
        return (store, damage)
    }

    /// A store of at most so many bytes is looked over whole at each start; that takes milliseconds. A larger one shows its
    /// damage when what is damaged is read.
    private static let checkedSize = 8 << 20
    private static let newSuffix = ".new"

    /// What is wrong with a store that could be opened, as far as that can be found out in no time.
    private func fault(_ path: String, isSuspect: Bool) throws -> String? {
        // Whatever else is there: the tables are.
        _ = try openRuns()
        guard isSuspect || Store.size(path) <= Store.checkedSize else { return nil }
        return try faults().first
    }

    /// The size of a file; 0 where there is none.
    private static func size(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Nothing that was set aside is ever replaced.
    private static func unusedName(_ path: String) -> String {
        var name = path
        var count = 1
        while ["", "-wal"].contains(where: { access(name + $0, F_OK) == 0 }) {
            count += 1
            name = "\(path).\(count)"
        }
        return name
    }

    /// The files that were set aside beside a store and that nobody has removed yet, each without its log.
    package static func setAside(beside path: String) -> [String] {
        let (folder, name) = split(path)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { other in
            other.hasPrefix(name + ".damaged")
                && !(other.hasSuffix("-wal") && names.contains(String(other.dropLast("-wal".count))))
        }.sorted().map { "\(folder)/\($0)" }
    }

    private static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        return (String(path[..<slash]), String(path[path.index(after: slash)...]))
    }

    /// What SQLite's own error says about the file, and not about the world around it.
    private static func isDamage(_ error: SQLiteError) -> Bool {
        switch error.resultCode.primary {
        // SQLITE_ERROR: the file's schema is not what its version says. Our statements have no other faults.
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR, .SQLITE_MISMATCH, .SQLITE_CONSTRAINT: true
        default: error.resultCode == .SQLITE_IOERR_SHORT_READ
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
            try setAside(path, unusedName(path + ".damaged"))
            try move(path + newSuffix, path)
        }
        for suffix in [newSuffix, ".rescue"] {
            for part in ["", "-wal", "-shm", ".mark"] { unlink(path + suffix + part) }
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
        if size(copied) == 0, let page = pageSize(ofLog: copied + "-wal") {
            // To SQLite a log belongs to a database that has a page at least.
            try Data(count: page).write(to: URL(filePath: copied))
        }
        // SQLite reads nothing of a file that is shorter than its first page says; of a page of zeros it reads nothing alone.
        if let whole = wholeSize(copied), whole > size(copied) { truncate(copied, off_t(whole)) }
        let target = try Store(path: new)
        chmod(new, 0o600)
        guard let source = try? Connection(path: copied, flags: .readWrite) else { return }
        // Also of a schema that is damaged in part what can be read is.
        try? source.execute("PRAGMA writable_schema = on")
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

    /// The page size of the database that a log belongs to (https://sqlite.org/fileformat2.html, "WAL File Format").
    private static func pageSize(ofLog path: String) -> Int? { number(path, at: 8, length: 4).flatMap(pageSize) }

    /// The size that a database has by its first page ("The Database Header"), in whole pages.
    private static func wholeSize(_ path: String) -> Int? {
        guard let stated = number(path, at: 16, length: 2), let pages = number(path, at: 28, length: 4),
            let page = pageSize(stated == 1 ? 65536 : stated)
        else { return nil }
        return max(pages, (size(path) + page - 1) / page) * page
    }

    private static func pageSize(_ size: Int) -> Int? {
        (512...65536).contains(size) && size & (size - 1) == 0 ? size : nil
    }

    /// A number in a file, its highest byte first.
    private static func number(_ path: String, at offset: Int, length: Int) -> Int? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: length)
        guard fseek(file, offset, SEEK_SET) == 0, fread(&bytes, 1, length, file) == length else { return nil }
        return bytes.reduce(0) { $0 << 8 | Int($1) }
    }

    /// The numbers of all runs that either table tells of.
    private static func numbers(_ source: Connection) -> Set<Int64> {
        numbers(source, "SELECT number FROM runs NOT INDEXED WHERE number > ? ORDER BY 1")
            .union(numbers(source, "SELECT DISTINCT run FROM events WHERE run > ? ORDER BY 1"))
    }

    /// Behind each of them the way on is looked for by some hundred queries.
    private static let mostHoles = 10_000

    /// What a query gives, which takes the number to begin after. Where it meets a page that cannot be read, it goes on
    /// behind that.
    private static func numbers(_ source: Connection, _ sql: String) -> Set<Int64> {
        var numbers: Set<Int64> = []
        var last: Int64 = 0
        var holes = 0
        func canRead(after number: Int64) -> Bool { (try? source.first(sql, [.integer(number)])) != nil }
        while true {
            do {
                try source.each(sql, [.integer(last)]) { row in
                    // What the damage has made of a number may be a text, or a number that was there before.
                    guard case .integer(let number) = try row.get(0, as: SQLiteKit.Value.self), number > last else {
                        return
                    }
                    last = number
                    numbers.insert(number)
                }
                return numbers
            } catch {
                holes += 1
                guard holes <= mostHoles, last < 1 << 60 else { return numbers }
                // By steps that double to where it can be read again, and then back to where that begins.
                var (near, far) = (Int64(0), Int64(1))
                while !canRead(after: last + far) {
                    guard far < 1 << 40 else { return numbers }
                    (near, far) = (far, far * 2)
                }
                while far - near > 1 {
                    let middle = (near + far) / 2
                    if canRead(after: last + middle) { far = middle } else { near = middle }
                }
                last += far
            }
        }
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
        let row = try? source.first("SELECT state, ended FROM runs NOT INDEXED WHERE number = ?", [.integer(number)])
        let state = (try? row?.get(0) as String?).flatMap { RunState(rawValue: $0) }
        // The row may say that it had gone further than its events do.
        if state == nil ? !run.state.isEnded : state != run.state { isWhole = false }
        if !isWhole, let event = Store.amends(run, row: state) {
            let ended: Int64? = (try? row?.get(1)) ?? nil
            let time = ended.map { Timestamp(microseconds: $0) } ?? events[events.count - 1].time
            run.apply(event, at: time)
            events.append(RecordedEvent(sequence: events.count + 1, time: time, event: event))
        }
        return (RunChange(run: run, events: events), isWhole)
    }

    /// What is added to a run whose last events are lost: one that had ended must not go on by itself, weeks later perhaps.
    /// One that had not goes on, since receipts and folders tell what it has done.
    private static func amends(_ run: Run, row state: RunState?) -> Event? {
        guard !run.state.isEnded else { return nil }
        let what = "the store was damaged, and this run's events from \(run.eventCount + 1) on are lost"
        switch state {
        case .some(let state) where state.isEnded:
            return .runEnded(RunEnded(state: state, reason: what))
        case nil where !run.isStopped:
            return .runStopped(
                RunStopped(
                    reason: what + ", with how it ended if it had: 'pawl resume \(run.name)' goes on, "
                        + "'pawl cancel \(run.name)' ends it"))
        default:
            return nil
        }
    }
}

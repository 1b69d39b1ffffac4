import FoundationEssentials
import Glibc
import PawlEngine
import PawlModel
import SQLiteKit
import Testing

@testable import PawlStore

/// A store with a few runs, whose files are damaged in every way that a disk can think of.
@Suite("A damaged store", .serialized)
struct StoreRescueTests {
    private static let ids = ["0000000a", "0000000b", "0000000c"].compactMap { RunID(rawValue: $0) }
    private static let counts = [5, 3, 2]

    /// What came of some openings.
    private struct Tally: CustomStringConvertible {
        var opened = 0
        var rescued = 0
        /// Openings of a file that is in order, and whose last commits are missing.
        var cut = 0
        var refused = 0
        /// Runs that were not there any more, and the store says so of each: it does not know them, or cannot read them.
        var lost = 0
        /// Runs that are there without their last events.
        var behind = 0
        /// Runs of which something was missing and nobody would have known.
        var unsaid = 0
        var description: String {
            "\(opened) openings, \(rescued) of them rescues, \(cut) behind, \(refused) refused with a reason, \(lost) lost runs said, "
                + "\(behind) runs behind, \(unsaid) unsaid"
        }
    }

    /// In memory: each opening is some ten calls to fsync.
    private let folder: String

    init() throws {
        var template = Array("/dev/shm/pawl-rescue-XXXXXX".utf8CString)
        folder = String(cString: try #require(mkdtemp(&template)))
    }

    private var path: String { folder + "/pawl.db" }

    private func clear() throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) { unlink("\(folder)/\(name)") }
    }

    private func make() throws {
        // Small pages, so that a few runs have many of them.
        try Connection(path: path).execute("PRAGMA page_size = 512; VACUUM")
        let store = try Store(path: path)
        for (place, id) in StoreRescueTests.ids.enumerated() {
            let time = Timestamp(microseconds: 1_700_000_000_000_000)
            let created = RunCreated(
                workflow: "w\(place)", file: "/w.yaml", text: "steps: [{id: a, command: [x]}]", variables: [:],
                requester: Requester(uid: 0),
                folder: "/runs/\(id)", maxParallel: 4,
                host: HostFacts(name: "h", machineID: "m", arch: "a", cpus: 1, memory: 1, osVersion: "12"))
            var run = try Run(id: id, created: created, at: time)
            let all: [Event] = [
                .runCreated(created), .attemptOrdered(AttemptOrdered(step: "a", number: 1, unit: "u", epoch: "e")),
                .attemptEnded(AttemptEnded(step: "a", number: 1, outcome: AttemptOutcome(state: .succeeded))),
                .stepEnded(StepEnded(step: "a", state: .succeeded)), .runEnded(RunEnded(state: .succeeded)),
            ]
            for (index, event) in all.prefix(StoreRescueTests.counts[place]).enumerated() {
                if index > 0 { run.apply(event, at: time) }
                try store.record([
                    RunChange(run: run, events: [RecordedEvent(sequence: index + 1, time: time, event: event)])
                ])
            }
        }
    }

    /// The store's files as they are while it is open: much of it is only in the log.
    private func filesWithLog() throws -> (database: [UInt8], log: [UInt8], mark: [UInt8]) {
        try clear()
        try make()
        // Closing it would take the log into the file, so the files are those of a copy made while it is open.
        let connection = try Connection(path: path)
        try connection.execute("PRAGMA journal_mode = wal")
        defer { withExtendedLifetime(connection) {} }
        try clear()
        let holder = try Connection(path: path)
        try holder.execute("PRAGMA page_size = 512; VACUUM; PRAGMA journal_mode = wal; PRAGMA wal_autocheckpoint = 0")
        _ = try holder.rows("SELECT * FROM sqlite_schema")
        try make()
        let files = (try read(path), try read(path + "-wal"), try read(StoreMark.path(of: path)))
        withExtendedLifetime(holder) {}
        return files
    }

    private func read(_ path: String) throws -> [UInt8] {
        Array(try #require(FileManager.default.contents(atPath: path), "\(path)"))
    }

    private func open(
        _ database: ArraySlice<UInt8>?, _ log: ArraySlice<UInt8>?, mark: [UInt8], _ tally: inout Tally
    ) {
        do {
            try clear()
            if let database { try Data(database).write(to: URL(filePath: path)) }
            if let log { try Data(log).write(to: URL(filePath: path + "-wal")) }
            try Data(mark).write(to: URL(filePath: StoreMark.path(of: path)))
            let (store, damage) = try Store.openOrRescue(path: path, label: "1")
            tally.opened += 1
            if let damage {
                tally.rescued += damage.isBehind ? 0 : 1
                tally.cut += damage.isBehind ? 1 : 0
                #expect(
                    access(damage.file, F_OK) == 0 || damage.isBehind && log?.isEmpty != false,
                    "the damaged file is kept")
            }
            for (place, id) in StoreRescueTests.ids.enumerated() {
                let run = Result { try store.run(id) }
                switch run {
                case .success(let run?):
                    guard run.eventCount < StoreRescueTests.counts[place] else { continue }
                    tally.behind += 1
                    if damage == nil { tally.unsaid += 1 }
                case .success(nil):
                    tally.lost += 1
                    if damage == nil { tally.unsaid += 1 }
                case .failure: tally.lost += 1
                }
            }
            // What was opened once opens again, with nothing more to say.
            if damage != nil { #expect(try Store.openOrRescue(path: path, label: "2").damage == nil) }
        } catch let error as StoreError {
            #expect(!error.description.isEmpty)
            tally.refused += 1
        } catch {
            Issue.record("an opening failed: \(error)")
        }
    }

    /// Every byte takes a minute; by default every thirteenth is tried, and PAWL_TEST_EVERY_BYTE=1 asks for all.
    private var stride: Int { getenv("PAWL_TEST_EVERY_BYTE") == nil ? 13 : 1 }

    @Test("A database that ends at any byte opens, and says what it lost")
    func truncatedDatabase() throws {
        defer { rmdir(folder) }
        try make()
        let (bytes, mark) = (try read(path), try read(StoreMark.path(of: path)))
        var tally = Tally()
        for length in Swift.stride(from: 0, to: bytes.count, by: stride) {
            open(bytes[..<length], nil, mark: mark, &tally)
        }
        try clear()
        print("database truncated at \(tally.opened + tally.refused) of \(bytes.count) lengths: \(tally)")
        #expect(tally.unsaid == 0 && tally.rescued > 0)
    }

    @Test("A log that ends at any byte opens, and no run is lost without a trace")
    func truncatedLog() throws {
        defer { rmdir(folder) }
        let (database, log, mark) = try filesWithLog()
        var tally = Tally()
        for length in Swift.stride(from: 0, through: log.count, by: stride) {
            open(database[...], log[..<length], mark: mark, &tally)
        }
        open(nil, log[...], mark: mark, &tally)
        try clear()
        print("log truncated at \(tally.opened + tally.refused) of \(log.count) lengths: \(tally)")
        #expect(tally.unsaid == 0)
    }

    @Test("A database with a flipped byte opens, and says what it lost")
    func flippedBytes() throws {
        defer { rmdir(folder) }
        try make()
        let (bytes, mark) = (try read(path), try read(StoreMark.path(of: path)))
        var tally = Tally()
        for place in Swift.stride(from: 0, to: bytes.count, by: stride) {
            for bits in [0xff, 0x01, 0x80] as [UInt8] {
                var flipped = bytes
                flipped[place] ^= bits
                open(flipped[...], nil, mark: mark, &tally)
            }
        }
        for text in ["", "not a database at all", String(repeating: "x", count: 5000)] {
            open(Array(text.utf8)[...], nil, mark: mark, &tally)
        }
        try clear()
        print("byte flipped at \(tally.opened + tally.refused) places of \(bytes.count): \(tally)")
        #expect(tally.unsaid == 0 && tally.rescued > 0)
    }

    @Test("A log whose database is gone is read, and nothing of it is lost")
    func onlyLog() throws {
        defer { rmdir(folder) }
        let (_, log, mark) = try filesWithLog()
        for database in [nil, []] as [[UInt8]?] {
            var tally = Tally()
            open(database?[...], log[...], mark: mark, &tally)
            #expect(tally.rescued == 1 && tally.lost == 0 && tally.behind == 0, "\(tally)")
        }
        try clear()
    }

    @Test("A run that had ended does not go on by itself when its last events are lost")
    func endedStaysEnded() throws {
        defer { rmdir(folder) }
        let states: [(sql: String, state: RunState)] = [
            ("DELETE FROM events WHERE run = 1 AND sequence > 2", .succeeded),
            ("DELETE FROM events WHERE run = 1 AND sequence > 2; DELETE FROM runs WHERE number = 1", .stopped),
            ("DELETE FROM runs WHERE number = 1", .succeeded),
            ("DELETE FROM events WHERE run = 2 AND sequence = 2", .running),
        ]
        for (sql, state) in states {
            try clear()
            try make()
            try Connection(path: path).execute("PRAGMA foreign_keys = off; \(sql)")
            let (store, damage) = try Store.openOrRescue(path: path, label: "1")
            let id = StoreRescueTests.ids[sql.contains("run = 2") ? 1 : 0]
            let run = try #require(try store.run(id))
            #expect(run.state == state, "\(sql)")
            #expect(damage?.shortened.contains(id) == !sql.hasPrefix("DELETE FROM runs"), "\(sql)")
            if state.isEnded { #expect(try !store.openRuns().contains { $0.id == id }) }
            if sql.contains("sequence > 2") { #expect(run.reason?.contains("are lost") == true) }
        }
        try clear()
    }

    @Test("Commits that are missing are said once, and what a mark says of removed runs is no loss")
    func mark() throws {
        defer { rmdir(folder) }
        try make()
        let mark = StoreMark.path(of: path)
        let written = try read(mark)
        #expect(try Store.openOrRescue(path: path, label: "1").damage == nil)
        try Connection(path: path).execute("DELETE FROM events WHERE run = 3 AND sequence = 2")
        let damage = try #require(try Store.openOrRescue(path: path, label: "1").damage)
        #expect(damage.isBehind && damage.cause.contains("0000000c had 2 events"), "\(damage)")
        #expect(try Store.openOrRescue(path: path, label: "1").damage == nil)
        // A mark with a flipped bit is none.
        for place in written.indices {
            var flipped = written
            flipped[place] ^= 1
            try Data(flipped).write(to: URL(filePath: mark))
            let content = StoreMark.read(of: path)
            #expect(content == nil || content?.run == StoreRescueTests.ids[2] && content?.sequence == 2)
        }
        try clear()
    }

    @Test("Of a store with holes what is behind them is kept too, and each run that is lost is named")
    func holes() throws {
        defer { rmdir(folder) }
        try Connection(path: path).execute("PRAGMA page_size = 512; VACUUM")
        let time = Timestamp(microseconds: 1_700_000_000_000_000)
        var ids: Set<RunID> = []
        do {
            let store = try Store(path: path)
            for number in 0..<200 {
                let id = RunID(random: UInt64(number))
                ids.insert(id)
                let created = RunCreated(
                    workflow: "w", file: "/w.yaml", text: "steps: [{id: a, command: [x]}]", variables: [:],
                    requester: Requester(uid: 0),
                    folder: "/runs/\(id)", maxParallel: 4,
                    host: HostFacts(name: "h", machineID: "m", arch: "a", cpus: 1, memory: 1, osVersion: "12"))
                let run = try Run(id: id, created: created, at: time)
                let event = RecordedEvent(sequence: 1, time: time, event: .runCreated(created))
                try store.record([RunChange(run: run, events: [event])])
            }
        }
        var bytes = try read(path)
        let pages = bytes.count / 512
        for page in [pages / 4, pages / 2, pages / 2 + 9, pages * 3 / 4] {
            for place in (page * 512)..<(page * 512 + 512) { bytes[place] = 0x5a }
        }
        // And it ends early.
        try clear()
        try Data(bytes.dropLast(3 * 512 + 100)).write(to: URL(filePath: path))
        let (store, found) = try Store.openOrRescue(path: path, label: "1")
        let damage = try #require(found)
        let kept = Set(try store.allRuns().map(\.id))
        print("holes: of 200 runs \(kept.count) kept, \(damage.lost.count) lost")
        // A page in the middle of a tree takes those below it along; what is on both sides of it stays.
        #expect(kept.count > 75 && kept.isSubset(of: ids))
        #expect(kept.count + damage.lost.count == 200, "each of the others is told of")
        try clear()
    }

    @Test("A key that the damage has made a text of ends no rescue", .timeLimit(.minutes(1)))
    func textForNumber() throws {
        defer { rmdir(folder) }
        for key in ["'text'", "9223372036854775807", "-5"] {
            try clear()
            try make()
            try Connection(path: path).execute(
                "PRAGMA writable_schema = on; UPDATE sqlite_schema SET sql = replace(sql, 'STRICT, ', '')")
            try Connection(path: path).execute("INSERT INTO events VALUES (\(key), 1, 0, 'run-created', '{}')")
            let (store, damage) = try Store.openOrRescue(path: path, label: "1")
            #expect(damage?.kept == 3, "\(key)")
            #expect(try store.allRuns().count == 3)
            let left = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
                $0.contains(".new") || $0.contains(".rescue")
            }
            #expect(left == [])
        }
        try clear()
    }
}

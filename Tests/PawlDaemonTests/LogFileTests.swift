import EventLoopKit
import FoundationEssentials
import PawlLanguage
import PawlModel
import Synchronization
import Testing

@testable import PawlDaemon

@Suite("pawld's own entries in a file")
struct LogFileTests {
    private let folder: TemporaryFolder
    private let files = EventLoop(name: "test-files")
    private static let time = Timestamp(microseconds: 1_795_230_000_250_000)

    init() throws { folder = try TemporaryFolder() }

    private func entry(_ message: String) -> LogFile.Fields {
        [
            ("MESSAGE", message), ("MESSAGE_ID", "b698"), ("PRIORITY", "4"), ("SYSLOG_IDENTIFIER", "pawld"),
            ("PAWL_RUN", "backup-7k2m9qxa"), ("OBJECT_SYSTEMD_UNIT", "a"), ("OBJECT_SYSTEMD_UNIT", "b"),
        ]
    }

    @Test("A line has the time, the level and the message; what would end it or reach the terminal is written out")
    func plain() {
        let line = LogFile.line(entry("Step 'ä'\nfails: \u{1B}[31m"), at: LogFileTests.time, .plain)
        #expect(line == "2026-11-21T03:00:00.250Z warning: Step 'ä'\\u{a}fails: \\u{1b}[31m")
    }

    @Test("A JSON line has the fields of the journal in lower case, each once")
    func json() throws {
        let line = LogFile.line(entry("a \"b\"\n/c"), at: LogFileTests.time, .json)
        #expect(!line.contains("\n"))
        let object = try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
        #expect(
            object == [
                "time": "2026-11-21T03:00:00.250Z", "level": "warning", "message": "a \"b\"\n/c", "message_id": "b698",
                "pawl_run": "backup-7k2m9qxa", "object_systemd_unit": "a",
            ])
    }

    @Test("A file that was moved away is made anew; entries keep their order, and steps' lines stay in the journal")
    func rotation() async throws {
        let path = folder.path + "/pawld.log"
        let file = LogFile(path: path, executor: files)
        let inJournal = Mutex<[String]>([])
        let journal = RunJournal(level: .info) { fields in
            inJournal.withLock { $0.append(fields.first { $0.name == "MESSAGE" }?.value ?? "") }
        } onActivity: { _, _ in
        }
        journal.note(.info, "before")
        journal.set(file: file)
        journal.note(.info, "one")
        journal.note(.debug, "too little")
        await file.flush { journal.keep($0, because: $1) }
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        journal.note(.error, "two")
        journal.note(.notice, "three")
        await file.flush { journal.keep($0, because: $1) }
        let texts = try ["pawld.log.1", "pawld.log"].map {
            try String(contentsOfFile: "\(folder.path)/\($0)", encoding: .utf8)
        }
        #expect(texts[0].hasSuffix(" info: one\n") && texts[0].split(separator: "\n").count == 1)
        #expect(
            texts[1].split(separator: "\n").map { $0.split(separator: " ", maxSplits: 1)[1] } == [
                "error: two", "notice: three",
            ])
        #expect(inJournal.withLock(\.self) == ["before"])
    }

    @Test("What cannot be written to the file is in the journal, after a word about why")
    func fallback() async throws {
        let file = LogFile(path: folder.path + "/no/such/pawld.log", executor: files)
        let inJournal = Mutex<[String]>([])
        let journal = RunJournal(level: .info) { fields in
            inJournal.withLock { $0.append(fields.first { $0.name == "MESSAGE" }?.value ?? "") }
        } onActivity: { _, _ in
        }
        journal.set(file: file)
        journal.note(.info, "one")
        await file.flush { journal.keep($0, because: $1) }
        let entries = inJournal.withLock(\.self)
        #expect(entries.count == 2 && entries[1] == "one")
        #expect(entries[0].contains("cannot open \(folder.path)/no/such/pawld.log: No such file or directory"))
    }
}

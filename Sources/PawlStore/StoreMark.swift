import Glibc
import PawlModel

/// Beside the database, what was committed last: one run, and how many events it has. SQLite ends a log that was cut off, or
/// that has a flipped bit, before the damage and says nothing; a store that is behind its mark has lost commits.
///
/// It is written after each commit and never waited for. So it may be older than the store, after a power cut, and then tells
/// less; it is never newer than what was durable.
final class StoreMark {
    /// What stood in it.
    struct Content: Equatable {
        var run: RunID
        var sequence: Int
    }

    private let database: String
    private let descriptor: CInt

    /// The mark of a database; nil where it cannot be opened: then nothing is noticed, and nothing else is amiss.
    init?(of database: String) {
        self.database = database
        descriptor = open(StoreMark.path(of: database), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return nil }
    }

    deinit { close(descriptor) }

    static func path(of database: String) -> String { database + ".mark" }

    /// A run was committed up to an event.
    func write(_ content: Content) {
        write("\(content.run) \(content.sequence)")
    }

    /// A run is about to be removed: that it is not there is no sign of a loss.
    func forget(_ run: RunID) {
        if StoreMark.read(of: database)?.run == run { forget() }
    }

    /// Nothing was committed last.
    func forget() { write("-") }

    /// One write of one length in one sector: it is there or not.
    private func write(_ text: String) {
        var line = text + " \(StoreMark.checksum(text))"
        line += String(repeating: " ", count: max(0, 63 - line.utf8.count)) + "\n"
        var line8 = Array(line.utf8)
        // One that could not be written is a mark that tells less.
        _ = pwrite(descriptor, &line8, line8.count, 0)
    }

    /// What the mark of a database says; nil where there is none that could be relied on.
    static func read(of database: String) -> Content? {
        let descriptor = open(path(of: database), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 64)
        guard pread(descriptor, &bytes, bytes.count, 0) == bytes.count else { return nil }
        let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: { $0 == " " || $0 == "\n" })
        guard words.count == 3, let run = RunID(rawValue: String(words[0])), let sequence = Int(words[1]),
            checksum("\(run) \(sequence)") == String(words[2])
        else { return nil }
        return Content(run: run, sequence: sequence)
    }

    /// FNV-1a: a flipped bit in the mark is no loss.
    private static func checksum(_ text: String) -> String {
        String(text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }, radix: 16)
    }
}

internal import Glibc

/// Tells an entry that the journal has twice. When journald finds in the middle of writing an entry that its file is
/// full, it begins a new file and writes the entry there once more, while the old file has it already: the same entry
/// with the next sequence number, as the first one of its file. man:journalctl(1) shows both.
package struct JournalRepeats {
    /// What of a cursor says which entry it is, and its number.
    private struct Place: Equatable {
        var number: UInt64
        var entry: [Substring]

        init?(_ cursor: String) {
            var number: UInt64?
            var entry: [Substring] = []
            for part in cursor.split(separator: ";") {
                if part.hasPrefix("i=") { number = UInt64(part.dropFirst(2), radix: 16) } else { entry.append(part) }
            }
            guard let number else { return nil }
            self.number = number
            self.entry = entry
        }
    }

    private var last: Place?
    /// The numbers with which the journal's files begin; nil until they are needed.
    private var beginnings: Set<UInt64>?
    private let read: () -> Set<UInt64>

    /// Nothing was seen yet.
    /// - Parameter beginnings: asks the journal's files, unless a test does it otherwise.
    package init(beginnings: (() -> Set<UInt64>)? = nil) {
        read = beginnings ?? JournalRepeats.readBeginnings
    }

    /// Files may have been added: before each batch.
    package mutating func refresh() { beginnings = nil }

    /// Whether the entry at a cursor is the one before it once more.
    ///
    /// Equal lines of one moment have equal cursors but for the number, so that alone is no sign: the later one must
    /// also be the first of its file.
    package mutating func isRepeat(_ cursor: String) -> Bool {
        let place = Place(cursor)
        defer { last = place }
        guard let place, let last, place.number == last.number &+ 1, place.entry == last.entry else { return false }
        let known = beginnings ?? read()
        beginnings = known
        return known.contains(place.number)
    }

    /// Reads `head_entry_seqnum` of all files: eight bytes, little-endian, at a fixed place of the header
    /// (systemd's JOURNAL_FILE_FORMAT).
    private static func readBeginnings() -> Set<UInt64> {
        var found: Set<UInt64> = []
        for top in ["/var/log/journal", "/run/log/journal"] {
            for folder in names(in: top) {
                for file in names(in: "\(top)/\(folder)") where file.hasSuffix(".journal") || file.hasSuffix("~") {
                    let descriptor = open("\(top)/\(folder)/\(file)", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
                    guard descriptor >= 0 else { continue }
                    defer { close(descriptor) }
                    var number: UInt64 = 0
                    if pread(descriptor, &number, 8, 168) == 8 { found.insert(UInt64(littleEndian: number)) }
                }
            }
        }
        return found
    }

    private static func names(in folder: String) -> [String] {
        guard let handle = opendir(folder) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}

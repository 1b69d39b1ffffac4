import PawlModel

/// What only one step or run on a host has at a time.
package struct Lock: Sendable {
    /// Which one: what this gives is the key.
    package var key: Template
    /// What becomes of who wants it while somebody has it.
    package var onConflict = LockConflict.queue

    /// The longest key, in bytes.
    package static let longestKey = 255

    /// What is wrong with a key; nil if nothing is.
    package static func fault(ofKey key: String) -> String? {
        if key.isEmpty { return "a lock's key cannot be empty" }
        // It stands in sentences of one line, and in systemd's and the journal's fields.
        if key.utf8.contains(0) { return "a lock's key cannot have a NUL byte in it" }
        if key.utf8.contains(UInt8(ascii: "\n")) { return "a lock's key cannot have a line break in it" }
        let length = key.utf8.count
        return length > longestKey ? "a lock's key has \(longestKey) bytes at most, and this one \(length)" : nil
    }
}

/// What becomes of who wants a lock that somebody else has.
package enum LockConflict: String, Sendable, Codable, CaseIterable {
    /// It waits until those that came before have had it.
    case queue
    /// It is refused.
    case reject
    /// The run that has it is cancelled, and it waits for the end of that.
    case cancel
}

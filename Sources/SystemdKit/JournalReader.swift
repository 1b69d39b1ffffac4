internal import CSystemd
package import EventLoopKit
internal import Glibc

/// Reads the journal of this machine, in batches, and waits for what comes. The journal's files are mapped and read on
/// the loop's thread: give it a loop on which reading a disk holds up nobody.
package actor JournalReader {
    package nonisolated let loop: EventLoop

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let fields: [String]
    private var journal: OpaquePointer?
    private var isClosed = false
    /// Whether the entry that is stood on has still to be returned.
    private var isOnUnreadEntry = false
    private var repeats = JournalRepeats()
    private var watch: DescriptorWatch?
    private var timer: EventLoop.Timer?
    private var waiter: CheckedContinuation<Bool, Never>?
    private var hasChanged = false

    /// - Parameters:
    ///   - loop: where the journal is read.
    ///   - fields: the fields that entries are to have, such as `MESSAGE`; others are not looked at.
    package init(loop: EventLoop, fields: [String]) {
        self.loop = loop
        self.fields = fields
    }

    isolated deinit { close() }

    /// Opens the journal, once.
    /// - Parameters:
    ///   - matches: which entries, or none for all.
    ///   - position: where to begin.
    package func open(matches: [JournalMatch], at position: JournalPosition) throws(SystemdError) {
        precondition(journal == nil, "a journal reader is opened once")
        var journal: OpaquePointer?
        let flags = CInt(SD_JOURNAL_LOCAL_ONLY)
        try SystemdError.check(sd_journal_open(&journal, flags), "sd_journal_open")
        self.journal = journal
        do throws(SystemdError) {
            for match in matches { try add(match, to: journal) }
            try seek(position, in: journal)
        } catch {
            close()
            throw error
        }
    }

    /// Lets go of the journal; who waits in `follow`, or comes back to it, gets an empty batch.
    package func close() {
        isClosed = true
        watch?.cancel()
        watch = nil
        timer?.cancel()
        timer = nil
        wakeWaiter(false)
        sd_journal_close(journal)
        journal = nil
    }

    /// The next entries, at most `count`; fewer, or none, at the end of what there is. 256 is a good number: other
    /// actors of the loop run between two batches.
    package func read(upTo count: Int = 256) throws(SystemdError) -> [JournalEntry] {
        guard let journal else { throw SystemdError(operation: "Reading a closed journal", errno: EBADF) }
        var entries: [JournalEntry] = []
        repeats.refresh()
        while entries.count < count {
            if isOnUnreadEntry {
                isOnUnreadEntry = false
            } else {
                guard try SystemdError.check(sd_journal_next(journal), "sd_journal_next") > 0 else { break }
            }
            if let entry = try currentEntry(of: journal), !repeats.isRepeat(entry.cursor) { entries.append(entry) }
        }
        return entries
    }

    /// The next entries, at most `count`, waiting for the first one; an empty batch only after `close()`. Journald shows
    /// an entry to followers up to half a second after it was written. One caller at a time.
    /// - Throws: an error whose `isCancelled` holds if the caller's task is cancelled.
    package func follow(upTo count: Int = 256) async throws(SystemdError) -> [JournalEntry] {
        precondition(waiter == nil, "only one caller at a time may follow a journal reader")
        // The watch comes first, then a look: an entry written between the two is not waited for in vain.
        try startWatching()
        while true {
            // Also before the first look: the end may have come while the batch before was passed on.
            if isClosed { return [] }
            hasChanged = false
            let entries = try read(upTo: count)
            if !entries.isEmpty { return entries }
            if await !waitForChange(), !isClosed {
                throw SystemdError(operation: "Following the journal", errno: ECANCELED)
            }
        }
    }

    // MARK: Waiting

    private func startWatching() throws(SystemdError) {
        guard watch == nil, let journal else { return }
        let descriptor = try SystemdError.check(sd_journal_get_fd(journal), "sd_journal_get_fd")
        watch = loop.watch(descriptor, for: .readable) { [weak self] _ in
            self?.assumeIsolated { $0.process() }
        }
    }

    /// True after a change, false if the caller was cancelled or the reader closed.
    private func waitForChange() async -> Bool {
        if hasChanged { return true }
        if Task.isCancelled { return false }
        armTimer()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // Asked again: on the way here the change, the end or the cancellation may have come.
                if hasChanged || journal == nil || Task.isCancelled {
                    continuation.resume(returning: hasChanged)
                } else {
                    waiter = continuation
                }
            }
        } onCancel: {
            loop.perform { self.assumeIsolated { $0.wakeWaiter(false) } }
        }
    }

    /// Only for journals on network file systems, whose changes inotify does not see.
    private func armTimer() {
        timer?.cancel()
        timer = nil
        var deadline = UInt64.max
        guard let journal, sd_journal_get_timeout(journal, &deadline) > 0, deadline != .max else { return }
        timer = loop.schedule(after: MonotonicClock.duration(until: deadline)) { [weak self] in
            self?.assumeIsolated { $0.process() }
        }
    }

    private func process() {
        guard let journal else { return }
        // NOP (0) wakes nobody; an error does, since the next read tells it.
        guard sd_journal_process(journal) != 0 else { return armTimer() }
        hasChanged = true
        wakeWaiter(true)
    }

    private func wakeWaiter(_ result: Bool) {
        let waiter = waiter
        self.waiter = nil
        waiter?.resume(returning: result)
    }

    // MARK: Reading

    private func add(_ match: JournalMatch, to journal: OpaquePointer?) throws(SystemdError) {
        switch match {
        case .field(let name, let value):
            let bytes = Array("\(name)=\(value)".utf8)
            try SystemdError.check(
                sd_journal_add_match(journal, bytes, bytes.count), "Filtering the journal by \(name)")
        case .disjunction: try SystemdError.check(sd_journal_add_disjunction(journal), "sd_journal_add_disjunction")
        case .conjunction: try SystemdError.check(sd_journal_add_conjunction(journal), "sd_journal_add_conjunction")
        }
    }

    private func seek(_ position: JournalPosition, in journal: OpaquePointer?) throws(SystemdError) {
        switch position {
        case .head: try SystemdError.check(sd_journal_seek_head(journal), "sd_journal_seek_head")
        case .since(let realtime):
            try SystemdError.check(sd_journal_seek_realtime_usec(journal, realtime), "sd_journal_seek_realtime_usec")
        case .after(let cursor):
            try SystemdError.check(sd_journal_seek_cursor(journal, cursor), "sd_journal_seek_cursor")
            guard try SystemdError.check(sd_journal_next(journal), "sd_journal_next") > 0 else { return }
            // It stands on the entry itself, which was read before, or on the next one there is.
            isOnUnreadEntry =
                try SystemdError.check(sd_journal_test_cursor(journal, cursor), "sd_journal_test_cursor") == 0
        case .tail(let count):
            try SystemdError.check(sd_journal_seek_tail(journal), "sd_journal_seek_tail")
            let skipped = try SystemdError.check(
                sd_journal_previous_skip(journal, UInt64(max(count, 1))), "sd_journal_previous_skip")
            // From an end with nothing before it `next` never moves on; from the head of nothing it does.
            if skipped == 0 { try SystemdError.check(sd_journal_seek_head(journal), "sd_journal_seek_head") }
            isOnUnreadEntry = skipped > 0 && count > 0
        }
    }

    /// The entry that is stood on, or nil if it is corrupted or was removed meanwhile.
    private func currentEntry(of journal: OpaquePointer) throws(SystemdError) -> JournalEntry? {
        var realtime: UInt64 = 0
        var cursorText: UnsafeMutablePointer<CChar>?
        let result = sd_journal_get_realtime_usec(journal, &realtime)
        if result == -EBADMSG || result == -EADDRNOTAVAIL { return nil }
        try SystemdError.check(result, "sd_journal_get_realtime_usec")
        try SystemdError.check(sd_journal_get_cursor(journal, &cursorText), "sd_journal_get_cursor")
        defer { free(cursorText) }
        var values: [String: String] = [:]
        for field in fields {
            var data: UnsafeRawPointer?
            var count = 0
            let result = sd_journal_get_data(journal, field, &data, &count)
            // Not there; corrupted; too big; compressed in a way this library cannot read: the rest still counts.
            if [-ENOENT, -EBADMSG, -E2BIG, -EPROTONOSUPPORT].contains(result) { continue }
            try SystemdError.check(result, "sd_journal_get_data")
            // The data is FIELD=value.
            let bytes = UnsafeRawBufferPointer(start: data, count: count).dropFirst(field.utf8.count + 1)
            values[field] = String(decoding: bytes, as: UTF8.self)
        }
        return JournalEntry(
            realtime: realtime, fields: values, cursor: cursorText.map { String(cString: $0) } ?? "")
    }
}

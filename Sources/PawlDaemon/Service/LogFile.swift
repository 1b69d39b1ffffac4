import EventLoopKit
import FoundationEssentials
import Glibc
import PawlLanguage
import PawlModel
import Synchronization

/// pawld's own entries as lines of a file, for those who set `log_target: file`.
///
/// Whoever has something to say only leaves it here; it is written on the files' thread, since a disk may take its time. The
/// file is opened anew for what has come together, so it can be moved away at any moment, as logrotate does.
actor LogFile {
    /// An entry of the journal.
    typealias Fields = [(name: String, value: String)]

    private let executor: any ActorThread
    private let path: String
    private let pending = Mutex<[(time: Timestamp, fields: Fields)]>([])
    private let format = Mutex(Configuration.LogFormat.plain)
    private let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    /// Writes to a file, which is made when it is not there; its folder must be.
    init(path: String, executor: any ActorThread) {
        (self.path, self.executor) = (path, executor)
        (wakes, waker) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The thread.
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// What the lines are from now on.
    nonisolated func set(format: Configuration.LogFormat) { self.format.withLock { $0 = format } }

    /// Leaves an entry to be written.
    nonisolated func add(_ fields: Fields, at time: Timestamp) {
        pending.withLock { $0.append((time, fields)) }
        waker.yield()
    }

    /// Writes what comes until the task is cancelled; what is left then `flush` writes.
    ///
    /// - Parameter failed: is given what could not be written, and why.
    func run(failed: @Sendable ([Fields], String) -> Void) async {
        for await _ in wakes { flush(failed: failed) }
    }

    /// Writes what was left.
    func flush(failed: @Sendable ([Fields], String) -> Void) {
        let format = format.withLock(\.self)
        let entries = pending.withLock { pending in
            defer { pending = [] }
            return pending
        }
        guard !entries.isEmpty else { return }
        let text = entries.map { LogFile.line($0.fields, at: $0.time, format) + "\n" }.joined()
        if let fault = append(Array(text.utf8)) { failed(entries.map(\.fields), fault) }
    }

    /// In one call, so that no line of another process comes in between. Returns why it could not be written.
    private func append(_ bytes: [UInt8]) -> String? {
        let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { return "cannot open \(path): \(String(cString: strerror(errno)))" }
        defer { close(file) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return "cannot write \(path): \(String(cString: strerror(errno)))" }
            rest = rest.dropFirst(count)
        }
        return nil
    }

    // MARK: Lines

    /// An entry as a line: nothing in it ends the line or reaches a terminal as anything but text.
    static func line(_ fields: Fields, at time: Timestamp, _ format: Configuration.LogFormat) -> String {
        let value = { (name: String) in fields.first { $0.name == name }?.value }
        let level = Configuration.LogLevel(priority: value("PRIORITY").flatMap { Int($0) } ?? 6)
        let moment = TimeText.text(of: time)
        let message = value("MESSAGE") ?? ""
        guard format == .json else {
            return "\(moment) \(level.rawValue): " + message.unicodeScalars.map(LogFile.plain).joined()
        }
        // The names of the journal in lower case, each with its value; of one that comes twice the first.
        var members = [("time", moment), ("level", level.rawValue), ("message", message)]
        for field in fields where !["MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER"].contains(field.name) {
            let name = field.name.lowercased()
            if !members.contains(where: { $0.0 == name }) { members.append((name, field.value)) }
        }
        return "{" + members.map { "\(quoted($0.0)):\(quoted($0.1))" }.joined(separator: ",") + "}"
    }

    private static func plain(_ scalar: Unicode.Scalar) -> String {
        guard scalar.properties.generalCategory == .control else { return String(scalar) }
        return scalar == "\t" ? " " : "\\u{\(String(scalar.value, radix: 16))}"
    }

    private static func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        // A string can always be encoded.
        return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}

import CLinux
import EventLoopKit
import Glibc

/// One client of a server. Its state belongs to the server's actor, which is the only one that touches it.
final class Connection: Sendable {
    let id: Int
    let descriptor: CInt
    let peer: Peer
    /// Ends when the client is gone.
    let gone: AsyncStream<Never>
    let goneContinuation: AsyncStream<Never>.Continuation

    init(id: Int, descriptor: CInt, peer: Peer) {
        self.id = id
        self.descriptor = descriptor
        self.peer = peer
        (gone, goneContinuation) = AsyncStream<Never>.makeStream()
    }

    /// Who connected; nil if the kernel does not say, and then nobody is served.
    static func peer(of descriptor: CInt) -> Peer? {
        var pid: pid_t = 0
        var uid: uid_t = 0
        var gid: gid_t = 0
        guard clinux_peer_credentials(descriptor, &pid, &uid, &gid) == 0 else { return nil }
        var room = 64
        while true {
            var groups = [gid_t](repeating: 0, count: room)
            var count = room
            if clinux_peer_groups(descriptor, &groups, &count) == 0 {
                return Peer(pid: pid, uid: uid, gid: gid, groups: Array(groups[..<count]))
            }
            // A process has at most 65,536 groups (`man:credentials(7)`).
            guard errno == ERANGE, room < 1 << 16 else { return nil }
            room = max(count, room * 2)
        }
    }
}

/// What a server knows of a connection. A class, so that what came in is not copied each time more of it comes.
final class ConnectionState {
    let connection: Connection
    var watch: DescriptorWatch?
    /// What has come in after the last whole message.
    private var partial: [UInt8] = []
    /// Where the search for its end goes on.
    private var searched = 0
    /// Drops the connection if what has begun to come in does not end in time.
    var patience: EventLoop.Timer?
    /// Whole messages that nobody has taken.
    private(set) var messages: [[UInt8]] = []
    /// Who waits for a message.
    var reader: CheckedContinuation<[UInt8]?, Never>?
    /// Whether nothing more comes in.
    private(set) var isAtEnd = false
    /// What has still to go out.
    private var unsent: [UInt8] = []
    private var sent = 0
    /// Who waits until it has.
    var writer: CheckedContinuation<Bool, Never>?

    /// So many whole messages are taken in before their time; then the client waits.
    static let mostMessages = 8

    init(_ connection: Connection) {
        self.connection = connection
    }

    /// Whether everything has gone out.
    var isSent: Bool { sent == unsent.count }

    /// Whether a message has begun to come in.
    var isWithinMessage: Bool { !partial.isEmpty }

    /// Whether enough messages wait, so that no more are taken in.
    var isFull: Bool { messages.count >= ConnectionState.mostMessages || waitingBytes >= ConnectionState.mostBytes }

    /// So many bytes of whole messages are taken in before their time.
    private static let mostBytes = 1 << 18
    private var waitingBytes: Int { messages.reduce(0) { $0 + $1.count } }

    /// Waits for what there is to wait for from here on.
    func updateInterest() {
        var interest: Interest = [.closed]
        if !isAtEnd, !isFull { interest.insert(.readable) }
        if !isSent { interest.insert(.writable) }
        if let watch, watch.interest != interest { watch.interest = interest }
    }

    /// The next message, if one has come in whole.
    func takeMessage() -> [UInt8]? {
        messages.isEmpty ? nil : messages.removeFirst()
    }

    /// Takes over what is to go out; what went before has gone or is given up.
    func setUnsent(_ bytes: [UInt8]) {
        unsent = bytes
        sent = 0
    }

    /// Writes what the kernel takes. Returns false if the client is gone.
    func write() -> Bool {
        while !isSent {
            let count = unsent.withUnsafeBytes {
                send(connection.descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0 {
                if errno == EINTR { continue }
                return errno == EAGAIN
            }
            sent += count
        }
        setUnsent([])
        return true
    }

    /// Reads once, so that a client that never stops sending does not keep the loop from the others. Returns whether a
    /// message has come to its end.
    func read() -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 1) { room in
            let count = Glibc.read(connection.descriptor, room.baseAddress, room.count)
            if count > 0 {
                partial.append(contentsOf: UnsafeRawBufferPointer(room)[..<count])
            } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
                isAtEnd = true
            }
        }
        // The taken messages are cut off once, at the end: a read may hold 65,536 empty ones.
        var start = 0
        while let end = partial[searched...].firstIndex(of: 0) {
            messages.append(Array(partial[start..<end]))
            start = end + 1
            searched = start
        }
        if start > 0 { partial.removeFirst(start) }
        searched = partial.count
        if partial.count > Message.limit {
            // It will not end well; what came before it is still answered.
            messages.append(Array("message too long".utf8))
            partial = []
            searched = 0
            isAtEnd = true
        }
        return start > 0
    }
}

@available(*, unavailable)
extension ConnectionState: Sendable {}

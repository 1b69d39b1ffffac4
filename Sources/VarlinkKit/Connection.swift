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

/// What a server knows of a connection at a moment.
struct ConnectionState {
    let connection: Connection
    var watch: DescriptorWatch?
    /// What has come in after the last whole message.
    var partial: [UInt8] = []
    /// Where the search for its end goes on.
    var searched = 0
    /// Whole messages that nobody has taken.
    var messages: [[UInt8]] = []
    /// Who waits for a message.
    var reader: CheckedContinuation<[UInt8]?, Never>?
    /// Whether nothing more comes in.
    var isAtEnd = false
    /// What has still to go out.
    var unsent: ArraySlice<UInt8> = []
    /// Who waits until it has.
    var writer: CheckedContinuation<Bool, Never>?

    /// So many whole messages are taken in before their time; then the client waits.
    static let mostMessages = 8

    /// What is to be waited for.
    var interest: Interest {
        var interest: Interest = [.closed]
        if !isAtEnd, messages.count < ConnectionState.mostMessages { interest.insert(.readable) }
        if !unsent.isEmpty { interest.insert(.writable) }
        return interest
    }
}

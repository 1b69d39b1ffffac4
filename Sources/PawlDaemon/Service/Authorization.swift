import EventLoopKit
import Glibc
import PawlAPI
import PawlLanguage
import PawlModel
import VarlinkKit

/// Who may do what. The socket is open to all; what counts is who the kernel says is at the other end
/// (SO_PEERCRED and SO_PEERGROUPS, `man:unix(7)`), as it was when the connection was made.
///
/// Names are looked up on a thread of its own, since a name service may take its time, and each time anew: a group that was
/// made after the start counts too, and a user who was taken out of `allow` is out.
actor Authorization {
    /// The group whose members may do all that root may do over the socket.
    static let operators = "pawl"
    /// The group whose members may look at everything and do nothing.
    static let viewers = "pawl-viewers"

    /// What somebody may.
    enum Rights: Sendable, Equatable {
        /// Everything.
        case operate
        /// Look at every workflow and run, and work with those that allow it.
        case view
        /// Work with the workflows that allow it.
        case allowed
        /// Nothing at all.
        case nothing
    }

    private let executor: EventLoop
    private let scope: RuntimeScope

    /// Looks names up on a thread.
    init(scope: RuntimeScope = .system, executor: EventLoop) { (self.scope, self.executor) = (scope, executor) }

    /// The thread.
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// What somebody may, whatever the workflow.
    func rights(of peer: Peer) -> Rights {
        if peer.uid == 0 || peer.uid == scope.owner { return .operate }
        // A user's pawld is that user's alone: a group of the host's has no say there, nor has what a workflow allows.
        if scope.isUser { return .nothing }
        if isMember(peer, of: Authorization.operators) { return .operate }
        return isMember(peer, of: Authorization.viewers) ? .view : .allowed
    }

    /// Whether one of these names somebody.
    func allows(_ peer: Peer, _ allowances: [Allowance]) -> Bool {
        allowances.contains { allowance in
            allowance.users.contains { Authorization.number(of: $0, Authorization.uid) == peer.uid }
                || allowance.groups.contains { isMember(peer, of: $0) }
        }
    }

    /// The name of a user, if there is one.
    func name(of uid: UInt32) -> String? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16 << 10)
        guard getpwuid_r(uid, &entry, &buffer, buffer.count, &found) == 0, found != nil, let name = entry.pw_name else {
            return nil
        }
        return String(cString: name)
    }

    private func isMember(_ peer: Peer, of group: String) -> Bool {
        guard let gid = Authorization.number(of: group, Authorization.gid) else { return false }
        return peer.gid == gid || peer.groups.contains(gid)
    }

    /// A number stands for itself, as in `User=`, whatever a name service says.
    private static func number(of account: String, _ find: (String) -> UInt32?) -> UInt32? {
        if account.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { return UInt32(account) }
        return find(account)
    }

    private static func uid(of name: String) -> uid_t? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16 << 10)
        guard getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return entry.pw_uid
    }

    private static func gid(of name: String) -> gid_t? {
        var entry = group_entry()
        var found: UnsafeMutablePointer<group_entry>?
        var buffer = [CChar](repeating: 0, count: 16 << 10)
        guard getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return entry.gr_gid
    }
}

private typealias group_entry = Glibc.group

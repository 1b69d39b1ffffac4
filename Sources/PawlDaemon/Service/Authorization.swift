import Glibc
import PawlAPI
import VarlinkKit

/// Who may do what. The socket is open to all; what counts is who the kernel says is at the other end
/// (SO_PEERCRED and SO_PEERGROUPS, `man:unix(7)`), as it was when the connection was made.
struct Authorization: Sendable {
    /// The group whose members may act.
    static let group = "pawl"

    /// Refuses whoever is neither root nor in the group.
    func require(_ peer: Peer) throws(APIError) {
        if peer.uid == 0 { return }
        // Asked each time: a group that was made after the start counts too, and a lookup is a file's read.
        if let gid = Authorization.gid(of: Authorization.group), peer.gid == gid || peer.groups.contains(gid) { return }
        throw APIError(
            .notPermitted,
            "uid \(peer.uid) may not do that: only root and members of the group '\(Authorization.group)' may; "
                + "'adduser USER \(Authorization.group)' and a new login give the right")
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

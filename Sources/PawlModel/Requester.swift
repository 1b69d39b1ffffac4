/// Somebody who asks pawld for something, as people name him. The audit keeps more of it.
package struct Requester: Sendable, Hashable, CustomStringConvertible {
    /// The user.
    package var uid: UInt32
    /// Who that is for people: `ada`, or `ada as root` after `sudo`; nil where no more than the number is known.
    package var who: String?

    /// Makes a value.
    package init(uid: UInt32, who: String? = nil) {
        (self.uid, self.who) = (uid, who)
    }

    /// A user, and who had logged in to the session.
    package init(uid: UInt32, user: String?, login: String?) {
        (self.uid, who) = (uid, user)
        if let login, login != user { who = "\(login) as \(self)" }
    }

    /// Who it is, in words.
    package var description: String { who ?? "uid \(uid)" }
}

/// What somebody has asked for.
package protocol Requested {
    /// Who asked, by number.
    var uid: UInt32 { get set }
    /// Who asked, for people; nil where no more than the number is known, and from a pawld that did not tell.
    var who: String? { get set }
}

extension Requested {
    /// Who asked.
    package var requester: Requester {
        get { Requester(uid: uid, who: who) }
        set { (uid, who) = (newValue.uid, newValue.who) }
    }
}

import PawlModel
import YAMLKit

/// What a check has to know of the manager that is to run a workflow.
package struct ManagerTraits: Sendable, Equatable {
    /// The version of systemd, where that is known.
    package var version: Int?
    /// What a user's manager can do; nil for that of the host.
    package var user: UserManager?

    /// These traits.
    package init(version: Int? = nil, user: UserManager? = nil) { (self.version, self.user) = (version, user) }
}

/// What of a user's manager differs from host to host.
package struct UserManager: Sendable, Equatable {
    /// The controllers of control groups that the host leaves to users' managers; nil where that is not known.
    package var controllers: Set<String>?

    /// A manager of which nothing is known.
    package init() {}

    /// Reads what the kernel tells.
    ///
    /// - Parameters:
    ///   - ofHost: the text of the host's `cgroup.controllers`; nil with control groups of version 1, which are left to nobody.
    ///   - ofManager: that of the manager's own control group; nil where it does not run.
    package init(ofHost: String?, ofManager: String?) {
        guard ofHost != nil else {
            controllers = []
            return
        }
        controllers = ofManager.map { text in Set(text.split { $0 == " " || $0 == "\n" }.map(String.init)) }
    }
}

extension Directives {
    /// What a user's manager makes of a directive, as measured with systemd 252.
    package enum UserSupport: Sendable, Hashable {
        /// The same as that of the host.
        case full
        /// The same, but only for a unit with users of its own: for others it is passed over, and nothing is said.
        case withPrivateUsers
        /// The same where the controller is left to users' managers; elsewhere it is passed over, and nothing is said.
        case controller(String)
        /// Only with numbers from here on.
        case from(Int, String)
        /// Not with these words.
        case without([String], String)
        /// Nothing, for this reason.
        case never(String)
    }

    /// The directive that a step needs beside those of `withPrivateUsers`.
    static let privateUsers = "PrivateUsers"

    /// Why a user's manager cannot give a directive its meaning; nil where it can.
    ///
    /// - Parameter values: those of its values that are known.
    static func userFault(_ entry: Entry, _ values: [String], _ manager: UserManager) -> DirectiveFault? {
        // What is switched off is asked of nobody.
        if entry.kind.isSwitch, !values.isEmpty, values.allSatisfy({ boolean($0) == false }) { return nil }
        let reason: String
        switch entry.user {
        case .full, .withPrivateUsers: return nil
        case .never(let why): reason = why
        case .controller(let name):
            guard let controllers = manager.controllers, !controllers.contains(name) else { return nil }
            guard !controllers.isEmpty else {
                return DirectiveFault(
                    "'\(entry.name)' cannot be set by a user's manager: this host has control groups of version 1, which are left "
                        + "to no user", hint: "boot with systemd.unified_cgroup_hierarchy=1")
            }
            return DirectiveFault(
                "'\(entry.name)' cannot be set by a user's manager: the controller '\(name)' is not left to it",
                hint:
                    "root can: systemctl edit user@.service, [Service] Delegate=\(controllers.union([name]).sorted().joined(separator: " "))"
            )
        case .from(let least, let why):
            guard values.contains(where: { Int($0).map { $0 < least } ?? false }) else { return nil }
            reason = why
        case .without(let words, let why):
            guard values.contains(where: { words.contains($0) }) else { return nil }
            reason = why
        }
        return DirectiveFault("'\(entry.name)' cannot be set by a user's manager: \(reason)")
    }

    /// As `userFault`, of a directive's name and of values that are all known.
    package static func checkUser(_ name: String, _ values: [String], _ manager: UserManager) throws(DirectiveFault) {
        if let fault = userFault(try find(name), values, manager) { throw fault }
    }
}

extension StepDraft {
    /// Refuses what a user's manager would pass over without a word. Its settings lie over those of the workflow by now.
    func checkUser(_ faults: Faults) {
        guard !isReboot, call == nil else { return }
        settings.checkUser(of: id, mark, faults)
        for undo in undo { undo.settings.over(settings).checkUser(of: id, undo.mark, faults) }
    }
}

extension StepSettings {
    fileprivate func checkUser(of id: String, _ mark: YAMLMark, _ faults: Faults) {
        let given = unit.filter { directive in
            guard let value = directive.values.first else { return false }
            return value.constant.map { Directives.boolean($0.text) != false } ?? true
        }
        let hidesHome = given.contains {
            $0.name == "ProtectHome" && $0.values[0].constant.flatMap { Directives.boolean($0.text) } == true
        }
        if !credentials.isEmpty, hidesHome {
            faults.error(
                mark, "step '\(id)': a user's manager leaves credentials below /run/user, which 'ProtectHome' hides",
                hint: "ProtectHome: tmpfs hides the homes alone")
        }
        guard !given.contains(where: { $0.name == Directives.privateUsers }) else { return }
        for directive in given {
            guard let entry = try? Directives.find(directive.name), entry.user == .withPrivateUsers else { continue }
            faults.error(
                mark,
                "step '\(id)': '\(entry.name)' means nothing to a user's manager without '\(Directives.privateUsers)'",
                hint: "add \(Directives.privateUsers): true")
        }
    }
}

extension Directives.UserSupport {
    static let ownUser = Directives.UserSupport.never("all that it runs is of the one user whose manager it is")
    static let images = Directives.UserSupport.never("only root can mount images")
    static let kernel = Directives.UserSupport.never("only root can load the program that does it into the kernel")
}

extension Directives.Kind {
    /// Whether it takes yes or no, perhaps among other words.
    fileprivate var isSwitch: Bool {
        switch self {
        case .boolean, .booleanOr, .widened: true
        default: false
        }
    }
}

/// Whose pawl it is: the host's, whose steps are units of PID 1, or a user's own, whose steps are units of that user's manager.
/// Every path, every owner and every word that differs between the two is told here.
package enum RuntimeScope: Sendable, Hashable {
    /// The host's, as root.
    case system
    /// A user's.
    case user(UserFolders)
}

/// A user and the folders that are the user's own, as the XDG Base Directory Specification has them.
package struct UserFolders: Sendable, Hashable, Codable {
    /// The user's number.
    package var uid: UInt32
    /// The home.
    package var home: String
    /// `XDG_CONFIG_HOME`: what the user writes.
    package var configuration: String
    /// `XDG_STATE_HOME`: what programs keep.
    package var state: String
    /// `XDG_RUNTIME_DIR`: what goes when the user's manager does.
    package var runtime: String

    /// Finds the folders of a user.
    ///
    /// - Parameter environment: the value of a variable of the process's environment. What is no absolute path does not count, as
    ///   the specification asks.
    /// - Throws: what is missing, in words for the user.
    package init(uid: UInt32, environment: (String) -> String?) throws(ScopeFault) {
        func path(_ name: String) -> String? {
            guard let value = environment(name), value.hasPrefix("/") else { return nil }
            return value.count > 1 && value.hasSuffix("/") ? String(value.dropLast()) : value
        }
        guard let home = path("HOME") else {
            throw ScopeFault(
                description: "HOME names no folder, so that there is nowhere to look for what is the user's")
        }
        guard let runtime = path("XDG_RUNTIME_DIR") else {
            throw ScopeFault(
                description:
                    "XDG_RUNTIME_DIR is not set, so that no manager of the user's can be found: a login sets it, as "
                    + "does 'machinectl shell USER@'; 'su' and 'sudo' do not")
        }
        (self.uid, self.home, self.runtime) = (uid, home, runtime)
        configuration = path("XDG_CONFIG_HOME") ?? "\(home)/.config"
        state = path("XDG_STATE_HOME") ?? "\(home)/.local/state"
    }
}

/// Why there is no pawl of a user's here.
package struct ScopeFault: Error, Sendable, CustomStringConvertible {
    /// What is missing, and what to do.
    package let description: String

    /// Makes a fault.
    package init(description: String) { self.description = description }
}

extension RuntimeScope {
    /// The user's folders; nil for the host's pawl, which is how a run's record tells the two.
    package var user: UserFolders? { if case .user(let folders) = self { folders } else { nil } }

    /// Whether it is a user's.
    package var isUser: Bool { user != nil }

    /// That of a run's record.
    package init(_ user: UserFolders?) { self = user.map(RuntimeScope.user) ?? .system }

    /// Whose processes and files all of it is.
    package var owner: UInt32 { user?.uid ?? 0 }

    // MARK: Paths

    /// The store's folder.
    package var state: String { user.map { "\($0.state)/pawl" } ?? "/var/lib/pawl" }
    /// What goes with the boot, or with the user's manager.
    package var runtime: String { user.map { "\($0.runtime)/pawl" } ?? "/run/pawl" }
    /// The store.
    package var database: String { state + "/pawl.db" }
    /// The folders of the runs.
    package var runs: String { state + "/runs" }
    /// What a person writes.
    package var configuration: String { user.map { "\($0.configuration)/pawl" } ?? "/etc/pawl" }
    /// The configuration's file, without its drop-ins.
    package var configurationFile: String { configuration + "/config.yaml" }
    /// The values for `pawl@NAME.service`.
    package var unitVariables: String { configuration + "/run.d" }
    /// The folders with workflows; a name in an earlier one hides it in the later ones.
    package var workflows: [String] {
        [configuration + "/workflows", runtime + "/workflows", "/usr/lib/pawl/workflows"]
    }
    /// pawld's own entries, for those who want them in a file.
    package var log: String { user == nil ? "/var/log/pawl/pawld.log" : state + "/pawld.log" }
    /// The socket.
    package var socket: String { runtime + "/pawl.sock" }
    /// Which units have been started since the boot.
    package var startedUnits: String { runtime + "/started-units" }
    /// Is there from the moment the manager stops everything.
    package var hostStopping: String { runtime + "/host-stopping" }
    /// A link to the store's folder: what systemd's specifiers cannot name has a fixed name here. Of users alone.
    package var stateLink: String? { user == nil ? nil : runtime + "/state" }
    /// Where the credentials lie that are no user's but the host's, or the user's own.
    package var credentialStores: [String] {
        user.map { ["\($0.configuration)/credstore", "\($0.runtime)/credstore"] }
            ?? ["/etc/credstore", "/run/credstore", "/usr/lib/credstore"]
    }
    /// Where a service of a step's finds its files: it may outlive what is kept of its run, and no boot.
    package var services: String { runtime + "/services" }
    /// Such a folder.
    package func serviceFolder(of unit: String) -> String { "\(services)/\(unit)" }
    /// The home of a step that has no user of its own.
    package var stepHome: String { user?.home ?? "/root" }

    // MARK: systemd

    /// Where the manager keeps units that were made over the bus.
    package var transientUnits: String { (user?.runtime ?? "/run") + "/systemd/transient/" }
    /// Where units' files and drop-ins are that do not outlive the boot, or the manager.
    package var runtimeUnits: String { user.map { "\($0.runtime)/systemd/user" } ?? "/run/systemd/system" }
    /// Where the manager puts the credentials of units.
    package var unitCredentials: String { (user?.runtime ?? "/run") + "/credentials" }
    /// Where an admin, or the user, has units' files, the first folder first.
    package var unitFolders: [String] {
        user.map {
            [
                "\($0.configuration)/systemd/user", "\($0.runtime)/systemd/user", "/etc/systemd/user",
                "/usr/lib/systemd/user",
            ]
        } ?? ["/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"]
    }
    /// The manager's own control group, below which all its units' are; empty for that of PID 1.
    package var controlGroup: String {
        user.map { "/user.slice/user-\($0.uid).slice/user@\($0.uid).service" } ?? ""
    }
    /// The slice of services that are no part of pawl's own.
    package var serviceSlice: String { user == nil ? "system.slice" : "app.slice" }
    /// Which manager is meant, for programs of systemd's.
    package var managerOptions: [String] { user == nil ? [] : ["--user"] }
    /// `systemctl`, as a person types it.
    package var systemctl: String { words("systemctl") }
    /// `journalctl`, as a person types it.
    package var journalctl: String { words("journalctl") }
    /// `pawl`, as a person types it.
    package var pawl: String { words("pawl") }
    /// The field of the journal by which an entry is shown as one about a unit (`man:systemd.journal-fields(7)`).
    package var objectUnitField: String { user == nil ? "OBJECT_SYSTEMD_UNIT" : "OBJECT_SYSTEMD_USER_UNIT" }
    /// The field in which journald says whose process has written an entry.
    package var unitField: String { user == nil ? "_SYSTEMD_UNIT" : "_SYSTEMD_USER_UNIT" }

    /// Under what name a step's output is in the journal. Of users' units journald knows neither the fields of `LogExtraFields=`
    /// nor, once a process is gone, the unit; this name comes with the output itself.
    package func logName(of attempt: AttemptName) -> String {
        user == nil ? attempt.step : String(attempt.unit.dropLast(".service".count))
    }

    private func words(_ program: String) -> String { ([program] + managerOptions).joined(separator: " ") }
}

extension RuntimeScope {
    /// As it stands in the plan of a step.
    var value: Value {
        guard let user else { return .null }
        return .map([
            "uid": .integer(Int64(user.uid)), "home": .string(user.home), "configuration": .string(user.configuration),
            "state": .string(user.state), "runtime": .string(user.runtime),
        ])
    }

    /// That of a plan; of one that does not say it the host's.
    init(_ value: Value?) {
        guard case .map(let entries)? = value, case .integer(let uid)? = entries["uid"] else {
            self = .system
            return
        }
        func text(_ key: String) -> String { if case .string(let text)? = entries[key] { text } else { "" } }
        self = .user(
            UserFolders(
                uid: UInt32(clamping: uid), home: text("home"), configuration: text("configuration"),
                state: text("state"), runtime: text("runtime")))
    }
}

extension UserFolders {
    /// These folders.
    package init(uid: UInt32, home: String, configuration: String, state: String, runtime: String) {
        (self.uid, self.home, self.configuration) = (uid, home, configuration)
        (self.state, self.runtime) = (state, runtime)
    }
}

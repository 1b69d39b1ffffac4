package import PawlModel

/// Where everything lies. Tests put a folder of their own in front.
package struct Paths: Sendable {
    /// Whose pawl it is.
    package let scope: RuntimeScope
    /// The store's folder.
    package var state: String
    /// What vanishes with a boot.
    package var runtime: String
    /// The configuration, without its drop-ins.
    package var configuration: String
    /// pawld's own entries, for those who want them in a file.
    package var log: String
    /// The folders with workflows; a name in an earlier one hides it in the later ones.
    package var workflows: [String]
    /// Which uid must own workflows and configuration, root besides.
    package var owner: UInt32

    /// The paths of an installed pawl.
    package init(_ scope: RuntimeScope = .system) {
        self.scope = scope
        (state, runtime, log) = (scope.state, scope.runtime, scope.log)
        (configuration, workflows, owner) = (scope.configurationFile, scope.workflows, scope.owner)
    }

    /// The store.
    package var database: String { state + "/pawl.db" }
    /// What is remembered of schedules.
    package var schedules: String { state + "/schedules.json" }
    /// The folders of the runs.
    package var runs: String { state + "/runs" }
    /// The socket.
    package var socket: String { runtime + "/pawl.sock" }
    /// Where systemd leaves a mark of each step that it starts: the drop-in names it.
    package var started: String { runtime + "/started" }
    /// Is there from the moment the host goes down: `pawl-shutdown.service` makes it before any step is stopped.
    package var hostStopping: String { runtime + "/host-stopping" }
    /// A run's folder.
    package func run(_ id: String) -> String { "\(runs)/\(id)" }
}

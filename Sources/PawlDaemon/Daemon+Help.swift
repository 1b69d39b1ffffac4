import PawlAPI

extension Daemon {
    /// The version of this tree.
    package static var version: String { ManagerInterface.version }

    /// What `pawld --help` prints.
    package static let help = """
        pawld: runs pawl's workflows; started by systemd, see pawld(8)

        Usage: pawld [OPTION]

          --user           Be a user's own, on that user's manager
          --mark-shutdown  Leave the mark that the host goes down, if it does
          --version        Show the version
          -h, --help       Show this help
        """
}

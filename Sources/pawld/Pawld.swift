import Glibc
import PawlDaemon

/// pawld: started by systemd, see pawld(8).
@main
struct Pawld {
    static func main() {
        // Before there is a second thread: each one inherits the mask of its maker.
        SignalListener.block()
        umask(0o077)
        var arguments = CommandLine.arguments.dropFirst()
        let isUser = arguments.first == "--user"
        if isUser { arguments = arguments.dropFirst() }
        switch arguments.first {
        case nil: carryOut(isUser) { try await $0.run() }
        case "--mark-shutdown": carryOut(isUser) { try await $0.markShutdown() }
        case "--version": print("pawld \(Daemon.version)")
        case "-h", "--help": print(Daemon.help)
        case let argument?:
            say("'\(argument)' is no option of pawld; 'pawld --help' lists them")
            exit(2)
        }
    }

    /// Runs it on the daemon's own threads and ends the process with it; the main thread only waits. Swift's thread pool
    /// stays empty: its threads ask for nice levels that pawld may not have, and cost memory while they idle.
    private static func carryOut(
        _ isUser: Bool, _ work: @escaping @Sendable (Daemon) async throws -> Void
    ) -> Never {
        let daemon: Daemon
        do {
            daemon = try Daemon(isUser: isUser)
        } catch {
            say("\(error)")
            exit(1)
        }
        Task(executorPreference: daemon.executor) {
            do {
                try await work(daemon)
                exit(0)
            } catch {
                say("\(error)")
                exit(1)
            }
        }
        while true { pause() }
    }

    private static func say(_ text: String) {
        let bytes = Array("pawld: \(text)\n".utf8)
        // If nobody listens to that either, there is nowhere left to say it.
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}

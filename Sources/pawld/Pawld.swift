import Glibc
import PawlDaemon

/// pawld: started by systemd, see pawld(8).
@main
struct Pawld {
    static func main() {
        // Before there is a second thread: each one inherits the mask of its maker.
        SignalListener.block()
        umask(0o077)
        switch CommandLine.arguments.dropFirst().first {
        case nil: carryOut { try await Daemon().run() }
        case "--mark-shutdown": carryOut { try await Daemon().markShutdown() }
        case "--version": print("pawld \(Daemon.version)")
        case "-h", "--help": print(Daemon.help)
        case let argument?:
            say("'\(argument)' is no option of pawld; 'pawld --help' lists them")
            exit(2)
        }
    }

    /// Runs it in the thread pool and ends the process with it. The main thread only waits: as an asynchronous `main` it
    /// would have a user's priority, for which the pool asks for a nice level that pawld may not have.
    private static func carryOut(_ work: @escaping @Sendable () async throws -> Void) -> Never {
        Task(priority: .medium) {
            do {
                try await work()
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

import Glibc
import PawlDaemon

/// pawld: started by systemd, see pawld(8).
@main
struct Pawld {
    static func main() async {
        // Before there is a second thread: each one inherits the mask of its maker.
        SignalListener.block()
        umask(0o077)
        do {
            switch CommandLine.arguments.dropFirst().first {
            case nil: try await Daemon().run()
            case "--mark-shutdown": try await Daemon().markShutdown()
            case "--version": print("pawld \(Daemon.version)")
            case "-h", "--help": print(Daemon.help)
            case let argument?:
                say("'\(argument)' is no option of pawld; 'pawld --help' lists them")
                exit(2)
            }
        } catch {
            say("\(error)")
            exit(1)
        }
    }

    static func say(_ text: String) {
        let bytes = Array("pawld: \(text)\n".utf8)
        // If nobody listens to that either, there is nowhere left to say it.
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}

import CLinux
import Glibc

/// A program that is run and waited for.
struct ChildProcess {
    /// How it ended.
    enum End: Equatable {
        case exited(Int32)
        case killed(Int32)
        case notStarted(String)
    }

    /// Where its output goes.
    enum Output {
        /// Where ours goes.
        case inherited
        /// To us, both streams together, as far as the limit in bytes; the rest is read and dropped.
        case taken(limit: Int)
    }

    var end: End
    var output: [UInt8] = []

    /// Runs a program; one without `/` is looked for in the PATH that systemd has set.
    static func run(
        _ command: [String], output: Output, in environment: StepEnvironment = StepEnvironment(),
        keeping descriptor: Int32? = nil
    ) throws(FileFault) -> ChildProcess {
        guard !command.isEmpty else { throw FileFault(plain: "there is no program to run") }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var pipes: [Int32] = [-1, -1]
        if case .taken = output {
            guard clinux_pipe(&pipes) == 0 else { throw FileFault("cannot make a pipe") }
            posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
            posix_spawn_file_actions_adddup2(&actions, pipes[1], STDOUT_FILENO)
            posix_spawn_file_actions_adddup2(&actions, pipes[1], STDERR_FILENO)
        }
        // A descriptor that is duplicated onto itself loses its FD_CLOEXEC in the child (man:posix_spawn(3)).
        if let descriptor { posix_spawn_file_actions_adddup2(&actions, descriptor, descriptor) }
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var child = pid_t()
        let code = environment.withPointers { posix_spawnp(&child, command[0], &actions, nil, &arguments, $0) }
        if pipes[1] >= 0 { close(pipes[1]) }
        defer { if pipes[0] >= 0 { close(pipes[0]) } }
        guard code == 0 else { return ChildProcess(end: .notStarted(String(cString: strerror(code)))) }
        var taken: [UInt8] = []
        if case .taken(let limit) = output {
            taken = try TextFile.bytes(pipes[0], limit: limit, "the output of \(command[0])")
            // Whoever writes more must not wait for us for ever.
            var rest = [UInt8](repeating: 0, count: 64 << 10)
            while read(pipes[0], &rest, rest.count) > 0 {}
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { throw FileFault("cannot wait for \(command[0])") }
        }
        // As the macros of man:wait(2) have it.
        let signal = status & 0x7f
        return ChildProcess(end: signal == 0 ? .exited(status >> 8 & 0xff) : .killed(signal), output: taken)
    }
}

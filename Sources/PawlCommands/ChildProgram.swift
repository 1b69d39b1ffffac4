import Glibc

/// Another program that a verb runs, by its arguments and without a shell.
struct ChildProgram {
    /// The program, looked up in PATH where it has no slash, and its arguments.
    var arguments: [String]
    /// Its environment, each as `NAME=VALUE`; nil: this program's own.
    var environment: [String]?
    /// What its standard input is; nil: this program's own.
    var input: Int32?
    /// What its standard output is; nil: this program's own.
    var output: Int32?

    /// Why it was not run.
    struct Failure: Error {
        /// The system's number for it.
        var number: Int32
        /// In the system's words.
        var words: String { TextFile.words(number) }
    }

    /// Runs it to its end: its exit status, with a signal as a shell has it.
    func run() throws(Failure) -> Int32 {
        // ^C and ^\ at the terminal are the program's, as with man:system(3).
        let (interrupt, quit) = (signal(SIGINT, SIG_IGN), signal(SIGQUIT, SIG_IGN))
        defer {
            signal(SIGINT, interrupt)
            signal(SIGQUIT, quit)
        }
        return try ChildProgram.end(of: start())
    }

    /// Starts it, for `end(of:)` to wait for.
    func start() throws(Failure) -> pid_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGQUIT)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input { posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO) }
        if let output { posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) }
        var words = arguments.map { strdup($0) } + [nil]
        var values = (environment ?? []).map { strdup($0) } + [nil]
        defer { for word in words + values { free(word) } }
        var child = pid_t()
        let fault =
            environment == nil
            ? posix_spawnp(&child, arguments[0], &actions, &attributes, &words, environ)
            : posix_spawnp(&child, arguments[0], &actions, &attributes, &words, &values)
        guard fault == 0 else { throw Failure(number: fault) }
        return child
    }

    /// Waits for the end of one that was started.
    static func end(of child: pid_t) throws(Failure) -> Int32 {
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { throw Failure(number: errno) }
        }
        // man:wait(2): the low seven bits are the signal, the second byte is the exit status.
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    }
}

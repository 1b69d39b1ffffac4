import Glibc

/// The program that shows long output screen by screen, as systemctl has it: `SYSTEMD_PAGER`, then `PAGER`, then `less`.
final class Pager {
    /// Which program, if any, and what it has in its environment besides.
    struct Choice: Equatable {
        /// The words of the command; empty where nothing is to be shown so.
        var command: [String]
        /// Entries of its environment.
        var environment: [String] = []

        /// Reads the environment.
        ///
        /// - Parameter isPrivileged: whether whoever reads has more rights than he came with. Then only `less` is taken, in a mode in
        ///   which it starts no other program (`man:systemctl(1)`, SYSTEMD_PAGERSECURE).
        init(isPrivileged: Bool, environment: (String) -> String?) {
            let named = ["SYSTEMD_PAGER", "PAGER"].lazy.compactMap(environment).first
            // No shell: what is in the value besides words is nothing but text.
            command = named.map { $0.split(separator: " ").map(String.init) } ?? ["less"]
            if command.isEmpty || command == ["cat"] { command = [] }
            let secure = environment("SYSTEMD_PAGERSECURE").map { !["0", "no", "false", "off"].contains($0) }
            guard secure ?? isPrivileged else {
                self.environment = Choice.less(environment)
                return
            }
            // What another one would do in that mode nobody knows.
            if !command.isEmpty { command = ["less"] }
            self.environment = Choice.less(environment) + ["LESSSECURE=1"]
        }

        /// Ends where all of it fits on the screen, leaves colours and the screen as they are, and cuts long lines.
        private static func less(_ environment: (String) -> String?) -> [String] {
            ["LESS=\(environment("SYSTEMD_LESS") ?? usual)"]
        }

        private static let usual = "FRSXMK"

        /// The same for lines that somebody wants whole, unless the environment says how it is to be.
        func wrapping() -> Choice {
            var choice = self
            choice.environment = environment.map { $0 == "LESS=\(Choice.usual)" ? "LESS=FRXMK" : $0 }
            return choice
        }
    }

    /// The terminal, which standard output is no more while the pager is there.
    private(set) var terminal = STDOUT_FILENO
    private var choice: Choice
    private var child: pid_t?

    /// Chooses a program, and starts none yet.
    init(_ choice: Choice) { self.choice = choice }

    /// From here on standard output goes to the pager. Without one it stays as it is.
    ///
    /// - Parameter isFull: whether lines that are longer than the terminal is wide are to be seen whole.
    func start(isFull: Bool) {
        if isFull { choice = choice.wrapping() }
        guard child == nil, !choice.command.isEmpty else { return }
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return }
        // A pager that had the writing end too would wait for its own end.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { for end in ends { close(end) } }
        let saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
        guard saved >= 0 else { return }
        let program = ChildProgram(arguments: choice.command, environment: entries(), input: ends[0])
        guard let started = try? program.start() else {
            close(saved)
            return
        }
        child = started
        terminal = saved
        dup2(ends[1], STDOUT_FILENO)
        // ^C is the pager's, and whoever has left it wants nothing more.
        signal(SIGINT, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Waits until the reader has seen enough. What was written must have been handed over.
    func finish() {
        guard let child else { return }
        // The end of what it reads.
        dup2(terminal, STDOUT_FILENO)
        // How it ended is between it and whoever reads.
        _ = try? ChildProgram.end(of: child)
        self.child = nil
    }

    private func entries() -> [String] {
        let names = Set(choice.environment.map { $0.prefix { $0 != "=" } })
        var entries = choice.environment
        var next = environ
        while let entry = next.pointee {
            next += 1
            let text = String(cString: entry)
            if !names.contains(text.prefix { $0 != "=" }) { entries.append(text) }
        }
        return entries
    }
}

/// A verb whose output may be longer than a screen.
protocol PagedVerb: Verb {
    /// Whether it is shown all at once, and not as it comes.
    var isPaged: Bool { get }
    /// Whether no line is to be cut.
    var isFull: Bool { get }
}

extension PagedVerb {
    var isPaged: Bool { true }
    var isFull: Bool { false }
}

extension AuditVerb: PagedVerb { var isFull: Bool { full.full } }
extension CatVerb: PagedVerb {}
extension DiffVerb: PagedVerb {}
extension ListVerb: PagedVerb { var isFull: Bool { full.full } }
extension LogsVerb: PagedVerb { var isPaged: Bool { !follow } }
extension PlanVerb: PagedVerb {}
extension PsVerb: PagedVerb { var isFull: Bool { full.full } }
extension ReportVerb: PagedVerb {}
extension StatusVerb: PagedVerb { var isFull: Bool { full.full } }

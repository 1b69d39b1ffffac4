import Glibc
import PawlAPI
import PawlLanguage
import PawlModel

/// What a verb meets outside itself, so that a test can put something else in its place.
struct Surroundings {
    /// Standard output: data.
    var output: TextOutput
    /// Standard error: everything else.
    var errors: TextOutput
    /// Makes a connection to pawld.
    var connect: () throws(ManagerError) -> any ManagerConnection
    /// The wall clock.
    var now: () -> Timestamp
    /// Seconds of a clock that nobody sets.
    var monotonic: () -> Double
    /// Lets that many seconds pass.
    var pause: (Double) -> Void
    /// Columns and lines of the terminal that standard output is; nil where it is none, or one that cannot do more
    /// than print.
    var screenSize: () -> (width: Int, height: Int)?
    /// Whether standard output is a terminal, of any kind.
    var isTerminal: Bool
    /// How standard output looks.
    var style: Style
    /// In which zone moments are written.
    var zone: Zone
    /// What to say on standard error when ^C ends the program from now on.
    var onInterrupt: (String) -> Void
    /// Where workflows are looked up by name, the first folder first.
    var workflowFolders: [String]
    /// Values of variables in the environment, by the variables' names.
    var variables: [String: GivenText] = [:]
    /// Asks somebody at the terminal: gives back the line, nil where there is none any more. Nil without a terminal.
    var ask: ((_ prompt: String) -> String?)?
    /// Whether the program is the one in front of the terminal that standard output is. Another one must leave the screen alone.
    var isInFront: () -> Bool = { true }
    /// The keys of the terminal, where somebody can press one.
    var keys: (any TerminalKeys)?
    /// Has somebody edit a file, and returns when that is done.
    var edit: (_ file: String) throws(CommandFailure) -> Void = { file throws(CommandFailure) in try Editor().edit(file)
    }
    /// Standard input, to its end.
    var input: () throws(CommandFailure) -> String = { () throws(CommandFailure) in try Editor.standardInput() }
    /// What long output is shown with; nil where standard output is no terminal that can do more than print.
    var pager: Pager?
    /// The host, for `pawl doctor`.
    var host = HostView()
    /// Whose pawl is meant.
    var scope = RuntimeScope.system
    /// Where a text lies while somebody edits it.
    var draftFolder = "/var/tmp"
    /// Whether nobody wants to be told that all is well.
    var isQuiet = false
    /// How the main process of the unit has ended that this program runs after, as systemd has it in the environment.
    var unitExit: (code: String, status: String) = ("", "")

    /// What a check has to know of the manager that is to run workflows, as far as that needs no pawld.
    var manager: ManagerTraits { ManagerTraits(user: scope.isUser ? host.userManager(scope) : nil) }

    /// Says that schedules need more than a file, where it is so.
    func warnOfSchedules() {
        guard let user = scope.user, host.isLingering(user.uid) == false else { return }
        warn(
            "schedules elapse only while you are logged in, since your manager ends with your last session; 'loginctl enable-linger' "
                + "keeps it up")
    }

    /// pawld, over a connection that is made when it is needed.
    var client: ManagerClient { ManagerClient(connect: connect) }

    /// Says on standard output what was done, where somebody wants to be told so. What was asked for is written to `output` itself.
    func tell(_ line: String) {
        if !isQuiet { output.line(line) }
    }

    /// Writes a sentence to standard error, after what was said before on standard output.
    func warn(_ sentence: String) {
        output.flush()
        errors.line("pawl: \(sentence)")
        errors.flush()
    }

    /// Writes lines to standard error as they are.
    func warn(lines: [String]) {
        output.flush()
        for line in lines { errors.line(line) }
        errors.flush()
    }

    /// Writes one JSON document.
    func print(json value: some Encodable) throws {
        output.line(try JSONText.line(value))
    }

    /// Where lines of a table end: the terminal's width, or nowhere in a pipe.
    var tableWidth: Int? { screenSize()?.width }
}

/// Seconds of the clock that nobody sets (`man:clock_gettime(2)`, CLOCK_MONOTONIC).
func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// The wall clock.
func wallClock() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
}

/// Columns and lines of the terminal behind a descriptor (`man:ioctl_tty(2)`); nil where it is none.
func terminalSize(of descriptor: Int32) -> (width: Int, height: Int)? {
    guard isatty(descriptor) == 1 else { return nil }
    var size = winsize()
    // A serial console knows no size and says 0.
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
    return (Int(size.ws_col), Int(size.ws_row))
}

import ArgumentParser
import PawlAPI
import PawlModel

/// `pawl logs`.
struct LogsVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Show what the steps of a run wrote.",
        usage: """
            pawl logs [-f] [-n <count>] [-S <time>] [-U <time>] [-p <priority>]
                      [-o <format>] <run> [<step>]
            """,
        discussion: """
            With STEP the lines alone, as the step wrote them; without it each with its
            time and its step.

            Examples:
              pawl logs @last
              pawl logs etcd-cluster-7k2m9qxa load-1 | wc -l
              pawl logs @last -f -n 20
              pawl logs @last -S -10min -p warning -o short-iso
            """)

    /// How a line is printed, as `journalctl --output` has it.
    enum Form: String, ExpressibleByArgument, CaseIterable {
        /// With STEP as `cat`, else as `short`.
        case text
        /// The time to the second, the step, the line.
        case short
        /// The same with microseconds as far as they are known.
        case precise = "short-precise"
        /// The same with the date, as ISO 8601 has it.
        case iso = "short-iso"
        /// The line alone.
        case cat
        /// An object a line.
        case json
    }

    /// A priority by its name or its number, man:syslog(3).
    struct Priority: ExpressibleByArgument {
        static let names = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]
        let number: Int

        init?(argument: String) {
            // journalctl takes 'error' for nothing, and everybody writes it.
            let name = argument == "error" ? "err" : argument
            guard
                let number = Priority.names.firstIndex(of: name)
                    ?? Int(argument).flatMap({ (0...7).contains($0) ? $0 : nil })
            else { return nil }
            self.number = number
        }

        static var allValueStrings: [String] { names }
    }

    @OptionGroup var target: RunArgument

    @Argument(help: "One step alone.", completion: Completions.steps)
    var step: String?

    @Flag(name: .shortAndLong, help: "Go on with new lines until the run has ended.")
    var follow = false

    @Option(name: .letter("n"), parsing: .unconditional, help: ArgumentHelp("Only the last lines.", valueName: "count"))
    var lines: Int?

    @Option(
        name: .letter("S"), parsing: .unconditional,
        help: ArgumentHelp("Nothing before it: 03:00, yesterday, -2h, ...", valueName: "time"))
    var since: MomentArgument?

    @Option(name: .letter("U"), parsing: .unconditional, help: ArgumentHelp("Nothing after it.", valueName: "time"))
    var until: MomentArgument?

    @Option(
        name: .letter("p"),
        help: ArgumentHelp("Nothing less important: emerg to debug, or 0 to 7.", valueName: "priority"))
    var priority: Priority?

    @Option(
        name: .letter("o"),
        help: ArgumentHelp("text, short, short-precise, short-iso, cat or json.", valueName: "format"))
    var output = Form.text

    func validate() throws {
        if let lines, lines < 0 { throw ValidationError("the number of lines cannot be negative") }
    }

    @OptionGroup var common: CommonOptions

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        let reader = LogReader(request: self, surroundings)
        let stream = PersistentStream(client: surroundings.client, surroundings: surroundings)
        try stream.follow(
            .readLogs, as: Messages.Log.self, known: false, every: nil, parameters: reader.parameters,
            handle: reader.handle)
        // As journalctl says it, to somebody who would wonder. A pipe gets the lines and nothing else.
        if !reader.hasPrinted, lines != 0, surroundings.isTerminal { surroundings.tell("-- No entries --") }
        return .succeeded
    }
}

/// Prints a log as it comes, each line once, over broken connections.
private final class LogReader {
    private let request: LogsVerb
    private let surroundings: Surroundings
    private let printer: LogPrinter
    private let since: String?
    private let until: String?
    private var position: LogPosition
    /// Whether there was anything to print.
    private(set) var hasPrinted = false

    init(request: LogsVerb, _ surroundings: Surroundings) {
        self.request = request
        self.surroundings = surroundings
        printer = LogPrinter(zone: surroundings.zone, isTerminal: surroundings.isTerminal)
        // Seen from now once and for all: 'ago' is not to move with each break of the connection.
        let now = surroundings.now()
        since = request.since.map { TimeText.text(of: $0.moment(now: now)) }
        until = request.until.map { TimeText.text(of: $0.moment(now: now)) }
        position = LogPosition(isTail: request.lines != nil)
    }

    /// What is asked of pawld. After a break that is the whole log: the last N lines are other ones by now.
    func parameters() -> Messages.ReadLogs {
        let lines = position.hasBegun ? nil : request.lines
        position.rewind()
        return Messages.ReadLogs(
            run: request.target.run, step: request.step, follow: request.follow ? true : nil, lines: lines,
            since: since,
            until: until, priority: request.priority?.number)
    }

    func handle(_ event: FollowEvent<Messages.Log>) throws -> FollowDecision {
        switch event {
        case .first(let answer), .further(let answer):
            for entry in answer.entries where position.isNew(entry) {
                surroundings.output.line(try text(of: entry))
                hasPrinted = true
            }
            // A follower wants its lines now; else the buffer makes 60,000 of them cheap.
            if request.follow { surroundings.output.flush() }
        case .nothing, .waiting: break
        case .ended: return .done
        }
        return surroundings.output.failure == nil ? .goOn : .done
    }

    private func text(of entry: Messages.LogEntry) throws -> String {
        switch request.output {
        case .json: try JSONText.line(entry)
        case .text: request.step == nil ? printer.line(entry) : printer.message(entry)
        case .cat: printer.message(entry)
        case .short: printer.line(entry)
        case .precise: printer.line(entry, .precise)
        case .iso: printer.line(entry, .iso)
        }
    }
}

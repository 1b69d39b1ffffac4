import ArgumentParser
import PawlAPI

/// `pawl logs`.
struct LogsVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Show what the steps of a run wrote.",
        discussion: """
            With STEP the lines alone, as the step wrote them; without it each with its
            time and its step.

            Examples:
              pawl logs @last
              pawl logs etcd-cluster-7k2m9qxa load-1 | wc -l
              pawl logs @last -f -n 20
            """)

    @OptionGroup var target: RunArgument

    @Argument(help: "One step alone.", completion: Completions.steps)
    var step: String?

    @Flag(name: .shortAndLong, help: "Go on with new lines until the run has ended.")
    var follow = false

    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("Only the last lines.", valueName: "count"))
    var lines: Int?

    @OptionGroup var format: OutputOption

    func validate() throws {
        if let lines, lines < 0 { throw ValidationError("the number of lines cannot be negative") }
    }

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        let reader = LogReader(request: self, surroundings)
        let stream = PersistentStream(client: surroundings.client, surroundings: surroundings)
        try stream.follow(
            .readLogs, as: Messages.Log.self, known: false, every: nil, parameters: reader.parameters,
            handle: reader.handle)
        return .succeeded
    }
}

/// Prints a log as it comes, each line once, over broken connections.
private final class LogReader {
    private let request: LogsVerb
    private let surroundings: Surroundings
    private let printer: LogPrinter
    private var position: LogPosition

    init(request: LogsVerb, _ surroundings: Surroundings) {
        self.request = request
        self.surroundings = surroundings
        printer = LogPrinter(zone: surroundings.zone, isTerminal: surroundings.isTerminal)
        position = LogPosition(isTail: request.lines != nil)
    }

    /// What is asked of pawld. After a break that is the whole log: the last N lines are other ones by now.
    func parameters() -> Messages.ReadLogs {
        let lines = position.hasBegun ? nil : request.lines
        position.rewind()
        return Messages.ReadLogs(
            run: request.target.run, step: request.step, follow: request.follow ? true : nil, lines: lines)
    }

    func handle(_ event: FollowEvent<Messages.Log>) throws -> FollowDecision {
        switch event {
        case .first(let answer), .further(let answer):
            for entry in answer.entries where position.isNew(entry) {
                surroundings.output.line(try text(of: entry))
            }
            // A follower wants its lines now; else the buffer makes 60,000 of them cheap.
            if request.follow { surroundings.output.flush() }
        case .nothing, .waiting: break
        case .ended: return .done
        }
        return surroundings.output.failure == nil ? .goOn : .done
    }

    private func text(of entry: Messages.LogEntry) throws -> String {
        if request.format.output == .json { return try JSONText.line(entry) }
        return request.step == nil ? printer.line(entry) : printer.message(entry)
    }
}

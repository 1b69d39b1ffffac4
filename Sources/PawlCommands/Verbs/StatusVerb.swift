import ArgumentParser
import PawlAPI
import PawlModel

/// `pawl status`.
struct StatusVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show one run, or pawld itself.",
        discussion: """
            Shows state, progress and time left, the steps with their attempts and their
            use of CPU and memory, and the last lines of those that failed, or of the
            run while it goes on. Without a run: pawld, its runs, what its schedules
            start next, and how much of the host is in use.

            Examples:
              pawl status
              pawl status @last
              pawl status etcd-cluster-7k2m9qxa -o json
            """)

    @Argument(
        help: "The run: its name, its ID, a unique prefix of either, or @last.", completion: Completions.allRuns)
    var run: String?

    @Option(
        name: .letter("n"), parsing: .unconditional,
        help: ArgumentHelp("How many lines of the log to show.", valueName: "count"))
    var lines = 10

    @OptionGroup var full: FullOption
    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    /// The logs of no more failed steps are shown: the first failure is mostly the cause of the others.
    private static let mostLogs = 5

    func validate() throws {
        if lines < 0 { throw ValidationError("the number of lines cannot be negative") }
    }

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        let client = surroundings.client
        guard let run else {
            let daemon = try client.describe()
            if format.output == .json {
                try surroundings.print(json: daemon)
            } else {
                let text = StatusText(style: surroundings.style, zone: surroundings.zone, now: surroundings.now())
                let runs = try client.runs(all: false)
                for line in text.lines(daemon, runs: runs) { surroundings.output.line(line) }
                let rest = text.lines(runs, try client.workflows(), width: full.width(surroundings))
                for line in rest { surroundings.output.line(line) }
            }
            return .succeeded
        }
        let status = try client.status(of: run)
        if format.output == .json {
            try surroundings.print(json: status)
            return .succeeded
        }
        let text = StatusText(style: surroundings.style, zone: surroundings.zone, now: surroundings.now())
        for line in text.lines(status, width: full.width(surroundings)) { surroundings.output.line(line) }
        guard lines > 0 else { return .succeeded }
        let culprits = status.culprits
        // What was tolerated has its turn where nothing else has failed.
        let failed = (culprits.isEmpty ? status.steps.filter(\.isFailure) : culprits)
            .filter { !$0.attempts.isEmpty }.prefix(Self.mostLogs)
        for step in failed { try showLog(of: step, status, client, surroundings) }
        if failed.isEmpty, status.steps.contains(where: { $0.state == .running }) {
            try showLog(of: nil, status, client, surroundings)
        }
        return .succeeded
    }

    /// The last lines of a step, or of the whole run.
    private func showLog(
        of step: StepStatus?, _ status: RunStatus, _ client: ManagerClient, _ surroundings: Surroundings
    ) throws {
        let entries: [Messages.LogEntry]
        do throws(ManagerError) {
            entries = try client.lastLines(of: status.run, step: step?.name, count: lines)
        } catch {
            guard case .refused(let refusal) = error else { throw error }
            let what = step.map { "step '\($0.name)'" } ?? "run '\(status.run)'"
            surroundings.warn("the log of \(what) cannot be shown: \(refusal.message)")
            return
        }
        guard !entries.isEmpty else { return }
        surroundings.output.line("")
        let printer = LogPrinter(zone: surroundings.zone, isTerminal: surroundings.isTerminal)
        for entry in entries { surroundings.output.line(printer.line(entry)) }
    }
}

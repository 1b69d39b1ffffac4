import PawlAPI
import PawlModel

/// Follows one run until it has ended or stopped, over restarts of pawld.
struct RunFollower {
    let client: ManagerClient
    let surroundings: Surroundings

    /// Follows the run and exits with its outcome.
    ///
    /// - Parameters:
    ///   - run: any form of its name; once pawld has answered the full name is used, since `@last` may be another
    ///     run after a restart.
    ///   - known: whether pawld was just reached.
    func follow(_ run: String, known: Bool, display: any RunDisplay, ticks: Bool) throws -> ExitStatus {
        let progress = RunProgress(run: run, display: display, surroundings)
        let stream = PersistentStream(client: client, surroundings: surroundings)
        defer { display.close() }
        try stream.follow(
            .watchRun, as: Messages.Status.self, known: known, every: ticks ? RunFollower.tick : nil,
            parameters: { progress.parameters(every: ticks ? RunFollower.fresh : nil) }, handle: progress.handle)
        return progress.outcome
    }

    /// So many seconds pass from one look at the keys and the clock to the next.
    private static let tick = 0.2
    /// After so many seconds pawld tells anew what is left of a run, whether anything has happened or not.
    private static let fresh = 2.0

    /// What is said when somebody leaves a run alone.
    static func goesOn(_ run: String) -> String {
        "run \(run) goes on; wait for it with 'pawl wait \(run)', end it with 'pawl cancel \(run)'"
    }

    /// Follows a run that was just started or opened again, and says what ^C does from now on.
    func followNew(_ run: String, format: OutputFormat) throws -> ExitStatus {
        let isLive = format == .text && !surroundings.isQuiet && surroundings.screenSize() != nil
        // Where somebody can answer it is a question as soon as there is a picture.
        surroundings.onInterrupt(RunFollower.goesOn(run))
        let display: any RunDisplay =
            switch format {
            case .json: JSONDisplay(surroundings)
            case .text where surroundings.isQuiet: FinalDisplay(surroundings, format: format)
            case .text where isLive: LiveDisplay(surroundings)
            case .text: PlainDisplay(surroundings)
            }
        return try follow(run, known: true, display: display, ticks: isLive)
    }
}

/// What is known of the run that is followed.
private final class RunProgress {
    private let display: any RunDisplay
    private let surroundings: Surroundings
    private var run: String
    private var view = RunView()

    /// The run's outcome, once it is over.
    private(set) var outcome = PawlAPI.ExitStatus.failed

    init(run: String, display: any RunDisplay, _ surroundings: Surroundings) {
        self.run = run
        self.display = display
        self.surroundings = surroundings
    }

    func parameters(every: Double?) -> Messages.WatchRun { Messages.WatchRun(run: run, every: every) }

    func handle(_ event: FollowEvent<Messages.Status>) throws -> FollowDecision {
        switch event {
        case .first(let answer), .further(let answer):
            run = answer.status.run
            let changes = view.apply(answer.status)
            guard let status = view.status else { return .goOn }
            try display.show(status, changes: changes, answer: answer.status)
            guard let ended = ExitStatus(outcome: status.state) else { return .goOn }
            outcome = ended
            try display.end(status)
            return .done
        case .nothing, .waiting:
            var isWaiting = false
            if case .waiting = event { isWaiting = true }
            if let status = view.status { try display.tick(status, isWaiting: isWaiting) }
            return surroundings.output.failure == nil ? .goOn : .done
        case .ended:
            return .goOn
        }
    }
}

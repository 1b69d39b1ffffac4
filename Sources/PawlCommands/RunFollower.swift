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
        try stream.follow(
            .watchRun, as: Messages.Status.self, known: known, every: ticks ? 1 : nil,
            parameters: progress.parameters, handle: progress.handle)
        return progress.outcome
    }

    /// Follows a run that was just started or opened again, and says what ^C does from now on.
    func followNew(_ run: String, format: OutputFormat) throws -> ExitStatus {
        surroundings.onInterrupt(
            "run \(run) goes on; wait for it with 'pawl wait \(run)', end it with 'pawl cancel \(run)'")
        let isLive = format == .text && surroundings.screenSize() != nil
        let display: any RunDisplay =
            switch format {
            case .json: JSONDisplay(surroundings)
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

    func parameters() -> Messages.Run { Messages.Run(run: run) }

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
            if let status = view.status { display.tick(status, isWaiting: isWaiting) }
            return surroundings.output.failure == nil ? .goOn : .done
        case .ended:
            return .goOn
        }
    }
}

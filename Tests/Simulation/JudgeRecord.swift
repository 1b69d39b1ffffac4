import PawlEngine
import PawlLanguage
import PawlModel

extension Judge {
    /// What the events on the disk say of one run.
    struct Record {
        var workflow: Workflow
        /// By step, of an item `STEP.ITEM`.
        var ended: [String: StepState] = [:]
        /// The steps that were skipped since one before them had failed.
        var blamed: Set<String> = []
        var items: [String: Int] = [:]
        var phase = StepPhase.main
        var open: Set<AttemptName> = []
        var epochs: [AttemptName: String] = [:]
        var results: [AttemptName: StepState] = [:]
        var failures: [String: Int] = [:]
        /// Attempts that are to repair something.
        var repairs: Set<AttemptName> = []
        /// What is due by what an attempt exited with: nothing more, a repair, or another try.
        var due: [String: Due] = [:]
        var lastInterrupted: Set<String> = []
        /// Attempts that are only to ask whether the work is done.
        var questions: Set<AttemptName> = []
        /// What was interrupted, could be asked whether its work is done, and was not asked yet.
        var unasked: Set<String> = []
        var cancelled: Timestamp?
        var hasEnded = false
        /// The life of the manager that it has come to, and whether it is to fail since its host was lost.
        var epoch: String?
        var fails = false
        /// The services that are up, as far as the host has not gone down since.
        var services: [String: String] = [:]
        var sequence = 0
        /// The run that it is a step of.
        var parent: ParentRun?
        /// The runs that attempts are.
        var children: [AttemptName: RunID] = [:]
        /// How it ended.
        var end: RunEnded?
        /// Whether anything of it was begun, and whether it waits for a person.
        var hasBegun = false
        var isStopped = false
        var isPaused = false
    }
}

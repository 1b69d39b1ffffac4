/// The interface that pawld serves, in the words of the Varlink IDL (`https://varlink.org/Interface-Definition`).
package enum ManagerInterface {
    /// The interface's name.
    package static let name = "io.pawl.Manager"

    /// The version of every program of this tree.
    package static let version = "0.1.0"

    /// The methods; the raw value is the name on the wire after the interface's.
    package enum Method: String, Sendable, CaseIterable {
        case describe = "Describe"
        case listWorkflows = "ListWorkflows"
        case describeWorkflow = "DescribeWorkflow"
        case startRun = "StartRun"
        case listRuns = "ListRuns"
        case describeRun = "DescribeRun"
        case watchRun = "WatchRun"
        case readLogs = "ReadLogs"
        case cancelRun = "CancelRun"
        case resumeRun = "ResumeRun"
        case retryRun = "RetryRun"
        case undoRun = "UndoRun"
        case answerApproval = "AnswerApproval"
        case pauseRun = "PauseRun"
        case unpauseRun = "UnpauseRun"
        case setProperties = "SetProperties"
        case pruneRuns = "PruneRuns"
        case setSchedule = "SetSchedule"
        case reload = "Reload"
        case readAudit = "ReadAudit"
        case describeDefinition = "DescribeDefinition"
        case readEvents = "ReadEvents"

        /// The full name on the wire.
        package var wireName: String { "\(ManagerInterface.name).\(rawValue)" }
    }

    /// What `varlinkctl introspect` shows.
    package static let description = """
        # Runs workflows on this host, every step as a transient systemd unit
        interface io.pawl.Manager

        type Diagnostic (
            file: string,
            line: int,
            column: int,
            severity: string,
            message: string,
            hint: ?string
        )

        type Schedule (
            expressions: []string,
            catch_up: string,
            state: string,
            timer: ?string,
            next: ?string
        )

        type Workflow (
            name: string,
            description: ?string,
            file: string,
            faulty: bool,
            masked: ?bool,
            startable: bool,
            schedule: ?Schedule,
            faults: []Diagnostic
        )

        type Variable (
            name: string,
            type: string,
            description: ?string,
            choices: []string,
            min: ?string,
            max: ?string,
            missing: bool,
            fault: ?string
        )

        type Attempt (
            number: int,
            repair: ?string,
            unit: string,
            run: ?string,
            state: string,
            exit_code: ?int,
            signal: ?string,
            result: ?string,
            started: ?string,
            ended: ?string,
            cpu_seconds: ?float,
            memory_peak: ?int,
            io_read_bytes: ?int,
            io_write_bytes: ?int
        )

        type Step (
            id: string,
            item: ?int,
            phase: ?string,
            state: string,
            reason: ?string,
            tolerated: ?bool,
            approval: ?string,
            exit_code: ?int,
            progress: ?int,
            seconds_left: ?float,
            attempts: []Attempt
        )

        type SliceUse (
            memory: ?int,
            cpu_seconds: ?float,
            tasks: ?int
        )

        type RunStatus (
            run: string,
            id: string,
            workflow: string,
            state: string,
            reason: ?string,
            started: ?string,
            ended: ?string,
            definition_file: ?string,
            definition_since: ?string,
            steps_done: int,
            steps_total: int,
            seconds_left: ?float,
            parent: ?string,
            slice: ?string,
            limits: ?[]string,
            use: ?SliceUse,
            outputs: ?object,
            steps: []Step
        )

        type RunSummary (
            run: string,
            id: string,
            workflow: string,
            state: string,
            started: ?string,
            ended: ?string,
            steps_done: int,
            steps_total: int,
            seconds_left: ?float,
            reason: ?string,
            parent: ?string
        )

        type HostUse (
            memory: ?float,
            cpu: ?float,
            disk: ?float,
            pressure: ?float,
            slice_bytes: ?int
        )

        type LogEntry (
            time: string,
            step: ?string,
            item: ?int,
            attempt: ?int,
            priority: ?int,
            message: string
        )

        type AuditEntry (
            time: string,
            uid: int,
            pid: int,
            user: ?string,
            login: ?string,
            terminal: ?string,
            host: ?string,
            unit: ?string,
            action: string,
            target: ?string,
            detail: ?string,
            outcome: string,
            reason: ?string
        )

        type DefinitionFile (
            kind: string,
            file: string,
            text: string
        )

        type Dependency (
            step: string,
            kind: string
        )

        type DefinitionStep (
            id: string,
            file: string,
            line: int,
            phase: string,
            action: string,
            workflow: ?string,
            conditional: bool,
            foreach: bool,
            waits_for: []Dependency,
            most_attempts: int,
            timeout_seconds: ?float,
            memory_max: ?int
        )

        type Definition (
            run: string,
            workflow: string,
            files: []DefinitionFile,
            variables: object,
            max_parallel: int,
            fail_fast: bool,
            host: string,
            uid: int,
            left_out: []string,
            undoes: ?string,
            steps: []DefinitionStep
        )

        type Event (
            sequence: int,
            time: string,
            kind: string,
            body: object
        )

        # The daemon itself
        method Describe() -> (
            version: string,
            pid: int,
            started: string,
            runs_active: int,
            steps_active: int,
            status: string,
            systemd: ?int,
            runs_max: ?int,
            steps_max: ?int,
            host: ?HostUse,
            faults: []Diagnostic
        )

        # The workflows, faulty ones with their faults
        method ListWorkflows() -> (workflows: []Workflow)

        # The variables of a workflow, and what a run with these values would lack
        method DescribeWorkflow(workflow: string, variables: ?object, text: ?string) -> (variables: []Variable)

        # Starts a run; answers once that is on disk. With 'text' that is the workflow, which is in no file then. With 'unit',
        # which only root may give, a run that was started for that unit and has not ended is the answer, and none is
        # started; with 'boot' also one that went over the last boot and has ended since. With 'key', a name of the caller's own for
        # the run, the run that was started with it is the answer for as long as that is kept, whatever became of it.
        # 'only', 'from' and 'skip' name steps: those alone, those and all that depends on them, and all but those
        method StartRun(workflow: string, variables: ?object, text: ?string, unit: ?string, boot: ?bool, key: ?string, only: ?[]string, from: ?[]string, skip: ?[]string) -> (run: string, id: string)

        # The runs that have not ended, or all
        method ListRuns(all: ?bool) -> (runs: []RunSummary)

        # One run with its steps and their attempts
        method DescribeRun(run: string) -> (status: RunStatus)

        # One run, and with `more` every change of it until it ends: later replies have the changed steps only. With 'every'
        # there is a reply after so many seconds at the latest, since what is left of a run changes by itself
        method WatchRun(run: string, every: ?float) -> (status: RunStatus)

        # What the steps of a run wrote, in batches: call it with `more`. 'since' and 'until' are times, 'priority' is that of the
        # least important lines; with 'lines' only the last so many of all that
        method ReadLogs(run: string, step: ?string, follow: ?bool, lines: ?int, since: ?string, until: ?string, priority: ?int) -> (entries: []LogEntry)

        # Cancels a run; answers once it has ended. With 'force' what runs of it is killed at once, and not asked to end first
        method CancelRun(run: string, force: ?bool) -> (status: RunStatus)

        # Goes on with a stopped run; 'with_current' as in RetryRun
        method ResumeRun(run: string, with_current: ?bool) -> (run: string, id: string)

        # Opens an ended run again: failed, cancelled and skipped steps run again; with 'from' that step and all that
        # depends on it as well, though they have succeeded; with 'with_current' by the workflow as it is now, if what has
        # run fits it
        method RetryRun(run: string, from: ?string, with_current: ?bool) -> (run: string, id: string)

        # Takes back what an ended run has done: a run of its own that goes through its 'undo' in reverse order
        method UndoRun(run: string) -> (run: string, id: string)

        # Says yes or no to a step that waits for approval; 'step' is its name, of a foreach item NAME.ITEM, and 'comment' is kept
        # with the answer
        method AnswerApproval(run: string, step: string, approved: bool, comment: ?string) -> (run: string, id: string)

        # Lets a run stand still with its steps, and no timeout run out; answers once they do
        method PauseRun(run: string) -> (status: RunStatus)

        # Lets a paused run go on; answers once its steps do
        method UnpauseRun(run: string) -> (status: RunStatus)

        # Sets limits of the slice of a run that goes on, each as 'MemoryMax=2G' in systemd's names and syntax; they hold until the
        # run is removed, over restarts too
        method SetProperties(run: string, properties: []string) -> (status: RunStatus)

        # Removes runs that have ended: before so many seconds, and the oldest beyond a number; without either, what the
        # configuration says is over. With 'dry_run' nothing is removed, and 'runs' names the first of those that would be
        method PruneRuns(older_than: ?float, keep: ?int, dry_run: ?bool) -> (count: int, runs: ?[]string)

        # Turns the schedule of a workflow on or off, for good
        method SetSchedule(workflow: string, enabled: bool) -> (workflow: string, schedule: ?Schedule)

        # Reads configuration and workflows again; answers once the new set is in force
        method Reload() -> (workflows: int)

        # Who asked for what, the first one first, in batches: call it with `more`. 'uid' and 'outcome' (asked, done, refused or
        # failed) leave out all others; with 'lines' only the newest so many
        method ReadAudit(since: ?string, until: ?string, uid: ?int, outcome: ?string, lines: ?int) -> (entries: []AuditEntry)

        # What a run goes by: the texts of its workflow as they were, its values, its steps and what each waits for
        method DescribeDefinition(run: string) -> (definition: Definition)

        # What happened to a run, as it is on record, the first event first, in batches: call it with `more`
        method ReadEvents(run: string) -> (events: []Event)

        error NoSuchWorkflow (message: string)
        error NoSuchRun (message: string)
        error NoSuchStep (message: string)
        error FaultyWorkflow (message: string, faults: ?[]Diagnostic)
        error InvalidVariable (message: string)
        error NotPermitted (message: string)
        error Conflict (message: string)
        error InvalidState (message: string)
        error StoreFailed (message: string)
        error InternalError (reason: string)
        """
}

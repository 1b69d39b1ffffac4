package import PawlModel

/// A workflow in a list.
package struct WorkflowSummary: Sendable, Codable, Equatable {
    /// Its name.
    package var name: String
    /// What its `description:` (or else `name:`) says.
    package var description: String?
    /// The file it was read from.
    package var file: String
    /// Whether the file as it stands has faults. A last good text may still be in force.
    package var faulty: Bool
    /// Whether the file is empty or a link to /dev/null, so that there is no workflow of that name.
    package var masked: Bool?
    /// Whether a run can be started: from the file, or from its last good text.
    package var startable: Bool
    /// When it runs by itself; nil if it does not.
    package var schedule: ScheduleStatus?
    /// The faults.
    package var faults: [Diagnostic]

    /// Makes a summary.
    package init(
        name: String, description: String?, file: String, faulty: Bool, masked: Bool = false, startable: Bool,
        schedule: ScheduleStatus? = nil, faults: [Diagnostic]
    ) {
        self.name = name
        self.description = description
        self.file = file
        self.faulty = faulty
        self.masked = masked
        self.startable = startable
        self.schedule = schedule
        self.faults = faults
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        // Keys are always there, so that a reader need not tell a missing one from an empty one.
        try container.encode(description, forKey: .description)
        try container.encode(file, forKey: .file)
        try container.encode(faulty, forKey: .faulty)
        try container.encode(masked ?? false, forKey: .masked)
        try container.encode(startable, forKey: .startable)
        try container.encode(schedule, forKey: .schedule)
        try container.encode(faults, forKey: .faults)
    }
}

/// A variable of a workflow, in the light of the values that somebody wants to start a run with.
package struct VariableSummary: Sendable, Codable, Equatable {
    /// Its name.
    package var name: String
    /// Its type, as in a workflow file.
    package var type: String
    /// What it is for.
    package var description: String?
    /// The only values there may be, as text; empty: any.
    package var choices: [String]
    /// The least value as it was written, or the fewest characters, items or entries; nil from a pawld that does not tell.
    package var min: String?
    /// The greatest value, or the most of them.
    package var max: String?
    /// Whether a run could not be started because it has no value.
    package var missing: Bool
    /// What is wrong with the value that it would have.
    package var fault: String?

    /// Makes a summary.
    package init(
        name: String, type: String, description: String? = nil, choices: [String] = [], min: String? = nil,
        max: String? = nil, missing: Bool = false, fault: String? = nil
    ) {
        self.name = name
        self.type = type
        self.description = description
        self.choices = choices
        self.min = min
        self.max = max
        self.missing = missing
        self.fault = fault
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(type, forKey: .type)
        try container.encode(description, forKey: .description)
        try container.encode(choices, forKey: .choices)
        try container.encode(min, forKey: .min)
        try container.encode(max, forKey: .max)
        try container.encode(missing, forKey: .missing)
        try container.encode(fault, forKey: .fault)
    }
}

/// What each method of `io.pawl.Manager` takes and answers. Field names are the ones on the wire.
package enum Messages {
    /// Nothing.
    package struct Empty: Sendable, Codable {
        /// Nothing.
        package init() {}
    }

    /// ListWorkflows answers this.
    package struct Workflows: Sendable, Codable {
        /// The workflows by name.
        package var workflows: [WorkflowSummary]
        /// Makes an answer.
        package init(workflows: [WorkflowSummary]) { self.workflows = workflows }
    }

    /// DescribeWorkflow answers this.
    package struct Variables: Sendable, Codable {
        /// The variables in the order written.
        package var variables: [VariableSummary]
        /// Makes an answer.
        package init(variables: [VariableSummary]) { self.variables = variables }
    }

    /// StartRun and DescribeWorkflow take this.
    package struct StartRun: Sendable, Codable {
        /// The workflow's name.
        package var workflow: String
        /// Values for its variables: text is converted to the declared type.
        package var variables: [String: Value]?
        /// The workflow itself, for one that is in no file; its name is then no other workflow's.
        package var text: String?
        /// The unit that the run is started for, which only root may say. While a run that was started for it has not ended,
        /// that one is the answer, and none is started.
        package var unit: String?
        /// Whether the unit is started since the host was booted: a run of it that went over the boot and has ended since is the
        /// answer too.
        package var boot: Bool?
        /// A name of the caller's own for the run: a second request with the same one is answered with the same run.
        package var key: String?
        /// These steps alone are run.
        package var only: [String]?
        /// These steps are run, and all that depends on them.
        package var from: [String]?
        /// These steps are not run.
        package var skip: [String]?
        /// Makes a request.
        package init(
            workflow: String, variables: [String: Value]? = nil, text: String? = nil, unit: String? = nil,
            boot: Bool? = nil, key: String? = nil
        ) {
            self.key = key
            self.workflow = workflow
            self.variables = variables
            self.text = text
            self.unit = unit
            self.boot = boot
        }
    }

    /// StartRun, ResumeRun and RetryRun answer this.
    package struct RunName: Sendable, Codable {
        /// The run's full name.
        package var run: String
        /// The run's ID.
        package var id: String
        /// Makes an answer.
        package init(run: String, id: String) {
            self.run = run
            self.id = id
        }
    }

    /// RetryRun takes this.
    package struct Retry: Sendable, Codable {
        /// A run's name, its ID, a prefix of either that is unique, or `@last`.
        package var run: String
        /// The step that runs again though it has succeeded, with all that depends on it.
        package var from: String?
        /// Whether the run goes on with the workflow as it is now.
        package var withCurrent: Bool?
        /// Makes a request.
        package init(run: String, from: String? = nil, withCurrent: Bool? = nil) {
            self.run = run
            self.from = from
            self.withCurrent = withCurrent
        }

        private enum CodingKeys: String, CodingKey {
            case run, from
            case withCurrent = "with_current"
        }
    }

    /// ResumeRun takes this.
    package struct Resume: Sendable, Codable {
        /// A run's name, its ID, a prefix of either that is unique, or `@last`.
        package var run: String
        /// Whether the run goes on with the workflow as it is now.
        package var withCurrent: Bool?
        /// Makes a request.
        package init(run: String, withCurrent: Bool? = nil) {
            self.run = run
            self.withCurrent = withCurrent
        }

        private enum CodingKeys: String, CodingKey {
            case run
            case withCurrent = "with_current"
        }
    }

    /// AnswerApproval takes this.
    package struct Approval: Sendable, Codable {
        /// A run's name, its ID, a prefix of either that is unique, or `@last`.
        package var run: String
        /// The step's name; of a foreach item `NAME.ITEM`.
        package var step: String
        /// Whether it is a yes.
        package var approved: Bool
        /// What is to be kept with the answer.
        package var comment: String?
        /// Makes a request.
        package init(run: String, step: String, approved: Bool, comment: String? = nil) {
            self.comment = comment
            self.run = run
            self.step = step
            self.approved = approved
        }
    }

    /// PruneRuns takes this.
    package struct PruneRuns: Sendable, Codable {
        /// Runs that ended longer ago, in seconds.
        package var olderThan: Double?
        /// The oldest beyond so many.
        package var keep: Int?
        /// Nothing is removed.
        package var dryRun: Bool?
        /// Makes a request.
        package init(olderThan: Double? = nil, keep: Int? = nil, dryRun: Bool? = nil) {
            (self.olderThan, self.keep, self.dryRun) = (olderThan, keep, dryRun)
        }

        private enum CodingKeys: String, CodingKey {
            case keep
            case olderThan = "older_than"
            case dryRun = "dry_run"
        }
    }

    /// PruneRuns answers this.
    package struct Pruned: Sendable, Codable, Equatable {
        /// How many runs.
        package var count: Int
        /// Their names, as far as they are told.
        package var runs: [String]?
        /// Makes an answer.
        package init(count: Int, runs: [String]? = nil) { (self.count, self.runs) = (count, runs) }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(count, forKey: .count)
            try container.encode(runs, forKey: .runs)
        }
    }

    /// SetProperties takes this.
    package struct SetProperties: Sendable, Codable {
        /// A run's name, its ID, a prefix of either that is unique, or `@last`.
        package var run: String
        /// Assignments such as `MemoryMax=2G`.
        package var properties: [String]
        /// Makes a request.
        package init(run: String, properties: [String]) {
            self.run = run
            self.properties = properties
        }
    }

    /// CancelRun takes this.
    package struct Cancel: Sendable, Codable {
        /// A run's name, its ID, a prefix of either that is unique, or `@last`.
        package var run: String
        /// Whether its steps are killed at once, and not asked to end.
        package var force: Bool?
        /// Makes a request.
        package init(run: String, force: Bool? = nil) { (self.run, self.force) = (run, force) }
    }

    /// WatchRun takes this.
    package struct WatchRun: Sendable, Codable {
        /// A run's name, its ID, a prefix of either that is unique, or `@last`.
        package var run: String
        /// So many seconds after a reply there is another one, whether anything has changed or not.
        package var every: Double?
        /// Makes a request.
        package init(run: String, every: Double? = nil) { (self.run, self.every) = (run, every) }
    }

    /// DescribeRun, PauseRun, UnpauseRun and UndoRun take this.
    package struct Run: Sendable, Codable {
        /// A run's name, its ID, a prefix of either that is unique, or `@last`.
        package var run: String
        /// Makes a request.
        package init(run: String) { self.run = run }
    }

    /// DescribeRun and WatchRun answer this.
    package struct Status: Sendable, Codable {
        /// The run. In WatchRun's later replies `steps` has only those that have changed since the reply before.
        package var status: RunStatus
        /// Makes an answer.
        package init(status: RunStatus) { self.status = status }
    }

    /// ListRuns takes this.
    package struct ListRuns: Sendable, Codable {
        /// Ended runs too.
        package var all: Bool?
        /// Makes a request.
        package init(all: Bool? = nil) { self.all = all }
    }

    /// ListRuns answers this.
    package struct Runs: Sendable, Codable {
        /// The runs, the newest first.
        package var runs: [RunSummary]
        /// Makes an answer.
        package init(runs: [RunSummary]) { self.runs = runs }
    }

    /// ReadLogs takes this.
    package struct ReadLogs: Sendable, Codable {
        /// A run's name, its ID, a prefix of either that is unique, or `@last`.
        package var run: String
        /// One step alone.
        package var step: String?
        /// Go on with new lines until the run has ended (with a step: until that has).
        package var follow: Bool?
        /// Only the last lines.
        package var lines: Int?
        /// None before this moment, RFC 3339 in UTC.
        package var since: String?
        /// None after this moment, RFC 3339 in UTC.
        package var until: String?
        /// Only lines of this priority and those that are more important, as syslog counts: 0 emergency to 7 debug.
        package var priority: Int?
        /// Makes a request.
        package init(
            run: String, step: String? = nil, follow: Bool? = nil, lines: Int? = nil, since: String? = nil,
            until: String? = nil, priority: Int? = nil
        ) {
            self.run = run
            self.step = step
            self.follow = follow
            self.lines = lines
            (self.since, self.until, self.priority) = (since, until, priority)
        }
    }

    /// ReadLogs answers this, again and again.
    package struct Log: Sendable, Codable {
        /// Lines in the order of the journal.
        package var entries: [LogEntry]
        /// Makes an answer.
        package init(entries: [LogEntry]) { self.entries = entries }
    }

    /// One line of a log.
    package struct LogEntry: Sendable, Codable, Equatable {
        /// When, RFC 3339 in UTC.
        package var time: String
        /// The step that wrote it; null for pawld's own lines about the run.
        package var step: String?
        /// The number of the foreach item that wrote it.
        package var item: Int?
        /// The attempt that wrote it.
        package var attempt: Int?
        /// The priority, as syslog counts: 0 emergency to 7 debug.
        package var priority: Int?
        /// The line.
        package var message: String
        /// Who wrote it, as people name it: `ca`, or `load.3` for an item; nil for pawld.
        package var name: String? { step.map { Names.step($0, item: item) } }
        /// Makes an entry.
        package init(
            time: String, step: String?, item: Int? = nil, attempt: Int?, priority: Int?, message: String
        ) {
            self.time = time
            self.step = step
            self.item = item
            self.attempt = attempt
            self.priority = priority
            self.message = message
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(time, forKey: .time)
            try container.encode(step, forKey: .step)
            try container.encode(item, forKey: .item)
            try container.encode(attempt, forKey: .attempt)
            try container.encode(priority, forKey: .priority)
            try container.encode(message, forKey: .message)
        }
    }

    /// SetSchedule takes this.
    package struct SetSchedule: Sendable, Codable {
        /// The workflow's name.
        package var workflow: String
        /// Whether its schedule is in force.
        package var enabled: Bool
        /// Makes a request.
        package init(workflow: String, enabled: Bool) {
            self.workflow = workflow
            self.enabled = enabled
        }
    }

    /// SetSchedule answers this when it is so.
    package struct Scheduled: Sendable, Codable {
        /// The workflow's name.
        package var workflow: String
        /// Its schedule; nil if it has none any more.
        package var schedule: ScheduleStatus?
        /// Makes an answer.
        package init(workflow: String, schedule: ScheduleStatus?) {
            self.workflow = workflow
            self.schedule = schedule
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(workflow, forKey: .workflow)
            try container.encode(schedule, forKey: .schedule)
        }
    }

    /// Reload answers this when the new set is in force.
    package struct Reloaded: Sendable, Codable {
        /// How many workflows there are now.
        package var workflows: Int
        /// Makes an answer.
        package init(workflows: Int) { self.workflows = workflows }
    }
}

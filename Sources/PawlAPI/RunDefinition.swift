package import PawlModel

/// What a run goes by: the texts of its workflow, its values, and its steps with what each waits for. The answer of
/// DescribeDefinition.
package struct RunDefinition: Sendable, Codable, Equatable {
    /// One of the files that the workflow was made of.
    package struct File: Sendable, Codable, Equatable {
        /// `included`, `workflow` or `drop-in`.
        package var kind: String
        /// The file.
        package var file: String
        /// What was in it.
        package var text: String
        /// Makes a file.
        package init(kind: String, file: String, text: String) {
            (self.kind, self.file, self.text) = (kind, file, text)
        }
    }

    /// What a step waits for.
    package struct Dependency: Sendable, Codable, Equatable {
        /// The step that it waits for.
        package var step: String
        /// `done`, `any`, `ended` or `failed`.
        package var kind: String
        /// Makes a dependency.
        package init(step: String, kind: String) { (self.step, self.kind) = (step, kind) }
    }

    /// One step.
    package struct Step: Sendable, Codable, Equatable {
        /// The step's name.
        package var id: String
        /// The file that it stands in.
        package var file: String
        /// The line it begins at, from 1.
        package var line: Int
        /// `steps`, or the handler whose step it is.
        package var phase: String
        /// `script`, `command`, `wait`, `approval`, `reboot`, `workflow`, `stop-services` or `none`.
        package var action: String
        /// The workflow that it runs.
        package var workflow: String?
        /// Whether it runs only where a condition holds.
        package var conditional: Bool
        /// Whether it runs once for each item of a list.
        package var foreach: Bool
        /// What it waits for, in the order written.
        package var waitsFor: [Dependency]
        /// How often it is tried at most.
        package var mostAttempts: Int
        /// How long one attempt may take, in seconds.
        package var timeoutSeconds: Double?
        /// What its unit may use of memory, in bytes, as far as that is known.
        package var memoryMax: Int64?

        /// Makes a step that waits for nothing.
        package init(
            id: String, file: String = "", line: Int = 1, phase: String = "steps", action: String = "script",
            workflow: String? = nil, conditional: Bool = false, foreach: Bool = false, waitsFor: [Dependency] = [],
            mostAttempts: Int = 1, timeoutSeconds: Double? = nil, memoryMax: Int64? = nil
        ) {
            (self.id, self.file, self.line, self.phase, self.action) = (id, file, line, phase, action)
            (self.workflow, self.conditional, self.foreach) = (workflow, conditional, foreach)
            (self.waitsFor, self.mostAttempts) = (waitsFor, mostAttempts)
            (self.timeoutSeconds, self.memoryMax) = (timeoutSeconds, memoryMax)
        }

        private enum CodingKeys: String, CodingKey {
            case id, file, line, phase, action, workflow, conditional, foreach
            case waitsFor = "waits_for"
            case mostAttempts = "most_attempts"
            case timeoutSeconds = "timeout_seconds"
            case memoryMax = "memory_max"
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(id, forKey: .id)
            try container.encode(file, forKey: .file)
            try container.encode(line, forKey: .line)
            try container.encode(phase, forKey: .phase)
            try container.encode(action, forKey: .action)
            try container.encode(workflow, forKey: .workflow)
            try container.encode(conditional, forKey: .conditional)
            try container.encode(foreach, forKey: .foreach)
            try container.encode(waitsFor, forKey: .waitsFor)
            try container.encode(mostAttempts, forKey: .mostAttempts)
            try container.encode(timeoutSeconds, forKey: .timeoutSeconds)
            try container.encode(memoryMax, forKey: .memoryMax)
        }
    }

    /// The run's full name.
    package var run: String
    /// The workflow's name.
    package var workflow: String
    /// What the workflow is made of, in the order in which it counts.
    package var files: [File]
    /// The values of its variables.
    package var variables: [String: Value]
    /// How many steps may run at once.
    package var maxParallel: Int
    /// Whether the first failure ends it.
    package var failFast: Bool
    /// The name of the host that it was started on.
    package var host: String
    /// Who started it, by uid.
    package var uid: Int
    /// The steps that are left out.
    package var leftOut: [String]
    /// The run that it takes back.
    package var undoes: String?
    /// The steps, in the order written.
    package var steps: [Step]

    /// Makes a definition.
    package init(
        run: String, workflow: String, files: [File], variables: [String: Value] = [:], maxParallel: Int = 1,
        failFast: Bool = false, host: String = "", uid: Int = 0, leftOut: [String] = [], undoes: String? = nil,
        steps: [Step]
    ) {
        (self.run, self.workflow, self.files, self.variables) = (run, workflow, files, variables)
        (self.maxParallel, self.failFast, self.host, self.uid) = (maxParallel, failFast, host, uid)
        (self.leftOut, self.undoes, self.steps) = (leftOut, undoes, steps)
    }

    private enum CodingKeys: String, CodingKey {
        case run, workflow, files, variables, host, uid, undoes, steps
        case maxParallel = "max_parallel"
        case failFast = "fail_fast"
        case leftOut = "left_out"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(run, forKey: .run)
        try container.encode(workflow, forKey: .workflow)
        try container.encode(files, forKey: .files)
        try container.encode(variables, forKey: .variables)
        try container.encode(maxParallel, forKey: .maxParallel)
        try container.encode(failFast, forKey: .failFast)
        try container.encode(host, forKey: .host)
        try container.encode(uid, forKey: .uid)
        try container.encode(leftOut, forKey: .leftOut)
        try container.encode(undoes, forKey: .undoes)
        try container.encode(steps, forKey: .steps)
    }
}

/// Something that happened to a run, as it is on record. ReadEvents answers these.
package struct EventEntry: Sendable, Codable, Equatable {
    /// Its place among the run's events, from 1.
    package var sequence: Int
    /// When it was decided, RFC 3339 in UTC.
    package var time: String
    /// What happened, such as `attempt-ended`.
    package var kind: String
    /// What there is to say of it.
    package var body: Value

    /// Makes an entry.
    package init(sequence: Int, time: String, kind: String, body: Value) {
        (self.sequence, self.time, self.kind, self.body) = (sequence, time, kind, body)
    }
}

extension Messages {
    /// DescribeDefinition answers this.
    package struct Definition: Sendable, Codable {
        /// What the run goes by.
        package var definition: RunDefinition
        /// Makes an answer.
        package init(definition: RunDefinition) { self.definition = definition }
    }

    /// ReadEvents answers this, again and again.
    package struct Events: Sendable, Codable {
        /// Events in their order.
        package var events: [EventEntry]
        /// Makes an answer.
        package init(events: [EventEntry]) { self.events = events }
    }
}

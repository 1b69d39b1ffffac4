package import PawlModel

/// One run, whole: the answer of DescribeRun and `pawl status RUN --output json`.
package struct RunStatus: Sendable, Codable, Equatable {
    /// The run's full name.
    package var run: String
    /// The run's ID.
    package var id: String
    /// The workflow's name.
    package var workflow: String
    /// What it is doing or how it ended.
    package var state: RunState
    /// Why, where the state alone does not say it.
    package var reason: String?
    /// When it was started, RFC 3339 in UTC.
    package var started: String?
    /// When it ended, RFC 3339 in UTC.
    package var ended: String?
    /// The file that its workflow was read from.
    package var definitionFile: String?
    /// Since when it has that definition: its start, or a retry or resume that gave it another one. RFC 3339 in UTC.
    package var definitionSince: String?
    /// How many of its steps have ended.
    package var stepsDone: Int
    /// How many steps it has.
    package var stepsTotal: Int
    /// How long it will take from now on, in seconds; null where nothing is known.
    package var secondsLeft: Double?
    /// The run that it is a step of, if it is that of another one.
    package var parent: String?
    /// The slice that its steps are in.
    package var slice: String?
    /// The limits of that, as assignments in systemd's syntax.
    package var limits: [String]?
    /// What its slice uses just now, while it goes on. WatchRun does not tell.
    package var use: SliceUse?
    /// What it gives to whoever runs it as a step, once it has succeeded.
    package var outputs: [String: Value]?
    /// Its steps in the order written. In WatchRun's later replies only those that have changed.
    package var steps: [StepStatus]

    /// Makes a status.
    package init(
        run: String, id: String, workflow: String, state: RunState, reason: String? = nil, started: String? = nil,
        ended: String? = nil, definitionFile: String? = nil, definitionSince: String? = nil, stepsDone: Int,
        stepsTotal: Int, secondsLeft: Double? = nil, parent: String? = nil, slice: String? = nil,
        limits: [String]? = nil, outputs: [String: Value]? = nil, steps: [StepStatus]
    ) {
        self.secondsLeft = secondsLeft
        (self.parent, self.slice, self.limits, self.outputs) = (parent, slice, limits, outputs)
        self.definitionFile = definitionFile
        self.definitionSince = definitionSince
        self.run = run
        self.id = id
        self.workflow = workflow
        self.state = state
        self.reason = reason
        self.started = started
        self.ended = ended
        self.stepsDone = stepsDone
        self.stepsTotal = stepsTotal
        self.steps = steps
    }

    private enum CodingKeys: String, CodingKey {
        case run, id, workflow, state, reason, started, ended, steps, parent, slice, limits, use, outputs
        case definitionFile = "definition_file"
        case definitionSince = "definition_since"
        case stepsDone = "steps_done"
        case stepsTotal = "steps_total"
        case secondsLeft = "seconds_left"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(run, forKey: .run)
        try container.encode(id, forKey: .id)
        try container.encode(workflow, forKey: .workflow)
        try container.encode(state, forKey: .state)
        // Keys are always there, so that a reader need not tell a missing one from an empty one.
        try container.encode(reason, forKey: .reason)
        try container.encode(started, forKey: .started)
        try container.encode(ended, forKey: .ended)
        try container.encode(definitionFile, forKey: .definitionFile)
        try container.encode(definitionSince, forKey: .definitionSince)
        try container.encode(stepsDone, forKey: .stepsDone)
        try container.encode(stepsTotal, forKey: .stepsTotal)
        try container.encode(secondsLeft, forKey: .secondsLeft)
        try container.encode(parent, forKey: .parent)
        try container.encode(slice, forKey: .slice)
        try container.encode(limits, forKey: .limits)
        try container.encode(use, forKey: .use)
        try container.encode(outputs, forKey: .outputs)
        try container.encode(steps, forKey: .steps)
    }
}

/// What the processes of a run use just now, all of them together.
package struct SliceUse: Sendable, Codable, Equatable {
    /// Memory, in bytes; nil where systemd does not tell, as with all of these.
    package var memory: Int64?
    /// CPU time since the slice was made, in seconds.
    package var cpuSeconds: Double?
    /// Processes and threads.
    package var tasks: Int64?

    /// Makes a value.
    package init(memory: Int64? = nil, cpuSeconds: Double? = nil, tasks: Int64? = nil) {
        (self.memory, self.cpuSeconds, self.tasks) = (memory, cpuSeconds, tasks)
    }

    private enum CodingKeys: String, CodingKey {
        case memory, tasks
        case cpuSeconds = "cpu_seconds"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(memory, forKey: .memory)
        try container.encode(cpuSeconds, forKey: .cpuSeconds)
        try container.encode(tasks, forKey: .tasks)
    }
}

/// One step of a run.
package struct StepStatus: Sendable, Codable, Equatable {
    /// The step's name.
    package var id: String
    /// The number of the foreach item; null for a plain step.
    package var item: Int?
    /// The list of the workflow that it is in: `steps`, or the handler's such as `on_failure`; `services` for what pawl does itself
    /// at the end. Null from a pawld that does not tell.
    package var phase: String?
    /// What it is doing or how it ended.
    package var state: StepState
    /// Why, where the state alone does not say it.
    package var reason: String?
    /// Whether it has failed and the run goes on as if it had not, by `continue_on_failure`. Null from a pawld that does not tell.
    package var tolerated: Bool?
    /// What a person is asked, while it waits for `pawl approve` or `pawl reject`; null where it waits for nobody.
    package var approval: String?
    /// The exit status of its last attempt that was no repair; null where it never exited.
    package var exitCode: Int?
    /// How much of it is done by its own word, in percent; null where it says nothing, or does not run.
    package var progress: Int?
    /// How long it will take from now on, in seconds; null where nothing is known, or it does not run.
    package var secondsLeft: Double?
    /// Its attempts, the first one first.
    package var attempts: [AttemptStatus]

    /// The step as people name it: `ca`, or `load.3` for an item.
    package var name: String { Names.step(id, item: item) }

    /// Makes a status.
    package init(
        id: String, item: Int? = nil, phase: String? = "steps", state: StepState, reason: String? = nil,
        tolerated: Bool? = false, approval: String? = nil, exitCode: Int? = nil, progress: Int? = nil,
        secondsLeft: Double? = nil,
        attempts: [AttemptStatus] = []
    ) {
        (self.phase, self.tolerated, self.approval) = (phase, tolerated, approval)
        (self.progress, self.secondsLeft) = (progress, secondsLeft)
        self.id = id
        self.item = item
        self.state = state
        self.reason = reason
        self.exitCode = exitCode
        self.attempts = attempts
    }

    private enum CodingKeys: String, CodingKey {
        case id, item, phase, state, reason, tolerated, approval, progress, attempts
        case exitCode = "exit_code"
        case secondsLeft = "seconds_left"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(item, forKey: .item)
        try container.encode(phase, forKey: .phase)
        try container.encode(state, forKey: .state)
        try container.encode(reason, forKey: .reason)
        try container.encode(tolerated, forKey: .tolerated)
        try container.encode(approval, forKey: .approval)
        try container.encode(exitCode, forKey: .exitCode)
        try container.encode(progress, forKey: .progress)
        try container.encode(secondsLeft, forKey: .secondsLeft)
        try container.encode(attempts, forKey: .attempts)
    }
}

/// One attempt of a step.
package struct AttemptStatus: Sendable, Codable, Equatable {
    /// The attempt's number, from 1.
    package var number: Int
    /// The exit status whose repair it is, or `*`; null where it does the step's own work.
    package var repair: String?
    /// The unit it runs or ran as.
    package var unit: String
    /// The run that it is, where its step runs another workflow; the unit is that run's slice then.
    package var run: String?
    /// What it is doing or how it ended.
    package var state: StepState
    /// The exit status; null where the program never exited.
    package var exitCode: Int?
    /// The signal that ended it, without SIG, such as `KILL`.
    package var signal: String?
    /// systemd's own word for the result, such as `exit-code` or `timeout`.
    package var result: String?
    /// When it was ordered, RFC 3339 in UTC.
    package var started: String?
    /// When it ended, RFC 3339 in UTC.
    package var ended: String?
    /// CPU time it used, in seconds.
    package var cpuSeconds: Double?
    /// The most memory it used, in bytes.
    package var memoryPeak: Int64?
    /// What it read from block devices, in bytes.
    package var ioReadBytes: Int64?
    /// What it wrote to block devices, in bytes.
    package var ioWriteBytes: Int64?

    /// Makes a status.
    package init(
        number: Int, repair: String? = nil, unit: String, run: String? = nil, state: StepState, exitCode: Int? = nil,
        signal: String? = nil, result: String? = nil, started: String? = nil, ended: String? = nil,
        cpuSeconds: Double? = nil, memoryPeak: Int64? = nil, ioReadBytes: Int64? = nil, ioWriteBytes: Int64? = nil
    ) {
        self.number = number
        self.repair = repair
        self.unit = unit
        self.run = run
        self.state = state
        self.exitCode = exitCode
        self.signal = signal
        self.result = result
        self.started = started
        self.ended = ended
        self.cpuSeconds = cpuSeconds
        self.memoryPeak = memoryPeak
        self.ioReadBytes = ioReadBytes
        self.ioWriteBytes = ioWriteBytes
    }

    private enum CodingKeys: String, CodingKey {
        case number, repair, unit, run, state, signal, result, started, ended
        case exitCode = "exit_code"
        case cpuSeconds = "cpu_seconds"
        case memoryPeak = "memory_peak"
        case ioReadBytes = "io_read_bytes"
        case ioWriteBytes = "io_write_bytes"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(number, forKey: .number)
        try container.encode(repair, forKey: .repair)
        try container.encode(unit, forKey: .unit)
        try container.encode(run, forKey: .run)
        try container.encode(state, forKey: .state)
        try container.encode(exitCode, forKey: .exitCode)
        try container.encode(signal, forKey: .signal)
        try container.encode(result, forKey: .result)
        try container.encode(started, forKey: .started)
        try container.encode(ended, forKey: .ended)
        try container.encode(cpuSeconds, forKey: .cpuSeconds)
        try container.encode(memoryPeak, forKey: .memoryPeak)
        try container.encode(ioReadBytes, forKey: .ioReadBytes)
        try container.encode(ioWriteBytes, forKey: .ioWriteBytes)
    }
}

/// One run in a list: the answer of ListRuns and `pawl ps --output json`.
package struct RunSummary: Sendable, Codable, Equatable {
    /// The run's full name.
    package var run: String
    /// The run's ID.
    package var id: String
    /// The workflow's name.
    package var workflow: String
    /// What it is doing or how it ended.
    package var state: RunState
    /// When it was started, RFC 3339 in UTC.
    package var started: String?
    /// When it ended, RFC 3339 in UTC.
    package var ended: String?
    /// How many of its steps have ended.
    package var stepsDone: Int
    /// How many steps it has.
    package var stepsTotal: Int
    /// How long it will take from now on, in seconds; null where nothing is known.
    package var secondsLeft: Double?
    /// Why it does not go on: for a run that has stopped, and for one that waits for a lock, itself or a step of it.
    package var reason: String?
    /// The run that it is a step of, if it is that of another one.
    package var parent: String?

    /// Makes a summary.
    package init(
        run: String, id: String, workflow: String, state: RunState, started: String?, ended: String?,
        stepsDone: Int, stepsTotal: Int, secondsLeft: Double? = nil, reason: String? = nil, parent: String? = nil
    ) {
        self.secondsLeft = secondsLeft
        self.reason = reason
        self.parent = parent
        self.run = run
        self.id = id
        self.workflow = workflow
        self.state = state
        self.started = started
        self.ended = ended
        self.stepsDone = stepsDone
        self.stepsTotal = stepsTotal
    }

    private enum CodingKeys: String, CodingKey {
        case run, id, workflow, state, started, ended, reason, parent
        case stepsDone = "steps_done"
        case stepsTotal = "steps_total"
        case secondsLeft = "seconds_left"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(run, forKey: .run)
        try container.encode(id, forKey: .id)
        try container.encode(workflow, forKey: .workflow)
        try container.encode(state, forKey: .state)
        try container.encode(started, forKey: .started)
        try container.encode(ended, forKey: .ended)
        try container.encode(stepsDone, forKey: .stepsDone)
        try container.encode(stepsTotal, forKey: .stepsTotal)
        try container.encode(secondsLeft, forKey: .secondsLeft)
        try container.encode(reason, forKey: .reason)
        try container.encode(parent, forKey: .parent)
    }
}

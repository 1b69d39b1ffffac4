package import PawlModel

/// What is known of a run, as far as a report tells it: the definition that it has, and what became of its steps.
package struct RunFacts: Sendable {
    /// The run's full name.
    package var run: String
    /// The run's ID.
    package var id: String
    /// The workflow's name.
    package var workflow: String
    /// What the run is doing or how it ended.
    package var state: RunState
    /// Why, where the state alone does not say it.
    package var reason: String?
    /// When it was started.
    package var started: Timestamp
    /// When it ended.
    package var ended: Timestamp?
    /// When it was looked at.
    package var now: Timestamp
    /// The file that its workflow was read from.
    package var file: String?
    /// The host's name.
    package var host: String?
    /// How many steps may run at once.
    package var maxParallel: Int?
    /// Whether the first failure ends it.
    package var failFast: Bool
    /// The values of its variables, by name.
    package var variables: [(name: String, value: String)] = []
    /// What it gives, by name.
    package var outputs: [(name: String, value: String)] = []
    /// Its steps, in the order written.
    package var steps: [Step] = []

    /// Makes facts of a run without steps.
    package init(
        run: String, id: String, workflow: String, state: RunState, reason: String? = nil, started: Timestamp,
        ended: Timestamp?, now: Timestamp, file: String? = nil, host: String? = nil, maxParallel: Int? = nil,
        failFast: Bool = false
    ) {
        (self.run, self.id, self.workflow, self.state, self.reason) = (run, id, workflow, state, reason)
        (self.started, self.ended, self.now) = (started, ended, now)
        (self.file, self.host, self.maxParallel, self.failFast) = (file, host, maxParallel, failFast)
    }

    /// A step of the workflow.
    package struct Step: Sendable {
        /// The step's name.
        package var id: String
        /// The handler whose step it is; empty for the workflow's own.
        package var phase: String
        /// What it does, in a few words.
        package var note: String?
        /// Whether it runs only where a condition holds.
        package var isConditional: Bool
        /// Whether it runs once for each item of a list.
        package var hasItems: Bool
        /// The steps that it waits for, as places, and what it asks of each.
        package var waitsFor: [(step: Int, kind: Graph.Edge.Kind)]
        /// What its unit may use of memory, in bytes.
        package var memoryLimit: Int64?
        /// How long an attempt may take, in seconds.
        package var timeout: Double?
        /// How often it is tried at most.
        package var mostAttempts: Int
        /// What became of it: one record, or one for each item.
        package var records: [Record]
        /// The state of the step as a whole.
        package var state: StepState

        /// Makes a step.
        package init(
            id: String, phase: String = "", note: String? = nil, isConditional: Bool = false, hasItems: Bool = false,
            waitsFor: [(step: Int, kind: Graph.Edge.Kind)] = [], memoryLimit: Int64? = nil, timeout: Double? = nil,
            mostAttempts: Int = 1, state: StepState, records: [Record] = []
        ) {
            (self.id, self.phase, self.note, self.isConditional) = (id, phase, note, isConditional)
            (self.hasItems, self.waitsFor, self.memoryLimit, self.timeout) = (hasItems, waitsFor, memoryLimit, timeout)
            (self.mostAttempts, self.state, self.records) = (mostAttempts, state, records)
        }
    }

    /// A step or one of its items.
    package struct Record: Sendable {
        /// The item's number.
        package var item: Int?
        /// What it is doing or how it ended.
        package var state: StepState
        /// Why, in words.
        package var reason: String?
        /// The exit status; nil where it never exited.
        package var exitCode: Int?
        /// Its attempts, the first one first.
        package var attempts: [Attempt]
        /// The last lines of its log, where those are to be shown.
        package var log: [String]
        /// Whether the run goes on over its failure.
        package var isTolerated = false

        /// Makes a record.
        package init(
            item: Int? = nil, state: StepState, reason: String? = nil, exitCode: Int? = nil, attempts: [Attempt] = [],
            log: [String] = []
        ) {
            (self.item, self.state, self.reason, self.exitCode) = (item, state, reason, exitCode)
            (self.attempts, self.log) = (attempts, log)
        }

        /// When its first attempt was ordered.
        package var started: Timestamp? { attempts.lazy.compactMap(\.started).first }
        /// When its last attempt ended.
        package var ended: Timestamp? { state.isEnded ? attempts.last?.ended : nil }
        /// Whether a person should look at it.
        package var isFailure: Bool { state == .failed || state == .timedOut || state == .interrupted }
        /// The attempts that did the step's own work.
        package var tries: [Attempt] { attempts.filter { !$0.isRepair } }
        /// CPU time of all its attempts, in seconds.
        package var cpuSeconds: Double? { Record.sum(attempts.compactMap(\.cpuSeconds)) }
        /// The most memory that one of them had.
        package var memoryPeak: Int64? { attempts.compactMap(\.memoryPeak).max() }
        /// What they read, in bytes.
        package var ioReadBytes: Int64? { Record.sum(attempts.compactMap(\.ioReadBytes)) }
        /// What they wrote, in bytes.
        package var ioWriteBytes: Int64? { Record.sum(attempts.compactMap(\.ioWriteBytes)) }

        /// Seconds from its first attempt's start to its last one's end, or to that moment.
        package func seconds(now: Timestamp) -> Double? {
            guard let started else { return nil }
            guard state.isEnded else { return max(0, now.seconds(since: started)) }
            return ended.map { max(0, $0.seconds(since: started)) }
        }

        private static func sum<Number: AdditiveArithmetic>(_ values: [Number]) -> Number? {
            values.isEmpty ? nil : values.reduce(.zero, +)
        }
    }

    /// One attempt.
    package struct Attempt: Sendable {
        /// Its number, from 1.
        package var number: Int
        /// Whether it repaired something and did not do the step's own work.
        package var isRepair: Bool
        /// The unit it ran as.
        package var unit: String
        /// What it is doing or how it ended.
        package var state: StepState
        /// How it ended, in words.
        package var words: String?
        /// The exit status.
        package var exitCode: Int?
        /// The signal that ended it.
        package var signal: String?
        /// systemd's own word for the result.
        package var result: String?
        /// When it was ordered.
        package var started: Timestamp?
        /// When it ended.
        package var ended: Timestamp?
        /// CPU time in seconds.
        package var cpuSeconds: Double?
        /// The most memory it used, in bytes.
        package var memoryPeak: Int64?
        /// What it read from block devices, in bytes.
        package var ioReadBytes: Int64?
        /// What it wrote to block devices, in bytes.
        package var ioWriteBytes: Int64?

        /// Makes an attempt of which no use is known.
        package init(
            number: Int, isRepair: Bool = false, unit: String = "", state: StepState, words: String? = nil,
            exitCode: Int? = nil, signal: String? = nil, result: String? = nil, started: Timestamp?, ended: Timestamp?
        ) {
            (self.number, self.isRepair, self.unit, self.state) = (number, isRepair, unit, state)
            (self.words, self.exitCode, self.signal, self.result) = (words, exitCode, signal, result)
            (self.started, self.ended) = (started, ended)
        }
    }

    /// The end of what there is to show.
    package var end: Timestamp { ended ?? now }

    /// Seconds from its start to its end, or until now.
    package var elapsed: Double { max(0, end.seconds(since: started)) }

    /// The name of a record: the step's, of an item `STEP.ITEM`.
    package func name(_ place: RecordPlace) -> String {
        Names.step(steps[place.step].id, item: steps[place.step].records[place.record].item)
    }

    /// A record by its place.
    package subscript(place: RecordPlace) -> Record { steps[place.step].records[place.record] }

    /// The places of all records.
    package var places: [RecordPlace] {
        steps.indices.flatMap { step in steps[step].records.indices.map { RecordPlace(step: step, record: $0) } }
    }
}

/// Where a record is.
package struct RecordPlace: Sendable, Hashable {
    /// The step.
    package var step: Int
    /// The record among those of the step.
    package var record: Int
    /// Names a place.
    package init(step: Int, record: Int) { (self.step, self.record) = (step, record) }
}

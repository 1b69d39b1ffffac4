import PawlAPI
import PawlModel
import PawlPictures

/// A report as JSON: `pawl report RUN --output json`. Keys are added and never redefined.
struct ReportDocument: Encodable {
    /// A step or one of its items.
    struct Step: Encodable {
        var id: String
        @OrNull var item: Int?
        var state: StepState
        @OrNull var reason: String?
        @OrNull var exitCode: Int?
        @OrNull var seconds: Double?
        @OrNull var started: String?
        @OrNull var ended: String?
        var attempts: Int
        var retries: Int
        var waitsFor: [String]
        var critical: Bool
        @OrNull var cpuSeconds: Double?
        @OrNull var memoryPeak: Int64?
        @OrNull var memoryMax: Int64?
        @OrNull var ioReadBytes: Int64?
        @OrNull var ioWriteBytes: Int64?
        @OrNull var log: String?

        private enum CodingKeys: String, CodingKey {
            case id, item, state, reason, seconds, started, ended, attempts, retries, critical, log
            case exitCode = "exit_code"
            case waitsFor = "waits_for"
            case cpuSeconds = "cpu_seconds"
            case memoryPeak = "memory_peak"
            case memoryMax = "memory_max"
            case ioReadBytes = "io_read_bytes"
            case ioWriteBytes = "io_write_bytes"
        }
    }

    /// The sums.
    struct Summary: Encodable {
        var total: Int
        var successful: Int
        var failed: Int
        var skipped: Int
        var cancelled: Int
        var totalSeconds: Double
        var averageSeconds: Double
        var attempts: Int
        var retries: Int
        @OrNull var cpuSeconds: Double?
        @OrNull var memoryPeak: Int64?
        @OrNull var ioReadBytes: Int64?
        @OrNull var ioWriteBytes: Int64?

        private enum CodingKeys: String, CodingKey {
            case total, successful, failed, skipped, cancelled, attempts, retries
            case totalSeconds = "total_seconds"
            case averageSeconds = "average_seconds"
            case cpuSeconds = "cpu_seconds"
            case memoryPeak = "memory_peak"
            case ioReadBytes = "io_read_bytes"
            case ioWriteBytes = "io_write_bytes"
        }
    }

    /// A step on the critical path.
    struct Link: Encodable {
        var step: String
        @OrNull var item: Int?
        var seconds: Double
        var wait_seconds: Double
        var cause: String
    }

    /// A step that failed, with the end of its log.
    struct Failure: Encodable {
        var step: String
        @OrNull var item: Int?
        var state: StepState
        var words: String
        var log: [String]
    }

    /// Something that the figures recommend.
    struct Recommendation: Encodable {
        var topic: String
        @OrNull var step: String?
        var text: String
    }

    private let facts: RunFacts
    private let report: Report

    /// Makes the document of a report.
    init(_ report: Report) { (facts, self.report) = (report.facts, report) }

    private enum CodingKeys: String, CodingKey {
        case run, id, workflow, state, reason, started, ended, summary, steps, errors, recommendations
        case definitionFile = "definition_file"
        case elapsedSeconds = "elapsed_seconds"
        case maxParallel = "max_parallel"
        case failFast = "fail_fast"
        case criticalPath = "critical_path"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(facts.run, forKey: .run)
        try container.encode(facts.id, forKey: .id)
        try container.encode(facts.workflow, forKey: .workflow)
        try container.encode(facts.state, forKey: .state)
        try container.encode(facts.reason, forKey: .reason)
        try container.encode(TimeText.text(of: facts.started), forKey: .started)
        try container.encode(facts.ended.map(TimeText.text), forKey: .ended)
        try container.encode(facts.elapsed, forKey: .elapsedSeconds)
        try container.encode(facts.file, forKey: .definitionFile)
        try container.encode(facts.maxParallel, forKey: .maxParallel)
        try container.encode(facts.failFast, forKey: .failFast)
        try container.encode(summary, forKey: .summary)
        try container.encode(facts.places.map(step), forKey: .steps)
        try container.encode(links, forKey: .criticalPath)
        try container.encode(failures, forKey: .errors)
        try container.encode(
            report.advice.map { Recommendation(topic: $0.topic, step: $0.step, text: $0.text) },
            forKey: .recommendations)
    }

    private var summary: Summary {
        let sums = report.summary
        return Summary(
            total: sums.total, successful: sums.successful, failed: sums.failed, skipped: sums.states[.skipped] ?? 0,
            cancelled: sums.states[.cancelled] ?? 0, totalSeconds: ReportDocument.rounded(sums.totalSeconds),
            averageSeconds: ReportDocument.rounded(sums.averageSeconds), attempts: sums.attempts, retries: sums.retries,
            cpuSeconds: sums.cpuSeconds, memoryPeak: sums.memoryPeak, ioReadBytes: sums.ioReadBytes,
            ioWriteBytes: sums.ioWriteBytes)
    }

    private func step(_ place: RecordPlace) -> Step {
        let (step, record) = (facts.steps[place.step], facts[place])
        return Step(
            id: step.id, item: record.item, state: record.state, reason: record.reason, exitCode: record.exitCode,
            seconds: report.seconds(place), started: record.started.map(TimeText.text),
            ended: record.ended.map(TimeText.text), attempts: record.attempts.count,
            retries: max(0, record.tries.count - 1), waitsFor: step.waitsFor.map { facts.steps[$0.step].id },
            critical: report.path.places.contains(place), cpuSeconds: record.cpuSeconds, memoryPeak: record.memoryPeak,
            memoryMax: step.memoryLimit, ioReadBytes: record.ioReadBytes, ioWriteBytes: record.ioWriteBytes,
            log: record.attempts.isEmpty ? nil : report.logCommand(place))
    }

    private var links: [Link] {
        report.path.links.map { link in
            let cause =
                switch link.cause {
                case .start: "start"
                case .dependency: "dependency"
                case .room: "room"
                }
            return Link(
                step: facts.steps[link.place.step].id, item: facts[link.place].item, seconds: link.seconds,
                wait_seconds: link.wait, cause: cause)
        }
    }

    private var failures: [Failure] {
        report.failures.map { place in
            Failure(
                step: facts.steps[place.step].id, item: facts[place].item, state: facts[place].state,
                words: report.words(place), log: facts[place].log)
        }
    }

    /// To the millisecond, as the times are from which it comes.
    static func rounded(_ seconds: Double) -> Double { (seconds * 1000).rounded() / 1000 }
}

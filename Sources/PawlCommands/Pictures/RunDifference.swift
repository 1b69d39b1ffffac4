import PawlAPI
import PawlModel

/// What differs between two runs: `pawl diff`.
struct RunDifference: Encodable {
    /// One of the two, as far as it is compared.
    struct Side {
        /// The run with its steps.
        var status: RunStatus
        /// What it goes by; nil where that is not to be had.
        var definition: RunDefinition?
        /// What its steps gave.
        var outputs: StepOutputs
        /// The moment at which it was looked at.
        var now: Timestamp
    }

    /// One of the two in a few words.
    struct Head: Encodable {
        var run: String
        var workflow: String
        var state: RunState
        @OrNull var started: String?
        @OrNull var elapsed_seconds: Double?
    }

    /// A file of the workflow that is not the same.
    struct File: Encodable {
        var file: String
        var lines: [String]
    }

    /// A value that is not the same; null where one of the two has none.
    struct Change: Encodable, Equatable {
        var name: String
        var values: [Value]
    }

    /// A step that did not do the same.
    struct Step: Encodable {
        var id: String
        @OrNull var item: Int?
        /// What of it differs: `only`, `state`, `attempts`, `seconds`, `outputs`.
        var changed: [String]
        var states: [StepState?]
        var attempts: [Int?]
        var seconds: [Double?]
        var outputs: [Change]
    }

    var runs: [Head]
    var definition: [File]
    var variables: [Change]
    var steps: [Step]
    var outputs: [Change]

    /// Whether nothing differs but when they ran.
    var isEmpty: Bool {
        definition.isEmpty && variables.isEmpty && steps.isEmpty && outputs.isEmpty && runs[0].state == runs[1].state
    }

    /// Compares two runs.
    init(_ one: Side, _ other: Side) {
        runs = [one, other].map { side in
            Head(
                run: side.status.run, workflow: side.status.workflow, state: side.status.state,
                started: side.status.started,
                elapsed_seconds: side.status.elapsed(now: side.now).map(ReportDocument.rounded))
        }
        definition = RunDifference.files(one.definition, other.definition)
        variables = RunDifference.changes(one.definition?.variables ?? [:], other.definition?.variables ?? [:])
        outputs = RunDifference.changes(one.status.outputs ?? [:], other.status.outputs ?? [:])
        steps = RunDifference.steps(one, other)
    }

    private static func files(_ one: RunDefinition?, _ other: RunDefinition?) -> [File] {
        guard let one, let other else { return [] }
        var names: [String] = []
        var texts: [String: [String]] = [:]
        for (side, definition) in [one, other].enumerated() {
            for file in definition.files {
                // The workflow's own file is the same one wherever it lay.
                let name =
                    file.kind == "workflow" ? one.files.first { $0.kind == "workflow" }?.file ?? file.file : file.file
                if texts[name] == nil {
                    names.append(name)
                    texts[name] = ["", ""]
                }
                texts[name]?[side] = file.text
            }
        }
        return names.compactMap { name in
            guard let pair = texts[name], pair[0] != pair[1] else { return nil }
            return File(file: name, lines: TextDifference.lines(from: pair[0], to: pair[1]))
        }
    }

    private static func changes(_ one: [String: Value], _ other: [String: Value]) -> [Change] {
        Set(one.keys).union(other.keys).sorted().compactMap { name in
            let values = [one[name] ?? .null, other[name] ?? .null]
            return values[0] == values[1] ? nil : Change(name: name, values: values)
        }
    }

    private static func steps(_ one: Side, _ other: Side) -> [Step] {
        var order: [StepOutputs.Place] = []
        var found: [StepOutputs.Place: [StepStatus?]] = [:]
        for (side, status) in [one.status, other.status].enumerated() {
            for step in status.steps {
                let place = StepOutputs.Place(step: step.id, item: step.item)
                if found[place] == nil {
                    order.append(place)
                    found[place] = [nil, nil]
                }
                found[place]?[side] = step
            }
        }
        return order.compactMap { place in
            guard let pair = found[place] else { return nil }
            let seconds = zip(pair, [one.now, other.now]).map { $0?.elapsed(now: $1).map(ReportDocument.rounded) }
            let outputs = changes(
                one.outputs.entries[place]?.values ?? [:], other.outputs.entries[place]?.values ?? [:])
            var changed: [String] = []
            if pair.contains(where: { $0 == nil }) {
                changed = ["only"]
            } else {
                if pair[0]?.state != pair[1]?.state { changed.append("state") }
                if pair[0]?.attempts.count != pair[1]?.attempts.count { changed.append("attempts") }
                if isAnother(seconds[0], seconds[1]) { changed.append("seconds") }
                if !outputs.isEmpty { changed.append("outputs") }
            }
            guard !changed.isEmpty else { return nil }
            return Step(
                id: place.step, item: place.item, changed: changed, states: pair.map { $0?.state },
                attempts: pair.map { $0?.attempts.count }, seconds: seconds, outputs: outputs)
        }
    }

    /// No two runs take the same time: what counts is a fifth, and half a second at least.
    static func isAnother(_ one: Double?, _ other: Double?) -> Bool {
        guard let one, let other else { return (one == nil) != (other == nil) }
        return abs(one - other) >= max(0.5, min(one, other) / 5)
    }
}

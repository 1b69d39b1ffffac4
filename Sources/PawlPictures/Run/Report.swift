package import PawlModel

/// What there is to say of a run: its sums, what its length came from, and what the figures recommend.
package struct Report: Sendable {
    /// The run.
    package let facts: RunFacts
    /// What its length came from.
    package let path: CriticalPath
    /// The sums.
    package let summary: Summary
    /// What the figures recommend.
    package let advice: [Advice]
    /// How times, sizes and moments are written.
    package let forms: Forms

    /// How a report writes what a reader measures in.
    package struct Forms: Sendable {
        /// A time span from seconds.
        package var duration: @Sendable (Double) -> String
        /// A size from bytes.
        package var size: @Sendable (Int64) -> String
        /// A moment with its date.
        package var moment: @Sendable (Timestamp) -> String

        /// Makes forms.
        package init(
            duration: @escaping @Sendable (Double) -> String, size: @escaping @Sendable (Int64) -> String,
            moment: @escaping @Sendable (Timestamp) -> String
        ) {
            (self.duration, self.size, self.moment) = (duration, size, moment)
        }
    }

    /// The sums of a run: each item of a step with `foreach` is counted as one step.
    package struct Summary: Sendable, Equatable {
        /// Steps and items.
        package var total = 0
        /// Those in each state.
        package var states: [StepState: Int] = [:]
        /// Those that have run, or run still.
        package var ran = 0
        /// What they took, one after the other, in seconds.
        package var totalSeconds = 0.0
        /// Attempts in all.
        package var attempts = 0
        /// Those after the first of their step.
        package var retries = 0
        /// CPU time in seconds, as far as it is known.
        package var cpuSeconds: Double?
        /// The most memory that one attempt had.
        package var memoryPeak: Int64?
        /// What was read, in bytes.
        package var ioReadBytes: Int64?
        /// What was written, in bytes.
        package var ioWriteBytes: Int64?

        /// Those that did well.
        package var successful: Int { states[.succeeded] ?? 0 }
        /// Those that did not.
        package var failed: Int {
            (states[.failed] ?? 0) + (states[.timedOut] ?? 0) + (states[.interrupted] ?? 0)
        }
        /// What one of those that ran took, in seconds.
        package var averageSeconds: Double { ran == 0 ? 0 : totalSeconds / Double(ran) }
    }

    /// Makes a report.
    package init(_ facts: RunFacts, forms: Forms) {
        self.facts = facts
        self.forms = forms
        path = CriticalPath(facts)
        var summary = Summary()
        for place in facts.places {
            let record = facts[place]
            summary.total += 1
            summary.states[record.state, default: 0] += 1
            if let seconds = record.seconds(now: facts.end) {
                summary.ran += 1
                summary.totalSeconds += seconds
            }
            summary.attempts += record.attempts.count
            summary.retries += max(0, record.tries.count - 1)
            summary.cpuSeconds = record.cpuSeconds.map { (summary.cpuSeconds ?? 0) + $0 } ?? summary.cpuSeconds
            summary.memoryPeak = [summary.memoryPeak, record.memoryPeak].compactMap(\.self).max()
            summary.ioReadBytes = record.ioReadBytes.map { (summary.ioReadBytes ?? 0) + $0 } ?? summary.ioReadBytes
            summary.ioWriteBytes = record.ioWriteBytes.map { (summary.ioWriteBytes ?? 0) + $0 } ?? summary.ioWriteBytes
        }
        self.summary = summary
        advice = Advice.all(facts, path, summary, forms)
    }

    /// What a record took, in seconds.
    package func seconds(_ place: RecordPlace) -> Double? { facts[place].seconds(now: facts.end) }

    /// The command that shows the log of a step.
    package func logCommand(_ place: RecordPlace) -> String { "pawl logs \(facts.run) \(facts.name(place))" }

    /// The records that did not do well, the first one to end first.
    package var failures: [RecordPlace] {
        facts.places.filter { facts[$0].isFailure }.sorted {
            (facts[$0].ended ?? facts.end, $0.step, $0.record) < (facts[$1].ended ?? facts.end, $1.step, $1.record)
        }
    }

    /// The graphs of the workflow's own steps and of those handlers that had their turn.
    package var graphs: [Graph] {
        var parts: [Graph] = []
        var places: [Int: (part: Int, node: Int)] = [:]
        for (step, value) in facts.steps.enumerated() {
            // A handler that had no turn would be a box of its own with nothing to tell.
            if !value.phase.isEmpty, value.records.allSatisfy({ $0.attempts.isEmpty && $0.state == .waiting }) {
                continue
            }
            var part = parts.firstIndex { $0.title == value.phase }
            if part == nil {
                part = parts.count
                parts.append(Graph(title: value.phase, nodes: [], edges: []))
            }
            guard let part else { continue }
            places[step] = (part, parts[part].nodes.count)
            parts[part].nodes.append(node(step))
        }
        let links = zip(path.links, path.links.dropFirst()).filter { $1.cause == .dependency }
        let critical = Set(links.map { [$0.place.step, $1.place.step] })
        for (step, value) in facts.steps.enumerated() {
            guard let to = places[step] else { continue }
            for dependency in value.waitsFor {
                guard let from = places[dependency.step], from.part == to.part else { continue }
                var edge = Graph.Edge(from.node, to.node, dependency.kind)
                edge.isCritical = critical.contains([dependency.step, step])
                parts[to.part].edges.append(edge)
            }
        }
        return parts
    }

    private func node(_ step: Int) -> Graph.Node {
        let value = facts.steps[step]
        var items: [StepState: Int] = [:]
        if value.hasItems {
            for record in value.records where record.item != nil { items[record.state, default: 0] += 1 }
        }
        let starts = value.records.compactMap(\.started)
        let ends = value.records.map { $0.ended ?? facts.end }
        var note = value.state.rawValue
        if let start = starts.min(), let end = ends.max() {
            note = forms.duration(max(0, end.seconds(since: start)))
            let tries = value.records.map(\.tries.count).max() ?? 0
            if !value.hasItems, tries > 1 { note += ", attempt \(tries)" }
        }
        if !items.isEmpty { note += ", \(items.values.reduce(0, +)) items" }
        var node = Graph.Node(
            id: value.id, note: note, isConditional: value.isConditional, hasItems: false,
            result: Graph.Result(state: value.state, items: items))
        node.isCritical = path.steps.contains(step)
        return node
    }
}

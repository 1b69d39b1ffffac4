package import PawlModel

/// What a run's length came from: the steps of which each began when the one before it was over, back from the last one to end.
package struct CriticalPath: Sendable {
    /// One step or item on it.
    package struct Link: Sendable, Equatable {
        /// Why it began no earlier.
        package enum Cause: Sendable, Equatable {
            /// Nothing was before it.
            case start
            /// It waits for the one before.
            case dependency
            /// The one before had the last place of those that may run at once.
            case room
        }
        /// Which.
        package var place: RecordPlace
        /// When it began.
        package var started: Timestamp
        /// When it ended.
        package var ended: Timestamp
        /// Why it began no earlier.
        package var cause: Cause
        /// Seconds from the end of the one before, or the run's start, to its own start.
        package var wait: Double
        /// Seconds for which nothing was missing but room.
        package var lost = 0.0

        /// Seconds that it took.
        package var seconds: Double { max(0, ended.seconds(since: started)) }
    }

    /// The links, the first one first.
    package private(set) var links: [Link] = []

    /// Finds the path of a run.
    package init(_ facts: RunFacts) {
        struct Span {
            var place: RecordPlace
            var start: Timestamp
            var end: Timestamp
        }
        let spans = facts.places.compactMap { place -> Span? in
            let record = facts[place]
            guard let start = record.started else { return nil }
            return Span(place: place, start: start, end: max(start, record.ended ?? facts.end))
        }
        guard var span = spans.max(by: { ($0.end, $0.start) < ($1.end, $1.start) }) else { return }
        let byStep = Dictionary(grouping: spans) { $0.place.step }
        /// The last to end of what a step waits for; what never ran is looked through.
        func before(_ step: Int) -> Span? {
            var seen: Set<Int> = [step]
            var next = facts.steps[step].waitsFor.map(\.step)
            var found: [Span] = []
            // The steps of a handler follow those of the workflow.
            if next.isEmpty, !facts.steps[step].phase.isEmpty {
                let phase = facts.steps[step].phase
                return spans.filter { facts.steps[$0.place.step].phase != phase && $0.end <= span.start }.max {
                    $0.end < $1.end
                }
            }
            while let candidate = next.popLast() {
                guard seen.insert(candidate).inserted else { continue }
                if let list = byStep[candidate] {
                    found += list
                } else {
                    next += facts.steps[candidate].waitsFor.map(\.step)
                }
            }
            return found.filter { $0.end <= span.start }.max { $0.end < $1.end }
        }
        var seen: Set<RecordPlace> = []
        while seen.insert(span.place).inserted {
            var previous = before(span.place.step)
            var cause = previous == nil ? Link.Cause.start : .dependency
            // From when on nothing but room was missing.
            let free = previous?.end ?? facts.started
            if span.start.seconds(since: free) > max(0.2, facts.elapsed / 100) {
                let freed = spans.filter { $0.end > free && $0.end <= span.start && $0.place != span.place }
                if let last = freed.max(by: { $0.end < $1.end }),
                    span.start.seconds(since: last.end) < span.start.seconds(since: free) / 4
                {
                    (previous, cause) = (last, .room)
                }
            }
            var link = Link(
                place: span.place, started: span.start, ended: span.end, cause: cause,
                wait: max(0, span.start.seconds(since: previous?.end ?? facts.started)))
            if cause == .room, let previous { link.lost = span.start.seconds(since: max(free, previous.start)) }
            links.append(link)
            guard let previous else { break }
            span = previous
        }
        links.reverse()
    }

    /// The places on it.
    package var places: Set<RecordPlace> { Set(links.map(\.place)) }

    /// The steps on it.
    package var steps: Set<Int> { Set(links.map(\.place.step)) }

    /// Seconds of work on it, without what lies between.
    package var seconds: Double { links.reduce(0) { $0 + $1.seconds } }
}

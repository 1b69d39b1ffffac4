/// How long what is left of a run will take, by playing it through: what waits starts when what it needs is over and there is
/// room, and each part takes as long as it mostly did before. So the critical path falls out of it, and so does a bound on
/// how many steps run at once.
package struct Forecast: Sendable {
    /// A step without items, or one of its items.
    package enum Part: Sendable, Equatable {
        /// It has yet to start.
        case waiting
        /// It has been going on for so many seconds; `share` is how much of it is done by its own word, from 0 to 1.
        case running(seconds: Double, share: Double?)
        /// It waits to be tried again, and began so many seconds ago.
        case pausing(seconds: Double)
    }

    /// A step that has not ended.
    package struct Step: Sendable {
        /// The steps of the forecast that have to end first.
        package var needs: [Int] = []
        /// Those of which one has to end first; empty where one has, or none is asked for.
        package var needsOneOf: [Int] = []
        /// What is left of it.
        package var parts: [Part] = [.waiting]
        /// How many of them may run at once.
        package var atOnce = Int.max
        /// How long a part of it took before, in seconds, rising; nil where nothing is known.
        package var former: [Double]?

        /// Makes a step.
        package init(
            needs: [Int] = [], needsOneOf: [Int] = [], parts: [Part] = [.waiting], atOnce: Int = .max,
            former: [Double]?
        ) {
            (self.needs, self.needsOneOf, self.parts, self.atOnce) = (needs, needsOneOf, parts, atOnce)
            self.former = former?.sorted()
        }
    }

    /// The steps that have not ended, in the order in which they are started where there is a choice.
    package var steps: [Step]
    /// How many parts run at once.
    package var maxParallel: Int

    /// Makes a forecast.
    package init(steps: [Step], maxParallel: Int) { (self.steps, self.maxParallel) = (steps, max(1, maxParallel)) }

    /// How long something will still take that took so long before, once that much of it is over.
    ///
    /// Of what goes on for longer than half of the former ones did, only the others can tell: the median is that of those.
    package static func left(_ former: [Double], after seconds: Double = 0, share: Double? = nil) -> Double? {
        // What it says of itself is worth more than what others did, once it has said enough.
        if let share, share >= leastShare, seconds > 0 { return max(0, seconds * (1 - share) / share) }
        guard !former.isEmpty else { return nil }
        guard seconds > 0 else { return median(former[...]) }
        // Rising, so the longer ones are the last ones.
        let longer = former[(former.firstIndex { $0 > seconds } ?? former.endIndex)...]
        // Longer than ever: nobody knows, and the longer it has taken the longer it may.
        return longer.isEmpty ? seconds * overdue : median(longer) - seconds
    }

    private static let leastShare = 0.05
    private static let overdue = 0.1

    private static func median(_ rising: ArraySlice<Double>) -> Double {
        let middle = rising.startIndex + rising.count / 2
        return rising.count % 2 == 1 ? rising[middle] : (rising[middle - 1] + rising[middle]) / 2
    }

    /// Seconds to the end of the last step; nil where that hangs on something nothing is known of.
    package func left() -> Double? {
        var play = Play(self)
        return play.run()
    }
}

/// One way through a forecast.
private struct Play {
    private let forecast: Forecast
    /// For each step, those that wait for it.
    private var dependents: [[(step: Int, isOneOf: Bool)]]
    private var needs: [Int]
    private var isOneOfOpen: [Bool]
    /// The next part of each step that has yet to start, and how many of its parts run and have not ended.
    private var next: [Int]
    private var busy: [Int]
    private var left: [Int]
    private var ready = Heap<Int>()
    private var ends = Heap<End>()
    private var running = 0
    private var time = 0.0

    private struct End: Comparable {
        var time: Double
        var step: Int
        /// Whether it takes one of the places of what runs at once.
        var takesPlace: Bool
        static func < (left: End, right: End) -> Bool { (left.time, left.step) < (right.time, right.step) }
    }

    init(_ forecast: Forecast) {
        self.forecast = forecast
        let steps = forecast.steps
        dependents = Array(repeating: [], count: steps.count)
        needs = steps.map(\.needs.count)
        isOneOfOpen = steps.map { !$0.needsOneOf.isEmpty }
        next = Array(repeating: 0, count: steps.count)
        busy = next
        left = steps.map(\.parts.count)
        for (place, step) in steps.enumerated() {
            for need in step.needs { dependents[need].append((place, false)) }
            for need in step.needsOneOf { dependents[need].append((place, true)) }
        }
    }

    mutating func run() -> Double? {
        for place in forecast.steps.indices {
            guard begin(place) else { return nil }
        }
        for place in forecast.steps.indices where needs[place] == 0 && !isOneOfOpen[place] {
            if left[place] == 0 { end(place) } else { ready.insert(place) }
        }
        while true {
            guard start() else { return nil }
            guard let first = ends.removeFirst() else { break }
            time = max(time, first.time)
            if first.takesPlace { running -= 1 }
            busy[first.step] -= 1
            left[first.step] -= 1
            if left[first.step] == 0 {
                end(first.step)
            } else if next[first.step] < forecast.steps[first.step].parts.count {
                ready.insert(first.step)
            }
        }
        // What still waits has nothing that it could wait for.
        return left.allSatisfy { $0 == 0 } ? time : nil
    }

    /// What goes on already.
    private mutating func begin(_ place: Int) -> Bool {
        let step = forecast.steps[place]
        for part in step.parts {
            let seconds: Double?
            var takesPlace = true
            switch part {
            case .waiting: continue
            case .running(let elapsed, let share):
                seconds = Forecast.left(step.former ?? [], after: elapsed, share: share)
            case .pausing(let elapsed):
                seconds = Forecast.left(step.former ?? [], after: elapsed)
                takesPlace = false
            }
            guard let seconds else { return false }
            ends.insert(End(time: seconds, step: place, takesPlace: takesPlace))
            busy[place] += 1
            if takesPlace { running += 1 }
        }
        return true
    }

    /// Starts what can start.
    private mutating func start() -> Bool {
        while running < forecast.maxParallel, let place = ready.removeFirst() {
            let step = forecast.steps[place]
            while next[place] < step.parts.count, step.parts[next[place]] != .waiting { next[place] += 1 }
            guard next[place] < step.parts.count, busy[place] < step.atOnce else { continue }
            guard let seconds = Forecast.left(step.former ?? []) else { return false }
            next[place] += 1
            busy[place] += 1
            running += 1
            ends.insert(End(time: time + seconds, step: place, takesPlace: true))
            // It stays in front for its other parts.
            ready.insert(place)
        }
        return true
    }

    private mutating func end(_ place: Int) {
        for (dependent, isOneOf) in dependents[place] {
            if isOneOf {
                guard isOneOfOpen[dependent] else { continue }
                isOneOfOpen[dependent] = false
            } else {
                needs[dependent] -= 1
            }
            guard needs[dependent] == 0, !isOneOfOpen[dependent] else { continue }
            if left[dependent] == 0 { end(dependent) } else { ready.insert(dependent) }
        }
    }
}

/// A binary heap, the smallest first.
private struct Heap<Element: Comparable> {
    private var elements: [Element] = []

    mutating func insert(_ element: Element) {
        elements.append(element)
        var child = elements.count - 1
        while child > 0, elements[child] < elements[(child - 1) / 2] {
            elements.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() -> Element? {
        guard let first = elements.first else { return nil }
        let last = elements.removeLast()
        guard !elements.isEmpty else { return first }
        elements[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < elements.count else { return first }
            if child + 1 < elements.count, elements[child + 1] < elements[child] { child += 1 }
            guard elements[child] < elements[parent] else { return first }
            elements.swapAt(child, parent)
            parent = child
        }
    }
}

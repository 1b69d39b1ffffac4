import PawlAPI
import PawlModel

/// What the steps of a run gave, read from the run's events.
struct StepOutputs {
    /// A step or one of its items.
    struct Place: Hashable, Comparable {
        /// The step's name.
        var step: String
        /// The item's number.
        var item: Int?
        static func < (one: Place, other: Place) -> Bool {
            (one.step, one.item ?? -1) < (other.step, other.item ?? -1)
        }
    }

    /// What one attempt gave.
    struct Entry: Equatable {
        /// The attempt's number.
        var attempt: Int
        /// What it wrote to stdout, where some expression reads that.
        var output: Value?
        /// What it wrote to `$PAWL_OUTPUT`.
        var outputs: [String: Value]

        /// All of it by name; stdout is `output`, which no output of a step's can be called.
        var values: [String: Value] {
            output.map { outputs.merging(["output": $0]) { own, _ in own } } ?? outputs
        }
    }

    /// What the last attempt of each gave that did the step's own work.
    private(set) var entries: [Place: Entry] = [:]
    private var repairs: Set<[Value]> = []

    /// Takes an event.
    mutating func take(_ event: EventEntry) {
        guard case .map(let body) = event.body, case .string(let step)? = body["step"],
            case .integer(let number)? = body["number"]
        else { return }
        let key = [Value.string(step), body["item"] ?? .null, .integer(number)]
        switch event.kind {
        case "attempt-ordered":
            if let repair = body["repair"], repair != .null { repairs.insert(key) }
        case "attempt-ended":
            guard !repairs.contains(key), case .map(let outcome)? = body["outcome"] else { return }
            var item: Int?
            if case .integer(let value)? = body["item"] { item = Int(value) }
            var outputs: [String: Value] = [:]
            if case .map(let values)? = outcome["outputs"] { outputs = values }
            let output = outcome["output"].flatMap { $0 == .null ? nil : $0 }
            entries[Place(step: step, item: item)] =
                output == nil && outputs.isEmpty ? nil : Entry(attempt: Int(number), output: output, outputs: outputs)
        default: break
        }
    }

    /// As JSON.
    var document: Value {
        .list(
            entries.sorted { $0.key < $1.key }.map { place, entry in
                .map([
                    "id": .string(place.step), "item": place.item.map { .integer(Int64($0)) } ?? .null,
                    "attempt": .integer(Int64(entry.attempt)), "output": entry.output ?? .null,
                    "outputs": .map(entry.outputs),
                ])
            })
    }
}

package import PawlModel

/// When in a run a step has its turn.
package enum StepPhase: String, Sendable, Codable, CaseIterable {
    /// The workflow's own steps.
    case main = "steps"
    /// After all of them have done well.
    case onSuccess = "on_success"
    /// After the run has failed or timed out.
    case onFailure = "on_failure"
    /// After the run was cancelled.
    case onCancel = "on_cancel"
    /// At the very end, whatever it was.
    case onExit = "on_exit"
    /// After that, where there are services to stop. No key of a workflow's: pawl does it itself.
    case services

    /// Those that a workflow has a list of steps for, beside its own.
    static let handlers: [StepPhase] = [.onSuccess, .onFailure, .onCancel, .onExit]

    /// The handlers that a run's outcome calls for, before those of `on_exit`.
    package init?(after state: RunState) {
        switch state {
        case .succeeded: self = .onSuccess
        case .failed, .timedOut: self = .onFailure
        case .cancelled: self = .onCancel
        case .queued, .running, .paused, .stopped: return nil
        }
    }
}

/// What a step asks of one that it waits for.
package enum DependencyKind: String, Sendable, Codable, CaseIterable {
    /// That it is done: it has succeeded, was skipped, or says `continue_on_failure`.
    case done
    /// That one of these has succeeded; if none has, that one was skipped and not for a failure.
    case any
    /// That it is over, whatever came of it.
    case ended
    /// That it has failed.
    case failed
}

/// A value in which texts may hold `${...}`: what `foreach` and `with` take.
package indirect enum ValueTemplate: Sendable {
    /// A single value.
    case template(Template)
    /// A list of values.
    case list([ValueTemplate])
    /// A map of values.
    case map([String: ValueTemplate])

    /// The value in a scope.
    package func evaluate(in scope: any Scope) throws(EvaluationFault) -> Value {
        switch self {
        case .template(let template): return try template.evaluate(in: scope)
        case .list(let items):
            var values: [Value] = []
            for item in items { values.append(try item.evaluate(in: scope)) }
            return .list(values)
        case .map(let entries):
            var values: [String: Value] = [:]
            for (key, entry) in entries { values[key] = try entry.evaluate(in: scope) }
            return .map(values)
        }
    }
}

/// One step for each item of a list or a map.
package struct Foreach: Sendable {
    /// What gives the items.
    package var items: ValueTemplate
    /// How many items run at once; nil: as many as the run allows.
    package var maxParallel: Int?
    /// How many items one of its steps takes together, as a list; nil: one, by itself.
    package var batch: Int?

    /// More items are refused: each is a step with a record of its own.
    package static let most = 10_000

    /// The items, each as `item` will have it. Those of a map have `key` and `value`, in the order of the keys.
    package func values(in scope: any Scope) throws(EvaluationFault) -> [Value] {
        var work = Work()
        let given = try items.evaluate(in: scope)
        let value: Value
        do throws(FunctionFault) { value = try given.structured(&work) } catch {
            throw EvaluationFault(message: error.message, offset: 0)
        }
        var result: [Value]
        switch value {
        case .list(let items): result = items
        case .map(let entries):
            result = entries.sorted { $0.key < $1.key }.map { .map(["key": .string($0.key), "value": $0.value]) }
        default: throw EvaluationFault(message: "'foreach' needs a list or a map, not \(value.kindName)", offset: 0)
        }
        if let batch, batch > 0 {
            result = stride(from: 0, to: result.count, by: batch).map {
                .list(Array(result[$0..<min($0 + batch, result.count)]))
            }
        }
        guard result.count <= Foreach.most else {
            throw EvaluationFault(
                message:
                    "'foreach' has \(result.count) items; at most \(Foreach.most) are taken, more of them with 'batch'",
                offset: 0)
        }
        return result
    }
}

extension Template {
    /// The truth that it gives, also as text; nil where it gives none.
    package func truth(in scope: any Scope) throws(EvaluationFault) -> Bool? {
        guard case .boolean(let value)? = try evaluate(in: scope).asBoolean else { return nil }
        return value
    }
}

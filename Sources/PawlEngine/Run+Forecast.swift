import PawlLanguage
package import PawlModel

/// How long a step took in earlier runs of its workflow.
package struct StepTimes: Sendable, Equatable {
    /// How many items it had last; nil for a step without any.
    package var items: Int?
    /// Seconds of those of its runs, or of its items, that did well; 0 where it had nothing to do.
    package var seconds: [Double]

    /// Makes a value.
    package init(items: Int? = nil, seconds: [Double]) { (self.items, self.seconds) = (items, seconds) }
}

extension Run {
    /// The names of its steps, in the order written.
    package var stepNames: [String] { workflow.steps.map(\.id) }

    /// How long each of its steps took that has come to a good end; what others tell nothing of how long one takes.
    package var times: [String: StepTimes] {
        // What takes back has steps of its own under the workflow's name.
        guard created.undo == nil else { return [:] }
        var times: [String: StepTimes] = [:]
        for (index, record) in steps.enumerated() where record.state.isEnded {
            let id = workflow.steps[index].id
            guard !leftOut.contains(id) else { continue }
            if let count = record.itemCount {
                let seconds = record.items.compactMap(\.seconds)
                if !seconds.isEmpty || count == 0 { times[id] = StepTimes(items: count, seconds: seconds) }
            } else if let seconds = record.seconds {
                times[id] = StepTimes(seconds: [seconds])
            }
        }
        return times
    }

    /// What is left of it, to be played through; nil where it waits for a person, or does not go on.
    ///
    /// - Parameters:
    ///   - times: how long its steps took before, by name.
    ///   - progress: how much of what runs is done by its own word, in percent.
    package func forecast(_ times: [String: StepTimes], at now: Timestamp, progress: [Place: Int]) -> Forecast? {
        guard state == .running, cancel == nil, created.undo == nil, approvals.isEmpty, !times.isEmpty else {
            return nil
        }
        var forecast = Forecast(steps: [], maxParallel: maxParallel)
        var places: [Int: Int] = [:]
        for phase in phasesLeft {
            // What has its turn later waits for all that is before it, which is one step here.
            var before: Int?
            if !forecast.steps.isEmpty {
                before = forecast.steps.count
                forecast.steps.append(.init(needs: Array(forecast.steps.indices), parts: [], former: nil))
            }
            let open = steps.indices.filter { workflow.steps[$0].phase == phase && !steps[$0].state.isEnded }
            for (place, index) in open.enumerated() { places[index] = forecast.steps.count + place }
            for index in open {
                guard var step = step(index, places, times, now, progress) else { return nil }
                if let before { step.needs.append(before) }
                forecast.steps.append(step)
            }
        }
        return forecast
    }

    /// Seconds that what runs at a place will still take; nil where nothing is known.
    package func timeLeft(
        of place: Place, _ times: [String: StepTimes], at now: Timestamp, progress: [Place: Int]
    ) -> Double? {
        guard case .running(let seconds, let share)? = part(place, now, progress) else { return nil }
        let former = times[workflow.steps[place.step].id]?.seconds.sorted() ?? []
        return Forecast.left(former, after: seconds, share: share)
    }

    /// The phase that has its turn, and those that follow if all goes well.
    private var phasesLeft: [StepPhase] {
        switch phase {
        case .main: [.main, .onSuccess, .onExit]
        case .onSuccess, .onFailure, .onCancel: [phase, .onExit]
        case .onExit, .services: [phase]
        }
    }

    private func step(
        _ index: Int, _ places: [Int: Int], _ times: [String: StepTimes], _ now: Timestamp, _ progress: [Place: Int]
    ) -> Forecast.Step? {
        let step = workflow.steps[index]
        let record = steps[index]
        var result = Forecast.Step(former: times[step.id]?.seconds)
        for (target, kind) in zip(step.dependencies, step.dependencyKinds) {
            guard let need = places[target] else { continue }
            if kind == .any { result.needsOneOf.append(need) } else { result.needs.append(need) }
            // All is expected to go well.
            if kind == .failed { result.former = [0] }
        }
        if record.alternatives == 0 { result.needsOneOf = [] }
        switch step.action {
        case .none, .stopServices: result.former = [0]
        case .approval where !leftOut.contains(step.id) && !isDoomed(index): return nil
        default: break
        }
        if leftOut.contains(step.id) || isDoomed(index) { result.former = [0] }
        if let foreach = step.foreach {
            result.atOnce = foreach.maxParallel ?? .max
            if record.itemCount != nil {
                result.parts = record.items.indices.compactMap { part(Place(index, item: $0), now, progress) }
            } else {
                result.parts = Array(repeating: .waiting, count: times[step.id]?.items ?? 1)
            }
        } else {
            result.parts = part(Place(index), now, progress).map { [$0] } ?? []
        }
        return result
    }

    private func part(_ place: Place, _ now: Timestamp, _ progress: [Place: Int]) -> Forecast.Part? {
        let record = self[place]
        guard !record.state.isEnded else { return nil }
        guard let first = record.openAttempts.first, let last = record.attempts.last else { return .waiting }
        func seconds(since attempt: AttemptRecord) -> Double {
            let paused = record.attempts.reduce(0) { $0 + ($1.number < attempt.number ? 0 : $1.pausedSeconds) }
            return max(0, now.seconds(since: attempt.ordered) - paused)
        }
        if last.outcome != nil { return .pausing(seconds: seconds(since: first)) }
        let percent = progress[place]
        return .running(
            seconds: seconds(since: percent == nil ? first : last), share: percent.map { Double($0) / 100 })
    }
}

extension StepRecord {
    /// Its attempts since it was last opened.
    var openAttempts: ArraySlice<AttemptRecord> { attempts.dropFirst(attemptsBefore) }

    /// How long it took with all its attempts, where it came to a good end and nothing came in between.
    fileprivate var seconds: Double? {
        guard state == .succeeded || state == .skipped && skippedBecause == nil,
            !openAttempts.contains(where: { $0.state == .interrupted })
        else { return nil }
        guard let first = openAttempts.first, let last = attempts.last else { return state == .skipped ? 0 : nil }
        // While it was paused it was not at work.
        let paused = openAttempts.reduce(0) { $0 + $1.pausedSeconds }
        return (last.outcome?.ended ?? last.recorded).map { max(0, $0.seconds(since: first.ordered) - paused) }
    }
}

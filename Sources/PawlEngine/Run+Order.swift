import PawlLanguage
import PawlModel

/// What the end of one step or item means for others: who can start, who never will.
extension Run {
    /// Whether a step's end keeps those that depend on it from running.
    func blocks(_ index: Int) -> Bool {
        steps[index].blocksDependents(continueOnFailure: workflow.steps[index].continueOnFailure)
    }

    /// Tells a step that one it waits for is over.
    mutating func tell(_ dependent: Int, of index: Int, _ kind: DependencyKind, blame: String) {
        let isWaiting = steps[dependent].state == .waiting
        switch kind {
        case .done:
            steps[dependent].blockedBy -= 1
            if blocks(index) { doom(dependent, because: blame) }
        case .ended:
            steps[dependent].blockedBy -= 1
        case .failed:
            steps[dependent].blockedBy -= 1
            if !steps[index].hasFailed, isWaiting {
                spare(dependent, "step '\(workflow.steps[index].id)' did not fail")
            }
        case .any:
            tellAlternative(dependent, of: index, blame: blame)
        }
        guard steps[dependent].blockedBy == 0 else { return }
        if isWaiting, !isDoomed(dependent), isIdle(Place(dependent)) { ready.insert(dependent) }
        if steps[dependent].state == .running { settleItems(of: dependent) }
    }

    /// One that was skipped counts only if none of the others succeeds: of several branches the one that is not taken is
    /// skipped at once, while the one that is has yet to run.
    private mutating func tellAlternative(_ dependent: Int, of index: Int, blame: String) {
        guard steps[dependent].alternatives > 0 else { return }
        let isDone = !blocks(index)
        if isDone, steps[index].state != .skipped {
            steps[dependent].alternatives = 0
            steps[dependent].blockedBy -= 1
            return
        }
        if isDone { steps[dependent].hasSkippedAlternative = true }
        steps[dependent].alternatives -= 1
        guard steps[dependent].alternatives == 0 else { return }
        steps[dependent].blockedBy -= 1
        if !steps[dependent].hasSkippedAlternative { doom(dependent, because: blame) }
    }

    func isDoomed(_ index: Int) -> Bool { steps[index].skippedBecause != nil || steps[index].needless != nil }

    /// A step whose items have begun is over once none of them runs: what it needs was there, and was opened again since.
    private mutating func doom(_ index: Int, because: String) {
        guard steps[index].skippedBecause == nil else { return }
        guard !steps[index].state.isEnded else { return }
        steps[index].skippedBecause = because
        // With its attempt it ends as that does, and is not tried again.
        guard steps[index].state == .waiting else { return settleItems(of: index) }
        if steps[index].needless == nil { doomed.append(index) }
        ready.remove(index)
    }

    private mutating func spare(_ index: Int, _ reason: String) {
        guard !isDoomed(index) else { return }
        steps[index].needless = reason
        doomed.append(index)
        ready.remove(index)
    }

    /// With the first of its items a step has begun, also one that was opened again.
    mutating func beginItems(of place: Place) {
        guard place.item != nil, steps[place.step].state == .waiting else { return }
        steps[place.step].state = .running
        steps[place.step].reason = nil
    }

    /// What has its attempt, or its question, is none that can start.
    mutating func leaveReady(_ place: Place) {
        guard let item = place.item else { return ready.remove(place.step) }
        beginItems(of: place)
        steps[place.step].readyItems.remove(item)
        settleItems(of: place.step)
    }

    /// Moves what has paused long enough to what can start.
    mutating func endDelay(of place: Place) {
        delayed.remove(place)
        self[place].delayedUntil = nil
        guard let item = place.item else {
            // What it needs may have been opened again meanwhile: then the end of that brings it here.
            return steps[place.step].blockedBy == 0 ? ready.insert(place.step) : ()
        }
        steps[place.step].readyItems.insert(item)
        settleItems(of: place.step)
    }

    // MARK: Items

    /// A step with items stands among those that can start as long as one of its items can.
    mutating func settleItems(of index: Int) {
        let record = steps[index]
        let most = workflow.steps[index].foreach?.maxParallel ?? .max
        if record.state == .running, record.skippedBecause != nil {
            ready.remove(index)
            if record.runningItems == 0, record.itemsDone < record.itemCount ?? 0, !doomed.contains(index) {
                doomed.append(index)
            }
        } else if record.state == .running, record.blockedBy == 0, !record.readyItems.isEmpty,
            record.runningItems < most
        {
            ready.insert(index)
        } else {
            ready.remove(index)
        }
    }

    mutating func apply(_ body: StepExpanded, to index: Int) {
        steps[index].state = .running
        steps[index].reason = nil
        steps[index].itemCount = body.items.count
        steps[index].itemsDone = 0
        steps[index].runningItems = 0
        for (item, value) in body.items.enumerated() {
            if item < steps[index].itemRecords.count {
                steps[index].itemRecords[item].reopen()
            } else {
                steps[index].itemRecords.append(StepRecord())
            }
            steps[index].itemRecords[item].value = value
        }
        steps[index].readyItems = FallingList(rising: body.items.indices)
        if body.items.isEmpty { finished.append(index) }
        settleItems(of: index)
    }

    mutating func apply(_ body: StepEnded, toItem place: Place) {
        if workflow.steps[place.step].service != nil { servicesEpoch = nil }
        beginItems(of: place)
        self[place].state = body.state
        self[place].reason = body.reason
        self[place].delayedUntil = nil
        self[place].asked = nil
        dropLock(of: place)
        delayed.remove(place)
        approvals.remove(place)
        unjudged.removeAll { $0 == place }
        answered.removeAll { $0 == place }
        if let item = place.item { steps[place.step].readyItems.remove(item) }
        steps[place.step].itemsDone += 1
        if self[place].hasFailed, firstFailure == nil, !workflow.steps[place.step].continueOnFailure {
            firstFailure = place.step
        }
        if steps[place.step].itemsDone == steps[place.step].itemCount {
            finished.append(place.step)
            doomed.removeAll { $0 == place.step }
        }
        settleItems(of: place.step)
    }

    // MARK: Counting anew

    /// Counts anew what `apply` otherwise keeps up to date step by step: at the start, and after a resume or a change of the
    /// phase, where many steps change.
    mutating func rebuild() {
        stepsDone = steps.count(where: \.state.isEnded)
        left = 0
        var open: [Int] = []
        doomed = []
        finished = []
        for index in steps.indices where workflow.steps[index].phase == phase {
            recount(index)
            guard !steps[index].state.isEnded else { continue }
            left += 1
            if steps[index].itemCount != nil {
                recountItems(of: index)
                if steps[index].state == .running { continue }
            }
            if isIdle(Place(index)) { open.append(index) }
        }
        ready = FallingList(rising: open.filter { steps[$0].blockedBy == 0 && !isDoomed($0) })
        for index in steps.indices where workflow.steps[index].phase == phase && steps[index].itemCount != nil {
            if steps[index].state == .running { settleItems(of: index) }
        }
        // The first one last, so that they are told in the order written.
        doomed.reverse()
    }

    /// Counts what a step still waits for. It may have been doomed already when the run stopped; whether it still is shows
    /// here.
    private mutating func recount(_ index: Int) {
        let step = workflow.steps[index]
        steps[index].blockedBy = 0
        steps[index].alternatives = 0
        steps[index].hasSkippedAlternative = false
        if !steps[index].state.isEnded { (steps[index].skippedBecause, steps[index].needless) = (nil, nil) }
        var isMet = false
        var blame: String?
        var needless: String?
        for (target, kind) in zip(step.dependencies, step.dependencyKinds) {
            let hasEnded = steps[target].state.isEnded
            if kind != .any, !hasEnded { steps[index].blockedBy += 1 }
            guard hasEnded else {
                if kind == .any { steps[index].alternatives += 1 }
                continue
            }
            switch kind {
            case .done: if blocks(target) { blame = blame ?? steps[target].skippedBecause ?? workflow.steps[target].id }
            case .failed:
                if !steps[target].hasFailed {
                    needless = needless ?? "step '\(workflow.steps[target].id)' did not fail"
                }
            case .any where blocks(target): break
            case .any where steps[target].state == .skipped: steps[index].hasSkippedAlternative = true
            case .any: isMet = true
            case .ended: break
            }
        }
        if step.dependencyKinds.contains(.any) {
            if isMet {
                steps[index].alternatives = 0
            } else if steps[index].alternatives > 0 {
                steps[index].blockedBy += 1
            } else if !steps[index].hasSkippedAlternative {
                let last = zip(step.dependencies, step.dependencyKinds).first { $0.1 == .any }?.0
                blame = blame ?? last.map { steps[$0].skippedBecause ?? workflow.steps[$0].id }
            }
        }
        if steps[index].state == .running { steps[index].skippedBecause = blame }
        if steps[index].blockedBy > 0 || blame != nil || needless != nil { dropUnready(index) }
        guard isIdle(Place(index)) else { return }
        if let blame {
            steps[index].skippedBecause = blame
            doomed.append(index)
        } else if let needless {
            steps[index].needless = needless
            doomed.append(index)
        }
    }

    /// Whether a step or item waits, and nothing has begun with it.
    private func isIdle(_ place: Place) -> Bool {
        self[place].state == .waiting && !delayed.contains(place) && !unjudged.contains(place)
            && !approvals.contains(place) && !answered.contains(place) && locks.places[place]?.isHeld != false
    }

    private mutating func recountItems(of index: Int) {
        var open: [Int] = []
        var (done, busy) = (0, 0)
        for item in 0..<(steps[index].itemCount ?? 0) {
            let place = Place(index, item: item)
            if self[place].state.isEnded, !unjudged.contains(place) { done += 1 }
            if running.contains(place) { busy += 1 }
            if isIdle(place) { open.append(item) }
        }
        steps[index].readyItems = FallingList(rising: open)
        (steps[index].itemsDone, steps[index].runningItems) = (done, busy)
        if done == steps[index].itemCount { finished.append(index) }
    }
}

extension Run {
    /// Every step in the order written, each followed by its items.
    package var places: [Place] {
        steps.indices.flatMap { index in
            [Place(index)] + steps[index].items.indices.map { Place(index, item: $0) }
        }
    }
}

import PawlModel

/// Something that the figures of a run recommend.
package struct Advice: Sendable, Equatable {
    /// What it is about, as one word for programs.
    package var topic: String
    /// The step that it is about.
    package var step: String?
    /// What was seen and what may help.
    package var text: String

    static func all(
        _ facts: RunFacts, _ path: CriticalPath, _ summary: Report.Summary, _ forms: Report.Forms
    ) -> [Advice] {
        var list: [Advice] = failure(facts, path)
        for (place, step) in facts.steps.enumerated() {
            list += memory(step, forms) + time(step, facts, forms) + retries(step)
            list += interruption(step)
            if let advice = length(place, facts, path, forms) { list.append(advice) }
        }
        if let advice = room(facts, path, forms) { list.append(advice) }
        if let advice = width(facts, path, summary, forms) { list.append(advice) }
        return list
    }

    /// The first failure is mostly the cause of the others.
    private static func failure(_ facts: RunFacts, _ path: CriticalPath) -> [Advice] {
        let failed = facts.places.filter {
            facts[$0].isFailure && !facts[$0].isTolerated && !facts[$0].attempts.isEmpty
        }
        guard facts.state != .succeeded,
            let first = failed.min(by: { (facts[$0].ended ?? facts.end) < (facts[$1].ended ?? facts.end) })
        else { return [] }
        let step = facts.steps[first.step]
        var text = "'\(facts.name(first))' failed first: look at it with 'pawl logs \(facts.run) \(facts.name(first))'"
        let skipped = facts.places.count { facts[$0].state == .skipped }
        if skipped > 0 { text += "; \(skipped) step\(skipped == 1 ? " was" : "s were") skipped" }
        if facts.state.isEnded { text += "; 'pawl retry \(facts.run)' runs again what did not succeed" }
        return [Advice(topic: "failure", step: step.id, text: text)]
    }

    private static func memory(_ step: RunFacts.Step, _ forms: Report.Forms) -> [Advice] {
        if step.records.contains(where: { $0.attempts.contains { $0.result == "oom-kill" } }) {
            let limit = step.memoryLimit.map { " at its limit of \(forms.size($0))" } ?? ""
            return [
                Advice(
                    topic: "memory", step: step.id,
                    text:
                        "'\(step.id)' was killed for want of memory\(limit): raise MemoryMax=, or have it do less at once"
                )
            ]
        }
        guard let limit = step.memoryLimit, limit > 0, let peak = step.records.compactMap(\.memoryPeak).max() else {
            return []
        }
        let part = Double(peak) / Double(limit)
        if part >= 0.9 {
            return [
                Advice(
                    topic: "memory", step: step.id,
                    text:
                        "'\(step.id)' had \(forms.size(peak)) of the \(forms.size(limit)) that it may have (\(percent(part))): "
                        + "with a little more it is killed; raise MemoryMax=")
            ]
        }
        return []
    }

    private static func time(_ step: RunFacts.Step, _ facts: RunFacts, _ forms: Report.Forms) -> [Advice] {
        guard let timeout = step.timeout, timeout > 0 else { return [] }
        if step.records.contains(where: { $0.attempts.contains { $0.state == .timedOut } }) {
            return [
                Advice(
                    topic: "timeout", step: step.id,
                    text:
                        "'\(step.id)' was ended by its timeout of \(forms.duration(timeout)): if it was still at work, give it "
                        + "more; if it hung, its log may tell where")
            ]
        }
        let longest = step.records.flatMap(\.attempts).compactMap { attempt -> Double? in
            guard attempt.state == .succeeded, let start = attempt.started, let end = attempt.ended else { return nil }
            return end.seconds(since: start)
        }.max()
        guard let longest, longest / timeout >= 0.8 else { return [] }
        return [
            Advice(
                topic: "timeout", step: step.id,
                text: "'\(step.id)' took \(forms.duration(longest)) of the \(forms.duration(timeout)) that it may take "
                    + "(\(percent(longest / timeout))): a slower day ends it; raise its timeout")
        ]
    }

    private static func retries(_ step: RunFacts.Step) -> [Advice] {
        let ran = step.records.filter { !$0.attempts.isEmpty }
        let helped = ran.filter { $0.state == .succeeded && $0.tries.count > 1 }
        guard !helped.isEmpty else {
            let vain = ran.filter { $0.isFailure && $0.tries.count > 2 && Set($0.tries.map(\.exitCode)).count == 1 }
            guard let first = vain.first, let code = first.exitCode else { return [] }
            return [
                Advice(
                    topic: "retries", step: step.id,
                    text:
                        "'\(step.id)' failed \(first.tries.count) times in the same way (status \(code)): what is not different "
                        + "the next time need not be tried again")
            ]
        }
        if helped.count == 1, ran.count == 1 {
            return [
                Advice(
                    topic: "retries", step: step.id,
                    text:
                        "'\(step.id)' succeeded only at attempt \(helped[0].tries.count): what it waits for may not be there "
                        + "at first; a step before it with 'done_when' would wait for just that")
            ]
        }
        guard helped.count * 4 >= ran.count else { return [] }
        return [
            Advice(
                topic: "retries", step: step.id,
                text:
                    "\(helped.count) of \(ran.count) items of '\(step.id)' succeeded only after a retry: that is no accident; "
                    + "look at what the first attempts said, or run fewer at once")
        ]
    }

    private static func interruption(_ step: RunFacts.Step) -> [Advice] {
        guard step.records.contains(where: { $0.attempts.contains { $0.state == .interrupted } }) else { return [] }
        return [
            Advice(
                topic: "interruption", step: step.id,
                text:
                    "'\(step.id)' was lost with the host: with 'done_when' it would be known whether its work was done")
        ]
    }

    /// A step that most of the run's time went into.
    private static func length(
        _ place: Int, _ facts: RunFacts, _ path: CriticalPath, _ forms: Report.Forms
    ) -> Advice? {
        let links = path.links.filter { $0.place.step == place }
        guard let first = links.first, path.steps.count > 1, facts.elapsed >= 1, let last = links.last else {
            return nil
        }
        let seconds = last.ended.seconds(since: first.started)
        guard seconds / facts.elapsed >= 0.5 else { return nil }
        let step = facts.steps[place]
        return Advice(
            topic: "length", step: step.id,
            text: "'\(step.id)' took \(forms.duration(seconds)) of the run's \(forms.duration(facts.elapsed)) "
                + "(\(percent(seconds / facts.elapsed))): nothing else makes the run as much shorter as "
                + (step.hasItems ? "running more of its items at once" : "a faster '\(step.id)'"))
    }

    /// Steps that nothing was missing for but room.
    private static func room(_ facts: RunFacts, _ path: CriticalPath, _ forms: Report.Forms) -> Advice? {
        let links = path.links.filter { $0.cause == .room }
        guard !links.isEmpty, facts.elapsed >= 1 else { return nil }
        let lost = links.reduce(0) { $0 + $1.lost }
        guard lost / facts.elapsed >= 0.2 else { return nil }
        let bound = facts.maxParallel.map { " ('max_parallel' is \($0))" } ?? ""
        return Advice(
            topic: "room",
            text:
                "\(links.count) step\(links.count == 1 ? "" : "s") of the critical path could have begun earlier, and waited for a "
                + "place to run\(bound), \(forms.duration(lost)) in all: more at once make the run shorter, if the host has room"
        )
    }

    /// A run whose steps stand one behind the other.
    private static func width(
        _ facts: RunFacts, _ path: CriticalPath, _ summary: Report.Summary, _ forms: Report.Forms
    ) -> Advice? {
        guard summary.ran >= 4, facts.elapsed >= 10, summary.failed == 0, path.links.count == summary.ran,
            !path.links.contains(where: { $0.cause == .room })
        else { return nil }
        return Advice(
            topic: "width",
            text:
                "every step waited for the one before it: steps that need nothing of one another run side by side with "
                + "'depends_on'")
    }

    private static func percent(_ part: Double) -> String { "\(Int(part * 100 + 0.5)) %" }
}

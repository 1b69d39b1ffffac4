import PawlEngine
import PawlLanguage
import PawlModel

/// Workflows of all shapes, made by chance.
enum Workload {
    /// Text and what is read from it, by number: reading is dear, and a thousand shapes are enough.
    // SAFETY: one thread.
    nonisolated(unsafe) private static var cache: [Int: (text: String, workflow: Workflow)] = [:]

    static func workflow(_ number: Int) -> (text: String, workflow: Workflow) {
        if let known = cache[number] { return known }
        var chance = Chance(seed: UInt64(number) &+ 77)
        let text = text(&chance)
        let read = WorkflowReader.read(text, file: "/w.yaml", name: "w")
        guard let workflow = read.workflow else {
            preconditionFailure("a generated workflow is faulty: \(read.diagnostics)\n\(text)")
        }
        cache[number] = (text, workflow)
        return (text, workflow)
    }

    /// A workflow that steps of others run.
    struct Child {
        var text: String
        var workflow: Workflow
        var definition: ChildDefinition
    }

    private static let childCount = 24
    /// From here on they run none themselves.
    private static let firstLeaf = 8

    /// By number, named `cNUMBER`.
    private static let children: [Child] = (0..<childCount).map { number in
        var chance = Chance(seed: UInt64(number) &+ 7777)
        let own = "variables: {n: 1}\noutputs: {n: \"${n}\"}\n"
        let text =
            own + Workload.text(&chance, leaves: number < firstLeaf ? firstLeaf..<childCount : nil, mayLock: false)
        let read = WorkflowReader.read(text, file: "/c\(number).yaml", name: "c\(number)")
        guard let workflow = read.workflow else {
            preconditionFailure("a generated workflow is faulty: \(read.diagnostics)\n\(text)")
        }
        return Child(
            text: text, workflow: workflow,
            definition: ChildDefinition(
                workflow: "c\(number)",
                source: WorkflowSource(SourceFile(file: "/c\(number).yaml", text: text))))
    }

    /// Those that the steps of a workflow run, and those that theirs do.
    static func children(of workflow: Workflow) -> [Child] {
        var (found, left) = ([Int](), workflow.called)
        while let name = left.popLast() {
            guard let number = Int(name.dropFirst()), !found.contains(number) else { continue }
            found.append(number)
            left += children[number].workflow.called
        }
        return found.sorted().map { children[$0] }
    }

    /// - Parameters:
    ///   - leaves: the numbers of the workflows that steps may run; nil for none.
    ///   - mayLock: whether it may ask for locks, which one that steps run may not.
    private static func text(
        _ chance: inout Chance, leaves: Range<Int>? = 0..<childCount, mayLock: Bool = true
    ) -> String {
        var lines = ["max_parallel: \(1 + chance.below(4))"]
        if chance.once(in: 4) { lines.append("fail_fast: true") }
        if chance.once(in: 3) { lines.append("recovery: \(chance.one(of: ["restart", "fail"]))") }
        if chance.once(in: 6) { lines.append("slice: {MemoryMax: 1G}") }
        if chance.once(in: 6) { lines.append("timeout: \(10 + chance.below(50))s") }
        // What a run has as a whole its steps seldom ask for: others have that, and circles come about.
        let own = mayLock && chance.once(in: 3) ? chance.below(2) : nil
        if let own { lines.append("lock: \(lock(&chance, "k\(own)"))") }
        lines.append("steps:")
        for index in 0..<(1 + chance.below(7)) {
            lines.append("  - id: s\(index)")
            if chance.once(in: 12) {
                lines.append("    approval: go?")
                lines.append("    timeout: \(1 + chance.below(6))s")
                continue
            }
            var isCall = false
            if let leaves, chance.once(in: 8) {
                lines.append("    workflow: c\(leaves.lowerBound + chance.below(leaves.count))")
                isCall = true
            } else {
                lines.append("    command: [work, \"\(index)\"]")
            }
            if chance.once(in: 2) {
                let dependencies = (0..<index).filter { _ in chance.once(in: 3) }.map { "s\($0)" }
                let kind = chance.one(of: ["", "", "", "any", "ended", "failed"])
                let list = "[\(dependencies.joined(separator: ", "))]"
                lines.append("    depends_on: \(kind.isEmpty || dependencies.isEmpty ? list : "{\(kind): \(list)}")")
            }
            if chance.once(in: 8) { lines.append("    when: \"${\(chance.one(of: ["true", "false"]))}\"") }
            let isForeach = chance.once(in: 5)
            if !isCall, chance.once(in: 8) {
                lines.append("    service: \"service\(index)\(isForeach ? "-${item}" : "")\"")
            }
            if isForeach {
                if isCall { lines.append("    with: {n: \"${item}\"}") }
                lines.append("    foreach: [\((0..<chance.below(5)).map(String.init).joined(separator: ", "))]")
                if chance.once(in: 2) { lines.append("    max_parallel: \(1 + chance.below(2))") }
            }
            if mayLock, chance.once(in: 2) {
                let number = own.map { chance.once(in: 4) ? $0 : 1 - $0 } ?? chance.below(2)
                let key = isForeach && chance.once(in: 2) ? "k${item}" : "k\(number)"
                lines.append("    lock: \(lock(&chance, key))")
            }
            if chance.once(in: 2) {
                let delay = chance.once(in: 4) ? "0s" : "\(1 + chance.below(5))s"
                let retries = chance.below(3)
                let rules = !isCall && retries > 0 && chance.once(in: 2) ? ", on_exit_code: {\(rules(&chance))}" : ""
                lines.append(
                    "    retry_policy: {max_retries: \(retries), initial_delay: \(delay), jitter: 0.5\(rules)}")
            }
            if chance.once(in: 3) { lines.append("    timeout: \(1 + chance.below(isCall ? 20 : 6))s") }
            if chance.once(in: 5) { lines.append("    continue_on_failure: true") }
            guard !isCall else { continue }
            if chance.once(in: 2) { lines.append("    interrupted: \(chance.one(of: ["rerun", "ask", "fail"]))") }
            if chance.once(in: 3) { lines.append("    done_when: {file: /done}") }
            if chance.once(in: 6) {
                lines.append("    unit: {\(chance.one(of: ["Condition", "Condition", "Assert"]))PathExists: /x}")
            }
        }
        for handler in ["on_success", "on_failure", "on_cancel", "on_exit"] where chance.once(in: 6) {
            lines.append("\(handler):")
            for index in 0..<(1 + chance.below(2)) {
                lines += ["  - id: \(handler)\(index)", "    command: [work, \"9\"]"]
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Few keys, so that all runs of a seed want the same ones.
    private static func lock(_ chance: inout Chance, _ key: String) -> String {
        let conflict = chance.one(of: [
            "", "", ", on_conflict: reject", ", on_conflict: cancel", ", on_conflict: queue",
        ])
        return chance.once(in: 3) && conflict.isEmpty ? "\"\(key)\"" : "{key: \"\(key)\"\(conflict)}"
    }

    /// What the statuses that the simulated programs exit with ask for.
    private static func rules(_ chance: inout Chance) -> String {
        ["\"1\"", "\"2\"", "\"3\"", "\"*\""].filter { _ in chance.once(in: 2) }.map { key in
            let rules = ["fail", "{delay: 2s}", "{command: [repair], delay: 1s}", "{run: repair}"]
            return "\(key): \(chance.one(of: key == "\"*\"" ? rules : rules + ["success"]))"
        }.joined(separator: ", ")
    }
}

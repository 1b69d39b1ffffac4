import PawlLanguage

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

    private static func text(_ chance: inout Chance) -> String {
        var lines = ["max_parallel: \(1 + chance.below(4))"]
        if chance.once(in: 4) { lines.append("fail_fast: true") }
        if chance.once(in: 3) { lines.append("recovery: \(chance.one(of: ["restart", "fail"]))") }
        if chance.once(in: 6) { lines.append("slice: {MemoryMax: 1G}") }
        if chance.once(in: 6) { lines.append("timeout: \(10 + chance.below(50))s") }
        // What a run has as a whole its steps seldom ask for: others have that, and circles come about.
        let own = chance.once(in: 3) ? chance.below(2) : nil
        if let own { lines.append("lock: \(lock(&chance, "k\(own)"))") }
        lines.append("steps:")
        for index in 0..<(1 + chance.below(7)) {
            lines.append("  - id: s\(index)")
            if chance.once(in: 12) {
                lines.append("    approval: go?")
                lines.append("    timeout: \(1 + chance.below(6))s")
                continue
            }
            lines.append("    command: [work, \"\(index)\"]")
            if chance.once(in: 2) {
                let dependencies = (0..<index).filter { _ in chance.once(in: 3) }.map { "s\($0)" }
                let kind = chance.one(of: ["", "", "", "any", "ended", "failed"])
                let list = "[\(dependencies.joined(separator: ", "))]"
                lines.append("    depends_on: \(kind.isEmpty || dependencies.isEmpty ? list : "{\(kind): \(list)}")")
            }
            if chance.once(in: 8) { lines.append("    when: \"${\(chance.one(of: ["true", "false"]))}\"") }
            let isForeach = chance.once(in: 5)
            if chance.once(in: 8) { lines.append("    service: \"service\(index)\(isForeach ? "-${item}" : "")\"") }
            if isForeach {
                lines.append("    foreach: [\((0..<chance.below(5)).map(String.init).joined(separator: ", "))]")
                if chance.once(in: 2) { lines.append("    max_parallel: \(1 + chance.below(2))") }
            }
            if chance.once(in: 2) {
                let number = own.map { chance.once(in: 4) ? $0 : 1 - $0 } ?? chance.below(2)
                let key = isForeach && chance.once(in: 2) ? "k${item}" : "k\(number)"
                lines.append("    lock: \(lock(&chance, key))")
            }
            if chance.once(in: 2) {
                let delay = chance.once(in: 4) ? "0s" : "\(1 + chance.below(5))s"
                let retries = chance.below(3)
                let rules = retries > 0 && chance.once(in: 2) ? ", on_exit_code: {\(rules(&chance))}" : ""
                lines.append(
                    "    retry_policy: {max_retries: \(retries), initial_delay: \(delay), jitter: 0.5\(rules)}")
            }
            if chance.once(in: 3) { lines.append("    timeout: \(1 + chance.below(6))s") }
            if chance.once(in: 2) { lines.append("    interrupted: \(chance.one(of: ["rerun", "ask", "fail"]))") }
            if chance.once(in: 5) { lines.append("    continue_on_failure: true") }
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

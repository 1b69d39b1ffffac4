import PawlModel

extension Step {
    /// Whether its attempts end with the exit status of a program of its own: those that start a service do not, nor those that
    /// only wait.
    package var hasStatus: Bool {
        switch action {
        case .script, .command: service == nil
        default: false
        }
    }
}

/// What the exit statuses of a step's own program ask for, as `on_exit_code` says.
package struct ExitCodeRules: Sendable {
    /// What one status asks for.
    package enum Rule: Sendable {
        /// It is a success.
        case success
        /// The step has failed, and is not tried again.
        case fail
        /// The step is tried again as long as there are tries left, after a pause of its own if one is given.
        ///
        /// `repair` is what runs before that pause, one action at most.
        case retry(delay: Duration?, repair: [Step.Action])
    }

    /// By the key as written: a status, or `*`.
    package var rules: [String: Rule] = [:]

    /// The key for whatever has failed and has no rule of its own: other statuses, a signal, a timeout, a unit that could not
    /// be started.
    package static let others = "*"

    /// What could be a status of a program.
    static func isStatus(_ text: String) -> Bool {
        Int(text).map { (0...255).contains($0) && String($0) == text } ?? false
    }

    /// The key of the rule for an attempt that has failed; nil where there is none.
    ///
    /// - Parameter status: what the program itself has exited with; nil where something else made the attempt fail.
    package func key(for status: Int?) -> String? {
        if let key = status.map(String.init), rules[key] != nil { return key }
        return rules[ExitCodeRules.others] == nil ? nil : ExitCodeRules.others
    }

    /// What runs before a step is tried again for the rule of a key.
    package func repair(for key: String) -> Step.Action? {
        if case .retry(_, let repair)? = rules[key] { repair.first } else { nil }
    }

    /// The pause for the rule of a key; nil: as the policy has it.
    package func delay(for key: String) -> Duration? {
        if case .retry(let delay, _)? = rules[key] { delay } else { nil }
    }

    /// The statuses with which a program has succeeded: 0, unless that has another rule, and those that are said to.
    package var successes: Set<Int> {
        var result: Set<Int> = [0]
        for (key, rule) in rules {
            guard let status = Int(key) else { continue }
            if case .success = rule { result.insert(status) } else { result.remove(status) }
        }
        return result
    }
}

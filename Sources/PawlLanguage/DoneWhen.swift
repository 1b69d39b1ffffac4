package import PawlModel

/// What says that a step's work is done: probes that all have to hold.
package struct DoneWhen: Sendable {
    /// One probe, before its values are known.
    package struct ProbeTemplate: Sendable {
        /// What is asked.
        package enum Question: Sendable {
            /// Whether a program exits with 0.
            case command([Template])
            /// Whether a script does.
            case script(text: String, interpreter: [String]?)
            /// Whether something is there.
            case file(Template)
            /// Whether a connection is taken at `HOST:PORT`.
            case port(Template)
            /// Whether a GET is answered well.
            case url(Template)
            /// Whether a unit of systemd's is active.
            case unit(Template)
        }

        /// What is asked.
        package var question: Question
        /// A regular expression that a part of what comes of it has to match.
        package var matches: String?

        /// A script that names no interpreter has the step's.
        mutating func adopt(shell: [String]?) {
            guard case .script(let text, nil) = question else { return }
            question = .script(text: text, interpreter: shell ?? StepDraft.defaultShell)
        }
    }

    /// The probes.
    package var probes: [ProbeTemplate] = []
    /// The pause between two rounds of asking.
    package var interval = Duration.seconds(1)
    /// In how many rounds in a row they have to hold.
    package var consecutive = 1

    /// How long a step waits that does nothing else, where it does not say so.
    package static let patience = Duration.seconds(300)

    /// Nothing says so.
    init() {}

    /// The probes with their values.
    package func rendered(in scope: any Scope) throws(EvaluationFault) -> [Probe] {
        var result: [Probe] = []
        for probe in probes {
            let question: Probe.Question
            switch probe.question {
            case .command(let templates):
                var arguments: [String] = []
                for template in templates { arguments.append(try template.evaluate(in: scope).text) }
                question = .command(arguments)
            case .script(let text, let interpreter):
                question = .script(text: text, interpreter: interpreter ?? StepDraft.defaultShell)
            case .file(let template): question = .file(try template.evaluate(in: scope).text)
            case .port(let template): question = .port(try template.evaluate(in: scope).text)
            case .url(let template): question = .url(try template.evaluate(in: scope).text)
            case .unit(let template): question = .unit(try template.evaluate(in: scope).text)
            }
            result.append(Probe(question, matches: probe.matches))
        }
        return result
    }
}

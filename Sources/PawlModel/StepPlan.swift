/// What `pawl-step` is to do around a step's program. pawld writes it into the attempt's folder, rendered: there is nothing left
/// in it to be evaluated.
package struct StepPlan: Sendable, Equatable {
    /// What `pawl-step` does.
    package enum Turn: Sendable, Equatable {
        /// It runs the program, if there is one, and asks.
        case program
        /// It starts the program as a service, which stays.
        case service(ServicePlan)
        /// It asks from within a service: what others have opened does not count, and without the service's main process there
        /// is nothing to ask.
        case readiness
        /// It stops services.
        case stop([ServiceMark])
        /// It reboots the host.
        case reboot
    }

    /// What `pawl-step` does.
    package var turn = Turn.program
    /// What says that the work is done; all of them have to hold. None: the work is done when its program has ended well.
    package var probes: [Probe] = []
    /// Seconds between two rounds of asking.
    package var interval: Double = 1
    /// In how many rounds one after the other they have to hold.
    package var consecutive = 1
    /// Whether they are asked once, and nothing else is done.
    package var asksOnly = false
    /// The credentials that the unit has; the content of those with a variable is put into the environment of the program and
    /// of the probes.
    package var credentials: [Credential] = []
    /// The exit statuses with which the program has done its work.
    package var successes = [0]
    /// The file that takes what was last found, for pawld to read; empty: it goes to stderr.
    package var report: String
    /// Whose manager it is carried out under.
    package var scope: RuntimeScope

    /// Makes a plan.
    package init(report: String, scope: RuntimeScope = .system) { (self.report, self.scope) = (report, scope) }

    /// The plan as it stands in its file, as JSON.
    package var value: Value {
        .map([
            "probes": .list(probes.map(\.value)), "interval": .number(interval),
            "consecutive": .integer(Int64(consecutive)), "asks_only": .boolean(asksOnly), "report": .string(report),
            "turn": turn.value,
            "credentials": .map(
                Dictionary(
                    uniqueKeysWithValues: credentials.map { ($0.name, $0.variable.map { .string($0) } ?? .null) })),
            "successes": .list(successes.map { .integer(Int64($0)) }), "user": scope.value,
        ])
    }

    /// Reads a plan; nil where it is none.
    package init?(_ value: Value) {
        guard case .map(let entries) = value, case .string(let report)? = entries["report"],
            case .list(let probes)? = entries["probes"]
        else { return nil }
        self.init(report: report, scope: RuntimeScope(entries["user"]))
        for value in probes {
            guard let probe = Probe(value) else { return nil }
            self.probes.append(probe)
        }
        switch entries["interval"] {
        case .number(let seconds)?: interval = seconds
        case .integer(let seconds)?: interval = Double(seconds)
        default: return nil
        }
        guard case .integer(let consecutive)? = entries["consecutive"],
            case .boolean(let asksOnly)? = entries["asks_only"]
        else { return nil }
        (self.consecutive, self.asksOnly) = (Int(clamping: consecutive), asksOnly)
        // A plan of an earlier version has none: it is read by the program of its own time or a later one.
        if let value = entries["turn"] {
            guard let turn = Turn(value) else { return nil }
            self.turn = turn
        }
        if case .map(let names)? = entries["credentials"] {
            credentials = names.sorted { $0.key < $1.key }.map { name, variable in
                Credential(name: name, variable: variable == .null ? nil : variable.text)
            }
        }
        // An earlier pawld says nothing of it.
        guard case .list(let statuses)? = entries["successes"] else { return }
        successes = statuses.compactMap { if case .integer(let status) = $0 { Int(clamping: status) } else { nil } }
    }
}

/// One question whose answer says that work is done.
package struct Probe: Sendable, Equatable {
    /// What is asked.
    package enum Question: Sendable, Equatable {
        /// Whether a program exits with 0.
        case command([String])
        /// Whether a script does; the interpreter gets it as a file.
        case script(text: String, interpreter: [String])
        /// Whether something is there under a path.
        case file(String)
        /// Whether a connection is taken at `HOST:PORT`.
        case port(String)
        /// Whether an answer to a GET has a status from 200 to 299.
        case url(String)
        /// Whether a unit of systemd's is active.
        case unit(String)
    }

    /// What is asked.
    package var question: Question
    /// What a part of the output, the file or the body has to match besides.
    package var matches: String?

    /// Makes a probe.
    package init(_ question: Question, matches: String? = nil) {
        self.question = question
        self.matches = matches
    }

    fileprivate var value: Value {
        var entries: [String: Value] =
            switch question {
            case .command(let arguments): ["command": .list(arguments.map { .string($0) })]
            case .script(let text, let interpreter):
                ["run": .string(text), "interpreter": .list(interpreter.map { .string($0) })]
            case .file(let path): ["file": .string(path)]
            case .port(let address): ["port": .string(address)]
            case .url(let url): ["url": .string(url)]
            case .unit(let name): ["unit": .string(name)]
            }
        entries["matches"] = matches.map { .string($0) }
        return .map(entries)
    }

    fileprivate init?(_ value: Value) {
        guard case .map(let entries) = value else { return nil }
        func text(_ key: String) -> String? { if case .string(let text)? = entries[key] { text } else { nil } }
        func texts(_ key: String) -> [String]? {
            guard case .list(let items)? = entries[key] else { return nil }
            return items.map(\.text)
        }
        let question: Question
        if let arguments = texts("command") {
            question = .command(arguments)
        } else if let script = text("run"), let interpreter = texts("interpreter") {
            question = .script(text: script, interpreter: interpreter)
        } else if let path = text("file") {
            question = .file(path)
        } else if let address = text("port") {
            question = .port(address)
        } else if let url = text("url") {
            question = .url(url)
        } else if let name = text("unit") {
            question = .unit(name)
        } else {
            return nil
        }
        self.init(question, matches: text("matches"))
    }

    /// What it asks, for a sentence.
    package var description: String {
        switch question {
        case .command(let arguments): "command '\(arguments.joined(separator: " ").prefix(80))'"
        case .script: "its script"
        case .file(let path): "file \(path)"
        case .port(let address): "port \(address)"
        case .url(let url): url
        case .unit(let name): "unit \(name)"
        }
    }
}

/// What `pawl-step` has found, as it stands in the file that pawld reads: one word, a blank, and why.
package struct StepReport: Sendable, Equatable {
    /// How far it has come.
    package enum State: String, Sendable {
        /// It was done before anything was run.
        case doneBefore = "done-before"
        /// It is done.
        case done
        /// It is not done yet.
        case open
        /// It cannot be done as the plan says, and nothing was run.
        case refused
    }

    /// How far it has come.
    package var state: State
    /// Which probe said so.
    package var text: String

    /// No report is longer, in bytes.
    package static let limit = 4096

    /// Makes a report.
    package init(_ state: State, _ text: String) {
        self.state = state
        self.text = text
    }

    /// Reads a report; nil where it is none.
    package init?(_ line: String) {
        let parts = line.split(separator: " ", maxSplits: 1)
        guard let state = parts.first.flatMap({ State(rawValue: String($0)) }) else { return nil }
        self.init(state, parts.count > 1 ? String(parts[1].filter { $0 != "\n" }) : "")
    }

    /// As it stands in the file.
    package var line: String {
        let words = text.unicodeScalars.map { $0.value < 0x20 ? " " : Character($0) }
        var line = "\(state.rawValue) " + String(words)
        while line.utf8.count > StepReport.limit { line.removeLast(64) }
        return line
    }
}

package import PawlModel

/// A workflow that was read and checked whole: nothing in it can be wrong any more but what a run's values bring.
package struct Workflow: Sendable {
    /// The name: that of its file without `.yaml`.
    package var name: String
    /// What `name:` says, for people.
    package var title: String?
    /// What it is for.
    package var description: String?
    /// The author's own version of it.
    package var version: String?
    /// What a run binds, in the order written.
    package var variables: [VariableDeclaration] = []
    /// The steps, in the order written, and behind them those of the handlers.
    package var steps: [Step] = []
    /// How many steps may run at once; nil: what the configuration says.
    package var maxParallel: Int?
    /// Whether the first failure cancels what runs and skips what waits.
    package var failFast = false
    /// How long a run may take in all.
    package var timeout: Duration?
    /// systemd's directives for the slice of a run: limits of all its steps together.
    package var slice: [Directive] = []
    /// What a run has alone on its host, from its first step until it has ended.
    package var lock: Lock?
    /// Who may work with it beside those who may with all.
    package var allow = Allowance()
    /// When it runs by itself.
    package var schedule: Schedule?
    /// What becomes of a run whose host is lost.
    package var recovery = RecoveryPolicy.resume
    /// What a run gives to whoever runs it as a step, in the order written.
    package var outputs: [WorkflowOutput] = []
}

/// A variable that a workflow declares.
package struct VariableDeclaration: Sendable {
    /// The name.
    package var name: String
    /// The type, declared or that of the default.
    package var type: ValueType
    /// Whether a run without a value for it is refused. A default satisfies it.
    package var required = false
    /// An expression over the other variables that says whether it is required; nil: `required` says it.
    package var requiredWhen: Template?
    /// The value without which a run would have none.
    package var defaultValue: Value?
    /// What its value is made of, once all others are bound.
    package var computed: ValueTemplate?
    /// Whether a run can give it a value; one that is only computed takes none.
    package var takesValue = true
    /// What a value has to be beyond its type.
    var rule = ValueRule()
    /// What it is for.
    package var description: String?

    /// The only values there may be; empty: any.
    package var allowed: [Value] { rule.allowed }
    /// Its `min` and `max` as they were written.
    package var bounds: (least: String?, most: String?) { (rule.least?.text, rule.most?.text) }
}

/// One step of a workflow.
package struct Step: Sendable {
    /// What a step does.
    package enum Action: Sendable {
        /// A script, given to its interpreter as a file. The interpreter is an argument list such as
        /// `/bin/bash -euo pipefail`, to which the script's path is added.
        case script(text: String, interpreter: [String])
        /// A program and its arguments. The program is a path, or a name that systemd looks up in its own PATH.
        case command([Template])
        /// Nothing but to wait until `doneWhen` holds.
        case wait
        /// It waits for a person's word; the text says for what.
        case approval(Template)
        /// The host reboots; the step has succeeded with that.
        case reboot
        /// Another workflow runs, as a run of its own.
        case workflow(WorkflowCall)
        /// The services of the run's steps are stopped, as far as they do not stay.
        case stopServices
        /// Nothing: it has succeeded as soon as it has its turn.
        case none

        /// Which of these it is, as one word.
        package var word: String {
            switch self {
            case .script: "script"
            case .command: "command"
            case .wait: "wait"
            case .approval: "approval"
            case .reboot: "reboot"
            case .workflow: "workflow"
            case .stopServices: "stop-services"
            case .none: "none"
            }
        }
    }

    /// As what a step's program goes on when the step is over.
    package enum Service: Sendable {
        /// `NAME.service`, which stays when the run has succeeded.
        case named(Template)
        /// A unit that is stopped with the run.
        case ofRun
    }

    /// The name.
    package var id: String
    /// Where it stands in `Workflow.steps`.
    package var index: Int
    /// The line it begins at, from 1.
    package var line: Int
    /// The file that line is in, as it was named by whoever asked.
    package var file = ""
    /// What it does.
    package var action: Action
    /// The steps that must have ended before, as places in `Workflow.steps`.
    package var dependencies: [Int] = []
    /// What it asks of each of them.
    package var dependencyKinds: [DependencyKind] = []
    /// The steps that wait for this one, as places in `Workflow.steps`.
    package var dependents: [Int] = []
    /// What each of those asks of this one.
    package var dependentKinds: [DependencyKind] = []
    /// When in a run it has its turn.
    package var phase = StepPhase.main
    /// Whether it runs at all, asked when all that it waits for is over.
    package var when: Template?
    /// What it, or each of its items, has alone on the host until it has ended.
    package var lock: Lock?
    /// The items that it runs for, each by itself.
    package var foreach: Foreach?
    /// As what its program goes on; nil: the step is over when the program is.
    package var service: Service?
    /// What says that its work is done; empty: the end of its program does.
    package var doneWhen = DoneWhen()
    /// What takes back what it has done, if anything does; one at most.
    package var undo: [Step] = []
    /// Environment of its own: the workflow's `env`, with the step's own over it, key by key.
    package var environment: [EnvironmentEntry] = []
    /// systemd's directives: the workflow's `unit`, with the step's own over it, key by key.
    package var unit: [Directive] = []
    /// The secrets it is given: the workflow's `credentials`, with the step's own over them, name by name.
    package var credentials: [Credential] = []
    /// When and how often it is tried again.
    package var retry = RetryPolicy()
    /// What the exit statuses of its program ask for.
    package var exitCodes = ExitCodeRules()
    /// How long one attempt may take.
    package var timeout: Duration?
    /// Whether dependents run, and the run may succeed, although it failed.
    package var continueOnFailure = false
    /// What becomes of it when it was lost with the host.
    package var interrupted = InterruptedPolicy.ask
    /// The outputs that were declared with a type.
    package var outputs: [String: ValueType] = [:]
    /// Whether some expression reads `STEP.output`, so that stdout must be kept in a file.
    package var isOutputRead = false

    /// Whether its service may outlast the run.
    package var hasNamedService: Bool { if case .named = service { true } else { false } }

    /// Whether it reboots the host.
    package var isReboot: Bool { if case .reboot = action { true } else { false } }

    /// Whether it has a root of its own, in which nothing of pawl is.
    package var hasRoot: Bool { unit.contains { $0.isRoot } }
}

extension Workflow {
    /// The version of systemd that its directives need.
    package var neededSystemd: Int {
        let units = steps.flatMap { $0.unit + $0.undo.flatMap(\.unit) }
        return (units + slice).map(Directives.needed).max() ?? Directives.oldest
    }
}

/// A variable of a step's environment.
package struct EnvironmentEntry: Sendable {
    /// The name.
    package var name: String
    /// The value.
    package var value: Template

    /// Makes an entry.
    package init(name: String, value: Template) {
        self.name = name
        self.value = value
    }
}

/// A directive of systemd's as a workflow states it under `unit:`.
package struct Directive: Sendable {
    /// The name, as systemd spells it.
    package var name: String
    /// The value as written, in systemd's own syntax; several for a directive that takes a list.
    package var values: [Template]

    /// Makes a directive.
    package init(name: String, values: [Template]) {
        self.name = name
        self.values = values
    }

    /// Whether it gives a root.
    var isRoot: Bool { !values.isEmpty && (name == "RootDirectory" || name == "RootImage") }
}

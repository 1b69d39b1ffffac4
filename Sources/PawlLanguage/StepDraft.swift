import PawlModel
import YAMLKit

/// A template and where it stands, for the checks that need all names.
struct TemplateUse {
    var template: Template
    var node: YAMLNode
}

extension [TemplateUse] {
    /// Notes a template where it reads something: in one that is fixed there is nothing to check.
    mutating func note(_ template: Template, _ node: YAMLNode) {
        if template.constant == nil { append(TemplateUse(template: template, node: node)) }
    }
}

/// What a step and the workflow can both say; a step's own wins, key by key.
struct StepSettings {
    var environment: [EnvironmentEntry] = []
    var unit: [Directive] = []
    var credentials: [CredentialEntry] = []
    var shell: [String]?
    var interrupted: InterruptedPolicy?
    var maxRetries: Int?
    var backoff: RetryPolicy.Backoff?
    var initialDelay: Duration?
    var maxDelay: Duration?
    var jitter: Double?
    /// What exit statuses ask for, by status or `*`.
    var exitCodes: [String: ExitCodeDraft] = [:]
    /// The templates among them.
    var uses: [TemplateUse] = []

    /// These settings where they say something, those of the workflow elsewhere.
    func over(_ other: StepSettings) -> StepSettings {
        var result = self
        result.complete(by: other)
        return result
    }

    /// Takes from the workflow's what these do not say.
    mutating func complete(by other: StepSettings) {
        StepSettings.lay(&environment, over: other.environment, by: \.name)
        StepSettings.lay(&unit, over: other.unit, by: \.name)
        StepSettings.lay(&credentials, over: other.credentials, by: \.credential.name)
        if shell == nil { shell = other.shell }
        interrupted = interrupted ?? other.interrupted
        maxRetries = maxRetries ?? other.maxRetries
        backoff = backoff ?? other.backoff
        initialDelay = initialDelay ?? other.initialDelay
        maxDelay = maxDelay ?? other.maxDelay
        jitter = jitter ?? other.jitter
        if !other.exitCodes.isEmpty { exitCodes.merge(other.exitCodes) { own, _ in own } }
    }

    /// The entries of a step behind those of the workflow that it does not name.
    private static func lay<Entry>(_ own: inout [Entry], over others: [Entry], by name: (Entry) -> String) {
        guard !others.isEmpty else { return }
        guard !own.isEmpty else { return own = others }
        let names = Set(own.map(name))
        own = others.filter { !names.contains(name($0)) } + own
    }

    /// The retry policy, with the language's defaults for what nobody said.
    var retryPolicy: RetryPolicy {
        var policy = RetryPolicy()
        if let maxRetries { policy.maxRetries = maxRetries }
        if let backoff { policy.backoff = backoff }
        if let initialDelay { policy.initialDelay = initialDelay }
        if let maxDelay { policy.maxDelay = maxDelay }
        if let jitter { policy.jitter = jitter }
        return policy
    }
}

/// A script as written.
struct ScriptText {
    var text: String
    var node: YAMLNode
    /// The interpreter that its first line names.
    var interpreter: [String]?
}

/// A step as it stands in the file, before names are looked up. An object: it is large, and whoever looks at one of its parts
/// would copy the whole of it.
final class StepDraft {
    /// A name under `depends_on` with its place.
    struct Dependency {
        var name: String
        var mark: YAMLMark
        var kind = DependencyKind.done
    }

    var index: Int
    var mark: YAMLMark
    var id: String
    var idMark: YAMLMark
    /// Nil: the step above.
    var dependsOn: [Dependency]?
    var phase = StepPhase.main
    var when: Template?
    /// What has to give true or false.
    var conditions: [TemplateUse] = []
    var lock: Lock?
    var foreach: Foreach?
    /// The templates that give the items: for them there is no `item` yet.
    var foreachUses: [TemplateUse] = []
    var script: ScriptText?
    var command: [Template]?
    var approval: Template?
    var service: Step.Service?
    var isReboot = false
    /// The workflow that it runs.
    var call: WorkflowCall?
    var doneWhen = DoneWhen()
    /// The scripts among its probes.
    var probeScripts: [ScriptText] = []
    /// What takes it back, one at most.
    var undo: [StepDraft] = []
    /// Whether it does nothing, as the conditions of an older template.
    var isIdle = false
    var settings = StepSettings()
    var timeout: Duration?
    var continueOnFailure = false
    var outputs: [String: ValueType] = [:]
    /// All templates of the step.
    var uses: [TemplateUse] = []

    init(index: Int, mark: YAMLMark, id: String, idMark: YAMLMark) {
        (self.index, self.mark, self.id, self.idMark) = (index, mark, id, idMark)
    }

    /// All scripts of the step.
    var scripts: [ScriptText] {
        var result = script.map { [$0] } ?? []
        result += probeScripts
        if !settings.exitCodes.isEmpty { result += settings.repairScripts }
        for undo in undo { result += undo.scripts }
        return result
    }

    /// The interpreter of a script that names none: it stops at the first command that fails, also inside a pipe.
    static let defaultShell = ["/bin/bash", "-euo", "pipefail"]

    /// The step, once everything was found right and its settings lie over those of the workflow.
    func step(_ action: Step.Action, graph: StepGraph, place: Int, isOutputRead: Bool, file: String) -> Step {
        var step = step(action, settings)
        step.file = file
        step.dependencies = graph.dependencies[place]
        step.dependencyKinds = graph.kinds[place]
        step.dependents = graph.dependents[place]
        step.dependentKinds = graph.dependentKinds[place]
        step.phase = phase
        step.when = when
        step.foreach = foreach
        step.lock = lock
        step.isOutputRead = isOutputRead
        guard !undo.isEmpty else { return step }
        // What takes a step back runs as the step did, where it says nothing else; but how often it is tried is its own.
        var inherited = settings
        (inherited.maxRetries, inherited.backoff, inherited.initialDelay) = (nil, nil, nil)
        // They said when the work was to be done: by now they may not hold because it was.
        inherited.unit.removeAll { UnitConditions.contains($0.name) }
        inherited.exitCodes = [:]
        step.undo = undo.compactMap { undo in
            let settings = undo.settings.over(inherited)
            return undo.action(settings).map { undo.step($0, settings) }
        }
        return step
    }

    /// Whether the step has a program of its own, which its settings are for. A reboot is asked for by pawl's: what restricts
    /// the steps' programs would keep it from asking. And the steps of another workflow are what that says.
    private var hasProgram: Bool { !isReboot && call == nil }

    /// Refuses what a step with a root of its own cannot do.
    func checkRoot(_ faults: Faults) {
        guard hasProgram, settings.unit.contains(where: { $0.isRoot }) else { return }
        if service != nil {
            faults.error(
                mark, "step '\(id)' has a root of its own, out of which no 'service' can be started",
                hint: "leave the root to a unit of systemd's own")
        } else if !doneWhen.probes.isEmpty {
            faults.error(
                mark, "step '\(id)' has a root of its own, in which nothing can ask its 'done_when'",
                hint: "let a step after it ask")
        }
    }

    /// What the step does; nil where nothing was read.
    func action(_ settings: StepSettings) -> Step.Action? {
        if let script {
            let interpreter = script.interpreter ?? settings.shell ?? StepDraft.defaultShell
            return .script(text: script.text, interpreter: interpreter)
        }
        if let command { return .command(command) }
        if let approval { return .approval(approval) }
        if let call { return .workflow(call) }
        if isReboot { return .reboot }
        if isIdle { return Step.Action.none }
        return doneWhen.probes.isEmpty ? nil : .wait
    }

    /// The step alone, without what others have to do with it.
    private func step(_ action: Step.Action, _ settings: StepSettings) -> Step {
        var step = Step(id: id, index: index, line: mark.line, action: action)
        step.environment = settings.environment
        // One without a value has taken back the workflow's.
        step.unit = hasProgram ? settings.unit.filter { !$0.values.isEmpty } : []
        step.credentials = hasProgram ? settings.credentials.map(\.credential) : []
        step.retry = settings.retryPolicy
        if call == nil { step.exitCodes = settings.exitCodeRules }
        step.timeout = timeout
        if case .wait = action, timeout == nil { step.timeout = DoneWhen.patience }
        step.doneWhen = doneWhen
        for index in step.doneWhen.probes.indices { step.doneWhen.probes[index].adopt(shell: settings.shell) }
        step.continueOnFailure = continueOnFailure
        // What says that it is done is asked first, so that it does no harm to begin again.
        // And with the host a service is gone for certain, so that it is started again.
        step.interrupted = settings.interrupted ?? (doneWhen.probes.isEmpty && service == nil ? .ask : .rerun)
        step.service = service
        step.outputs = outputs
        return step
    }
}

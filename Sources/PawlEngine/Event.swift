package import PawlModel

/// What happened to a run: the truth from which everything else is made. Kinds and fields are added, never redefined,
/// since a store written today opens for ever.
package enum Event: Sendable, Equatable {
    /// The run was asked for.
    case runCreated(RunCreated)
    /// An attempt was decided on; only when this is on disk may its unit be started.
    case attemptOrdered(AttemptOrdered)
    /// An attempt is over.
    case attemptEnded(AttemptEnded)
    /// A step is over, with all its attempts, or without any.
    case stepEnded(StepEnded)
    /// A step waits before it is tried again.
    case delaySet(DelaySet)
    /// The run is to end before its time.
    case cancelRequested(CancelRequested)
    /// The items of a step with `foreach` are known.
    case stepExpanded(StepExpanded)
    /// A step waits for a person's word.
    case approvalAsked(ApprovalAsked)
    /// A person has said yes or no.
    case approvalAnswered(ApprovalAnswered)
    /// The steps are over, and handlers have their turn.
    case phaseBegan(PhaseBegan)
    /// What the run has done is being taken back by another one.
    case runUndone(RunUndone)
    /// The run waits for a person.
    case runStopped(RunStopped)
    /// A stopped or ended run goes on.
    case runResumed(RunResumed)
    /// The host was lost while the run had not ended, and the workflow says what becomes of it.
    case hostLost(HostLost)
    /// The host was lost, and with it services of the run's steps.
    case servicesLost(ServicesLost)
    /// A step, an item or the run itself waits for a lock.
    case lockWanted(LockWanted)
    /// A step, an item or the run itself has a lock from here on.
    case lockGranted(LockGranted)
    /// A step or item was refused a lock, and asks again.
    case lockRefused(LockRefused)
    /// Somebody has set limits of the run's slice.
    case runLimited(RunLimited)
    /// Somebody has paused the run.
    case runPaused(RunPaused)
    /// A paused run goes on.
    case runUnpaused(RunUnpaused)
    /// The run begins, in another life of the manager than it was started in.
    case runBegan(RunBegan)
    /// The run is over, unless somebody retries it.
    case runEnded(RunEnded)

    /// The kind, as it stands in the store.
    package enum Kind: String, Sendable, CaseIterable {
        case runCreated = "run-created"
        case attemptOrdered = "attempt-ordered"
        case attemptEnded = "attempt-ended"
        case stepEnded = "step-ended"
        case delaySet = "delay-set"
        case cancelRequested = "cancel-requested"
        case stepExpanded = "step-expanded"
        case approvalAsked = "approval-asked"
        case approvalAnswered = "approval-answered"
        case phaseBegan = "phase-began"
        case runUndone = "run-undone"
        case runStopped = "run-stopped"
        case runResumed = "run-resumed"
        case hostLost = "host-lost"
        case servicesLost = "services-lost"
        case lockWanted = "lock-wanted"
        case lockGranted = "lock-granted"
        case lockRefused = "lock-refused"
        case runLimited = "run-limited"
        case runPaused = "run-paused"
        case runUnpaused = "run-unpaused"
        case runBegan = "run-began"
        case runEnded = "run-ended"
    }

    /// The kind.
    package var kind: Kind {
        switch self {
        case .runCreated: .runCreated
        case .attemptOrdered: .attemptOrdered
        case .attemptEnded: .attemptEnded
        case .stepEnded: .stepEnded
        case .delaySet: .delaySet
        case .cancelRequested: .cancelRequested
        case .stepExpanded: .stepExpanded
        case .approvalAsked: .approvalAsked
        case .approvalAnswered: .approvalAnswered
        case .phaseBegan: .phaseBegan
        case .runUndone: .runUndone
        case .runStopped: .runStopped
        case .runResumed: .runResumed
        case .hostLost: .hostLost
        case .servicesLost: .servicesLost
        case .lockWanted: .lockWanted
        case .lockGranted: .lockGranted
        case .lockRefused: .lockRefused
        case .runLimited: .runLimited
        case .runPaused: .runPaused
        case .runUnpaused: .runUnpaused
        case .runBegan: .runBegan
        case .runEnded: .runEnded
        }
    }

    /// What the event carries, for the store to encode.
    package var body: any Encodable {
        switch self {
        case .runCreated(let body): body
        case .attemptOrdered(let body): body
        case .attemptEnded(let body): body
        case .stepEnded(let body): body
        case .delaySet(let body): body
        case .cancelRequested(let body): body
        case .stepExpanded(let body): body
        case .approvalAsked(let body): body
        case .approvalAnswered(let body): body
        case .phaseBegan(let body): body
        case .runUndone(let body): body
        case .runStopped(let body): body
        case .runResumed(let body): body
        case .hostLost(let body): body
        case .servicesLost(let body): body
        case .lockWanted(let body): body
        case .lockGranted(let body): body
        case .lockRefused(let body): body
        case .runLimited(let body): body
        case .runPaused(let body): body
        case .runUnpaused(let body): body
        case .runBegan(let body): body
        case .runEnded(let body): body
        }
    }

    /// Makes an event of a kind whose body is read by `decode`.
    package init(kind: Kind, decode: (any Decodable.Type) throws -> Any) throws {
        func body<Body: Decodable>(_ type: Body.Type) throws -> Body {
            guard let body = try decode(type) as? Body else { throw UnreadableEvent(kind: kind.rawValue) }
            return body
        }
        switch kind {
        case .runCreated: self = .runCreated(try body(RunCreated.self))
        case .attemptOrdered: self = .attemptOrdered(try body(AttemptOrdered.self))
        case .attemptEnded: self = .attemptEnded(try body(AttemptEnded.self))
        case .stepEnded: self = .stepEnded(try body(StepEnded.self))
        case .delaySet: self = .delaySet(try body(DelaySet.self))
        case .cancelRequested: self = .cancelRequested(try body(CancelRequested.self))
        case .stepExpanded: self = .stepExpanded(try body(StepExpanded.self))
        case .approvalAsked: self = .approvalAsked(try body(ApprovalAsked.self))
        case .approvalAnswered: self = .approvalAnswered(try body(ApprovalAnswered.self))
        case .phaseBegan: self = .phaseBegan(try body(PhaseBegan.self))
        case .runUndone: self = .runUndone(try body(RunUndone.self))
        case .runStopped: self = .runStopped(try body(RunStopped.self))
        case .runResumed: self = .runResumed(try body(RunResumed.self))
        case .hostLost: self = .hostLost(try body(HostLost.self))
        case .servicesLost: self = .servicesLost(try body(ServicesLost.self))
        case .lockWanted: self = .lockWanted(try body(LockWanted.self))
        case .lockGranted: self = .lockGranted(try body(LockGranted.self))
        case .lockRefused: self = .lockRefused(try body(LockRefused.self))
        case .runLimited: self = .runLimited(try body(RunLimited.self))
        case .runPaused: self = .runPaused(try body(RunPaused.self))
        case .runUnpaused: self = .runUnpaused(try body(RunUnpaused.self))
        case .runBegan: self = .runBegan(try body(RunBegan.self))
        case .runEnded: self = .runEnded(try body(RunEnded.self))
        }
    }
}

/// An event that this version cannot read.
package struct UnreadableEvent: Error, Sendable, CustomStringConvertible {
    /// Its kind, as it stands in the store.
    package let kind: String
    /// Makes the error.
    package init(kind: String) { self.kind = kind }
    /// What is wrong.
    package var description: String { "an event of the kind '\(kind)' cannot be read by this version of pawl" }
}

/// The run was asked for: all that it will ever know of the world around it.
package struct RunCreated: Requested, Sendable, Codable, Equatable {
    /// The workflow's name.
    package var workflow: String
    /// The file that the text was read from.
    package var file: String
    /// The text of the workflow; the run keeps to it whatever becomes of the file.
    package var text: String
    /// The value of every variable.
    package var variables: [String: Value]
    /// Who asked, by uid.
    package var uid: UInt32
    /// Who asked, for people.
    package var who: String?
    /// The run's folder.
    package var folder: String
    /// The configuration's bound on steps at once, for workflows that state none.
    package var maxParallel: Int
    /// The host, as it was.
    package var host: HostFacts
    /// What was laid over the text, each with its file; nil for nothing.
    package var dropIns: [SourceFile]?
    /// What these texts include, each with its file; nil for nothing.
    package var included: [SourceFile]?
    /// What the run takes back, if it is there to undo another one.
    package var undo: UndoPlan?
    /// The life of the manager in which it was asked for.
    package var epoch: String?
    /// The unit that it was started for, such as `pawl@backup.service`; nil for one that somebody has asked for.
    package var unit: String?
    /// What the one who started it calls it by; nil for nothing.
    package var key: String?
    /// The steps that are left out, by name; nil for none.
    package var leftOut: [String]?
    /// So many bytes a key may have.
    package static let longestKey = 128
    /// The run that it is a step of, if it is that of another one.
    package var parent: ParentRun?
    /// The workflows of its steps, and of theirs, as they were when it was started; nil for none.
    package var children: [ChildDefinition]?
    /// Whose pawl it is, where that is a user's; nil for the host's.
    package var user: UserFolders?

    /// Whose pawl it is.
    package var scope: RuntimeScope { RuntimeScope(user) }

    /// Makes the body.
    package init(
        workflow: String, file: String, text: String, variables: [String: Value], requester: Requester, folder: String,
        maxParallel: Int, host: HostFacts, epoch: String? = nil
    ) {
        self.epoch = epoch
        self.workflow = workflow
        self.file = file
        self.text = text
        self.variables = variables
        (uid, who) = (requester.uid, requester.who)
        self.folder = folder
        self.maxParallel = maxParallel
        self.host = host
    }

    private enum CodingKeys: String, CodingKey {
        case workflow, file, text, variables, uid, who, folder, host, undo, epoch, included, unit, key, parent,
            children,
            user
        case maxParallel = "max_parallel"
        case leftOut = "left_out"
        case dropIns = "drop_ins"
    }

    /// All texts that the run was started from; it keeps to them whatever becomes of the files.
    package var source: WorkflowSource {
        get {
            var source = WorkflowSource(SourceFile(file: file, text: text), dropIns: dropIns ?? [])
            source.included = included ?? []
            return source
        }
        set {
            (file, text) = (newValue.main.file, newValue.main.text)
            dropIns = newValue.dropIns.isEmpty ? nil : newValue.dropIns
            included = newValue.included.isEmpty ? nil : newValue.included
        }
    }
}

/// What `host.` means in a run's expressions: fixed when the run starts.
package struct HostFacts: Sendable, Codable, Equatable {
    /// The host's name.
    package var name: String
    /// `man:machine-id(5)`.
    package var machineID: String
    /// The architecture, such as `x86_64`.
    package var arch: String
    /// How many processors are online.
    package var cpus: Int
    /// Memory in bytes.
    package var memory: Int64
    /// `VERSION_ID` of `man:os-release(5)`.
    package var osVersion: String

    /// Makes the facts.
    package init(name: String, machineID: String, arch: String, cpus: Int, memory: Int64, osVersion: String) {
        self.name = name
        self.machineID = machineID
        self.arch = arch
        self.cpus = cpus
        self.memory = memory
        self.osVersion = osVersion
    }

    private enum CodingKeys: String, CodingKey {
        case name, arch, cpus, memory
        case machineID = "machine_id"
        case osVersion = "os_version"
    }

    /// The facts as expressions see them.
    package var value: Value {
        .map([
            "name": .string(name), "machine_id": .string(machineID), "arch": .string(arch),
            "cpus": .integer(Int64(cpus)), "memory": .integer(memory), "os_version": .string(osVersion),
        ])
    }
}

/// An attempt was decided on.
package struct AttemptOrdered: Sendable, Codable, Equatable {
    /// The step's name.
    package var step: String
    /// The foreach item's number.
    package var item: Int?
    /// The attempt's number.
    package var number: Int
    /// The unit's name, never used before.
    package var unit: String
    /// This life of the manager: boot ID and the manager's start. In another one the unit cannot be running.
    package var epoch: String
    /// Whether it only asks whether the work is done, after an interruption.
    package var asksOnly: Bool?
    /// The exit status whose repair it is, or `*`; nil where it does the step's own work.
    package var repair: String?
    /// The run that the attempt is, where its step runs another workflow; the unit is that run's slice then.
    package var child: ChildRun?

    /// Makes the body.
    package init(
        step: String, item: Int? = nil, number: Int, unit: String, epoch: String, asksOnly: Bool? = nil,
        repair: String? = nil, child: ChildRun? = nil
    ) {
        self.child = child
        self.step = step
        self.item = item
        self.number = number
        self.unit = unit
        self.epoch = epoch
        self.asksOnly = asksOnly
        self.repair = repair
    }

    private enum CodingKeys: String, CodingKey {
        case step, item, number, unit, epoch, repair, child
        case asksOnly = "asks_only"
    }
}

/// An attempt is over.
package struct AttemptEnded: Sendable, Codable, Equatable {
    /// The step's name.
    package var step: String
    /// The foreach item's number.
    package var item: Int?
    /// The attempt's number.
    package var number: Int
    /// How it ended, what it used and what it gave.
    package var outcome: AttemptOutcome

    /// Makes the body.
    package init(step: String, item: Int? = nil, number: Int, outcome: AttemptOutcome) {
        self.step = step
        self.item = item
        self.number = number
        self.outcome = outcome
    }
}

/// A step is over.
package struct StepEnded: Sendable, Codable, Equatable {
    /// The step's name.
    package var step: String
    /// The foreach item's number.
    package var item: Int?
    /// How it ended.
    package var state: StepState
    /// Why, in words.
    package var reason: String?
    /// The step whose failure made this one be skipped; what depends on this one is then skipped as well.
    package var because: String?

    /// Makes the body.
    package init(step: String, item: Int? = nil, state: StepState, reason: String? = nil, because: String? = nil) {
        self.step = step
        self.item = item
        self.state = state
        self.reason = reason
        self.because = because
    }
}

/// A step waits before it is tried again.
package struct DelaySet: Sendable, Codable, Equatable {
    /// The step's name.
    package var step: String
    /// The foreach item's number.
    package var item: Int?
    /// Until when.
    package var until: Timestamp
    /// The exit status, or `*`, whose repair comes then; nil where the step itself does.
    package var repair: String?

    /// Makes the body.
    package init(step: String, item: Int? = nil, until: Timestamp, repair: String? = nil) {
        self.repair = repair
        self.step = step
        self.item = item
        self.until = until
    }
}

/// The run is to end before its time.
package struct CancelRequested: Sendable, Codable, Equatable {
    /// Why a run ends before its time.
    package enum Cause: String, Sendable, Codable {
        /// Somebody asked.
        case person
        /// The run's own `timeout` ran out.
        case timeout
        /// A step failed and the workflow says `fail_fast`.
        case failFast = "fail-fast"
        /// Another run takes a lock that it has.
        case lock
        /// The run that it is a step of is to end.
        case parent
    }

    /// Why.
    package var cause: Cause
    /// In words.
    package var reason: String?

    /// Makes the body.
    package init(cause: Cause, reason: String? = nil) {
        self.cause = cause
        self.reason = reason
    }
}

/// The run waits for a person.
package struct RunStopped: Sendable, Codable, Equatable {
    /// Why, and what to do.
    package var reason: String
    /// Makes the body.
    package init(reason: String) { self.reason = reason }
}

/// A stopped or ended run goes on.
package struct RunResumed: Requested, Sendable, Codable, Equatable {
    /// Whether failed, cancelled and skipped steps are opened again too.
    package var retry: Bool
    /// The step that is opened again though it has succeeded, with all that depends on it.
    package var from: String?
    /// Who asked, by uid.
    package var uid: UInt32
    /// Who asked, for people.
    package var who: String?
    /// The life of the manager in which it was asked for: what was lost before is answered by that.
    package var epoch: String?
    /// What takes the place of the definition that the run had, if that was asked for: the run is from here on as if it had
    /// been started from this, with what has run already.
    package var definition: RunCreated?
    /// Makes the body.
    package init(
        retry: Bool, from: String? = nil, requester: Requester, epoch: String? = nil, definition: RunCreated? = nil
    ) {
        self.retry = retry
        self.from = from
        (uid, who) = (requester.uid, requester.who)
        self.epoch = epoch
        self.definition = definition
    }
}

/// The run is over.
package struct RunEnded: Sendable, Codable, Equatable {
    /// How it ended.
    package var state: RunState
    /// Why, in words.
    package var reason: String?
    /// What it gives to whoever runs it as a step, where its workflow says something of it.
    package var outputs: [String: Value]?
    /// Makes the body.
    package init(state: RunState, reason: String? = nil) {
        self.state = state
        self.reason = reason
    }
}

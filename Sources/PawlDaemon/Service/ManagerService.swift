import EventLoopKit
import PawlAPI
import PawlEngine
import PawlLanguage
import PawlModel
import PawlStore
import SystemdKit
import VarlinkKit

/// Serves `io.pawl.Manager`: each method decodes, asks whether the caller may, calls the one who knows, and answers.
struct ManagerService: Sendable {
    let conductor: Conductor
    let library: WorkflowLibrary
    let schedules: Schedules
    let monitor: HostMonitor
    let folders: any AttemptFiles
    let logs: LogReader
    let paths: Paths
    let activity: Activity
    let journal: RunJournal
    let started: Timestamp
    let authorization: Authorization
    let slices: RunSlices
    let freezer: StepFreezer
    let logFile: LogFile
    let retention: RunRetention
    /// What a slice uses just now, as systemd tells.
    let sliceUse: @Sendable (String) async -> SliceUse?
    private let auditor: Auditor

    init(
        conductor: Conductor, library: WorkflowLibrary, schedules: Schedules, monitor: HostMonitor,
        folders: any AttemptFiles,
        logs: LogReader, paths: Paths, activity: Activity, journal: RunJournal, started: Timestamp,
        authorization: Authorization, auditor: Auditor, slices: RunSlices,
        freezer: StepFreezer, logFile: LogFile,
        retention: RunRetention, sliceUse: @escaping @Sendable (String) async -> SliceUse? = { _ in nil }
    ) {
        self.sliceUse = sliceUse
        self.authorization = authorization
        self.auditor = auditor
        self.slices = slices
        self.freezer = freezer
        self.logFile = logFile
        self.retention = retention
        self.conductor = conductor
        self.library = library
        self.schedules = schedules
        self.monitor = monitor
        self.folders = folders
        self.logs = logs
        self.paths = paths
        self.activity = activity
        self.journal = journal
        self.started = started
    }

    /// Reads configuration and workflows again; the faults go into the journal and the status line.
    func reload() async -> [Diagnostic] {
        let faults = await library.reload()
        let settings = await library.settings
        journal.set(level: settings.logLevel)
        logFile.set(format: settings.logFormat)
        journal.set(file: settings.logTarget == .file ? logFile : nil)
        // Told before anything waits for the engine, which may be busy, or hang.
        journal.faults(faults)
        activity.set(faults: faults.map(\.description))
        await conductor.limit(runs: settings.maxRuns, steps: settings.maxSteps)
        await monitor.settingsChanged()
        await schedules.keep()
        return faults
    }

    /// What a signal asks for, other than the end.
    func heed(_ request: SignalListener.Request) async throws {
        switch request {
        case .stop: break
        case .reload:
            try Notify.send("RELOADING=1")
            _ = await reload()
            try Notify.send("READY=1")
        case .logEverything: journal.set(level: .debug)
        case .logAsConfigured: journal.set(level: await library.settings.logLevel)
        }
    }

    /// Writes the log file, where there is one, until the task is cancelled.
    func keepLogFile() async {
        await logFile.run { [journal] in journal.keep($0, because: $1) }
    }

    /// Writes what is left for the log file: pawld ends.
    func endLogFile() async {
        await logFile.flush { [journal] in journal.keep($0, because: $1) }
    }

    /// The interface with its methods.
    func interface() -> Interface {
        var methods: [String: Interface.Handler] = [:]
        for method in ManagerInterface.Method.allCases {
            methods[method.rawValue] = { call in try await answer(method, call) }
        }
        return Interface(name: ManagerInterface.name, description: ManagerInterface.description, methods: methods)
    }

    /// Serves on a socket that listens already, until its task is cancelled.
    func serve(on listener: CInt, events: EventLoop) async {
        let server = Server(
            loop: events, listener: listener,
            information: ServiceInformation(
                vendor: "The pawl project", product: "pawl", version: ManagerInterface.version,
                url: "https://github.com/pawl-project/pawl"),
            interfaces: [interface()])
        await server.run()
    }

    private func answer(_ method: ManagerInterface.Method, _ call: Call) async throws {
        do {
            // Every method tells or changes what concerns root alone, so the right is asked for before anything else.
            let rights = await authorization.rights(of: call.peer)
            if rights == .nothing {
                await auditor.refuse(method.rawValue, on: nil, by: call.peer, because: notPermitted(call.peer).message)
                throw notPermitted(call.peer)
            }
            switch method {
            case .describe:
                try requireViewing(rights, call)
                try await describe(call)
            case .listWorkflows: try await listWorkflows(call, rights)
            case .describeWorkflow:
                let request = try call.decode(Messages.StartRun.self)
                // A text that somebody brings along is nothing to look at.
                if rights != .view || request.text != nil { try await requireWorkflow(request, rights, call) }
                let variables = try await library.variables(of: request)
                try await call.reply(Messages.Variables(variables: variables))
            case .listRuns: try await listRuns(call, rights)
            case .describeRun: try await describeRun(call, rights)
            case .watchRun: try await watchRun(call, rights)
            case .readLogs: try await readLogs(call, rights)
            case .readAudit: try await readAudit(call, rights)
            case .describeDefinition: try await describeDefinition(call, rights)
            case .readEvents: try await readEvents(call, rights)
            case .startRun: try await startRun(call, rights)
            case .cancelRun: try await cancelRun(call, rights)
            case .resumeRun: try await resumeRun(call, rights)
            case .retryRun: try await retryRun(call, rights)
            case .undoRun: try await undoRun(call, rights)
            case .answerApproval: try await answerApproval(call, rights)
            case .pauseRun: try await pauseRun(call, rights)
            case .unpauseRun: try await unpauseRun(call, rights)
            case .setProperties: try await setProperties(call, rights)
            case .pruneRuns: try await pruneRuns(call, rights)
            case .setSchedule: try await setSchedule(call, rights)
            case .reload:
                try await act("reload", on: nil, call) { () async throws(APIError) in
                    try requireOperating(rights, call)
                } body: { _ in
                    try await reload(call)
                    return nil
                }
            }
        } catch let error as APIError {
            throw try VarlinkError(error.code.wireName, encoding: error.parameters)
        }
    }

    // MARK: Rights

    /// What somebody hears who may not.
    func notPermitted(_ peer: Peer) -> APIError {
        APIError(
            .notPermitted,
            paths.scope.isUser
                ? "uid \(peer.uid) may not do that: this is the pawld of uid \(paths.owner), which obeys that user and root"
                : "uid \(peer.uid) may not do that: only root, members of the group '\(Authorization.operators)' and those whom a "
                    + "workflow allows may; 'adduser USER \(Authorization.operators)' and a new login give the right, or 'allow' in "
                    + "the workflow")
    }

    private func requireViewing(_ rights: Authorization.Rights, _ call: Call) throws(APIError) {
        if rights == .allowed || rights == .nothing { throw notPermitted(call.peer) }
    }

    /// Whether a workflow of the library, or one of those of a run, allows it. A text that somebody brings along allows nothing.
    private func isAllowed(_ peer: Peer, _ workflows: [String]) async -> Bool {
        var allowances: [Allowance] = []
        for workflow in workflows {
            if let allowance = await library.allowance(of: workflow) { allowances.append(allowance) }
        }
        return await authorization.allows(peer, allowances)
    }

    /// Asks for the right to start a workflow.
    private func requireWorkflow(
        _ request: Messages.StartRun, _ rights: Authorization.Rights, _ call: Call
    ) async throws(APIError) {
        if rights == .operate { return }
        guard request.text == nil, await isAllowed(call.peer, [request.workflow]) else {
            throw notPermitted(call.peer)
        }
    }

    /// Finds a run that somebody may look at, or change.
    func find(
        _ text: String, _ rights: Authorization.Rights, _ call: Call, toChange: Bool = false
    ) async throws(APIError) -> RunSummaryRow {
        if rights == .operate || rights == .view && !toChange { return try await conductor.find(text) }
        // Whoever may not see it learns neither that there is one nor that there is none.
        guard let row = try? await conductor.find(text), let workflows = try? await conductor.workflows(of: row),
            await isAllowed(call.peer, workflows)
        else { throw notPermitted(call.peer) }
        return row
    }

    func requireOperating(_ rights: Authorization.Rights, _ call: Call) throws(APIError) {
        if rights != .operate { throw notPermitted(call.peer) }
    }

    /// Does what changes something: asks for the right, does it, and has it written down who asked.
    ///
    /// - Parameters:
    ///   - permit: throws where somebody may not. What else is wrong is thrown by `body`, and written down.
    func act(
        _ action: String, on target: String?, detail: String? = nil, _ call: Call,
        permit: () async throws(APIError) -> Void, body: @Sendable (Requester) async throws -> String?
    ) async throws {
        do {
            try await permit()
        } catch {
            await auditor.refuse(action, on: target, detail, by: call.peer, because: error.message)
            throw error
        }
        try await auditor.perform(action, on: target, detail, by: call.peer, body)
    }

    /// The same for what is done to a run.
    func act(
        _ action: String, onRun run: String, detail: String? = nil, _ rights: Authorization.Rights, _ call: Call,
        body: @Sendable (RunSummaryRow, Requester) async throws -> Void
    ) async throws {
        let found: Result<RunSummaryRow, APIError>
        do throws(APIError) {
            found = .success(try await find(run, rights, call, toChange: true))
        } catch {
            found = .failure(error)
        }
        try await act(action, on: run, detail: detail, call) { () async throws(APIError) in
            if case .failure(let error) = found, error.code == .notPermitted { throw error }
        } body: { requester in
            let row = try found.get()
            try await body(row, requester)
            return row.name
        }
    }

    // MARK: The daemon

    private func describe(_ call: Call) async throws {
        let count = await conductor.activity
        let settings = await library.settings
        try await call.reply(
            Messages.Daemon(
                version: ManagerInterface.version, pid: Int(HostReader.processID), started: TimeText.text(of: started),
                runsActive: count.runs, stepsActive: count.steps, status: activity.text,
                systemd: await library.systemd, runsMax: settings.maxRuns, stepsMax: settings.maxSteps,
                host: await monitor.use.map { Messages.HostUse($0) }, faults: await library.faults))
    }

    private func reload(_ call: Call) async throws {
        let faults = await reload()
        guard faults.isEmpty else {
            throw APIError(
                .faultyWorkflow,
                "\(faults.count) fault\(faults.count == 1 ? "" : "s") found; faulty files keep their last good text",
                faults: faults)
        }
        try await call.reply(Messages.Reloaded(workflows: await library.count))
    }

    // MARK: Workflows

    private func listWorkflows(_ call: Call, _ rights: Authorization.Rights) async throws {
        var workflows = await library.list()
        if rights == .allowed {
            var allowed: [WorkflowSummary] = []
            for workflow in workflows where await isAllowed(call.peer, [workflow.name]) { allowed.append(workflow) }
            guard !allowed.isEmpty else { throw notPermitted(call.peer) }
            workflows = allowed
        }
        let statuses = await schedules.statuses()
        for place in workflows.indices { workflows[place].schedule = statuses[workflows[place].name] }
        try await call.reply(Messages.Workflows(workflows: workflows))
    }

    private func setSchedule(_ call: Call, _ rights: Authorization.Rights) async throws {
        let request = try call.decode(Messages.SetSchedule.self)
        try await act(request.enabled ? "enable" : "disable", on: request.workflow, call) { () async throws(APIError) in
            try requireOperating(rights, call)
        } body: { _ in
            try await schedules.set(request.workflow, isEnabled: request.enabled)
            try await call.reply(
                Messages.Scheduled(workflow: request.workflow, schedule: await schedules.statuses()[request.workflow]))
            return nil
        }
    }

    // MARK: Runs

    private func listRuns(_ call: Call, _ rights: Authorization.Rights) async throws {
        let request = try call.decode(Messages.ListRuns.self)
        guard rights == .allowed else {
            return try await call.reply(Messages.Runs(runs: try await conductor.list(all: request.all ?? false)))
        }
        var allowed: Set<String> = []
        for workflow in await library.list() where await isAllowed(call.peer, [workflow.name]) {
            allowed.insert(workflow.name)
        }
        guard !allowed.isEmpty else { throw notPermitted(call.peer) }
        // Those that are steps of one that is seen are seen with it, whatever they run; parents come before or after.
        let runs = try await conductor.list(all: request.all ?? false)
        let parents = Dictionary(runs.map { ($0.run, $0) }, uniquingKeysWith: { first, _ in first })
        let seen = runs.filter { run in
            var next: RunSummary? = run
            while let one = next {
                if allowed.contains(one.workflow) { return true }
                next = one.parent.flatMap { parents[$0] }
            }
            return false
        }
        try await call.reply(Messages.Runs(runs: seen))
    }

    private func startRun(_ call: Call, _ rights: Authorization.Rights) async throws {
        let request = try call.decode(Messages.StartRun.self)
        let names = (request.variables ?? [:]).keys.sorted()
        let detail = [
            request.text == nil ? nil : "with a text of its own", request.unit.map { "for \($0)" },
            names.isEmpty ? nil : "variables: \(names.joined(separator: ", "))",
        ].compactMap(\.self)
        try await act(
            "run", on: request.workflow, detail: detail.isEmpty ? nil : detail.joined(separator: "; "), call
        ) { () async throws(APIError) in
            try await requireWorkflow(request, rights, call)
            if let unit = request.unit, call.peer.uid != 0, call.peer.uid != paths.owner {
                throw APIError(.notPermitted, "only root starts a run for a unit, such as \(unit)")
            }
        } body: { requester in
            let answer = try await startRun(request, by: requester)
            try await call.reply(answer)
            return answer.run
        }
    }

    private func startRun(_ request: Messages.StartRun, by requester: Requester) async throws -> Messages.RunName {
        if let unit = request.unit, request.boot == true,
            let over = try await conductor.runOverBoot(of: unit, workflow: request.workflow)
        {
            return Messages.RunName(run: over.name(of: request.workflow), id: over.rawValue)
        }
        // Before anything is looked at that may have changed since the first time.
        if let key = request.key, let known = try await conductor.run(ofKey: key, request.workflow) {
            return Messages.RunName(run: known.name(of: request.workflow), id: known.rawValue)
        }
        let entry = try await library.entry(of: request)
        let bound = entry.workflow.bind(
            request.variables ?? [:], configured: await library.settings.variables)
        guard bound.faults.isEmpty else {
            throw APIError(
                .invalidVariable,
                "workflow '\(request.workflow)' was not started: "
                    + bound.faults.map(\.message).joined(separator: "; "))
        }
        var created = RunCreated(
            workflow: request.workflow, file: entry.file, text: entry.text, variables: bound.values,
            requester: requester, folder: paths.runs, maxParallel: await library.settings.maxParallel,
            host: HostReader.facts())
        created.source = entry.source
        created.user = paths.scope.user
        created.unit = request.unit
        created.key = request.key
        created.leftOut = try ManagerService.leftOut(by: request, of: entry.workflow)
        let children = try await library.children(of: entry.workflow)
        created.children = children.isEmpty ? nil : children
        let id = try await conductor.start(created, workflow: entry.workflow, folders: folders)
        if let unit = request.unit { await schedules.started(unit, run: id) }
        return Messages.RunName(run: id.name(of: request.workflow), id: id.rawValue)
    }

    private func describeRun(_ call: Call, _ rights: Authorization.Rights) async throws {
        let row = try await find(try call.decode(Messages.Run.self).run, rights, call)
        var (status, _) = try await conductor.status(of: row.id)
        if !status.state.isEnded, let slice = status.slice { status.use = await sliceUse(slice) }
        try await call.reply(Messages.Status(status: status))
    }

    /// Answers at once, and with `more` again after each change until the run has ended. What changes while an answer is
    /// on its way comes together in the next one, so a slow reader gets fewer of them and holds nobody up.
    private func watchRun(_ call: Call, _ rights: Authorization.Rights) async throws {
        let request = try call.decode(Messages.WatchRun.self)
        // Each reply costs a look at the run: more than a few in a second nobody can read.
        let every = request.every.map { max(0.5, $0) }
        let row = try await find(request.run, rights, call)
        var (status, bookmark) = try await conductor.status(of: row.id)
        while call.more, !ManagerService.isAtRest(status.state) {
            try await call.reply(Messages.Status(status: status), continues: true)
            guard await conductor.changed(row.id, since: bookmark, within: every) else {
                // It has ended; the store has the whole of it.
                (status, bookmark) = try await conductor.status(of: row.id)
                break
            }
            (status, bookmark) = try await conductor.status(of: row.id, since: bookmark, withRunning: every != nil)
            try Task.checkCancellation()
        }
        try await call.reply(Messages.Status(status: status))
    }

    /// Whether nothing happens to a run until somebody asks for it.
    private static func isAtRest(_ state: RunState) -> Bool { state.isEnded || state == .stopped }

    private func cancelRun(_ call: Call, _ rights: Authorization.Rights) async throws {
        let request = try call.decode(Messages.Cancel.self)
        let isForced = request.force == true
        try await act("cancel", onRun: request.run, detail: isForced ? "by force" : nil, rights, call) {
            row, requester in
            try await conductor.cancel(row.id, by: requester, isForced: isForced)
            // A cancelled run stops only because nothing of it can be recorded any more.
            try await waitForEnd(of: row.id, failsWhenStopped: true)
            let (status, _) = try await conductor.status(of: row.id)
            try await call.reply(Messages.Status(status: status))
        }
    }

    private func resumeRun(_ call: Call, _ rights: Authorization.Rights) async throws {
        let request = try call.decode(Messages.Resume.self)
        let detail = request.withCurrent == true ? "with the current definition" : nil
        try await act("resume", onRun: request.run, detail: detail, rights, call) { row, requester in
            let current = request.withCurrent == true ? try await library.current(row.workflow) : nil
            try await conductor.resume(row.id, with: current, by: requester)
            try await call.reply(Messages.RunName(run: row.name, id: row.id.rawValue))
        }
    }

    private func retryRun(_ call: Call, _ rights: Authorization.Rights) async throws {
        let request = try call.decode(Messages.Retry.self)
        let detail = [
            request.from.map { "from \($0)" }, request.withCurrent == true ? "with the current definition" : nil,
        ].compactMap(\.self)
        try await act(
            "retry", onRun: request.run, detail: detail.isEmpty ? nil : detail.joined(separator: ", "), rights, call
        ) { row, requester in
            let current = request.withCurrent == true ? try await library.current(row.workflow) : nil
            try await conductor.retry(row.id, from: request.from, with: current, by: requester)
            try await call.reply(Messages.RunName(run: row.name, id: row.id.rawValue))
        }
    }

    private func undoRun(_ call: Call, _ rights: Authorization.Rights) async throws {
        try await act("undo", onRun: try call.decode(Messages.Run.self).run, rights, call) { row, requester in
            let id = try await conductor.undo(row.id, folders: folders, runs: paths.runs, by: requester)
            try await call.reply(Messages.RunName(run: id.name(of: row.workflow), id: id.rawValue))
        }
    }

    private func answerApproval(_ call: Call, _ rights: Authorization.Rights) async throws {
        let request = try call.decode(Messages.Approval.self)
        let comment = request.comment.map { ": \($0)" } ?? ""
        try await act(
            request.approved ? "approve" : "reject", onRun: request.run, detail: "step \(request.step)\(comment)",
            rights, call
        ) { row, requester in
            try await conductor.answer(row.id, request, by: requester)
            try await call.reply(Messages.RunName(run: row.name, id: row.id.rawValue))
        }
    }

    func waitForEnd(of id: RunID, failsWhenStopped: Bool = false) async throws {
        while let standing = await conductor.standing(of: id) {
            if failsWhenStopped, standing.state == .stopped {
                let reason = standing.reason ?? "for no reason that is known"
                throw APIError(.storeFailed, "the run stands still: \(reason)")
            }
            guard await conductor.changed(id, since: standing.bookmark) else { return }
            try Task.checkCancellation()
        }
    }
}

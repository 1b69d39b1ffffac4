import PawlAPI
import PawlLanguage
import PawlModel

/// pawld as the verbs see it: one typed call for each method, over a connection that is made when it is needed.
final class ManagerClient {
    private let connect: () throws(ManagerError) -> any ManagerConnection
    private var connection: (any ManagerConnection)?

    /// Makes a client; nothing is connected yet.
    init(connect: @escaping () throws(ManagerError) -> any ManagerConnection) {
        self.connect = connect
    }

    /// Forgets the connection, so that the next call makes a new one.
    func disconnect() { connection = nil }

    /// The daemon itself.
    func describe() throws(ManagerError) -> Messages.Daemon { try ask(.describe, Messages.Empty()) }

    /// The workflows by name.
    func workflows() throws(ManagerError) -> [WorkflowSummary] {
        let answer: Messages.Workflows = try ask(.listWorkflows, Messages.Empty())
        return answer.workflows
    }

    /// The variables of a workflow, and what a run with these values would lack.
    func variables(of workflow: String, given: [String: Value]) throws(ManagerError) -> [VariableSummary] {
        let answer: Messages.Variables = try ask(
            .describeWorkflow, Messages.StartRun(workflow: workflow, variables: given.isEmpty ? nil : given))
        return answer.variables
    }

    /// Starts a run. Without a key it must not be repeated after `.lost`: the run may be there.
    func start(
        _ workflow: String, variables: [String: Value], text: String? = nil, key: String? = nil,
        selection: StepSelection = StepSelection()
    ) throws(ManagerError) -> Messages.RunName {
        var request = Messages.StartRun(
            workflow: workflow, variables: variables.isEmpty ? nil : variables, text: text, key: key)
        request.only = selection.only.isEmpty ? nil : selection.only
        request.from = selection.from.isEmpty ? nil : selection.from
        request.skip = selection.skip.isEmpty ? nil : selection.skip
        return try key == nil ? call(.startRun, request) : ask(.startRun, request)
    }

    /// Starts a run for a unit, or finds the one that was. It may be repeated.
    func start(
        _ workflow: String, variables: [String: Value], unit: String, atBoot: Bool
    ) throws(ManagerError) -> Messages.RunName {
        try call(
            .startRun,
            Messages.StartRun(
                workflow: workflow, variables: variables.isEmpty ? nil : variables, unit: unit,
                boot: atBoot ? true : nil))
    }

    /// The runs that have not ended, or all, the newest first.
    func runs(all: Bool) throws(ManagerError) -> [RunSummary] {
        let answer: Messages.Runs = try ask(.listRuns, Messages.ListRuns(all: all))
        return answer.runs
    }

    /// One run with its steps.
    func status(of run: String) throws(ManagerError) -> RunStatus {
        let answer: Messages.Status = try ask(.describeRun, Messages.Run(run: run))
        return answer.status
    }

    /// Cancels a run and waits until it has ended.
    func cancel(_ run: String, isForced: Bool = false) throws(ManagerError) -> RunStatus {
        let answer: Messages.Status = try call(
            .cancelRun, Messages.Cancel(run: run, force: isForced ? true : nil))
        return answer.status
    }

    /// Lets a run stand still.
    func pause(_ run: String) throws(ManagerError) -> RunStatus {
        let answer: Messages.Status = try call(.pauseRun, Messages.Run(run: run))
        return answer.status
    }

    /// Lets a paused run go on.
    func unpause(_ run: String) throws(ManagerError) -> RunStatus {
        let answer: Messages.Status = try call(.unpauseRun, Messages.Run(run: run))
        return answer.status
    }

    /// Goes on with a stopped run, by its workflow as it is now if so told.
    func resume(_ run: String, withCurrent: Bool) throws(ManagerError) -> Messages.RunName {
        try call(.resumeRun, Messages.Resume(run: run, withCurrent: withCurrent ? true : nil))
    }

    /// Opens an ended run again, and a step that has succeeded with all that depends on it, by its workflow as it is now if so
    /// told.
    func retry(_ run: String, from step: String?, withCurrent: Bool) throws(ManagerError) -> Messages.RunName {
        try call(.retryRun, Messages.Retry(run: run, from: step, withCurrent: withCurrent ? true : nil))
    }

    /// Takes back what an ended run has done.
    func undo(_ run: String) throws(ManagerError) -> Messages.RunName { try call(.undoRun, Messages.Run(run: run)) }

    /// Says yes or no to a step that waits for approval.
    func answer(
        _ run: String, step: String, isApproved: Bool, comment: String?
    ) throws(ManagerError) -> Messages.RunName {
        try call(.answerApproval, Messages.Approval(run: run, step: step, approved: isApproved, comment: comment))
    }

    /// Sets limits of a run's slice, each as `MemoryMax=2G`.
    func setProperties(of run: String, _ properties: [String]) throws(ManagerError) -> RunStatus {
        let answer: Messages.Status = try call(
            .setProperties, Messages.SetProperties(run: run, properties: properties))
        return answer.status
    }

    /// Removes runs that have ended.
    func prune(_ request: Messages.PruneRuns) throws(ManagerError) -> Messages.Pruned { try call(.pruneRuns, request) }

    /// Turns the schedule of a workflow on or off.
    func setSchedule(_ workflow: String, isEnabled: Bool) throws(ManagerError) -> Messages.Scheduled {
        try call(.setSchedule, Messages.SetSchedule(workflow: workflow, enabled: isEnabled))
    }

    /// Reads configuration and workflows again; how many workflows there are now.
    func reload() throws(ManagerError) -> Messages.Reloaded { try call(.reload, Messages.Empty()) }

    /// The last lines of a run, or of one of its steps, oldest first.
    func lastLines(of run: String, step: String?, count: Int) throws(ManagerError) -> [Messages.LogEntry] {
        try open(.readLogs, Messages.ReadLogs(run: run, step: step, lines: count))
        var entries: [Messages.LogEntry] = []
        while true {
            guard case .answer(let batch, let isLast) = try next(as: Messages.Log.self, within: nil) else { continue }
            entries += batch.entries
            if isLast { return entries.suffix(count) }
        }
    }

    /// Who asked for what, the first one first.
    func audit(_ request: Messages.ReadAudit) throws(ManagerError) -> [AuditEntry] {
        try open(.readAudit, request)
        var entries: [AuditEntry] = []
        while true {
            guard case .answer(let batch, let isLast) = try next(as: Messages.Audit.self, within: nil) else { continue }
            entries += batch.entries
            if isLast { return entries }
        }
    }

    /// Calls a method that answers again and again.
    func open(_ method: ManagerInterface.Method, _ parameters: some Encodable) throws(ManagerError) {
        try connected().open(method, parameters)
    }

    /// The next answer of the method that was opened.
    func next<Answer: Decodable>(as type: Answer.Type, within seconds: Double?) throws(ManagerError)
        -> StreamEvent<Answer>
    {
        try connected().next(as: type, within: seconds)
    }

    /// Asks for something that changes nothing, and once more if the connection broke: a pawld that restarts while
    /// somebody looks is no error, since systemd keeps its socket open.
    func ask<Answer: Decodable>(
        _ method: ManagerInterface.Method, _ parameters: some Encodable
    ) throws(ManagerError) -> Answer {
        do {
            return try call(method, parameters)
        } catch {
            guard case .lost = error else { throw error }
            disconnect()
            return try call(method, parameters)
        }
    }

    private func call<Answer: Decodable>(
        _ method: ManagerInterface.Method, _ parameters: some Encodable
    ) throws(ManagerError) -> Answer {
        try connected().call(method, parameters, as: Answer.self)
    }

    private func connected() throws(ManagerError) -> any ManagerConnection {
        if let connection { return connection }
        let made = try connect()
        connection = made
        return made
    }
}

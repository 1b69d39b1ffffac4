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
    let folders: any AttemptFiles
    let logs: LogReader
    let paths: Paths
    let activity: Activity
    let journal: RunJournal
    let started: Timestamp
    private let authorization = Authorization()

    init(
        conductor: Conductor, library: WorkflowLibrary, folders: any AttemptFiles, logs: LogReader, paths: Paths,
        activity: Activity, journal: RunJournal, started: Timestamp
    ) {
        self.conductor = conductor
        self.library = library
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
        journal.set(level: await library.settings.logLevel)
        journal.faults(faults)
        activity.set(faults: faults.map(\.description))
        return faults
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
            try authorization.require(call.peer)
            switch method {
            case .describe: try await describe(call)
            case .listWorkflows: try await call.reply(Messages.Workflows(workflows: await library.list()))
            case .describeWorkflow:
                let request = try call.decode(Messages.StartRun.self)
                let variables = try await library.variables(of: request)
                try await call.reply(Messages.Variables(variables: variables))
            case .startRun: try await startRun(call)
            case .listRuns:
                let request = try call.decode(Messages.ListRuns.self)
                try await call.reply(Messages.Runs(runs: try await conductor.list(all: request.all ?? false)))
            case .describeRun: try await describeRun(call)
            case .watchRun: try await watchRun(call)
            case .readLogs: try await readLogs(call)
            case .cancelRun: try await cancelRun(call)
            case .resumeRun:
                let request = try call.decode(Messages.Resume.self)
                let row = try await conductor.find(request.run)
                let current = request.withCurrent == true ? try await library.current(row.workflow) : nil
                try await conductor.resume(row.id, with: current, by: call.peer.uid)
                try await call.reply(Messages.RunName(run: row.name, id: row.id.rawValue))
            case .retryRun:
                let request = try call.decode(Messages.Retry.self)
                let row = try await conductor.find(request.run)
                let current = request.withCurrent == true ? try await library.current(row.workflow) : nil
                try await conductor.retry(row.id, from: request.from, with: current, by: call.peer.uid)
                try await call.reply(Messages.RunName(run: row.name, id: row.id.rawValue))
            case .undoRun:
                let row = try await run(of: call)
                let id = try await conductor.undo(row.id, folders: folders, runs: paths.runs, by: call.peer.uid)
                try await call.reply(Messages.RunName(run: id.name(of: row.workflow), id: id.rawValue))
            case .answerApproval:
                let request = try call.decode(Messages.Approval.self)
                let row = try await conductor.find(request.run)
                try await conductor.answer(row.id, step: request.step, isApproved: request.approved, by: call.peer.uid)
                try await call.reply(Messages.RunName(run: row.name, id: row.id.rawValue))
            case .reload: try await reload(call)
            }
        } catch let error as APIError {
            throw try VarlinkError(error.code.wireName, encoding: error.parameters)
        }
    }

    private func run(of call: Call) async throws -> RunSummaryRow {
        try await conductor.find(try call.decode(Messages.Run.self).run)
    }

    // MARK: The daemon

    private func describe(_ call: Call) async throws {
        let count = await conductor.activity
        try await call.reply(
            Messages.Daemon(
                version: ManagerInterface.version, pid: Int(HostReader.processID), started: TimeText.text(of: started),
                runsActive: count.runs, stepsActive: count.steps, status: activity.text,
                faults: await library.faults))
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

    // MARK: Runs

    private func startRun(_ call: Call) async throws {
        let request = try call.decode(Messages.StartRun.self)
        if let unit = request.unit {
            guard call.peer.uid == 0 else {
                throw APIError(.notPermitted, "only root starts a run for a unit, such as \(unit)")
            }
            if request.boot == true,
                let over = try await conductor.runOverBoot(of: unit, workflow: request.workflow)
            {
                return try await call.reply(
                    Messages.RunName(run: over.name(of: request.workflow), id: over.rawValue))
            }
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
            uid: call.peer.uid, folder: paths.runs, maxParallel: await library.settings.maxParallel,
            host: HostReader.facts())
        created.source = entry.source
        created.unit = request.unit
        let children = try await library.children(of: entry.workflow)
        created.children = children.isEmpty ? nil : children
        let id = try await conductor.start(created, workflow: entry.workflow, folders: folders)
        try await call.reply(Messages.RunName(run: id.name(of: request.workflow), id: id.rawValue))
    }

    private func describeRun(_ call: Call) async throws {
        let (status, _) = try await conductor.status(of: try await run(of: call).id)
        try await call.reply(Messages.Status(status: status))
    }

    /// Answers at once, and with `more` again after each change until the run has ended. What changes while an answer is
    /// on its way comes together in the next one, so a slow reader gets fewer of them and holds nobody up.
    private func watchRun(_ call: Call) async throws {
        let row = try await run(of: call)
        var (status, bookmark) = try await conductor.status(of: row.id)
        while call.more, !ManagerService.isAtRest(status.state) {
            try await call.reply(Messages.Status(status: status), continues: true)
            guard await conductor.changed(row.id, since: bookmark) else {
                // It has ended; the store has the whole of it.
                (status, bookmark) = try await conductor.status(of: row.id)
                break
            }
            (status, bookmark) = try await conductor.status(of: row.id, since: bookmark)
            try Task.checkCancellation()
        }
        try await call.reply(Messages.Status(status: status))
    }

    /// Whether nothing happens to a run until somebody asks for it.
    private static func isAtRest(_ state: RunState) -> Bool { state.isEnded || state == .stopped }

    private func cancelRun(_ call: Call) async throws {
        let row = try await run(of: call)
        try await conductor.cancel(row.id, by: call.peer.uid)
        // A cancelled run stops only because nothing of it can be recorded any more.
        try await waitForEnd(of: row.id, failsWhenStopped: true)
        let (status, _) = try await conductor.status(of: row.id)
        try await call.reply(Messages.Status(status: status))
    }

    private func waitForEnd(of id: RunID, failsWhenStopped: Bool = false) async throws {
        while let standing = await conductor.standing(of: id) {
            if failsWhenStopped, standing.state == .stopped {
                let reason = standing.reason ?? "for no reason that is known"
                throw APIError(.storeFailed, "the run stands still: \(reason)")
            }
            guard await conductor.changed(id, since: standing.bookmark) else { return }
            try Task.checkCancellation()
        }
    }

    // MARK: Logs

    private func readLogs(_ call: Call) async throws {
        let request = try call.decode(Messages.ReadLogs.self)
        let row = try await conductor.find(request.run)
        if let step = request.step, try await !conductor.status(of: row.id).0.steps.contains(where: { $0.id == step }) {
            throw APIError(.noSuchStep, "run '\(row.name)' has no step '\(step)'")
        }
        var place = JournalPosition.head
        if let count = request.lines {
            place = try await sendTail(row, request.step, count: max(0, count), call)
        } else {
            place = try await send(row, request.step, from: place, call)
        }
        if request.follow == true, call.more, await conductor.isActive(row.id) {
            place = try await follow(row, request.step, from: place, call)
            // What was written up to the end; the journal shows it a moment late.
            place = try await send(row, request.step, from: place, call)
        }
        try await call.reply(Messages.Log(entries: []))
    }

    /// Sends the last lines, and returns the place after them. What pawld itself says of a step lies between them in the
    /// journal, so it is looked further back until there are enough.
    private func sendTail(
        _ row: RunSummaryRow, _ step: String?, count: Int, _ call: Call
    ) async throws -> JournalPosition {
        var reach = count
        while true {
            var place = count == 0 ? JournalPosition.tail(0) : .head
            var lines: [Messages.LogEntry] = []
            var seen = 0
            let log = try await logs.open(run: row.id, name: row.name, step: step, at: .tail(reach))
            while let batch = try await log.next() {
                place = .after(cursor: batch.cursor)
                lines += batch.lines
                seen += batch.count
            }
            await log.close()
            guard lines.count >= count || seen < reach else {
                reach = reach * 2 + 16
                continue
            }
            var rest = lines.suffix(count)
            while call.more, !rest.isEmpty {
                try await call.reply(Messages.Log(entries: Array(rest.prefix(256))), continues: true)
                rest = rest.dropFirst(256)
            }
            return place
        }
    }

    /// Sends what there is from a place on, and returns the place after it.
    private func send(
        _ row: RunSummaryRow, _ step: String?, from start: JournalPosition, _ call: Call
    ) async throws -> JournalPosition {
        var place = start
        let log = try await logs.open(run: row.id, name: row.name, step: step, at: start)
        while let batch = try await log.next() {
            place = .after(cursor: batch.cursor)
            if call.more, !batch.lines.isEmpty {
                try await call.reply(Messages.Log(entries: batch.lines), continues: true)
            }
        }
        await log.close()
        return place
    }

    /// Sends what is written from a place on until the run has ended.
    private func follow(
        _ row: RunSummaryRow, _ step: String?, from start: JournalPosition, _ call: Call
    ) async throws -> JournalPosition {
        let log = try await logs.open(run: row.id, name: row.name, step: step, at: start)
        return try await withThrowingTaskGroup(of: JournalPosition?.self) { group in
            group.addTask {
                try await waitForEnd(of: row.id)
                await log.close()
                return nil
            }
            group.addTask {
                var place = start
                while let batch = try await log.follow() {
                    place = .after(cursor: batch.cursor)
                    if !batch.lines.isEmpty {
                        try await call.reply(Messages.Log(entries: batch.lines), continues: true)
                    }
                }
                return place
            }
            var place = start
            for try await end in group { if let end { place = end } }
            return place
        }
    }
}

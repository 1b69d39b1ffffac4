import EventLoopKit
import PawlAPI
import PawlEngine
import PawlLanguage
import PawlModel
import PawlStore
import Testing

@testable import PawlDaemon

/// One pawld in a folder: everything but the socket, over a systemd of the test's own.
struct Daemonette: ~Copyable {
    let folder: TemporaryFolder
    let manager: FakeServiceManager
    let signs = UnitSigns()
    let engine = EventLoop(name: "test-engine")
    let files = EventLoop(name: "test-files")
    let conductor: Conductor
    let folders: AttemptFolders
    let sweep: StepSweep
    let slices: RunSlices
    let freezer: StepFreezer
    let task: Task<Void, Never>

    init(_ folder: TemporaryFolder, _ manager: FakeServiceManager, isHostStopping: Bool = false) throws {
        self.folder = folder
        self.manager = manager
        let journal = RunJournal(level: .error) { _, _ in }
        let world = World(
            now: Daemon.now, jitter: { 0 }, randomBits: { UInt64.random(in: .min ... .max) },
            isHostStopping: { isHostStopping }, sleep: { [files] in try await files.sleep(for: .seconds($0)) })
        let conductor = Conductor(
            executor: engine, store: try Store(path: folder.path + "/pawl.db"), world: world, journal: journal)
        let folders = AttemptFolders(
            runs: folder.path + "/runs", started: folder.path + "/started", dropIns: folder.path + "/drop-ins",
            executor: files)
        let slices = RunSlices(manager: manager, journal: journal)
        self.slices = slices
        let freezer = StepFreezer(manager: manager, folders: folders, now: Daemon.now)
        self.freezer = freezer
        let driver = AttemptDriver(
            manager: manager, folders: folders, slices: slices, freezer: freezer, signs: signs,
            isHostStopping: { false })
        let attempts = AttemptWork(conductor: conductor, driver: driver, folders: folders, journal: journal)
        self.conductor = conductor
        self.folders = folders
        let effects = EffectLoop(conductor: conductor, attempts: attempts, driver: driver, slices: slices)
        sweep = StepSweep(conductor: conductor, manager: manager, slices: slices, signs: signs, journal: journal)
        task = Task { await effects.run() }
    }

    /// pawld is killed: nothing of it goes on, and nothing is tidied up.
    func kill() async {
        task.cancel()
        await task.value
    }

    /// Starts a run.
    ///
    /// - Parameter children: the texts of the workflows that its steps run, by name.
    func start(_ text: String, children: [String: String] = [:]) async throws -> RunID {
        let read = WorkflowReader.read(text, file: "/demo.yaml", name: "demo")
        let workflow = try #require(read.workflow)
        var created = RunCreated(
            workflow: "demo", file: "/demo.yaml", text: text, variables: [:], requester: Requester(uid: 0),
            folder: folder.path + "/runs",
            maxParallel: 4, host: HostReader.facts())
        if !children.isEmpty {
            created.children = children.map { name, text in
                ChildDefinition(
                    workflow: name, source: WorkflowSource(SourceFile(file: "/\(name).yaml", text: text)))
            }
        }
        return try await conductor.start(created, workflow: workflow, folders: folders)
    }

    /// A step's unit ends and leaves its receipt, as pawl-record would.
    func end(_ unit: String, status: Int) throws {
        let name = try #require(AttemptName(unit: unit))
        let result = status == 0 ? "success" : "exit-code"
        try folder.write(
            "runs/\(name.run)/\(name.folder)/\(Receipt.fileName)",
            #"{"unit":"\#(unit)","service_result":"\#(result)","exit_code":"exited","exit_status":"\#(status)","#
                + #""realtime_usec":1700000000000000,"stopping":false,"memory_peak":null,"cpu_usec":null}"#, mode: 0o600
        )
        manager.end(unit, status: status)
        signs.give(unit)
    }

    func ended(_ id: RunID) async throws -> RunStatus {
        while true {
            let (status, bookmark) = try await conductor.status(of: id)
            if status.state.isEnded { return status }
            _ = await conductor.changed(id, since: bookmark)
        }
    }
}

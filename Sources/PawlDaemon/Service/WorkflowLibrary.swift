import EventLoopKit
import Glibc
import PawlAPI
import PawlLanguage
import PawlModel

/// The workflows and the configuration as they are in force. A faulty file does not take away what worked: its last good
/// text stays in force and the faults are kept beside it; the configuration is taken all or nothing.
actor WorkflowLibrary {
    /// A workflow that can be started.
    struct Entry: Sendable {
        /// The texts that it is made of, with their files; a run keeps them.
        var source: WorkflowSource
        /// What they say.
        var workflow: Workflow

        /// The workflow's own file.
        var file: String { source.main.file }
        /// Its text.
        var text: String { source.main.text }
    }

    /// A file under a workflow's name, as it was found the last time.
    struct Found {
        var path: String
        var faults: [Diagnostic] = []
        /// Whether it is there to hide those of the same name in later folders.
        var isMask = false
    }

    private let executor: EventLoop
    private let paths: Paths
    private(set) var good: [String: Entry] = [:]
    private var files: [String: Found] = [:]
    private var configurationFaults: [Diagnostic] = []
    private(set) var configuration = Configuration()
    /// The manager that is to run the workflows; its version is known once it has been asked.
    private(set) var manager: ManagerTraits
    /// The version of the systemd that runs; nil until that is known.
    var systemd: Int? { manager.version }

    /// Reads below these paths, on a thread where waiting for a disk holds up nobody.
    init(paths: Paths, executor: EventLoop) {
        self.paths = paths
        self.executor = executor
        manager = ManagerTraits(user: paths.scope.userManager)
    }

    /// The thread.
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Takes the version of the systemd that runs: what is read from now on is held against it.
    func take(systemd: Int) { manager.version = systemd }

    /// The configuration in force.
    var settings: Configuration { configuration }

    /// Reads everything again. What is in force afterwards is the new set without its faulty parts.
    ///
    /// - Returns: the faults; empty if all of it is in force.
    func reload() -> [Diagnostic] {
        readConfiguration()
        var found: [String: String] = [:]
        var folderFaults: [Diagnostic] = []
        for folder in paths.workflows.reversed() {
            for name in list(folder, fault: &folderFaults) { found[name] = "\(folder)/\(name).yaml" }
        }
        var newGood: [String: Entry] = [:]
        var newFiles: [String: Found] = [:]
        var trust = TrustedFile(owner: paths.owner)
        for (name, path) in found {
            let (entry, file) = readWorkflow(name, path, &trust)
            newFiles[name] = file
            // Faulty: what was good the last time goes on, wherever it came from.
            newGood[name] = entry ?? (file.isMask ? nil : good[name])
        }
        refuseCalls(in: &newGood, &newFiles)
        good = newGood
        files = newFiles
        configurationFaults += folderFaults
        return faults
    }

    /// All faults, by file and place.
    var faults: [Diagnostic] {
        configurationFaults + files.sorted { $0.key < $1.key }.flatMap(\.value.faults)
    }

    /// The faults in the file of a workflow.
    func faults(of name: String) -> [Diagnostic] { files[name]?.faults ?? [] }

    /// How many workflows can be started.
    var count: Int { good.count }

    /// The workflows by name.
    func list() -> [WorkflowSummary] {
        files.sorted { $0.key < $1.key }.map { name, file in
            WorkflowSummary(
                name: name, description: good[name]?.workflow.description ?? good[name]?.workflow.title,
                file: file.path, faulty: !file.faults.isEmpty, masked: file.isMask, startable: good[name] != nil,
                faults: file.faults)
        }
    }

    /// Who may work with a workflow beside those who may with all; nil for one that is not there.
    func allowance(of name: String) -> Allowance? { good[name]?.workflow.allow }

    /// The schedules in force, and the workflows of which nobody knows whether they have one: their files have faults, and there
    /// is no last good text.
    func schedules() -> (schedules: [String: Schedule], unclear: Set<String>) {
        let unclear = files.filter { good[$0.key] == nil && !$0.value.isMask }.keys
        return (good.compactMapValues(\.workflow.schedule), Set(unclear))
    }

    /// Whether there is a file of that name, or a text that one left.
    func isKnown(_ name: String) -> Bool { files[name] != nil || good[name] != nil }

    /// A workflow to start.
    func entry(_ name: String) throws(APIError) -> Entry {
        if let entry = good[name] { return entry }
        if let file = files[name] {
            guard !file.isMask else {
                throw APIError(
                    .noSuchWorkflow,
                    "workflow '\(name)' is masked by \(file.path), which is empty or a link to /dev/null; remove that, and "
                        + "'pawl reload' brings back the one that it hides")
            }
            let count = file.faults.count
            throw APIError(
                .faultyWorkflow, "workflow '\(name)' has \(count) fault\(count == 1 ? "" : "s")", faults: file.faults)
        }
        let near = Suggestion.nearest(to: name, in: files.keys.sorted()).map { " (did you mean '\($0)'?)" } ?? ""
        throw APIError(.noSuchWorkflow, "there is no workflow '\(name)'\(near); 'pawl list' shows them")
    }

    // MARK: Reading

    private func list(_ folder: String, fault: inout [Diagnostic]) -> [String] {
        var names: [String] = []
        do throws(SystemFault) {
            for file in try Folder.list(folder) where DropIns.isOne(file) {
                let name = String(file.dropLast(".yaml".count))
                if Names.isWorkflow(name) {
                    names.append(name)
                } else {
                    fault.append(
                        Diagnostic(
                            file: "\(folder)/\(file)", line: 1, column: 1,
                            message:
                                "'\(name)' cannot be a workflow's name: lower-case letters, digits and dashes, at most "
                                + "\(Names.longest)"))
                }
            }
        } catch {
            if error.number != ENOENT {
                fault.append(
                    Diagnostic(file: folder, line: 1, column: 1, message: "cannot be read: \(error.description)"))
            }
        }
        return names
    }

    private func readWorkflow(_ name: String, _ path: String, _ trust: inout TrustedFile) -> (Entry?, Found) {
        var found = Found(path: path)
        guard let main = read(path, &trust, &found.faults) else { return (nil, found) }
        // systemd's way to hide a file that cannot be removed.
        guard !main.isEmpty else {
            found.isMask = true
            return (nil, found)
        }
        let dropIns = self.dropIns(name, &trust, &found.faults)
        guard found.faults.isEmpty else { return (nil, found) }
        var source = WorkflowSource(SourceFile(file: path, text: main), dropIns: dropIns)
        // The same texts as before are the same workflow.
        if let known = good[name], known.source.main == source.main, known.source.dropIns == source.dropIns,
            known.source.included.allSatisfy({ trust.text($0.file) == .success($0.text) })
        {
            return (known, found)
        }
        let read = WorkflowReader.read(&source, name: name, manager: manager) { file in
            trust.text(file).mapError { IncludeFault($0.message) }
        }
        found.faults = read.diagnostics.filter { $0.severity == .error }
        found.faults += read.workflow?.schedule?.zoneFaults { ZoneFile.clocks(of: $0) != nil } ?? []
        guard found.faults.isEmpty else { return (nil, found) }
        return (read.workflow.map { Entry(source: source, workflow: $0) }, found)
    }

    /// What is laid over the workflow's file, from all folders.
    private func dropIns(_ name: String, _ trust: inout TrustedFile, _ faults: inout [Diagnostic]) -> [SourceFile] {
        let folders = paths.workflows.map { DropIns.folder(of: "\($0)/\(name).yaml") }
        var listings: [(folder: String, names: [String])] = []
        for folder in folders {
            do throws(SystemFault) {
                listings.append((folder, try Folder.list(folder)))
            } catch {
                // What is no folder holds nothing.
                guard error.number != ENOENT, error.number != ENOTDIR else { continue }
                faults.append(
                    Diagnostic(file: folder, line: 1, column: 1, message: "cannot be read: \(error.description)"))
            }
        }
        let order = DropIns.order(listings)
        guard order.count <= DropIns.most else {
            let fault = "there are \(order.count) drop-ins for the workflow '\(name)'; at most \(DropIns.most) are read"
            faults.append(Diagnostic(file: order[DropIns.most], line: 1, column: 1, message: fault))
            return []
        }
        return order.compactMap { path in read(path, &trust, &faults).map { SourceFile(file: path, text: $0) } }
    }

    /// Reads the configuration, and says nothing of its faults: what is in force afterwards is what a reload would leave. For those
    /// who cannot wait until all workflows are read.
    func readSettings() -> Configuration {
        readConfiguration()
        return configuration
    }

    private func readConfiguration() {
        configurationFaults = []
        var trust = TrustedFile(owner: paths.owner)
        var texts: [(file: String, text: String)] = []
        let folder = paths.configuration + ".d"
        // A folder that is not there holds nothing, and one that cannot be read is found out of by its files' absence.
        let drops = DropIns.order([(folder, (try? Folder.list(folder)) ?? [])])
        for path in [paths.configuration] + drops where access(path, F_OK) == 0 {
            if let text = read(path, &trust, &configurationFaults) { texts.append((path, text)) }
        }
        texts += ConfigurationReader.texts(ofEnvironment: { name in getenv(name).map { String(cString: $0) } })
        let (read, diagnostics) = ConfigurationReader.read(texts)
        configurationFaults += diagnostics.filter { $0.severity == .error }
        if configurationFaults.isEmpty, let read { configuration = read }
    }

    /// The text of a file that only root can write; an empty one for what is there to hide another one.
    private func read(_ path: String, _ trust: inout TrustedFile, _ faults: inout [Diagnostic]) -> String? {
        switch trust.text(path, orNull: true) {
        case .success(let text): return text
        case .failure(let fault):
            faults.append(fault)
            return nil
        }
    }
}

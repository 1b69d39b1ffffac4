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
        /// The file.
        var file: String
        /// Its text, which a run keeps.
        var text: String
        /// What the text says.
        var workflow: Workflow
    }

    private let executor: EventLoop
    private let paths: Paths
    private var good: [String: Entry] = [:]
    private var files: [String: (path: String, faults: [Diagnostic])] = [:]
    private var configurationFaults: [Diagnostic] = []
    private(set) var configuration = Configuration()

    /// Reads below these paths, on a thread where waiting for a disk holds up nobody.
    init(paths: Paths, executor: EventLoop) {
        self.paths = paths
        self.executor = executor
    }

    /// The thread.
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

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
        var newFiles: [String: (path: String, faults: [Diagnostic])] = [:]
        for (name, path) in found {
            let (entry, faults) = readWorkflow(name, path)
            newFiles[name] = (path, faults)
            // Faulty: what was good the last time goes on, wherever it came from.
            newGood[name] = entry ?? good[name]
        }
        good = newGood
        files = newFiles
        configurationFaults += folderFaults
        return faults
    }

    /// All faults, by file and place.
    var faults: [Diagnostic] {
        configurationFaults + files.sorted { $0.key < $1.key }.flatMap(\.value.faults)
    }

    /// How many workflows can be started.
    var count: Int { good.count }

    /// The workflows by name.
    func list() -> [WorkflowSummary] {
        files.sorted { $0.key < $1.key }.map { name, file in
            WorkflowSummary(
                name: name, description: good[name]?.workflow.description ?? good[name]?.workflow.title,
                file: file.path, faulty: !file.faults.isEmpty, startable: good[name] != nil, faults: file.faults)
        }
    }

    /// Whether there is a file of that name, or a text that one left.
    func isKnown(_ name: String) -> Bool { files[name] != nil || good[name] != nil }

    /// A workflow to start.
    func entry(_ name: String) throws(APIError) -> Entry {
        if let entry = good[name] { return entry }
        if let file = files[name] {
            let count = file.faults.count
            throw APIError(
                .faultyWorkflow, "workflow '\(name)' has \(count) fault\(count == 1 ? "" : "s")", faults: file.faults)
        }
        let near = Suggestion.nearest(to: name, in: files.keys.sorted()).map { " (did you mean '\($0)'?)" } ?? ""
        throw APIError(.noSuchWorkflow, "there is no workflow '\(name)'\(near); 'pawl list' shows them")
    }

    // MARK: Reading

    private func list(_ folder: String, fault: inout [Diagnostic]) -> [String] {
        guard let handle = opendir(folder) else {
            if errno != ENOENT {
                fault.append(
                    Diagnostic(
                        file: folder, line: 1, column: 1, message: "cannot be read: \(String(cString: strerror(errno)))"
                    ))
            }
            return []
        }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let file = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard file.hasSuffix(".yaml"), !file.hasPrefix(".") else { continue }
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
        return names
    }

    private func readWorkflow(_ name: String, _ path: String) -> (Entry?, [Diagnostic]) {
        let text: String
        switch readTrusted(path) {
        case .failure(let fault): return (nil, [fault])
        case .success(let read): text = read
        }
        // The same text as before is the same workflow.
        if let known = good[name], known.text == text, known.file == path { return (known, []) }
        let read = WorkflowReader.read(text, file: path, name: name)
        let errors = read.diagnostics.filter { $0.severity == .error }
        return (read.workflow.map { Entry(file: path, text: text, workflow: $0) }, errors)
    }

    private func readConfiguration() {
        configurationFaults = []
        var texts: [(file: String, text: String)] = []
        var drops: [String] = []
        if let handle = opendir(paths.configuration + ".d") {
            defer { closedir(handle) }
            while let entry = readdir(handle) {
                let file = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if file.hasSuffix(".yaml"), !file.hasPrefix(".") { drops.append(file) }
            }
        }
        let wanted = [paths.configuration] + drops.sorted().map { "\(paths.configuration).d/\($0)" }
        for path in wanted where access(path, F_OK) == 0 {
            switch readTrusted(path) {
            case .failure(let fault): configurationFaults.append(fault)
            case .success(let text): texts.append((path, text))
            }
        }
        let (read, diagnostics) = ConfigurationReader.read(texts)
        configurationFaults += diagnostics.filter { $0.severity == .error }
        if configurationFaults.isEmpty, let read { configuration = read }
    }

    /// Reads a file that root owns and nobody else can write: who could write it would be root by way of pawld.
    private func readTrusted(_ path: String) -> Result<String, Diagnostic> {
        func fault(_ message: String) -> Result<String, Diagnostic> {
            .failure(Diagnostic(file: path, line: 1, column: 1, message: message))
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return fault("cannot be read: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            return fault("cannot be read: \(String(cString: strerror(errno)))")
        }
        guard status.st_mode & S_IFMT == S_IFREG else { return fault("is no regular file") }
        guard status.st_uid == paths.owner, status.st_mode & 0o022 == 0 else {
            let mode = String(status.st_mode & 0o7777, radix: 8)
            return fault(
                "others than root can write it (owner uid \(status.st_uid), mode \(mode)): refused; "
                    + "'chown root: \(path) && chmod go-w \(path)' mends it")
        }
        guard status.st_size <= 4 << 20 else { return fault("has \(status.st_size) bytes; at most 4 MiB are read") }
        guard let bytes = SmallFile.read(descriptor, limit: 4 << 20) else {
            return fault("cannot be read: \(String(cString: strerror(errno)))")
        }
        return SourceText.read(bytes, file: path)
    }
}

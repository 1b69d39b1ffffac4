import Glibc
import PawlAPI
import PawlLanguage
import PawlModel

/// A workflow as its files on this host have it, read without pawld.
struct LocalWorkflow {
    /// A text that is not in its file yet.
    struct Draft {
        /// The file that it is for, and the text.
        var file: SourceFile
        /// Whether that is a drop-in, and not the workflow's own file.
        var isDropIn: Bool
    }

    /// The name.
    var name: String
    /// Its file, its drop-ins and what they include.
    var source: WorkflowSource
    /// What they say; nil where they have a fault.
    var workflow: Workflow?
    /// Faults and warnings.
    var diagnostics: [Diagnostic]
    /// Whether there is nothing to say of its texts; owner and mode are those of the files where they are just now.
    var isTextClean = false

    /// The workflow's own file.
    var file: String { source.main.file }

    /// The faults among the diagnostics.
    var faults: [Diagnostic] { diagnostics.filter { $0.severity == .error } }

    /// `1 fault`, `2 faults`.
    var count: String { faults.count == 1 ? "1 fault" : "\(faults.count) faults" }

    /// Reads a workflow and checks it.
    ///
    /// - Parameters:
    ///   - workflow: a path as it is; a name is looked up in the folders, the first one first.
    ///   - draft: what is read in place of what is in a file, or of nothing.
    ///   - isStrict: whether what is allowed and better avoided is warned of too.
    ///   - checksCalls: whether the workflows that its steps run are read too.
    ///   - scope: whose pawl is to read it.
    ///   - manager: what is known of the manager that is to run it.
    static func read(
        _ workflow: String, in folders: [String], draft: Draft? = nil, isStrict: Bool = false, checksCalls: Bool = true,
        scope: RuntimeScope = .system, manager: ManagerTraits = ManagerTraits()
    ) throws(CommandFailure) -> LocalWorkflow {
        let path: String
        if let draft, !draft.isDropIn {
            path = draft.file.file
        } else {
            path = try WorkflowFiles.find(workflow, in: folders)
        }
        let name = WorkflowFiles.name(of: path)
        var reader = Reader(draft: draft?.file, owner: scope.owner)
        let text: String
        do {
            text = try reader.text(path, isMain: true)
        } catch {
            guard let fault = error.fault else {
                throw CommandFailure(
                    error.isMissing ? .notFound : .usage, "workflow file '\(path)' cannot be read: \(error.reason)")
            }
            let source = WorkflowSource(SourceFile(file: path, text: ""))
            return LocalWorkflow(name: name, source: source, diagnostics: [fault])
        }
        guard !text.isEmpty else {
            throw CommandFailure(
                .notFound,
                "workflow '\(name)' is masked by \(path), which is empty or a link to /dev/null; remove that to have the one "
                    + "that it hides")
        }
        var source = WorkflowSource(SourceFile(file: path, text: text))
        // A file somewhere else has what stands beside it and nothing of the host's.
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let places = folders.contains(folder) ? folders : [folder]
        let listings = places.map { place in
            let folder = DropIns.folder(of: (place == "." ? "" : place + "/") + WorkflowFiles.base(path))
            let added = draft.map { $0.file.file }.flatMap { $0.hasPrefix(folder + "/") ? WorkflowFiles.base($0) : nil }
            return (folder, WorkflowFiles.list(folder) + (added.map { [$0] } ?? []))
        }
        for file in DropIns.order(listings) {
            do {
                source.dropIns.append(SourceFile(file: file, text: try reader.text(file)))
            } catch {
                reader.diagnostics.append(
                    error.fault
                        ?? Diagnostic(file: file, line: 1, column: 1, message: "cannot be read: \(error.reason)"))
            }
        }
        let read = WorkflowReader.read(&source, name: name, isStrict: isStrict, manager: manager) { file in
            reader.included(file)
        }
        var found = read.diagnostics
        found += read.workflow?.schedule?.zoneFaults(isThere: WorkflowFiles.isZone) ?? []
        if checksCalls, let workflow = read.workflow { found += callFaults(of: workflow, file: path, folders) }
        let isWhole = (found + reader.diagnostics).allSatisfy { $0.severity != .error }
        return LocalWorkflow(
            name: name, source: source, workflow: isWhole ? read.workflow : nil,
            diagnostics: found + reader.diagnostics, isTextClean: found.isEmpty)
    }

    /// What is wrong with what a workflow runs as steps. A file somewhere else is likely to have the others beside it, and to be
    /// meant for a host that has more of them.
    private static func callFaults(of workflow: Workflow, file: String, _ folders: [String]) -> [Diagnostic] {
        guard !workflow.called.isEmpty else { return [] }
        let folder = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
        let isElsewhere = !folders.contains(folder)
        var known: [String: Workflow?] = [:]
        let checker = CallChecker(absence: isElsewhere ? .warning : .error) { name in
            if let workflow = known[name] { return workflow }
            let beside = (isElsewhere ? ["\(folder)/\(name).yaml"] : []) + [name]
            // Each has faults of its own, which its own check says.
            let read = beside.lazy.compactMap { try? LocalWorkflow.read($0, in: folders, checksCalls: false) }.first
            known[name] = .some(read?.workflow)
            return read?.workflow
        }
        return checker.faults(of: workflow)
    }

    /// Reads files, and notes what will keep pawld from reading them.
    private struct Reader {
        let draft: SourceFile?
        let owner: UInt32
        var diagnostics: [Diagnostic] = []

        mutating func text(_ path: String, isMain: Bool = false) throws(TextFile.Failure) -> String {
            if let draft, draft.file == path { return draft.text }
            let file = try TextFile.read(path, orNull: true)
            guard !file.isNull else { return "" }
            diagnostics += WorkflowFiles.warnings(
                path: path, owner: file.owner, mode: file.mode, isMain: isMain, wanted: owner)
            return file.text
        }

        mutating func included(_ path: String) -> Result<String, IncludeFault> {
            do throws(TextFile.Failure) {
                let file = try TextFile.read(path)
                diagnostics += WorkflowFiles.warnings(
                    path: path, owner: file.owner, mode: file.mode, isMain: false, wanted: owner)
                return .success(file.text)
            } catch {
                let place = error.fault.map { " (line \($0.line), column \($0.column))" } ?? ""
                return .failure(IncludeFault("cannot be read: \(error.reason)\(place)"))
            }
        }
    }
}

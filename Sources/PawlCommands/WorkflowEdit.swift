import Glibc
import PawlAPI
import PawlLanguage
import PawlModel

/// A file of a workflow that is being edited, in systemctl's manner.
struct WorkflowEdit {
    /// The workflow's name.
    let name: String
    /// The file that the text will be in.
    let target: String
    /// Whether that is a drop-in.
    let isDropIn: Bool
    /// What is in it; nil where it is not there.
    private(set) var current: String?
    /// What the person begins with.
    private(set) var beginning = ""
    private let folders: [String]
    private let scope: RuntimeScope
    private let manager: ManagerTraits

    private static let heading = "### Editing "
    private static let above = "### What stands between here and the comment below becomes the drop-in"
    private static let below = "### Lines below this comment are discarded"

    /// Finds out which file is meant.
    init(_ verb: EditVerb, _ surroundings: Surroundings) throws(CommandFailure) {
        let folders = surroundings.workflowFolders
        (name, self.folders) = (verb.workflow, folders)
        (scope, manager) = (surroundings.scope, surroundings.manager)
        guard Names.isWorkflow(name) else {
            throw CommandFailure(.usage, "'\(name)' is no workflow's name; a file is edited with an editor")
        }
        let folder = folders[min(verb.runtime ? 1 : 0, folders.count - 1)]
        let file = "\(verb.workflow).yaml"
        let found = folders.first { access("\($0)/\(file)", F_OK) == 0 || WorkflowEdit.isLink("\($0)/\(file)") }
        if found == nil, !verb.force {
            // The error names what was probably meant.
            do { _ = try WorkflowFiles.find(name, in: folders) } catch {
                var failure = error
                failure.message += "; 'pawl edit --force \(name)' makes it"
                throw failure
            }
        }
        // Who has a file of their own edits that; what a package or the system made is left as it is.
        isDropIn = verb.dropIn != nil || !(verb.full || found == nil || found == folder)
        if isDropIn {
            var name = verb.dropIn ?? "override"
            if !name.hasSuffix(".yaml") { name += ".yaml" }
            guard DropIns.isOne(name), !name.contains("/") else {
                throw CommandFailure(.usage, "'\(name)' cannot be a drop-in's name")
            }
            guard found != nil else {
                throw CommandFailure(.notFound, "there is no workflow '\(self.name)' that a drop-in could be laid over")
            }
            target = "\(DropIns.folder(of: "\(folder)/\(file)"))/\(name)"
        } else {
            target = "\(folder)/\(file)"
            if let found, let hiding = folders.firstIndex(of: found), let own = folders.firstIndex(of: folder),
                hiding < own
            {
                throw CommandFailure(.conflict, "\(target) would be hidden by \(found)/\(file)")
            }
        }
        current = try WorkflowEdit.text(of: target)
        if isDropIn {
            beginning = template(try LocalWorkflow.read(name, in: folders, scope: scope, manager: manager).source)
        } else if let current {
            guard !current.isEmpty else {
                throw CommandFailure(.conflict, "workflow '\(name)' is masked by \(target); remove that first")
            }
            beginning = current
        } else if let found {
            beginning = try WorkflowEdit.text(of: "\(found)/\(file)") ?? ""
        }
    }

    private static func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    private static func text(of path: String) throws(CommandFailure) -> String? {
        do {
            return try TextFile.read(path, orNull: true).text
        } catch {
            if error.isMissing { return nil }
            throw CommandFailure(.failed, "'\(path)' cannot be read: \(error.reason)")
        }
    }

    /// The drop-in, and below it all that it is laid over, as comments.
    private func template(_ source: WorkflowSource) -> String {
        var lines = [Self.heading + target, Self.above, ""]
        lines += (current ?? "").split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        lines += ["", Self.below]
        for part in WorkflowReader.parts(of: source) where part.file != target {
            lines += ["", "### \(part.file)"]
            lines += part.text.split(separator: "\n", omittingEmptySubsequences: false).map {
                $0.isEmpty ? "#" : "# \($0)"
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What will be in the file of what was edited; nil where nothing is left.
    func result(of text: String) -> String? {
        var lines = kept(text).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if isDropIn { lines.removeAll { $0 == Self.heading + target || $0 == Self.above } }
        while let first = lines.first, first.allSatisfy(\.isWhitespace) { lines.removeFirst() }
        while let last = lines.last, last.allSatisfy(\.isWhitespace) { lines.removeLast() }
        return lines.isEmpty ? nil : lines.joined(separator: "\n") + "\n"
    }

    private func kept(_ text: String) -> String {
        guard isDropIn, let end = text.firstRange(of: Self.below) else { return text }
        return String(text[..<end.lowerBound])
    }

    /// Checks the workflow as it would be. Places are those of the text as it was edited: its head is comments.
    func check(_ text: String) throws(CommandFailure) -> LocalWorkflow {
        let draft = LocalWorkflow.Draft(file: SourceFile(file: target, text: kept(text)), isDropIn: isDropIn)
        return try LocalWorkflow.read(name, in: folders, draft: draft, scope: scope, manager: manager)
    }

    /// Refuses before anybody has written anything, if it could not be saved.
    func requirePermission() throws(CommandFailure) {
        var folder = target
        repeat {
            folder = folder.lastIndex(of: "/").map { String(folder[..<$0]) } ?? ""
        } while !folder.isEmpty && access(folder, F_OK) != 0
        guard access(folder.isEmpty ? "/" : folder, W_OK) != 0 else { return }
        throw CommandFailure(number: errno, "'\(target)' cannot be written")
    }

    /// Puts the text into the file, whole or not at all.
    func save(_ text: String) throws(CommandFailure) {
        let folder = target.lastIndex(of: "/").map { String(target[..<$0]) } ?? "."
        if let failed = WorkflowFiles.makeFolders(above: target) {
            throw CommandFailure(number: failed.number, "'\(failed.path)' cannot be made")
        }
        // Beside the file, so that it can take its place at once; no name of a workflow or a drop-in.
        let name = "\(folder)/.#\(WorkflowFiles.base(target)).\(getpid())"
        unlink(name)
        let descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CommandFailure(number: errno, "'\(target)' cannot be written") }
        let file = TextOutput(descriptor: descriptor)
        file.write(text)
        file.flush()
        var failure = file.failure
        if failure == nil, fchmod(descriptor, 0o644) != 0 || fsync(descriptor) != 0 { failure = errno }
        if close(descriptor) != 0, failure == nil { failure = errno }
        if failure == nil, rename(name, target) != 0 { failure = errno }
        if let failure {
            unlink(name)
            throw CommandFailure(number: failure, "'\(target)' cannot be written")
        }
        // The name is durable only with its folder.
        let handle = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard handle >= 0 else { return }
        fsync(handle)
        close(handle)
    }
}

/// A file of its own in which somebody edits a text; its folder nobody else can look into.
struct EditDraft {
    private let folder: String
    /// The file.
    let path: String

    /// Makes the file with the text in it. Its last part is that of the file it is for, which editors go by.
    init(_ text: String, for target: String, in parent: String) throws(CommandFailure) {
        var template = Array("\(parent)/pawl-edit-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw CommandFailure(number: errno, "no folder for the text can be made in \(parent)")
        }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        path = "\(folder)/\(WorkflowFiles.base(target))"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure(number: errno, "'\(path)' cannot be made")
        }
        let file = TextOutput(descriptor: descriptor)
        file.write(text)
        file.flush()
        let failure = file.failure
        close(descriptor)
        if let failure { throw CommandFailure(number: failure, "'\(path)' cannot be written") }
    }

    /// What is in it now.
    func text() throws(CommandFailure) -> String {
        do {
            return try TextFile.read(path).text
        } catch {
            throw CommandFailure(
                .failed, "what was edited cannot be read from '\(path)': \(error.reason)",
                faults: error.fault.map { [$0] } ?? [])
        }
    }

    /// Removes it, and what the editor has left beside it.
    func remove() {
        for name in WorkflowFiles.list(folder) where name != "." && name != ".." { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }
}

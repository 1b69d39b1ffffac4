import Glibc
import PawlAPI
import PawlModel

/// Where workflow files are and what pawld thinks of who may change them.
enum WorkflowFiles {
    private static let suffix = ".yaml"

    /// The path that is meant: a path as it is, a name looked up in the folders, the first one first.
    static func find(_ workflow: String, in folders: [String]) throws(CommandFailure) -> String {
        if workflow.contains("/") || workflow.hasSuffix(suffix) { return workflow }
        for folder in folders {
            let path = "\(folder)/\(workflow)\(suffix)"
            if access(path, F_OK) == 0 { return path }
        }
        let question = Suggestion.question(for: workflow, among: folders.flatMap(WorkflowFiles.names))
        throw CommandFailure(
            .notFound, "there is no workflow '\(workflow)' in \(folders.joined(separator: ", "))\(question)")
    }

    /// The workflow's name: its file's without folder and `.yaml`.
    static func name(of path: String) -> String {
        let file = base(path)
        return file.hasSuffix(suffix) ? String(file.dropLast(suffix.count)) : file
    }

    /// A path's last part.
    static func base(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    /// What will keep pawld from reading the file, though its text may be without fault.
    ///
    /// - Parameter wanted: who may own it besides root.
    static func warnings(
        path: String, owner: UInt32, mode: UInt32, isMain: Bool = true, wanted: UInt32 = 0
    ) -> [Diagnostic] {
        var warnings: [(message: String, hint: String)] = []
        if isMain, !path.hasSuffix(suffix) {
            warnings.append(("pawld reads only files whose names end in .yaml", "rename it"))
        }
        if owner != 0, owner != wanted {
            let whose = wanted == 0 ? "root" : "you"
            warnings.append(
                (
                    "pawld refuses this file where it is: it belongs to uid \(owner), not to \(whose)",
                    wanted == 0 ? "chown root" : "copy it"
                ))
        }
        // Group and others: whoever may write a workflow is root on this host.
        if mode & 0o022 != 0 {
            warnings.append(
                (
                    "pawld refuses this file where it is: others than \(wanted == 0 ? "root" : "you") may write it",
                    "chmod go-w"
                ))
        }
        return warnings.map { warning in
            Diagnostic(
                file: path, line: 1, column: 1, severity: .warning, message: warning.message, hint: warning.hint)
        }
    }

    /// Makes the folders above a file that are not there. Returns which could not be made, with the error's number.
    static func makeFolders(above file: String) -> (path: String, number: Int32)? {
        var path = ""
        for part in file.split(separator: "/").dropLast() {
            path += "/\(part)"
            guard mkdir(path, 0o755) == 0 || errno == EEXIST else { return (path, errno) }
        }
        return nil
    }

    /// Whether the host has the clocks of a time zone: a file that begins as they do (`man:tzfile(5)`).
    static func isZone(_ name: String) -> Bool {
        let descriptor = open("/usr/share/zoneinfo/\(name)", O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var start = [UInt8](repeating: 0, count: 4)
        return read(descriptor, &start, start.count) == start.count && start.elementsEqual("TZif".utf8)
    }

    private static func names(in folder: String) -> [String] {
        list(folder).filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }
    }

    /// The names in a folder; none where it cannot be read.
    static func list(_ folder: String) -> [String] {
        guard let handle = opendir(folder) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            names.append(name)
        }
        return names
    }
}

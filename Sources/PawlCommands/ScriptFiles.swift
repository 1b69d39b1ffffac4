import Glibc
import PawlAPI
import PawlLanguage
import PawlModel

/// Reads the scripts of a set and the graph that may say how they depend on one another.
enum ScriptFiles {
    /// The scripts of a graph and those that are named beside it, read and put in relation.
    static func read(
        _ paths: [String], graph path: String?, _ surroundings: Surroundings
    ) throws(CommandFailure) -> ScriptSet {
        let graph = try path.map { (path) throws(CommandFailure) in try readGraph(path) }
        var files: [ScriptFile] = []
        for (name, script, place) in graph?.scripts ?? [] {
            files.append(try read(script, name: name, below: path.map(folder), place, surroundings))
        }
        for path in paths { files.append(try read(path, name: nil, below: nil, nil, surroundings)) }
        guard !files.isEmpty else { throw CommandFailure(.usage, "there is no script to run") }
        let read = ScriptSet.read(files, base: absolute("."), graph: graph)
        guard let set = read.set else {
            let count = read.diagnostics.count
            throw CommandFailure(
                .usage, "the scripts cannot be put in order: \(count == 1 ? "1 fault" : "\(count) faults")",
                faults: read.diagnostics)
        }
        return set
    }

    private static func readGraph(_ path: String) throws(CommandFailure) -> DependencyGraph {
        let text: String
        do {
            text = try TextFile.read(path).text
        } catch {
            throw CommandFailure(
                error.isMissing ? .notFound : .usage, "the graph '\(path)' cannot be read: \(error.reason)",
                faults: error.fault.map { [$0] } ?? [])
        }
        let (graph, diagnostics) = DependencyGraph.read(text, file: path)
        guard let graph else {
            throw CommandFailure(.usage, "'\(path)' is no graph of workflows and dependencies", faults: diagnostics)
        }
        return graph
    }

    /// Reads a script: where the path leads from here, or else from the folder of the graph that names it.
    private static func read(
        _ path: String, name: String?, below folder: String?, _ place: Diagnostic?, _ surroundings: Surroundings
    ) throws(CommandFailure) -> ScriptFile {
        var found = path
        if let folder, !path.hasPrefix("/"), access(path, F_OK) != 0 { found = "\(folder)/\(path)" }
        let file: TextFile
        do {
            file = try TextFile.read(found)
        } catch {
            var faults = error.fault.map { [$0] } ?? []
            if var place {
                place.message = "the script '\(path)' cannot be read: \(error.reason)"
                faults.append(place)
            }
            throw CommandFailure(.usage, "the script '\(path)' cannot be read: \(error.reason)", faults: faults)
        }
        // Whoever can write it is root by way of this run; that is the caller's affair, but not a thing to be silent of.
        if file.owner != 0 || file.mode & 0o022 != 0 {
            surroundings.warn("the script '\(found)' runs as root and others than root can write it")
        }
        return ScriptFile(
            path: found, absolutePath: absolute(found), text: file.text, isExecutable: file.mode & 0o111 != 0,
            name: name)
    }

    /// The scripts of a folder, by name.
    static func list(_ folder: String) throws(CommandFailure) -> [String] {
        guard let handle = opendir(folder) else {
            throw CommandFailure(
                errno == ENOENT ? .notFound : .usage, "the folder '\(folder)' cannot be read: \(TextFile.words(errno))")
        }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".sh") || name.hasSuffix(".bash"), !name.hasPrefix(".") { names.append(name) }
        }
        guard !names.isEmpty else {
            throw CommandFailure(.usage, "there is no script in '\(folder)': none of its files ends in .sh or .bash")
        }
        let start = folder.hasSuffix("/") ? folder : folder + "/"
        return names.sorted().map { start + $0 }
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }

    /// The path from the root.
    static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let here = getcwd(nil, 0) else { return "/" + path }
        defer { free(here) }
        return "\(String(cString: here))/\(path)"
    }
}

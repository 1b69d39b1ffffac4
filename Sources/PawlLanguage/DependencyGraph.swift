package import PawlModel
import YAMLKit

/// A dependency graph in JSON: `workflows` with a `path` for each name, and `dependencies` between the names.
package struct DependencyGraph: Sendable {
    /// A name and where it stands; the message of the place is empty.
    package struct Name: Sendable {
        /// The name.
        package var name: String
        /// Where it stands.
        package var place: Diagnostic
    }

    /// What one name depends on.
    package struct Entry: Sendable {
        /// The name.
        package var name: String
        /// Where it stands.
        package var place: Diagnostic
        /// What it depends on.
        package var targets: [Name]
    }

    /// The paths of the scripts by name, in the order written.
    package private(set) var scripts: [(name: String, path: String, place: Diagnostic)] = []
    /// Who depends on whom.
    package private(set) var dependencies: [Entry] = []

    /// Keys that other programs leave in such a file and that say nothing of the order.
    private static let ignored: Set<String> = ["execution_order", "status"]

    /// Reads a text.
    ///
    /// - Parameters:
    ///   - text: the file's text.
    ///   - file: how the diagnostics name the file.
    /// - Returns: the graph, nil exactly where there is an error; and all errors.
    package static func read(_ text: String, file: String) -> (graph: DependencyGraph?, diagnostics: [Diagnostic]) {
        let faults = Faults(file: file)
        var graph = DependencyGraph()
        // JSON is YAML but for small things, and YAML's reader knows the places.
        if let root = faults.root(of: text) {
            graph.read(root, faults)
        } else if !faults.hasErrors {
            faults.error(YAMLMark(line: 1, column: 1), "the file is empty; a graph has 'workflows' and 'dependencies'")
        }
        return (faults.hasErrors ? nil : graph, faults.sorted)
    }

    private mutating func read(_ root: YAMLNode, _ faults: Faults) {
        guard let mapping = root.mapping else {
            return faults.error(root.mark, "a graph is a map with 'workflows' and 'dependencies', not \(root.kindName)")
        }
        for entry in mapping {
            switch entry.key.text {
            case "workflows": readScripts(entry, faults)
            case "dependencies": readDependencies(entry, faults)
            case let name where DependencyGraph.ignored.contains(name): break
            case let name:
                let near = Suggestion.nearest(to: name, in: ["workflows", "dependencies"])
                faults.error(entry.key.mark, "unknown key '\(name)'", hint: near.map(Suggestion.didYouMean))
            }
        }
    }

    private mutating func readScripts(_ entry: YAMLEntry, _ faults: Faults) {
        guard let mapping = entry.value.mapping else { return faults.refuse(entry, "a map of names to paths") }
        for entry in mapping {
            let node = entry.value.mapping == nil ? entry.value : entry.value["path"]
            guard let path = node?.scalar, node?.isEmpty == false, !path.text.isEmpty else {
                faults.error(entry.place, "the script '\(entry.key.text)' has no 'path'")
                continue
            }
            scripts.append((entry.key.text, path.text, place(node?.mark ?? entry.place, faults)))
        }
    }

    private mutating func readDependencies(_ entry: YAMLEntry, _ faults: Faults) {
        guard let mapping = entry.value.mapping else { return faults.refuse(entry, "a map of names to lists of names") }
        for entry in mapping {
            guard let items = entry.value.sequence else {
                faults.refuse(entry, "a list of names")
                continue
            }
            var targets: [Name] = []
            for item in items {
                guard let scalar = item.scalar, !item.isEmpty else {
                    faults.error(item.mark, "'\(entry.key.text)' depends on names, not on \(item.kindName)")
                    continue
                }
                // Programs that write such files leave empty names in them.
                if !scalar.text.isEmpty { targets.append(Name(name: scalar.text, place: place(item.mark, faults))) }
            }
            dependencies.append(Entry(name: entry.key.text, place: place(entry.key.mark, faults), targets: targets))
        }
    }

    private func place(_ mark: YAMLMark, _ faults: Faults) -> Diagnostic {
        Diagnostic(file: faults.file, line: mark.line, column: mark.column, message: "")
    }
}

package import PawlModel

/// A script of a set, as it was found.
package struct ScriptFile: Sendable {
    /// The path as it was named.
    package var path: String
    /// The absolute path.
    package var absolutePath: String
    /// Its text.
    package var text: String
    /// Whether it may be executed as it is.
    package var isExecutable: Bool
    /// The name that a dependency graph gives it.
    package var name: String?

    /// Describes a script.
    package init(path: String, absolutePath: String, text: String, isExecutable: Bool, name: String? = nil) {
        self.path = path
        self.absolutePath = FilePath.join(absolutePath)
        self.text = text
        self.isExecutable = isExecutable
        self.name = name
    }
}

/// Scripts that are to run as one workflow, and which waits for which.
package struct ScriptSet: Sendable {
    /// One script waits for another one.
    package struct Dependency: Sendable, Equatable {
        /// Which script is waited for, as a place in the list.
        package var script: Int
        /// Where that is said: `FILE:LINE`.
        package var place: String
        /// What is said there.
        package var text: String
        fileprivate var mark: Diagnostic
    }

    /// A script with its step's name and what it waits for.
    package struct Script: Sendable {
        /// The step's name.
        package var id: String
        /// The script.
        package var file: ScriptFile
        /// What it waits for, each script once, in the order it is said.
        package var dependencies: [Dependency] = []
    }

    /// The scripts, in the order they were named.
    package private(set) var scripts: [Script] = []
    private var diagnostics: [Diagnostic] = []
    private var places: [String: Int] = [:]
    private var names: [String: Int] = [:]
    private var ids: [String: Int] = [:]

    /// Finds the names of the scripts and what they say of one another.
    ///
    /// - Parameters:
    ///   - files: the scripts.
    ///   - base: the absolute path of the folder that relative paths are looked up in, after a script's own.
    ///   - graph: where there is one, it alone says who waits for whom.
    /// - Returns: the set, nil exactly where something is wrong; and what is wrong.
    package static func read(
        _ files: [ScriptFile], base: String, graph: DependencyGraph? = nil
    ) -> (set: ScriptSet?, diagnostics: [Diagnostic]) {
        var result = ScriptSet()
        result.takeNames(files)
        if let graph {
            result.takeDependencies(graph, base: base)
        } else {
            for index in result.scripts.indices { result.takeDependencies(of: index, base: base) }
        }
        if result.diagnostics.isEmpty { result.findCycle() }
        return (result.diagnostics.isEmpty ? result : nil, result.diagnostics)
    }

    // MARK: Names

    private mutating func takeNames(_ files: [ScriptFile]) {
        for file in files {
            let index = scripts.count
            let id = ScriptSet.step(file.name ?? FilePath.name(of: file.absolutePath))
            if let first = places[file.absolutePath] {
                fault(
                    file.path, 1, 1,
                    "the script '\(file.path)' is in the set twice, first as '\(scripts[first].file.path)'")
                continue
            }
            if let first = ids[id] {
                fault(
                    file.path, 1, 1,
                    "the scripts '\(scripts[first].file.path)' and '\(file.path)' would both be the step '\(id)'",
                    hint: "rename one of them")
            } else if !Names.isStep(id) {
                fault(
                    file.path, 1, 1, "'\(id)' cannot be a step's name",
                    hint: "letters, digits, '_' and '-', at most \(Names.longest)")
            }
            places[file.absolutePath] = index
            ids[id] = index
            let name = FilePath.name(of: file.absolutePath)
            for known in [file.name, name, ScriptSet.withoutSuffix(name), id].compactMap({ $0 })
            where names[known] == nil {
                names[known] = index
            }
            scripts.append(Script(id: id, file: file))
        }
    }

    private static func withoutSuffix(_ name: String) -> String {
        for suffix in [".sh", ".bash"] where name.hasSuffix(suffix) && name != suffix {
            return String(name.dropLast(suffix.count))
        }
        return name
    }

    /// The name of the step that runs a script: that of its file, without what a step's name cannot have.
    static func step(_ name: String) -> String {
        var id = String(
            withoutSuffix(FilePath.name(of: name)).map { character in
                character.isASCII && (character.isLetter || character.isNumber || character == "_") ? character : "-"
            })
        while id.hasPrefix("-") { id.removeFirst() }
        if id.isEmpty || id.first?.isNumber == true || Names.reserved.contains(id) || Expression.words.contains(id) {
            id = "script-" + id
        }
        return id
    }

    // MARK: Dependencies

    private mutating func takeDependencies(of index: Int, base: String) {
        let file = scripts[index].file
        let marks = ScriptMarks(file.text)
        for mark in marks.marks {
            let folder = FilePath.folder(of: file.absolutePath)
            let isPath = mark.kind != .comment || mark.target.contains("/")
            let paths = isPath ? marks.paths(of: mark.target, folder: folder, base: base) : []
            let found = isPath ? paths.compactMap { places[$0] }.first : names[mark.target]
            guard let found else {
                // What is sourced or called need not be in the set; what is asked for in so many words must.
                if mark.kind == .comment { reportUnknown(mark, file) }
                continue
            }
            let place = Diagnostic(file: file.path, line: mark.line, column: mark.column, message: "")
            if found != index {
                add(found, to: index, place, mark.text)
            } else if mark.kind == .comment {
                fault(file.path, mark.line, mark.column, "the script '\(scripts[index].id)' depends on itself")
            }
        }
    }

    private mutating func reportUnknown(_ mark: ScriptMarks.Mark, _ file: ScriptFile) {
        let near = Suggestion.nearest(
            to: mark.target, in: scripts.flatMap { [FilePath.name(of: $0.file.path), $0.id] })
        fault(
            file.path, mark.line, mark.column, "'\(mark.target)' is no script of this set",
            hint: near.map(Suggestion.didYouMean) ?? "name it with the others, or take it out of '\(mark.text)'")
    }

    private mutating func takeDependencies(_ graph: DependencyGraph, base: String) {
        for entry in graph.dependencies {
            guard let index = find(entry.name, base: base) else {
                reportUnknown(entry.name, entry.place)
                continue
            }
            for target in entry.targets {
                guard let found = find(target.name, base: base) else {
                    reportUnknown(target.name, target.place)
                    continue
                }
                guard found != index else {
                    fault(
                        target.place.file, target.place.line, target.place.column,
                        "the script '\(scripts[index].id)' depends on itself")
                    continue
                }
                add(found, to: index, target.place, "\"\(entry.name)\": [\"\(target.name)\"]")
            }
        }
    }

    private func find(_ name: String, base: String) -> Int? {
        names[name] ?? (name.contains("/") ? places[FilePath.join(name.hasPrefix("/") ? "/" : base, name)] : nil)
    }

    private mutating func reportUnknown(_ name: String, _ place: Diagnostic) {
        let near = Suggestion.nearest(to: name, in: names.keys.sorted())
        fault(
            place.file, place.line, place.column, "'\(name)' is no script of this set",
            hint: near.map(Suggestion.didYouMean) ?? "it belongs under 'workflows', with its 'path'")
    }

    private mutating func add(_ target: Int, to index: Int, _ place: Diagnostic, _ text: String) {
        guard !scripts[index].dependencies.contains(where: { $0.script == target }) else { return }
        scripts[index].dependencies.append(
            Dependency(script: target, place: "\(place.file):\(place.line)", text: text, mark: place))
    }

    // MARK: Faults

    private mutating func fault(_ file: String, _ line: Int, _ column: Int, _ message: String, hint: String? = nil) {
        diagnostics.append(Diagnostic(file: file, line: line, column: column, message: message, hint: hint))
    }

    /// Tells the first circle that there is, with all the places that make it one.
    private mutating func findCycle() {
        var state = Array(repeating: 0, count: scripts.count)
        for start in scripts.indices where state[start] == 0 {
            var path: [(script: Int, next: Int)] = [(start, 0)]
            state[start] = 1
            while let (script, next) = path.last {
                guard next < scripts[script].dependencies.count else {
                    state[script] = 2
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                let target = scripts[script].dependencies[next].script
                if state[target] == 0 {
                    state[target] = 1
                    path.append((target, 0))
                } else if state[target] == 1, let first = path.firstIndex(where: { $0.script == target }) {
                    report(path[first...].map { ($0.script, $0.next - 1) })
                    return
                }
            }
        }
    }

    private mutating func report(_ cycle: [(script: Int, dependency: Int)]) {
        let edges = cycle.map { scripts[$0.script].dependencies[$0.dependency] }
        let names = (cycle.map(\.script) + [cycle[0].script]).map { scripts[$0].id }.joined(separator: " -> ")
        for (edge, place) in zip(edges, cycle) {
            fault(
                edge.mark.file, edge.mark.line, edge.mark.column,
                "these scripts wait for one another: \(names); '\(scripts[place.script].id)' says '\(edge.text)' here")
        }
    }
}

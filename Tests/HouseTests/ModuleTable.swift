import FoundationEssentials

/// The table of modules in ARCHITECTURE.md: what each target may import.
struct ModuleTable {
    struct Module {
        var floor: Int
        /// Targets and products of the package that it may import.
        var imports: Set<String>
        /// Modules of the system, from the last column.
        var system: Set<String>
    }

    var modules: [String: Module] = [:]

    /// Reads the table whose header has the columns `floor`, `target`, `imports` and `of the system`; nothing else in the text
    /// is looked at.
    init(markdown: String) {
        var columns: [String] = []
        for line in markdown.split(separator: "\n", omittingEmptySubsequences: false) {
            guard line.hasPrefix("|") else {
                columns = []
                continue
            }
            let cells = line.dropFirst().split(separator: "|", omittingEmptySubsequences: false).map(Self.plain)
            if columns.isEmpty {
                columns = cells
                continue
            }
            guard let floor = columns.firstIndex(of: "floor"), let target = columns.firstIndex(of: "target"),
                let imports = columns.firstIndex(of: "imports"),
                let system = columns.firstIndex(of: "of the system"), cells.count > max(floor, target, imports, system),
                let number = Int(cells[floor])
            else { continue }
            modules[cells[target]] = Module(
                floor: number, imports: Self.names(cells[imports]), system: Self.names(cells[system]))
        }
    }

    private static func plain(_ cell: Substring) -> String {
        String(cell.filter { $0 != "`" }).trimmingBlanks()
    }

    private static func names(_ cell: String) -> Set<String> {
        Set(cell.split(separator: ",").map { String($0).trimmingBlanks() }.filter { !$0.isEmpty })
    }
}

extension String {
    fileprivate func trimmingBlanks() -> String {
        let start = drop { $0 == " " }
        guard let last = start.lastIndex(where: { $0 != " " }) else { return "" }
        return String(start[...last])
    }
}

/// The module that a line of Swift imports, or nil where it is no import: attributes, an access level and a kind of
/// declaration may stand before the name, and a submodule counts as its module.
func importedModule(_ line: Substring) -> String? {
    let modifiers: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
    let kinds: Set<Substring> = ["typealias", "struct", "class", "enum", "protocol", "let", "var", "func"]
    var words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })[...]
    while let word = words.first, word.hasPrefix("@") || modifiers.contains(word) { words.removeFirst() }
    guard words.popFirst() == "import" else { return nil }
    if let word = words.first, kinds.contains(word) { words.removeFirst() }
    return words.first.flatMap { $0.split(whereSeparator: { ".;/".contains($0) }).first.map(String.init) }
}

/// What Package.swift lists for each `module(NAME, [...])` and `program(NAME, [...])`, products of other packages
/// included.
func manifestDependencies(_ manifest: String) -> [String: Set<String>] {
    var result: [String: Set<String>] = [:]
    // The calls stand in the list of targets; the functions of these names are declared above it.
    guard let targets = manifest.split(separator: "targets: [\n", maxSplits: 1).last else { return [:] }
    for function in ["module(", "program("] {
        for call in String(targets).components(after: function) {
            // The text between the quotes, up to the end of the call, which no string in it contains.
            var depth = 1
            let body = call.prefix { character in
                if "([".contains(character) { depth += 1 } else if ")]".contains(character) { depth -= 1 }
                return depth > 0
            }
            let quoted = body.split(separator: "\"", omittingEmptySubsequences: false)
            let strings = stride(from: 1, to: quoted.count, by: 2).map { String(quoted[$0]) }
            guard let name = strings.first else { continue }
            // `.product(name: X, package: Y)` names a module and the package it comes from.
            let packages = Set(
                body.components(after: "package: \"").compactMap { $0.split(separator: "\"").first.map(String.init) })
            result[name] = Set(strings.dropFirst()).subtracting(packages)
        }
    }
    return result
}

extension StringProtocol {
    /// What follows each occurrence of `marker`, up to the end of the text.
    fileprivate func components(after marker: String) -> [String] {
        var result: [String] = []
        var rest = Substring(self)
        while let range = rest.firstRange(of: marker) {
            rest = rest[range.upperBound...]
            result.append(String(rest))
        }
        return result
    }
}

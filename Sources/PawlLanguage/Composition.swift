import PawlModel
import YAMLKit

/// Why a file that is included could not be had.
package struct IncludeFault: Error, Sendable {
    /// What is wrong with it, as words that follow its name: `is no regular file`.
    package var message: String
    /// Makes a fault.
    package init(_ message: String) { self.message = message }
}

/// Makes one tree of a workflow's file, of what it includes and of its drop-ins. Every node keeps the place that it has in its
/// own file, so that faults are told there, and the ordinary readers take the tree from here.
struct Composition {
    /// How many files may be included, in one another and in all, and how large all files may be together.
    static let (deepest, most, mostBytes) = (8, 64, 4 << 20)

    /// Gives the text of a file. It is handed down and never kept: `withoutActuallyEscaping` would leave the length of this
    /// file's own path in the program, which would not be the same from every folder that it is built in.
    typealias Load = (_ file: String) -> Result<String, IncludeFault>

    let faults: Faults
    /// The files that were included, in the order in which they were asked for.
    private(set) var included: [SourceFile] = []
    /// All files in the order in which they count: what is included before what includes it, drop-ins at the end.
    private(set) var order: [SourceFile] = []
    private var taken: Set<String> = []
    private var bytes = 0
    private var isTooMuch = false

    init(faults: Faults) {
        self.faults = faults
    }

    /// The tree; nil where the workflow's own file cannot be read or is empty.
    mutating func compose(_ source: WorkflowSource, _ template: inout OlderTemplate, _ load: Load) -> YAMLNode? {
        bytes = source.dropIns.reduce(source.main.text.utf8.count) { $0 + $1.text.utf8.count }
        var result = faults.root(of: source.main.text)
        if let root = result {
            if OlderTemplate.isOne(root) {
                refuseInclude(root)
                result = template.translate(root)
            } else {
                result = withIncluded(root, [source.main.file], load)
            }
        }
        order.append(source.main)
        for file in source.dropIns {
            defer { if !file.text.isEmpty { order.append(file) } }
            let root = faults.root(of: file.text, partIn: file.file)
            // One that says nothing hides another one of its name and changes nothing.
            guard let root, !root.isEmpty else { continue }
            guard root.mapping != nil else {
                faults.error(root.mark, "a drop-in is a map of keys and values, not \(root.kindName)")
                continue
            }
            guard let base = result, base.mapping != nil else { continue }
            result = Overlay(isDropIn: true).lay(withIncluded(root, [file.file], load), over: base)
        }
        return result
    }

    // MARK: What is included

    /// A map over all that it includes, the later files over the earlier ones.
    private mutating func withIncluded(_ root: YAMLNode, _ chain: [String], _ load: Load) -> YAMLNode {
        guard let mapping = root.mapping, let entry = mapping.first(where: { $0.key.text == "include" }) else {
            return root
        }
        guard let items = entry.value.sequence, !items.isEmpty else {
            faults.refuse(entry, "a list of files")
            return root
        }
        var base: YAMLNode?
        for item in items {
            guard let part = part(item, chain, load) else { continue }
            base = base.map { Overlay().lay(part, over: $0) } ?? part
        }
        let own = YAMLNode(.mapping(mapping.filter { $0.key.text != "include" }), at: root.mark)
        return base.map { Overlay().lay(own, over: $0) } ?? own
    }

    /// The tree of an included file with all that this one includes; nil where there is nothing to be had of it.
    private mutating func part(_ item: YAMLNode, _ chain: [String], _ load: Load) -> YAMLNode? {
        guard let name = item.scalar?.text, !item.isEmpty, !name.isEmpty else {
            faults.error(item.mark, "'include' takes names of files, not \(item.kindName)")
            return nil
        }
        guard !name.contains("${") else {
            faults.error(
                item.mark, "'include' takes names of files as they are: it is read before there are any values")
            return nil
        }
        let file = Composition.path(name, from: chain[chain.count - 1])
        guard !chain.contains(file) else {
            let path = chain.drop { $0 != file } + [file]
            faults.error(item.mark, "these files include one another: \(path.joined(separator: " -> "))")
            return nil
        }
        // Two parts may both need a third one: it counts where it was named first.
        guard !isTooMuch, taken.insert(file).inserted else { return nil }
        guard chain.count <= Composition.deepest else {
            faults.error(item.mark, "files are included more than \(Composition.deepest) deep here")
            return nil
        }
        guard included.count < Composition.most else {
            isTooMuch = true
            faults.error(item.mark, "a workflow includes at most \(Composition.most) files; this is one more")
            return nil
        }
        let text: String
        switch load(file) {
        case .failure(let fault):
            faults.error(item.mark, "the included file \(file) \(fault.message)")
            return nil
        case .success(let read): text = read
        }
        bytes += text.utf8.count
        guard bytes <= Composition.mostBytes else {
            isTooMuch = true
            faults.error(item.mark, "with this file the workflow is larger than \(Composition.mostBytes >> 20) MiB")
            return nil
        }
        included.append(SourceFile(file: file, text: text))
        defer { order.append(SourceFile(file: file, text: text)) }
        let root = faults.root(of: text, partIn: file)
        guard let root, !root.isEmpty else { return nil }
        guard root.mapping != nil else {
            faults.error(root.mark, "a file that is included is a map of keys and values, not \(root.kindName)")
            return nil
        }
        return withIncluded(root, chain + [file], load)
    }

    private func refuseInclude(_ root: YAMLNode) {
        for node in [root, root["workflow"]].compactMap({ $0 }) {
            guard let entry = node.mapping?.first(where: { $0.key.text == "include" }) else { continue }
            faults.error(entry.key.mark, "a template includes no files; a workflow with 'steps' does")
        }
    }

    /// The file that a name means in another file, without `.`, `..` and doubled slashes where that can be.
    static func path(_ name: String, from file: String) -> String {
        let folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
        let path = name.hasPrefix("/") ? name : folder + name
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else if part != ".." || !path.hasPrefix("/") {
                parts.append(part)
            }
        }
        return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    }
}

/// Lays the tree of one file over that of another, key by key.
struct Overlay {
    /// Whether a step takes the place of one of the same name. Two files that are included side by side do not know of each
    /// other, so there a name that is there twice is a fault, as in one file.
    var isDropIn = false

    private static let stepLists = ([.main] + StepPhase.handlers).map(\.rawValue)

    /// The maps that are laid over one another in turn, and how deep; all other values take the place of what was there.
    private static let depths = [
        "variables": 1, "env": 1, "unit": 1, "slice": 1, "outputs": 1, "credentials": 1, "with": 1, "allow": 1,
        "retry_policy": 2,
    ]

    /// What a step does: one key of these, so that one puts away the others.
    private static let actions: Set<String> = [
        "run", "command", "approval", "workflow", "reboot", "http", "ai", "data",
    ]

    /// The keys of a workflow or a part of one over those of another.
    func lay(_ over: YAMLNode, over base: YAMLNode) -> YAMLNode {
        merge(over, base) { name, value, under in
            if Overlay.stepLists.contains(name), let new = value.sequence, let old = under.sequence {
                return YAMLNode(.sequence(steps(new, over: old)), at: under.mark)
            }
            return name == "variables" ? variables(value, over: under) : settle(name, value, under)
        }
    }

    private func steps(_ new: [YAMLNode], over old: [YAMLNode]) -> [YAMLNode] {
        guard isDropIn else { return old + new }
        var result = old
        // Of two steps of one name in the same file the second is a fault, which the table of names tells.
        var places: [String: Int] = [:]
        for (place, step) in old.enumerated() {
            if let id = step["id"]?.scalar?.text { places[id] = places[id] ?? place }
        }
        for step in new {
            if let id = step["id"]?.scalar?.text, let place = places.removeValue(forKey: id) {
                result[place] = self.step(step, over: old[place])
            } else {
                result.append(step)
            }
        }
        return result
    }

    private func step(_ over: YAMLNode, over base: YAMLNode) -> YAMLNode {
        // The name keeps its place in the file that the step is from.
        guard let keys = over.mapping?.filter({ $0.key.text != "id" }) else { return over }
        let actions = keys.filter { !$0.value.isEmpty && Overlay.actions.contains($0.key.text) }.map(\.key.text)
        var base = base
        if !actions.isEmpty, let old = base.mapping {
            let kept = old.filter { !Overlay.actions.contains($0.key.text) || actions.contains($0.key.text) }
            base.content = .mapping(kept)
        }
        return merge(YAMLNode(.mapping(keys), at: over.mark), base, settle)
    }

    /// A value over another one under the same key.
    private func settle(_ name: String, _ over: YAMLNode, _ base: YAMLNode) -> YAMLNode {
        maps(over, over: base, depth: Overlay.depths[name] ?? 0)
    }

    private func maps(_ over: YAMLNode, over base: YAMLNode, depth: Int) -> YAMLNode {
        guard depth > 0, over.mapping != nil, base.mapping != nil else { return over }
        return merge(over, base) { maps($1, over: $2, depth: depth - 1) }
    }

    /// A value alone is the default of a variable: it leaves the rest of a long form as it is.
    private func variables(_ over: YAMLNode, over base: YAMLNode) -> YAMLNode {
        merge(over, base, takesAway: false) { name, over, base in
            guard over.mapping != nil || base.mapping != nil else { return over }
            return merge(Overlay.longForm(over), Overlay.longForm(base)) { _, over, _ in over }
        }
    }

    private static func longForm(_ value: YAMLNode) -> YAMLNode {
        guard value.mapping == nil else { return value }
        return YAMLNode(
            .mapping([YAMLEntry(key: YAMLEntry.Key("default", at: value.mark), value: value)]), at: value.mark)
    }

    /// The entries of a map over those of another. What has no value takes away what was there; where nothing was it stays,
    /// and its reader says what is missing.
    private func merge(
        _ over: YAMLNode, _ base: YAMLNode, takesAway: Bool = true,
        _ settle: (_ key: String, _ over: YAMLNode, _ base: YAMLNode) -> YAMLNode
    ) -> YAMLNode {
        guard let new = over.mapping, let old = base.mapping else { return over }
        // By name, since a file may have a hundred thousand of them.
        let places = Dictionary(old.enumerated().map { ($1.key.text, $0) }) { first, _ in first }
        var entries: [YAMLEntry?] = old
        for entry in new {
            let name = entry.key.text
            if let place = places[name], let under = entries[place] {
                let isTakenAway = takesAway && entry.value.isEmpty
                entries[place] =
                    isTakenAway ? nil : YAMLEntry(key: entry.key, value: settle(name, entry.value, under.value))
            } else {
                entries.append(entry)
            }
        }
        return YAMLNode(.mapping(entries.compactMap { $0 }), at: base.mark)
    }
}

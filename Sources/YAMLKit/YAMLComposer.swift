internal import CYAML

/// Makes a tree of libyaml's events.
struct YAMLComposer {
    private(set) var root: YAMLNode?
    private(set) var faults: [YAMLError] = []

    /// What a node costs with its aliases written out.
    struct Cost: Sendable {
        var nodes = 0
        var bytes = 0
    }

    /// A sequence or mapping that is still open.
    private struct Frame {
        var mark: YAMLMark
        var anchor: String?
        var isMapping: Bool
        /// How many nodes, and bytes of scalars, stood before it.
        var before: Cost
        /// How many levels it has below itself.
        var height = 0
        var items: [YAMLNode] = []
        var entries: [YAMLEntry] = []
        var pendingKey: YAMLEntry.Key?
        var keys = Keys()
        /// What `<<` named: the entries come in after the mapping's own, which win.
        var merged: [YAMLNode] = []
    }

    /// The keys of a mapping with their places. Most have a handful, and to hash them takes longer than to compare.
    private struct Keys {
        private var first: [(key: String, mark: YAMLMark)] = []
        private var rest: [String: YAMLMark] = [:]

        subscript(key: String) -> YAMLMark? {
            first.first { $0.key == key }?.mark ?? (rest.isEmpty ? nil : rest[key])
        }

        mutating func add(_ key: String, _ mark: YAMLMark) {
            if first.count < 8 { first.append((key, mark)) } else { rest[key] = mark }
        }
    }

    private let limits: YAMLLimits
    private var frames: [Frame] = []
    private var anchors: [String: (node: YAMLNode, cost: Cost, height: Int)] = [:]
    /// What was read so far, also in the texts before.
    private(set) var cost: Cost
    private var documents = 0
    private let part: Int

    init(limits: YAMLLimits, part: Int = 0, after cost: Cost = Cost()) {
        (self.limits, self.part, self.cost) = (limits, part, cost)
    }

    mutating func take(_ event: yaml_event_t) throws(YAMLError) {
        var mark = YAMLMark(event.start_mark)
        mark.part = part
        switch event.type {
        case YAML_DOCUMENT_START_EVENT:
            documents += 1
            if documents > 1 { throw YAMLError(mark, "a second document begins here; a file holds one") }
        case YAML_SCALAR_EVENT: try takeScalar(event, mark)
        case YAML_ALIAS_EVENT:
            let name = text(event.data.alias.anchor) ?? ""
            guard let known = anchors[name] else {
                throw YAMLError(mark, "the alias '*\(name)' has no anchor '&\(name)' before it")
            }
            try count(known.cost, mark)
            // Aliases can nest what they stand for deeper than the text itself is nested.
            guard frames.count + known.height <= limits.depth else { throw tooDeep(mark) }
            try add(known.node, mark, height: known.height)
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            noteTag(text(start.tag), known: ["seq"], mark)
            try open(Frame(mark: mark, anchor: text(start.anchor), isMapping: false, before: cost))
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            noteTag(text(start.tag), known: ["map"], mark)
            try open(Frame(mark: mark, anchor: text(start.anchor), isMapping: true, before: cost))
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: try close()
        default: break
        }
    }

    private mutating func takeScalar(_ event: yaml_event_t, _ mark: YAMLMark) throws(YAMLError) {
        let data = event.data.scalar
        let buffer = UnsafeBufferPointer(start: data.value, count: data.length)
        let style: YAMLScalar.Style =
            switch data.style {
            case YAML_SINGLE_QUOTED_SCALAR_STYLE: .singleQuoted
            case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .doubleQuoted
            case YAML_LITERAL_SCALAR_STYLE: .literal
            case YAML_FOLDED_SCALAR_STYLE: .folded
            default: .plain
            }
        let tag = noteTag(text(data.tag), known: ["str", "int", "float", "bool", "null"], mark)
        let content = String(decoding: buffer, as: UTF8.self)
        // `"\0"` is legal YAML, but no C string, argument or environment can carry it.
        if content.utf8.contains(0) { throw YAMLError(mark, "a NUL character cannot stand in a value") }
        let node = YAMLNode(.scalar(YAMLScalar(content, style: style, tag: tag)), at: mark)
        let added = Cost(nodes: 1, bytes: data.length)
        try count(added, mark)
        if let anchor = text(data.anchor) { anchors[anchor] = (node, added, 0) }
        try add(node, mark)
    }

    private mutating func open(_ frame: Frame) throws(YAMLError) {
        guard frames.count < limits.depth else {
            throw tooDeep(frame.mark)
        }
        try count(Cost(nodes: 1), frame.mark)
        if let parent = frames.last, parent.isMapping, parent.pendingKey == nil {
            throw YAMLError(frame.mark, "a key must be text, not a list or a map")
        }
        frames.append(frame)
    }

    private mutating func close() throws(YAMLError) {
        guard var frame = frames.popLast() else { return }
        for node in frame.merged {
            for entry in node.mapping ?? [] where frame.keys[entry.key.text] == nil {
                frame.keys.add(entry.key.text, entry.key.mark)
                frame.entries.append(entry)
            }
        }
        let node = YAMLNode(frame.isMapping ? .mapping(frame.entries) : .sequence(frame.items), at: frame.mark)
        if let anchor = frame.anchor {
            let added = Cost(nodes: cost.nodes - frame.before.nodes, bytes: cost.bytes - frame.before.bytes)
            anchors[anchor] = (node, added, frame.height + 1)
        }
        try add(node, frame.mark, height: frame.height + 1)
    }

    /// Puts a finished node where it belongs. `mark` is where it was named, which for an alias is not where it stands.
    private mutating func add(_ node: YAMLNode, _ mark: YAMLMark, height: Int = 0) throws(YAMLError) {
        guard !frames.isEmpty else {
            root = node
            return
        }
        let last = frames.count - 1
        frames[last].height = max(frames[last].height, height)
        guard frames[last].isMapping else {
            frames[last].items.append(node)
            return
        }
        guard let key = frames[last].pendingKey else {
            guard let scalar = node.scalar else { throw YAMLError(mark, "a key must be text, not a list or a map") }
            frames[last].pendingKey = YAMLEntry.Key(scalar.text, at: mark)
            return
        }
        frames[last].pendingKey = nil
        if key.text == "<<" { return try merge(node, mark) }
        if let first = frames[last].keys[key.text] {
            let place = "line \(first.line), column \(first.column)"
            faults.append(YAMLError(key.mark, "the key '\(key.text)' is there twice; the first is at \(place)"))
            return
        }
        frames[last].keys.add(key.text, key.mark)
        frames[last].entries.append(YAMLEntry(key: key, value: node))
    }

    private mutating func merge(_ node: YAMLNode, _ mark: YAMLMark) throws(YAMLError) {
        let nodes = node.sequence ?? [node]
        guard nodes.allSatisfy({ $0.mapping != nil }) else {
            throw YAMLError(mark, "'<<' takes a map or a list of maps")
        }
        frames[frames.count - 1].merged += nodes
    }

    /// Counts nodes as they would be with every alias written out: a few lines of aliases to aliases can stand for
    /// more nodes than memory holds.
    private mutating func count(_ added: Cost, _ mark: YAMLMark) throws(YAMLError) {
        cost.nodes += added.nodes
        cost.bytes += added.bytes
        guard cost.nodes <= limits.nodes else {
            throw YAMLError(mark, "\(subject) more than \(limits.nodes) values")
        }
        guard cost.bytes <= limits.scalarBytes else {
            throw YAMLError(mark, "\(subject) more than \(limits.scalarBytes) bytes")
        }
    }

    private var subject: String {
        part == 0 ? "with its aliases written out the text has" : "this text and those before it have together"
    }

    private func tooDeep(_ mark: YAMLMark) -> YAMLError {
        YAMLError(mark, "this is nested more than \(limits.depth) levels deep")
    }

    @discardableResult
    private mutating func noteTag(_ tag: String?, known: [String], _ mark: YAMLMark) -> String? {
        guard let tag, tag != "!" else { return tag == nil ? nil : "str" }
        let prefix = "tag:yaml.org,2002:"
        let name = tag.hasPrefix(prefix) ? String(tag.dropFirst(prefix.count)) : tag
        guard tag.hasPrefix(prefix), known.contains(name) else {
            faults.append(YAMLError(mark, "the tag '\(tag)' is not known here"))
            return nil
        }
        return name
    }

    private func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(decodingCString: $0, as: UTF8.self) }
    }
}

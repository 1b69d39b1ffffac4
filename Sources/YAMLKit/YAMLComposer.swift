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
        /// Where its items or entries begin among those that are open.
        var start: Int
        /// How many levels it has below itself.
        var height = 0
        var pendingKey: YAMLEntry.Key?
        /// The keys of a mapping that has many, with their places; while there are few, to hash them takes longer than to
        /// compare them.
        var keys: [String: YAMLMark] = [:]
        /// What `<<` named: the entries come in after the mapping's own, which win.
        var merged: [YAMLNode] = []
    }

    private let limits: YAMLLimits
    private var frames: [Frame] = []
    /// The items of all sequences that are still open, and the entries of all mappings: those of the innermost are the last.
    /// A node gets an array of its own when it is whole and its size is known.
    private var items: [YAMLNode] = []
    private var entries: [YAMLEntry] = []
    private static let fewKeys = 8
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
            noteTag(start.tag, mark) { $0 == "seq" }
            try open(
                Frame(mark: mark, anchor: text(start.anchor), isMapping: false, before: cost, start: items.count))
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            noteTag(start.tag, mark) { $0 == "map" }
            try open(
                Frame(mark: mark, anchor: text(start.anchor), isMapping: true, before: cost, start: entries.count))
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
        var tag: YAMLScalar.Tag?
        noteTag(data.tag, mark) { name in
            tag = YAMLScalar.Tag(rawValue: name)
            return tag != nil
        }
        // `"\0"` is legal YAML, but no C string, argument or environment can carry it.
        if buffer.contains(0) { throw YAMLError(mark, "a NUL character cannot stand in a value") }
        let content = String(decoding: buffer, as: UTF8.self)
        let node = YAMLNode(.scalar(YAMLScalar(content, style: style, tag: tag)), at: mark)
        let added = Cost(nodes: 1, bytes: data.length)
        try count(added, mark)
        if let anchor = text(data.anchor) { anchors[anchor] = (node, added, 0) }
        try add(node, mark)
    }

    private mutating func open(_ frame: consuming Frame) throws(YAMLError) {
        guard frames.count < limits.depth else {
            throw tooDeep(frame.mark)
        }
        try count(Cost(nodes: 1), frame.mark)
        let last = frames.count - 1
        if last >= 0, frames[last].isMapping, frames[last].pendingKey == nil {
            throw YAMLError(frame.mark, "a key must be text, not a list or a map")
        }
        frames.append(frame)
    }

    private mutating func close() throws(YAMLError) {
        guard let last = frames.indices.last else { return }
        for node in frames[last].merged {
            for entry in node.mapping ?? [] where place(ofKey: entry.key.text) == nil { add(entry) }
        }
        let (start, mark, height) = (frames[last].start, frames[last].mark, frames[last].height + 1)
        let content: YAMLNode.Content
        if frames[last].isMapping {
            content = .mapping(Array(entries[start...]))
            while entries.count > start { entries.removeLast() }
        } else {
            content = .sequence(Array(items[start...]))
            while items.count > start { items.removeLast() }
        }
        let node = YAMLNode(content, at: mark)
        if let anchor = frames[last].anchor {
            let before = frames[last].before
            let added = Cost(nodes: cost.nodes - before.nodes, bytes: cost.bytes - before.bytes)
            anchors[anchor] = (node, added, height)
        }
        frames.removeLast()
        try add(node, mark, height: height)
    }

    /// Puts a finished node where it belongs. `mark` is where it was named, which for an alias is not where it stands.
    private mutating func add(_ node: consuming YAMLNode, _ mark: YAMLMark, height: Int = 0) throws(YAMLError) {
        guard !frames.isEmpty else {
            root = node
            return
        }
        let last = frames.count - 1
        frames[last].height = max(frames[last].height, height)
        guard frames[last].isMapping else {
            items.append(node)
            return
        }
        guard let key = frames[last].pendingKey else {
            guard let scalar = node.scalar else { throw YAMLError(mark, "a key must be text, not a list or a map") }
            frames[last].pendingKey = YAMLEntry.Key(scalar.text, at: mark)
            return
        }
        frames[last].pendingKey = nil
        if key.text == "<<" { return try merge(node, mark) }
        if let first = place(ofKey: key.text) {
            let place = "line \(first.line), column \(first.column)"
            faults.append(YAMLError(key.mark, "the key '\(key.text)' is there twice; the first is at \(place)"))
            return
        }
        add(YAMLEntry(key: key, value: node))
    }

    /// Puts an entry into the innermost mapping.
    private mutating func add(_ entry: consuming YAMLEntry) {
        let last = frames.count - 1
        entries.append(entry)
        let (count, start) = (entries.count, frames[last].start)
        guard count - start >= YAMLComposer.fewKeys else { return }
        // Those before are in the table already, but for the first time that there are so many.
        let first = count - start == YAMLComposer.fewKeys ? start : count - 1
        for entry in entries[first...] { frames[last].keys[entry.key.text] = entry.key.mark }
    }

    /// Where a key stands in the innermost mapping, if it has it already.
    private func place(ofKey key: String) -> YAMLMark? {
        let last = frames.count - 1
        if !frames[last].keys.isEmpty { return frames[last].keys[key] }
        for index in entries.indices[frames[last].start...] where entries[index].key.text == key {
            return entries[index].key.mark
        }
        return nil
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

    /// Has a tag looked at by what follows the prefix of the core schema, and notes it as a fault where it is not known.
    private mutating func noteTag(
        _ pointer: UnsafeMutablePointer<yaml_char_t>?, _ mark: YAMLMark, isKnown: (String) -> Bool
    ) {
        guard let tag = text(pointer) else { return }
        let prefix = "tag:yaml.org,2002:"
        if tag == "!" {
            _ = isKnown("str")
        } else if !tag.hasPrefix(prefix) || !isKnown(String(tag.dropFirst(prefix.count))) {
            faults.append(YAMLError(mark, "the tag '\(tag)' is not known here"))
        }
    }

    private func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(decodingCString: $0, as: UTF8.self) }
    }
}

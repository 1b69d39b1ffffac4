/// A graph in the language of Graphviz.
package enum DOTGraph {
    /// The text, with a rank for each group and a cluster for each handler.
    ///
    /// - Parameter parts: the workflow's own steps first, then those of its handlers.
    package static func text(_ parts: [Graph], name: String) -> String {
        var lines = ["digraph \(quoted(name)) {", "  rankdir=LR;", "  node [shape=box];"]
        for (number, part) in parts.enumerated() {
            let indent = part.title.isEmpty ? "  " : "    "
            if !part.title.isEmpty {
                lines.append("  subgraph cluster_\(number) {")
                lines.append("    label=\(quoted(part.title));")
            }
            // The name alone is enough for what has nothing else to say.
            for node in part.nodes { if let line = statement(node) { lines.append(indent + line) } }
            var groups: [[Int]] = []
            for (place, group) in part.groups.enumerated() {
                while groups.count <= group { groups.append([]) }
                groups[group].append(place)
            }
            for group in groups where !group.isEmpty {
                let names = group.map { "\(quoted(part.nodes[$0].id));" }
                lines.append("\(indent){rank=same; \(names.joined(separator: " "))}")
            }
            for edge in part.edges {
                let ends = "\(quoted(part.nodes[edge.from].id)) -> \(quoted(part.nodes[edge.to].id))"
                lines.append("\(indent)\(ends)\(attributes(edge));")
            }
            if !part.title.isEmpty { lines.append("  }") }
        }
        return (lines + ["}"]).joined(separator: "\n")
    }

    /// Text as Graphviz takes it: a quotation mark ends it, and a backslash begins an order of its own.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func statement(_ node: Graph.Node) -> String? {
        var attributes: [String] = []
        var styles: [String] = []
        var label = node.id
        if node.hasItems { label += " ×n" }
        if let note = node.note { label += "\n\(note)" }
        if label != node.id { attributes.append("label=\(quoted(label))") }
        if node.isConditional { styles.append("dashed") }
        if let result = node.result {
            styles.append("filled")
            attributes.append("fillcolor=\(quoted(Palette.fill(result.state)))")
            attributes.append("color=\(quoted(Palette.line(result.state)))")
        }
        if node.isCritical { attributes.append("penwidth=2") }
        if !styles.isEmpty { attributes.append("style=\(quoted(styles.joined(separator: ",")))") }
        return attributes.isEmpty ? nil : "\(quoted(node.id)) [\(attributes.joined(separator: " "))];"
    }

    private static func attributes(_ edge: Graph.Edge) -> String {
        var list: [String] = []
        switch edge.kind {
        case .done: break
        case .any: list.append("style=dashed label=\"any\"")
        case .ended: list.append("label=\"ended\"")
        case .failed: list.append("style=dashed label=\"failed\"")
        }
        if edge.isCritical { list.append("penwidth=2") }
        return list.isEmpty ? "" : " [\(list.joined(separator: " "))]"
    }
}

import PawlModel

/// A graph as a Mermaid flowchart.
package enum MermaidGraph {
    /// The text. Steps are numbered there, since words such as `end` cannot be names.
    ///
    /// - Parameter parts: the workflow's own steps first, then those of its handlers.
    package static func text(_ parts: [Graph]) -> String {
        var lines = ["flowchart LR"]
        var first = 0
        var states: [(name: String, state: StepState)] = []
        for (number, part) in parts.enumerated() {
            let indent = part.title.isEmpty ? "  " : "    "
            if !part.title.isEmpty { lines.append("  subgraph p\(number)[\"\(escaped(part.title))\"]") }
            for (place, node) in part.nodes.enumerated() {
                var label = escaped(node.id)
                if node.hasItems { label += " ×n" }
                if let note = node.note { label += "<br/>\(escaped(note))" }
                lines.append("\(indent)s\(first + place)[\"\(label)\"]")
                if let result = node.result { states.append(("s\(first + place)", result.state)) }
            }
            for edge in part.edges {
                lines.append("\(indent)s\(first + edge.from) \(arrow(edge.kind)) s\(first + edge.to)")
            }
            if !part.title.isEmpty { lines.append("  end") }
            let conditional = part.nodes.indices.filter { part.nodes[$0].isConditional }.map { "s\(first + $0)" }
            for name in conditional { lines.append("  style \(name) stroke-dasharray:4") }
            first += part.nodes.count
        }
        for state in StepState.allCases where states.contains(where: { $0.state == state }) {
            let names = states.filter { $0.state == state }.map(\.name).joined(separator: ",")
            let word = state.rawValue.replacing("-", with: "")
            lines.append("  classDef \(word) fill:\(Palette.fill(state)),stroke:\(Palette.line(state)),color:#1c2024")
            lines.append("  class \(names) \(word)")
        }
        return lines.joined(separator: "\n")
    }

    private static func arrow(_ kind: Graph.Edge.Kind) -> String {
        switch kind {
        case .done: "-->"
        case .any: "-.->|any|"
        case .ended: "-->|ended|"
        case .failed: "-.->|failed|"
        }
    }

    /// Text as Mermaid takes it between quotation marks: whatever could mean something there, or in HTML, by its number.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            let isPlain =
                scalar.value >= 0x80 && scalar.properties.generalCategory != .control
                || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                || " -_.,:/()=+…".unicodeScalars.contains(scalar)
            if isPlain {
                result.unicodeScalars.append(scalar)
            } else if scalar.value < 0x20 {
                result += " "
            } else {
                result += "#\(scalar.value);"
            }
        }
        return result
    }
}

/// Lays out rows in columns.
struct TextTable {
    /// One cell.
    struct Cell: ExpressibleByStringInterpolation {
        /// What it says.
        var text: String
        /// In which colour.
        var colour: Style.Colour?

        init(_ text: String, _ colour: Style.Colour? = nil) {
            self.text = text
            self.colour = colour
        }

        init(stringLiteral value: String) { self.init(value) }
    }

    /// The rows, the heading among them.
    private(set) var rows: [[Cell]] = []

    /// A table with a heading; without one only rows.
    init(heading: [String] = []) {
        if !heading.isEmpty { rows.append(heading.map { Cell($0, .bold) }) }
    }

    /// Adds a row.
    mutating func add(_ row: [Cell]) { rows.append(row) }

    /// The lines. Columns are as wide as their widest cell, the last one as long as it is; with a width the line is
    /// cut to it.
    func lines(style: Style, width: Int? = nil, indent: Int = 0) -> [String] {
        var widths: [Int] = []
        for row in rows {
            for (column, cell) in row.enumerated() {
                let count = TerminalText.width(of: cell.text)
                if column < widths.count { widths[column] = max(widths[column], count) } else { widths.append(count) }
            }
        }
        let indent = min(indent, width ?? indent)
        return rows.map { row in
            var line = String(repeating: " ", count: indent)
            var used = indent
            // Trailing empty cells leave no blanks at the end of the line.
            let filled = (row.lastIndex { !$0.text.isEmpty } ?? -1) + 1
            for (column, cell) in row.prefix(filled).enumerated() {
                var text = cell.text
                if let width { text = style.cut(text, to: max(0, width - used)) }
                line += style.paint(text, cell.colour)
                used += TerminalText.width(of: text)
                let gap = widths[column] - TerminalText.width(of: cell.text) + 2
                guard column < filled - 1, used + gap < width ?? .max else { break }
                line += String(repeating: " ", count: gap)
                used += gap
            }
            return line
        }
    }
}

/// A sheet of characters on which lines are drawn: where two pieces of one line meet they are joined, where those of two cross one
/// passes over the other.
struct Canvas {
    /// Which ways a line leaves a cell.
    struct Ways: OptionSet {
        let rawValue: UInt8
        static let up = Ways(rawValue: 1)
        static let down = Ways(rawValue: 2)
        static let left = Ways(rawValue: 4)
        static let right = Ways(rawValue: 8)
    }

    private struct Cell {
        /// A character that stands for itself.
        var character: Character?
        /// The lines in it, by their number.
        var lines: [(bus: Int, ways: Ways)] = []
    }

    private var rows: [[Cell]]
    private let hasUnicode: Bool

    init(width: Int, height: Int, hasUnicode: Bool) {
        rows = Array(repeating: Array(repeating: Cell(), count: max(0, width)), count: max(0, height))
        self.hasUnicode = hasUnicode
    }

    /// Writes text.
    mutating func write(_ text: String, x: Int, y: Int) {
        for (offset, character) in text.enumerated() { set(character, x: x + offset, y: y) }
    }

    /// Writes one character.
    mutating func set(_ character: Character, x: Int, y: Int) {
        guard rows.indices.contains(y), rows[y].indices.contains(x) else { return }
        rows[y][x].character = character
    }

    /// Draws a straight piece from one cell to another one on its right or below it.
    mutating func line(_ bus: Int, fromX: Int, fromY: Int, toX: Int, toY: Int) {
        if fromY == toY {
            for x in fromX..<max(toX, fromX) {
                add(.right, bus, x: x, y: fromY)
                add(.left, bus, x: x + 1, y: fromY)
            }
        } else {
            for y in fromY..<max(toY, fromY) {
                add(.down, bus, x: fromX, y: y)
                add(.up, bus, x: fromX, y: y + 1)
            }
        }
    }

    /// A line leaves a cell that way.
    mutating func add(_ ways: Ways, _ bus: Int, x: Int, y: Int) {
        guard rows.indices.contains(y), rows[y].indices.contains(x) else { return }
        if let place = rows[y][x].lines.firstIndex(where: { $0.bus == bus }) {
            rows[y][x].lines[place].ways.formUnion(ways)
        } else {
            rows[y][x].lines.append((bus, ways))
        }
    }

    /// The lines, without blanks at their ends.
    var lines: [String] {
        rows.map { row in
            var text = ""
            for cell in row { text.append(cell.character ?? sign(cell.lines)) }
            while text.hasSuffix(" ") { text.removeLast() }
            return text
        }
    }

    private func sign(_ lines: [(bus: Int, ways: Ways)]) -> Character {
        guard let first = lines.first else { return " " }
        var ways = first.ways
        if lines.count > 1 {
            let isAcross = lines.contains { $0.ways == [.up, .down] } && lines.contains { $0.ways == [.left, .right] }
            if isAcross, lines.count == 2 { return hasUnicode ? "│" : "|" }
            for line in lines { ways.formUnion(line.ways) }
        }
        return hasUnicode ? Canvas.unicode[Int(ways.rawValue)] : Canvas.plain(ways)
    }

    /// By the bits of `Ways`.
    private static let unicode: [Character] = [
        " ", "│", "│", "│", "─", "╯", "╮", "┤", "─", "╰", "╭", "├", "─", "┴", "┬", "┼",
    ]

    private static func plain(_ ways: Ways) -> Character {
        if ways.isEmpty { return " " }
        if ways.isDisjoint(with: [.left, .right]) { return "|" }
        return ways.isDisjoint(with: [.up, .down]) ? "-" : "+"
    }
}

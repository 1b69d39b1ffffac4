/// What differs between two texts, line by line, in the manner of `diff -u`.
enum TextDifference {
    /// Beyond that it is not worth anybody's time.
    private static let mostLines = 20_000

    /// The lines: `@@` heads, and after them those before, between and behind with a blank, `-` or `+`. Empty for equal texts.
    static func lines(from old: String, to new: String, around: Int = 3) -> [String] {
        guard old != new else { return [] }
        let (before, after) = (split(old), split(new))
        guard before.count <= mostLines, after.count <= mostLines else {
            return ["@@ too long to be compared: \(before.count) and \(after.count) lines @@"]
        }
        let marks = marked(before, after)
        guard marks.contains(where: { $0.sign != " " }) else {
            return ["@@ they differ in how their last line ends @@"]
        }
        var result: [String] = []
        var next = 0
        while let first = marks[next...].firstIndex(where: { $0.sign != " " }) {
            var last = first
            // What is nearer than twice the lines around it is one piece.
            while let more = marks[(last + 1)...].prefix(2 * around + 1).firstIndex(where: { $0.sign != " " }) {
                last = more
            }
            let piece = max(next, first - around)...min(marks.count - 1, last + around)
            let counts = (marks[piece].count { $0.sign != "+" }, marks[piece].count { $0.sign != "-" })
            let starts = (
                marks[..<piece.lowerBound].count { $0.sign != "+" }, marks[..<piece.lowerBound].count { $0.sign != "-" }
            )
            result.append("@@ -\(starts.0 + 1),\(counts.0) +\(starts.1 + 1),\(counts.1) @@")
            result += marks[piece].map { "\($0.sign)\($0.line)" }
            next = piece.upperBound + 1
            if next >= marks.count { break }
        }
        return result
    }

    private static func split(_ text: String) -> [Substring] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    /// All lines of both, each with where it is: in both, the first or the second.
    private static func marked(_ before: [Substring], _ after: [Substring]) -> [(sign: Character, line: Substring)] {
        let difference = after.difference(from: before)
        var removed: Set<Int> = []
        var inserted: Set<Int> = []
        for change in difference {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        var result: [(sign: Character, line: Substring)] = []
        var (old, new) = (0, 0)
        while old < before.count || new < after.count {
            if old < before.count, removed.contains(old) {
                result.append(("-", before[old]))
                old += 1
            } else if new < after.count, inserted.contains(new) {
                result.append(("+", after[new]))
                new += 1
            } else {
                result.append((" ", before[old]))
                old += 1
                new += 1
            }
        }
        return result
    }
}

/// Finds what was probably meant by a name that does not exist.
enum Suggestion {
    /// The candidate that is nearest, if one is near enough to be a slip of the fingers.
    static func nearest(to name: String, in candidates: some Sequence<String>) -> String? {
        let wanted = Array(name.lowercased().utf8)
        // A name that is far too long is no slip, and comparing it would cost the square of its length.
        guard wanted.count <= 128 else { return nil }
        var best: (distance: Int, name: String)?
        for candidate in candidates {
            let bytes = Array(candidate.lowercased().utf8)
            let bound = max(1, min(wanted.count, bytes.count) / 3)
            guard abs(bytes.count - wanted.count) <= bound else { continue }
            let distance = distance(wanted, bytes)
            if distance <= bound, distance < best?.distance ?? .max { best = (distance, candidate) }
        }
        return best?.name
    }

    /// `did you mean 'NAME'?`
    static func didYouMean(_ name: String) -> String { "did you mean '\(name)'?" }

    /// Insertions, removals, replacements and swaps of neighbours that make one text of the other.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var before = [Int](repeating: 0, count: right.count + 1)
        var above = Array(0...right.count)
        for row in 0..<left.count {
            var current = [row + 1]
            for column in 0..<right.count {
                let isSame = left[row] == right[column]
                var least = min(above[column + 1] + 1, current[column] + 1, above[column] + (isSame ? 0 : 1))
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    least = min(least, before[column - 1] + 1)
                }
                current.append(least)
            }
            (before, above) = (above, current)
        }
        return above[right.count]
    }
}

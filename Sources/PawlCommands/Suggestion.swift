/// Finds what was probably meant by a name that does not exist.
enum Suggestion {
    /// The candidate that is nearest to the name, if one is near enough to be worth asking about.
    static func nearest(to name: String, among candidates: [String]) -> String? {
        let bound = max(1, min(3, name.count / 3))
        let measured = candidates.map { (name: $0, distance: distance(name, $0)) }
        if let best = measured.min(by: { ($0.distance, $0.name) < ($1.distance, $1.name) }), best.distance <= bound {
            return best.name
        }
        // `stat` for `status`: nothing mistyped, only not finished.
        guard name.count >= 2 else { return nil }
        let longer = candidates.filter { $0.hasPrefix(name) }
        return longer.count == 1 ? longer.first : nil
    }

    /// ` (did you mean 'NAME'?)`, or nothing.
    static func question(for name: String, among candidates: [String]) -> String {
        nearest(to: name, among: candidates).map { " (did you mean '\($0)'?)" } ?? ""
    }

    /// How many characters must be put in, left out, changed or swapped with their neighbour.
    static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for i in 0..<left.count {
            var row = [i + 1]
            for j in 0..<right.count {
                var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (left[i] == right[j] ? 0 : 1))
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    best = min(best, beforeLast[j - 1] + 1)
                }
                row.append(best)
            }
            (beforeLast, last) = (last, row)
        }
        return last[right.count]
    }
}

/// Where a text stands in another, byte by byte, in time that grows with the sum of their lengths (Knuth, Morris, Pratt).
struct TextSearch {
    private let wanted: [UInt8]
    /// For each length of a match that breaks off, the longest shorter one that may still go on.
    private let shorter: [Int]

    /// Looks for a text that is not empty.
    init(_ text: String) {
        let wanted = Array(text.utf8)
        var shorter = [0]
        for index in wanted.indices.dropFirst() {
            var length = shorter[index - 1]
            while length > 0, wanted[index] != wanted[length] { length = shorter[length - 1] }
            shorter.append(wanted[index] == wanted[length] ? length + 1 : 0)
        }
        (self.wanted, self.shorter) = (wanted, shorter)
    }

    /// The ends of the matches that do not overlap, from the left; the closure says whether to go on.
    func matches(in bytes: [UInt8], _ take: (Range<Int>) -> Bool) {
        guard !wanted.isEmpty else { return }
        var length = 0
        for (index, byte) in bytes.enumerated() {
            while length > 0, byte != wanted[length] { length = shorter[length - 1] }
            if byte == wanted[length] { length += 1 }
            guard length == wanted.count else { continue }
            guard take((index + 1 - length)..<(index + 1)) else { return }
            length = 0
        }
    }

    /// Whether a text stands in another; the empty one stands in all.
    static func isPart(_ part: String, of text: String) -> Bool {
        var isFound = part.isEmpty
        TextSearch(part).matches(in: isFound ? [] : Array(text.utf8)) { _ in
            isFound = true
            return false
        }
        return isFound
    }
}

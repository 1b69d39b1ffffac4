/// A step of a run, or one item of a step with `foreach`: what has attempts, waits, and ends.
package struct Place: Sendable, Hashable, Comparable, ExpressibleByIntegerLiteral {
    /// The step, as a place in `Run.steps`.
    package var step: Int
    /// The item's number, from 0; nil for a step without items, and for all of a step that has them.
    package var item: Int?

    /// Names a step or one of its items.
    package init(_ step: Int, item: Int? = nil) {
        self.step = step
        self.item = item
    }

    /// A step without items.
    package init(integerLiteral value: Int) { self.init(value) }

    /// In the order written, the items of a step in theirs.
    package static func < (left: Place, right: Place) -> Bool {
        (left.step, left.item ?? -1) < (right.step, right.item ?? -1)
    }
}

/// Numbers in falling order, each once: taking the first costs nothing.
struct FallingList: Sendable, Equatable {
    private var numbers: [Int] = []

    /// The smallest.
    var first: Int? { numbers.last }

    var isEmpty: Bool { numbers.isEmpty }

    init() {}

    /// Takes numbers that are in rising order and each there once.
    init(rising numbers: some Sequence<Int>) { self.numbers = numbers.reversed() }

    mutating func insert(_ number: Int) {
        let place = place(of: number)
        if place < numbers.count, numbers[place] == number { return }
        numbers.insert(number, at: place)
    }

    mutating func remove(_ number: Int) {
        let place = place(of: number)
        if place < numbers.count, numbers[place] == number { numbers.remove(at: place) }
    }

    /// The place of a number, or the one where it would stand.
    private func place(of number: Int) -> Int {
        var low = 0
        var high = numbers.count
        while low < high {
            let middle = (low + high) / 2
            if numbers[middle] > number { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

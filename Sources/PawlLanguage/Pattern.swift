/// A regular expression whose matching takes time in proportion to the text, whatever the pattern is: all ways of a match
/// are followed side by side, a character at a time, and nothing is ever tried again.
///
/// The syntax is what Perl, Python and their likes share, without references to groups and without looking around:
/// neither can be had in linear time. Characters are Unicode scalars; `\d`, `\w`, `\s` and `\b` know ASCII alone.
package struct Pattern: Sendable {
    /// The characters between brackets, or a class such as `\d`.
    struct CharacterSet: Sendable {
        var ranges: [ClosedRange<UInt32>] = []
        var isNegated = false
        var ignoresCase = false

        func contains(_ scalar: Unicode.Scalar) -> Bool {
            func isIn(_ scalar: Unicode.Scalar) -> Bool { ranges.contains { $0.contains(scalar.value) } }
            return (isIn(scalar) || ignoresCase && Pattern.cases(of: scalar).contains(where: isIn)) != isNegated
        }
    }

    /// A place in the text that takes no character.
    enum Place: Sendable {
        case start, end, veryEnd, lineStart, lineEnd, wordEdge, insideWord
    }

    /// What a thread of the matching does.
    enum Instruction: Sendable {
        case scalar(Unicode.Scalar)
        case any
        case anyInLine
        case set(Int)
        case at(Place)
        case jump(Int)
        case split(Int, Int)
        case matched
    }

    /// The pattern as written.
    package let text: String
    let program: [Instruction]
    let sets: [CharacterSet]

    /// How long a pattern may be, in characters.
    static let longest = 1000
    /// How many instructions a pattern may become: `{1000}` writes what it repeats out a thousand times.
    static let mostInstructions = 4000

    /// Reads a pattern; the fault's offset is in characters (Unicode scalars) of the text.
    init(_ text: String) throws(SyntaxFault) {
        var compiler = PatternCompiler(try PatternParser.parse(text))
        (program, sets) = try compiler.compile()
        self.text = text
    }

    /// Whether the whole text matches.
    func matchesWhole(_ text: String, _ work: inout Work) throws(FunctionFault) -> Bool {
        try run(text, isWhole: true, &work)
    }

    /// Whether a part of the text matches.
    func matchesPart(of text: String, _ work: inout Work) throws(FunctionFault) -> Bool {
        try run(text, isWhole: false, &work)
    }

    /// The other case of a letter, where it has one that is a single character.
    static func cases(of scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        if scalar.isASCII {
            guard scalar.properties.isAlphabetic else { return [] }
            return [Unicode.Scalar(UInt8(scalar.value) ^ 0x20)]
        }
        let (lower, upper) = (scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping)
        return [lower, upper].compactMap { $0.unicodeScalars.count == 1 ? $0.unicodeScalars.first : nil }
            .filter { $0 != scalar }
    }

    static func isWord(_ scalar: Unicode.Scalar?) -> Bool {
        guard let scalar, scalar.isASCII else { return false }
        return scalar == "_" || scalar.properties.numericType != nil || scalar.properties.isAlphabetic
    }
}

extension Pattern {
    /// The instructions that are at a character, each once and in no order: nothing is asked but whether one arrives.
    private struct Threads {
        var list: [Int] = []
        /// The round in which each instruction was last taken in.
        var rounds: [Int]

        init(_ count: Int) { rounds = Array(repeating: -1, count: count) }
    }

    private func run(_ text: String, isWhole: Bool, _ work: inout Work) throws(FunctionFault) -> Bool {
        var (now, next) = (Threads(program.count), Threads(program.count))
        var open: [Int] = []
        var before: Unicode.Scalar?
        var scalars = text.unicodeScalars.makeIterator()
        var current = scalars.next()
        var following = current == nil ? nil : scalars.next()
        var round = 0
        if add(0, to: &now, round, &open, before, current, following), !isWhole || current == nil { return true }
        while let scalar = current {
            // To follow a way takes longer than to read a byte.
            try work.spend(4 * now.list.count + 1)
            round += 1
            next.list.removeAll(keepingCapacity: true)
            (before, current) = (scalar, following)
            following = current == nil ? nil : scalars.next()
            var hasArrived = false
            for place in now.list where accepts(program[place], scalar) {
                if add(place + 1, to: &next, round, &open, before, current, following) { hasArrived = true }
            }
            if !isWhole, add(0, to: &next, round, &open, before, current, following) { hasArrived = true }
            if hasArrived, !isWhole || current == nil { return true }
            if next.list.isEmpty, isWhole { return false }
            swap(&now, &next)
        }
        return false
    }

    private func accepts(_ instruction: Instruction, _ scalar: Unicode.Scalar) -> Bool {
        switch instruction {
        case .scalar(let wanted): wanted == scalar
        case .any: true
        case .anyInLine: scalar != "\n"
        case .set(let index): sets[index].contains(scalar)
        case .at, .jump, .split, .matched: false
        }
    }

    /// Follows what takes no character; says whether the end of the pattern is among it.
    private func add(
        _ start: Int, to threads: inout Threads, _ round: Int, _ open: inout [Int],
        _ before: Unicode.Scalar?, _ current: Unicode.Scalar?, _ following: Unicode.Scalar?
    ) -> Bool {
        var hasArrived = false
        open.append(start)
        while let place = open.popLast() {
            guard threads.rounds[place] != round else { continue }
            threads.rounds[place] = round
            switch program[place] {
            case .matched: hasArrived = true
            case .jump(let target): open.append(target)
            case .split(let first, let second): open += [first, second]
            case .at(let wanted): if holds(wanted, before, current, following) { open.append(place + 1) }
            case .scalar, .any, .anyInLine, .set: threads.list.append(place)
            }
        }
        return hasArrived
    }

    private func holds(
        _ place: Place, _ before: Unicode.Scalar?, _ current: Unicode.Scalar?, _ following: Unicode.Scalar?
    ) -> Bool {
        switch place {
        case .start: before == nil
        // As in Perl, a last line end may still follow.
        case .end: current == nil || current == "\n" && following == nil
        case .veryEnd: current == nil
        case .lineStart: before == nil || before == "\n"
        case .lineEnd: current == nil || current == "\n"
        case .wordEdge: Pattern.isWord(before) != Pattern.isWord(current)
        case .insideWord: Pattern.isWord(before) == Pattern.isWord(current)
        }
    }
}

/// Makes instructions of a pattern that was read.
struct PatternCompiler {
    private let root: PatternParser.Node
    private var program: [Pattern.Instruction] = []
    private var sets: [Pattern.CharacterSet] = []
    /// How many nodes were looked at: an empty group that is repeated makes no instruction, but takes time.
    private var visits = 0

    init(_ root: PatternParser.Node) { self.root = root }

    mutating func compile() throws(SyntaxFault) -> ([Pattern.Instruction], [Pattern.CharacterSet]) {
        try emit(root)
        try add(.matched)
        return (program, sets)
    }

    private mutating func add(_ instruction: Pattern.Instruction) throws(SyntaxFault) {
        guard program.count < Pattern.mostInstructions else { throw PatternCompiler.tooLarge }
        program.append(instruction)
    }

    private static let tooLarge = SyntaxFault(
        message: "this regular expression is too large", offset: 0, hint: "repeat fewer times")

    private mutating func emit(_ node: PatternParser.Node) throws(SyntaxFault) {
        visits += 1
        guard visits <= 4 * Pattern.mostInstructions else { throw PatternCompiler.tooLarge }
        switch node {
        case .empty: break
        case .scalar(let scalar): try add(.scalar(scalar))
        case .any(let isInLine): try add(isInLine ? .anyInLine : .any)
        case .at(let place): try add(.at(place))
        case .set(let set):
            sets.append(set)
            try add(.set(sets.count - 1))
        case .sequence(let nodes): for node in nodes { try emit(node) }
        case .either(let nodes):
            var ends: [Int] = []
            for (index, node) in nodes.enumerated() {
                guard index < nodes.count - 1 else {
                    try emit(node)
                    break
                }
                let split = program.count
                try add(.split(split + 1, 0))
                try emit(node)
                ends.append(program.count)
                try add(.jump(0))
                program[split] = .split(split + 1, program.count)
            }
            for end in ends { program[end] = .jump(program.count) }
        case .repeated(let node, let least, let most): try emit(node, least, most)
        }
    }

    private mutating func emit(_ node: PatternParser.Node, _ least: Int, _ most: Int?) throws(SyntaxFault) {
        for _ in 0..<least { try emit(node) }
        guard let most else {
            let split = program.count
            try add(.split(split + 1, 0))
            try emit(node)
            try add(.jump(split))
            program[split] = .split(split + 1, program.count)
            return
        }
        var splits: [Int] = []
        for _ in least..<most {
            splits.append(program.count)
            try add(.split(program.count + 1, 0))
            try emit(node)
        }
        for split in splits { program[split] = .split(split + 1, program.count) }
    }
}

extension Pattern {
    /// Reads a pattern that a workflow's check has read before.
    package init(expression: String) throws(EvaluationFault) {
        do throws(SyntaxFault) { try self.init(expression) } catch {
            throw EvaluationFault(message: error.message, offset: error.offset)
        }
    }

    /// Whether a part of a text matches, within what an expression may cost.
    package func isFound(in text: String) throws(EvaluationFault) -> Bool {
        var work = Work()
        do throws(FunctionFault) { return try matchesPart(of: text, &work) } catch {
            throw EvaluationFault(message: error.message, offset: 0)
        }
    }
}

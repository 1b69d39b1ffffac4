package import PawlModel

/// Reads what a step wrote to `$PAWL_OUTPUT`.
package enum OutputFile {
    /// The most that a step may write there, and the most of its stdout that is kept, in bytes.
    package static let limit = 1 << 20

    /// Reads `name=value` lines and `name<<MARK` blocks up to a line `MARK`; empty lines are nothing.
    ///
    /// - Throws: `OutputFault` with the line that cannot be read.
    package static func parse(_ text: String, declared: [String: ValueType]) throws(OutputFault) -> [String: Value] {
        var outputs: [String: Value] = [:]
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var number = 0
        while number < lines.count {
            let line = lines[number]
            number += 1
            if line.isEmpty { continue }
            let name: String
            let value: String
            let place = number
            if let equals = line.firstIndex(of: "="), !line[..<equals].contains("<") {
                name = String(line[..<equals])
                value = String(line[line.index(after: equals)...])
            } else if let (before, mark) = block(line) {
                name = before
                var body: [Substring] = []
                while number < lines.count, lines[number] != mark {
                    body.append(lines[number])
                    number += 1
                }
                guard number < lines.count else {
                    throw OutputFault("line \(place) of $PAWL_OUTPUT: '\(name)<<\(mark)' is never closed by '\(mark)'")
                }
                number += 1
                value = body.joined(separator: "\n")
            } else {
                throw OutputFault("line \(place) of $PAWL_OUTPUT is neither NAME=VALUE nor NAME<<MARK")
            }
            guard Names.isStep(name) else {
                throw OutputFault("line \(place) of $PAWL_OUTPUT: '\(name.prefix(64))' cannot be an output's name")
            }
            outputs[name] = try convert(value, name: name, to: declared[name])
        }
        return outputs
    }

    /// How much a step that runs says to have done, in percent: what stands in its last whole line `progress=NUMBER`.
    ///
    /// - Parameters:
    ///   - text: the end of what it has written so far.
    ///   - isWhole: whether that is all of it; else the first line is one that was cut.
    package static func progress(_ text: String, isWhole: Bool) -> Int? {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        // Behind the last newline stands what is being written just now.
        lines.removeLast()
        if !isWhole { lines = Array(lines.dropFirst()) }
        for line in lines.reversed() where line.hasPrefix("progress=") {
            guard let number = Double(line.dropFirst("progress=".count)), number.isFinite else { continue }
            return Int(min(max(number, 0), 100))
        }
        return nil
    }

    private static func block(_ line: Substring) -> (String, Substring)? {
        guard let first = line.firstIndex(of: "<") else { return nil }
        let second = line.index(after: first)
        guard second < line.endIndex, line[second] == "<" else { return nil }
        let mark = line[line.index(after: second)...]
        return mark.isEmpty ? nil : (String(line[..<first]), mark)
    }

    private static func convert(_ text: String, name: String, to type: ValueType?) throws(OutputFault) -> Value {
        switch type {
        case .integer:
            if let value = Int64(text) { return .integer(value) }
        case .number:
            if let value = Double(text), value.isFinite { return .number(value) }
        case .boolean:
            if text == "true" { return .boolean(true) }
            if text == "false" { return .boolean(false) }
        default:
            return .string(text)
        }
        throw OutputFault("the output '\(name)' is declared as \(type?.rawValue ?? "") and is '\(text.prefix(64))'")
    }
}

/// What a step wrote as its outputs cannot be used.
package struct OutputFault: Error, Sendable, CustomStringConvertible {
    /// What is wrong.
    package let description: String
    /// Makes the fault.
    package init(_ description: String) { self.description = description }
}

import FoundationEssentials
import PawlModel
import Testing

@testable import PawlCommands

/// A shape of JSON as pawl(1) writes it: `{key, key: {...}, key: [{...}], key: {NAME: VALUE}}`.
indirect enum DocumentedShape: Equatable {
    /// Anything that has no keys of its own.
    case plain
    /// An object with these keys.
    case object([String: DocumentedShape])
    /// An object whose keys nobody knows beforehand.
    case map
    /// A list of such.
    case list(DocumentedShape)

    /// The shapes of the page, by the item that they are in: `status`, `run --dry-run`.
    static func ofManual() throws -> [String: DocumentedShape] {
        let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "man/pawl.1").path
        let lines = try TextFile.read(path).text.split(separator: "\n")
        let section = lines.drop { $0 != ".Sh JSON" }.dropFirst().prefix { !$0.hasPrefix(".Sh ") }
        var result: [String: DocumentedShape] = [:]
        var item = ""
        var text: String?
        for line in section {
            if line.hasPrefix(".It Cm ") {
                item = String(line.dropFirst(7))
                for (macro, text) in [("Cm ", ""), ("Ar ", ""), ("Fl ", "-"), (" ,", ","), (" ;", ";")] {
                    item = item.replacing(macro, with: text)
                }
            } else if line.hasPrefix(".Bd ") {
                text = ""
            } else if line == ".Ed", let whole = text {
                var rest = whole[...]
                result[item] = try DocumentedShape(&rest)
                text = nil
            } else {
                text? += line
            }
        }
        return result
    }

    private struct Unreadable: Error { var rest: String }

    private init(_ text: inout Substring) throws {
        func skip(_ character: Character) throws {
            text = text.drop { $0 == " " }
            guard text.popFirst() == character else { throw Unreadable(rest: String(text)) }
        }
        func isNext(_ character: Character) -> Bool { text.first { $0 != " " } == character }
        if isNext("[") {
            try skip("[")
            self = .list(try DocumentedShape(&text))
            try skip("]")
            return
        }
        try skip("{")
        var keys: [String: DocumentedShape] = [:]
        repeat {
            text = text.drop { $0 == " " || $0 == "," }
            let key = String(text.prefix { $0.isLetter || $0 == "_" })
            guard !key.isEmpty else { throw Unreadable(rest: String(text)) }
            text = text.dropFirst(key.count)
            keys[key] = .plain
            guard isNext(":") else { continue }
            try skip(":")
            if isNext("V") {
                text = text.drop { $0 != "}" }
            } else {
                keys[key] = try DocumentedShape(&text)
            }
        } while isNext(",")
        try skip("}")
        self = keys.keys.contains("NAME") ? .map : .object(keys)
    }

    /// Where a value is not of this shape: a key that is missing, or one that the page does not have.
    func faults(_ value: Value, at place: String = "") -> [String] {
        switch (self, value) {
        case (_, .null), (.map, .map): return []
        case (.object(let keys), .map(let entries)):
            let missing = keys.keys.filter { entries[$0] == nil }.map { "\(place).\($0) is not printed" }
            return missing.sorted()
                + entries.sorted { $0.key < $1.key }.flatMap { key, value in
                    keys[key].map { $0.faults(value, at: "\(place).\(key)") }
                        ?? ["\(place).\(key) is not in the manual"]
                }
        case (.list(let shape), .list(let values)):
            return values.enumerated().flatMap { shape.faults($0.element, at: "\(place)[\($0.offset)]") }
        case (.plain, .list(let values)): return values.flatMap { faults($0, at: place) }
        case (.plain, .map): return ["\(place) has keys that are not in the manual"]
        case (.plain, _): return []
        default: return ["\(place) is \(value.json)"]
        }
    }
}

/// Holds what a verb printed against the manual, line by line.
func expectShape(_ item: String, _ output: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let shape = try #require(
        try DocumentedShape.ofManual()[item], "pawl(1) has no shape '\(item)'", sourceLocation: sourceLocation)
    #expect(!output.isEmpty, sourceLocation: sourceLocation)
    for line in output.split(separator: "\n") {
        let value = try JSONDecoder().decode(Value.self, from: Data(line.utf8))
        #expect(shape.faults(value) == [], "\(line)", sourceLocation: sourceLocation)
    }
}

/// Reads just as much of XML as shows whether a text is well-formed, and what is in it.
struct MarkupReader {
    /// What is wrong.
    struct Fault: Error {
        var words: String
    }

    /// The names of the elements, in their order.
    private(set) var elements: [String] = []
    /// The names of all attributes.
    private(set) var attributes: Set<String> = []
    /// The text between the tags.
    private(set) var text = ""

    /// Elements of HTML that have no end.
    private static let single: Set<String> = ["meta", "br"]

    /// Reads a text.
    init(_ source: String) throws {
        var open: [String] = []
        var rest = source[...]
        while let start = rest.firstIndex(of: "<") {
            try add(rest[..<start])
            rest = rest[rest.index(after: start)...]
            guard let end = rest.firstIndex(of: ">") else { throw Fault(words: "a tag without an end") }
            var tag = rest[..<end]
            rest = rest[rest.index(after: end)...]
            if tag.hasPrefix("!DOCTYPE") { continue }
            if tag.hasPrefix("/") {
                guard open.popLast() == String(tag.dropFirst()) else {
                    throw Fault(words: "</\(tag.dropFirst())> ends nothing")
                }
                continue
            }
            let isClosed = tag.hasSuffix("/")
            if isClosed { tag = tag.dropLast() }
            let name = String(tag.prefix { $0 != " " && $0 != "\n" })
            guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isNumber }) else { throw Fault(words: "<\(tag)>") }
            elements.append(name)
            try readAttributes(tag.dropFirst(name.count))
            if name == "style" {
                guard let close = rest.firstRange(of: "</style>") else {
                    throw Fault(words: "a style sheet without an end")
                }
                guard !rest[..<close.lowerBound].contains("<") else { throw Fault(words: "a tag in a style sheet") }
                rest = rest[close.upperBound...]
            } else if !isClosed, !MarkupReader.single.contains(name) {
                open.append(name)
            }
        }
        try add(rest)
        guard open.isEmpty else { throw Fault(words: "<\(open[0])> is not ended") }
    }

    private mutating func readAttributes(_ text: Substring) throws {
        var rest = text
        while true {
            rest = rest.drop { $0 == " " || $0 == "\n" }
            guard !rest.isEmpty else { return }
            guard let sign = rest.firstIndex(of: "=") else {
                throw Fault(words: "an attribute without a value: \(rest)")
            }
            let name = String(rest[..<sign])
            guard name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" }) else {
                throw Fault(words: "attribute \(name)")
            }
            attributes.insert(name)
            rest = rest[rest.index(after: sign)...]
            guard rest.first == "\"", let end = rest.dropFirst().firstIndex(of: "\"") else {
                throw Fault(words: "a value without its quotation marks: \(rest)")
            }
            _ = try MarkupReader.plain(rest[rest.index(after: rest.startIndex)..<end])
            rest = rest[rest.index(after: end)...]
        }
    }

    private mutating func add(_ piece: Substring) throws { text += try MarkupReader.plain(piece) }

    private static func plain(_ text: Substring) throws -> String {
        var result = ""
        var rest = text
        while let sign = rest.firstIndex(of: "&") {
            result += rest[..<sign]
            rest = rest[rest.index(after: sign)...]
            guard let end = rest.firstIndex(of: ";"),
                let value = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "#39": "'"][String(rest[..<end])]
            else { throw Fault(words: "an '&' that means nothing: \(rest.prefix(12))") }
            result += value
            rest = rest[rest.index(after: end)...]
        }
        guard !rest.contains(">") else { throw Fault(words: "a '>' in a text") }
        guard !text.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\n" && $0 != "\t" }) else {
            throw Fault(words: "a control character")
        }
        return result + rest
    }
}

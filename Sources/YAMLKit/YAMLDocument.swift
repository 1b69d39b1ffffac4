internal import CYAML

/// What a YAML text may cost at most; beyond that it is refused with the place where it became too much.
package struct YAMLLimits: Sendable {
    /// Bytes of the text.
    package var bytes = 1 << 20
    /// Sequences and mappings inside one another.
    package var depth = 64
    /// Nodes, each alias counted as all that it stands for.
    package var nodes = 200_000
    /// Bytes of the scalars, each alias counted as all that it stands for: whoever reads them takes time for each.
    package var scalarBytes = 4 << 20

    /// The limits for a file that a person writes.
    package init() {}
}

/// A YAML text that was read: one document or none.
package struct YAMLDocument: Sendable {
    /// The root; nil where there is nothing but blanks and comments.
    package let root: YAMLNode?
    /// Keys that are there twice and tags that are not known, in order. A text that has any is faulty, but whole enough
    /// to look for what else is wrong with it.
    package let faults: [YAMLError]
    /// What it has cost, with the texts before it.
    private let cost: YAMLComposer.Cost

    private let source: YAMLSource

    /// Reads a text.
    ///
    /// - Parameters:
    ///   - part: which text it is, where a tree is made of several; every mark of it says so.
    ///   - previous: the text before it, where what one text may cost is the bound for all of them together.
    package init(
        _ text: String, limits: YAMLLimits = YAMLLimits(), part: Int = 0, after previous: YAMLDocument? = nil
    ) throws(YAMLError) {
        try self.init(bytes: Array(text.utf8), limits: limits, part: part, after: previous)
    }

    /// Reads a text from its bytes in UTF-8.
    package init(
        bytes: [UInt8], limits: YAMLLimits = YAMLLimits(), part: Int = 0, after previous: YAMLDocument? = nil
    ) throws(YAMLError) {
        let source = try YAMLSource(bytes, maximumBytes: limits.bytes)
        var composer = YAMLComposer(limits: limits, part: part, after: previous?.cost ?? YAMLComposer.Cost())
        try YAMLDocument.parse(source, into: &composer)
        self.source = source
        root = composer.root
        faults = composer.faults
        cost = composer.cost
    }

    /// Bytes as text, or where the first one stands that is not UTF-8.
    package static func text(_ bytes: [UInt8]) throws(YAMLError) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var (mark, index) = (YAMLMark(line: 1, column: 1), 0)
        while index < bytes.count {
            let (scalar, length) = YAMLSource.decode(bytes, at: index)
            guard let scalar else { break }
            index += length
            mark = scalar == "\n" ? YAMLMark(line: mark.line + 1, column: 1) : mark
            if scalar != "\n" { mark.column += 1 }
        }
        throw YAMLError(mark, "this is not UTF-8 text")
    }

    /// Where a character inside a scalar stands in the text: exact for every character that is not a blank.
    ///
    /// - Parameters:
    ///   - offset: how many characters (Unicode scalars) of the scalar's text stand before it.
    package func mark(ofCharacter offset: Int, in node: YAMLNode) -> YAMLMark {
        guard let scalar = node.scalar else { return node.mark }
        // The places that the text itself knows of have no number.
        let start = YAMLMark(line: node.mark.line, column: node.mark.column)
        var mark = source.mark(ofCharacter: offset, in: scalar, at: start)
        mark.part = node.mark.part
        return mark
    }

    /// The only owner of libyaml's parser and events: both are freed on every way out.
    private static func parse(_ source: YAMLSource, into composer: inout YAMLComposer) throws(YAMLError) {
        var parser = yaml_parser_t()
        guard yaml_parser_initialize(&parser) == 1 else {
            throw YAMLError(YAMLMark(line: 1, column: 1), "there is no memory to read the text")
        }
        defer { yaml_parser_delete(&parser) }
        yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
        let result: Result<Void, YAMLError> = source.bytes.withUnsafeBufferPointer { buffer in
            // libyaml wants a pointer also for an empty text, which an empty array need not have.
            var empty: UInt8 = 0
            return withUnsafePointer(to: &empty) { pointer in
                yaml_parser_set_input_string(&parser, buffer.baseAddress ?? pointer, buffer.count)
                do throws(YAMLError) {
                    try readEvents(&parser, source, into: &composer)
                    return .success(())
                } catch {
                    return .failure(error)
                }
            }
        }
        try result.get()
    }

    private static func readEvents(
        _ parser: inout yaml_parser_t, _ source: YAMLSource, into composer: inout YAMLComposer
    ) throws(YAMLError) {
        while true {
            var event = yaml_event_t()
            guard yaml_parser_parse(&parser, &event) == 1 else { throw error(of: parser, source) }
            defer { yaml_event_delete(&event) }
            if event.type == YAML_STREAM_END_EVENT { return }
            try composer.take(event)
        }
    }

    private static func error(of parser: yaml_parser_t, _ source: YAMLSource) -> YAMLError {
        guard parser.error != YAML_MEMORY_ERROR else {
            return YAMLError(YAMLMark(line: 1, column: 1), "there is no memory to read the text")
        }
        let mark = YAMLMark(parser.problem_mark)
        let problem = parser.problem.map { String(cString: $0) } ?? "this cannot be read"
        if source.character(at: mark) == "\t" {
            return YAMLError(mark, "a tab cannot stand here; YAML indents with blanks")
        }
        // libyaml's own words are a parser's; these say what the author has to change.
        switch problem {
        case "mapping values are not allowed in this context":
            return YAMLError(mark, "a value cannot begin here; text with ': ' in it needs quotes")
        case "could not find expected ':'":
            return YAMLError(mark, "this line has no ':' after its key")
        case "did not find expected key", "did not find expected '-' indicator":
            let context = YAMLMark(parser.context_mark)
            if context.line == mark.line {
                return YAMLError(
                    mark, "this cannot stand here; text with quotes or ': ' in it needs quotes around all of it")
            }
            return YAMLError(
                mark, "this does not fit the block that begins at line \(context.line); check the indentation")
        case "did not find expected ',' or ']'", "did not find expected ',' or '}'":
            let context = YAMLMark(parser.context_mark)
            let wanted = problem.dropFirst("did not find expected ".count)
            return YAMLError(
                mark, "\(wanted) is missing in what begins at line \(context.line), column \(context.column)")
        case "found unexpected end of stream" where parser.context != nil:
            let context = YAMLMark(parser.context_mark)
            return YAMLError(context, "this has no end")
        case "found character that cannot start any token":
            let character = source.character(at: mark).map { "'\($0)'" } ?? "this"
            return YAMLError(mark, "\(character) cannot begin a value; put the text in quotes")
        default:
            let context = parser.context.map { " " + String(cString: $0) } ?? ""
            return YAMLError(mark, problem + context)
        }
    }
}

extension YAMLMark {
    init(_ mark: yaml_mark_t) {
        self.init(line: Int(clamping: mark.line) + 1, column: Int(clamping: mark.column) + 1)
    }
}

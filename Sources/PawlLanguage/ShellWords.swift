/// The commands and comments of a shell script, as far as that can be known without running it.
///
/// It is made for finding what scripts say of one another, so it errs on the side of seeing too little: what stands in
/// quotes, here-documents and substitutions is never taken for a command.
struct ShellWords {
    /// A word with its quotes taken off; expansions (`$NAME`, `${...}`, `$(...)`) stay as they are written.
    struct Word {
        var text: String
        var line: Int
        var column: Int
    }

    /// A comment, without its `#`.
    struct Comment {
        var text: String
        var line: Int
        var column: Int
    }

    /// The simple commands, each at least one word.
    private(set) var commands: [[Word]] = []
    private(set) var comments: [Comment] = []

    private let bytes: [UInt8]
    private var index = 0
    private var line = 1
    private var column = 1
    private var command: [Word] = []
    /// Whether the next word is a redirection's file, or the mark of a here-document.
    private var target: Target?
    private var hereDocuments: [(mark: [UInt8], stripsTabs: Bool)] = []

    private enum Target { case file, hereDocument(stripsTabs: Bool) }

    /// Quotes and substitutions inside one another beyond this are read as plain text.
    private static let deepest = 32

    init(_ text: String) {
        bytes = Array(text.utf8)
        while index < bytes.count { step() }
        endCommand()
    }

    private var current: UInt8? { index < bytes.count ? bytes[index] : nil }
    private func isNext(_ character: Unicode.Scalar, _ ahead: Int = 0) -> Bool {
        index + ahead < bytes.count && bytes[index + ahead] == UInt8(ascii: character)
    }

    @discardableResult private mutating func take() -> UInt8 {
        let byte = bytes[index]
        index += 1
        if byte == UInt8(ascii: "\n") { (line, column) = (line + 1, 1) } else if byte & 0xC0 != 0x80 { column += 1 }
        return byte
    }

    private mutating func endCommand() {
        if !command.isEmpty { commands.append(command) }
        command = []
        target = nil
    }

    private mutating func step() {
        switch bytes[index] {
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): take()
        case UInt8(ascii: "\\") where isNext("\n", 1):
            take()
            take()
        case UInt8(ascii: "\n"):
            take()
            endCommand()
            skipHereDocuments()
        case UInt8(ascii: "#"): takeComment()
        case UInt8(ascii: ";"), UInt8(ascii: "&"), UInt8(ascii: "|"), UInt8(ascii: "("), UInt8(ascii: ")"):
            take()
            endCommand()
        case UInt8(ascii: "<"), UInt8(ascii: ">"): takeRedirection()
        default: takeWord()
        }
    }

    private mutating func takeComment() {
        var comment = Comment(text: "", line: line, column: column)
        take()
        let start = index
        while let byte = current, byte != UInt8(ascii: "\n") { take() }
        comment.text = String(decoding: bytes[start..<index], as: UTF8.self)
        comments.append(comment)
    }

    private mutating func takeRedirection() {
        let start = index
        while let byte = current, [UInt8(ascii: "<"), UInt8(ascii: ">")].contains(byte) { take() }
        let sign = String(decoding: bytes[start..<index], as: UTF8.self)
        if isNext("(") {
            // <(...) is a word that names a file.
            skipParentheses(depth: 0)
            return
        }
        if sign == "<<" {
            let stripsTabs = isNext("-")
            if stripsTabs { take() }
            target = .hereDocument(stripsTabs: stripsTabs)
        } else {
            while isNext("&") || isNext("|") { take() }
            target = .file
        }
    }

    private mutating func takeWord() {
        var word = Word(text: "", line: line, column: column)
        var text: [UInt8] = []
        loop: while let byte = current {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"), UInt8(ascii: ";"),
                UInt8(ascii: "&"), UInt8(ascii: "|"), UInt8(ascii: ")"), UInt8(ascii: "<"), UInt8(ascii: ">"):
                break loop
            case UInt8(ascii: "("):
                // The values of an array are no commands.
                guard text.last == UInt8(ascii: "=") else { break loop }
                text += skipParentheses(depth: 0)
            case UInt8(ascii: "\\"):
                take()
                if let next = current, take() != UInt8(ascii: "\n") { text.append(next) }
            case UInt8(ascii: "'"):
                text += takeSingleQuoted()
            case UInt8(ascii: "\""):
                text += takeDoubleQuoted(depth: 0)
            case UInt8(ascii: "$"), UInt8(ascii: "`"):
                text += takeExpansion(depth: 0)
            default:
                text.append(take())
            }
        }
        word.text = String(decoding: text, as: UTF8.self)
        switch target {
        case .hereDocument(let stripsTabs): hereDocuments.append((text, stripsTabs))
        case .file: break
        case nil: command.append(word)
        }
        target = nil
    }

    private mutating func takeSingleQuoted() -> ArraySlice<UInt8> {
        take()
        let start = index
        while let byte = current, byte != UInt8(ascii: "'") { take() }
        let text = bytes[start..<index]
        if current != nil { take() }
        return text
    }

    private mutating func takeDoubleQuoted(depth: Int) -> [UInt8] {
        take()
        var text: [UInt8] = []
        while let byte = current, byte != UInt8(ascii: "\"") {
            switch byte {
            case UInt8(ascii: "\\"):
                take()
                if current != nil { text.append(take()) }
            case UInt8(ascii: "$"), UInt8(ascii: "`"): text += takeExpansion(depth: depth)
            default: text.append(take())
            }
        }
        if current != nil { take() }
        return text
    }

    /// From the `$` or the backquote to the end of the expansion, as written.
    private mutating func takeExpansion(depth: Int) -> ArraySlice<UInt8> {
        let start = index
        let first = take()
        if first == UInt8(ascii: "`") {
            while let byte = current, byte != UInt8(ascii: "`") {
                take()
                if byte == UInt8(ascii: "\\"), current != nil { take() }
            }
            if current != nil { take() }
        } else if isNext("(") {
            skipParentheses(depth: depth + 1)
        } else if isNext("{") {
            skip(to: UInt8(ascii: "}"), opening: UInt8(ascii: "{"), depth: depth + 1)
        } else if isNext("'") {
            _ = takeSingleQuoted()
        }
        return bytes[start..<index]
    }

    @discardableResult private mutating func skipParentheses(depth: Int) -> ArraySlice<UInt8> {
        let start = index
        skip(to: UInt8(ascii: ")"), opening: UInt8(ascii: "("), depth: depth)
        return bytes[start..<index]
    }

    /// From an opening bracket to the closing one that belongs to it, or to the end of the text.
    private mutating func skip(to closing: UInt8, opening: UInt8, depth: Int) {
        var open = 0
        while let byte = current {
            switch byte {
            case UInt8(ascii: "'") where opening == UInt8(ascii: "("): _ = takeSingleQuoted()
            case UInt8(ascii: "\"") where depth < ShellWords.deepest: _ = takeDoubleQuoted(depth: depth + 1)
            case UInt8(ascii: "\\"):
                take()
                if current != nil { take() }
            default:
                take()
                if byte == opening { open += 1 }
                if byte == closing { open -= 1 }
                if open == 0 { return }
            }
        }
    }

    private mutating func skipHereDocuments() {
        for document in hereDocuments {
            while index < bytes.count {
                let start = index
                while let byte = current, byte != UInt8(ascii: "\n") { take() }
                var text = bytes[start..<index]
                if current != nil { take() }
                if document.stripsTabs { text = text.drop { $0 == UInt8(ascii: "\t") } }
                if text.elementsEqual(document.mark) { break }
            }
        }
        hereDocuments = []
    }
}

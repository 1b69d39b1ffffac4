/// A place in a text: line and column from 1, the column counted in characters (Unicode scalars).
package struct YAMLMark: Sendable, Hashable, Comparable {
    // Every node and every key has one: three words of 64 bits would be half of a tree.
    private var shortLine: Int32
    private var shortColumn: Int32
    private var shortPart: Int32

    /// Names a place.
    package init(line: Int, column: Int, part: Int = 0) {
        (shortLine, shortColumn) = (Int32(clamping: line), Int32(clamping: column))
        shortPart = Int32(clamping: part)
    }

    /// The line, from 1.
    package var line: Int {
        get { Int(shortLine) }
        set { shortLine = Int32(clamping: newValue) }
    }

    /// The column, from 1.
    package var column: Int {
        get { Int(shortColumn) }
        set { shortColumn = Int32(clamping: newValue) }
    }

    /// Which text it is, where a tree is made of several: the number that the document was read with.
    package var part: Int {
        get { Int(shortPart) }
        set { shortPart = Int32(clamping: newValue) }
    }

    /// The earlier place is the smaller one.
    package static func < (left: YAMLMark, right: YAMLMark) -> Bool {
        (left.part, left.line, left.column) < (right.part, right.line, right.column)
    }
}

/// What is wrong with a YAML text, and where.
package struct YAMLError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The line, from 1.
    package var line: Int
    /// The column, from 1.
    package var column: Int
    /// What is wrong, as a sentence without its full stop.
    package var message: String

    init(_ mark: YAMLMark, _ message: String) {
        (line, column, self.message) = (mark.line, mark.column, message)
    }

    /// `LINE:COLUMN: MESSAGE`.
    package var description: String { "\(line):\(column): \(message)" }
}

/// A node of a YAML document: what it holds and where it stands. A node that came by an alias has the place of its
/// anchor, since that is where its text is.
package struct YAMLNode: Sendable, Hashable {
    /// What a node holds.
    package enum Content: Sendable, Hashable {
        case scalar(YAMLScalar)
        case sequence([YAMLNode])
        case mapping([YAMLEntry])
    }

    /// What it holds.
    package var content: Content
    /// Where it begins: for a quoted scalar the quote, for a block scalar its `|` or `>`.
    package var mark: YAMLMark

    /// Makes a node.
    package init(_ content: Content, at mark: YAMLMark) {
        (self.content, self.mark) = (content, mark)
    }

    /// The scalar, if it is one.
    package var scalar: YAMLScalar? {
        if case .scalar(let scalar) = content { scalar } else { nil }
    }

    /// The items, if it is a sequence.
    package var sequence: [YAMLNode]? {
        if case .sequence(let items) = content { items } else { nil }
    }

    /// The entries in the order written, if it is a mapping.
    package var mapping: [YAMLEntry]? {
        if case .mapping(let entries) = content { entries } else { nil }
    }

    /// The value of a key, if it is a mapping that has it.
    package subscript(key: String) -> YAMLNode? {
        mapping?.first { $0.key.text == key }?.value
    }
}

/// A key and its value in a mapping. Keys are always scalars: others are refused when the text is read.
package struct YAMLEntry: Sendable, Hashable {
    /// A key with its place.
    package struct Key: Sendable, Hashable {
        /// The key as text, whatever its style.
        package var text: String
        /// Where it begins.
        package var mark: YAMLMark

        /// Makes a key.
        package init(_ text: String, at mark: YAMLMark) { (self.text, self.mark) = (text, mark) }
    }

    /// The key.
    package var key: Key
    /// The value.
    package var value: YAMLNode

    /// Makes an entry.
    package init(key: Key, value: YAMLNode) { (self.key, self.value) = (key, value) }
}

/// A scalar: its text after quotes, escapes and folding are undone.
package struct YAMLScalar: Sendable, Hashable {
    /// How a scalar is written.
    package enum Style: Sendable, Hashable {
        case plain, singleQuoted, doubleQuoted, literal, folded
    }

    /// A tag of the core schema, without what all of them begin with.
    package enum Tag: String, Sendable, Hashable {
        case str, int, float, bool, null
    }

    /// The text.
    package var text: String
    /// How it is written.
    package var style: Style
    /// Its tag, if one is written; others than these are refused.
    package var tag: Tag?

    /// Makes a scalar.
    package init(_ text: String, style: Style = .plain, tag: Tag? = nil) {
        (self.text, self.style, self.tag) = (text, style, tag)
    }

    /// What a scalar stands for in YAML 1.2's core schema.
    package enum Resolved: Sendable, Hashable {
        case null
        case boolean(Bool)
        case integer(Int64)
        case number(Double)
        case string(String)
    }

    /// The scalar under the core schema of YAML 1.2: only plain ones can be other than text, and `yes`, `no`, `on`
    /// and `off` are text. Integers beyond 64 bits stay text, since as numbers they would lose digits.
    package var resolved: Resolved {
        if isNull { return .null }
        guard mayBeOther, let first = text.utf8.first else { return .string(text) }
        // Most scalars are words: one look at the first byte decides what else they could be.
        switch first {
        case UInt8(ascii: "t"), UInt8(ascii: "T"):
            return ["true", "True", "TRUE"].contains(text) ? .boolean(true) : .string(text)
        case UInt8(ascii: "f"), UInt8(ascii: "F"):
            return ["false", "False", "FALSE"].contains(text) ? .boolean(false) : .string(text)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return number ?? .string(text)
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."): return noFinite ?? number ?? .string(text)
        default: return .string(text)
        }
    }

    /// Whether it stands for nothing under the core schema.
    package var isNull: Bool {
        let bytes = text.utf8
        guard bytes.count <= 4, mayBeOther, let first = bytes.first else { return bytes.isEmpty && mayBeOther }
        guard first == UInt8(ascii: "n") || first == UInt8(ascii: "N") || first == UInt8(ascii: "~") else {
            return false
        }
        return ["~", "null", "Null", "NULL"].contains(text)
    }

    /// Whether it can be other than text by how it is written.
    private var mayBeOther: Bool { tag == nil ? style == .plain : tag != .str }

    /// What no digits can say.
    private var noFinite: Resolved? {
        switch text {
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": .number(.infinity)
        case "-.inf", "-.Inf", "-.INF": .number(-.infinity)
        case ".nan", ".NaN", ".NAN": .number(.nan)
        default: nil
        }
    }

    private var number: Resolved? {
        let bytes = Array(text.utf8)
        func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
        guard let first = bytes.first else { return nil }
        if text.hasPrefix("0x") { return hexadecimalOrOctal(16) }
        if text.hasPrefix("0o") { return hexadecimalOrOctal(8) }
        var index = first == 0x2B || first == 0x2D ? 1 : 0
        let start = index
        func digits() -> Int {
            let from = index
            while index < bytes.count, isDigit(bytes[index]) { index += 1 }
            return index - from
        }
        var count = digits()
        if index == bytes.count, count > 0 { return Int64(text).map { .integer($0) } }
        if index < bytes.count, bytes[index] == 0x2E {
            index += 1
            count += digits()
        }
        guard count > 0, index > start else { return nil }
        if index < bytes.count, bytes[index] == 0x65 || bytes[index] == 0x45 {
            index += 1
            if index < bytes.count, bytes[index] == 0x2B || bytes[index] == 0x2D { index += 1 }
            guard digits() > 0 else { return nil }
        }
        guard index == bytes.count else { return nil }
        // strtod's spelling wants a digit on both sides of the point in Swift's parser.
        return Double(text).map { .number($0) } ?? Double(text + "0").map { .number($0) }
    }

    private func hexadecimalOrOctal(_ radix: Int) -> Resolved? {
        let digits = text.dropFirst(2)
        guard let first = digits.utf8.first, first != 0x2B, first != 0x2D else { return nil }
        return Int64(digits, radix: radix).map { .integer($0) }
    }
}

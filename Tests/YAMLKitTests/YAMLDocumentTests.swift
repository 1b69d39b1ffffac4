import Testing

@testable import YAMLKit

@Suite("YAML documents")
struct YAMLDocumentTests {
    @Test("nodes and keys know their places")
    func places() throws {
        let document = try YAMLDocument("# a comment\na: 1\nlist:\n  - x\n  - {k: [y, 'zz']}\n")
        let root = try #require(document.root)
        #expect(root.mark == YAMLMark(line: 2, column: 1))
        let entries = try #require(root.mapping)
        #expect(entries.map(\.key.text) == ["a", "list"])
        #expect(entries.map(\.key.mark) == [YAMLMark(line: 2, column: 1), YAMLMark(line: 3, column: 1)])
        #expect(root["a"]?.mark == YAMLMark(line: 2, column: 4))
        let inner = try #require(root["list"]?.sequence?.last?["k"])
        #expect(inner.mark == YAMLMark(line: 5, column: 9))
        #expect(inner.sequence?.last?.mark == YAMLMark(line: 5, column: 13))
        #expect(inner.sequence?.last?.scalar == YAMLScalar("zz", style: .singleQuoted))
        #expect(document.faults.isEmpty)
    }

    @Test(
        "a text without content has no root", arguments: ["", "\n\n", "# only a comment\n", "\u{FEFF}", "---\n...\n"])
    func empty(text: String) throws {
        #expect(try YAMLDocument(text).root?.scalar?.text ?? "" == "")
    }

    @Test(
        "a text that cannot be read is refused with its place",
        arguments: [
            ("a: b: c\n", "1:5: a value cannot begin here; text with ': ' in it needs quotes"),
            ("a:\n\t- b\n", "2:1: a tab cannot stand here; YAML indents with blanks"),
            ("a: 1\n---\nb: 2\n", "2:1: a second document begins here; a file holds one"),
            ("a: \u{0}b\n", "1:4: a NUL byte cannot stand in YAML"),
            ("a: 1\nb: \"x\\0y\"\n", "2:4: a NUL character cannot stand in a value"),
            ("a: \u{7}\n", "1:4: the control character U+0007 cannot stand in YAML"),
            ("a: *b\n", "1:4: the alias '*b' has no anchor '&b' before it"),
            ("a: &a [*a]\n", "1:8: the alias '*a' has no anchor '&a' before it"),
            ("a: @b\n", "1:4: '@' cannot begin a value; put the text in quotes"),
            ("a: 1\nbc\nd: 2\n", "3:1: this line has no ':' after its key"),
            ("? [a, b]\n: 1\n", "1:3: a key must be text, not a list or a map"),
            ("a: &x [1]\n*x : 2\n", "2:1: a key must be text, not a list or a map"),
            ("a: {<<: 1}\n", "1:9: '<<' takes a map or a list of maps"),
            ("a: [1, 2\nb: 3\n", "2:2: ',' or ']' is missing in what begins at line 1, column 4"),
            ("a: {b: 1 c: 2}\n", "1:11: ',' or '}' is missing in what begins at line 1, column 4"),
            ("a: 1\nb: \"x\n", "2:4: this has no end"),
            ("a:\n  - 'b' : c d: 1\n", "2:14: a value cannot begin here; text with ': ' in it needs quotes"),
            ("a: 'b' c\n", "1:8: this cannot stand here; text with quotes or ': ' in it needs quotes around all of it"),
            ("a:\n  - b\n c: 1\n", "3:2: this does not fit the block that begins at line 1; check the indentation"),
        ])
    func refused(text: String, expected: String) {
        #expect(throws: YAMLError.self) { try YAMLDocument(text) }
        do { _ = try YAMLDocument(text) } catch { #expect(error.description == expected) }
    }

    @Test("bytes that are not UTF-8 are refused with their place")
    func invalidUTF8() {
        for bytes: [UInt8] in [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82], [0x80]] {
            let text = Array("ä: 1\nb: ".utf8) + bytes
            do {
                _ = try YAMLDocument(bytes: text)
                Issue.record("\(bytes) was taken")
            } catch {
                #expect(error.description == "2:4: this is not UTF-8 text")
            }
        }
    }

    @Test("keys that are there twice and unknown tags are found, all of them, and the rest is read")
    func faults() throws {
        let document = try YAMLDocument("a: 1\nb: !x 2\na: 3\nc: {d: 1, d: 2}\n")
        #expect(
            document.faults.map(\.description) == [
                "2:4: the tag '!x' is not known here",
                "3:1: the key 'a' is there twice; the first is at line 1, column 1",
                "4:11: the key 'd' is there twice; the first is at line 4, column 5",
            ])
        #expect(document.root?["a"]?.scalar?.text == "1")
    }

    @Test("anchors and merge keys are taken, a mapping's own keys winning")
    func aliases() throws {
        let document = try YAMLDocument("x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}\nz: [*x]\n")
        let merged = try #require(document.root?["y"])
        #expect(merged["a"]?.scalar?.text == "1")
        #expect(merged["b"]?.scalar?.text == "3")
        #expect(document.root?["z"]?.sequence?.first == document.root?["x"])
        #expect(document.faults.isEmpty)
    }

    @Test("an alias bomb is refused where it becomes too large")
    func bomb() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            text +=
                "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
                + "]\n"
        }
        do {
            _ = try YAMLDocument(text)
            Issue.record("the bomb was taken")
        } catch {
            #expect(error.line == 6)
            #expect(error.message.hasSuffix("has more than 200000 values"))
        }
    }

    @Test("a bomb of few values and many bytes is refused too, at the alias that is too many")
    func bytesBomb() {
        let text = "a: &a \(String(repeating: "x", count: 400_000))\n" + (1...20).map { "b\($0): *a\n" }.joined()
        do {
            _ = try YAMLDocument(text)
            Issue.record("the bomb was taken")
        } catch {
            #expect(error.description == "11:6: with its aliases written out the text has more than 4194304 bytes")
        }
    }

    @Test("places in a line of a megabyte are found at once, by stops along it")
    func longLine() throws {
        let text = "[" + Array(repeating: "\"ä ${x}\"", count: 60_000).joined(separator: ", ") + "]"
        let document = try YAMLDocument(text)
        let items = try #require(document.root?.sequence)
        for number in stride(from: 0, to: items.count, by: 7) {
            let mark = document.mark(ofCharacter: 4, in: items[number])
            #expect(mark == YAMLMark(line: 1, column: 2 + number * 10 + 5))
        }
    }

    @Test("depth is bounded, also where aliases make it")
    func depth() throws {
        func nested(_ levels: Int, _ core: String) -> String {
            String(repeating: "[", count: levels) + core + String(repeating: "]", count: levels)
        }
        #expect(try YAMLDocument(nested(64, "1")).root != nil)
        #expect(throws: YAMLError.self) { try YAMLDocument(nested(65, "1")) }
        #expect(try YAMLDocument("a: &a \(nested(40, "1"))\nb: \(nested(23, "*a"))\n").root != nil)
        #expect(throws: YAMLError.self) { try YAMLDocument("a: &a \(nested(40, "1"))\nb: \(nested(24, "*a"))\n") }
    }

    @Test("size is bounded")
    func size() {
        var limits = YAMLLimits()
        limits.bytes = 10
        #expect(throws: YAMLError.self) { try YAMLDocument("a: 12345678", limits: limits) }
    }

    @Test(
        "a character inside a scalar is found again in the text",
        arguments: [
            ("a: xx $y", 1, 7), ("a: 'it''s $y'", 1, 11), (#"a: "q\"\x41\u00e4 \t $y""#, 1, 22),
            ("a: |\n  one\n   two $y\n", 3, 8), ("a: >- # c\n  one\n  two $y\n", 3, 7), ("ä: 'ö $y'", 1, 7),
            ("a: \"one\n  two \\\n  $y\"", 3, 3), ("a: |2\n   b\n  $\n", 3, 3), ("a: x\r\nb: [1, $y]\r\n", 2, 8),
        ])
    func character(text: String, line: Int, column: Int) throws {
        let document = try YAMLDocument(text)
        func search(_ node: YAMLNode) -> YAMLMark? {
            switch node.content {
            case .scalar(let scalar):
                guard let index = Array(scalar.text.unicodeScalars).firstIndex(of: "$") else { return nil }
                return document.mark(ofCharacter: index, in: node)
            case .sequence(let items): return items.lazy.compactMap(search).first
            case .mapping(let entries): return entries.lazy.compactMap { search($0.value) }.first
            }
        }
        #expect(search(try #require(document.root)) == YAMLMark(line: line, column: column))
    }

    @Test(
        "plain scalars stand for what YAML 1.2 says",
        arguments: [
            ("", YAMLScalar.Resolved.null), ("~", .null), ("null", .null), ("true", .boolean(true)),
            ("False", .boolean(false)), ("yes", .string("yes")), ("on", .string("on")), ("12", .integer(12)),
            ("-7", .integer(-7)), ("+7", .integer(7)), ("0x1F", .integer(31)), ("0o17", .integer(15)),
            ("0077", .integer(77)), ("1.5", .number(1.5)), (".5", .number(0.5)), ("5.", .number(5)),
            ("1e3", .number(1000)), ("-.inf", .number(-.infinity)), ("1.2.3", .string("1.2.3")),
            ("0x", .string("0x")), ("0x-1", .string("0x-1")), ("-", .string("-")), (".", .string(".")),
            ("1e", .string("1e")), ("12345678901234567890", .string("12345678901234567890")),
            ("1_000", .string("1_000")),
        ])
    func core(text: String, expected: YAMLScalar.Resolved) {
        #expect(YAMLScalar(text).resolved == expected)
        #expect(YAMLScalar(text, style: .doubleQuoted).resolved == .string(text))
    }
}

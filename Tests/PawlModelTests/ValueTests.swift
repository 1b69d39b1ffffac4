import FoundationEssentials
import Testing

@testable import PawlModel

@Suite("Values")
struct ValueTests {
    static let examples: [(Value, String)] = [
        (.null, ""), (true, "true"), (-3, "-3"), (.number(1.5), "1.5"), (.number(2), "2"), ("ä b", "ä b"),
        (.list([1, "a", .null]), #"[1,"a",null]"#), (.map(["b": 1, "a": .list([])]), #"{"a":[],"b":1}"#),
        (.list(["q\"\\\n\t\u{1}"]), #"["q\"\\\n\t\u0001"]"#),
    ]

    @Test("as text they stand in a longer string", arguments: examples)
    func text(value: Value, expected: String) { #expect(value.text == expected) }

    @Test(
        "in the environment a list of scalars has one a line",
        arguments: [
            (.list(["a", 1, true]), "a\n1\ntrue"), (.list([]), ""), (.list(["a", .list([])]), #"["a",[]]"#),
            (.map(["a": 1]), #"{"a":1}"#),
            ("x", "x"),
        ] as [(Value, String)])
    func environment(value: Value, expected: String) { #expect(value.environmentText == expected) }

    @Test("JSON gives them back as they were", arguments: examples.map(\.0))
    func json(value: Value) throws {
        let list = Value.list([value])
        let read = try JSONDecoder().decode(Value.self, from: Data(list.json.utf8))
        // A number without a fraction is a whole number once it was text.
        let expected: Value = value == .number(2) ? 2 : value
        #expect(read == .list([expected]))
        let coded = try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(list))
        #expect(coded == .list([expected]))
    }

    @Test("a number without a fraction is written without one, as long as it is exact")
    func wholeNumbers() {
        #expect(Value.number(-1e15).text == "-1000000000000000")
        #expect(Value.number(1e16).text == "1e+16")
        #expect(Value.list([.number(.infinity)]).json == "[null]")
    }

    @Test("a diagnostic is one line, with what was meant in brackets")
    func diagnostic() {
        var diagnostic = Diagnostic(file: "f.yaml", line: 3, column: 7, message: "unknown key 'a'")
        #expect(diagnostic.description == "f.yaml:3:7: error: unknown key 'a'")
        (diagnostic.severity, diagnostic.hint) = (.warning, "did you mean 'b'?")
        #expect(diagnostic.description == "f.yaml:3:7: warning: unknown key 'a' (did you mean 'b'?)")
    }
}

import PawlModel
import Testing

@testable import PawlLanguage

/// Values by name, as an engine would answer.
struct DictionaryScope: Scope {
    var values: [String: Value]

    func value(of name: String) -> Value? { values[name] }

    static let example = DictionaryScope(values: [
        "n": 3, "big": .integer(.max), "half": .number(0.5), "t": "text", "yes": true, "none": .null,
        "members": .list([.map(["name": "m1", "port": 12379]), .map(["name": "m2", "port": 22379])]),
        "dir": "/srv", "digits": "10", "json": #"{"a": [1, {"b": "ä\u00e4"}]}"#, "map": .map(["k": 1]),
        "snapshot": .map([
            "state": "succeeded", "exit_code": 0, "attempts": 2, "output": "a\nb",
            "outputs": .map(["bytes": "1024", "ok": "true", "list": "[1, 2]"]),
        ]),
        "fresh": .map(["state": "waiting"]),
        "my-step": .map(["state": "failed", "outputs": .map([:])]),
        "run": .map(["name": "w-0123abcd", "failed_steps": .list(["a", "b"])]),
    ])
}

@Suite("Expressions")
struct ExpressionTests {
    @Test(
        "an expression has this value",
        arguments: [
            ("1", 1), ("-1", -1), ("1.5", .number(1.5)), ("1e3", .number(1000)), ("'a\\n'", "a\\n"),
            (#""a\n\"\\""#, "a\n\"\\"), ("true", true), ("null", .null), ("[]", .list([])),
            ("[1, 'a']", .list([1, "a"])),
            ("n", 3), ("dir", "/srv"), ("members[1].name", "m2"), ("members[n - 2].port", 22379),
            ("snapshot.outputs.bytes", "1024"), ("snapshot['state']", "succeeded"), ("my-step.state", "failed"),
            // Precedence and grouping.
            ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("10 - 2 - 3", 5), ("2 * 3 % 4", 2), ("7 / 2", .number(3.5)),
            ("6 / 2", 3), ("-n + 1", -2), ("- -n", 3), ("1 + 2 == 3 && 2 < 3", true), ("true || false && false", true),
            ("!true || true", true), ("n > 2 ? 'many' : 'few'", "many"), ("false ? 1 : true ? 2 : 3", 2),
            ("digits + 1", 11), ("half * 4", .number(2)),
            // Comparison: text that is wholly a number counts as one beside a number.
            ("snapshot.outputs.bytes > 0", true), ("snapshot.outputs.bytes == 1024", true), ("'1024.0' == 1024", true),
            ("'1024x' == 1024", false), ("'10' < '9'", true), ("digits < 9", false), ("1 == 1.0", true),
            ("'a' < 'b'", true), ("'a' == 'a'", true), ("'a' != 'b'", true), ("1 != '1'", false),
            ("snapshot.outputs.ok == true", true), ("snapshot.outputs.ok && yes", true), ("[1, '2'] == [1, 2]", true),
            ("2 >= 2", true), ("3 <= 2", false), ("' 1' == 1", false), ("'0x10' == 16", false), ("'inf' == 1", false),
            // Nothing: outputs that were never written, steps that have not run.
            ("snapshot.outputs.never", .null), ("snapshot.outputs.never == null", true), ("none == null", true),
            ("fresh.outputs.x", .null), ("fresh.exit_code == null", true), ("fresh.exit_code == 0", false),
            ("default(snapshot.outputs.never, 'x')", "x"), ("default(none.a.b, 1)", 1), ("default(n, 1)", 3),
            ("default(snapshot.outputs.bytes, 0) + 1", 1025), ("default(members[9].name, 'x')", "x"),
            ("default(map['nosuch'], 1)", 1), ("default(none[0], 1)", 1),
            // Membership.
            ("'a' in run.failed_steps", true), ("'c' in run.failed_steps", false), ("'k' in map", true),
            ("'rv' in dir", true), ("n in [1, 2, 3]", true), ("'' in dir", true),
            // Text that holds JSON is read into.
            ("json.a[0]", 1), ("json.a[1].b", "ää"), ("snapshot.outputs.list[1]", 2),
            ("length(snapshot.outputs.list)", 2),
            ("1 in snapshot.outputs.list", true), ("map['k']", 1), ("map[t == 'x' ? 'a' : 'k']", 1),
            // Functions.
            ("length('äb')", 2), ("length(members)", 2), ("length(map)", 1), ("lower('ÄB')", "äb"), ("upper('b')", "B"),
            ("trim(' a b \n')", "a b"), ("trim('  ')", ""), ("contains(dir, 'srv')", true),
            ("contains([1], '1')", true),
            ("join(['a', 1], ', ')", "a, 1"), ("join(['a', 'b'])", "a\nb"),
            ("split('a,b,', ',')", .list(["a", "b", ""])),
            ("lines(snapshot.output)", .list(["a", "b"])), ("lines('a\n')", .list(["a"])), ("lines('')", .list([])),
            ("length(lines(snapshot.output)) == 2", true), ("split('aaab', 'aa')", .list(["", "ab"])),
            ("matches(t, 'te.t')", true), ("matches(t, 'te')", false), ("matches(n, '[0-9]')", true),
            ("json('a\"b')", #""a\"b""#), ("json([1, true, null])", "[1,true,null]"), ("json(map)", #"{"k":1}"#),
            ("basename('/a/b.c')", "b.c"), ("basename('/a/b//')", "b"), ("basename('/')", "/"), ("basename('a')", "a"),
            ("basename('')", ""), ("dirname('/a/b.c')", "/a"), ("dirname('/a')", "/"), ("dirname('a')", "."),
            ("dirname('a//b//')", "a"), ("dirname('//')", "/"), ("dirname('')", "."),
            ("min(3, '2', 4.5)", 2), ("max([1, 2.5])", .number(2.5)), ("max('[1, 7]')", 7),
            ("format_time('2026-11-21T03:04:05.678Z', '%F %T')", "2026-11-21 03:04:05"),
            ("format_time('2026-11-21T01:00:00+02:00', '%Y%m%d-%H%M%S')", "20261120-230000"),
            (
                "format_time('2024-12-31', '%j %a %A %b %B %u %s 100%%')",
                "366 Tue Tuesday Dec December 2 1735603200 100%"
            ),
            ("format_time(0, '%a %F')", "Thu 1970-01-01"), ("format_time(-1, '%F %T')", "1969-12-31 23:59:59"),
            ("format_time(-0.5, '%s')", "-1"), ("format_time('1732000000', '%F')", "2024-11-19"),
            ("format_time('0001-01-01', '%F %s')", "0001-01-01 -62135596800"),
            ("format_time('9999-12-31T23:59:59Z', '%F %u')", "9999-12-31 5"),
            ("format_time('2000-02-29', '%F %j')", "2000-02-29 060"),
        ] as [(String, Value)])
    func value(text: String, expected: Value) throws {
        let template = try Template("${\(text)}")
        #expect(try template.evaluate(in: DictionaryScope.example) == expected)
    }

    @Test(
        "an expression without a value says why and where",
        arguments: [
            ("nosuch", "2: 'nosuch' is not known here"), ("1 / 0", "4: this divides by zero"),
            ("n % 0", "4: this divides by zero"), ("big + 1", "6: the result is too large"),
            ("1.5 % 2", "6: '%' needs two whole numbers"), ("-t", "2: '-' needs a number"),
            ("t + 'x'", "4: '+' needs two numbers, not text and text; texts are joined by writing them side by side"),
            ("members < 3", "10: '<' cannot compare a list with a number"),
            ("none < 1", "7: '<' cannot compare no value with a number"),
            ("t < 1", "4: '<' cannot compare text with a number"),
            ("n && yes", "2: '&&' needs true or false, not a number"),
            ("!none", "3: '!' needs true or false, not no value"),
            ("t ? 1 : 2", "2: '?' needs true or false, not text"),
            ("members[2]", "9: the list has 2 items, counted from 0; there is no [2]"),
            ("members[-1]", "9: the list has 2 items, counted from 0; there is no [-1]"),
            ("members['a']", "2: '.a' needs a map, not a list"),
            ("members[t]", "9: a place in a list is a whole number, not text"),
            ("members[0].prot", "2: there is no 'prot' in the map (did you mean 'port'?)"),
            ("map[t]", "5: there is no 'text' in the map"), ("n[0]", "3: '[...]' needs a list or a map, not a number"),
            ("1 in n", "4: 'in' cannot look for a number in a number"), ("t.x", "2: '.x' needs a map, not text"),
            ("length(1)", "2: length() needs text, a list or a map, not a number"),
            ("lower(map)", "2: lower() needs text, not a map"),
            ("join(t)", "2: join() needs a list, not text"),
            ("split(t, '')", "2: split() needs a separator that is not empty"),
            ("matches(t, '(')", "2: '(' is no regular expression: this '(' has no ')'"),
            ("min(n)", "2: min() needs a list or several numbers, not a number"),
            ("max([])", "2: max() of an empty list has no value"), ("max(1, t)", "2: max() needs numbers, not text"),
            (
                "format_time(t, '%F')",
                "2: format_time() needs a time such as 2026-11-21T03:00:00Z, or seconds since 1970, not 'text'"
            ),
            (
                "format_time('2025-02-29', '%F')",
                "2: format_time() needs a time such as 2026-11-21T03:00:00Z, or seconds since 1970, not '2025-02-29'"
            ),
            (
                "format_time(0, '%q')",
                "2: a format_time() format knows '%' before one of Y m d H M S j a b A B u F T s % only"
            ),
            // What is missing has a default; what is wrong has none.
            ("default(1 / 0, 1)", "12: this divides by zero"),
            ("default(-t, 1)", "10: '-' needs a number"),
        ])
    func fault(text: String, expected: String) throws {
        let template = try Template("${\(text)}")
        do {
            let value = try template.evaluate(in: DictionaryScope.example)
            Issue.record("it has the value \(value)")
        } catch {
            #expect("\(error.offset): \(error.message)" == expected)
        }
    }

    @Test("conditions look at no more than they need")
    func shortCircuit() throws {
        for text in ["false && nosuch", "true || nosuch", "true ? true : nosuch"] {
            _ = try Template("${\(text)}").evaluate(in: DictionaryScope.example)
        }
    }

    @Test("depth and size are bounded")
    func bounds() {
        let deep = String(repeating: "(", count: 40) + "1" + String(repeating: ")", count: 40)
        let nots = String(repeating: "!", count: 40) + "true"
        let long = "1" + String(repeating: " + 1", count: 300)
        for text in [deep, nots, long] { #expect(throws: SyntaxFault.self) { try Template("${\(text)}") } }
        #expect(throws: Never.self) { try Template("${1\(String(repeating: " + 1", count: 100))}") }
    }

    static let costly: [String] = {
        func times(_ count: Int, _ text: String, _ separator: String) -> String {
            Array(repeating: text, count: count).joined(separator: separator)
        }
        return [
            // Each of these doubles what the one inside it makes.
            times(28, "json(", "") + "'\"'" + times(28, ")", ""),
            times(40, "length(upper(big))", " + "), times(40, "contains(big, 'aaaaaaaaab')", " || "),
            "matches(big, '(a|aa|a*)*(a|b|c|aa){1,60}c')", "length([\(times(20, "split(big, 'a')", ", "))])",
            times(60, "list == other", " || "),
        ]
    }()

    @Test("what an expression may cost is bounded, however little of it is written", arguments: costly)
    func work(text: String) throws {
        let big = String(repeating: "a", count: 1 << 16)
        let items = Array(repeating: Value.string(String(repeating: "b", count: 100)), count: 3000)
        let scope = DictionaryScope(values: [
            "big": .string(big), "list": .list(items), "other": .list(items.dropLast() + ["c"]),
        ])
        let expression = try #require(try Template("${\(text)}").expressions.first)
        // A sixteenth of what is allowed, for values of a sixteenth of the size.
        var work = Work(Work.most / 16)
        var fault: EvaluationFault?
        do throws(EvaluationFault) { _ = try expression.evaluate(in: scope, &work) } catch { fault = error }
        #expect(fault?.isMissing == false, "\(text)")
        #expect(work.spent < Work.most / 16 + Work.longestText, "\(text)")
    }

    @Test("references are found with their members, in the order written")
    func references() throws {
        let template = try Template("${a.b['c'] + x[y.z]} and ${default(d.outputs.e.f, [g]) ? !h : -i}")
        #expect(
            template.references.map { ([$0.name] + $0.members).joined(separator: ".") }
                == ["a.b.c", "x", "y.z", "d.outputs.e.f", "g", "h", "i"])
        #expect(template.references.map(\.offset) == [2, 13, 15, 35, 51, 58, 63])
    }
}

@Suite("Templates")
struct TemplateTests {
    @Test(
        "text with expressions in it",
        arguments: [
            ("plain", "plain"), ("", ""), ("$HOME $$ $", "$HOME $$ $"), ("$${n}", "${n}"), ("$$${n}", "$${n}"),
            ("a ${n} b", "a 3 b"), ("${n}${n}", "33"), ("${n}", 3),
            ("${members}", DictionaryScope.example.values["members"]),
            ("x${yes}", "xtrue"), ("x${none}", "x"), ("x${[1, 'a\"']}", #"x[1,"a\""]"#), ("${map} ", #"{"k":1} "#),
            ("${'}'}", "}"), ("${ n }", 3), ("é${n}", "é3"), ("${\nn\n}", 3),
        ] as [(String, Value?)])
    func evaluated(text: String, expected: Value?) throws {
        #expect(try Template(text).evaluate(in: DictionaryScope.example) == expected)
    }

    @Test("a text without expressions is a constant")
    func constant() throws {
        #expect(try Template("a $${b}").constant == "a ${b}")
        #expect(try Template("a ${b}").constant == nil)
        #expect(Template(constant: 3).constant == 3)
        #expect(try Template(constant: 3).evaluate(in: DictionaryScope(values: [:])) == 3)
    }
}

@Suite("JSON")
struct JSONTests {
    @Test(
        "what RFC 8259 says is read",
        arguments: [
            (" null ", .null), ("[1, -2.5e1, true]", .list([1, .number(-25), true])), ("{}", .map([:])),
            (#"{"a": {"b": []}}"#, .map(["a": .map(["b": .list([])])])), (#""\u00e4\ud83d\ude00\/\b""#, "ä😀/\u{8}"),
            ("12345678901234567890", .number(12_345_678_901_234_567_168)),
        ] as [(String, Value)])
    func read(text: String, expected: Value) { #expect(JSON.parse(text) == expected) }

    @Test(
        "anything else is none",
        arguments: [
            "", "[1,]", "{a: 1}", "01", "+1", "1.", ".5", "nul", "[1] x", "\"a", "\"\u{1}\"", #""\x""#, #""\ud800""#,
            "{\"a\"}",
            "[1 2]", "NaN", "'a'", String(repeating: "[", count: 100) + String(repeating: "]", count: 100),
        ])
    func refused(text: String) { #expect(JSON.parse(text) == nil) }
}

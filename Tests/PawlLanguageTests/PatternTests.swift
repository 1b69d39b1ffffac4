import Testing

@testable import PawlLanguage

@Suite("Regular expressions")
struct PatternTests {
    @Test(
        "a whole text matches",
        arguments: [
            ("", ""), ("abc", "abc"), ("a.c", "aäc"), ("a|bc|", "bc"), ("a|bc|", ""), ("(a|b)*c", "ababc"),
            ("a+?", "aaa"),
            ("a{2}", "aa"), ("a{2,}", "aaaa"), ("a{1,3}", "aaa"), ("a{,3}", "a{,3}"), ("{", "{"), ("a{x}", "a{x}"),
            ("[a-c]+", "abc"), ("[^a-c]", "d"), ("[]a]+", "]a"), ("[^]a]", "b"), ("[a-]+", "-a"), ("[\\d-x]+", "3-x"),
            (#"[\]\\]+"#, #"]\"#), ("[[:alpha:]_]+", "aZ_"), ("[^[:space:]]", "x"), (#"[\W]"#, "!"), (#"[^\W]"#, "a"),
            (#"\d{4}-\d\d"#, "2026-11"), (#"\w+\s\S\D"#, "a_1 xy"), (#"\."#, "."), (#"\x41\x{e4}\u00e4\n"#, "Aää\n"),
            ("^a$", "a"), ("(^a|b)+$", "a"), (#"\Aa\z"#, "a"), (#"\bfoo\b.*"#, "foo bar"), (#"f\Boo"#, "foo"),
            ("(?i)straße [A-C]", "STRAßE b"), ("(?i:a)b", "Ab"), ("(?i)a(?-i)b", "Ab"), ("(?s).*", "a\nb"),
            ("(?m)a$\\n^b", "a\nb"), ("(?<name>a)(?P<n>b)(?:c)", "abc"), ("(a*)*", "aaa"), ("(a*)+b", "b"),
            ("(|a)+", "a"),
            ("()", ""), ("(^)*a", "a"), ("😀+", "😀😀"), ("[a-z][a-z0-9-]{3,}", "prod-1"),
            (#"/[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)+"#, "/srv/etcd"),
        ])
    func whole(pattern: String, text: String) throws {
        var work = Work()
        #expect(try Pattern(pattern).matchesWhole(text, &work))
    }

    @Test(
        "a text does not match as a whole",
        arguments: [
            ("", "a"), ("abc", "abcd"), ("abc", "ab"), ("a.c", "a\nc"), ("a|b", "ab"), ("a{2}", "aaa"),
            ("a{2,3}", "aaaa"),
            ("[^a]", "a"), ("[^a]", ""), ("(?i)[^a]", "A"), (#"\d"#, "٣"), ("^a$", "a\n"), ("a^b", "ab"),
            (#"a\bb"#, "ab"),
            ("(?i:a)b", "AB"), ("a$b", "a\nb"), ("(a|b)+c", "ababd"),
        ])
    func notWhole(pattern: String, text: String) throws {
        var work = Work()
        #expect(try !Pattern(pattern).matchesWhole(text, &work))
    }

    @Test(
        "a part of a text matches or does not",
        arguments: [
            ("b", "abc", true), ("^b", "abc", false), ("c$", "abc\n", true), (#"c\z"#, "abc\n", false), ("", "", true),
            ("(?m)^b$", "a\nb\nc", true), ("b$", "a\nb\nc", false), ("is healthy", "127.0.0.1 is healthy: ok", true),
        ])
    func part(pattern: String, text: String, expected: Bool) throws {
        var work = Work()
        #expect(try Pattern(pattern).matchesPart(of: text, &work) == expected)
    }

    @Test(
        "what is no regular expression says why and where",
        arguments: [
            ("(a", "0: this '(' has no ')'"), ("a)", "1: this ')' closes nothing"), ("[a", "0: this '[' has no ']'"),
            ("x*+", "2: '+' repeats what is repeated already"), ("*a", "0: there is nothing to repeat before '*'"),
            ("a|+", "2: there is nothing to repeat before '+'"), ("^*", "1: there is nothing to repeat before this"),
            ("a\\", "1: there is nothing after this '\\'"),
            (#"\q"#, #"0: '\q' means nothing in a regular expression here"#),
            (#"(a)\1"#, "3: a regular expression cannot refer to its groups here"),
            ("(?=a)", "0: a regular expression cannot look around here"),
            ("(?<!a)", "0: a regular expression cannot look around here"), ("(?x)a", "0: '(?x' is not known here"),
            ("a{3,2}", "1: '{3,2}' has its numbers the wrong way round"),
            ("a{1001}", "1: at most 1000 times can be asked for"), ("[b-a]", "1: this range has no characters in it"),
            ("[[:x:]]", "1: there is no class '[:x:]'"), (#"\x{110000}"#, #"0: '\x' needs the number of a character"#),
            ("(a{1000}){1000}", "0: this regular expression is too large"),
            ("(((){1000}){1000}){1000}", "0: this regular expression is too large"),
            (
                String(repeating: "(", count: 40) + String(repeating: ")", count: 40),
                "32: this regular expression is nested more than 32 levels deep"
            ),
            (String(repeating: "a", count: 1001), "1000: a regular expression has at most 1000 characters"),
        ])
    func fault(pattern: String, expected: String) {
        do throws(SyntaxFault) {
            _ = try Pattern(pattern)
            Issue.record("it is one")
        } catch { #expect("\(error.offset): \(error.message)" == expected) }
    }

    @Test("patterns that other engines try again and again take time with the length of the text alone")
    func linear() throws {
        for pattern in ["(a+)+$", "(a|aa)+", "(.*)(.*)(.*)(.*)(.*)b", "(a*)*b", "(a|a)*c", "(a?){50}a{50}"] {
            func cost(_ count: Int) throws -> Int {
                var work = Work()
                _ = try Pattern(pattern).matchesWhole(String(repeating: "a", count: count) + "!", &work)
                return work.spent
            }
            let (short, long) = (try cost(1000), try cost(4000))
            #expect(long < 5 * short, "\(pattern): \(short) and \(long)")
            #expect(short < 1000 * 800, "\(pattern)")
        }
    }
}

import PawlAPI
import PawlModel
import Testing

@testable import PawlCommands

@Suite("What a terminal makes of text")
struct TerminalTextTests {
    @Test(
        "characters take the columns that they take on a terminal",
        arguments: [("", 0), ("abc", 3), ("中文", 4), ("😀!", 3), ("e\u{301}", 1), ("ä│✓●", 4), ("\u{200B}", 0)])
    func width(text: String, columns: Int) { #expect(TerminalText.width(of: text) == columns) }

    @Test("what is cut is no wider than there is room, and says that there was more")
    func cut() {
        #expect(TerminalText.cut("中文字", to: 6, ellipsis: "…") == "中文字")
        #expect(TerminalText.cut("中文字", to: 5, ellipsis: "…") == "中文…")
        #expect(TerminalText.cut("中文字", to: 4, ellipsis: "…") == "中…")
        #expect(TerminalText.cut("中文字", to: 1, ellipsis: "…") == "…")
        #expect(TerminalText.cut("中文字", to: 0, ellipsis: "…") == "")
        for columns in 0...12 {
            let text = TerminalText.cut("a中b😀c文de\u{301}f", to: columns, ellipsis: ".")
            #expect(TerminalText.width(of: text) <= columns)
        }
    }

    @Test(
        "a line is as one would have seen it: without colours, titles and what was written over",
        arguments: [
            ("plain\tä", "plain\tä"), ("\u{1B}[31mred\u{1B}[0m", "red"), ("\u{1B}]0;owned\u{07}x", "x"),
            ("\u{1B}]8;;http://a\u{1B}\\link\u{1B}]8;;\u{1B}\\", "link"), ("\u{9B}1mb", "b"), ("\u{1B}(Bx", "x"),
            ("\rxx 10%\ryy 20%", "yy 20%"), ("done\r", "done"), ("\r\r", ""), ("a\rb\r\r", "b"),
            // What has no end is no order, and is not to swallow the rest.
            ("\u{1B}]0;open", "?]0;open"), ("\u{1B}[12", "?[12"), ("x\u{1B}", "x?"), ("\u{07}\u{7F}", "??"),
            ("a\u{202E}b\u{2069}c\u{FEFF}", "a?b?c?"),
        ])
    func legible(text: String, seen: String) { #expect(TerminalText.legible(text) == seen) }

    @Test("a line of nothing but beginnings of orders costs no more than its length")
    func hostile() {
        // What an attacker writes: each of these would be looked for to the end of the line.
        for end in ["", "\\", "\u{07}"] {
            let text = String(repeating: "\u{1B}]", count: 24_000) + end
            #expect(TerminalText.legible(text).count <= text.unicodeScalars.count)
        }
    }

    @Test("a picture with wide characters is no wider than the terminal", arguments: [20, 41, 80])
    func picture(width: Int) {
        var status = Sample.run(
            .running,
            [
                Sample.step("a", .running, [Sample.attempt(1, .running, from: 0)]),
                Sample.step(
                    "b", .waiting, reason: "waits for approval: really go on with 中文 😀? ('pawl approve x b')",
                    approval: "go?"),
            ], reason: "步骤 'a' 中文字中文字中文字中文字中文字中文字中文字")
        status.secondsLeft = 90
        let now = Timestamp(microseconds: 1_795_230_184_000_000).adding(seconds: 5)
        var state = LiveState(status: status, told: now)
        state.tails = ["a": ["项目 3 中文 😀 a long line of which nobody knows how wide it is 中文中文中文中文中文中文"]]
        for line in RunFrame(style: Style(hasUnicode: true)).lines(state, now: now, width: width, height: 24) {
            #expect(TerminalText.width(of: line) <= width, "\(line)")
        }
    }
}

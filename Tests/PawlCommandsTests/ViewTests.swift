import PawlAPI
import PawlModel
import Testing

@testable import PawlCommands

@Suite("What a follower sees")
struct ViewTests {
    private let text = RunText(zone: Zone(isUTC: true), style: .plain)
    private let now = Timestamp(microseconds: 1_795_230_184_000_000)

    private func lines(_ view: inout RunView, _ status: RunStatus) -> [String] {
        view.apply(status).compactMap { text.line($0, now: now) }
    }

    @Test("each change is one line, with the time at which it happened")
    func changes() {
        var view = RunView()
        #expect(lines(&view, Sample.run(.running, [Sample.step("ca", .waiting), Sample.step("load", .waiting)])) == [])
        let began = Sample.step("ca", .running, [Sample.attempt(1, .running, from: 1)])
        #expect(lines(&view, Sample.run(.running, [began])) == ["03:03:05 step 'ca' running"])
        let ended = Sample.step("ca", .succeeded, [Sample.attempt(1, .succeeded, from: 1, to: 2.2, code: 0)])
        #expect(lines(&view, Sample.run(.running, [ended])) == ["03:03:06 step 'ca' succeeded (1.2s)"])
        #expect(view.status?.steps.map(\.id) == ["ca", "load"])
    }

    @Test("a step that waits for a person says so, once")
    func waits() {
        var view = RunView()
        let asked = Sample.step(
            "sure", .waiting, [], reason: "waits for approval: go? ('pawl approve r sure' says yes)")
        _ = view.apply(Sample.run(.running, [Sample.step("sure", .waiting)]))
        #expect(
            lines(&view, Sample.run(.running, [asked])) == [
                "03:03:04 step 'sure' waits for approval: go? ('pawl approve r sure' says yes)"
            ])
        #expect(lines(&view, Sample.run(.running, [asked])) == [])
    }

    @Test("an attempt that is followed by another says how it ended, and the last one is the step's end")
    func attempts() {
        var view = RunView()
        let first = Sample.attempt(1, .failed, from: 0, to: 1, code: 3, result: "exit-code")
        let second = Sample.attempt(2, .failed, from: 2, to: 3, signal: "KILL", result: "signal")
        _ = view.apply(Sample.run(.running, [Sample.step("a", .running, [Sample.attempt(1, .running, from: 0)])]))
        #expect(
            lines(&view, Sample.run(.running, [Sample.step("a", .waiting, [first], reason: "next in 1s")])) == [
                "03:03:05 step 'a' attempt 1 failed: exit status 3; next in 1s"
            ])
        #expect(
            lines(&view, Sample.run(.running, [Sample.step("a", .failed, [first, second])])) == [
                "03:03:06 step 'a' running (attempt 2)", "03:03:07 step 'a' failed: signal KILL (attempt 2)",
            ])
    }

    @Test("what was known before is not said again when the run is told from its start")
    func again() {
        var view = RunView()
        let status = Sample.run(
            .running, [Sample.step("a", .succeeded, [Sample.attempt(1, .succeeded, from: 0, to: 1, code: 0)])])
        #expect(view.apply(status).count == 2)
        #expect(view.apply(status) == [])
    }

    @Test("a skipped step says why")
    func skipped() {
        var view = RunView()
        #expect(
            lines(&view, Sample.run(.running, [Sample.step("b", .skipped, reason: "step 'a' failed")])) == [
                "03:03:04 step 'b' skipped: step 'a' failed"
            ])
    }

    @Test("the outcome names the failed steps and where to read on")
    func outcome() {
        let failed = Sample.step("a", .failed, [Sample.attempt(1, .failed, from: 0, to: 1, code: 203)])
        #expect(
            text.outcome(Sample.run(.failed, [failed], ended: 12.3), now: now) == [
                "run etcd-7k2m9qxa failed in 12.3s", "  step 'a' failed: 203/EXEC", "see 'pawl logs etcd-7k2m9qxa a'",
            ])
        #expect(
            text.outcome(Sample.run(.succeeded, [], ended: 62), now: now) == ["run etcd-7k2m9qxa succeeded in 1min 2s"])
        #expect(
            text.outcome(Sample.run(.stopped, [], reason: "disk full"), now: now.adding(seconds: 5)) == [
                "run etcd-7k2m9qxa stopped after 5s: disk full", "go on with 'pawl resume etcd-7k2m9qxa'",
            ])
    }

    @Test("a reason cannot give orders to the terminal")
    func harmless() {
        let step = Sample.step("a", .failed, reason: "\u{1B}]0;owned\u{07}")
        #expect(ExitNames.words(of: step) == "?]0;owned?")
        #expect(Style.harmless("tab\tä\u{9B}31m\u{7F}") == "tab\tä?31m?")
    }

    @Test("a line of a table is cut to the width, its cells are not")
    func table() {
        var table = TextTable(heading: ["A", "B"])
        table.add(["long", "x"])
        table.add(["s", ""])
        #expect(table.lines(style: .plain) == ["A     B", "long  x", "s"])
        #expect(table.lines(style: Style(hasUnicode: true), width: 7) == ["A     B", "long  x", "s"])
        #expect(table.lines(style: Style(hasUnicode: true), width: 3) == ["A", "lo…", "s"])
    }
}

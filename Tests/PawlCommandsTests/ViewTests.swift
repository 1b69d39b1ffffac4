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

    @Test("the step that the run failed by is named and shown, and not one whose failure was tolerated")
    func culprits() {
        var soft = Sample.step("soft", .failed, [Sample.attempt(1, .failed, from: 0, to: 1, code: 1)])
        soft.tolerated = true
        let hard = Sample.step("hard", .failed, [Sample.attempt(1, .failed, from: 2, to: 3, code: 2)])
        var child = Sample.attempt(1, .failed, from: 1, to: 2)
        child.run = "kid-0000000a"
        #expect(
            text.outcome(Sample.run(.failed, [soft, hard], ended: 3), now: now) == [
                "run etcd-7k2m9qxa failed in 3s", "  step 'hard' failed: exit status 2",
                "  step 'soft' failed, tolerated: exit status 1", "see 'pawl logs etcd-7k2m9qxa hard'",
            ])
        #expect(
            text.outcome(Sample.run(.failed, [hard, Sample.step("kid", .failed, [child])], ended: 3), now: now).last
                == "see 'pawl status kid-0000000a'")
        var item = hard
        item.item = 3
        #expect(
            text.outcome(Sample.run(.failed, [Sample.step("hard", .failed), item], ended: 3), now: now).last
                == "see 'pawl logs etcd-7k2m9qxa hard.3'")
        let hung = Sample.step("hung", .cancelled, [Sample.attempt(1, .cancelled, from: 0, to: 2)], reason: "cancelled")
        #expect(
            text.outcome(Sample.run(.timedOut, [hung, Sample.step("after", .cancelled)], ended: 2), now: now) == [
                "run etcd-7k2m9qxa timed-out in 2s", "  step 'hung' cancelled: cancelled",
                "see 'pawl logs etcd-7k2m9qxa hung'",
            ])
    }

    @Test("what has happened before somebody looks is told in the order in which it did")
    func history() {
        func item(_ number: Int, from start: Double, to end: Double) -> StepStatus {
            var step = Sample.step("b", .succeeded, [Sample.attempt(1, .succeeded, from: start, to: end, code: 0)])
            step.item = number
            return step
        }
        var view = RunView()
        let status = Sample.run(
            .failed,
            [
                Sample.step("first", .skipped, reason: "its 'when' is false"), Sample.step("b", .succeeded),
                item(0, from: 1, to: 5), item(1, from: 2, to: 3), Sample.step("d", .skipped, reason: "no"),
            ], ended: 6)
        let history = RunHistory(view.apply(status), of: status, since: now)
        #expect(
            history.entries.compactMap { text.line($0.change, now: $0.time ?? now.adding(seconds: 99)) } == [
                "03:03:04 step 'first' skipped: its 'when' is false", "03:03:05 step 'b.0' running",
                "03:03:06 step 'b.1' running", "03:03:07 step 'b.1' succeeded (1s)", "03:03:09 step 'b' succeeded",
                "03:03:09 step 'b.0' succeeded (4s)", "03:03:09 step 'd' skipped: no",
            ])
    }

    @Test("a reason cannot give orders to the terminal")
    func harmless() {
        let step = Sample.step("a", .failed, reason: "\u{1B}]0;owned\u{07}")
        #expect(ExitNames.words(of: step) == "?]0;owned?")
        #expect(Style.harmless("tab\tä\u{9B}31m\u{7F}") == "tab\tä?31m?")
        #expect(Style.harmless("user\u{202E}nimda\u{2066}\u{200B}") == "user?nimda??")
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

import FoundationEssentials
import PawlAPI
import PawlModel
import Testing

@testable import PawlCommands

@Suite("The picture of a followed run")
struct FrameTests {
    private let now = Timestamp(microseconds: 1_795_230_184_000_000)

    private func state(_ status: RunStatus) -> LiveState { LiveState(status: status, told: now.adding(seconds: 60)) }

    private func lines(
        _ state: LiveState, width: Int = 80, height: Int = 24, style: Style = Style(hasUnicode: true)
    ) -> [String] {
        RunFrame(style: style).lines(state, now: now.adding(seconds: 61), width: width, height: height)
    }

    /// The lines against a file that somebody has looked at; with `PAWL_WRITE_FRAMES` that is written, for somebody to look at.
    private func expect(_ name: String, _ lines: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/frames/\(name).txt").path
        if ProcessInfo.processInfo.environment["PAWL_WRITE_FRAMES"] != nil {
            try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        }
        let known = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        #expect(
            lines.joined(separator: "\n") + "\n" == known, "\(file) is another picture", sourceLocation: sourceLocation)
    }

    /// A run of twelve steps in its middle.
    private var middle: LiveState {
        var compile = Sample.step("compile", .running, [Sample.attempt(1, .running, from: 20)])
        compile.secondsLeft = 60
        var test = Sample.step(
            "test", .running,
            [Sample.attempt(1, .failed, from: 20, to: 30, code: 1), Sample.attempt(2, .running, from: 40)])
        test.progress = 40
        let items = (0..<5).map { item in
            let states: [StepState] = [.succeeded, .succeeded, .running, .failed, .waiting]
            var step = Sample.step(
                "load", states[item],
                item < 4
                    ? [Sample.attempt(1, states[item], from: 30, to: item == 2 ? nil : 42, code: item == 3 ? 4 : 0)]
                    : [])
            step.item = item
            return step
        }
        let begun = ["fetch", "verify", "unpack"].enumerated().map {
            Sample.step(
                $0.element, .succeeded, [Sample.attempt(1, .succeeded, from: 0, to: 1.5 * Double($0.offset + 1))])
        }
        let waiting = ["package", "sign", "upload", "announce"].map { Sample.step($0, .waiting) }
        var status = Sample.run(
            .running,
            begun + [compile, test, Sample.step("load", .running)] + items
                + [Sample.step("sure", .waiting, reason: "waits for approval: go?", approval: "go?")] + waiting
                + [Sample.step("windows", .skipped, reason: "its 'when' is false")])
        (status.stepsDone, status.stepsTotal, status.secondsLeft) = (4, 12, 135)
        var state = state(status)
        state.tails = [
            "compile": (1...30).map { "compiling unit\($0).c" }, "test": ["ok 1", "ok 2 - \u{1B}[31mred"],
            "load.3": ["no such disk"], "load.2": ["loading"],
        ]
        return state
    }

    @Test("twelve steps in the middle, with what they write, and what is asked")
    func twelve() throws {
        try expect("twelve", lines(middle, height: 40))
        try expect("twelve-24", lines(middle))
        try expect("twelve-ascii", lines(middle, style: .plain))
        var asked = middle
        asked.question = LiveDisplay.question
        try expect("twelve-60", lines(asked, width: 60, height: 20))
        try expect("twelve-30", lines(asked, width: 30, height: 12))
    }

    @Test("a run that has failed shows the last lines of what failed")
    func failed() throws {
        let broken = Sample.step(
            "broken", .failed, [Sample.attempt(1, .failed, from: 1, to: 4, code: 3, result: "exit-code")])
        let steps = [
            Sample.step("ok", .succeeded, [Sample.attempt(1, .succeeded, from: 0, to: 1, code: 0)]), broken,
            Sample.step("after", .skipped, reason: "step 'broken' did not succeed"),
        ]
        var state = state(Sample.run(.failed, steps, reason: "step 'broken' failed", ended: 4))
        state.tails = ["broken": (11...30).map { "line \($0)" }]
        try expect("failed", lines(state, height: 40))
    }

    @Test("what waits for a person is in front of everything else")
    func approval() {
        let steps =
            (0..<30).map { Sample.step("s\($0)", .running, [Sample.attempt(1, .running, from: 0)]) }
            + [Sample.step("sure", .waiting, reason: "waits for approval: go?", approval: "go?")]
        #expect(lines(state(Sample.run(.running, steps)), width: 40, height: 10).contains { $0.contains("sure") })
    }

    @Test("a handler is a line until it has its turn, and then its steps stand below it")
    func handlers() throws {
        func step(_ id: String, _ phase: String, _ state: StepState, reason: String? = nil) -> StepStatus {
            let attempts =
                state == .waiting || state == .skipped ? [] : [Sample.attempt(1, state, from: 1, to: 3, code: 0)]
            var step = Sample.step(id, state, attempts, reason: reason)
            step.phase = phase
            return step
        }
        let own = step("build", "steps", .failed)
        let tell = ["tell", "praise"].map { step($0, "on_success", .skipped, reason: "the run has failed") }
        let rescue = [step("cry", "on_failure", .succeeded), step("page", "on_failure", .running)]
        let last = [step("tidy", "on_exit", .waiting)]
        var state = state(Sample.run(.running, [own] + tell + rescue + last))
        state.tails = ["page": ["calling"]]
        try expect("handlers", lines(state))
        try expect("handlers-7", lines(state, height: 7))
        try expect("handlers-ended", lines(self.state(Sample.run(.failed, [own] + tell + rescue.dropLast(), ended: 4))))
    }

    @Test("five hundred steps in 24 lines: what runs and what has failed, and the rest as counts")
    func fiveHundred() throws {
        var steps = (0..<500).map { Sample.step("s\($0)", $0 < 120 ? .succeeded : .waiting) }
        for place in [120, 121, 122] {
            steps[place] = Sample.step("s\(place)", .running, [Sample.attempt(1, .running, from: 50)])
        }
        for place in [3, 77] {
            steps[place] = Sample.step("s\(place)", .failed, [Sample.attempt(1, .failed, from: 0, to: 2, code: 4)])
        }
        var state = state(Sample.run(.running, steps))
        state.tails = ["s3": ["a", "b"], "s121": ["writing"]]
        let picture = lines(state)
        #expect(picture.count == 23)
        try expect("five-hundred", picture)
        // Both are seen, though there were enough of either to fill the screen.
        for place in 100..<200 {
            steps[place] = Sample.step("s\(place)", .running, [Sample.attempt(1, .running, from: 50)])
        }
        let busy = lines(self.state(Sample.run(.running, steps)))
        #expect(busy.count == 23)
        #expect(busy.contains { $0.contains("s3 ") } && busy.contains { $0.contains("s100 ") })
    }

    @Test("no line is wider than the terminal, and the picture is lower than it", arguments: [0, 1, 3, 10, 200])
    func fits(count: Int) {
        let steps = (0..<count).map {
            Sample.step(
                "step-with-a-long-name-\($0)", $0 % 2 == 0 ? .failed : .running,
                [Sample.attempt(2, .failed, from: 0, to: 1, code: 1)], reason: "a reason that goes on and on and on")
        }
        var status = Sample.run(.running, steps)
        status.secondsLeft = 1e9
        var state = state(status)
        state.remark = "waiting for pawld"
        state.tails = ["step-with-a-long-name-1": Array(repeating: "a line\tthat is longer than most", count: 20)]
        for question in [nil, LiveDisplay.question] {
            state.question = question
            for (width, height) in [(80, 24), (60, 24), (20, 5), (1, 3), (40, 10), (10, 2), (200, 60)] {
                for style in [Style.plain, Style(hasColour: true, hasUnicode: true)] {
                    let lines = lines(state, width: width, height: height, style: style)
                    #expect(lines.count < height)
                    #expect(lines.allSatisfy { visible($0).count <= width })
                    #expect(question == nil || visible(lines.last ?? "").hasPrefix("^C".prefix(width)) || width < 3)
                }
            }
        }
    }

    private func visible(_ line: String) -> String { line.replacing(/\u{1B}\[[0-9;]*m/, with: "") }

    @Test("what was estimated grows less by itself until pawld tells anew")
    func left() {
        #expect(TimeForms.left(90.4, since: now, now: now.adding(seconds: 20)) == "1min 10s")
        #expect(TimeForms.left(5, since: now, now: now.adding(seconds: 20)) == "1s")
    }

    // MARK: Keys

    /// Somebody at the terminal: what is pressed at each look, `^` being ^C.
    private final class Keys: TerminalKeys {
        var presses: [String]
        private(set) var isRaw = false
        private(set) var begins = 0
        private var now = ""
        init(_ presses: String...) { self.presses = presses }
        func begin() { (isRaw, begins) = (true, begins + 1) }
        func end() { isRaw = false }
        func takeInterrupts() -> Int {
            now = presses.isEmpty ? "" : presses.removeFirst()
            let count = now.count { $0 == "^" }
            now.removeAll { $0 == "^" }
            return count
        }
        func takeContinue() -> Bool { false }
        func next() -> Character? { now.isEmpty ? nil : now.removeFirst() }
    }

    private func follow(_ keys: Keys, _ manager: FakeManager, silent: Bool = true) -> (
        status: Int32, output: String, errors: String
    ) {
        let going = Sample.run(.running, [Sample.step("a", .running, [Sample.attempt(1, .running, from: 0)])])
        manager.on(.describeRun, .answer(Sample.status(going)))
        let cancelled = Sample.run(.cancelled, [Sample.step("a", .cancelled)], ended: 3)
        manager.on(
            .watchRun, .answer(Sample.status(going), isLast: false), .pause, .pause,
            silent ? .silence : .answer(Sample.status(cancelled)))
        var surroundings = manager.surroundings(size: (80, 24))
        surroundings.keys = keys
        let status = PawlProgram.run(["attach", "etcd"], surroundings)
        return (status, surroundings.output.text, surroundings.errors.text)
    }

    @Test("behind another program neither keys nor screen are touched, and in front again the picture is drawn anew")
    func behind() {
        let manager = FakeManager()
        let going = Sample.run(.running, [Sample.step("a", .running, [Sample.attempt(1, .running, from: 0)])])
        let ended = Sample.run(.succeeded, [Sample.step("a", .succeeded)], ended: 3)
        func follow(_ fronts: [Bool]) -> (output: String, keys: Keys) {
            manager.on(.describeRun, .answer(Sample.status(going)))
            manager.on(
                .watchRun, .answer(Sample.status(going), isLast: false), .pause, .pause, .answer(Sample.status(ended)))
            var left = fronts
            var surroundings = manager.surroundings(size: (80, 24))
            let keys = Keys()
            surroundings.keys = keys
            // The last one stays.
            surroundings.isInFront = { left.count > 1 ? left.removeFirst() : left[0] }
            #expect(PawlProgram.run(["attach", "etcd"], surroundings) == 0)
            return (surroundings.output.text, keys)
        }
        let behind = follow([false])
        #expect(behind.output == "etcd-7k2m9qxa running\nrun etcd-7k2m9qxa succeeded in 3s\n")
        #expect(behind.keys.begins == 0)
        let called = follow([false, false, true])
        #expect(called.output.hasPrefix("etcd-7k2m9qxa running\n\u{1B}[?25l\u{1B}[?2026hetcd-7k2m9qxa"))
        #expect(called.keys.begins == 1 && !called.keys.isRaw)
    }

    @Test("^C asks, and leaves the run alone at the key for that or when it is pressed again", arguments: ["l", "^"])
    func leave(key: String) {
        let keys = Keys("", "^", "", key)
        let manager = FakeManager()
        let result = follow(keys, manager)
        #expect(result.status == 130)
        #expect(result.output.contains(LiveDisplay.question))
        #expect(
            result.errors
                == "pawl: run etcd-7k2m9qxa goes on; wait for it with 'pawl wait etcd-7k2m9qxa', end it with 'pawl cancel etcd-7k2m9qxa'\n"
        )
        #expect(result.output.hasSuffix("\u{1B}[?25h"))
        #expect(!keys.isRaw && keys.begins == 1)
        #expect(!manager.calls.contains { $0.hasPrefix("Cancel") })
    }

    @Test("the key to go on takes the question away, and other keys are nothing")
    func goOn() {
        let result = follow(Keys("x", "^", "x", "g", "l", "^l"), FakeManager())
        #expect(result.status == 130)
        let frames = result.output.split(separator: "\u{1B}[?2026h").map { $0.contains(LiveDisplay.question) }
        #expect(frames.contains(true))
        #expect(frames.last == false)
    }

    @Test("the key to cancel asks pawld once, and the run's end is what is told")
    func cancel() {
        let manager = FakeManager()
        manager.on(.cancelRun, .silence)
        let result = follow(Keys("", "^cc"), manager, silent: false)
        #expect(result.status == 3)
        #expect(manager.calls.filter { $0 == #"CancelRun {"run":"etcd-7k2m9qxa"}"# }.count == 1)
        #expect(result.output.contains("run etcd-7k2m9qxa cancelled"))
    }

    @Test("a cancellation that is refused is said")
    func cancelRefused() {
        let manager = FakeManager()
        manager.on(.cancelRun, .failure(.refused(APIError(.notPermitted, "uid 7 may not do that"))))
        let result = follow(Keys("", "^c", "", "^l"), manager)
        #expect(result.status == 130)
        #expect(result.errors.contains("run etcd-7k2m9qxa was not cancelled: uid 7 may not do that"))
    }
}

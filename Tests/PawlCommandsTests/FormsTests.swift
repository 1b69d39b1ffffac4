import PawlAPI
import PawlModel
import Testing

@testable import PawlCommands

@Suite("Words for times, sizes, exits and names")
struct FormsTests {
    @Test(
        "time spans are written as systemd writes them",
        arguments: [
            (-1, "0s"), (0, "0s"), (0.25, "250ms"), (0.9996, "1s"), (1.24, "1.2s"), (12, "12s"), (59.94, "59.9s"),
            (59.96, "1min"), (60, "1min"), (62, "1min 2s"), (3600, "1h"), (7380.4, "2h 3min"), (119.7, "2min"),
            (93_784, "1d 2h"),
            (.infinity, "0s"),
        ] as [(Double, String)])
    func durations(seconds: Double, text: String) {
        #expect(TimeForms.duration(seconds) == text)
    }

    @Test(
        "sizes are written in powers of 1024",
        arguments: [
            (-1, "0B"), (0, "0B"), (1023, "1023B"), (1024, "1.0K"), (1536, "1.5K"), (1_048_575, "1.0M"),
            (12_582_912, "12.0M"), (Int64.max, "8.0E"),
        ] as [(Int64, String)])
    func sizes(bytes: Int64, text: String) {
        #expect(TimeForms.size(bytes) == text)
    }

    @Test("moments are written as systemctl and journalctl write them")
    func moments() {
        let zone = Zone(isUTC: true)
        let time = Timestamp(microseconds: 1_795_230_184_000_000)
        #expect(zone.full(time) == "Sat 2026-11-21 03:03:04 UTC")
        #expect(zone.journal(time) == "Nov 21 03:03:04")
        #expect(zone.clock(time) == "03:03:04")
    }

    @Test(
        "a time is taken as journalctl takes it",
        arguments: [
            ("now", 1_795_230_184), ("2026-11-21 03:00 UTC", 1_795_230_000), ("2026-11-21 UTC", 1_795_219_200),
            ("Sat 2026-11-21 03:03:04 UTC", 1_795_230_184), ("Saturday 2026-11-21 03:03:04 UTC", 1_795_230_184),
            ("2026-11-21T03:03:04Z", 1_795_230_184), ("03:03:04 UTC", 1_795_230_184), ("@1795230000", 1_795_230_000),
            ("-1h", 1_795_226_584), ("1h 4s ago", 1_795_226_580), ("+1min", 1_795_230_244), ("@0", 0),
            ("Fri 2026-11-21 UTC", nil), ("2026-02-30", nil), ("2026-11-21 24:00", nil), ("25:00", nil), ("UTC", nil),
            ("", nil), ("@-1", nil), ("@99999999999999999999", nil), ("soon", nil), ("- 1x", nil), ("1h", nil),
            ("2026-11-21 03:00 04:00", nil), ("1969-01-01", nil),
        ] as [(String, Int64?)])
    func momentArguments(text: String, seconds: Int64?) {
        let now = Timestamp(microseconds: 1_795_230_184_000_000)
        #expect(MomentArgument.parse(text, now: now).map { $0.microseconds / 1_000_000 } == seconds)
        #expect((MomentArgument(argument: text) != nil) == (seconds != nil))
    }

    @Test("today and yesterday begin at the reader's own midnight")
    func days() throws {
        let now = Timestamp(microseconds: 1_795_230_184_000_000)
        let zone = Zone()
        for (word, text) in [("today", 0), ("yesterday", -1), ("tomorrow", 1)] as [(String, Double)] {
            let time = try #require(MomentArgument.parse(word, now: now))
            #expect(zone.clock(time) == "00:00:00", "\(text)")
        }
        let today = try #require(MomentArgument.parse("today", now: now))
        #expect((0..<90_000).contains(now.seconds(since: today)))
    }

    @Test("exits have systemd's own names")
    func exits() {
        #expect(ExitNames.words(status: 203) == "203/EXEC")
        #expect(ExitNames.words(status: 3) == "exit status 3")
        #expect(ExitNames.words(status: 223) == "exit status 223")
        let timeout = Sample.attempt(1, .timedOut, from: 0, to: 1, signal: "TERM", result: "timeout")
        #expect(ExitNames.words(of: timeout) == "timed out")
        #expect(ExitNames.words(of: Sample.attempt(1, .succeeded, from: 0, to: 1, code: 0, result: "success")) == nil)
        let step = Sample.step(
            "a", .failed, [Sample.attempt(1, .failed, from: 0, to: 1, code: 3)],
            reason: "exit status 3, no retries left")
        #expect(ExitNames.words(of: step) == "exit status 3, no retries left")
        #expect(ExitNames.join("signal KILL", reason: "next in 1s") == "signal KILL; next in 1s")
        #expect(ExitNames.join("signal KILL", reason: nil) == "signal KILL")
        #expect(ExitNames.join(nil, reason: "") == nil)
    }

    @Test(
        "a near name is suggested, a far one is not",
        arguments: [
            ("sttaus", "status"), ("chekc", "check"), ("runn", "run"), ("lis", "list"), ("cancl", "cancel"),
            ("xyzzy", nil), ("", nil), ("r", nil),
        ] as [(String, String?)])
    func suggestions(name: String, meant: String?) {
        #expect(Suggestion.nearest(to: name, among: Pawl.verbNames) == meant)
    }

    @Test("colours are for terminals that want them")
    func styles() {
        let terminal = ["TERM": "xterm", "LANG": "C.UTF-8"]
        #expect(Style(isTerminal: true, environment: terminal) == Style(hasColour: true, hasUnicode: true))
        #expect(Style(isTerminal: false, environment: terminal) == Style(hasColour: false, hasUnicode: true))
        #expect(!Style(isTerminal: true, environment: ["TERM": "xterm", "NO_COLOR": "1"]).hasColour)
        #expect(!Style(isTerminal: true, environment: ["TERM": "dumb"]).hasColour)
        #expect(!Style(isTerminal: true, environment: [:]).hasColour)
        #expect(!Style(isTerminal: true, environment: ["LANG": "de_DE.UTF-8", "LC_ALL": "C"]).hasUnicode)
    }

    @Test("values of variables are text, over those of a file")
    func variables() throws {
        #expect(try VariableArguments.read(["a=1", "b=x=y", "c="], files: []) == ["a": "1", "b": "x=y", "c": ""])
        for wrong in [["a"], ["=1"], ["1a=2"], ["a=1", "a=2"]] {
            #expect(throws: CommandFailure.self) { try VariableArguments.read(wrong, files: []) }
        }
        #expect(throws: CommandFailure.self) { try VariableArguments.read([], files: ["/nonexistent/file"]) }
    }
}

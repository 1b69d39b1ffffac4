import PawlAPI
import PawlModel
import Testing

@testable import PawlCommands

@Suite("--quiet")
struct QuietTests {
    private let name = #"{"id":"7k2m9qxa","run":"etcd-7k2m9qxa"}"#

    private func follow(_ state: RunState, _ arguments: [String]) -> (status: Int32, output: String, errors: String) {
        let manager = FakeManager()
        manager.on(.startRun, .answer(name))
        let step = Sample.step(
            "a", state == .succeeded ? .succeeded : .failed, [Sample.attempt(1, .failed, from: 0, to: 1, code: 4)])
        let ended = Sample.run(state, [step], ended: 1)
        manager.on(
            .watchRun, .answer(Sample.status(Sample.run(.running, [])), isLast: false), .answer(Sample.status(ended)))
        let surroundings = manager.surroundings(size: (80, 24))
        return (PawlProgram.run(arguments, surroundings), surroundings.output.text, surroundings.errors.text)
    }

    @Test(
        "of a run that does well not a word is said, on a terminal neither",
        arguments: [
            ["run", "etcd", "-q"], ["-q", "run", "etcd"], ["--quiet", "wait", "x"], ["attach", "--quiet", "x"],
        ])
    func well(arguments: [String]) {
        let manager = FakeManager()
        manager.on(.startRun, .answer(name))
        manager.on(.describeRun, .answer(Sample.status(Sample.run(.running, []))))
        manager.on(
            .watchRun, .answer(Sample.status(Sample.run(.running, [])), isLast: false),
            .answer(Sample.status(Sample.run(.succeeded, [], ended: 1))))
        let surroundings = manager.surroundings(size: (80, 24))
        #expect(PawlProgram.run(arguments, surroundings) == 0)
        #expect(surroundings.output.text == "" && surroundings.errors.text == "")
    }

    @Test("any other outcome goes to standard error, so that cron has something to send")
    func failed() {
        let result = follow(.failed, ["run", "etcd", "-q"])
        #expect(result.status == 1 && result.output == "")
        #expect(
            result.errors == """
                run etcd-7k2m9qxa failed in 1s
                  step 'a' failed: exit status 4
                see 'pawl logs etcd-7k2m9qxa a'

                """)
    }

    @Test("what was asked for is printed all the same: a name, JSON, a table")
    func asked() {
        #expect(follow(.succeeded, ["run", "etcd", "-q", "--detach"]).output == "etcd-7k2m9qxa\n")
        #expect(follow(.succeeded, ["run", "etcd", "-q", "-o", "json"]).output.split(separator: "\n").count == 2)
        let manager = FakeManager()
        manager.on(.listRuns, .answer(#"{"runs":[]}"#))
        #expect(manager.run("ps", "-q").output.hasPrefix("RUN"))
        manager.on(.pruneRuns, .answer(#"{"count":1,"runs":["a-1"]}"#))
        #expect(manager.run("prune", "--dry-run", "-q").output == "a-1\n1 run would be removed\n")
    }

    @Test("that something was done is not said, and an error is")
    func done() {
        let manager = FakeManager()
        manager.on(.reload, .answer(#"{"workflows":3}"#))
        #expect(manager.run("reload", "-q") == (0, "", ""))
        manager.on(.pauseRun, .answer(Sample.status(Sample.run(.paused, []))))
        #expect(manager.run("pause", "x", "-q") == (0, "", ""))
        manager.on(.answerApproval, .answer(name))
        #expect(manager.run("approve", "x", "a", "-q") == (0, "", ""))
        manager.on(.pruneRuns, .answer(#"{"count":1,"runs":["a-1"]}"#))
        #expect(manager.run("prune", "-q") == (0, "", ""))
        manager.on(.reload, .failure(.refused(APIError(.notPermitted, "you may not"))))
        #expect(manager.run("-q", "reload") == (6, "", "pawl: you may not\n"))
    }
}

import PawlLanguage
import PawlModel
import Testing

@testable import PawlEngine

@Suite("Locks")
struct LockTests {
    private static let step = "steps:\n  - {id: s, lock: k, command: [\"true\"]}\n"
    private static let whole = "lock: k\nsteps:\n  - {id: s, command: [\"true\"]}\n"

    @Test(
        "Steps of several runs have one key one after the other, first come, first served, also over restarts of pawld")
    func queue() throws {
        var hosts = LockHarness()
        for name in ["aa", "bb", "cc", "dd"] { try hosts.start(name, LockTests.step) }
        #expect(hosts.log == ["aa s has k", "bb s waits k", "cc s waits k", "dd s waits k"])
        #expect(hosts.wait("cc", "s") == "waits for lock 'k', held by aa (step 's')")
        try hosts.forget()
        #expect(hosts.running("aa") == ["s"] && hosts.running("bb") == [])
        hosts.end("aa", "s")
        #expect(hosts["aa"].state == .succeeded && hosts.running("bb") == ["s"])
        #expect(hosts.wait("dd", "s") == "waits for lock 'k', held by bb (step 's')")
        // It came later, and has its turn after those.
        try hosts.start("a2", LockTests.step)
        try hosts.forget()
        for name in ["bb", "cc", "dd", "a2"] { hosts.end(name, "s") }
        #expect(hosts.log.filter { $0.hasSuffix("has k") }.map { $0.prefix(2) } == ["aa", "bb", "cc", "dd", "a2"])
    }

    @Test(
        "A run has the lock of its workflow before its first step, over handlers and a person's answer, until its end")
    func whole() throws {
        let text = """
            variables: {v: 0}
            lock: {key: "x ${v}"}
            steps:
              - {id: s, command: ["true"]}
              - {id: ask, approval: go?}
            on_exit: [{id: tell, command: ["true"]}]
            """
        var hosts = LockHarness()
        try hosts.start("aa", text, variables: ["v": 1])
        try hosts.start("bb", text, variables: ["v": 1])
        try hosts.start("cc", text, variables: ["v": 2])
        #expect(hosts.running("aa") == ["s"] && hosts.running("bb") == [] && hosts.running("cc") == ["s"])
        #expect(hosts.wait("bb") == "waits for lock 'x 1', held by aa")
        hosts.end("aa", "s", .interrupted)
        #expect(hosts["aa"].isStopped)
        hosts.wait(1000)
        #expect(hosts.running("bb") == [])
        hosts.submit("aa", .runResumed(RunResumed(retry: false, requester: Requester(uid: 0), epoch: "boot-1")))
        hosts.end("aa", "s")
        hosts.submit(
            "aa", .approvalAnswered(ApprovalAnswered(step: "ask", isApproved: false, requester: Requester(uid: 0))))
        #expect(hosts.running("aa") == ["tell"] && hosts.running("bb") == [])
        hosts.end("aa", "tell")
        #expect(hosts["aa"].state == .failed && hosts.running("bb") == ["s"])
        // Who retries asks again.
        hosts.submit("aa", .runResumed(RunResumed(retry: true, requester: Requester(uid: 0), epoch: "boot-1")))
        #expect(hosts.wait("aa") == "waits for lock 'x 1', held by bb" && hosts["aa"].running.isEmpty)
    }

    @Test("A run that waits for its lock can be cancelled and timed out, and has no turn of its handlers")
    func endsWhileItWaits() throws {
        let text = "timeout: 10s\n" + LockTests.whole + "on_exit: [{id: tell, command: [\"true\"]}]\n"
        var hosts = LockHarness()
        try hosts.start("aa", LockTests.whole)
        try hosts.start("bb", text)
        try hosts.start("cc", text)
        hosts.submit("bb", .cancelRequested(CancelRequested(cause: .person)))
        #expect(hosts["bb"].state == .cancelled && hosts["bb"].steps.allSatisfy { $0.attempts.isEmpty })
        hosts.wait(11)
        #expect(hosts["cc"].state == .timedOut && hosts["cc"].steps.allSatisfy { $0.attempts.isEmpty })
        hosts.end("aa", "s")
        #expect(hosts["aa"].state == .succeeded)
        try hosts.start("dd", LockTests.whole)
        #expect(hosts.running("dd") == ["s"])
    }

    @Test("A step keeps its lock over retries, and one that waits takes no place of max_parallel")
    func retries() throws {
        let text = """
            max_parallel: 1
            steps:
              - {id: s, lock: k, retry_policy: {max_retries: 1}, command: ["true"]}
              - {id: other, depends_on: [], command: ["true"]}
            """
        var hosts = LockHarness()
        try hosts.start("aa", text)
        try hosts.start("bb", text)
        #expect(hosts.running("aa") == ["s"] && hosts.running("bb") == ["other"])
        hosts.end("aa", "s", .failed)
        #expect(hosts.running("aa") == ["other"] && hosts.wait("bb", "s") != nil)
        hosts.end("aa", "other")
        hosts.wait(2)
        #expect(hosts.running("aa") == ["s"] && hosts.wait("bb", "s") != nil)
        hosts.end("aa", "s", .failed)
        #expect(hosts["aa"].state == .failed)
        // It has the lock, and waits for its place.
        #expect(hosts.wait("bb", "s") == nil && hosts.running("bb") == ["other"])
        hosts.end("bb", "other")
        #expect(hosts.running("bb") == ["s"])
    }

    @Test("Each item has a lock of its own, and a step whose run has the key has it already")
    func items() throws {
        let text = """
            steps:
              - {id: s, foreach: [x, y, x], lock: "${item}", command: ["true"]}
              - {id: t, depends_on: [], lock: "x", command: ["true"]}
            """
        var hosts = LockHarness()
        try hosts.start("aa", text)
        #expect(hosts.running("aa") == ["s.0", "s.1"])
        #expect(hosts.wait("aa", "s", item: 2) == "waits for lock 'x', held by aa (step 's', item 0)")
        hosts.end("aa", "s", item: 1)
        hosts.end("aa", "s", item: 0)
        #expect(hosts.running("aa") == ["s.2"] && hosts.wait("aa", "t") != nil)
        hosts.end("aa", "s", item: 2)
        hosts.end("aa", "t")
        #expect(hosts["aa"].state == .succeeded)
        try hosts.start("bb", "lock: x\n" + text)
        #expect(hosts.running("bb") == ["s.0", "s.1", "s.2", "t"])
    }

    @Test("A step that is refused a lock has failed, unless it has a try left, and a run is not opened")
    func reject() throws {
        let text = """
            steps:
              - {id: s, lock: {key: k, on_conflict: reject}, command: ["true"]}
              - {id: t, depends_on: [], lock: {key: k, on_conflict: reject}, retry_policy: {max_retries: 1}, command: ["true"]}
            """
        var hosts = LockHarness()
        try hosts.start("aa", LockTests.step)
        try hosts.start("bb", text)
        #expect(hosts["bb"].steps[0].reason == "lock 'k' is held by aa (step 's')")
        #expect(hosts.log == ["aa s has k", "bb s failed", "bb t refused"])
        #expect(hosts["bb"].wakeTime == hosts.now.adding(seconds: 1))
        try hosts.forget()
        hosts.wait(0.5)
        #expect(hosts.log.count == 3)
        hosts.end("aa", "s")
        hosts.wait(1)
        #expect(hosts.running("bb") == ["t"])
        let reject = LockTests.whole.replacing("lock: k", with: "lock: {key: k, on_conflict: reject}")
        let created = hosts["bb"].created
        var other = created
        other.text = reject
        let new = try Run(id: LockHarness.id("ff"), created: other, at: hosts.now)
        let words = "lock 'k' is held by bb (step 't'), and the workflow says 'on_conflict: reject'"
        #expect(new.lockRefusal(of: .runCreated(created), hosts.table) == words)
        hosts.end("bb", "t")
        #expect(new.lockRefusal(of: .runCreated(created), hosts.table) == nil)
        try hosts.start("cc", reject)
        hosts.end("cc", "s", .failed)
        try hosts.start("dd", LockTests.whole)
        let retry = Event.runResumed(RunResumed(retry: true, requester: Requester(uid: 0), epoch: "boot-1"))
        #expect(
            hosts["cc"].lockRefusal(of: retry, hosts.table)
                == "the run 'demo-000000cc' does not go on: lock 'k' is held by dd, and the workflow says 'on_conflict: reject'"
        )
        #expect(hosts["cc"].lockRefusal(of: .runStopped(RunStopped(reason: "")), hosts.table) == nil)
        // While a shutdown kept it from being decided at its start somebody else got it.
        try hosts.start("ee", reject)
        #expect(hosts["ee"].state == .failed && hosts["ee"].reason == "lock 'k' is held by dd")
    }

    @Test("The holder is cancelled for a new one, which waits until it has ended; its handlers are left alone")
    func cancel() throws {
        let cancel = """
            lock: {key: k, on_conflict: cancel}
            steps: [{id: s, command: ["true"]}]
            on_cancel: [{id: tidy, command: ["true"]}]
            """
        var hosts = LockHarness()
        try hosts.start("aa", cancel)
        try hosts.start("bb", LockTests.whole)
        try hosts.start("cc", cancel)
        #expect(hosts["aa"].cancel?.request.reason == "cc wants lock 'k' and says 'on_conflict: cancel'")
        try hosts.forget()
        hosts.end("aa", "s", .cancelled)
        #expect(hosts.running("aa") == ["tidy"] && hosts.running("bb") == [] && hosts.running("cc") == [])
        try hosts.start("dd", cancel)
        #expect(hosts.running("aa") == ["tidy"])
        hosts.end("aa", "tidy")
        #expect(hosts["aa"].state == .cancelled)
        // What waited in front of it never began.
        #expect(hosts["bb"].state == .cancelled && hosts["bb"].steps[0].attempts.isEmpty)
        #expect(hosts["cc"].cancel != nil || hosts["cc"].state == .cancelled || hosts["cc"].phase == .onCancel)
        hosts.end("cc", "tidy")
        #expect(hosts.running("dd") == ["s"])
        // A run that waits for a person is cancelled too, and no run cancels itself.
        hosts.end("dd", "s", .interrupted)
        #expect(hosts["dd"].isStopped)
        let own = """
            steps:
              - {id: s, lock: {key: k, on_conflict: cancel}, command: ["true"]}
              - {id: t, depends_on: [], lock: {key: k, on_conflict: cancel}, command: ["true"]}
            """
        try hosts.start("ee", own)
        hosts.end("dd", "tidy")
        #expect(hosts["dd"].state == .cancelled && hosts.running("ee") == ["s"] && hosts["ee"].cancel == nil)
        hosts.end("ee", "s")
        hosts.end("ee", "t")
        #expect(hosts["ee"].state == .succeeded)
    }

    private static func crossed(_ own: String, _ other: String, _ policy: String = "queue") -> String {
        """
        lock: \(own)
        steps:
          - {id: first, command: ["true"]}
          - {id: cross, lock: {key: \(other), on_conflict: \(policy)}, command: ["true"]}
        """
    }

    @Test("The step whose wish would close a circle fails with the circle's names, and all goes on")
    func deadlock() throws {
        var hosts = LockHarness()
        try hosts.start("aa", LockTests.crossed("k1", "k2"))
        try hosts.start("bb", LockTests.crossed("k2", "k3"))
        try hosts.start("cc", LockTests.crossed("k3", "k1"))
        hosts.end("aa", "first")
        hosts.end("bb", "first")
        #expect(hosts.wait("aa", "cross") == "waits for lock 'k2', held by bb")
        hosts.end("cc", "first")
        let words =
            "a deadlock: lock 'k1' is held by aa, whose step 'cross' waits for lock 'k2', which is held by bb, whose step "
            + "'cross' waits for lock 'k3', which this run holds"
        #expect(hosts["cc"].steps[1].reason == words)
        #expect(hosts["cc"].state == .failed && hosts.running("bb") == ["cross"])
        hosts.end("bb", "cross")
        hosts.end("aa", "cross")
        #expect(hosts["aa"].state == .succeeded && hosts["bb"].state == .succeeded)
    }

    @Test("Steps that hold and steps that wait, of the same runs, are no circle; and neither is one that cancels")
    func noDeadlock() throws {
        let both = { (own: String, other: String) in
            """
            steps:
              - {id: has, lock: \(own), command: ["true"]}
              - {id: first, depends_on: [], command: ["true"]}
              - {id: wants, depends_on: [first], lock: \(other), command: ["true"]}
            """
        }
        var hosts = LockHarness()
        try hosts.start("aa", both("k1", "k2"))
        try hosts.start("bb", both("k2", "k1"))
        hosts.end("aa", "first")
        hosts.end("bb", "first")
        #expect(hosts.wait("aa", "wants") != nil && hosts.wait("bb", "wants") != nil)
        hosts.end("aa", "has")
        hosts.end("bb", "has")
        #expect(hosts.running("aa") == ["wants"] && hosts.running("bb") == ["wants"])
        try hosts.start("cc", LockTests.crossed("k3", "k4"))
        try hosts.start("dd", LockTests.crossed("k4", "k3", "cancel"))
        hosts.end("cc", "first")
        hosts.end("dd", "first")
        #expect(hosts["cc"].state == .cancelled && hosts.running("dd") == ["cross"])
    }

    @Test("A circle that comes about with a run that was taken up again is found")
    func suspects() throws {
        var hosts = LockHarness()
        try hosts.start("aa", LockTests.crossed("k1", "k2"))
        try hosts.start("bb", LockTests.crossed("k2", "k1"))
        hosts.end("bb", "first")
        hosts.setAside("bb")
        hosts.end("aa", "first")
        #expect(hosts.wait("aa", "cross") == "waits for lock 'k2', held by bb")
        hosts.takeUp("bb")
        let words = "a deadlock: lock 'k1' is held by aa, whose step 'cross' waits for lock 'k2', which this run holds"
        #expect(hosts["bb"].steps[1].reason == words)
        #expect(hosts["bb"].state == .failed && hosts.running("aa") == ["cross"])
    }

    @Test("Who is stopped is passed over and keeps its place, and who cannot take its lock keeps nobody from it")
    func stopped() throws {
        let text = """
            steps:
              - {id: lost, command: ["true"]}
              - {id: s, depends_on: [], lock: k, command: ["true"]}
            """
        var hosts = LockHarness()
        try hosts.start("aa", LockTests.step)
        try hosts.start("bb", text)
        try hosts.start("cc", LockTests.step)
        hosts.end("bb", "lost", .interrupted)
        #expect(hosts["bb"].isStopped)
        hosts.end("aa", "s")
        #expect(hosts.running("cc") == ["s"])
        try hosts.start("dd", LockTests.step)
        hosts.submit("bb", .runResumed(RunResumed(retry: false, requester: Requester(uid: 0), epoch: "boot-1")))
        hosts.end("cc", "s")
        #expect(hosts.running("bb") == ["lost", "s"] && hosts.wait("dd", "s") != nil)
    }

    @Test("Over the loss of the host holders hold and others wait; 'restart' and 'fail' are for what had begun")
    func loss() throws {
        let text = { (recovery: String) in "recovery: \(recovery)\n" + LockTests.whole }
        var hosts = LockHarness()
        try hosts.start("aa", text("restart"))
        try hosts.start("bb", text("fail"))
        hosts.epoch = "boot-2"
        try hosts.forget(decides: false)
        hosts.end("aa", "s", .interrupted)
        #expect(hosts.running("aa") == ["s"] && hosts.wait("bb") == "waits for lock 'k', held by aa")
        hosts.end("aa", "s")
        #expect(hosts.running("bb") == ["s"] && hosts["bb"].state == .running)
        hosts.epoch = "boot-3"
        try hosts.forget(decides: false)
        hosts.end("bb", "s", .interrupted)
        #expect(hosts["bb"].state == .failed)
    }

    @Test("Key faults that the values bring end the step, and are told of a run before it starts")
    func keyFaults() throws {
        var hosts = LockHarness()
        try hosts.start("aa", "variables: {v: x}\nsteps: [{id: s, lock: \"${v}\", command: [x]}]", variables: ["v": ""])
        #expect(hosts["aa"].steps[0].reason == "lock: a lock's key cannot be empty")
        try hosts.start("bb", "variables: {v: x}\nlock: \"${v}\"\n" + LockTests.step, variables: ["v": "a\nb"])
        #expect(
            hosts["bb"].state == .failed && hosts["bb"].reason == "lock: a lock's key cannot have a line break in it")
        #expect(throws: RenderFault.self) { try hosts["bb"].ownLockKey() }
    }

    @Test("A definition with another key has the run ask for that; with the same one it holds on")
    func redefined() throws {
        let text = "lock: k\nsteps:\n  - {id: s, command: [x]}\n  - {id: t, lock: l, command: [x]}\n"
        for (other, holds) in [(text, true), (text.replacing("lock: k", with: "lock: m"), false)] {
            var hosts = LockHarness()
            try hosts.start("bb", LockTests.step.replacing("lock: k", with: "lock: m"))
            try hosts.start("aa", text)
            hosts.end("aa", "s")
            hosts.end("aa", "t", .interrupted)
            #expect(hosts["aa"].isStopped)
            try hosts.start("cc", LockTests.whole)
            var body = RunResumed(retry: false, requester: Requester(uid: 0), epoch: "boot-1")
            body.definition = hosts["aa"].created
            body.definition?.text = other
            hosts.submit("aa", .runResumed(body))
            try hosts.forget()
            #expect(hosts.running("aa") == (holds ? ["t"] : []))
            #expect(hosts.running("cc") == (holds ? [] : ["s"]))
            #expect(hosts["aa"].lockClaims.values.contains { $0.key == "l" } == holds)
            hosts.end("bb", "s")
            #expect(hosts.running("aa") == ["t"])
            hosts.end("aa", "t")
            #expect(hosts["aa"].state == .succeeded)
        }
    }

    @Test("A run that takes back asks for the locks too, and waits whatever they say")
    func undo() throws {
        let text = """
            lock: {key: k, on_conflict: reject}
            steps:
              - {id: s, foreach: [x], lock: {key: "l ${item}", on_conflict: cancel}, command: [x], undo: {command: [y]}}
            """
        var hosts = LockHarness()
        try hosts.start("aa", text)
        hosts.end("aa", "s", item: 0)
        let plan = hosts["aa"].undoPlan()
        try hosts.start("bb", LockTests.whole)
        try hosts.start("cc", LockTests.step.replacing("lock: k", with: "lock: l x"))
        try hosts.start("dd", text, undo: plan)
        #expect(hosts.wait("dd") == "waits for lock 'k', held by bb")
        hosts.end("bb", "s")
        #expect(hosts.wait("dd", "s-0") == "waits for lock 'l x', held by cc (step 's')")
        #expect(hosts["cc"].cancel == nil)
        hosts.end("cc", "s")
        #expect(hosts.running("dd") == ["s-0"])
    }

    @Test("What is told of a run by its lock events alone is what it holds")
    func unread() throws {
        var hosts = LockHarness()
        try hosts.start("aa", LockTests.crossed("k1", "k2"))
        try hosts.start("bb", LockTests.crossed("k3", "k1"))
        func held(_ name: String) -> HeldLocks {
            HeldLocks(
                (hosts.events[LockHarness.id(name)] ?? []).map(\.event).filter { HeldLocks.kinds.contains($0.kind) })
        }
        hosts.end("aa", "first")
        hosts.end("bb", "first")
        #expect(held("aa").claims == hosts["aa"].lockClaims && held("aa").claims.count == 2)
        #expect(held("bb").claims == hosts["bb"].lockClaims.filter { $0.value.isHeld })
        #expect(held("bb").lastTicket == 1)
        hosts.end("aa", "cross")
        #expect(held("aa").claims.isEmpty && held("bb").claims.count == 2)
    }
}

import Testing

@testable import PawlModel

@Suite("Names")
struct NamesTests {
    @Test(
        "names of workflows, steps and variables",
        arguments: [
            ("a", true, true, true), ("etcd-cluster", true, true, false), ("a-", true, true, false),
            ("A_b1", false, true, true),
            ("_", false, true, true), ("_a", false, true, true), ("1a", true, false, false),
            ("-a", false, false, false),
            ("_-", false, true, false), ("", false, false, false), ("a.b", false, false, false),
            ("a b", false, false, false),
            ("ä", false, false, false), ("a/b", false, false, false), ("-", false, false, false),
            ("a\n", false, false, false),
            (String(repeating: "a", count: 64), true, true, true),
            (String(repeating: "a", count: 65), false, false, false),
        ])
    func name(text: String, workflow: Bool, step: Bool, variable: Bool) {
        #expect(Names.isWorkflow(text) == workflow)
        #expect(Names.isStep(text) == step)
        #expect(Names.isVariable(text) == variable)
    }

    @Test(
        "names that would forge a result or run other code are refused",
        arguments: [
            "PATH", "HOME", "IFS", "ENV", "BASH_ENV", "LD_PRELOAD", "LD_", "GLIBC_TUNABLES", "PAWL_RUN",
            "SERVICE_RESULT", "EXIT_CODE",
            "EXIT_STATUS", "INVOCATION_ID", "MAINPID", "NOTIFY_SOCKET", "CREDENTIALS_DIRECTORY", "WATCHDOG_PID",
            "LISTEN_FDS",
            "MONITOR_UNIT",
        ])
    func refused(name: String) { #expect(Names.environmentRefusal(name) != nil) }

    @Test("other names are free", arguments: ["A", "path", "LDX", "PAWL", "MY_PATH", "ETCDCTL_API"])
    func free(name: String) { #expect(Names.environmentRefusal(name) == nil) }

    @Test("an ID is eight characters of the alphabet")
    func runID() throws {
        #expect(RunID(rawValue: "7k2m9qxa") != nil)
        for text in ["", "7k2m9qx", "7k2m9qxaa", "7K2m9qxa", "7k2m9qxi", "7k2m9qxu", "7k2m9q-a"] {
            #expect(RunID(rawValue: text) == nil)
        }
        #expect(RunID(random: 0).rawValue == "00000000")
        #expect(RunID(random: .max).rawValue == "zzzzzzzz")
        #expect(RunID(random: 1) != RunID(random: 32))
        let id = RunID(random: 0x0123_4567_89AB_CDEF)
        #expect(RunID(rawValue: id.rawValue) == id)
        #expect(id.name(of: "etcd") == "etcd-\(id)")
        #expect(id.slice == "pawl-\(id).slice")
    }

    @Test("a unit's name says which attempt it is")
    func attempts() throws {
        let run = try #require(RunID(rawValue: "7k2m9qxa"))
        let plain = AttemptName(run: run, step: "load-1_x", number: 12)
        #expect(plain.unit == "pawl-step-7k2m9qxa.load-1_x.12.service")
        #expect(plain.folder == "load-1_x.12")
        let item = AttemptName(run: run, step: "a", item: 0, number: 1)
        #expect(item.unit == "pawl-step-7k2m9qxa.a.0.1.service")
        for name in [plain, item] { #expect(AttemptName(unit: name.unit) == name) }
    }

    @Test(
        "other units are none of ours",
        arguments: [
            "", "pawl-step-.service", "pawl-step-7k2m9qxa.a.service", "pawl-step-7k2m9qxa.a.0.service",
            "pawl-step-7k2m9qxa.a.01.service",
            "pawl-step-7k2m9qxa.a.+1.service", "pawl-step-7k2m9qxa.a.-1.1.service", "pawl-step-7k2m9qxa..1.service",
            "pawl-step-7k2m9qx.a.1.service", "pawl-step-7k2m9qxa.a.1.2.3.service", "pawl-step-7k2m9qxa.a.1.scope",
            "etcd.service",
            "pawl-step-7k2m9qxa.-a.1.service",
        ])
    func others(unit: String) { #expect(AttemptName(unit: unit) == nil) }
}

@Suite("Retry pauses")
struct RetryPolicyTests {
    @Test("each kind of backoff grows in its own way, up to the longest pause")
    func growth() {
        func pauses(_ backoff: RetryPolicy.Backoff) -> [Double] {
            let policy = RetryPolicy(
                maxRetries: 9, backoff: backoff, initialDelay: .seconds(2), maxDelay: .seconds(10))
            return (1...5).map { policy.pause(beforeRetry: $0, random: 0) }
        }
        #expect(pauses(.exponential) == [2, 4, 8, 10, 10])
        #expect(pauses(.linear) == [2, 4, 6, 8, 10])
        #expect(pauses(.fixed) == [2, 2, 2, 2, 2])
    }

    @Test("jitter varies a pause to both sides, and a huge retry number does no harm")
    func jitter() {
        let policy = RetryPolicy(maxRetries: 1, initialDelay: .seconds(10), jitter: 0.5)
        #expect(policy.pause(beforeRetry: 1, random: -1) == 5)
        #expect(policy.pause(beforeRetry: 1, random: 1) == 15)
        #expect(policy.pause(beforeRetry: .max, random: 0) == 300)
        #expect(RetryPolicy().maxRetries == 0)
    }
}

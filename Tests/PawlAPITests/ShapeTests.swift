import FoundationEssentials
import PawlAPI
import PawlModel
import Testing

@Suite("The shapes that programs read")
struct ShapeTests {
    private func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private let status = RunStatus(
        run: "etcd-7k2m9qxa", id: "7k2m9qxa", workflow: "etcd", state: .timedOut, reason: "timeout of 10min",
        started: "2026-11-21T03:00:00.250Z", ended: "2026-11-21T03:10:00.250Z", definitionFile: "/etc/etcd.yaml",
        definitionSince: "2026-11-21T03:00:00.250Z", stepsDone: 1, stepsTotal: 2, parent: "all-0000000a",
        slice: "pawl-0000000a-7k2m9qxa.slice", limits: ["MemoryMax=2G"], outputs: ["bytes": 7],
        steps: [
            StepStatus(
                id: "load", item: 3, state: .failed, exitCode: nil,
                attempts: [
                    AttemptStatus(
                        number: 1, unit: "pawl-step-7k2m9qxa.load.3.1.service", state: .failed, signal: "KILL",
                        result: "oom-kill", started: "2026-11-21T03:00:00.250Z", ended: "2026-11-21T03:00:01.500Z",
                        cpuSeconds: 0.75, memoryPeak: 12_582_912, ioReadBytes: 4096, ioWriteBytes: 0)
                ]),
            StepStatus(id: "after", state: .waiting, approval: "go?"),
        ])

    private let expected =
        #"{"definition_file":"/etc/etcd.yaml","definition_since":"2026-11-21T03:00:00.250Z","#
        + #""ended":"2026-11-21T03:10:00.250Z","id":"7k2m9qxa","limits":["MemoryMax=2G"],"outputs":{"bytes":7},"parent":"all-0000000a","#
        + #""reason":"timeout of 10min","run":"etcd-7k2m9qxa","seconds_left":null,"slice":"pawl-0000000a-7k2m9qxa.slice","#
        + #""started":"2026-11-21T03:00:00.250Z","state":"timed-out","steps":[{"approval":null,"attempts":[{"cpu_seconds":0.75,"#
        + #""ended":"2026-11-21T03:00:01.500Z","exit_code":null,"io_read_bytes":4096,"io_write_bytes":0,"memory_peak":12582912,"number":1,"#
        + #""repair":null,"result":"oom-kill","run":null,"signal":"KILL","started":"2026-11-21T03:00:00.250Z","state":"failed","#
        + #""unit":"pawl-step-7k2m9qxa.load.3.1.service"}],"exit_code":null,"id":"load","item":3,"phase":"steps","progress":null,"reason":null,"#
        + #""seconds_left":null,"state":"failed","tolerated":false},{"approval":"go?","attempts":[],"exit_code":null,"id":"after","item":null,"phase":"steps","#
        + #""progress":null,"reason":null,"seconds_left":null,"state":"waiting","tolerated":false}],"steps_done":1,"steps_total":2,"use":null,"workflow":"etcd"}"#

    @Test("a run's status is written as documented, every key of it, and read back")
    func runStatus() throws {
        #expect(try text(status) == expected)
        #expect(try JSONDecoder().decode(RunStatus.self, from: Data(expected.utf8)) == status)
    }

    @Test("a run in a list is written as documented")
    func runSummary() throws {
        let summary = RunSummary(
            run: "etcd-7k2m9qxa", id: "7k2m9qxa", workflow: "etcd", state: .queued, started: nil, ended: nil,
            stepsDone: 0, stepsTotal: 2)
        #expect(
            try text(summary)
                == #"{"ended":null,"id":"7k2m9qxa","parent":null,"reason":null,"run":"etcd-7k2m9qxa","seconds_left":null,"started":null,"state":"queued","#
                + #""steps_done":0,"steps_total":2,"workflow":"etcd"}"#)
    }

    @Test("workflows, log lines and the daemon have all their keys, also without a value")
    func others() throws {
        let workflow = WorkflowSummary(
            name: "a", description: nil, file: "/f", faulty: false, startable: true, faults: [])
        #expect(
            try text(workflow)
                == #"{"description":null,"faults":[],"faulty":false,"file":"/f","masked":false,"name":"a","#
                + #""schedule":null,"startable":true}"#)
        let schedule = ScheduleStatus(expressions: ["*-*-* 00:00:00"], catchUp: "none", state: .enabled)
        #expect(
            try text(schedule)
                == #"{"catch_up":"none","expressions":["*-*-* 00:00:00"],"next":null,"state":"enabled","timer":null}"#)
        #expect(try text(Messages.Scheduled(workflow: "a", schedule: nil)) == #"{"schedule":null,"workflow":"a"}"#)
        let entry = Messages.LogEntry(time: "t", step: nil, attempt: nil, priority: nil, message: "m")
        #expect(
            try text(entry) == #"{"attempt":null,"item":null,"message":"m","priority":null,"step":null,"time":"t"}"#)
        let daemon = Messages.Daemon(
            version: "1", pid: 2, started: "t", runsActive: 3, stepsActive: 4, status: "s", systemd: 252,
            runsMax: 5, host: .init(memory: 0.5, cpu: nil, disk: 0.25, pressure: 0, sliceBytes: 4096), faults: [])
        #expect(
            try text(daemon)
                == #"{"faults":[],"host":{"cpu":null,"disk":0.25,"memory":0.5,"pressure":0,"slice_bytes":4096},"pid":2,"#
                + #""runs_active":3,"runs_max":5,"started":"t","status":"s","steps_active":4,"steps_max":null,"#
                + #""systemd":252,"version":"1"}"#)
    }

    @Test("moments are RFC 3339 in UTC with milliseconds, and come back")
    func times() throws {
        let time = Timestamp(microseconds: 1_795_230_000_250_000)
        #expect(TimeText.text(of: time) == "2026-11-21T03:00:00.250Z")
        #expect(TimeText.timestamp(of: "2026-11-21T03:00:00.250Z") == time)
        #expect(TimeText.timestamp(of: "yesterday") == nil)
        // Over leap years, the end of a century and before 1970, each second that is told comes back.
        for microseconds in stride(
            from: Int64(-9_000_000_000_000_000), to: 9_000_000_000_000_000, by: 77_777_777_777_000)
        {
            let time = Timestamp(microseconds: microseconds)
            #expect(TimeText.timestamp(of: TimeText.text(of: time)) == time)
        }
        #expect(TimeText.text(of: Timestamp(microseconds: 951_782_400_000_000)) == "2000-02-29T00:00:00.000Z")
        #expect(TimeText.text(of: Timestamp(microseconds: 4_107_542_399_999_999)) == "2100-02-28T23:59:59.999Z")
        #expect(TimeText.text(of: Timestamp(microseconds: 4_107_542_400_000_000)) == "2100-03-01T00:00:00.000Z")
    }
}

import EventLoopKit
import PawlEngine
import PawlModel
import Synchronization
import Testing

@testable import PawlDaemon
@testable import SystemdKit

@Suite("Looks at units")
struct LookTests {
    @Test("Many at once cost one listing and one question for each run, and whose a unit is stays known")
    func shared() async throws {
        let loop = EventLoop(name: "looks")
        defer { loop.stop() }
        let run = try #require(RunID(rawValue: "0000000a"))
        let (own, alone) = ((0..<50).map { "pawl-step-\(run).s\($0).1.service" }, "pawl-step-0000000b.s.1.service")
        let foreign = "pawl-step-\(run).foreign.1.service"
        let calls = ListedCalls(
            units: Dictionary(uniqueKeysWithValues: own.map { ($0, run.slice) })
                .merging([alone: "pawl-0000000b.slice", foreign: "system.slice"]) { $1 })
        let manager = SystemdServiceManager(units: calls, bootID: "boot", thread: loop)
        // As at a start of pawld: all of them at the same time.
        let seen = await withTaskGroup(of: (String, String).self) { group in
            for unit in own + [alone, foreign, "pawl-step-\(run).gone.1.service"] {
                group.addTask { (unit, (try? await manager.status(of: unit))?.slice ?? "nowhere") }
            }
            return await group.reduce(into: [String: String]()) { $0[$1.0] = $1.1 }
        }
        for unit in own { #expect(seen[unit] == run.slice) }
        #expect(seen[alone] == "pawl-0000000b.slice")
        #expect(seen[foreign] == "system.slice", "a unit that is none of the run's is not taken for one")
        #expect(seen["pawl-step-\(run).gone.1.service"] == "nowhere")
        let counts = calls.counts.withLock { $0 }
        #expect(counts["units", default: 0] <= 2, "\(counts)")
        #expect(counts["members", default: 0] <= 2, "\(counts)")
        // The first few were looked at one by one before it was known how many there are.
        #expect(counts["slice", default: 0] + counts["status", default: 0] < 10, "\(counts)")
    }
}

@Suite("Directives that came later than the systemd that runs")
struct VersionTests {
    private func starts(_ directives: String, slice: Bool = false) async throws -> String {
        let loop = EventLoop(name: "versions")
        defer { loop.stop() }
        let manager = SystemdServiceManager(units: ListedCalls(units: [:]), bootID: "boot", thread: loop)
        let text =
            slice
            ? "slice: {\(directives)}\nsteps:\n  - {id: a, command: [\"true\"]}\n"
            : "steps:\n  - {id: a, command: [\"true\"], unit: {\(directives)}}\n"
        let created = RunCreated(
            workflow: "demo", file: "/demo.yaml", text: text, variables: [:], requester: Requester(uid: 0),
            folder: "/runs/0000000a",
            maxParallel: 4, host: HostReader.facts())
        let run = try Run(id: try #require(RunID(rawValue: "0000000a")), created: created, at: Daemon.now())
        let command = try run.render(0, number: 1)
        do throws(ServiceManagerFault) {
            if slice {
                try await manager.startSlice(StepUnit.Slice.all(of: command)[0], isKnown: false)
            } else {
                try await manager.start(StepUnit(command))
            }
            return "started"
        } catch {
            return error.description
        }
    }

    @Test(
        "A step or a slice that has one does not start, and it is told which versions",
        arguments: [
            ("MemoryKSM: yes", "'MemoryKSM', written so, came with systemd 254, and 252 is running"),
            (
                "MemoryMax: 1G, MemoryZSwapMax: 5%",
                "'MemoryZSwapMax', written so, came with systemd 253, and 252 is running"
            ),
            ("PrivateTmp: disconnected", "'PrivateTmp', written so, came with systemd 257, and 252 is running"),
        ])
    func refused(directives: String, words: String) async throws {
        #expect(try await starts(directives) == "systemd refused it: \(words)")
    }

    @Test("What every systemd has starts, and a slice is held to the same")
    func started() async throws {
        #expect(try await starts("PrivateTmp: yes, MemoryMax: 1G") == "started")
        #expect(try await starts("MemoryMax: 1G", slice: true) == "started")
        #expect(
            try await starts("MemoryZSwapMax: 1G", slice: true)
                == "systemd refused it: 'MemoryZSwapMax', written so, came with systemd 253, and 252 is running")
    }
}

/// A systemd that knows which units run and in which slice, and counts what it is asked.
private final class ListedCalls: UnitCalls {
    private let units: [String: String]
    let counts = Mutex<[String: Int]>([:])

    init(units: [String: String]) { self.units = units }

    private func count(_ what: String) async {
        counts.withLock { $0[what, default: 0] += 1 }
        // An answer takes its time: others ask meanwhile.
        for _ in 0..<100 { await Task.yield() }
    }

    func serviceStatus(_ name: String) async throws(BusError) -> ServiceStatus? {
        await count("status")
        guard let slice = units[name] else { return nil }
        return ServiceStatus(
            loadState: "loaded", activeState: "active", subState: "running", result: "success", execMainCode: 0,
            execMainStatus: 0, execMainPID: 1, mainPID: 1, conditionResult: true, invocationID: "1", controlGroup: "",
            execMainStartTimestamp: 1, execMainExitTimestamp: 0, slice: slice)
    }

    func slice(of service: String) async throws(BusError) -> String {
        await count("slice")
        return units[service] ?? ""
    }
    func loadState(of name: String) async throws(BusError) -> String { "not-found" }

    func members(of slice: String) async throws(BusError) -> [String] {
        await count("members")
        return units.filter { $0.value == slice }.map(\.key)
    }

    func units(matching patterns: [String]) async throws(BusError) -> [ListedUnit] {
        await count("units")
        return units.keys.map {
            ListedUnit(
                name: $0, description: "", loadState: "loaded", activeState: "active", subState: "running", jobID: 0,
                jobType: "")
        }
    }

    func startTransientService(_ name: String, properties: [UnitProperty]) async throws(BusError) -> String { "" }
    func startTransientSlice(_ name: String, properties: [UnitProperty]) async throws(BusError) -> String { "" }
    func setProperties(_ name: String, _ properties: [UnitProperty]) async throws(BusError) {}
    func freeze(_ name: String) async throws(BusError) {}
    func thaw(_ name: String) async throws(BusError) {}
    func kill(_ name: String, signal: Int32) async throws(BusError) {}
    func reload() async throws(BusError) {}
    func start(_ name: String) async throws(BusError) {}
    func stop(_ name: String) async throws(BusError) {}
    func resetFailedUnit(_ name: String) async throws(BusError) {}
    func systemState() async throws(BusError) -> String { "running" }
    func version() async throws(BusError) -> String { "252.39-1~deb12u1" }
    func userspaceTimestampMonotonic() async throws(BusError) -> UInt64 { 1 }
    func signals() async -> AsyncStream<ManagerSignal> { AsyncStream { $0.finish() } }
}

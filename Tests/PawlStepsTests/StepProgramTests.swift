import FoundationEssentials
import Glibc
import PawlLanguage
import PawlModel
import Testing

@testable import PawlSteps

@Suite("What pawl-step does around a step's program", .serialized)
struct StepProgramTests {
    /// Runs it with a plan, and returns its exit status.
    private func run(_ plan: StepPlan, _ command: [String]) throws -> Int32 {
        var template = Array("/tmp/pawl-step-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try JSONEncoder().encode(plan.value).write(to: URL(filePath: folder + "/plan"))
        return StepProgram.main(arguments: [folder + "/plan", "--"] + command)
    }

    @Test("A report that cannot be written, as on a full disk, keeps no work from being done, nor from being asked for")
    func fullDisk() throws {
        var plan = StepPlan(report: "/dev/full")
        plan.probes = [Probe(.file("/nonexistent"))]
        #expect(try run(plan, ["sh", "-c", "exit 3"]) == 3)
        plan.asksOnly = true
        #expect(try run(plan, ["true"]) == 1)
        plan.probes = [Probe(.file("/etc/passwd"))]
        #expect(try run(plan, ["true"]) == 0)
        plan.asksOnly = false
        #expect(try run(plan, ["false"]) == 0, "it was done before")
    }
}

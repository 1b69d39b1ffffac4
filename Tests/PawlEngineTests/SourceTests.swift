import FoundationEssentials
import PawlLanguage
import PawlModel
import Testing

@testable import PawlEngine

@Suite("The texts that a run keeps")
struct SourceTests {
    private static let host = HostFacts(name: "h", machineID: "", arch: "", cpus: 1, memory: 1, osVersion: "")

    private func created() -> RunCreated {
        var created = RunCreated(
            workflow: "a", file: "", text: "", variables: [:], requester: Requester(uid: 0), folder: "/r",
            maxParallel: 4, host: Self.host)
        var source = WorkflowSource(
            SourceFile(file: "/gone/a.yaml", text: "include: [b.yaml]\nsteps: [{id: x, command: [echo]}]\n"),
            dropIns: [SourceFile(file: "/gone/a.yaml.d/1.yaml", text: "steps: [{id: z, command: [echo]}]\n")])
        source.included = [SourceFile(file: "/gone/b.yaml", text: "steps: [{id: w, command: [echo]}]\n")]
        created.source = source
        return created
    }

    @Test("a run is made again of the texts that it was started from, whatever became of the files")
    func again() throws {
        let bytes = try JSONEncoder().encode(created())
        let read = try JSONDecoder().decode(RunCreated.self, from: bytes)
        #expect(read == created())
        let run = try Run(id: RunID(random: 1), created: read, at: Timestamp(microseconds: 0))
        #expect(run.workflow.steps.map(\.id) == ["w", "x", "z"])
    }

    @Test("a run of one file is recorded as ever, and an older record is read")
    func single() throws {
        var created = created()
        created.source = WorkflowSource(SourceFile(file: "/a.yaml", text: "steps: [{id: x, command: [echo]}]\n"))
        let text = String(decoding: try JSONEncoder().encode(created), as: UTF8.self)
        #expect(!text.contains("drop_ins") && !text.contains("included"))
        let read = try JSONDecoder().decode(RunCreated.self, from: Data(text.utf8))
        #expect(read.source == created.source)
    }
}

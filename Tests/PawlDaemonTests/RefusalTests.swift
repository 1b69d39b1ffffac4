import PawlAPI
import PawlEngine
import PawlModel
import Testing

@testable import PawlDaemon

@Suite("What is refused, and in which words")
struct RefusalTests {
    let folder: TemporaryFolder
    let manager = FakeServiceManager()

    init() throws {
        folder = try TemporaryFolder()
        _ = try folder.make("runs")
    }

    /// What a request is refused with.
    private func words(_ request: () async throws -> Void) async -> String? {
        do {
            try await request()
            return nil
        } catch {
            return (error as? APIError)?.message
        }
    }

    @Test("Of many runs that are meant perhaps the newest are told, and how many others there are")
    func ambiguous() async throws {
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        var names: [String] = []
        for end in [nil, "", "", " and 1 older one", " and 2 older ones"] {
            names.append(try await daemon.start("steps: [{id: a, approval: ok}]").name(of: "demo"))
            let told = names.suffix(3).reversed().joined(separator: ", ")
            let words = await words { _ = try await daemon.conductor.find("demo") }
            #expect(words == end.map { "more than one run begins with 'demo': \(told)\($0)" })
        }
        await daemon.kill()
    }
}

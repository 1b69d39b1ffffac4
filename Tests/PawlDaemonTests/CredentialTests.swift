import EventLoopKit
import FoundationEssentials
import Glibc
import PawlAPI
import PawlEngine
import PawlModel
import Synchronization
import Testing

@testable import PawlDaemon

@Suite("The credential stores")
struct CredentialTests {
    private let folder: TemporaryFolder
    private var stores: CredentialStores { CredentialStores(root: folder.path) }

    init() throws { folder = try TemporaryFolder() }

    private func put(_ path: String, mode: mode_t = 0o600) throws {
        let parent = path.split(separator: "/").dropLast().joined(separator: "/")
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/\(parent)", withIntermediateDirectories: true)
        try folder.write(path, "", mode: mode)
    }

    private func fault(_ names: String...) -> String? {
        do throws(CredentialFault) {
            _ = try stores.find(names)
            return nil
        } catch {
            return error.description.replacing(folder.path, with: "")
        }
    }

    @Test("A name is found in each of the folders, plain and encrypted, and no file is opened")
    func found() throws {
        for (number, folder) in stores.folders.enumerated() {
            // Nobody but root could open them; whoever runs this test may look.
            try put("\(folder)/plain-\(number)", mode: 0)
            try put("\(folder).encrypted/hidden-\(number)", mode: 0)
            let found = try stores.find(["plain-\(number)", "hidden-\(number)"])
            #expect(
                found == [
                    FoundCredential(
                        name: "plain-\(number)", path: "\(self.folder.path)\(folder)/plain-\(number)",
                        isEncrypted: false),
                    FoundCredential(
                        name: "hidden-\(number)", path: "\(self.folder.path)\(folder).encrypted/hidden-\(number)",
                        isEncrypted: true),
                ])
        }
    }

    @Test("One that is nowhere is a fault by name, and all of them are told")
    func missing() throws {
        try put("/etc/credstore/there")
        let text = try #require(fault("here", "there", "not"))
        #expect(text.hasPrefix("there is no credential 'here': it belongs into /etc/credstore/here, or encrypted by "))
        #expect(text.contains("; there is no credential 'not': "))
        #expect(!text.contains("'there'"))
    }

    @Test(
        "One that is there twice is a fault by name",
        arguments: [
            ("/etc/credstore", "/etc/credstore.encrypted"), ("/etc/credstore", "/run/credstore"),
            ("/run/credstore.encrypted", "/usr/lib/credstore.encrypted"),
            ("/usr/lib/credstore", "/run/credstore.encrypted"),
        ])
    func doubled(_ one: String, _ other: String) throws {
        try put("\(one)/db")
        #expect(fault("db") == nil)
        try put("\(other)/db")
        let text = try #require(fault("db"))
        #expect(text.hasPrefix("credential 'db' is there more than once, as "))
        for path in [one, other] { #expect(text.contains("\(path)/db"), "\(text)") }
    }

    @Test(
        "A folder that is a link to another makes nothing double, and a link that pawld cannot follow is systemd's to follow"
    )
    func links() throws {
        try put("/run/credstore/db")
        try put("/etc/nothing")
        symlink("../run/credstore", folder.path + "/etc/credstore")
        #expect(fault("db") == nil)
        symlink("/root/nowhere/at-all", folder.path + "/run/credstore/away")
        #expect(fault("away") == nil)
    }

    @Test("What is no file is a fault")
    func folderInstead() throws {
        try put("/etc/credstore/db/x")
        #expect(fault("db") == "credential 'db': /etc/credstore/db is no regular file")
    }

    @Test("A step whose credential is missing fails by its name, and no unit is asked for")
    func attempt() async throws {
        let manager = FakeServiceManager()
        _ = try folder.make("runs")
        let daemon = try Daemonette(folder, manager)
        try await daemon.conductor.recover(epoch: "boot.1")
        let id = try await daemon.start("steps: [{id: a, run: echo, credentials: [no-such-credential-here]}]\n")
        let status = try await daemon.ended(id)
        #expect(status.state == .failed)
        #expect(status.steps[0].reason?.hasPrefix("there is no credential 'no-such-credential-here': ") == true)
        #expect(status.steps[0].attempts.count == 1)
        #expect(manager.state.withLock { $0.started } == [])
        await daemon.kill()
    }

    @Test("systemd is told of plain and encrypted files by their paths, and of no content")
    func unit() throws {
        let created = RunCreated(
            workflow: "demo", file: "/demo.yaml", text: "steps: [{id: a, run: echo, credentials: {db: DB, key: }}]\n",
            variables: [:], requester: Requester(uid: 0), folder: "/x", maxParallel: 4, host: HostReader.facts())
        let run = try Run(id: RunID(rawValue: "0000000a")!, created: created, at: Timestamp(microseconds: 0))
        let db = FoundCredential(name: "db", path: "/etc/credstore/db", isEncrypted: false)
        let key = FoundCredential(name: "key", path: "/run/credstore.encrypted/key", isEncrypted: true)
        let unit = StepUnit(try run.render(0, number: 1), credentials: [db, key])
        let properties = Dictionary(uniqueKeysWithValues: unit.properties.map { ($0.name, $0.value) })
        #expect(properties["LoadCredential"] == .credentials([db]))
        #expect(properties["LoadCredentialEncrypted"] == .credentials([key]))
        #expect(StepUnit(try run.render(0, number: 1)).properties.allSatisfy { !$0.name.hasPrefix("LoadCredential") })
    }
}

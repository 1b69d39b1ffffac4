import Glibc
import PawlModel
import Testing

@testable import PawlLanguage

@Suite("The workflows of the package")
struct ExampleTests {
    /// etc/pawl/workflows of this tree.
    static let folder = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/etc/pawl/workflows"

    /// A file's text; nil if it cannot be read.
    static func text(_ path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return String(validating: bytes, as: UTF8.self)
    }

    @Test(
        "each reads without a fault, under any name",
        arguments: ["hello.yaml", "examples/etcd-cluster.yaml", "examples/aws-cleanup.yaml"])
    func reads(_ file: String) throws {
        let text = try #require(Self.text("\(Self.folder)/\(file)"))
        let (workflow, diagnostics) = WorkflowReader.read(text, file: file, name: "another-name")
        #expect(diagnostics.map(\.description) == [])
        #expect(workflow?.name == "another-name")
    }

    @Test("the members of the etcd cluster are services that stay, and what is made of it can be taken back")
    func etcdCluster() throws {
        let text = try #require(Self.text("\(Self.folder)/examples/etcd-cluster.yaml"))
        let workflow = try #require(WorkflowReader.read(text, file: "w.yaml", name: "w").workflow)
        #expect(workflow.steps.filter(\.hasNamedService).map(\.id) == ["member", "replace"])
        #expect(workflow.steps.filter { !$0.undo.isEmpty }.map(\.id) == ["fresh"])
    }

    @Test("the folder whose contents are removed is one below another, and no way leads out of it")
    func folder() throws {
        for file in ["etcd-cluster.yaml"] {
            let text = try #require(Self.text("\(Self.folder)/examples/\(file)"))
            let workflow = try #require(WorkflowReader.read(text, file: file, name: "w").workflow)
            let folder = try #require(workflow.variables.first { $0.name == "dir" })
            #expect(folder.defaultValue == .string("/srv/etcd-cluster"))
            var work = Work()
            for path in ["/srv/other", "/var/lib/a.b/c-d_e"] {
                #expect(folder.refusal(of: .string(path), &work) == nil)
            }
            for path in ["/", "/srv", "srv/x", "/srv/..", "/srv/../etc", "/srv/x/", "//srv", "/srv/a b", "/srv/$x", ""]
            {
                #expect(folder.refusal(of: .string(path), &work) != nil, "\(path) in \(file)")
            }
        }
    }
}

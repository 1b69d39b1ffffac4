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
        arguments: ["hello.yaml", "examples/etcd-cluster.yaml", "examples/etcd-cluster-remove.yaml"])
    func reads(_ file: String) throws {
        let text = try #require(Self.text("\(Self.folder)/\(file)"))
        let (workflow, diagnostics) = WorkflowReader.read(text, file: file, name: "another-name")
        #expect(diagnostics.map(\.description) == [])
        #expect(workflow?.name == "another-name")
        // A run needs no variable to be given.
        #expect(workflow?.variables.filter { $0.required && $0.defaultValue == nil }.map(\.name) == [])
    }

    @Test("the etcd cluster is made in the order that its head says, four steps at once")
    func etcdCluster() throws {
        let text = try #require(Self.text("\(Self.folder)/examples/etcd-cluster.yaml"))
        let workflow = try #require(WorkflowReader.read(text, file: "w.yaml", name: "w").workflow)
        #expect(workflow.maxParallel == 4)
        let dependencies = Dictionary(
            uniqueKeysWithValues: workflow.steps.map { step in
                (step.id, step.dependencies.map { workflow.steps[$0].id })
            })
        #expect(dependencies["preflight"] == [])
        for member in ["n1", "n2", "n3"] {
            #expect(dependencies["cert-\(member)"] == ["ca"])
            #expect(dependencies["start-\(member)"] == ["cert-\(member)"])
        }
        #expect(dependencies["healthy"]?.sorted() == ["cert-client", "start-n1", "start-n2", "start-n3"])
        for part in 1...4 { #expect(dependencies["load-\(part)"] == ["token"]) }
        #expect(dependencies["snapshot"]?.sorted() == ["load-1", "load-2", "load-3", "load-4"])
        #expect(dependencies["verify"] == ["defragment"])
    }

    @Test("the folder whose contents are removed is one below another, and no way leads out of it")
    func folder() throws {
        for file in ["etcd-cluster.yaml", "etcd-cluster-remove.yaml"] {
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

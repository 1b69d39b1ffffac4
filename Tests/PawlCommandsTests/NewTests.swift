import FoundationEssentials
import Glibc
import PawlAPI
import PawlLanguage
import Testing

@testable import PawlCommands

@Suite("Workflows to begin with")
struct NewTests {
    @Test("Each example is a workflow without a fault, and --stdout prints it", arguments: WorkflowExample.allCases)
    func examples(example: WorkflowExample) {
        let surroundings = FakeManager().surroundings()
        let status = PawlProgram.run(["new", "site", "--example", example.rawValue, "--stdout"], surroundings)
        #expect(status == 0 && surroundings.errors.text == "")
        let text = surroundings.output.text
        #expect(text == example.text(named: "site"))
        let read = WorkflowReader.read(text, file: "site.yaml", name: "site")
        #expect(read.diagnostics == [] && read.workflow != nil)
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 120 })
    }

    @Test("A file that is there is left alone, and a name that is none is refused")
    func refused() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/pawl-new-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func run(_ arguments: [String]) -> (status: Int32, output: String, errors: String) {
            var surroundings = FakeManager().surroundings()
            surroundings.workflowFolders = [folder]
            return (PawlProgram.run(arguments, surroundings), surroundings.output.text, surroundings.errors.text)
        }
        #expect(run(["new", "site"]).output.hasPrefix("\(folder)/site.yaml; "))
        let again = run(["new", "site", "--example", "service"])
        #expect(again.status == 8 && again.errors.contains("'\(folder)/site.yaml' exists"))
        #expect(
            try String(contentsOfFile: folder + "/site.yaml", encoding: .utf8)
                == WorkflowExample.steps.text(named: "site"))
        #expect(run(["new", "Site"]).status == 2)
        #expect(run(["new", "site", "--example", "sites"]).status == 2)
    }

    @Test("What may not be done for want of permission has one exit status, whatever it is about")
    func permission() {
        #expect(
            [EACCES, EPERM, ENOSPC].map { CommandFailure(number: $0, "x").status } == [
                .notPermitted, .notPermitted, .failed,
            ])
        #expect(
            CommandFailure(number: EACCES, "'/a' cannot be made").message == "'/a' cannot be made: Permission denied")
    }

    @Test("A file that may not be made is not permitted", .enabled(if: getuid() != 0))
    func ordinaryUser() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/pawl-new-\(UInt64.random(in: 0 ... .max))"
        #expect(mkdir(folder, 0o555) == 0)
        defer { rmdir(folder) }
        var surroundings = FakeManager().surroundings()
        surroundings.workflowFolders = [folder]
        #expect(PawlProgram.run(["new", "site"], surroundings) == 6)
    }
}

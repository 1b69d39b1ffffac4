import ArgumentParser
import Glibc
import PawlAPI
import PawlLanguage
import PawlModel

/// `pawl import`.
struct ImportVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Make a workflow file of the scripts in a folder.",
        usage: """
            pawl import <folder> [<file>] [--graph <file>] [--name <name>]
                        [--directory <folder>] [--output <format>]
            """,
        discussion: """
            Every file that ends in .sh or .bash becomes a step; the order is found as
            by 'pawl batch'. Comments say where each dependency came from. Without a file
            the workflow is printed; a file that is there is left alone.

            Examples:
              pawl import jobs
              pawl import jobs /etc/pawl/workflows/nightly.yaml --name nightly
            """)

    @Argument(help: "The folder.", completion: .directory)
    var folder: String

    @Argument(help: "The file to make, not standard output.", completion: .file())
    var file: String?

    @Option(help: ArgumentHelp("A dependency graph in JSON.", valueName: "file"), completion: .file())
    var graph: String?

    @Option(help: ArgumentHelp("The workflow's name; the folder's.", valueName: "name"))
    var name: String?

    @Option(help: ArgumentHelp("Run all in this folder, not each in its own.", valueName: "folder"))
    var directory: String?

    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        let absolute = ScriptFiles.absolute(folder)
        let last = absolute.split(separator: "/").last { $0 != "." }.map(String.init) ?? "import"
        let name = self.name ?? last.lowercased()
        guard Names.isWorkflow(name) else {
            throw CommandFailure(
                .usage,
                "'\(name)' cannot be a workflow's name: lower-case letters, digits and dashes; say another with '--name'"
            )
        }
        // A graph names its scripts itself; those of the folder that it does not name are no part of it.
        let set = try ScriptFiles.read(graph == nil ? ScriptFiles.list(folder) : [], graph: graph, surroundings)
        var writer = ScriptWorkflow(title: name)
        writer.heading = [
            "Made by 'pawl import' of the scripts in \(absolute).",
            "It belongs at /etc/pawl/workflows/\(name).yaml; a line behind each dependency says where it came from.",
        ]
        writer.folder = directory.map(ScriptFiles.absolute)
        let text = writer.text(of: set)
        let read = WorkflowReader.read(text, file: "\(name).yaml", name: name)
        guard read.workflow != nil else {
            throw CommandFailure(.usage, "no workflow can be made of the scripts", faults: read.diagnostics)
        }
        try MadeWorkflow(workflow: name, file: file, text: text).deliver(format.output, surroundings) {
            "\($0): workflow '\(name)' of \(set.scripts.count) script\(set.scripts.count == 1 ? "" : "s")"
        }
        return .succeeded
    }
}

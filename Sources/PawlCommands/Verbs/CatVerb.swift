import ArgumentParser
import PawlAPI
import PawlLanguage
import PawlModel

/// `pawl cat`.
struct CatVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "cat", abstract: "Show the files of workflows; pawld is not needed.",
        discussion: """
            Each file stands under a line with its name: what is included, the
            workflow's own file and its drop-ins, in the order in which they count.
            What comes later wins.

            Examples:
              pawl cat backup
              pawl cat backup -o json
            """)

    @Argument(
        help: ArgumentHelp("Names or files of workflows.", valueName: "workflow"), completion: Completions.workflows)
    var workflows: [String]

    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    /// A workflow as JSON.
    struct Document: Encodable {
        /// One of its files.
        struct Part: Encodable {
            /// `included`, `workflow` or `drop-in`.
            var kind: String
            /// The file.
            var file: String
            /// What is in it.
            var text: String
        }
        /// Its name.
        var workflow: String
        /// Its own file.
        var file: String
        /// All files, in the order in which they count.
        var parts: [Part]
    }

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        var documents: [Document] = []
        for workflow in workflows {
            let read = try LocalWorkflow.read(
                workflow, in: surroundings.workflowFolders, scope: surroundings.scope, manager: surroundings.manager)
            documents.append(Self.document(read))
            guard read.workflow == nil else { continue }
            surroundings.warn("workflow '\(read.name)' has \(read.count); 'pawl check \(workflow)' says them")
        }
        if format.output == .json {
            try surroundings.print(json: documents)
            return .succeeded
        }
        for (number, part) in documents.flatMap(\.parts).enumerated() {
            if number > 0 { surroundings.output.line("") }
            surroundings.output.line(surroundings.style.paint(Style.harmless("# \(part.file)"), .bold))
            // In a pipe it is somebody's data; on a terminal nothing of it may be an order.
            for line in part.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast(
                part.text.hasSuffix("\n") ? 1 : 0)
            {
                surroundings.output.line(surroundings.isTerminal ? Style.harmless(String(line)) : String(line))
            }
        }
        return .succeeded
    }

    private static func document(_ read: LocalWorkflow) -> Document {
        let included = Set(read.source.included.map(\.file))
        let parts = WorkflowReader.parts(of: read.source).map { part in
            let isIncluded = included.contains(part.file)
            let kind = part.file == read.file ? "workflow" : isIncluded ? "included" : "drop-in"
            return Document.Part(kind: kind, file: part.file, text: part.text)
        }
        return Document(workflow: read.name, file: read.file, parts: parts)
    }
}

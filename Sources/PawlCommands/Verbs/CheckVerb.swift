import ArgumentParser
import PawlAPI
import PawlModel

/// `pawl check`.
struct CheckVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Say every fault of workflow files; pawld is not needed.",
        discussion: """
            A name without '/' and without '.yaml' is looked up where pawld does. Faults
            are said with file, line and column on standard error.

            Examples:
              pawl check etcd-cluster
              pawl check ./*.yaml
            """)

    @Argument(help: ArgumentHelp("Files or names of workflows.", valueName: "file|workflow"))
    var workflows: [String]

    @OptionGroup var format: OutputOption

    /// What was found about one file.
    struct Finding: Encodable {
        /// The file.
        var file: String
        /// Whether a run could be started from it.
        var ok: Bool
        /// Faults and warnings.
        var diagnostics: [Diagnostic]
    }

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        var findings: [Finding] = []
        var status = PawlAPI.ExitStatus.succeeded
        for workflow in workflows {
            do {
                findings.append(try Self.check(workflow, surroundings))
            } catch {
                surroundings.warn(error.message)
                status = error.status
            }
        }
        for finding in findings where format.output == .text { Self.report(finding, surroundings) }
        if format.output == .json { try surroundings.print(json: findings) }
        return findings.contains { !$0.ok } ? .usage : status
    }

    private static func report(_ finding: Finding, _ surroundings: Surroundings) {
        let errors = finding.diagnostics.count { $0.severity == .error }
        if !finding.ok {
            let count = errors == 1 ? "1 fault" : "\(errors) faults"
            surroundings.warn("workflow '\(WorkflowFiles.name(of: finding.file))' has \(count)")
        }
        surroundings.warn(lines: finding.diagnostics.map { Style.harmless($0.description) })
        if finding.ok { surroundings.output.line("\(finding.file): ok") }
    }

    private static func check(_ workflow: String, _ surroundings: Surroundings) throws(CommandFailure) -> Finding {
        let path = try WorkflowFiles.find(workflow, in: surroundings.workflowFolders)
        let file: TextFile
        do {
            file = try TextFile.read(path)
        } catch {
            if let fault = error.fault { return Finding(file: path, ok: false, diagnostics: [fault]) }
            throw CommandFailure(
                error.isMissing ? .notFound : .usage, "workflow file '\(path)' cannot be read: \(error.reason)")
        }
        let result = surroundings.readWorkflow(file.text, path, WorkflowFiles.name(of: path))
        var diagnostics = result.diagnostics
        diagnostics += WorkflowFiles.warnings(path: path, owner: file.owner, mode: file.mode)
        return Finding(file: path, ok: result.isFaultless, diagnostics: diagnostics)
    }
}

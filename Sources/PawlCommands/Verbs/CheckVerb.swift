import ArgumentParser
import PawlAPI
import PawlLanguage
import PawlModel

/// `pawl check`.
struct CheckVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Say every fault of workflow files; pawld is not needed.",
        discussion: """
            A name without '/' and without '.yaml' is looked up where pawld does. Drop-ins
            and included files are read too. Faults are said with file, line and column
            on standard error. Where a directive came later than the oldest systemd that
            pawl runs on, pawld is asked which one it has. --strict also warns of each credential that a step is
            given in its environment, where it could read a file, and any warning about
            a text fails the check.

            Examples:
              pawl check etcd-cluster
              pawl check --strict ./*.yaml
            """)

    @Argument(help: ArgumentHelp("Files or names of workflows.", valueName: "file|workflow"), completion: .file())
    var workflows: [String]

    @Flag(help: "Warn of credentials in the environment too, and take warnings for faults.")
    var strict = false

    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    /// What was found about one file.
    struct Finding: Encodable {
        /// The file.
        var file: String
        /// Whether a run could be started from it; of a strict check also that there is nothing to warn of in its text.
        var ok: Bool
        /// Faults and warnings.
        var diagnostics: [Diagnostic]
    }

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        var findings: [Finding] = []
        var status = PawlAPI.ExitStatus.succeeded
        for workflow in workflows {
            do {
                findings.append(try check(workflow, surroundings))
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
        if !finding.ok {
            let errors = finding.diagnostics.count { $0.severity == .error }
            // A strict check may have failed by warnings alone.
            let what = errors > 0 ? "fault" : "warning"
            let number = errors > 0 ? errors : finding.diagnostics.count
            let count = number == 1 ? "1 \(what)" : "\(number) \(what)s"
            surroundings.warn("workflow '\(WorkflowFiles.name(of: finding.file))' has \(count)")
        }
        surroundings.warn(lines: finding.diagnostics.map { Style.harmless($0.description) })
        if finding.ok { surroundings.tell("\(finding.file): ok") }
    }

    private func check(_ workflow: String, _ surroundings: Surroundings) throws(CommandFailure) -> Finding {
        var manager = surroundings.manager
        var read = try LocalWorkflow.read(
            workflow, in: surroundings.workflowFolders, isStrict: strict, scope: surroundings.scope, manager: manager)
        // Which systemd runs only pawld knows, and hardly any workflow asks for what not every one has.
        if let needed = read.workflow?.neededSystemd, needed > Directives.oldest,
            let running = try? surroundings.client.describe().systemd, running < needed
        {
            manager.version = running
            read = try LocalWorkflow.read(
                workflow, in: surroundings.workflowFolders, isStrict: strict, scope: surroundings.scope,
                manager: manager)
        }
        if read.workflow?.schedule != nil { surroundings.warnOfSchedules() }
        return Finding(
            file: read.file, ok: read.workflow != nil && !(strict && !read.isTextClean), diagnostics: read.diagnostics)
    }
}

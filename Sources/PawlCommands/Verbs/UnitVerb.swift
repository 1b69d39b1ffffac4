import ArgumentParser
import Glibc
import PawlAPI
import PawlModel

/// `pawl unit`, which `pawl@.service` is made of and nobody else calls.
struct UnitVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "unit", abstract: "Carry out pawl@.service.",
        discussion: """
            Called by systemd alone: 'systemctl start pawl@hello' runs the workflow
            hello, and 'systemctl stop pawl@hello' cancels that run.

            Examples:
              systemctl start pawl@hello
              systemctl status pawl@hello
            """, shouldDisplay: false)

    /// What systemd calls it for.
    enum Action: String, ExpressibleByArgument, CaseIterable {
        case start, stop
    }

    @Argument(help: "start, in ExecStart=; stop, in ExecStopPost=.")
    var action: Action

    @Argument(help: "The instance of the unit: a workflow's name.")
    var workflow: String

    @OptionGroup var common: CommonOptions

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        guard Names.isWorkflow(workflow) else {
            throw CommandFailure(
                .notFound, "there is no workflow '\(workflow)': a name has small letters, digits and dashes")
        }
        let unit = WorkflowUnit(workflow, surroundings)
        return switch action {
        case .start: try unit.start()
        case .stop: try unit.stop()
        }
    }
}

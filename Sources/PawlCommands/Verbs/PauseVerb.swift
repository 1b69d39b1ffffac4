import ArgumentParser
import PawlAPI
import PawlModel

/// `pawl pause`.
struct PauseVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Let a run stand still.",
        discussion: """
            Its steps are frozen with all their processes, none is started, and no
            timeout of the run or its steps runs out meanwhile. It stays so over restarts
            of pawld; 'pawl unpause' goes on, 'pawl cancel' ends the run.

            Examples:
              pawl pause @last
              pawl pause backup-7k2m9qxa
            """)

    @OptionGroup var target: RunArgument
    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        let status = try surroundings.client.pause(target.run)
        if format.output == .json {
            try surroundings.print(json: status)
        } else {
            surroundings.tell("Run \(status.run) is paused: 'pawl unpause \(status.run)' goes on")
            for step in status.steps where step.state == .running {
                guard let reason = step.reason else { continue }
                surroundings.tell("Step '\(step.name)' \(Style.harmless(reason))")
            }
        }
        return .succeeded
    }
}

/// `pawl unpause`.
struct UnpauseVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "unpause", abstract: "Let a paused run go on.",
        discussion: """
            Its steps go on where they stood, each with as much time left as it had.

            Examples:
              pawl unpause @last
              pawl unpause backup-7k2m9qxa
            """)

    @OptionGroup var target: RunArgument
    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        let status = try surroundings.client.unpause(target.run)
        if format.output == .json {
            try surroundings.print(json: status)
        } else {
            surroundings.tell("Run \(status.run) goes on")
        }
        return .succeeded
    }
}

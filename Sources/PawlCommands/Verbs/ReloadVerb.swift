import ArgumentParser
import PawlAPI

/// `pawl reload`.
struct ReloadVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: "Read configuration and workflows again.",
        discussion: """
            Returns once the new set is in force. A faulty file is said with line and
            column, and what was in force before stays.

            Examples:
              pawl reload
              systemctl reload pawld
            """)

    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        let answer = try surroundings.client.reload()
        if format.output == .json {
            try surroundings.print(json: answer)
        } else {
            surroundings.tell(answer.workflows == 1 ? "1 workflow" : "\(answer.workflows) workflows")
        }
        return .succeeded
    }
}

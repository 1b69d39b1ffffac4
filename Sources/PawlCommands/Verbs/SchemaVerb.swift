import ArgumentParser
import PawlAPI
import PawlLanguage

/// `pawl schema`.
struct SchemaVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON schema of workflow files, for editors.",
        discussion: """
            It is installed as /usr/share/pawl/workflow.schema.json. 'pawl check' finds
            more: names, types and cycles.

            Examples:
              pawl schema
              pawl schema -o json | jq .definitions.step
            """)

    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        surroundings.output.write(WorkflowSchema.text(isIndented: format.output == .text))
        return .succeeded
    }
}

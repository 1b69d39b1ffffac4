import ArgumentParser
import PawlAPI

/// `pawl set-property`.
struct SetPropertyVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "set-property", abstract: "Set limits of a run that goes on.",
        discussion: """
            The limits are those that 'slice' in a workflow takes: directives of
            man:systemd.resource-control(5), in systemd's syntax. They hold at once, for
            all steps of the run together, over restarts, and for its retry too.
            A directive that takes several values is given once for each.

            Examples:
              pawl set-property @last MemoryMax=2G CPUWeight=50
              pawl set-property backup-7k2m9qxa IOReadBandwidthMax="/dev/sda 20M"
            """)

    @OptionGroup var target: RunArgument

    @Argument(help: "A directive and its value: MemoryMax=2G.") var properties: [String]

    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        let status = try surroundings.client.setProperties(of: target.run, properties)
        if format.output == .json {
            try surroundings.print(json: status)
            return .succeeded
        }
        let limits = (status.limits ?? []).map(Style.harmless).joined(separator: " ")
        surroundings.tell("The limits of run \(status.run): \(limits)")
        return .succeeded
    }
}

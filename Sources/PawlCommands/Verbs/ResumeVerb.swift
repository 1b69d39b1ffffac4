import ArgumentParser
import PawlAPI

/// `pawl resume`.
struct ResumeVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Go on with a stopped run and follow it.",
        usage: "pawl resume <run> [--with-current] [--detach] [--output <format>]",
        discussion: """
            Examples:
              pawl resume @last
              pawl resume etcd-cluster-7k2m9qxa --detach
              pawl resume @last --with-current
            """)

    @OptionGroup var target: RunArgument

    @OptionGroup var current: CurrentOption

    @Flag(help: "Print the run's name and return at once.")
    var detach = false

    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        try Reopening(run: target.run, detach: detach, format: format.output, what: "resumed")
            .perform(surroundings) { client throws(ManagerError) in
                try client.resume(target.run, withCurrent: current.withCurrent)
            }
    }
}

/// What `resume` and `retry` take beside the run.
struct CurrentOption: ParsableArguments {
    @Flag(help: "Go on with the workflow as it is now.")
    var withCurrent = false
}

/// What `resume` and `retry` share: an order that is not repeated, then the run is followed.
struct Reopening {
    var run: String
    var detach: Bool
    var format: OutputFormat
    /// What the order does to a run, for a sentence.
    var what: String

    func perform(
        _ surroundings: Surroundings, order: (ManagerClient) throws(ManagerError) -> Messages.RunName
    ) throws -> PawlAPI.ExitStatus {
        let client = surroundings.client
        let name: Messages.RunName
        do {
            name = try order(client)
        } catch .lost(let reason) {
            throw CommandFailure(
                .unreachable,
                "the connection to pawld was lost before it answered (\(reason)), so the run may have been \(what): "
                    + "look with 'pawl status \(run)'")
        }
        if detach {
            if format == .json { try surroundings.print(json: name) } else { surroundings.output.line(name.run) }
            return .succeeded
        }
        return try RunFollower(client: client, surroundings: surroundings).followNew(name.run, format: format)
    }
}

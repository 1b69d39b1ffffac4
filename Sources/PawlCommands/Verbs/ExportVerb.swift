import ArgumentParser
import PawlAPI

/// `pawl export`.
struct ExportVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Put all that is known of a run into one archive.",
        discussion: """
            A tar.gz with the workflow as it was, the run's events, its log as a whole and
            step by step, what its steps gave, and its report. Without a file it is
            RUN.tar.gz, here; '-' is standard output. A file that is there is left alone.
            The same run gives the same archive, byte for byte.

            Examples:
              pawl export @last
              pawl export etcd-cluster-7k2m9qxa /srv/tickets/4711.tar.gz
              pawl export @last - | ssh keeper 'cat > run.tar.gz'
            """)

    @OptionGroup var target: RunArgument

    @Argument(help: "The file to make; '-' is standard output.", completion: .file())
    var file: String?

    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if file == "-", format.output == .json {
            throw ValidationError("standard output is the archive, so there is no room for JSON on it")
        }
    }

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        if file == "-", surroundings.isTerminal {
            throw CommandFailure(.usage, "an archive is nothing for a terminal: name a file, or send it into a pipe")
        }
        let archive = RunArchive(client: surroundings.client, surroundings: surroundings)
        let content = try archive.make(of: target.run, file)
        if format.output == .json {
            try surroundings.print(json: content)
        } else if file != "-" {
            surroundings.tell(
                "\(content.file): \(content.files) files of run \(content.run), \(TimeForms.size(content.bytes))")
        }
        return .succeeded
    }
}

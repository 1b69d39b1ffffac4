import PawlAPI
import PawlModel
import Testing

@testable import PawlCommands

@Suite("Help and wrong usage")
struct HelpTests {
    private func run(_ arguments: [String]) -> (status: Int32, output: String, errors: String) {
        let surroundings = FakeManager().surroundings()
        let status = PawlProgram.run(arguments, surroundings)
        return (status, surroundings.output.text, surroundings.errors.text)
    }

    @Test(
        "each verb's help has examples, fits 80 columns, and -h is --help",
        arguments: [""] + Pawl.shownVerbNames.dropLast())
    func help(verb: String) {
        let verbs = verb.isEmpty ? [] : [verb]
        let long = run(verbs + ["--help"])
        #expect(long.status == 0)
        #expect(long.errors == "")
        #expect(long.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
        #expect(long.output.contains("Examples:\n  pawl "))
        #expect(long.output.contains("USAGE: pawl \(verb)"))
        #expect(run(verbs + ["-h"]) == long)
    }

    @Test("every verb that prints prints JSON too", arguments: Pawl.shownVerbNames.dropLast())
    func json(verb: String) {
        #expect(run([verb, "--help"]).output.contains("-o, --output <format>"))
    }

    @Test("each topic fits 80 columns, and the help has all of them", arguments: HelpTopic.allCases)
    func topics(topic: HelpTopic) {
        let answer = run(["help", topic.rawValue])
        #expect(answer.status == 0 && answer.errors == "" && answer.output.hasSuffix("\n"))
        #expect(answer.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
        #expect(run(["help"]).output.contains("  \(topic.rawValue)"))
    }

    @Test("the topics have every state and every exit status")
    func tables() {
        let states = run(["help", "states"]).output
        for state in RunState.allCases.map(\.rawValue) + StepState.allCases.map(\.rawValue) {
            #expect(states.contains(state + " "), "\(state)")
        }
        let statuses = run(["help", "exit-status"]).output
        for status in PawlAPI.ExitStatus.allCases {
            #expect(statuses.contains("\(status.rawValue)    \(status.meaning)"))
        }
        #expect(statuses.contains("130  \(FollowerLeft.meaning)\n"))
    }

    @Test("the version is one line on standard output")
    func version() {
        #expect(run(["--version"]) == (0, "pawl \(ManagerInterface.version)\n", ""))
    }

    @Test(
        "wrong usage is one line on standard error and exit status 2",
        arguments: [
            ([], "pawl: a verb is missing; see 'pawl --help'"),
            (["sttaus"], "pawl: there is no verb 'sttaus' (did you mean 'status'?); see 'pawl --help'"),
            (
                ["help", "stats"],
                "pawl: there is no verb and no topic 'stats' (did you mean 'states'?); see 'pawl help'"
            ),
            (["frobnicate"], "pawl: there is no verb 'frobnicate'; see 'pawl --help'"),
            (["ps", "--al"], "pawl: unknown option '--al'; did you mean '--all'; see 'pawl ps --help'"),
            (["run"], "pawl: missing expected argument '<workflow>'; see 'pawl run --help'"),
            (["ps", "extra"], "pawl: unexpected argument 'extra'; see 'pawl ps --help'"),
            (["logs", "x", "--lines=-3"], "pawl: the number of lines cannot be negative; see 'pawl logs --help'"),
            (
                ["logs", "x", "-p", "errr"],
                "pawl: the value 'errr' is invalid for '-p <priority>', which takes one of emerg, alert, crit, err, "
                    + "warning, notice, info or debug; see 'pawl logs --help'"
            ),
            (
                ["logs", "x", "-fn3"],
                "pawl: unknown option '-fn3', or one that lacks the value for '-n' in '-fn3'; see 'pawl logs --help'"
            ),
            (
                ["ps", "-o", "xml"],
                "pawl: the value 'xml' is invalid for '-o <format>', which takes one of 'text' and 'json'; see "
                    + "'pawl ps --help'"
            ),
            (["run", "x", "y"], "pawl: 'y' is no NAME=VALUE"),
        ] as [([String], String)])
    func usage(arguments: [String], line: String) {
        #expect(run(arguments) == (2, "", line + "\n"))
    }
}

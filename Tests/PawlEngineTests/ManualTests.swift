import FoundationEssentials
import PawlLanguage
import Testing

@testable import PawlEngine

@Suite("The environment of a step in pawl.workflow(5)")
struct ManualTests {
    private let section: [Substring]

    init() throws {
        let top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOfFile: top.appending(path: "man/pawl.workflow.5").path, encoding: .utf8)
        let lines = page.split(separator: "\n")
        let start = try #require(lines.firstIndex { $0 == ".Sh ENVIRONMENT OF A STEP" })
        section = lines[(start + 1)...].prefix { !$0.hasPrefix(".Sh ") }.map { $0 }
    }

    private func command(_ unit: String) throws -> StepCommand {
        try RunHarness("steps:\n  - {id: a, run: \"true\", unit: {\(unit)}}\n").run.render(0, number: 1)
    }

    @Test("The page has every name that a step without variables gets, and no others")
    func names() throws {
        let documented = section.filter { $0.hasPrefix(".It Ev ") }.map { String($0.dropFirst(".It Ev ".count)) }
        #expect(Set(documented) == Set(try command("").environment.map(\.name)))
        let bound = try command("User: nobody").environment.map(\.name)
        #expect(Set(documented).subtracting(bound) == ["HOME"], "that one is the user's")
    }

    @Test("The page has the paths, of a plain step and of one with a user or a sandbox")
    func paths() throws {
        let words = Set(section.flatMap { $0.split(separator: " ") }.map(String.init))
        for unit in ["", "PrivateTmp: true"] {
            let command = try command(unit)
            let environment = Dictionary(uniqueKeysWithValues: command.environment.map { ($0.name, $0.value) })
            let paths = [environment["PAWL_RUN_DIR"], environment["PAWL_OUTPUT"], command.arguments.last]
            for path in paths {
                let general = try #require(path).replacing("0000000a/a.1", with: "ID/STEP.ATTEMPT")
                    .replacing("0000000a", with: "ID")
                #expect(words.contains(general), "\(general)")
            }
        }
    }

    @Test("Every directive that moves the paths is named")
    func movers() throws {
        let named = section.filter { $0.hasPrefix(".Cm ") }.compactMap { $0.split(separator: " ").dropFirst().first }
        let top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let samples = try String(
            contentsOfFile: top.appending(path: "Fixtures/systemd/samples").path, encoding: .utf8
        ).split(separator: "\n").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        let values = Dictionary(samples.map { ($0[0], $0.count > 1 ? $0[1] : "") }) { first, _ in first }
        let known = Directives.all.filter { $0.since <= Directives.oldest }.map(\.name)
        #expect(Set(known).isSubset(of: values.keys))
        for directive in known {
            let value = (values[directive] ?? "").replacing("'", with: "''")
            let isBound = try command("\(directive): '\(value)'").isBound
            #expect(named.contains(Substring(directive)) == isBound, "\(directive)")
        }
    }
}

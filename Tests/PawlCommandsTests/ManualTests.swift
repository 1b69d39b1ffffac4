import FoundationEssentials
import PawlAPI
import Testing

@testable import PawlCommands

@Suite("The manual pawl(1)")
struct ManualTests {
    private let page: String

    init() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "man/pawl.1").path
        page = try TextFile.read(path).text
    }

    /// The page from a heading of its own to the next one.
    private func section(_ name: String) throws -> [Substring] {
        let lines = page.split(separator: "\n")
        let start = try #require(lines.firstIndex { $0 == ".Sh \(name)" }, "the page has no section \(name)")
        return lines[(start + 1)...].prefix { !$0.hasPrefix(".Sh ") }.map { $0 }
    }

    /// What the page has for each verb: the lines from its item to the next one's.
    private func verbs() throws -> [(name: String, lines: [Substring])] {
        var result: [(name: String, lines: [Substring])] = []
        for line in try section("VERBS") {
            if line.hasPrefix(".It Cm ") {
                let name = line.dropFirst(".It Cm ".count).prefix { $0 != " " }
                result.append((String(name), [line]))
            } else if !result.isEmpty {
                result[result.count - 1].lines.append(line)
            }
        }
        return result
    }

    @Test("the page has the verbs of the program, in its order, and no others")
    func hasVerbs() throws {
        #expect(try verbs().map(\.name) == Pawl.shownVerbNames.dropLast())
    }

    @Test("the page has every option of every verb, and no others")
    func hasOptions() throws {
        // On every verb, and said once.
        let common: Set<String> = ["-h", "--help", "--version", "-o", "--output", "-q", "--quiet", "--user"]
        let pages = try verbs()
        for verb in Pawl.shownVerbNames.dropLast() {
            let surroundings = FakeManager().surroundings()
            #expect(PawlProgram.run([verb, "--help"], surroundings) == 0)
            let help = surroundings.output.text
            let optionLines = help.split(separator: "\n").drop { $0 != "OPTIONS:" }
            let declared = Set(
                optionLines.filter { $0.hasPrefix("  -") }.flatMap { line in
                    line.prefix(26).matches(of: /--?[a-z][a-z-]*/).map { String($0.output) }
                })
            #expect(declared.isSuperset(of: common), "pawl \(verb) has not all of the common options")
            let page = try #require(pages.first { $0.name == verb })
            let documented = page.lines.filter { $0.contains("Fl ") }.flatMap { line in
                line.matches(of: /Fl (-?[a-z][a-z-]*)/).map { "-" + $0.output.1 }
            }
            #expect(Set(documented).subtracting(common) == declared.subtracting(common), "pawl \(verb)")
        }
        let general = try section("OPTIONS").joined(separator: "\n")
        for option in common { #expect(general.contains("Fl \(option.dropFirst())"), "\(option)") }
    }

    @Test("the page has every exit status with its meaning")
    func hasExitStatuses() throws {
        let lines = try section("EXIT STATUS")
        let items = lines.indices.filter { lines[$0].hasPrefix(".It ") }
        let documented = items.map { "\(lines[$0].dropFirst(4)) \(lines[$0 + 1])" }
        #expect(
            documented == PawlAPI.ExitStatus.allCases.map { "\($0.rawValue) \($0.meaning)" }
                + ["\(FollowerLeft.exitStatus) \(FollowerLeft.meaning)"])
    }

    @Test("no line of the page is too long for a diff, and none ends in a blank")
    func lines() {
        for line in page.split(separator: "\n") { #expect(line.count <= 120 && !line.hasSuffix(" "), "\(line)") }
    }
}

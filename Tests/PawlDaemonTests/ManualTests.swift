import FoundationEssentials
import Testing

@testable import PawlDaemon

@Suite("The manual pawld(8)")
struct ManualTests {
    private let lines: [Substring]

    init() throws {
        let top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOfFile: top.appending(path: "man/pawld.8").path, encoding: .utf8)
        lines = page.split(separator: "\n")
    }

    private func section(_ name: String) throws -> [Substring] {
        let start = try #require(lines.firstIndex { $0 == ".Sh \(name)" }, "the page has no section \(name)")
        return lines[(start + 1)...].prefix { !$0.hasPrefix(".Sh ") }.map { $0 }
    }

    @Test("every MESSAGE_ID has its entry, and nothing else has one")
    func messageIDs() throws {
        let documented = try section("JOURNAL").filter { $0.hasPrefix(".It Li ") }.map {
            String($0.dropFirst(".It Li ".count))
        }
        #expect(documented == MessageID.allCases.map(\.rawValue))
    }

    @Test(
        "every MESSAGE_ID has its entry in the catalog, with what it means and what to read, and nothing else has one")
    func catalog() throws {
        let top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOfFile: top.appending(path: "units/lib/pawl.catalog").path, encoding: .utf8)
        let entries = text.split(separator: "\n\n-- ").dropFirst()
        #expect(entries.map { String($0.prefix(32)) } == MessageID.allCases.map(\.rawValue))
        for entry in entries {
            let lines = entry.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines[1].hasPrefix("Subject: ") && lines[2] == "Defined-By: pawl")
            #expect(lines[3].hasPrefix("Documentation: man:pawl") && lines[4].isEmpty && lines.count > 6)
        }
    }

    @Test("the options are those of the program")
    func options() throws {
        let documented = try section("OPTIONS").filter { $0.hasPrefix(".It Fl ") }.flatMap { line in
            line.split(separator: " ").dropFirst(2).filter { $0 != "," && $0 != "Fl" }.map { "-\($0)" }
        }
        let known = Daemon.help.split(separator: "\n").filter { $0.hasPrefix("  -") }.flatMap { line in
            line.split(separator: " ").prefix { $0.hasPrefix("-") }.map { $0.hasSuffix(",") ? $0.dropLast() : $0 }
        }
        #expect(documented == known.map(String.init))
    }

    @Test("the paths are those of the program")
    func paths() throws {
        let words = Set(lines.flatMap { $0.split(separator: " ") }.map(String.init))
        let paths = Paths()
        let named = [paths.configuration, paths.database, paths.socket, paths.hostStopping] + paths.workflows
        for path in named { #expect(words.contains(path), "\(path)") }
        #expect(words.contains("\(paths.runs)/ID/work"))
    }

    @Test("no line is too long for a diff, and none ends in a blank")
    func lineLengths() {
        for line in lines { #expect(line.count <= 120 && !line.hasSuffix(" "), "\(line)") }
    }
}

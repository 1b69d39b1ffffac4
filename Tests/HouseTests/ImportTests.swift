import FoundationEssentials
import Testing

/// The folder with Package.swift.
private let top = #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 }

private func text(_ path: String) throws -> String {
    try String(contentsOfFile: "\(top)/\(path)", encoding: .utf8)
}

/// Paths of the Swift files below a folder, from the top.
private func swiftFiles(below folder: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: "\(top)/\(folder)").filter { $0.hasSuffix(".swift") }.sorted()
        .map { "\(folder)/\($0)" }
}

/// A line that imports a module: where it is and which.
private func imports(of file: String) throws -> [(place: String, module: String)] {
    try text(file).split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { index, line in
        importedModule(line).map { ("\(file):\(index + 1)", $0) }
    }
}

@Suite("What each module imports")
struct ImportTests {
    let table: ModuleTable

    init() throws {
        table = try ModuleTable(markdown: text("ARCHITECTURE.md"))
    }

    @Test("every import in Sources is in the table of ARCHITECTURE.md")
    func sourcesKeepToTheTable() throws {
        let files = try swiftFiles(below: "Sources")
        try #require(!files.isEmpty)
        for file in files {
            let target = String(file.split(separator: "/")[1])
            let module = try #require(table.modules[target], "\(target) has no row in the table")
            let allowed = module.imports.union(module.system)
            for (place, name) in try imports(of: file) {
                #expect(allowed.contains(name), "\(place): \(target) may not import \(name)")
            }
        }
    }

    @Test("the table and Package.swift list the same dependencies")
    func tableAgreesWithTheManifest() throws {
        let manifest = try manifestDependencies(text("Package.swift"))
        try #require(manifest.count > 10)
        for (target, dependencies) in manifest {
            let row = try #require(table.modules[target], "\(target) has no row in the table")
            #expect(row.imports == dependencies, "\(target)")
        }
        let swiftTargets = table.modules.filter { !$0.key.hasPrefix("C") }.keys
        #expect(Set(swiftTargets) == Set(manifest.keys))
    }

    @Test("nothing imports Foundation: not the programs, not the tests")
    func noFoundation() throws {
        for file in try swiftFiles(below: "Sources") + swiftFiles(below: "Tests") {
            for (place, name) in try imports(of: file) {
                #expect(name != "Foundation", "\(place)")
            }
        }
    }

    @Test("no row allows a module of a higher floor, or more of the system than three small modules")
    func tableItself() throws {
        let system: Set<String> = ["FoundationEssentials", "Glibc", "Synchronization"]
        for (target, module) in table.modules {
            #expect(module.system.isSubset(of: system), "\(target)")
            #expect(!module.imports.contains("ArgumentParser") || target == "PawlCommands")
            for name in module.imports where name != "ArgumentParser" {
                let imported = try #require(table.modules[name], "\(target) imports \(name), which has no row")
                #expect(imported.floor <= module.floor, "\(target) imports \(name)")
                #expect(!imported.imports.contains(target), "\(target) and \(name) import each other")
            }
        }
    }

    @Test(
        "a line of Swift is read as the compiler reads it",
        arguments: [
            ("import Glibc", "Glibc"),
            ("package import PawlModel  // why", "PawlModel"),
            ("@testable import PawlEngine", "PawlEngine"),
            ("@preconcurrency internal import CSystemd", "CSystemd"),
            ("import struct Foundation.Date", "Foundation"),
            ("\tprivate import func Glibc.open", "Glibc"),
            ("import Foundation;", "Foundation"),
        ])
    func importLines(line: String, module: String) {
        #expect(importedModule(line[...]) == module)
    }

    @Test(
        "other lines import nothing",
        arguments: ["// import Foundation", "let text = \"import Foundation\"", "important()", ""])
    func otherLines(line: String) {
        #expect(importedModule(line[...]) == nil)
    }

    @Test("a table is read by its header, whatever else the page has")
    func readsTables() {
        let table = ModuleTable(
            markdown: """
                | target | imports |
                | --- | --- |
                | `Other` | A |

                | floor | target | imports | of the system |
                | --- | --- | --- | --- |
                | 1 | `One` | A, B | Glibc |
                | 2 | `Two` | | |
                """)
        #expect(Set(table.modules.keys) == ["One", "Two"])
        #expect(table.modules["One"]?.imports == ["A", "B"])
        #expect(table.modules["One"]?.system == ["Glibc"])
        #expect(table.modules["Two"]?.imports == [])
    }
}

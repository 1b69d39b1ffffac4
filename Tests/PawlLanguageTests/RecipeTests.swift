import PawlModel
import Testing

@testable import PawlLanguage

@Suite("The manual pawl-recipes(7)")
struct RecipeTests {
    /// The literal blocks of the page.
    private func blocks() throws -> [[Substring]] {
        let top = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        let page = try #require(ExampleTests.text("\(top)/man/pawl-recipes.7")).replacing("\\(aq", with: "'")
        return page.split(separator: ".Bd -literal\n").dropFirst().map { part in
            part.split(separator: "\n").prefix { $0 != ".Ed" }.map { $0 }
        }
    }

    @Test("each script is followed by a workflow that reads without a fault and is no longer")
    func recipes() throws {
        let blocks = try blocks()
        #expect(blocks.count == 18)
        for place in stride(from: 0, to: blocks.count, by: 2) {
            let (script, workflow) = (blocks[place], blocks[place + 1])
            #expect(script.first == "#!/bin/bash")
            let path = try #require(workflow.first)
            #expect(path.hasPrefix("# /etc/pawl/workflows/") && path.hasSuffix(".yaml"))
            let text = workflow.joined(separator: "\n") + "\n"
            let read = WorkflowReader.read(text, file: String(path.dropFirst(2)), name: "recipe")
            #expect(read.diagnostics.map(\.description) == [])
            #expect(read.workflow != nil)
            #expect(SchemaCheck.faults(text) == [])
            #expect(workflow.count <= script.count, "\(path)")
        }
    }
}

import PawlModel
import Testing

@testable import PawlLanguage

/// A text and everything that has to be said about it: `LINE:COLUMN: SEVERITY: MESSAGE`.
struct FaultCase: Sendable, CustomTestStringConvertible {
    let text: String
    let expected: [String]

    init(_ text: String, _ expected: [String]) {
        (self.text, self.expected) = (text, expected)
    }

    var testDescription: String { expected.first ?? text }

    func check(sourceLocation: SourceLocation = #_sourceLocation) {
        let (workflow, diagnostics) = WorkflowReader.read(text, file: "w", name: "w")
        #expect(diagnostics.map { String($0.description.dropFirst(2)) } == expected, sourceLocation: sourceLocation)
        SchemaCheck.check(text, diagnostics, sourceLocation: sourceLocation)
        // A workflow comes out exactly where nothing but warnings was found.
        #expect((workflow == nil) == expected.contains { $0.contains(": error: ") }, sourceLocation: sourceLocation)
    }
}

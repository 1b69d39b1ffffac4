import Testing

@testable import PawlLanguage

@Suite("Which steps a run is to have")
struct StepSelectionTests {
    private static let text = """
        steps:
          - {id: a, command: [x]}
          - {id: b, command: [x]}
          - {id: beside, depends_on: [], command: [x]}
          - {id: c, depends_on: [b], command: [x]}
          - {id: last, depends_on: [c, beside], command: [x]}
        on_exit:
          - {id: bye, command: [x]}
        """

    private func leftOut(_ selection: StepSelection) throws -> String {
        let workflow = try #require(WorkflowReader.read(Self.text, file: "f", name: "f").workflow)
        return try selection.leftOut(of: workflow).joined(separator: " ")
    }

    @Test(
        "Those alone, those and what depends on them, and not those",
        arguments: [
            (StepSelection(), ""), (StepSelection(only: ["b"]), "a beside c last"),
            (StepSelection(from: ["b"]), "a beside"), (StepSelection(from: ["beside"]), "a b c"),
            (StepSelection(skip: ["c"]), "c"), (StepSelection(only: ["a"], from: ["c"]), "b beside"),
            (StepSelection(only: ["b"], from: ["b"]), "a beside"),
            (StepSelection(from: ["b"], skip: ["last", "a"]), "a beside last"),
        ])
    func choices(selection: StepSelection, expected: String) throws {
        #expect(try leftOut(selection) == expected)
    }

    @Test("A name that is no step's is a fault, with the one that was probably meant")
    func faults() {
        func words(_ selection: StepSelection) -> String? {
            #expect(throws: StepSelection.Fault.self) { try leftOut(selection) }?.words
        }
        #expect(words(StepSelection(only: ["besides"])) == "it has no step 'besides'; did you mean 'beside'?")
        #expect(words(StepSelection(skip: ["bye"])) == "'bye' is a step of a handler, and those are not chosen")
    }
}

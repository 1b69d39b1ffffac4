import Testing

@testable import PawlModel

@Suite("The slice of a run")
struct RunSliceTests {
    @Test("its name is read as it is made, and others are no run's")
    func names() throws {
        let runs = try ["0000000a", "0000000b"].map { try #require(RunID(rawValue: $0)) }
        #expect(RunID.runs(ofSlice: runs[1].slice(below: [runs[0]])) == runs)
        #expect(RunID.runs(ofSlice: runs[0].slice) == [runs[0]])
        for other in [
            "pawl.slice", "pawl-.slice", "pawl-x.slice", "pawl-0000000a-x.slice", "system.slice", "pawl-0000000a",
        ] {
            #expect(RunID.runs(ofSlice: other) == nil)
        }
    }
}

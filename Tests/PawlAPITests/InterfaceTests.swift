import PawlAPI
import PawlModel
import Testing

@Suite("The interface and its words")
struct InterfaceTests {
    private let lines = ManagerInterface.description.split(separator: "\n").map {
        $0.drop { $0 == " " }
    }

    @Test("every method of the program is in the interface, and the other way round")
    func methods() {
        let described = lines.filter { $0.hasPrefix("method ") }.map {
            String($0.dropFirst("method ".count).prefix { $0 != "(" })
        }
        #expect(described.sorted() == ManagerInterface.Method.allCases.map(\.rawValue).sorted())
        #expect(ManagerInterface.Method.startRun.wireName == "io.pawl.Manager.StartRun")
    }

    @Test("every error has its name in the interface, and the other way round")
    func errors() {
        let described = lines.filter { $0.hasPrefix("error ") }.map {
            String($0.dropFirst("error ".count).prefix { $0 != " " })
        }
        #expect(described.sorted() == APIError.Code.allCases.map(\.rawValue).sorted())
    }

    @Test("every field of a run's status is in the interface under its name on the wire")
    func fields() {
        for field in [
            "exit_code: ?int", "cpu_seconds: ?float", "memory_peak: ?int", "io_read_bytes: ?int", "limits: ?[]string",
            "steps_done: int", "steps_total: int",
            "attempts: []Attempt", "steps: []Step",
        ] {
            #expect(ManagerInterface.description.contains("    \(field)"), "\(field)")
        }
    }

    @Test("an error goes over the wire and comes back", arguments: APIError.Code.allCases)
    func roundTrip(code: APIError.Code) throws {
        let fault = Diagnostic(file: "f", line: 1, column: 2, message: "m")
        let error = APIError(code, "what happened", faults: [fault])
        let back = try #require(APIError(wireName: code.wireName, parameters: error.parameters))
        #expect(back.code == code)
        #expect(back.message == "what happened")
        #expect(back.faults == [fault])
        #expect(APIError(wireName: "org.varlink.service.MethodNotFound", parameters: nil) == nil)
    }

    @Test("every state of a run that is over, or waits for a person, has an exit status; no other has")
    func outcomes() {
        for state in RunState.allCases {
            #expect((ExitStatus(outcome: state) != nil) == (state.isEnded || state == .stopped), "\(state)")
        }
    }
}

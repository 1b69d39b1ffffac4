import PawlAPI
import PawlModel

/// What a verb ends with when it cannot do what it was asked and pawld had no part in it.
struct CommandFailure: Error {
    /// What the program exits with.
    var status: ExitStatus
    /// What happened, to which thing and what to do next.
    var message: String
    /// Faults with their places.
    var faults: [Diagnostic] = []

    init(_ status: ExitStatus, _ message: String, faults: [Diagnostic] = []) {
        self.status = status
        self.message = message
        self.faults = faults
    }
}

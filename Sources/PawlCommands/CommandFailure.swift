import Glibc
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

    /// What the system has refused: it has one exit status where that was for want of permission, whatever it was about.
    ///
    /// - Parameters:
    ///   - number: the `errno`.
    ///   - what: what could not be done, to which thing.
    init(number: Int32, _ what: String) {
        self.init(
            number == EACCES || number == EPERM ? .notPermitted : .failed, "\(what): \(TextFile.words(number))")
    }
}

import Glibc
import PawlModel

/// Tells pawld what was found, by a small file that it has made for that.
final class Reporter {
    private let path: String
    private var last: StepReport?

    init(path: String) { self.path = path }

    /// Writes a report, if it says something new.
    func tell(_ state: StepReport.State, _ text: String) throws(FileFault) {
        let report = StepReport(state, text)
        guard report != last else { return }
        last = report
        if path.isEmpty {
            if state == .open { StepProgram.say(text) }
            return
        }
        // Opened each time: the step may have taken the file away, which is its own affair.
        let descriptor = open(path, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return }
            throw FileFault("cannot write \(path)")
        }
        defer { close(descriptor) }
        let bytes = Array(report.line.utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count else { throw FileFault("cannot write \(path)") }
    }
}

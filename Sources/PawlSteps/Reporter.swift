import Glibc
import PawlModel

/// Tells pawld what was found, by a small file that it has made for that.
final class Reporter {
    private let path: String
    private var last: StepReport?

    init(path: String) { self.path = path }

    /// Writes a report, if it says something new. Where that cannot be done, on a full disk for one, the work goes on: its end
    /// tells the most of it, and a report only why.
    func tell(_ state: StepReport.State, _ text: String) {
        let report = StepReport(state, text)
        guard report != last else { return }
        last = report
        if path.isEmpty {
            if state == .open { StepProgram.say(text) }
            return
        }
        do throws(FileFault) { try write(report) } catch { StepProgram.say("what was found cannot be told: \(error)") }
    }

    private func write(_ report: StepReport) throws(FileFault) {
        // Opened each time: the step may have taken the file away, which is its own affair.
        let descriptor = open(path, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return }
            throw FileFault("cannot write \(path)")
        }
        defer { close(descriptor) }
        let bytes = Array(report.line.utf8)
        let count = Glibc.write(descriptor, bytes, bytes.count)
        guard count == bytes.count else { throw FileFault("cannot write \(path)") }
    }
}

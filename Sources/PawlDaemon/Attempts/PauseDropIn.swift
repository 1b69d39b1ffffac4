import PawlEngine
import PawlLanguage
import PawlModel

/// What a drop-in says of the times of a step that is paused, or was.
///
/// From the record that a run goes on to the moment at which its step does, the step stands still: a moment, or as long as pawld
/// was not there. How much that was in all is nowhere else than in the drop-in.
struct PauseDropIn {
    /// For how long the step stood still beyond what the records say, in microseconds.
    private(set) var late: UInt64 = 0
    private var lines: [String] = []

    private static let lateMark = "# late="

    /// The clocks are held.
    init(holding before: PauseDropIn?) {
        late = before?.late ?? 0
        lines = ["RuntimeMaxSec=infinity"]
    }

    /// They run again, longer by all that the step stood still.
    ///
    /// - Parameter late: for how long it stood still after the pause, in seconds.
    init(_ step: PausedStep, late seconds: Double, after before: PauseDropIn?) {
        // One that goes on already did so when that was written.
        let isHeld = before?.lines.contains("RuntimeMaxSec=infinity") ?? true
        late = (before?.late ?? 0) + (isHeld ? PauseDropIn.microseconds(seconds) : 0)
        let pause = PauseDropIn.microseconds(step.seconds) + late
        if let timeout = StepUnit.runtimeMax(step.command) {
            lines.append("RuntimeMaxSec=\(PauseDropIn.span(timeout, and: pause))")
        }
    }

    /// Reads what was written.
    init(text: String) {
        for line in text.split(separator: "\n") where line != "[Service]" {
            if line.hasPrefix(PauseDropIn.lateMark) {
                late = UInt64(line.dropFirst(PauseDropIn.lateMark.count)) ?? 0
            } else {
                lines.append(String(line))
            }
        }
    }

    /// What is written.
    var text: String { (["[Service]", "\(PauseDropIn.lateMark)\(late)"] + lines).joined(separator: "\n") + "\n" }

    /// At most a century: a clock that was set must not make it overflow.
    private static func microseconds(_ seconds: Double) -> UInt64 { UInt64(min(max(0, seconds), 3.2e9) * 1e6) }

    private static func span(_ microseconds: UInt64, and pause: UInt64) -> String {
        let (sum, overflows) = microseconds.addingReportingOverflow(pause)
        return overflows || sum == .max ? "infinity" : "\(sum)us"
    }
}

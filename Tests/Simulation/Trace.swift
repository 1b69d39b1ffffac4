/// What happened, line by line with its virtual time; only kept when somebody wants to read it.
// SAFETY: as for `Schedule`.
final class Trace: @unchecked Sendable {
    var isOn = false
    weak var schedule: Schedule?

    func callAsFunction(_ text: @autoclosure () -> String) {
        guard isOn else { return }
        let now = schedule?.now ?? 0
        let micros = String(now % 1_000_000)
        print("\(now / 1_000_000).\(String(repeating: "0", count: 6 - micros.count))\(micros)  \(text())")
    }
}

import ArgumentParser
import PawlAPI
import PawlModel

/// `pawl doctor`.
struct DoctorVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Look for what on this host keeps pawl from its promises.",
        discussion: """
            Changes nothing. Each thing that is wrong comes with the command that mends
            it. Exits with 1 if there is an error; a warning is none. As root it sees
            more. With --quiet what is well is left out.

            Examples:
              pawl doctor
              pawl doctor -o json | jq '.[] | select(.state != "ok")'
            """)

    @OptionGroup var format: OutputOption
    @OptionGroup var common: CommonOptions

    func perform(_ surroundings: Surroundings) throws -> PawlAPI.ExitStatus {
        var daemon: Messages.Daemon?
        var refusal: String?
        do throws(ManagerError) {
            daemon = try surroundings.client.describe()
        } catch {
            if case .refused(let fault) = error { refusal = fault.message }
        }
        var findings = Doctor(host: surroundings.host, daemon: daemon, scope: surroundings.scope).findings()
        if let refusal, let place = findings.firstIndex(where: { $0.check == "pawld" }) {
            findings[place] = DoctorFinding("pawld", .unknown, refusal)
        }
        if format.output == .json {
            try surroundings.print(json: findings)
        } else {
            for line in lines(findings.filter { !surroundings.isQuiet || $0.state != .ok }, surroundings.style) {
                surroundings.output.line(line)
            }
        }
        return findings.contains { $0.state == .error } ? .failed : .succeeded
    }

    private func lines(_ findings: [DoctorFinding], _ style: Style) -> [String] {
        let width = findings.map(\.check.count).max() ?? 0
        return findings.flatMap { finding in
            let (word, colour): (String, Style.Colour?) =
                switch finding.state {
                case .ok: ("ok", .green)
                case .warning: ("warning", .yellow)
                case .error: ("error", .red)
                case .unknown: ("unknown", .grey)
                }
            let gap = String(repeating: " ", count: width - finding.check.count + 2)
            let state = style.paint(word, colour) + String(repeating: " ", count: 9 - word.count)
            let first = finding.check + gap + state + Style.harmless(finding.message)
            guard let mend = finding.mend else { return [first] }
            return [first, String(repeating: " ", count: width + 11) + "mend: " + mend]
        }
    }
}

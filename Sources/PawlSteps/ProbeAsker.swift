import CLinux
import Glibc
import PawlLanguage
import PawlModel

/// Asks the probes of a plan.
struct ProbeAsker {
    /// What came of it: the first probe that does not hold, or what all of them say.
    struct Answer: Equatable {
        var holds: Bool
        var text: String
    }

    /// As much is looked at of an output, a file or a body, in bytes.
    static let textLimit = 1 << 20

    private let probes: [(probe: Probe, pattern: Pattern?)]
    /// Who has to have opened the ports that are asked at; nil: anybody may.
    private let owner: PortOwner?

    private let environment: StepEnvironment
    private let scope: RuntimeScope

    init(_ plan: StepPlan, in environment: StepEnvironment = StepEnvironment()) throws {
        owner = plan.turn == .readiness ? try PortOwner.inside() : nil
        self.environment = environment
        scope = plan.scope
        probes = try plan.probes.map { ($0, try $0.matches.map { try Pattern(expression: $0) }) }
    }

    /// Asks one after the other until one does not hold.
    func askAll() -> Answer {
        for (probe, pattern) in probes {
            let answer = ask(probe, pattern)
            if !answer.holds { return answer }
        }
        return Answer(holds: true, text: probes.map { ProbeAsker.words(for: $0.probe) }.joined(separator: ", "))
    }

    private func ask(_ probe: Probe, _ pattern: Pattern?) -> Answer {
        let what = probe.description
        do {
            try owner?.check(probe)
            let text: [UInt8]
            switch probe.question {
            case .command(let arguments): text = try output(of: arguments, what, nil)
            case .script(let script, let interpreter): text = try output(of: script, interpreter, what)
            case .file(let path):
                guard access(path, F_OK) == 0 else { throw Unheld("\(what): \(String(cString: strerror(errno)))") }
                text = pattern == nil ? [] : try TextFile.bytes(path, limit: ProbeAsker.textLimit)
            case .port(let address):
                try PortProbe.connect(to: address)
                text = []
            case .url(let url): text = try URLProbe.get(url, limit: ProbeAsker.textLimit)
            case .unit(let name):
                text = try output(of: ["systemctl"] + scope.managerOptions + ["is-active", "--", name], what, nil)
            }
            if let pattern, let expression = probe.matches {
                guard try pattern.isFound(in: String(decoding: text, as: UTF8.self)) else {
                    throw Unheld("\(what): what it says does not match '\(expression)'")
                }
            }
            return Answer(holds: true, text: what)
        } catch {
            return Answer(holds: false, text: "\(error)")
        }
    }

    private func output(of command: [String], _ what: String, _ descriptor: Int32?) throws -> [UInt8] {
        let child = try ChildProcess.run(
            command, output: .taken(limit: ProbeAsker.textLimit), in: environment, keeping: descriptor)
        switch child.end {
        case .exited(0): return child.output
        case .exited(let status): throw Unheld("\(what) exited with \(status)\(ProbeAsker.lastLine(child.output))")
        case .killed(let signal):
            throw Unheld("\(what) was killed by signal \(signal)\(ProbeAsker.lastLine(child.output))")
        case .notStarted(let reason): throw Unheld("\(what): \(reason)")
        }
    }

    /// A script reaches its interpreter as a file, as a step's own does; this one is only in memory.
    private func output(of script: String, _ interpreter: [String], _ what: String) throws -> [UInt8] {
        let file = clinux_memory_file("probe")
        guard file >= 0 else { throw FileFault("cannot make a file in memory") }
        defer { close(file) }
        let bytes = Array(script.utf8)
        guard write(file, bytes, bytes.count) == bytes.count else { throw FileFault("cannot write a file in memory") }
        return try output(of: interpreter + ["/proc/self/fd/\(file)"], what, file)
    }

    /// The last line of an output, which says most about why.
    private static func lastLine(_ output: [UInt8]) -> String {
        let lines = output.split(separator: UInt8(ascii: "\n"))
        guard let last = lines.last else { return "" }
        return ": " + String(decoding: last.prefix(200), as: UTF8.self)
    }

    private static func words(for probe: Probe) -> String {
        switch probe.question {
        case .command: "\(probe.description) has succeeded"
        case .script: "\(probe.description) has succeeded"
        case .file: "\(probe.description) is there"
        case .port: "\(probe.description) is open"
        case .url: "\(probe.description) answers"
        case .unit: "\(probe.description) is active"
        }
    }
}

/// Why a probe does not hold.
struct Unheld: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

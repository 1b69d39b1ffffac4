import PawlModel

/// A unit as systemd has it, as far as who starts and stops services has to know.
struct ServiceUnit {
    let name: String
    let scope: RuntimeScope
    private let properties: [String: String]

    /// Asks systemd for a unit; one that does not exist has no state.
    static func read(_ name: String, _ scope: RuntimeScope) throws -> ServiceUnit {
        let wanted =
            "LoadState,ActiveState,SubState,FragmentPath,Environment,ControlGroup,MainPID,Result,ExecMainCode,"
            + "ExecMainStatus"
        let child = try ChildProcess.run(
            ["systemctl"] + scope.managerOptions + ["show", "--no-pager", "--property=\(wanted)", "--", name],
            output: .taken(limit: 4 << 20))
        let text = String(decoding: child.output, as: UTF8.self)
        guard child.end == .exited(0) else { throw FileFault(plain: "systemd does not tell of \(name): \(text)") }
        return ServiceUnit(name: name, scope: scope, properties: properties(in: text))
    }

    static func properties(in text: String) -> [String: String] {
        var properties: [String: String] = [:]
        for line in text.split(separator: "\n") {
            guard let sign = line.firstIndex(of: "=") else { continue }
            properties[String(line[..<sign])] = String(line[line.index(after: sign)...])
        }
        return properties
    }

    private func property(_ name: String) -> String { properties[name] ?? "" }

    /// Whether systemd knows it at all.
    var isLoaded: Bool { property("LoadState") != "not-found" && property("LoadState") != "" }
    /// Whether it runs.
    var isActive: Bool { property("ActiveState") == "active" && property("SubState") == "running" }
    /// Whether it has neither ended nor failed.
    var isUp: Bool { ["active", "activating", "reloading", "deactivating"].contains(property("ActiveState")) }
    var cgroup: String { property("ControlGroup") }
    var mainPID: Int32? { Int32(property("MainPID")).flatMap { $0 > 0 ? $0 : nil } }

    /// Whether it was started for a workflow; the run is looked at where one is named.
    func belongs(to mark: ServiceMark, ofRun: Bool) -> Bool {
        guard property("FragmentPath").hasPrefix(scope.transientUnits) else { return false }
        func isMarked(_ name: String, _ value: String) -> Bool {
            // The first one is pawl's own.
            property("Environment").split(separator: " ").first { $0.hasPrefix(name + "=") } == "\(name)=\(value)"
        }
        return isMarked("PAWL_WORKFLOW", mark.workflow) && (!ofRun || isMarked("PAWL_RUN", mark.run))
    }

    /// Whose it is, for a sentence.
    var owner: String {
        let run = property("Environment").split(separator: " ").first { $0.hasPrefix("PAWL_RUN=") }
        if let run { return "it was started by the run '\(run.dropFirst("PAWL_RUN=".count))'" }
        let path = property("FragmentPath")
        return path.isEmpty ? "it is not pawl's" : "it is \(path)"
    }

    /// How its main process ended; nil where it did not by itself.
    var mainStatus: Int32? { property("ExecMainCode") == "1" ? Int32(property("ExecMainStatus")) : nil }

    /// Why it does not run, in words.
    var failure: String {
        switch (property("Result"), property("ExecMainCode")) {
        case ("timeout", _): return "it was not ready in time"
        case (_, "1"):
            let status = property("ExecMainStatus")
            let name = Int(status).flatMap { SystemdExitStatus.name(of: $0) }.map { " (\($0))" } ?? ""
            return "its main process has exited with \(status)\(name)"
        case (_, "2"), (_, "3"): return "its main process was killed by signal \(property("ExecMainStatus"))"
        case (let result, _): return "systemd says \(result)"
        }
    }
}

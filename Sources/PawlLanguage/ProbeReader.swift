import PawlModel
import YAMLKit

/// Reads `done_when`.
extension StepReader {
    func readProbes(_ entry: YAMLEntry, into draft: StepDraft) {
        let nodes = entry.value.sequence ?? [entry.value]
        guard !nodes.isEmpty, !entry.value.isEmpty else {
            return faults.refuse(entry, "a probe or a list of probes")
        }
        for node in nodes { readProbe(node, into: draft) }
    }

    private static let questions = ["command", "run", "file", "port", "url", "unit"]

    private func readProbe(_ node: YAMLNode, into draft: StepDraft) {
        guard let entries = faults.entries(node, of: "a probe", keys: Schema.probeKeys) else { return }
        let asked = StepReader.questions.compactMap { entries[$0] }
        guard let entry = asked.first else {
            return faults.error(
                node.mark, "this probe asks nothing: it needs one of \(StepReader.questions.joined(separator: ", "))")
        }
        if asked.count > 1 {
            faults.error(
                asked[1].key.mark, "a probe asks one thing: '\(entry.key.text)' or '\(asked[1].key.text)', not both",
                hint: "write a list of two probes")
        }
        let matches = entries["matches"].flatMap { faults.pattern($0)?.text }
        if let pattern = entries["matches"], ["port", "unit"].contains(entry.key.text) {
            faults.error(pattern.key.mark, "'matches' means nothing beside '\(entry.key.text)', which says nothing")
        }
        // Of several probes the longest pause and the largest number hold: they are asked together.
        if let interval = entries["interval"].flatMap({ faults.duration($0) }) {
            draft.doneWhen.interval = max(draft.doneWhen.probes.isEmpty ? interval : draft.doneWhen.interval, interval)
        }
        if let consecutive = entries["consecutive"].flatMap({ faults.integer($0, from: 1) }) {
            draft.doneWhen.consecutive = max(draft.doneWhen.consecutive, consecutive)
        }
        guard let question = question(entry, into: draft) else { return }
        draft.doneWhen.probes.append(DoneWhen.ProbeTemplate(question: question, matches: matches))
    }

    private func question(_ entry: YAMLEntry, into draft: StepDraft) -> DoneWhen.ProbeTemplate.Question? {
        switch entry.key.text {
        case "command":
            let (templates, uses) = command(entry)
            draft.uses += uses
            return templates.map { .command($0) }
        case "run":
            guard let script = script(entry) else { return nil }
            draft.probeScripts.append(script)
            return .script(text: script.text, interpreter: script.interpreter)
        default:
            guard let template = faults.template(entry.value, "'\(entry.key.text)'") else { return nil }
            if let fault = constantFault(entry.key.text, template) { faults.error(entry.place, fault) }
            draft.uses.append(TemplateUse(template: template, node: entry.value))
            switch entry.key.text {
            case "file": return .file(template)
            case "port": return .port(template)
            case "url": return .url(template)
            default: return .unit(template)
            }
        }
    }

    /// What is wrong with a value that is written out.
    private func constantFault(_ key: String, _ template: Template) -> String? {
        guard let text = template.constant?.text else { return nil }
        switch key {
        case "file" where !text.hasPrefix("/"): return "'file' takes an absolute path, not '\(text)'"
        case "port":
            let port = text.lastIndex(of: ":").flatMap { Int(text[text.index(after: $0)...]) }
            return port.map { (1...65535).contains($0) } == true ? nil : "'port' takes HOST:PORT, not '\(text)'"
        case "url" where !text.hasPrefix("http://") && !text.hasPrefix("https://"):
            return "'url' takes http://... or https://..., not '\(text)'"
        case "unit" where !text.contains("."):
            return "'unit' takes a whole name such as '\(text).service', not '\(text)'"
        default: return nil
        }
    }
}
